"""A CSV or Excel table whose cells are numbers, for models: nothing is guessed."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import InputError
from opensirt.files.table_rows import Cell, Table, read_table_rows, shown

MISSING = ("", "NA", "NaN", "na")
"""Texts of a cell that stand for no value."""


def read_number_table(
    path: Path, names: Iterable[str], *, codes: Iterable[str] = ()
) -> Mapping[str, NDArray[np.float64]]:
    """Return the named columns; NaN where a cell is empty.

    Parameters
    ----------
    names
        Columns of numbers; true and false are 1 and 0.
    codes
        Columns of names, such as patients: each different text becomes another number.

    Raises
    ------
    InputError
        When a column is not there, or a cell of numbers is none; the first one is named.
    """
    table = read_table_rows(path, delimiter=None, encoding="utf-8", sheet=None)
    for row in table.rows:
        if row.problem:
            raise InputError(f"{path.name}, row {row.number}: {row.problem}; correct the table")
    found = {name: _numbers(path, table, name) for name in names}
    return found | {name: _codes(path, table, name) for name in codes}


def _place(path: Path, table: Table, name: str) -> int:
    if name not in table.columns:
        raise InputError(f"{path.name} has no column {name!r}; it has {', '.join(table.columns)}")
    return table.columns.index(name)


def _numbers(path: Path, table: Table, name: str) -> NDArray[np.float64]:
    place = _place(path, table, name)
    return np.array(
        [_number(one.cells[place], path, one.number, name) for one in table.rows],
        dtype=np.float64,
    )


def _number(cell: Cell, path: Path, row: int, name: str) -> float:
    if isinstance(cell, bool):
        return float(cell)
    if isinstance(cell, float):
        return cell
    text = "" if isinstance(cell, date) else cell.strip()
    if isinstance(cell, str) and text in MISSING:
        return float("nan")
    if text.casefold() in {"true", "false"}:
        return float(text.casefold() == "true")
    try:
        value = float(text)
    except ValueError:
        value = float("inf")
    if not abs(value) < float("inf"):
        raise InputError(
            f"{path.name}, row {row}, {name}: found {shown(cell)!r}; a number is wanted"
        )
    return value


def _codes(path: Path, table: Table, name: str) -> NDArray[np.float64]:
    place = _place(path, table, name)
    texts = [str(one.cells[place]).strip() for one in table.rows]
    known = {text: float(number) for number, text in enumerate(dict.fromkeys(texts))}
    return np.array(
        [float("nan") if text in MISSING else known[text] for text in texts], dtype=np.float64
    )
