"""The toxicity part of a follow-up: grades, windows, liver disease."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from opensirt.clinical.braat_grade import (
    BraatGrade,
    BraatInput,
    GradeChange,
    braat_grade,
    braat_items,
)
from opensirt.clinical.follow_up_record import (
    FollowUpCourse,
    GradedValue,
    LateEvents,
    ReildFollowUp,
    WindowToxicity,
)
from opensirt.clinical.predicate.facts import Value
from opensirt.clinical.reild import (
    assess_reild,
    laboratory_facts,
    reild_definition,
    reild_definition_names,
)
from opensirt.clinical.toxicity.event_window import event_window, events_of, worst_events
from opensirt.clinical.toxicity.grade_arrays import UNKNOWN
from opensirt.clinical.toxicity.laboratory_grade import grade_value
from opensirt.clinical.toxicity.laboratory_series import (
    WorstGrade,
    baseline_value,
    shift_table,
    worst_laboratory_grades,
)
from opensirt.clinical.toxicity.laboratory_term import laboratory_term_keys
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.laboratory import analyte_facts
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import PatientRecord
from opensirt.reference.table import read_table

_FACT_OF_EVENT = {
    "ascites": "ascites_after",
    "encephalopathy": "encephalopathy_after",
    "oesophageal_varices_haemorrhage": "variceal_bleeding",
}
"""An event shows that a fact holds; that no event is recorded shows nothing."""


def graded_values(record: PatientRecord, course: FollowUpCourse) -> tuple[GradedValue, ...]:
    """Return the grade of every laboratory value after treatment, version by version."""
    found = []
    for value in sorted(record.laboratory, key=lambda one: (one.on, one.analyte.value)):
        baseline = baseline_value(
            record.laboratory,
            value.analyte,
            treated_on=course.treated_on,
            treatment_day_counts=course.treatment_day_counts,
        )
        if value.on < course.treated_on or value is baseline:
            continue
        for version in course.ctcae_versions:
            graded = grade_value(
                value,
                baseline=baseline,
                version=version,
                anticoagulated=_anticoagulated(record),
            )
            if isinstance(graded, Missing):
                continue
            found.append(
                GradedValue(
                    term=graded.term,
                    version=version,
                    on=value.on,
                    value=value.value,
                    unit=value.unit,
                    grade=graded.grade,
                    lowest=graded.lowest,
                    highest=graded.highest,
                    missing=graded.missing,
                )
            )
    return tuple(found)


def ungraded(record: PatientRecord, course: FollowUpCourse) -> tuple[str, ...]:
    """Name the analytes that some version of the course does not grade."""
    found = {
        f"{analyte_facts(one.analyte).name} (CTCAE {version.value})"
        for one in record.laboratory
        for version in course.ctcae_versions
        if isinstance(
            grade_value(
                one, baseline=Missing.NEEDS_BASELINE, version=version, anticoagulated=False
            ),
            Missing,
        )
    }
    return tuple(sorted(found))


def window_toxicity(
    record: PatientRecord, course: FollowUpCourse, *, day: int
) -> tuple[WindowToxicity, ...]:
    """Return worst grades and shift of every window, version by version."""
    return tuple(
        _window(record, course, version, first, last)
        for first, last in course.windows or ((0, day),)
        for version in course.ctcae_versions
    )


def _window(
    record: PatientRecord, course: FollowUpCourse, version: CtcaeVersion, first: int, last: int
) -> WindowToxicity:
    worst = _worst(record, course, version, first, last)
    shift = shift_table(
        np.array([_code(one.baseline_grade) for one in worst], dtype=np.int8),
        np.array([_code(one.grade) for one in worst], dtype=np.int8),
    )
    return WindowToxicity(
        version=version,
        first_day=first,
        last_day=last,
        laboratory=worst,
        events=worst_events(
            [one for one in record.adverse_events if one.version is version],
            treated_on=course.treated_on,
            first_day=first,
            last_day=last,
        ),
        shift=tuple(tuple(int(count) for count in row) for row in shift),
    )


def _worst(
    record: PatientRecord, course: FollowUpCourse, version: CtcaeVersion, first: int, last: int
) -> tuple[WorstGrade, ...]:
    return worst_laboratory_grades(
        record.laboratory,
        treated_on=course.treated_on,
        treatment_day_counts=course.treatment_day_counts,
        first_day=first,
        last_day=last,
        version=version,
        anticoagulated=_anticoagulated(record),
    )


def _code(grade: int | Missing) -> int:
    return UNKNOWN if isinstance(grade, Missing) else grade


def _anticoagulated(record: PatientRecord) -> bool | Missing:
    found = record.entered.get("anticoagulated", Missing.NOT_RECORDED)
    return found if isinstance(found, bool | Missing) else Missing.NOT_RECORDED


def late_events(record: PatientRecord, course: FollowUpCourse) -> tuple[LateEvents, ...]:
    """Return the events of ulcer, pneumonitis and the like, each by its own window."""
    found = []
    for key in read_table("ctcae_clinical")["windows"]:
        window = event_window(key)
        events = events_of(record.adverse_events, window, treated_on=course.treated_on)
        found.append(
            LateEvents(window=key, text=window.text, events=events, citation=window.citation)
        )
    return tuple(found)


def reild_by_definition(
    record: PatientRecord, course: FollowUpCourse, *, day: int
) -> tuple[ReildFollowUp, ...]:
    """Return every named definition with the evidence of its own window.

    Values of the treatment day that were taken before it are no evidence of what came after, nor
    is the INR under anticoagulation one of the liver.
    """
    found = []
    before = course.treated_on if course.treatment_day_counts else None
    values = [one for one in record.laboratory if one.on != before]
    for name in reild_definition_names():
        definition = reild_definition(name)
        facts: dict[str, Value | Missing] = dict(
            laboratory_facts(values, definition, treated_on=course.treated_on)
        )
        if _anticoagulated(record) is True:
            facts["peak_inr"] = Missing.NOT_EVALUABLE
        for event in record.adverse_events:
            fact = _FACT_OF_EVENT.get(event.term)
            if fact and definition.contains((event.on - course.treated_on).days):
                facts[fact] = True
        facts |= dict(course.reild_facts)
        facts |= dict(course.reild_facts_of.get(name, {}))
        assessed = assess_reild(definition, facts)
        last = definition.last_day
        found.append(
            ReildFollowUp(
                definition=name,
                title=definition.title,
                called=definition.called,
                first_day=definition.first_day,
                last_day=last,
                met=assessed.met,
                window_open=not isinstance(definition.first_day, Missing)
                and (last is None or day <= last),
                evidence=assessed.evidence,
                missing=assessed.missing,
                text=definition.text,
                citation=definition.citation,
            )
        )
    return tuple(found)


def braat_by_version(
    record: PatientRecord, course: FollowUpCourse, *, day: int
) -> Mapping[str, BraatGrade]:
    """Return the Braat grade of all days so far, made of the grades of each version."""
    return {
        version.value: braat_grade(
            BraatInput(
                changes=_changes(record, course, version, day),
                version=version,
                non_invasive_treatment=course.braat.non_invasive_treatment,
                invasive_treatment=course.braat.invasive_treatment,
                fatal=course.braat.fatal,
                resolved=course.braat.resolved,
                hepatic_progression=_answered(course, "hepatic_progression"),
                biliary_obstruction=_answered(course, "biliary_obstruction"),
            )
        )
        for version in course.ctcae_versions
    }


def _answered(course: FollowUpCourse, name: str) -> bool | Missing:
    """Return an exclusion of the Braat grade, or what people saw of it for every definition."""
    stated: bool | Missing = getattr(course.braat, name)
    seen = course.reild_facts.get(name)
    if isinstance(stated, Missing) and isinstance(seen, bool):
        return seen
    return stated


def _changes(
    record: PatientRecord, course: FollowUpCourse, version: CtcaeVersion, day: int
) -> dict[str, GradeChange]:
    keys = laboratory_term_keys(version)
    worst = dict(zip(keys, _worst(record, course, version, 0, day), strict=True))
    items = set(braat_items())
    changes = {
        key: GradeChange(one.baseline_grade, one.grade)
        for key, one in worst.items()
        if key in items
    }
    for term in ("ascites", "encephalopathy"):
        after = [
            one.grade
            for one in record.adverse_events
            if one.term == term
            and one.version is version
            and course.treated_on <= one.on <= course.treated_on + timedelta(days=day)
        ]
        unknown = Missing.NOT_RECORDED
        ruled_out = course.reild_facts.get(f"{term}_after") is False
        changes[term] = GradeChange(
            0 if record.entered.get(term) == "none" else unknown,
            max(after) if after else (0 if ruled_out else unknown),
        )
    return changes
