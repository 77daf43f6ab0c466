"""What happened to one patient, in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from opensirt.domain.laboratory import analyte_facts
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import ClinicalState, FdgScan, PatientRecord


class EventKind(Enum):
    """What kind of entry a timeline line is."""

    TREATMENT = "treatment"
    LABORATORY = "laboratory"
    ADVERSE_EVENT = "adverse event"
    IMAGING = "imaging"
    QUESTIONNAIRE = "questionnaire"
    PERFORMANCE = "performance status"
    VITAL_STATUS = "vital status"
    SYMPTOM = "symptom"
    FDG_SCAN = "FDG scan"
    LIVER_FUNCTION_SCAN = "liver function scan"
    CLINICAL_STATE = "clinical state"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """One line; `until` is None for something of one day, a `Missing` where the end is unknown."""

    on: date
    until: date | Missing | None
    kind: EventKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Lines in order of time, and what had no date and so has no place among them."""

    events: tuple[TimelineEvent, ...]
    undated: tuple[str, ...]


def timeline(
    record: PatientRecord, *, more: Sequence[TimelineEvent] = (), until: date | None = None
) -> Timeline:
    """Return every dated entry of a record in order, and the undated ones by themselves.

    `more` are lines that are not in the record; nothing that begins after `until` is shown.
    """
    events: list[TimelineEvent] = list(more)
    undated: list[str] = []
    for one in record.treatments:
        words = one.kind.value + (" (planned)" if one.planned else "")
        words += f": {one.text}" if one.text else ""
        if isinstance(one.first_on, Missing):
            undated.append(words)
            continue
        events.append(
            TimelineEvent(on=one.first_on, until=one.last_on, kind=EventKind.TREATMENT, text=words)
        )
    events += [
        TimelineEvent(
            on=value.on,
            until=None,
            kind=EventKind.LABORATORY,
            text=f"{analyte_facts(value.analyte).name} {value.value:g} "
            f"{'' if value.unit == '1' else value.unit}".rstrip(),
        )
        for value in record.laboratory
    ]
    events += [
        TimelineEvent(
            on=event.on,
            until=event.until,
            kind=EventKind.ADVERSE_EVENT,
            text=f"{event.term} grade {event.grade} (CTCAE {event.version.value})",
        )
        for event in record.adverse_events
    ]
    events += [
        TimelineEvent(on=visit.on, until=None, kind=EventKind.IMAGING, text="imaging")
        for visit in record.imaging
    ]
    events += [
        TimelineEvent(
            on=form.on,
            until=None,
            kind=EventKind.QUESTIONNAIRE,
            text=form.questionnaire.replace("_", "-").upper(),
        )
        for form in record.forms
    ]
    events += [
        TimelineEvent(
            on=status.on, until=None, kind=EventKind.PERFORMANCE, text=f"ECOG {status.ecog}"
        )
        for status in record.performance
    ]
    if not isinstance(record.vital_status, Missing):
        status_text = record.vital_status.state.value
        events.append(
            TimelineEvent(
                on=record.vital_status.on,
                until=None,
                kind=EventKind.VITAL_STATUS,
                text=status_text,
            )
        )
    events += [
        TimelineEvent(on=scan.on, until=None, kind=EventKind.FDG_SCAN, text=_fdg(scan))
        for scan in record.fdg_scans
    ]
    events += [
        TimelineEvent(
            on=scan.on,
            until=None,
            kind=EventKind.LIVER_FUNCTION_SCAN,
            text="hepatobiliary scintigraphy",
        )
        for scan in record.hepatobiliary_scans
    ]
    events += [
        TimelineEvent(on=state.on, until=None, kind=EventKind.CLINICAL_STATE, text=_state(state))
        for state in record.clinical_states
    ]
    if until is not None:
        events = [one for one in events if one.on <= until]
    events.sort(key=lambda one: (one.on, one.kind.value, one.text))
    return Timeline(events=tuple(events), undated=tuple(undated))


def _fdg(scan: FdgScan) -> str:
    return "FDG" if isinstance(scan.sul_peak, Missing) else f"FDG, SUL peak {scan.sul_peak:.3g}"


def _state(one: ClinicalState) -> str:
    return ", ".join(
        f"{name} {value.replace('_', ' ')}"
        for name, value in (("ascites", one.ascites), ("encephalopathy", one.encephalopathy))
        if not isinstance(value, Missing)
    )
