"""How many are at risk, have the event and are censored at each distinct time.

Everything that Kaplan–Meier and log-rank need is in this table, and tables of several centres
add up: no patient row is needed to pool them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Flags, Floats, tally, vector


@dataclass(frozen=True, eq=False, kw_only=True)
class RiskTable:
    """Counts (sums of weights, where there are weights) at rising distinct times.

    Parameters
    ----------
    time : (k,)
        Rising, each once.
    at_risk, events, left : (k,)
        Under observation just before the time; with the event at it; censored (or with a
        competing event) at it, after the events.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    left: Floats

    def __post_init__(self) -> None:
        if len({one.shape for one in (self.time, self.at_risk, self.events, self.left)}) != 1:
            raise InputError("the columns of a risk table differ in length")
        if np.any(np.diff(self.time) <= 0):
            raise InputError("the times of a risk table do not rise; each stands once")

    @property
    def n(self) -> float:
        """Everybody who was ever at risk."""
        return float(self.events.sum() + self.left.sum())

    def at(self, time: ArrayLike) -> "RiskTable":
        """Return the same counts at given rising times, which include all of this table's.

        Raises
        ------
        InputError
            When a time of this table with an event or a leaving is not among them.
        """
        wanted = np.asarray(time, dtype=np.float64)
        place = np.searchsorted(wanted, self.time)
        known = place < len(wanted)
        if not known.all() or not np.array_equal(wanted[place], self.time):
            raise InputError("the wanted times do not include every time of the risk table")
        events, left = np.zeros(len(wanted)), np.zeros(len(wanted))
        events[place], left[place] = self.events, self.left
        return RiskTable(time=wanted, at_risk=_remaining(events + left), events=events, left=left)


def _remaining(leaving: Floats) -> Floats:
    return np.asarray(np.cumsum(leaving[::-1])[::-1])


def risk_table(time: ArrayLike, event: ArrayLike, *, weight: ArrayLike | None = None) -> RiskTable:
    """Return the table of times with an event or not.

    Parameters
    ----------
    time, event : (n,)
        Time of each unit, and whether the event was seen then.
    weight : (n,)
        One above zero for each unit; 1 where not given.

    Raises
    ------
    InputError
        When the arrays differ in length or hold gaps, or a weight is below zero.
    """
    times = vector(time, where="risk table, time")
    seen = vector(event, len(times), where="risk table, event") != 0
    if weight is None:
        weights = np.ones(len(times))
    else:
        weights = vector(weight, len(times), where="risk table, weight")
        if np.any(weights < 0):
            raise InputError("a weight of the risk table is below zero")
    distinct, place = np.unique(times, return_inverse=True)
    events = tally(place, len(distinct), weights * seen)
    left = tally(place, len(distinct), weights * ~seen)
    return RiskTable(time=distinct, at_risk=_remaining(events + left), events=events, left=left)


def rows_of(table: RiskTable) -> tuple[Floats, Flags, Floats]:
    """Return times, whether an event was seen, and weights: a row for each time and outcome.

    That is what libraries for survival want in place of a table; weights stand for so many rows.
    """
    weights = np.concatenate([table.events, table.left])
    kept = weights > 0
    times = np.concatenate([table.time, table.time])
    seen = np.repeat([True, False], len(table.time))
    return times[kept], seen[kept], weights[kept]


def add_risk_tables(tables: Sequence[RiskTable]) -> RiskTable:
    """Return the table of everybody in several tables.

    Raises
    ------
    InputError
        When there is none.
    """
    if not tables:
        raise InputError("no risk table to add")
    time = np.unique(np.concatenate([one.time for one in tables]))
    spread = [one.at(time) for one in tables]
    return RiskTable(
        time=time,
        at_risk=np.sum([one.at_risk for one in spread], axis=0),
        events=np.sum([one.events for one in spread], axis=0),
        left=np.sum([one.left for one in spread], axis=0),
    )
