"""The report as PDF, set by Typst with fonts that come with the libraries."""

import json
import tempfile
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from opensirt.report.content import Document, as_data

_FONTS = ("DejaVu Sans", "Libertinus Serif")
"""DejaVu Sans comes with matplotlib and holds every sign that reports use; the second, which
comes with Typst, is for letters that the first lacks."""


def pdf_bytes(document: Document, made_at: datetime) -> bytes:
    """Return the report as PDF.

    Parameters
    ----------
    document
        What the report says.
    made_at
        Date of creation that is written into the file: the same document and instant give the
        same bytes.
    """
    import matplotlib as mpl
    import typst

    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    source = files("opensirt.report").joinpath("templates", "report.typ").read_text("utf-8")
    data = as_data(document) | {"fonts": list(_FONTS)}
    with tempfile.TemporaryDirectory(prefix="opensirt-report-") as name:
        folder = Path(name)
        main = folder / "report.typ"
        main.write_text(source, encoding="utf-8")
        (folder / "content.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        for picture, png in document.pictures().items():
            (folder / f"{picture}.png").write_bytes(png)
        made: bytes = typst.compile(
            str(main),
            root=str(folder),
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            timestamp=made_at,
        )
    return made
