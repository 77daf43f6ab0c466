"""The response part of a follow-up: criteria, symptoms, markers, quality of life."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from opensirt.clinical.biomarker import MARKERS, marker_response
from opensirt.clinical.follow_up_record import (
    CriterionResponse,
    FollowUpCourse,
    FormFollowUp,
    MarkerFollowUp,
    Number,
    SymptomChange,
    SymptomFollowUp,
)
from opensirt.clinical.quality_of_life import (
    Change,
    change_of,
    important_difference,
    questionnaire,
    score_answers,
)
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
from opensirt.clinical.toxicity.laboratory_series import baseline_value
from opensirt.domain.lesion import ImagingVisit, LesionRole, Sight, SightState
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import DatedSymptom, FilledForm, PatientRecord


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


def symptom_courses(course: FollowUpCourse) -> tuple[SymptomFollowUp, ...]:
    """Return what became of each symptom, by the measure that both days have."""
    names = tuple(dict.fromkeys(one.name for one in course.symptoms))
    return tuple(
        _symptom(name, [one for one in course.symptoms if one.name == name], course.treated_on)
        for name in names
    )


def _symptom(name: str, seen: Sequence[DatedSymptom], treated_on: date) -> SymptomFollowUp:
    before = max((one for one in seen if one.on <= treated_on), key=_day, default=None)
    after = max((one for one in seen if one.on > treated_on), key=_day, default=None)
    measure = "per day"
    first, last = _measure(before, "per_day"), _measure(after, "per_day")
    if isinstance(first, Missing) or isinstance(last, Missing):
        graded = _measure(before, "ctcae_grade"), _measure(after, "ctcae_grade")
        if not any(isinstance(one, Missing) for one in graded) or (
            isinstance(first, Missing) and isinstance(last, Missing)
        ):
            measure = "CTCAE grade"
            first, last = graded
    return SymptomFollowUp(
        name=name,
        measure=measure,
        before=first,
        before_on=before.on if before else None,
        after=last,
        after_on=after.on if after else None,
        change=_change(first, last),
    )


def _day(one: DatedSymptom) -> date:
    return one.on


def _measure(one: DatedSymptom | None, name: str) -> Number:
    if one is None:
        return Missing.NOT_DONE
    found: Number = getattr(one, name)
    return found


def _change(before: Number, after: Number) -> SymptomChange | Missing:
    for one in (before, after):
        if isinstance(one, Missing):
            return one
    if before == 0:
        return SymptomChange.NEVER_THERE if after == 0 else SymptomChange.NEW
    if after == 0:
        return SymptomChange.RESOLVED
    if after == before:
        return SymptomChange.UNCHANGED
    assert not isinstance(before, Missing)  # noqa: S101 - looked at above
    assert not isinstance(after, Missing)  # noqa: S101 - looked at above
    return SymptomChange.IMPROVED if after < before else SymptomChange.WORSE


def marker_courses(record: PatientRecord, course: FollowUpCourse) -> tuple[MarkerFollowUp, ...]:
    """Return the latest value of each tumour marker against the last one before treatment."""
    found = []
    for analyte in MARKERS:
        values = [one for one in record.laboratory if one.analyte is analyte]
        if not values:
            continue
        baseline = baseline_value(
            values,
            analyte,
            treated_on=course.treated_on,
            treatment_day_counts=course.treatment_day_counts,
        )
        now = max(
            (one for one in values if one.on > course.treated_on),
            key=lambda one: one.on,
            default=None,
        )
        if isinstance(baseline, Missing):
            found.append(MarkerFollowUp(analyte=analyte, response=baseline))
        elif now is None:
            found.append(MarkerFollowUp(analyte=analyte, response=Missing.NOT_DONE))
        else:
            definition = course.marker_definitions.get(analyte)
            found.append(
                MarkerFollowUp(analyte=analyte, response=marker_response(baseline, now, definition))
            )
    return tuple(found)


def form_scores(record: PatientRecord, course: FollowUpCourse) -> tuple[FormFollowUp, ...]:
    """Return the scores of every questionnaire, with changes since the last before treatment."""
    return tuple(
        _form(one, record.forms, course) for one in sorted(record.forms, key=lambda one: one.on)
    )


def _form(form: FilledForm, forms: Sequence[FilledForm], course: FollowUpCourse) -> FormFollowUp:
    own = course.questionnaires.get(form.questionnaire)
    asked = own or questionnaire(form.questionnaire)
    scored = score_answers(asked, form.answers)
    earlier = [
        one
        for one in forms
        if one.questionnaire == form.questionnaire and one.on <= course.treated_on
    ]
    baseline = max(earlier, key=lambda one: one.on, default=None)
    changes: dict[str, Change | Missing] = {}
    if form.on > course.treated_on:
        difference = important_difference(course.important_difference)
        before = None if baseline is None else score_answers(asked, baseline.answers)
        changes = {
            name: change_of(
                scale,
                before=Missing.NEEDS_BASELINE if before is None else before.scores[name],
                after=scored.scores[name],
                difference=difference,
            )
            for name, scale in asked.scales.items()
        }
    return FormFollowUp(
        questionnaire=form.questionnaire,
        on=form.on,
        scores=scored.scores,
        summary=scored.summary,
        changes=changes,
        citation=asked.citation,
        titles={name: scale.title for name, scale in asked.scales.items()},
    )
