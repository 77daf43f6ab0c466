"""A table that can leave: keys re-coded, dates as days, rare values withheld.

What identifies a patient is never in a table. What could still point at one is taken out here:
the pseudonym of the centre, every date, free text, the year of age, and every level of a column
that fewer patients share than `sharing.toml` says.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.analysis_table import AnalysisTable, Column, Variable, VariableKind, column_of
from opensirt.domain.missing import Missing
from opensirt.errors import RuleError
from opensirt.outcomes.federated.disclosure import sharing_rules

_CODE_CHARACTERS = 12
_DECADES = tuple(f"{low}-{low + 9}" for low in range(0, 120, 10))
_INDEX = "treated_on"
_AGE = "age_years"
_HELD = (VariableKind.FLAG, VariableKind.CATEGORY, VariableKind.ORDINAL, VariableKind.TEXT)


@dataclass(frozen=True, eq=False, kw_only=True)
class Deidentified:
    """The table that can leave, and what was done to it, column by column."""

    table: AnalysisTable
    actions: Mapping[str, str]
    least: int
    """Fewest patients that a value may be of."""


def deidentified(table: AnalysisTable, *, secret: bytes) -> Deidentified:
    """Return a table without what could point at a patient.

    Parameters
    ----------
    table
        Of any unit of analysis.
    secret
        Random bytes: the same secret gives the same codes, so that tables of patients and of
        lesions can be joined; without it no code leads back to a pseudonym.

    Raises
    ------
    RuleError
        When the table is of fewer patients than a cell may be.
    """
    least = sharing_rules().least
    codes = _codes(table[table.patient_column].values, secret)
    n_patients = len(np.unique(codes))
    if n_patients < least:
        raise RuleError(
            f"the table is of {n_patients} patients; fewer than {least} are never exported "
            "de-identified"
        )
    variables: list[Variable] = []
    columns: dict[str, Column] = {}
    actions: dict[str, str] = {}
    for variable in table.variables:
        made = _changed(table, variable, codes)
        if made is None:
            actions[variable.name] = "left out"
            continue
        new, column, action = made
        if new.kind in _HELD or new.kind is VariableKind.NUMBER:
            rare = _without_rare if new.kind in _HELD else _unless_telling
            new, column, withheld = rare(new, column, codes, least)
            action = "; ".join(one for one in (action, withheld) if one)
        variables.append(new)
        columns[new.name] = column
        if action:
            actions[variable.name] = action
    note = (
        "de-identified: pseudonyms re-coded, dates as days from the index date, ages in decades, "
        f"values of fewer than {least} patients withheld"
    )
    names = set(columns)
    return Deidentified(
        table=AnalysisTable(
            unit=table.unit,
            variables=tuple(variables),
            columns=columns,
            row_key=table.row_key,
            endpoints=tuple(
                one for one in table.endpoints if {one.time_column, one.event_column} <= names
            ),
            population=f"{n_patients} patients of one centre, de-identified",
            notes=(note,),
            provenance={name: one for name, one in table.provenance.items() if name == "software"},
        ),
        actions=actions,
        least=least,
    )


def _codes(keys: NDArray[np.str_], secret: bytes) -> NDArray[np.str_]:
    def code(key: str) -> str:
        digest = hmac.new(secret, key.encode(), hashlib.sha256).hexdigest()
        return f"P{digest[:_CODE_CHARACTERS]}"

    return np.array([code(str(key)) for key in keys.tolist()], dtype=np.str_)


def _changed(
    table: AnalysisTable, variable: Variable, codes: NDArray[np.str_]
) -> tuple[Variable, Column, str] | None:
    """Return a column as it may leave, None for one that may not, before rare values go."""
    column = table.columns[variable.name]
    if variable.name == table.patient_column:
        return variable, Column(codes, column.absent), "re-coded"
    if variable.kind is VariableKind.IDENTIFIER:
        return variable, Column(_numbered(codes), column.absent), "numbered within the patient"
    if variable.kind is VariableKind.DATE:
        return _as_days(table, variable)
    if variable.name == _AGE:
        return _as_decades(variable, column)
    return variable, column, ""


def _numbered(codes: NDArray[np.str_]) -> NDArray[np.str_]:
    seen: dict[str, int] = {}
    numbers = []
    for code in codes.tolist():
        seen[code] = seen.get(code, 0) + 1
        numbers.append(str(seen[code]))
    return np.array(numbers, dtype=np.str_)


def _as_days(table: AnalysisTable, variable: Variable) -> tuple[Variable, Column, str] | None:
    if variable.name == _INDEX or _INDEX not in table.columns:
        return None
    index, column = table[_INDEX], table[variable.name]
    absent = np.where(column.present, index.absent, column.absent)
    days = (column.values - index.values).astype("timedelta64[D]").astype(np.float64)
    days[absent != 0] = np.nan
    made = replace(
        variable,
        name=f"{variable.name}_days",
        meaning=f"{variable.meaning}: days from the index date",
        kind=VariableKind.NUMBER,
        unit="day",
    )
    return made, Column(days, absent.astype(np.uint8)), "as days from the index date"


def _as_decades(variable: Variable, column: Column) -> tuple[Variable, Column, str]:
    made = replace(
        variable,
        name="age_decade",
        meaning=f"{variable.meaning}, in decades",
        kind=VariableKind.ORDINAL,
        unit="",
        levels=_DECADES,
    )
    values: list[object] = []
    for row in range(len(column.values)):
        value = column.at(row)
        known = not isinstance(value, Missing)
        values.append(_DECADES[min(int(float(value)) // 10, 11)] if known else value)  # type: ignore[arg-type]
    return made, column_of(made, values), "in decades"


def _without_rare(
    variable: Variable, column: Column, codes: NDArray[np.str_], least: int
) -> tuple[Variable, Column, str]:
    """Withhold the values that too few patients share, and never only one of them.

    Where one level alone were withheld, its place would tell it: the next rarest goes with it,
    until what is withheld is of at least two levels and of enough patients.
    """
    present = column.present
    levels = np.unique(column.values[present])
    shared = {one: len(np.unique(codes[present & (column.values == one)])) for one in levels}
    rare = sorted((one for one in levels if shared[one] < least), key=lambda one: shared[one])
    if not rare:
        return variable, column, ""
    rest = sorted((one for one in levels if one not in rare), key=lambda one: shared[one])
    while rest and (len(rare) == 1 or _patients(column, codes, rare) < least):
        rare.append(rest.pop(0))
    hidden = present & np.isin(column.values, rare)
    absent = column.absent.copy()
    absent[hidden] = 1 + list(Missing).index(Missing.WITHHELD)
    values = column.values.copy()
    values[hidden] = np.nan if values.dtype.kind == "f" else ""
    n_patients = len(np.unique(codes[hidden]))
    said = f"{len(rare)} values of {n_patients} patients withheld"
    if not rest:
        said = "withheld whole: its values are of too few patients"
    return variable, Column(values, absent), said


def _unless_telling(
    variable: Variable, column: Column, codes: NDArray[np.str_], least: int
) -> tuple[Variable, Column, str]:
    """Withhold a column of numbers where having one, or not having reached one, is itself rare.

    The day of a response tells who responded, whatever becomes of the flag beside it.
    """
    reached = column.absent == 1 + list(Missing).index(Missing.NOT_REACHED)
    for rows in (column.present, reached):
        if 0 < len(np.unique(codes[rows])) < least:
            hidden = column.present | reached
            absent = column.absent.copy()
            absent[hidden] = 1 + list(Missing).index(Missing.WITHHELD)
            values = np.full_like(column.values, np.nan)
            return variable, Column(values, absent), "withheld whole: too few patients have one"
    return variable, column, ""


def _patients(column: Column, codes: NDArray[np.str_], values: list[Any]) -> int:
    return len(np.unique(codes[column.present & np.isin(column.values, values)]))
