"""Choi and modified Choi at every visit of a course."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from opensirt.clinical.response.choi import ChoiInput, ChoiResponse, choi_response
from opensirt.clinical.response.criterion import size_of
from opensirt.clinical.response.overall import new_lesion_seen
from opensirt.domain.lesion import ImagingVisit, Lesion, LesionRole, Number, Sight, SightState
from opensirt.domain.missing import Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedChoi:
    """The response of one visit."""

    on: date
    response: ChoiResponse


def choi_course(
    lesions: Sequence[Lesion],
    baseline: ImagingVisit,
    visits: Sequence[ImagingVisit],
    *,
    variant: str,
) -> tuple[DatedChoi, ...] | Missing:
    """Return the response of every visit against baseline, or why there is none.

    Size is the sum over targets, attenuation the plain mean over the targets that are still
    there. A target whose size or attenuation was not recorded leaves the sum or mean missing.

    Raises
    ------
    UnknownNameError
        When there is no such variant.
    InputError
        When the mean attenuation at baseline is not positive: no relative change follows.
    """
    targets = [one for one in lesions if one.role is LesionRole.TARGET]
    baseline_mm = _sum_mm(baseline, targets)
    if not targets or isinstance(baseline_mm, Missing) or baseline_mm == 0:
        return Missing.NEEDS_BASELINE
    baseline_hu = _mean_hu(baseline, targets)
    if not isinstance(baseline_hu, Missing) and baseline_hu <= 0:
        return Missing.NOT_EVALUABLE
    return tuple(
        DatedChoi(
            on=one.on,
            response=choi_response(
                ChoiInput(
                    baseline_mm=baseline_mm,
                    now_mm=_sum_mm(one, targets),
                    baseline_hu=baseline_hu,
                    now_hu=_mean_hu(one, targets),
                    new_lesion=new_lesion_seen(one),
                    all_gone=all(_state(one, target) is SightState.ABSENT for target in targets),
                ),
                variant=variant,
            ),
        )
        for one in sorted(visits, key=lambda one: one.on)
    )


def _sight(visit: ImagingVisit, lesion: Lesion) -> Sight:
    return visit.sights.get(lesion.id, Sight(state=SightState.NOT_EVALUABLE))


def _state(visit: ImagingVisit, lesion: Lesion) -> SightState:
    return _sight(visit, lesion).state


def _sum_mm(visit: ImagingVisit, targets: Sequence[Lesion]) -> Number:
    sizes = [size_of(_sight(visit, one), one, "longest_diameter") for one in targets]
    absent = next((one for one in sizes if isinstance(one, Missing)), None)
    return absent or sum(one for one in sizes if not isinstance(one, Missing))


def _mean_hu(visit: ImagingVisit, targets: Sequence[Lesion]) -> Number:
    there = [
        one for one in targets if _state(visit, one) not in {SightState.ABSENT, SightState.MERGED}
    ]
    numbers = [_sight(visit, one).attenuation_hu for one in there]
    absent = next((one for one in numbers if isinstance(one, Missing)), None)
    if absent is not None or not numbers:
        return absent or Missing.NOT_EVALUABLE
    return sum(one for one in numbers if not isinstance(one, Missing)) / len(numbers)
