"""The files of a tumour-board page, each there whole or not at all."""

from pathlib import Path

from opensirt.domain.case import Case
from opensirt.domain.record import CaseResult
from opensirt.report.pages import write_pages

NAME = "tumour-board"
"""Of both files, without their suffixes."""


def write_board(folder: Path, case: Case, result: CaseResult) -> tuple[Path, ...]:
    """Write tumour-board.html and tumour-board.pdf and return their paths.

    Raises
    ------
    InputError
        When the result holds no selection.
    """
    from opensirt.report.board import board_document

    return write_pages(folder, NAME, board_document(case, result), result.provenance.made_at)
