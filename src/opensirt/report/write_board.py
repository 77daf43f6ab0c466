"""The files of a tumour-board page, each there whole or not at all."""

from pathlib import Path

from opensirt.domain.case import Case
from opensirt.domain.record import CaseResult
from opensirt.whole_file import whole_file

BOARD_HTML_NAME = "tumour-board.html"
BOARD_PDF_NAME = "tumour-board.pdf"


def write_board(folder: Path, case: Case, result: CaseResult) -> tuple[Path, ...]:
    """Write tumour-board.html and tumour-board.pdf and return their paths.

    Raises
    ------
    InputError
        When the result holds no selection.
    """
    from opensirt.report.board import board_document
    from opensirt.report.html import html_text
    from opensirt.report.pdf import pdf_bytes

    document = board_document(case, result)
    folder.mkdir(parents=True, exist_ok=True)
    html, pdf = folder / BOARD_HTML_NAME, folder / BOARD_PDF_NAME
    with whole_file(html) as part:
        part.write_text(html_text(document), encoding="utf-8")
    with whole_file(pdf) as part:
        part.write_bytes(pdf_bytes(document, result.provenance.made_at))
    return html, pdf
