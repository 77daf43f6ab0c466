"""The report as PDF, set by Typst with fonts that come with the libraries."""

import json
import shutil
import tempfile
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from opensirt.report.breaks import breakable_texts
from opensirt.report.content import Document, as_data

_FONTS = ("DejaVu Sans",)
"""Comes with matplotlib and holds every sign that reports use."""


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

    source = files("opensirt.report").joinpath("templates", "report.typ").read_text("utf-8")
    data = breakable_texts(as_data(document))
    data |= {"fonts": list(_FONTS), "date": _date(made_at)}
    with tempfile.TemporaryDirectory(prefix="opensirt-report-") as name:
        folder = Path(name)
        fonts = folder / "fonts"
        fonts.mkdir()
        for font in (Path(mpl.get_data_path()) / "fonts" / "ttf").glob("DejaVuSans*.ttf"):
            shutil.copy(font, fonts)
        main = folder / "report.typ"
        main.write_text(source, encoding="utf-8")
        (folder / "content.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        for picture, png in document.pictures().items():
            (folder / f"{picture}.png").write_bytes(png)
        made: bytes = typst.compile(
            str(main),
            root=str(folder),
            font_paths=[str(fonts)],
            ignore_system_fonts=_has_all_signs(fonts, json.dumps(data, ensure_ascii=False)),
        )
    return made


def _date(made_at: datetime) -> dict[str, int]:
    """Return the parts of the date of creation, in universal time and whole seconds."""
    instant = made_at.astimezone(UTC)
    return {
        name: getattr(instant, name)
        for name in ("year", "month", "day", "hour", "minute", "second")
    }


def _has_all_signs(fonts: Path, text: str) -> bool:
    """Return whether the fonts that come along can write a text.

    Only a label in another script (of a hospital's own structures, say) needs more; the fonts of
    the system are then used for it.
    """
    from matplotlib.ft2font import FT2Font

    known = FT2Font(str(fonts / "DejaVuSans.ttf")).get_charmap()
    return all(ord(sign) in known for sign in set(text) - set("\n\u200b"))
