"""Response of each target by itself, to be joined with its dose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from opensirt.clinical.response.course import assess_course
from opensirt.clinical.response.criterion import SumCriterion
from opensirt.domain.lesion import ImagingVisit, Lesion, LesionRole, Sight, SightState
from opensirt.domain.response import ResponseCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionResponse:
    """One lesion at one visit; sizes in the metric of the criterion, None if not measured."""

    lesion: str
    on: date
    category: ResponseCategory
    baseline: float | None
    now: float | None
    change_fraction: float | None
    criterion: str


def lesion_responses(
    lesions: Sequence[Lesion],
    baseline: ImagingVisit,
    visits: Sequence[ImagingVisit],
    criterion: SumCriterion,
) -> tuple[LesionResponse, ...]:
    """Return the response of each target alone, at every visit.

    Lesions are read one by one, so that new lesions and the other targets play no part; the
    limits are those of the criterion for a sum. Lesions that merged are not evaluable from then
    on. A response by lesion is no response by patient
    and is never counted as one.

    Raises
    ------
    InputError
        As `assess_course` does.
    """
    alone = [_alone(one) for one in visits]
    return tuple(
        LesionResponse(
            lesion=lesion.id,
            on=one.on,
            category=one.overall,
            baseline=one.baseline,
            now=one.now,
            change_fraction=one.change_from_baseline_fraction,
            criterion=criterion.name,
        )
        for lesion in lesions
        if lesion.role is LesionRole.TARGET
        for one in assess_course([lesion], baseline, alone, criterion).assessments
    )


def _alone(visit: ImagingVisit) -> ImagingVisit:
    """Return a visit for reading one lesion at a time; merged ones cannot be told apart."""
    merged = {
        name: sight.merged_into
        for name, sight in visit.sights.items()
        if sight.merged_into is not None
    }
    lost = set(merged) | set(merged.values())
    gone = Sight(state=SightState.NOT_EVALUABLE)
    sights = {name: gone if name in lost else sight for name, sight in visit.sights.items()}
    return replace(visit, sights=sights, new_lesions=(), non_target=None)
