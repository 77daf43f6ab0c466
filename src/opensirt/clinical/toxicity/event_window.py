"""Adverse events by the time after treatment at which they are known to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from opensirt.domain.adverse_event import AdverseEvent
from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWindow:
    """Terms that belong together, and the days after treatment when they come."""

    key: str
    terms: tuple[str, ...]
    first_day: int | Missing
    last_day: int | Missing
    text: str
    citation: Citation


@cache
def event_window(key: str) -> EventWindow:
    """Return one window of ``ctcae_clinical.toml``.

    Raises
    ------
    UnknownNameError
        When there is no such window.
    """
    windows = read_table("ctcae_clinical")["windows"]
    if key not in windows:
        raise UnknownNameError("event window", key, windows)
    entry = windows[key]
    return EventWindow(
        key=key,
        terms=tuple(entry["terms"]),
        first_day=entry.get("first_day", Missing.NO_VERIFIED_VALUE),
        last_day=entry.get("last_day", Missing.NO_VERIFIED_VALUE),
        text=entry["text"],
        citation=citation_of(entry, where=f"ctcae_clinical.toml windows.{key}"),
    )


def events_of(
    events: Sequence[AdverseEvent], window: EventWindow, *, treated_on: date
) -> tuple[AdverseEvent, ...]:
    """Return the events of a window's terms that came within it, by day.

    Where no window in days is known, every event of these terms after treatment is returned.
    """
    first = 0 if isinstance(window.first_day, Missing) else window.first_day
    found = [
        one
        for one in events
        if one.term in window.terms
        and one.on >= treated_on + timedelta(days=first)
        and (
            isinstance(window.last_day, Missing)
            or one.on <= treated_on + timedelta(days=window.last_day)
        )
    ]
    return tuple(sorted(found, key=lambda one: (one.on, one.term)))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstEvent:
    """The worst grade of one term among events of one version."""

    term: str
    version: CtcaeVersion
    grade: int
    on: date


def worst_events(
    events: Sequence[AdverseEvent], *, treated_on: date, first_day: int, last_day: int
) -> tuple[WorstEvent, ...]:
    """Return the worst event of each term and version from `first_day` to `last_day`.

    Versions are kept apart: their grades are not comparable.

    Raises
    ------
    InputError
        When the window ends before it begins, or begins before treatment.
    """
    if not 0 <= first_day <= last_day:
        raise InputError(f"window of days {first_day} to {last_day}: wanted 0 <= first <= last")
    first, last = treated_on + timedelta(days=first_day), treated_on + timedelta(days=last_day)
    worst: dict[tuple[str, CtcaeVersion], AdverseEvent] = {}
    for one in sorted(events, key=lambda event: event.on):
        key = (one.term, one.version)
        if first <= one.on <= last and (key not in worst or one.grade > worst[key].grade):
            worst[key] = one
    return tuple(
        WorstEvent(term=one.term, version=one.version, grade=one.grade, on=one.on)
        for one in worst.values()
    )
