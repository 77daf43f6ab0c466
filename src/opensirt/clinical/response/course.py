"""All visits of one course by one criterion, with nadir and date of progression."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from opensirt.clinical.response.criterion import SumCriterion, size_of
from opensirt.clinical.response.overall import (
    new_lesion_seen,
    non_target_response,
    overall_response,
)
from opensirt.clinical.response.target import TargetSizes, target_response
from opensirt.domain.lesion import ImagingVisit, Lesion, LesionRole, Number, Sight, SightState
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseAssessment, ResponseCategory
from opensirt.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseCourse:
    """Assessments in order of time.

    `progression_on` is the day of the first sighting: an equivocal new lesion that a later
    visit confirms dates progression to the visit that saw it first.
    """

    criterion: SumCriterion
    organs: tuple[str, ...] | None
    """Organs that were read, None for all: a liver-only response is labelled so."""
    assessments: tuple[ResponseAssessment, ...]
    progression_on: date | None


def assess_course(
    lesions: Sequence[Lesion],
    baseline: ImagingVisit,
    visits: Sequence[ImagingVisit],
    criterion: SumCriterion,
    *,
    markers_raised_at_baseline: bool | Missing = False,
    organs: tuple[str, ...] | None = None,
) -> ResponseCourse:
    """Return the response at every visit.

    Parameters
    ----------
    lesions
        Targets and non-targets chosen at baseline.
    organs
        Read only these, for a liver-specific response; None reads all.

    Raises
    ------
    InputError
        When two lesions or visits coincide, a visit precedes baseline, a target has no size at
        baseline, or a lesion merges into one that is not there.
    """
    chosen = [one for one in lesions if organs is None or one.organ in organs]
    _require_order(chosen, baseline, visits)
    targets = {one.id: one for one in chosen if one.role is LesionRole.TARGET}
    others = tuple(one.id for one in chosen if one.role is LesionRole.NON_TARGET)
    first = {name: _baseline_size(baseline, lesion, criterion) for name, lesion in targets.items()}
    smallest, smallest_each = sum(first.values()), dict(first)
    was_complete = False
    assessments = []
    for visit in sorted(visits, key=lambda one: one.on):
        _require_merged(visit, targets)
        seen = _within(visit, organs)
        target: ResponseCategory | None = None
        sizes: TargetSizes | None = None
        if targets:
            now = {name: _size(visit, lesion, criterion) for name, lesion in targets.items()}
            sizes = TargetSizes(
                baseline=first,
                now=now,
                smallest=smallest,
                smallest_each=dict(smallest_each),
                nodes=frozenset(name for name, one in targets.items() if one.is_node),
                was_complete=was_complete,
            )
            target = target_response(sizes, criterion)
        non_target = non_target_response(
            seen, others, markers_raised_at_baseline=markers_raised_at_baseline
        )
        new = new_lesion_seen(seen)
        complete = sizes is not None and not sizes.not_measured
        assessments.append(
            ResponseAssessment(
                on=visit.on,
                criterion=criterion.name,
                overall=overall_response(target, non_target, new),
                target=target,
                non_target=non_target,
                new_lesion=new,
                baseline=sizes.baseline_sum if sizes else None,
                smallest=smallest if sizes else None,
                now=sizes.measured if sizes and complete else None,
                measured=sizes.measured if sizes else None,
                not_measured=sizes.not_measured if sizes else (),
                citation=criterion.citation,
            )
        )
        if sizes is not None:
            for name, size in sizes.now.items():
                if not isinstance(size, Missing):
                    smallest_each[name] = min(smallest_each[name], size)
            if complete:
                smallest = min(smallest, sizes.measured)
                was_complete = was_complete or target is ResponseCategory.COMPLETE
    return ResponseCourse(
        criterion=criterion,
        organs=organs,
        assessments=tuple(assessments),
        progression_on=_progression_on(assessments, [_within(one, organs) for one in visits]),
    )


def _within(visit: ImagingVisit, organs: tuple[str, ...] | None) -> ImagingVisit:
    """Return the visit with the new lesions of the organs that are read."""
    if organs is None:
        return visit
    if visit.non_target is not None:
        raise InputError(
            f"non-targets of {visit.on.isoformat()} were entered as a whole and cannot be read "
            f"for {', '.join(organs)} alone; enter them lesion by lesion"
        )
    if isinstance(visit.new_lesions, Missing):
        return visit
    return replace(
        visit, new_lesions=tuple(one for one in visit.new_lesions if one.organ in organs)
    )


def _size(visit: ImagingVisit, lesion: Lesion, criterion: SumCriterion) -> Number:
    sight = visit.sights.get(lesion.id, Sight(state=SightState.NOT_EVALUABLE))
    return size_of(sight, lesion, criterion.metric)


def _baseline_size(baseline: ImagingVisit, lesion: Lesion, criterion: SumCriterion) -> float:
    size = _size(baseline, lesion, criterion)
    if isinstance(size, Missing):
        raise InputError(
            f"target {lesion.id} has no {criterion.metric} at baseline; a target is measured at "
            "baseline, or is not a target"
        )
    return size


def _require_order(
    lesions: Sequence[Lesion], baseline: ImagingVisit, visits: Sequence[ImagingVisit]
) -> None:
    names = [one.id for one in lesions]
    if len(set(names)) != len(names):
        raise InputError(f"two lesions have the same id ({', '.join(sorted(names))})")
    days = [one.on for one in visits]
    if len(set(days)) != len(days):
        raise InputError("two visits have the same date; keep one, the other is a duplicate")
    early = [day.isoformat() for day in days if day <= baseline.on]
    if early:
        raise InputError(
            f"follow-up of {', '.join(early)} is not after baseline of {baseline.on.isoformat()}"
        )


def _require_merged(visit: ImagingVisit, targets: dict[str, Lesion]) -> None:
    for name, sight in visit.sights.items():
        host = sight.merged_into
        if host is None or name not in targets:
            continue
        there = visit.sights.get(host)
        if there is None or there.state is not SightState.MEASURED or host == name:
            raise InputError(
                f"lesion {name} merged into {host} on {visit.on.isoformat()}, which was not "
                "measured at that visit; measure the merged mass as one of the two"
            )


def _progression_on(
    assessments: Sequence[ResponseAssessment], visits: Sequence[ImagingVisit]
) -> date | None:
    first = next((one for one in assessments if one.overall is ResponseCategory.PROGRESSIVE), None)
    if first is None:
        return None
    confirmed: set[str] = set()
    sightings: dict[str, date] = {}
    for visit in sorted(visits, key=lambda one: one.on):
        if visit.on > first.on or isinstance(visit.new_lesions, Missing):
            continue
        for one in visit.new_lesions:
            sightings.setdefault(one.id, visit.on)
            if not one.equivocal:
                confirmed.add(one.id)
    return min([first.on, *(sightings[one] for one in confirmed)])
