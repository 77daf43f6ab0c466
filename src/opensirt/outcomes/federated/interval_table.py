"""Counts in intervals of time, made coarser until no cell is under five; and the sum of such."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Flags, Floats
from opensirt.outcomes.federated.disclosure import SharingRules


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalTable:
    """Events and censored in ``[edge, next edge)``; the last interval takes everything later."""

    edges: tuple[float, ...]
    """Where intervals begin."""
    events: tuple[int, ...]
    censored: tuple[int, ...]

    @property
    def n(self) -> int:
        """Everybody."""
        return sum(self.events) + sum(self.censored)

    @property
    def entering(self) -> tuple[int, ...]:
        """Number at risk when each interval begins."""
        leaving = np.array(self.events) + np.array(self.censored)
        return tuple(int(one) for one in np.cumsum(leaving[::-1])[::-1])

    def at(self, edges: Sequence[float]) -> "IntervalTable":
        """Return the table with fewer intervals, beginning at some of its edges.

        Raises
        ------
        InputError
            When an edge is not one of its own, or the first is left out.
        """
        if not set(edges) <= set(self.edges) or edges[0] != self.edges[0]:
            raise InputError("the wanted edges are not among those of the table")
        place = [self.edges.index(one) for one in edges]
        return IntervalTable(
            edges=tuple(edges),
            events=tuple(int(one) for one in np.add.reduceat(self.events, place)),
            censored=tuple(int(one) for one in np.add.reduceat(self.censored, place)),
        )


def interval_table(time: Floats, event: Flags, edges: Sequence[float]) -> IntervalTable:
    """Return the counts of a table's rows; a time on an edge belongs to the interval it begins.

    Raises
    ------
    InputError
        When a time is below zero.
    """
    if np.any(time < 0):
        raise InputError("a time is before the origin; correct the table")
    starts = np.asarray(edges, dtype=np.float64)
    place = np.searchsorted(starts, time, side="right") - 1
    size = len(starts)
    return IntervalTable(
        edges=tuple(float(one) for one in starts),
        events=tuple(int(one) for one in np.bincount(place[event], minlength=size)),
        censored=tuple(int(one) for one in np.bincount(place[~event], minlength=size)),
    )


def coarsened(table: IntervalTable, rules: SharingRules) -> IntervalTable | None:
    """Return the table with intervals joined until every cell holds the least count.

    Intervals are joined from the left; what is left over at the end joins the last one. None
    when even one interval for all has a cell under it.
    """
    kept: list[float] = []
    events = censored = 0
    begin = table.edges[0]
    for number, edge in enumerate(table.edges):
        if events == censored == 0:
            begin = edge
        events += table.events[number]
        censored += table.censored[number]
        if events >= rules.least and censored >= rules.least:
            kept.append(begin)
            events = censored = 0
    if not kept:
        return None
    kept[0] = table.edges[0]  # intervals without anybody at the beginning
    return table.at(kept)


def pooled_table(tables: Sequence[IntervalTable]) -> IntervalTable:
    """Return the sum of tables over the intervals that all of them can be joined to.

    Raises
    ------
    InputError
        When no table is given.
    """
    if not tables:
        raise InputError("no centre shares the risk table; nothing can be added up")
    common = sorted(set.intersection(*(set(one.edges) for one in tables)))
    joined = [one.at(common) for one in tables]
    return IntervalTable(
        edges=tuple(common),
        events=tuple(sum(column) for column in zip(*(one.events for one in joined), strict=True)),
        censored=tuple(
            sum(column) for column in zip(*(one.censored for one in joined), strict=True)
        ),
    )


def actuarial_survival(table: IntervalTable) -> tuple[tuple[float, float, float], ...]:
    """Return the end of each interval but the last, survival there, and its standard error.

    Censored count as at risk for half of their interval (life table).

    References
    ----------
    .. [1] Cutler and Ederer, J. Chronic Dis. 8 (1958), 699.
    """
    survival, spread = 1.0, 0.0
    found = []
    for number, end in enumerate(table.edges[1:]):
        exposed = table.entering[number] - 0.5 * table.censored[number]
        failed = table.events[number]
        survival *= 1.0 - failed / exposed
        if exposed > failed:
            spread += failed / (exposed * (exposed - failed))
        found.append((end, survival, survival * spread**0.5))
    return tuple(found)
