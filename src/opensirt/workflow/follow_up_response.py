"""The response part of a follow-up: every criterion by itself."""

from dataclasses import replace

from opensirt.clinical.follow_up_record import CriterionResponse, FollowUpCourse
from opensirt.clinical.response.best_response import (
    BestResponse,
    Confirmation,
    best_response,
    visits_of,
)
from opensirt.clinical.response.course import ResponseCourse, assess_course
from opensirt.clinical.response.criterion import (
    SumCriterion,
    size_of,
    sum_criterion,
    sum_criterion_names,
)
from opensirt.clinical.response.per_lesion import lesion_responses
from opensirt.domain.lesion import ImagingVisit, LesionRole, Sight, SightState
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import PatientRecord


def baseline_visit(record: PatientRecord, course: FollowUpCourse) -> ImagingVisit | None:
    """Return the last imaging that is not after treatment."""
    before = [one for one in record.imaging if one.on <= course.treated_on]
    return max(before, key=lambda one: one.on, default=None)


def responses(record: PatientRecord, course: FollowUpCourse) -> tuple[CriterionResponse, ...]:
    """Return the response by every criterion that is asked for."""
    if not record.lesions:
        return ()
    criteria = [sum_criterion(name) for name in course.criteria or sum_criterion_names()]
    criteria += course.own_criteria.values()
    readings = [course]
    if course.organs is None and _beyond_the_liver(record):
        readings.append(replace(course, organs=LIVER))
    return tuple(
        _by_criterion(record, reading, criterion) for reading in readings for criterion in criteria
    )


LIVER = ("liver",)
"""Organs of a liver-specific response."""


def _beyond_the_liver(record: PatientRecord) -> bool:
    """Whether a liver-specific response can differ from the overall one, and can be read."""
    new = [
        one
        for visit in record.imaging
        if not isinstance(visit.new_lesions, Missing)
        for one in visit.new_lesions
    ]
    organs = {one.organ for one in record.lesions} | {one.organ for one in new}
    elsewhere = bool(organs - set(LIVER))
    in_liver = any(one.organ in LIVER for one in record.lesions)
    entered_as_a_whole = any(one.non_target is not None for one in record.imaging)
    return elsewhere and in_liver and not entered_as_a_whole


def _by_criterion(
    record: PatientRecord, course: FollowUpCourse, criterion: SumCriterion
) -> CriterionResponse:
    baseline = baseline_visit(record, course)
    visits = [one for one in record.imaging if one.on > course.treated_on]
    lacking: tuple[str, ...] = ()
    reason: Missing | None = None
    if baseline is None:
        reason = Missing.NEEDS_BASELINE
    elif not visits:
        reason = Missing.NOT_DONE
    else:
        lacking, total = _at_baseline(record, course, criterion, baseline)
        if lacking:
            reason = Missing.NEEDS_BASELINE
        elif total == 0.0:
            reason = Missing.NOT_EVALUABLE
    if reason is not None or baseline is None:
        return CriterionResponse(
            criterion=criterion.name,
            title=criterion.title,
            reason=reason,
            not_measured_at_baseline=lacking,
            assessments=(),
            by_lesion=(),
            progression_on=None,
            citation=criterion.citation,
            organs=course.organs,
        )
    made = assess_course(
        record.lesions,
        baseline,
        visits,
        criterion,
        markers_raised_at_baseline=course.markers_raised_at_baseline,
        organs=course.organs,
    )
    read = [
        one
        for one in record.lesions
        if (course.organs is None or one.organ in course.organs)
        and one.role is LesionRole.TARGET
        and _size(baseline, one.id, record, criterion) != 0.0
    ]
    return CriterionResponse(
        criterion=criterion.name,
        title=criterion.title,
        reason=None,
        not_measured_at_baseline=(),
        assessments=made.assessments,
        by_lesion=lesion_responses(read, baseline, visits, criterion),
        progression_on=made.progression_on,
        citation=criterion.citation,
        organs=course.organs,
        best=_best(made, baseline, course, Confirmation.NONE),
        best_confirmed=_best(made, baseline, course, Confirmation.FOUR_WEEKS),
    )


def _best(
    read: ResponseCourse,
    baseline: ImagingVisit,
    course: FollowUpCourse,
    confirmation: Confirmation,
) -> BestResponse:
    return best_response(
        visits_of(read.assessments, read.progression_on),
        baseline_on=baseline.on,
        stable_at_least_days=course.stable_at_least_days or 0,
        confirmation=confirmation,
        new_therapy_on=course.new_therapy_on,
    )


def _at_baseline(
    record: PatientRecord, course: FollowUpCourse, criterion: SumCriterion, baseline: ImagingVisit
) -> tuple[tuple[str, ...], float | None]:
    """Return the targets without a size at baseline, and the sum of all; None without targets."""
    targets = [
        one.id
        for one in record.lesions
        if one.role is LesionRole.TARGET and (course.organs is None or one.organ in course.organs)
    ]
    sizes = {name: _size(baseline, name, record, criterion) for name in targets}
    lacking = tuple(name for name, size in sizes.items() if isinstance(size, Missing))
    known = [size for size in sizes.values() if not isinstance(size, Missing)]
    return lacking, sum(known) if targets else None


def _size(
    visit: ImagingVisit, name: str, record: PatientRecord, criterion: SumCriterion
) -> float | Missing:
    lesion = next(one for one in record.lesions if one.id == name)
    sight = visit.sights.get(name, Sight(state=SightState.NOT_EVALUABLE))
    return size_of(sight, lesion, criterion.metric)
