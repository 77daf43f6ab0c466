"""What one row says of liver and spleen, of an FDG scan, of a hepatobiliary scan."""

from collections.abc import Iterator
from typing import Any

from opensirt.clinical.response.sul import SUV_OF_SUL
from opensirt.domain.lesion import LiverView
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import FdgScan, HepatobiliaryScan
from opensirt.files.row_view import Piece, RowView, made
from opensirt.files.scan_columns import (
    FdgScanColumns,
    HepatobiliaryScanColumns,
    LiverColumns,
    ScanColumns,
)
from opensirt.files.table_cells import CellError

_ABOVE_0 = frozenset({"weight_kg", "height_cm", *HepatobiliaryScanColumns.numbers})


def _known(row: RowView, block: ScanColumns) -> dict[str, Any]:
    """Return the fields that a row fills in; a negative number is refused."""
    found: dict[str, Any] = {}
    for name, column in block.columns.items():
        if name in block.flags:
            flag = row.rules.coded(column, row.cell(column), block.codes)
            if flag is not None:
                found[name] = flag
            continue
        number = row.number(column)
        if isinstance(number, Missing):
            continue
        if number < 0 or (number == 0 and name in _ABOVE_0):
            wanted = "a number above 0" if name in _ABOVE_0 else "0 or more"
            raise CellError(column, row.cell(column), wanted)
        found[name] = number
    return found


def liver_view(row: RowView, block: LiverColumns) -> Iterator[Piece]:
    """Yield what a row says of the liver as a whole on one day."""
    known = _known(row, block)
    if not known:
        return
    on = row.dated(block)
    column = block.columns[next(iter(known))]
    view = made(column, row.cell(column), lambda: LiverView(**known))
    yield Piece(("liver", on), view, column)


def fdg_scan(row: RowView, block: FdgScanColumns) -> Iterator[Piece]:
    """Yield the FDG scan of a row; one quantity in SUL and in SUV is refused."""
    known = _known(row, block)
    if not known:
        return
    on = row.dated(block)
    for sul, suv in SUV_OF_SUL.items():
        if sul in known and suv in known:
            raise CellError(block.columns[suv], row.cell(block.columns[suv]), f"{sul} or {suv}")
    column = block.columns[next(iter(known))]
    yield Piece(("FDG scan", on), FdgScan(on=on, **known), column)


def hepatobiliary_scan(row: RowView, block: HepatobiliaryScanColumns) -> Iterator[Piece]:
    """Yield the hepatobiliary scan of a row; the remnant is a part of the whole."""
    known = _known(row, block)
    if not known:
        return
    on = row.dated(block)
    whole = known.get("function_percent_per_min")
    remnant = known.get("remnant_function_percent_per_min")
    if whole is not None and remnant is not None and remnant > whole:
        column = block.columns["remnant_function_percent_per_min"]
        raise CellError(column, row.cell(column), f"at most {whole:g}, that of the whole liver")
    column = block.columns[next(iter(known))]
    yield Piece(("hepatobiliary scan", on), HepatobiliaryScan(on=on, **known), column)
