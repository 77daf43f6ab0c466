"""A sheet to draw on: fixed style, no screen, the same bytes for the same picture."""

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from textwrap import wrap
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from opensirt.report.figures.palette import INK

WIDTH_IN = 7.0
"""Width of every picture in inches: the text width of an A4 page."""

DOTS_PER_INCH = 180

_COMPRESSION = 3
"""Of zlib: a third of the time of the usual 6 for a tenth more bytes."""

GRID_COLOUR = "#dddddd"

SMALL_PT = 7.5
TEXT_PT = 8.5
TITLE_PT = 9.5

_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": TEXT_PT,
    "axes.labelsize": TEXT_PT,
    "axes.titlesize": TITLE_PT,
    "axes.titlelocation": "left",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.unicode_minus": True,
    "xtick.labelsize": SMALL_PT,
    "ytick.labelsize": SMALL_PT,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.fontsize": SMALL_PT,
    "legend.frameon": False,
    "text.color": INK,
    "text.usetex": False,
    "text.parse_math": False,
    "savefig.facecolor": "white",
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the style of the report, whatever the user's own settings are."""
    with mpl.rc_context():
        # The backend is left alone: to set it would close what a caller has open.
        plain: dict[Any, Any] = dict(mpl.rcParamsDefault)
        plain.pop("backend")
        mpl.rcParams.update(plain | _STYLE)
        with warnings.catch_warnings():
            # A label in a script that the font lacks is drawn as boxes; tables spell it out.
            warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
            yield


def sheet(height_in: float, width_in: float = WIDTH_IN) -> Figure:
    """Return an empty white figure of a size in inches."""
    figure = Figure(figsize=(width_in, height_in), dpi=DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    return figure


def png(figure: Figure) -> bytes:
    """Return the figure as PNG, without a date or a version in it."""
    stream = io.BytesIO()
    figure.savefig(
        stream,
        format="png",
        dpi=DOTS_PER_INCH,
        metadata={"Software": None},
        pil_kwargs={"compress_level": _COMPRESSION},
    )
    return stream.getvalue()


def svg(figure: Figure) -> bytes:
    """Return the figure as SVG with texts as texts, without a date or a version in it."""
    stream = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "opensirt", "svg.fonttype": "none"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def wrapped(notes: Iterable[str], width: int = 118) -> list[str]:
    """Return lines of small text that fit below a picture.

    >>> wrapped(["one two", "three"], 5)
    ['one', 'two', 'three']
    """
    return [line for note in notes for line in wrap(note, width)]
