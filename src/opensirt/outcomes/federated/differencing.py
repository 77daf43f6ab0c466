"""What two answers show together: the rows, intervals and outcomes in which they differ.

Each answer may be harmless alone. The difference of two sums over nearly the same rows is the sum
over the rows in which they differ, and the difference of two counts is a count of its own.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats
from opensirt.outcomes.federated.disclosure import SMALL, SharingRules, Withheld
from opensirt.outcomes.federated.interval_table import interval_table

_DIGEST_CHARACTERS = 12

RowDigests = Mapping[str, Sequence[str]]
"""Column → a digest of each row's value; never leaves the centre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedTable:
    """Edges between which counts of one time and event have left."""

    time: str
    event: str
    edges: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierAnswer:
    """What an answer to another plan let out, as the centre's own ledger keeps it."""

    plan: str
    rows: RowDigests
    tables: tuple[ReleasedTable, ...]
    n_values: int


def row_digests(columns: Mapping[str, Floats], salt: str) -> RowDigests:
    """Return a digest of every value, by which rows of two answers are compared."""

    def one(name: str, value: float) -> str:
        said = f"{salt}|{name}|{value!r}"
        return hashlib.sha256(said.encode()).hexdigest()[:_DIGEST_CHARACTERS]

    return {
        name: tuple(one(name, float(value)) for value in values) for name, values in columns.items()
    }


def refuse_few_changed(
    now: RowDigests, earlier: Sequence[EarlierAnswer], rules: SharingRules
) -> None:
    """Refuse an answer whose rows differ in a few from those of an earlier one.

    Rows are compared in the columns that both answers use: only those enter both sums.

    Raises
    ------
    InputError
        When fewer rows than a cell may have differ.
    """
    for before in earlier:
        names = sorted(set(now) & set(before.rows))
        if not names:
            continue
        first = Counter(zip(*(now[name] for name in names), strict=True))
        second = Counter(zip(*(before.rows[name] for name in names), strict=True))
        differ = (first - second).total() + (second - first).total()
        if 0 < differ < rules.least:
            raise InputError(
                f"{differ} rows differ from those that plan {before.plan} was answered with, in "
                f"{', '.join(names)}: the difference of the two answers would show them. Wait "
                f"until {rules.least} or more have changed, or answer with the same rows"
            )


def close_tables(
    wanted: ReleasedTable,
    released: Sequence[ReleasedTable],
    columns: Mapping[str, Floats],
    *,
    name: str,
    rules: SharingRules,
) -> Withheld | None:
    """Return why a table stays at home beside those that have left, or None.

    Two tables of the same event with other edges give the counts between all edges of both.
    """
    for one in released:
        if (one.time, one.event) != (wanted.time, wanted.event) or one.edges == wanted.edges:
            continue
        edges = sorted({*one.edges, *wanted.edges})
        counts = interval_table(columns[wanted.time], columns[wanted.event] == 1.0, edges)
        least = min((*counts.events, *counts.censored))
        if least < rules.least:
            return Withheld(
                name,
                SMALL,
                f"with the intervals that have left already, a cell of {least} follows",
            )
    return None


def close_outcomes(
    outcome: str,
    released: Sequence[str],
    columns: Mapping[str, Floats],
    *,
    name: str,
    rules: SharingRules,
) -> Withheld | None:
    """Return why sums of an outcome stay at home beside those of others, or None.

    Sums of two outcomes over the same rows differ by the rows in which the outcomes do.
    """
    for one in released:
        differ = int(np.sum(columns[one] != columns[outcome]))
        if 0 < differ < rules.least:
            return Withheld(name, SMALL, f"{outcome} and {one} differ in {differ} rows")
    return None
