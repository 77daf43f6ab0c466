"""A document as HTML and PDF, each there whole or not at all."""

from datetime import datetime
from pathlib import Path

from opensirt.report.content import Document
from opensirt.whole_file import whole_file


def write_pages(
    folder: Path, name: str, document: Document, made_at: datetime
) -> tuple[Path, Path]:
    """Write NAME.html and NAME.pdf to a folder, which is made where there is none.

    Parameters
    ----------
    made_at
        Date of creation in the PDF: the same document and instant give the same bytes.
    """
    from opensirt.report.html import html_text
    from opensirt.report.pdf import pdf_bytes

    folder.mkdir(parents=True, exist_ok=True)
    html, pdf = folder / f"{name}.html", folder / f"{name}.pdf"
    with whole_file(html) as part:
        part.write_text(html_text(document), encoding="utf-8")
    with whole_file(pdf) as part:
        part.write_bytes(pdf_bytes(document, made_at))
    return html, pdf
