"""Follow-ups as the plain values that response plots are drawn from."""

from collections.abc import Mapping, Sequence

from opensirt.clinical.follow_up_record import CriterionResponse, FollowUp
from opensirt.clinical.response.criterion import SumCriterion
from opensirt.clinical.response.per_lesion import LesionResponse
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import VitalState
from opensirt.domain.response import ResponseCategory
from opensirt.report.figures.response_plots import Bar, DosePoint, Lane, SpiderLine

SEVERE_FROM_GRADE = 3

_QUANTITIES = {
    "longest_diameter": "Change of the sum of longest diameters",
    "viable_diameter": "Change of the sum of viable diameters",
    "product": "Change of the sum of products",
    "viable_product": "Change of the sum of viable products",
    "volume": "Change of the volume",
}


def plot_limits(rule: SumCriterion) -> tuple[float, float]:
    """Return the changes at which a criterion calls partial response and progression."""
    return rule.partial_fraction - 1.0, rule.progression_fraction - 1.0


def plot_quantity(rule: SumCriterion) -> str:
    """Return the label of the axis of a criterion's changes."""
    return _QUANTITIES[rule.metric]


def overall_reading(follow_up: FollowUp, criterion: str) -> CriterionResponse | None:
    """Return the reading of all organs by one criterion, or None."""
    found = [one for one in follow_up.response if one.criterion == criterion]
    return min(found, key=lambda one: one.organs is not None, default=None)


def patient_bar(label: str, follow_up: FollowUp, criterion: str) -> Bar | None:
    """Return the best change of the targets of one patient with the best overall response."""
    reading = overall_reading(follow_up, criterion)
    if reading is None or not reading.assessments or reading.best is None:
        return None
    changes = [
        one.change_from_baseline_fraction
        for one in reading.assessments
        if one.change_from_baseline_fraction is not None
    ]
    return Bar(
        label=label,
        change_fraction=min(changes, default=None),
        category=reading.best.category.value,
    )


def patient_line(label: str, follow_up: FollowUp, criterion: str) -> SpiderLine | None:
    """Return the change of one patient's targets at every visit, 0 at treatment."""
    reading = overall_reading(follow_up, criterion)
    if reading is None or not reading.assessments:
        return None
    return SpiderLine(
        label=label,
        days=(0, *((one.on - follow_up.treated_on).days for one in reading.assessments)),
        change_fractions=(
            0.0,
            *(one.change_from_baseline_fraction for one in reading.assessments),
        ),
    )


def patient_lane(label: str, follow_up: FollowUp, criterion: str) -> Lane:
    """Return one patient's lane: responses, severe events, death or the last known day."""
    reading = overall_reading(follow_up, criterion)
    marks = [
        ((one.on - follow_up.treated_on).days, one.overall.value)
        for one in ([] if reading is None else reading.assessments)
    ]
    worst = {
        event.on
        for one in follow_up.toxicity
        for event in one.events
        if event.grade >= SEVERE_FROM_GRADE
    }
    marks += [((on - follow_up.treated_on).days, "grade 3 or more") for on in sorted(worst)]
    last, alive = last_known_day(follow_up), None
    status = follow_up.vital_status
    if not isinstance(status, Missing):
        alive = status.state is VitalState.ALIVE
        if not alive:
            marks.append(((status.on - follow_up.treated_on).days, "death"))
    return Lane(label=label, last_day=last, alive=alive, marks=tuple(marks))


def last_known_day(follow_up: FollowUp) -> int:
    """Return the day of the last entry that is not the plan of one: how far a patient is known."""
    status = follow_up.vital_status
    days = [(one.on - follow_up.treated_on).days for one in follow_up.timeline.events]
    if not isinstance(status, Missing):
        days.append((status.on - follow_up.treated_on).days)
    return max(0, *days)


def lesion_bars(reading: CriterionResponse) -> tuple[Bar, ...]:
    """Return the best change of each target with the category of that visit."""
    found = []
    for name, seen in _by_lesion(reading).items():
        known = [one for one in seen if one.change_fraction is not None]
        best = min(known, key=lambda one: one.change_fraction or 0.0, default=None)
        category = ResponseCategory.NOT_EVALUABLE if best is None else best.category
        change = None if best is None else best.change_fraction
        found.append(Bar(label=name, change_fraction=change, category=category.value))
    return tuple(found)


def lesion_lines(reading: CriterionResponse, follow_up: FollowUp) -> tuple[SpiderLine, ...]:
    """Return the change of each target over time."""
    return tuple(
        SpiderLine(
            label=name,
            days=(0, *((one.on - follow_up.treated_on).days for one in seen)),
            change_fractions=(0.0, *(one.change_fraction for one in seen)),
        )
        for name, seen in _by_lesion(reading).items()
    )


def lesion_lanes(reading: CriterionResponse, follow_up: FollowUp) -> tuple[Lane, ...]:
    """Return one lane for each target, and one for the patient above them."""
    patient = patient_lane("patient, overall", follow_up, reading.criterion)
    return (
        *(
            Lane(
                label=name,
                last_day=max((one.on - follow_up.treated_on).days for one in seen),
                alive=None,
                marks=tuple(
                    ((one.on - follow_up.treated_on).days, one.category.value) for one in seen
                ),
            )
            for name, seen in _by_lesion(reading).items()
        ),
        patient,
    )


def dose_points(follow_up: FollowUp, criterion: str) -> tuple[DosePoint, ...]:
    """Return dose and change of each lesion at the last visit that measured it."""
    points: dict[str, DosePoint] = {}
    for one in follow_up.dose_response:
        if one.criterion != criterion or one.change_fraction is None:
            continue
        if isinstance(one.dose, Missing) or isinstance(one.dose.mean_gy, Missing):
            continue
        points[one.lesion] = DosePoint(
            label=one.lesion,
            mean_gy=one.dose.mean_gy,
            change_fraction=one.change_fraction,
            category=one.category.value,
        )
    return tuple(points.values())


def _by_lesion(reading: CriterionResponse) -> Mapping[str, Sequence[LesionResponse]]:
    found: dict[str, list[LesionResponse]] = {}
    for one in reading.by_lesion:
        found.setdefault(one.lesion, []).append(one)
    return found
