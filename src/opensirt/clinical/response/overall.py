"""Non-target lesions, and the overall response of one visit."""

from opensirt.domain.lesion import ImagingVisit, NonTargetState
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory

_CR, _PR, _SD = ResponseCategory.COMPLETE, ResponseCategory.PARTIAL, ResponseCategory.STABLE
_PD, _NE = ResponseCategory.PROGRESSIVE, ResponseCategory.NOT_EVALUABLE
_STILL_THERE = ResponseCategory.NEITHER_COMPLETE_NOR_PROGRESSIVE


def non_target_response(
    visit: ImagingVisit, lesions: tuple[str, ...], *, markers_raised_at_baseline: bool | Missing
) -> ResponseCategory | None:
    """Return the response of the non-target lesions at one visit, None when there are none.

    Complete response needs every lesion gone and, where they had been raised, markers back to
    normal; markers that are not known then make it not evaluable.
    """
    if visit.non_target is not None:
        return visit.non_target
    if not lesions:
        return None
    states = {visit.non_target_states.get(one, NonTargetState.NOT_EVALUABLE) for one in lesions}
    for state, category in (
        (NonTargetState.UNEQUIVOCAL_PROGRESSION, _PD),
        (NonTargetState.NOT_EVALUABLE, _NE),
        (NonTargetState.PRESENT, _STILL_THERE),
    ):
        if state in states:
            return category
    return _with_markers(raised=markers_raised_at_baseline, normal=visit.markers_normal)


def _with_markers(*, raised: bool | Missing, normal: bool | Missing) -> ResponseCategory:
    """Return the response when every non-target lesion is gone."""
    if raised is False or normal is True:
        return _CR
    return _STILL_THERE if raised is True and normal is False else _NE


def new_lesion_seen(visit: ImagingVisit) -> bool | Missing:
    """Whether a visit shows an unequivocal new lesion; a `Missing` when nobody looked."""
    if isinstance(visit.new_lesions, Missing):
        return visit.new_lesions
    return any(not one.equivocal for one in visit.new_lesions)


def overall_response(
    target: ResponseCategory | None,
    non_target: ResponseCategory | None,
    new_lesion: bool | Missing,  # noqa: FBT001 - the third column of the table
) -> ResponseCategory:
    """Combine targets, non-targets and new lesions (RECIST 1.1, Tables 1 and 2).

    A new lesion, or unequivocal progression of non-targets, overrides everything. Without
    targets the non-targets decide. A visit at which nobody looked for new lesions can be
    progression, else it is not evaluable.
    """
    if new_lesion is True or _PD in (target, non_target):
        return _PD
    if isinstance(new_lesion, Missing):
        return _NE
    if target is None:
        return _NE if non_target is None else non_target
    if target is _CR:
        return _CR if non_target in (_CR, None) else _PR
    return target
