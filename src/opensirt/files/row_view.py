"""One row of an imported table as the blocks of a mapping see it, and what they make of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.files.mapping_block import Dated
from opensirt.files.table_cells import CellError, CellRules
from opensirt.files.table_rows import Cell

Slot = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """One value for one place of a record; places that hold one value a patient may repeat it."""

    slot: Slot
    value: Any
    column: str


@dataclass(frozen=True, slots=True)
class RowView:
    """One row as the blocks see it."""

    cells: Mapping[str, Cell]
    rules: CellRules
    treated_on: date | None

    def cell(self, column: str) -> Cell:
        """Return the cell of a column."""
        return self.cells[column]

    def empty(self, column: str) -> bool:
        """Whether a cell holds nothing."""
        return not self.rules.text(self.cells[column])

    def day(self, column: str | None) -> date | Missing:
        """Return the date of a column, missing when there is none."""
        if column is None:
            return Missing.NOT_RECORDED
        found = self.rules.day(column, self.cells[column])
        return Missing.NOT_RECORDED if found is None else found

    def number(self, column: str | None) -> float | Missing:
        """Return the number of a column, missing when there is none."""
        if column is None:
            return Missing.NOT_RECORDED
        found = self.rules.number(column, self.cells[column])
        return Missing.NOT_RECORDED if found is None else found

    def dated(self, block: Dated) -> date:
        """Return the day of a block that has something to store."""
        if block.on_date is not None:
            day, column = block.on_date, "on_date"
        else:
            assert block.on is not None  # noqa: S101 - the mapping has one of the two
            column = block.on
            found = self.rules.day(column, self.cells[column])
            if found is None:
                raise CellError(column, "", "the date of the values in this row")
            day = found
        if block.after_treatment and self.treated_on is not None and day < self.treated_on:
            raise CellError(
                column, day, f"a day of follow-up, not before treatment on {self.treated_on}"
            )
        return day


def made(column: str, cell: Cell, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is made
    """Make a value of ours; what it refuses is a cell that cannot be used.

    Raises
    ------
    CellError
        In the words of the refusal.
    """
    try:
        return make()
    except InputError as error:
        raise CellError(column, cell, str(error)) from None
