"""Columns of an analysis table as numbers that a model takes: levels against the first one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.domain.analysis_table import NUMERIC, AnalysisTable, Endpoint, VariableKind
from opensirt.errors import InputError
from opensirt.outcomes import endpoint as words
from opensirt.outcomes.arrays import Floats, Ints
from opensirt.outcomes.times import EventTimes

_LEVELLED = (VariableKind.CATEGORY, VariableKind.ORDINAL)


@dataclass(frozen=True, eq=False, kw_only=True)
class CompleteRows:
    """Rows of a table that have every value an analysis needs."""

    table: AnalysisTable
    rows: Ints
    """Places among the rows of the table given."""
    missing: Mapping[str, int]
    """Column → rows that lack it; a row may lack several."""
    left_out: int


def complete_rows(table: AnalysisTable, names: Sequence[str]) -> CompleteRows:
    """Return the rows that have all the named columns.

    Raises
    ------
    UnknownNameError
        When there is no such column.
    InputError
        When no row is left.
    """
    kept = table.complete(names)
    if not kept.any():
        raise InputError(f"no row of {table.population} has all of {', '.join(names)}")
    missing = {name: int((~table[name].present).sum()) for name in dict.fromkeys(names)}
    return CompleteRows(
        table=table.take(kept),
        rows=np.flatnonzero(kept),
        missing={name: count for name, count in missing.items() if count},
        left_out=int((~kept).sum()),
    )


def require_known_at_origin(table: AnalysisTable, names: Sequence[str]) -> None:
    """Refuse columns whose values become known only after the time origin.

    Raises
    ------
    InputError
        When the dictionary says so of one of them.
    """
    late = [name for name in names if table.variable(name).later]
    if late:
        raise InputError(
            f"{', '.join(late)} becomes known only after the time origin: who lives longer has "
            "more time to get it, and that time would count as survival (immortal time). Compare "
            "groups by it from a landmark (--landmark), with the column of the days on which it "
            "was seen (--known)"
        )


def design_columns(table: AnalysisTable, names: Sequence[str]) -> tuple[Floats, tuple[str, ...]]:
    """Return a matrix (n, p) and the names of its columns.

    Numbers, counts and flags stay; a category becomes one column for each level that occurs but
    the first, called ``name=level``.

    Raises
    ------
    InputError
        When a column is text, a date or an identifier, or has absent values.
    """
    made: list[Floats] = []
    titles: list[str] = []
    for name in names:
        kind = table.variable(name).kind
        if kind in NUMERIC:
            made.append(table.numbers(name))
            titles.append(name)
        elif kind in _LEVELLED:
            values = table[name].values
            occurring = [one for one in table.variable(name).levels if (values == one).any()]
            for level in occurring[1:]:
                made.append((values == level).astype(np.float64))
                titles.append(f"{name}={level}")
        else:
            raise InputError(f"column {name} is of kind {kind.value}; a model takes no such column")
    if not made:
        raise InputError(f"the columns {', '.join(names)} have one value only; nothing varies")
    return np.column_stack(made), tuple(titles)


def groups_of(table: AnalysisTable, name: str) -> Mapping[str, Ints]:
    """Return group → rows, in the order of the levels.

    Raises
    ------
    InputError
        When the column has neither levels nor is a flag.
    """
    variable, values = table.variable(name), table[name].values
    if variable.kind is VariableKind.FLAG:
        return {
            label: np.flatnonzero(values == value)
            for label, value in (
                (f"{variable.meaning}: no", 0.0),
                (f"{variable.meaning}: yes", 1.0),
            )
            if (values == value).any()
        }
    if variable.kind not in _LEVELLED:
        raise InputError(
            f"column {name} is of kind {variable.kind.value}; groups come from a category, an "
            f"ordinal column or a flag"
        )
    return {
        level: np.flatnonzero(values == level)
        for level in variable.levels
        if (values == level).any()
    }


def endpoint_times(table: AnalysisTable, name: str) -> EventTimes:
    """Return the times of an endpoint that a table holds; every row must have them.

    Raises
    ------
    UnknownNameError
        When the table has no such endpoint.
    MissingInputError
        When a time or event is absent.
    """
    found: Endpoint = table.endpoint(name)
    time, event = table.variable(found.time_column), table.variable(found.event_column)
    described = words.Endpoint(
        name=found.name,
        title=found.title,
        event=found.event,
        origin=found.index_date,
        censoring=found.censoring,
        criterion=time.source,
        source=table.population,
        unit=time.unit,
    )
    competing: tuple[str, ...] = ()
    if event.kind is VariableKind.FLAG:
        code = table.numbers(event.name).astype(np.int64)
    else:
        competing = event.levels[2:]
        code = np.array([event.levels.index(one) for one in table[event.name].values.tolist()])
    return EventTimes(
        endpoint=described,
        time=table.numbers(time.name),
        code=code,
        competing=competing,
    )
