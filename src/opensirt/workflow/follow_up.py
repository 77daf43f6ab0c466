"""follow_up: what became of a patient after treatment."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from opensirt.clinical.follow_up_record import (
    FollowUp,
    FollowUpCourse,
)
from opensirt.clinical.liver_function.trend import albi_trend, score_trends
from opensirt.clinical.reild import on_watch_list
from opensirt.clinical.response.metabolic_course import metabolic_course
from opensirt.clinical.response.percist import percist_limits
from opensirt.clinical.response.sul import with_sul
from opensirt.clinical.timeline import EventKind, Timeline, TimelineEvent, timeline
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import DatedSymptom, PatientRecord, VitalState
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError
from opensirt.provenance import Provenance
from opensirt.workflow.follow_up_findings import record_findings, response_findings
from opensirt.workflow.follow_up_imaging import (
    choi_follow_up,
    dose_responses,
    hepatobiliary_scores,
    late_liver,
    loads,
    with_baseline_sizes,
)
from opensirt.workflow.follow_up_reported import form_scores, marker_courses, symptom_courses
from opensirt.workflow.follow_up_response import baseline_visit, responses
from opensirt.workflow.follow_up_toxicity import (
    braat_by_version,
    graded_values,
    late_events,
    reild_by_definition,
    window_toxicity,
)


def follow_up(
    record: PatientRecord,
    course: FollowUpCourse,
    site: SiteProfile,
    *,
    on: date,
    made_at: datetime,
    software: Mapping[str, str],
    inputs: Mapping[str, str] | None = None,
) -> FollowUp:
    """Return toxicity, liver disease, response, symptoms and quality of life on one day.

    Nothing after `on` is read; what is left out so is said. Each version of CTCAE, each
    definition of liver disease and each response criterion answers by itself: they are never
    pooled.

    Parameters
    ----------
    record
        Everything that is known of the patient.
    course
        Day of treatment and how follow-up is read.
    site
        Goes into the provenance.
    on
        Day of the follow-up.
    made_at, software, inputs
        For the provenance: now with its zone, versions, hashes of what was read.

    Raises
    ------
    InputError
        When the follow-up lies before treatment, two imaging visits are of one day, or an
        answer or fact is impossible.
    MissingInputError
        When an FDG scan states SUV, and weight, height or sex is not known.
    UnknownNameError
        When a criterion, questionnaire or fact is none.
    """
    day = (on - course.treated_on).days
    if day < 0:
        raise InputError(
            f"follow-up on {on} lies before treatment on {course.treated_on}; correct one of them"
        )
    course = replace(course, symptoms=course.symptoms or record.symptoms)
    days = [one.on for one in record.imaging]
    twice = sorted({one.isoformat() for one in days if days.count(one) > 1})
    if twice:
        raise InputError(
            f"there are two imaging visits on {', '.join(twice)}; keep one, the other is a "
            "duplicate"
        )
    known, later = _until(record, course, on)
    baseline = baseline_visit(known, course)
    known = replace(known, lesions=with_baseline_sizes(known.lesions, baseline))
    limits = course.percist or percist_limits()
    fdg_scans, sul = with_sul(
        known.fdg_scans,
        weight_kg=course.weight_kg,
        height_cm=course.height_cm,
        sex=course.sex,
        variant=limits.lean_body_mass,
    )
    known = replace(known, fdg_scans=fdg_scans)
    read = responses(known, course)
    markers = marker_courses(known, course)
    scans, said = hepatobiliary_scores(known.hepatobiliary_scans, until=on)
    metabolic = metabolic_course(known.fdg_scans, treated_on=course.treated_on, limits=limits)
    reild = reild_by_definition(known, course, day=day)
    dead = (
        not isinstance(known.vital_status, Missing) and known.vital_status.state is VitalState.DEAD
    )
    return FollowUp(
        treated_on=course.treated_on,
        on=on,
        day=day,
        vital_status=known.vital_status,
        performance=known.performance,
        on_watch_list=not dead and on_watch_list(treated_on=course.treated_on, today=on),
        graded=graded_values(known, course),
        toxicity=window_toxicity(known, course, day=day),
        late_events=late_events(known, course),
        reild=reild,
        braat=braat_by_version(known, course, day=day),
        albi=albi_trend(known.laboratory, within_days=course.albi_within_days),
        response=read,
        symptoms=symptom_courses(
            replace(course, symptoms=tuple(one for one in course.symptoms if one.on <= on))
        ),
        markers=markers,
        quality_of_life=form_scores(known, course),
        timeline=_timeline(known, course, on),
        liver_function=score_trends(
            known.laboratory,
            known.clinical_states,
            within_days=course.albi_within_days,
            sex=course.sex,
            dialysis=_dialysis(known),
            birth_year=known.birth_year,
        ),
        hepatobiliary=scans,
        choi=choi_follow_up(known, course, baseline),
        metabolic=metabolic,
        tumour_load=loads(known, course, baseline),
        dose_response=dose_responses(read, course),
        late_liver=late_liver(known, course, baseline),
        findings=(
            *record_findings(known, course, reild, later=later, on=on),
            *response_findings(read, metabolic),
            *dict.fromkeys(
                said for one in markers for visit in one.visits for said in visit.findings
            ),
            *sul,
            *said,
        ),
        provenance=Provenance(
            method="follow_up",
            made_at=made_at,
            inputs=inputs or {},
            parameters={
                "treated_on": course.treated_on.isoformat(),
                "on": on.isoformat(),
                "ctcae_versions": ", ".join(one.value for one in course.ctcae_versions),
                "site": site.name,
                "site_sha256": site.sha256,
            },
            software=software,
        ),
    )


_DATED = (
    "laboratory",
    "performance",
    "adverse_events",
    "forms",
    "imaging",
    "fdg_scans",
    "hepatobiliary_scans",
    "clinical_states",
)
"""Parts of a record whose entries have one day."""


def _dialysis(record: PatientRecord) -> bool | Missing:
    found = record.entered.get("dialysis", Missing.NOT_RECORDED)
    return found if isinstance(found, bool | Missing) else Missing.NOT_RECORDED


def _timeline(record: PatientRecord, course: FollowUpCourse, on: date) -> Timeline:
    """Return all lines up to a day, this treatment and the symptoms among them."""
    symptoms = tuple(
        TimelineEvent(on=one.on, until=None, kind=EventKind.SYMPTOM, text=_symptom_words(one))
        for one in course.symptoms
    )
    treated = TimelineEvent(
        on=course.treated_on,
        until=None,
        kind=EventKind.TREATMENT,
        text="radioembolization: this course",
    )
    return timeline(record, more=(treated, *symptoms), until=on)


def _symptom_words(one: DatedSymptom) -> str:
    words = one.name
    if not isinstance(one.per_day, Missing):
        words += f" {one.per_day:g} a day"
    if not isinstance(one.ctcae_grade, Missing):
        words += f" grade {one.ctcae_grade}"
    return words


def _until(record: PatientRecord, course: FollowUpCourse, on: date) -> tuple[PatientRecord, int]:
    """Return the record as it was on one day, and how many entries are later."""
    parts: dict[str, Any] = {
        name: tuple(one for one in getattr(record, name) if one.on <= on) for name in _DATED
    }
    later = sum(len(getattr(record, name)) - len(kept) for name, kept in parts.items())
    later += sum(one.on > on for one in course.symptoms)
    status = record.vital_status
    if not isinstance(status, Missing) and status.on > on:
        status = Missing.NOT_RECORDED
        later += 1
    return replace(record, vital_status=status, **parts), later
