"""Tables of other people, CSV or Excel, as rows of cells: not one row is lost on the way."""

import csv
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from opensirt.errors import InputError
from opensirt.files.refusal import EXPORT_AGAIN, refusal, unreadable

EXCEL_SUFFIXES = (".xlsx", ".xlsm")
_DELIMITERS = (",", ";", "\t", "|")

Cell = str | float | bool | date
"""Text of a CSV cell; Excel knows numbers and dates too. An empty cell is the empty text."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row under its number as a spreadsheet shows it; `problem` when it has no right cells."""

    number: int
    cells: tuple[Cell, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns and rows; `n_empty` lines held nothing at all and are no rows."""

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    n_empty: int


def read_table_rows(
    path: Path, *, delimiter: str | None, encoding: str, sheet: str | None
) -> Table:
    """Return the rows of a CSV file or of one sheet of an Excel file.

    Without a delimiter it is the one of comma, semicolon, tabulator and bar that the header
    holds most often. A row with more or fewer cells than the header is kept with its problem.

    Raises
    ------
    InputError
        When the file is absent or unreadable, its text is of another encoding, the sheet is not
        there, or two columns have the same name.
    """
    if not path.is_file():
        raise InputError(f"there is no table {path.name}; check the name")
    if path.suffix.lower() in EXCEL_SUFFIXES:
        lines = _excel(path, sheet)
    else:
        lines = [tuple(line) for line in _csv_lines(path, delimiter, encoding)]
    if not lines or not any(cell != "" for cell in lines[0]):
        raise refusal(path, "its first row is empty", wanted="column names", remedy=EXPORT_AGAIN)
    columns = tuple(str(cell).strip() for cell in lines[0])
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise InputError(
            f"{path.name}: two columns are called {', '.join(map(repr, twice))}; rename one"
        )
    rows = []
    n_empty = 0
    for number, cells in enumerate(lines[1:], start=2):
        if all(cell == "" for cell in cells) and len(cells) <= 1:
            n_empty += 1
            continue
        found = len(cells)
        problem = "" if found == len(columns) else f"{found} cells under {len(columns)} columns"
        rows.append(TableRow(number, cells, problem))
    return Table(columns=columns, rows=tuple(rows), n_empty=n_empty)


def _csv_lines(path: Path, delimiter: str | None, encoding: str) -> list[list[str]]:
    try:
        text = path.read_bytes().decode(encoding)
    except LookupError:
        raise InputError(f"there is no encoding {encoding!r}; try utf-8 or cp1252") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not {encoding} text (byte {error.start}); state encoding in the "
            "mapping, such as cp1252 or utf-16"
        ) from None
    text = text.removeprefix("\ufeff")
    head = text.split("\n", 1)[0]
    mark = delimiter or max(_DELIMITERS, key=head.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error as error:
        raise unreadable(path, "CSV", error) from None


def _excel(path: Path, sheet: str | None) -> list[tuple[Cell, ...]]:
    from openpyxl.utils.exceptions import InvalidFileException

    damage = (InvalidFileException, BadZipFile, ParseError, KeyError, OSError, zlib.error)
    try:
        return list(_excel_lines(path, sheet))
    except damage as error:
        raise unreadable(path, "Excel", error) from None


def _excel_lines(path: Path, sheet: str | None) -> Iterator[tuple[Cell, ...]]:
    import openpyxl

    values = openpyxl.load_workbook(path, read_only=True, data_only=True)
    formulas = openpyxl.load_workbook(path, read_only=True, data_only=False)
    try:
        names = values.sheetnames
        if sheet is None and len(names) > 1:
            raise InputError(
                f"{path.name} has several sheets ({', '.join(names)}); name one as sheet in the "
                "mapping"
            )
        name = names[0] if sheet is None else sheet
        if name not in names:
            raise InputError(
                f"{path.name} has no sheet {name!r}; it has {', '.join(map(repr, names))}"
            )
        width = 0
        pairs = zip_longest(
            values[name].iter_rows(values_only=True), formulas[name].iter_rows(values_only=True)
        )
        for found, written in pairs:
            cells = [_excel_cell(*pair) for pair in zip_longest(found or (), written or ())]
            while len(cells) > width and cells[-1] == "":
                cells.pop()
            width = width or len(cells)
            if all(cell == "" for cell in cells):
                yield ()
                continue
            yield tuple(cells + [""] * (width - len(cells)))
    finally:
        values.close()
        formulas.close()


def _excel_cell(value: object, written: object) -> Cell:
    """Return one cell; a formula whose result was never saved stays visible as its formula."""
    if value is None:
        return "" if written is None else str(written)
    if isinstance(value, datetime):
        return value if value.time() != datetime.min.time() else value.date()
    if isinstance(value, bool | date):
        return value
    if isinstance(value, int | float):
        return float(value)
    return str(value)


def shown(cell: Cell | Sequence[Cell]) -> str:
    """Return a cell as a person would write it, cut where it is long.

    >>> shown(3.0), shown("mild"), shown(date(2026, 3, 2))
    ('3', 'mild', '2026-03-02')
    """
    most = 60
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = " ".join(str(cell).split())
    return text if len(text) <= most else f"{text[:most]}…"
