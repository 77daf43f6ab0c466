"""What happened to one patient, in order of time."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from opensirt.domain.laboratory import analyte_facts
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import PatientRecord


class EventKind(Enum):
    """What kind of entry a timeline line is."""

    TREATMENT = "treatment"
    LABORATORY = "laboratory"
    ADVERSE_EVENT = "adverse event"
    IMAGING = "imaging"
    QUESTIONNAIRE = "questionnaire"
    PERFORMANCE = "performance status"
    VITAL_STATUS = "vital status"


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


def timeline(record: PatientRecord) -> Timeline:
    """Return every dated entry of a record in order, and the undated ones by themselves."""
    events: list[TimelineEvent] = []
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
            text=f"{analyte_facts(value.analyte).name} {value.value:g} {value.unit}",
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
        TimelineEvent(on=form.on, until=None, kind=EventKind.QUESTIONNAIRE, text=form.questionnaire)
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
    events.sort(key=lambda one: (one.on, one.kind.value, one.text))
    return Timeline(events=tuple(events), undated=tuple(undated))
