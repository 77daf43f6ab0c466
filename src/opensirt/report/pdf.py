"""The report as PDF, set by Typst with fonts that come with the libraries."""

import json
import re
import tempfile
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from opensirt.report.content import Document, as_data

_FONTS = ("DejaVu Sans", "Libertinus Serif")
"""DejaVu Sans comes with matplotlib and holds every sign that reports use; the second, which
comes with Typst, is for letters that the first lacks."""

ZERO_WIDTH_SPACE = "\u200b"
_LONGEST_PIECE = 14
_LONG_WORD = re.compile(r"\S{19,}")
_NOT_PROSE = frozenset({"block", "name", "level"})


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
    data = _breakable_texts(as_data(document)) | {"fonts": list(_FONTS)}
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
            timestamp=made_at.replace(microsecond=0),  # a PDF date has whole seconds
        )
    return made


def _breakable_texts(value: Any) -> Any:  # noqa: ANN401 - any part of a document
    """Return the document's data with every text made breakable, keys and picture names left."""
    if isinstance(value, dict):
        return {
            key: one if key in _NOT_PROSE else _breakable_texts(one) for key, one in value.items()
        }
    if isinstance(value, list):
        return [_breakable_texts(one) for one in value]
    return breakable(value) if isinstance(value, str) else value


def breakable(text: str) -> str:
    """Return the text with places to break inside words too long for a table cell.

    >>> breakable("a short text") == "a short text"
    True
    >>> breakable("structures.patient_1.seg.nrrd").split(ZERO_WIDTH_SPACE)
    ['structures.', 'patient_', '1.', 'seg.', 'nrrd']
    """
    return _LONG_WORD.sub(lambda found: _with_breaks(found[0]), text)


def _with_breaks(word: str) -> str:
    parts = [one for one in re.split(r"(?<=[._/\\:=+-])", word) if one]
    pieces = [
        part[at : at + _LONGEST_PIECE]
        for part in parts
        for at in range(0, len(part), _LONGEST_PIECE)
    ]
    return ZERO_WIDTH_SPACE.join(pieces)
