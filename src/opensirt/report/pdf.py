"""The report as PDF, set by Typst with fonts that come with the libraries."""

import json
import shutil
import tempfile
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from opensirt.report.breaks import breakable_texts
from opensirt.report.content import Document, as_data

_FONTS = ("DejaVu Sans",)
"""Comes with matplotlib and holds every sign that reports use."""

_TEMPLATES = {"report": "report.typ", "board": "tumour_board.typ"}
_BOARD_SIZES_PT = ("7.6", "7.2", "6.8", "6.4", "6.1", "5.8", "5.5", "5.2")


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

    template = _TEMPLATES[document.layout]
    source = files("opensirt.report").joinpath("templates", template).read_text("utf-8")
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
        alone = _has_all_signs(fonts, json.dumps(data, ensure_ascii=False))
        given: dict[str, Any] = {
            "root": str(folder),
            "font_paths": [str(fonts)],
            "ignore_system_fonts": alone,
        }
        if document.layout == "board":
            given["sys_inputs"] = {"size": _largest_on_one_page(main, given)}
        made: bytes = typst.compile(str(main), **given)
    return made


def _largest_on_one_page(main: Path, given: dict[str, Any]) -> str:
    """Return the largest size of letters that keeps a page one page; the smallest if none does.

    Nothing is left out for want of room: a second page shows that there is more.
    """
    import typst

    for size in _BOARD_SIZES_PT:
        pages = typst.query(
            str(main), "<pages>", field="value", one=True, sys_inputs={"size": size}, **given
        )
        if int(pages) == 1:
            break
    return size


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
