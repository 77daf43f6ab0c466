"""What a follow-up has to say beside its answers."""

from collections import Counter
from datetime import date

from opensirt.clinical.follow_up_record import CriterionResponse, FollowUpCourse, ReildFollowUp
from opensirt.clinical.laboratory_facts import inr_under_anticoagulation
from opensirt.clinical.record_facts import ANTICANCER
from opensirt.clinical.response.metabolic_course import MetabolicCourse
from opensirt.clinical.response.selection import check_targets
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.laboratory import Analyte, analyte_facts
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import PatientRecord
from opensirt.reference.table import read_table
from opensirt.workflow.follow_up_response import baseline_visit
from opensirt.workflow.follow_up_toxicity import ungraded


def response_findings(
    read: tuple[CriterionResponse, ...], metabolic: MetabolicCourse | Missing | None
) -> tuple[Finding, ...]:
    """Return queries to the reader, and what makes FDG scans hard to compare, once each."""
    found = [
        finding
        for one in read
        for best in (one.best, one.best_confirmed)
        if best is not None
        for finding in best.findings
    ]
    if isinstance(metabolic, MetabolicCourse):
        found += [finding for one in metabolic.assessments for finding in one.findings]
    return tuple(dict.fromkeys(found))


def record_findings(
    record: PatientRecord,
    course: FollowUpCourse,
    reild: tuple[ReildFollowUp, ...],
    *,
    later: int,
    on: date,
) -> tuple[Finding, ...]:
    """Return what the record of a patient has to say at a follow-up, what is assumed first."""
    found: list[Finding] = []
    if record.assumed:
        text = f"assumed in the patient record: {', '.join(record.assumed)}"
        found.append(Finding(Severity.WARN, "assumed", text))
    if later:
        text = f"{later} entries are dated after the day of this follow-up and were not read"
        found.append(Finding(Severity.NOTE, "follow_up_later_entries", text, later))
    found += [
        Finding(
            Severity.WARN,
            "reild_definition_met",
            f"{one.called} by the definition {one.title} ({one.text})",
            source=one.citation.source,
            verified=one.citation.verified,
        )
        for one in reild
        if one.met is True
    ]
    not_graded = ungraded(record, course)
    if not_graded:
        text = f"not graded, for the version has no rule for a number: {', '.join(not_graded)}"
        found.append(Finding(Severity.NOTE, "follow_up_not_graded", text, len(not_graded)))
    for one in record.laboratory:
        found += one.findings()
    symptoms = Counter((one.name.casefold(), one.on) for one in course.symptoms if one.on <= on)
    found += [
        Finding(
            Severity.WARN,
            "symptom_twice_on_a_day",
            f"{name} stands {count} times on {day}: the worse entry counts",
            count,
        )
        for (name, day), count in symptoms.items()
        if count > 1
    ]
    found += inr_under_anticoagulation(
        record.entered.get("anticoagulated"),
        inr_known=any(one.analyte is Analyte.INR for one in record.laboratory),
    )
    values = Counter((one.analyte, one.on) for one in record.laboratory)
    found += [
        Finding(
            Severity.WARN,
            "laboratory_twice_on_a_day",
            f"{count} values of {analyte_facts(analyte).name} on {day}: all are graded, the first "
            "counts as baseline",
            count,
        )
        for (analyte, day), count in values.items()
        if count > 1
    ]
    for event in record.adverse_events:
        found += event.findings()
        if event.version not in course.ctcae_versions:
            text = (
                f"{event.term} of {event.on} is coded in CTCAE {event.version.value}, which this "
                "follow-up does not grade in; it is in no table of worst grades"
            )
            found.append(Finding(Severity.WARN, "adverse_event_other_version", text, event.grade))
    found += check_targets(record.lesions) if record.lesions else ()
    found += _baseline_imaging(record, course)
    found += _new_therapy(record, course, on)
    found += _new_lesions_not_said(record, course)
    return tuple(found)


def _baseline_imaging(record: PatientRecord, course: FollowUpCourse) -> tuple[Finding, ...]:
    """Say which imaging before treatment is not read, and when baseline is old."""
    baseline = baseline_visit(record, course)
    if baseline is None:
        return ()
    found = []
    early = [one.on for one in record.imaging if one.on < baseline.on]
    if early:
        text = (
            f"{len(early)} imaging visits before {baseline.on} are not read: the last one before "
            "treatment is baseline"
        )
        found.append(Finding(Severity.NOTE, "follow_up_early_imaging", text, len(early)))
    rules = read_table("response_criteria")["measurement"]
    days, most = (course.treated_on - baseline.on).days, rules["baseline_scan_at_most_days_before"]
    if record.lesions and days > most:
        text = (
            f"baseline imaging of {baseline.on} is {days} days before treatment; RECIST 1.1 wants "
            f"at most {most}: growth before treatment counts as if it came after"
        )
        found.append(
            Finding(Severity.WARN, "baseline_imaging_old", text, days, most, rules["source"])
        )
    return tuple(found)


def _new_lesions_not_said(record: PatientRecord, course: FollowUpCourse) -> tuple[Finding, ...]:
    """Say which visits are not evaluable because nobody said whether there are new lesions."""
    days = [
        one.on.isoformat()
        for one in record.imaging
        if one.on > course.treated_on and isinstance(one.new_lesions, Missing)
    ]
    if not days or not record.lesions:
        return ()
    text = (
        f"nobody said whether there are new lesions on {', '.join(sorted(days))}: not evaluable "
        "unless it is progression; write new_lesions = [] where somebody looked and found none"
    )
    return (Finding(Severity.NOTE, "new_lesions_not_said", text, len(days)),)


def _new_therapy(record: PatientRecord, course: FollowUpCourse, on: date) -> tuple[Finding, ...]:
    """Say which treatment after this one the best response does not know of."""
    later = sorted(
        (one.first_on, one.kind.value)
        for one in record.treatments
        if one.kind in ANTICANCER
        and not one.planned
        and not isinstance(one.first_on, Missing)
        and course.treated_on < one.first_on <= on
        and (course.new_therapy_on is None or one.first_on < course.new_therapy_on)
    )
    if not later or not record.lesions:
        return ()
    words = ", ".join(f"{kind} from {day}" for day, kind in later)
    text = (
        f"treatment after this one: {words}; best response counts visits after it as well: state "
        "new_therapy_on of [follow_up]"
    )
    return (Finding(Severity.WARN, "new_therapy_not_stated", text, len(later)),)
