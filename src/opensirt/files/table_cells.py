"""Single cells of an imported table: a number, a date, a code, or the reason why not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import TypeVar

from opensirt.files.table_rows import Cell, shown

ValueT = TypeVar("ValueT")

_NUMBER = {
    ".": re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?|[+-]?\.\d+"),
    ",": re.compile(r"[+-]?\d+(,\d*)?([eE][+-]?\d+)?|[+-]?,\d+"),
}


class CellError(Exception):
    """One cell that cannot be read: its column, what was found, what was wanted."""

    def __init__(self, column: str, found: Cell, wanted: str) -> None:
        super().__init__(wanted)
        self.column = column
        self.found = shown(found)
        self.wanted = wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRules:
    """How the cells of one table are written."""

    decimal: str
    date_formats: tuple[str, ...]
    missing: frozenset[str]
    today: date

    def text(self, cell: Cell) -> str:
        """Return the text of a cell, empty for everything that the table writes for nothing."""
        text = shown(cell) if isinstance(cell, float) else str(cell).strip()
        return "" if text in self.missing else text

    def number(self, column: str, cell: Cell) -> float | None:
        """Return a finite number, None for an empty cell."""
        text = self.text(cell)
        if not text:
            return None
        if isinstance(cell, float) and isfinite(cell):
            return cell
        if isinstance(cell, str) and _NUMBER[self.decimal].fullmatch(text):
            number = float(text.replace(",", "."))
            if isfinite(number):
                return number
        raise CellError(column, cell, f"a number with the decimal sign {self.decimal!r}")

    def whole(self, column: str, cell: Cell) -> int | None:
        """Return a whole number, None for an empty cell."""
        number = self.number(column, cell)
        if number is None:
            return None
        if not number.is_integer():
            raise CellError(column, cell, "a whole number")
        return int(number)

    def day(self, column: str, cell: Cell) -> date | None:
        """Return a date that is not in the future, None for an empty cell."""
        text = self.text(cell)
        if not text:
            return None
        day = self._day(column, cell, text)
        if day > self.today:
            raise CellError(column, cell, f"a date up to {self.today}: this one is in the future")
        return day

    def _day(self, column: str, cell: Cell, text: str) -> date:
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        for one in self.date_formats:
            try:
                return datetime.strptime(text, one).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
        raise CellError(column, cell, f"a date written as {' or '.join(self.date_formats)}")

    def coded(self, column: str, cell: Cell, codes: Mapping[str, ValueT]) -> ValueT | None:
        """Return what a code stands for, None for an empty cell; 1 and 1.0 are one code."""
        text = self.text(cell)
        if not text:
            return None
        if text in codes:
            return codes[text]
        plain = text.removesuffix(".0")
        if plain in codes:
            return codes[plain]
        raise CellError(column, cell, f"one of {', '.join(codes)}")
