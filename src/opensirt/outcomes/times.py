"""Times to an event with what ended each of them; censored, the event, or a competing one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Flags, Floats, Ints, vector
from opensirt.outcomes.endpoint import Endpoint, EndpointRule

CENSORED = 0
EVENT = 1


@dataclass(frozen=True, eq=False, kw_only=True)
class EventTimes:
    """One row for each unit: its time from the origin and its code.

    Parameters
    ----------
    time : (n,)
        From the origin, in the unit of the endpoint, none negative.
    code : (n,)
        0 censored, 1 the event, 2 and above the competing events in the order of `competing`.
    competing
        Names of the competing events.

    Raises
    ------
    InputError
        When the two differ in length, a time is missing or negative, or a code has no meaning.
    """

    endpoint: Endpoint
    time: Floats
    code: Ints
    competing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        where = self.endpoint.title
        time = vector(self.time, where=f"{where}, time").copy()
        if not len(time):
            raise InputError(f"{where}: no row is left to analyse")
        raw = vector(self.code, len(time), where=f"{where}, event code")
        code = raw.astype(np.int64)
        if np.any(time < 0):
            raise InputError(
                f"{where}: {int(np.sum(time < 0))} times are before the origin "
                f"({self.endpoint.origin}); correct the dates or leave the rows out"
            )
        known = range(2 + len(self.competing))
        odd = sorted({float(one) for one in raw} - {float(one) for one in known})
        if odd:
            raise InputError(
                f"{where}: event codes {odd} have no meaning; wanted 0 censored, 1 event"
                + "".join(f", {n} {name}" for n, name in enumerate(self.competing, start=2))
            )
        for array in (time, code):
            array.setflags(write=False)
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "code", code)

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.time)

    @property
    def event(self) -> Flags:
        """Whether the event of interest was seen, row by row."""
        return np.asarray(self.code == EVENT)

    def rows(self, chosen: Flags | Ints) -> "EventTimes":
        """Return the chosen rows."""
        return EventTimes(
            endpoint=self.endpoint,
            time=self.time[chosen],
            code=self.code[chosen],
            competing=self.competing,
        )


def event_times(endpoint: Endpoint, time: ArrayLike, event: ArrayLike) -> EventTimes:
    """Return times with one kind of event; `event` is true where it was seen."""
    return EventTimes(
        endpoint=endpoint,
        time=np.asarray(time, dtype=np.float64),
        code=np.asarray(event, dtype=np.float64),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class CourseTimes:
    """What `times_from_course` made, and the rows that it could not use, each with its reason."""

    times: EventTimes
    rows: Ints
    """Places, in the course, of the rows of `times`."""
    left_out: Mapping[str, int]
    """Reason → number of patients."""
    notes: Mapping[str, int]
    """What was decided for how many of the rows that stayed."""


def times_from_course(
    rule: EndpointRule,
    days: Mapping[str, ArrayLike],
    *,
    origin: str,
    source: str,
    criterion: str,
) -> CourseTimes:
    """Return the times of an endpoint from the days on which things happened.

    Parameters
    ----------
    days
        Name → (n,) days from the origin: ``death``, ``last_contact``, ``last_imaging``,
        ``progression``, ``hepatic_progression``, ``next_treatment``, as far as the rule needs
        them. NaN: did not happen until the last day known. An event after the day on which the
        course ends still counts, since it was seen. For endpoints by imaging a death counts on
        its day, however long after the last imaging.

    Raises
    ------
    InputError
        When a needed column is not there.
    """
    needed = (*rule.parts, *rule.competing, rule.last)
    absent = [name for name in needed if name not in days]
    if absent:
        raise InputError(
            f"{rule.title} needs the columns {', '.join(needed)}; {', '.join(absent)} not given"
        )
    table = {name: np.asarray(days[name], dtype=np.float64) for name in needed}
    last = table[rule.last]
    first, _ = _earliest([table[name] for name in rule.parts])
    rival, rival_code = _earliest([table[name] for name in rule.competing], last.shape)
    code = np.zeros(last.shape, dtype=np.int64)
    time = last.copy()
    notes: dict[str, int] = {}
    if rule.last == "last_imaging":
        unseen = np.isnan(last) & np.isnan(first) & np.isnan(rival)
        time[unseen] = 0.0
        if unseen.any():
            notes["no imaging after the index day: censored on it"] = int(unseen.sum())
    happened = ~np.isnan(first)
    time[happened], code[happened] = first[happened], EVENT
    before = ~np.isnan(rival) & ~(first <= rival)
    time[before], code[before] = rival[before], EVENT + 1 + rival_code[before]
    unknown = np.isnan(time)
    early = ~unknown & (time < 0)
    left_out = {
        reason: int(one.sum())
        for reason, one in (
            (f"no event and no day of {rule.last.replace('_', ' ')}", unknown),
            ("ends before the index day", early),
        )
        if one.any()
    }
    rows = np.flatnonzero(~unknown & ~early)
    times = EventTimes(
        endpoint=rule.endpoint(origin=origin, source=source, criterion=criterion),
        time=time[rows],
        code=code[rows],
        competing=rule.competing,
    )
    return CourseTimes(times=times, rows=rows, left_out=left_out, notes=notes)


def _earliest(
    columns: Sequence[Floats], shape: tuple[int, ...] | None = None
) -> tuple[Floats, Ints]:
    """Return the earliest day of each row, NaN where none, and the number of its column."""
    if not columns:
        assert shape is not None  # noqa: S101 - only competing events may be none
        return np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    stacked = np.vstack(columns)
    filled = np.where(np.isnan(stacked), np.inf, stacked)
    first = filled.min(axis=0)
    return np.where(np.isinf(first), np.nan, first), filled.argmin(axis=0)
