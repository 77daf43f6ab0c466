"""The part of a follow-up that reads symptoms, tumour markers and questionnaires."""

from collections.abc import Sequence
from datetime import date

from opensirt.clinical.biomarker import MARKERS, marker_response
from opensirt.clinical.follow_up_record import FollowUpCourse
from opensirt.clinical.quality_of_life import (
    Change,
    change_of,
    important_difference,
    questionnaire,
    score_answers,
)
from opensirt.clinical.reported_record import (
    FormFollowUp,
    MarkerFollowUp,
    Number,
    SymptomChange,
    SymptomFollowUp,
    SymptomVisit,
)
from opensirt.clinical.toxicity.laboratory_series import baseline_value
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import DatedSymptom, FilledForm, PatientRecord


def symptom_courses(course: FollowUpCourse) -> tuple[SymptomFollowUp, ...]:
    """Return what became of each symptom on every day, by the measure that both days have.

    Capital letters make no other symptom.
    """
    by_name: dict[str, list[DatedSymptom]] = {}
    for one in course.symptoms:
        by_name.setdefault(one.name.casefold(), []).append(one)
    return tuple(_symptom(seen[0].name, seen, course.treated_on) for seen in by_name.values())


def _symptom(name: str, seen: Sequence[DatedSymptom], treated_on: date) -> SymptomFollowUp:
    before = _latest([one for one in seen if one.on <= treated_on])
    days = sorted({one.on for one in seen if one.on > treated_on})
    visits = tuple(
        _visit(before, _latest([one for one in seen if one.on == day]), treated_on) for day in days
    )
    last = visits[-1] if visits else _visit(before, None, treated_on)
    return SymptomFollowUp(
        name=name,
        measure=last.measure,
        before=last.before,
        before_on=None if before is None else before.on,
        after=last.after,
        after_on=days[-1] if days else None,
        change=last.change,
        visits=visits,
    )


def _latest(seen: Sequence[DatedSymptom]) -> DatedSymptom | None:
    """Return the symptom on its last day; of two entries of that day the worse counts."""

    def worse(one: DatedSymptom) -> tuple[date, float, float]:
        return one.on, _or_nothing(one.per_day), _or_nothing(one.ctcae_grade)

    return max(seen, key=worse, default=None)


def _or_nothing(number: Number) -> float:
    return -1.0 if isinstance(number, Missing) else number


def _visit(
    before: DatedSymptom | None, after: DatedSymptom | None, treated_on: date
) -> SymptomVisit:
    """Compare two days by the measure that both have, counts before grades."""
    measure = "per day"
    first, last = _measure(before, "per_day"), _measure(after, "per_day")
    if isinstance(first, Missing) or isinstance(last, Missing):
        graded = _measure(before, "ctcae_grade"), _measure(after, "ctcae_grade")
        if not any(isinstance(one, Missing) for one in graded) or (
            isinstance(first, Missing) and isinstance(last, Missing)
        ):
            measure = "CTCAE grade"
            first, last = graded
    on = treated_on if after is None else after.on
    return SymptomVisit(
        on=on,
        day=(on - treated_on).days,
        measure=measure,
        before=first,
        after=last,
        change=_change(first, last),
    )


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
    """Return every value of each tumour marker against the last one before treatment."""
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
        after = sorted(
            (one for one in values if one.on > course.treated_on), key=lambda one: one.on
        )
        if isinstance(baseline, Missing):
            found.append(MarkerFollowUp(analyte=analyte, response=baseline))
        elif not after:
            found.append(MarkerFollowUp(analyte=analyte, response=Missing.NOT_DONE))
        else:
            definition = course.marker_definitions.get(analyte)
            visits = tuple(marker_response(baseline, one, definition) for one in after)
            found.append(MarkerFollowUp(analyte=analyte, response=visits[-1], visits=visits))
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
