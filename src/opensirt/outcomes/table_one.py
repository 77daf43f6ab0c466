"""Who the patients are: table 1 with the missing counted (STROBE item 14, RECORD 6 and 13)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.domain.analysis_table import NUMERIC, AnalysisTable, VariableKind
from opensirt.domain.participants import FlowStep
from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, Ints
from opensirt.outcomes.design import groups_of
from opensirt.outcomes.participants import register_flow

_LEVELLED = (VariableKind.CATEGORY, VariableKind.ORDINAL)
EVERYBODY = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A column, or one level of it, in one group."""

    count: int
    """With a value; of a level, those with it."""
    missing: int
    fraction: float | None
    """Of those with a value; None for numbers."""
    quartiles: tuple[float, float, float] | None
    """25 %, 50 %, 75 %; None for flags and levels, and where nobody has a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOneRow:
    """A column or a level over the groups."""

    variable: str
    level: str
    unit: str
    by_group: Mapping[str, Described]
    difference: float | None
    """Standardised, between two groups; None otherwise, or where a group has no value."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TableOne:
    """Baseline by group; sizes and what the table is of."""

    population: str
    unit_of_analysis: str
    groups: Mapping[str, int]
    rows: tuple[TableOneRow, ...]
    participants: tuple[FlowStep, ...]


def table_one(table: AnalysisTable, names: Sequence[str], *, group: str = "") -> TableOne:
    """Describe columns of a table, by group where one is named.

    Numbers are told as median with quartiles, flags and levels as counts; a value that is absent
    is counted as missing and in no denominator.

    Raises
    ------
    InputError
        When a column is text, a date or an identifier, or a row has no group.
    """
    if group and not table.complete((group,)).all():
        count = int((~table.complete((group,))).sum())
        raise InputError(f"table 1: {count} rows have no {group}; select the others first")
    parts = groups_of(table, group) if group else {EVERYBODY: np.arange(table.n_rows)}
    rows: list[TableOneRow] = []
    for name in names:
        variable = table.variable(name)
        if variable.kind is VariableKind.FLAG:
            values = table[name].values
            rows.append(_share_row(table, name, "yes", np.asarray(values == 1.0), parts))
        elif variable.kind in NUMERIC:
            rows.append(_number_row(table, name, parts))
        elif variable.kind in _LEVELLED:
            values = table[name].values
            rows += [
                _share_row(table, name, level, np.asarray(values == level), parts)
                for level in variable.levels
            ]
        else:
            raise InputError(f"table 1: column {name} is of kind {variable.kind.value}")
    return TableOne(
        population=table.population,
        unit_of_analysis=table.unit.value,
        groups={key: len(one) for key, one in parts.items()},
        rows=tuple(rows),
        participants=register_flow(table),
    )


def _share_row(
    table: AnalysisTable,
    name: str,
    level: str,
    held: np.ndarray,
    parts: Mapping[str, Ints],
) -> TableOneRow:
    present = table[name].present
    made = {}
    for key, rows in parts.items():
        known = int(present[rows].sum())
        count = int((held[rows] & present[rows]).sum())
        made[key] = Described(
            count=count,
            missing=len(rows) - known,
            fraction=count / known if known else None,
            quartiles=None,
        )
    shares = [one.fraction for one in made.values()]
    return TableOneRow(
        variable=name, level=level, unit="", by_group=made, difference=_of_shares(shares)
    )


def _of_shares(shares: Sequence[float | None]) -> float | None:
    if len(shares) != 2 or shares[0] is None or shares[1] is None:  # noqa: PLR2004 - two groups
        return None
    one, other = shares[0], shares[1]
    spread = (0.5 * (one * (1 - one) + other * (1 - other))) ** 0.5
    return (one - other) / spread if spread > 0 else (0.0 if one == other else None)


def _number_row(table: AnalysisTable, name: str, parts: Mapping[str, Ints]) -> TableOneRow:
    column = table[name]
    made, held = {}, []
    for key, rows in parts.items():
        values: Floats = column.values[rows][column.present[rows]]
        held.append(values)
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75]) if len(values) else (0, 0, 0)
        made[key] = Described(
            count=len(values),
            missing=len(rows) - len(values),
            fraction=None,
            quartiles=(float(low), float(middle), float(high)) if len(values) else None,
        )
    return TableOneRow(
        variable=name,
        level="",
        unit=table.variable(name).unit,
        by_group=made,
        difference=_of_means(held),
    )


def _of_means(held: Sequence[Floats]) -> float | None:
    if len(held) != 2 or min(len(one) for one in held) < 2:  # noqa: PLR2004 - two groups
        return None
    spread = float(np.sqrt(0.5 * (held[0].var(ddof=1) + held[1].var(ddof=1))))
    return float((held[0].mean() - held[1].mean()) / spread) if spread > 0 else None
