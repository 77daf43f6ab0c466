"""The flow of records from the files of a search to the studies included (PRISMA 2020)."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from opensirt.domain.bibliography import PrismaFlow
from opensirt.report.figures.canvas import SMALL_PT, TEXT_PT, png, sheet, style
from opensirt.report.figures.palette import INK, SOFT_INK

_LINE = 0.16
_BOX_WIDTH = 3.1
_LEFT, _RIGHT = 0.2, 3.7


def prisma_png(flow: PrismaFlow, *, title: str) -> bytes:
    """Return the flow diagram; what is still undecided is told."""
    rows = (
        (
            [f"Records identified: {sum(flow.identified.values())}", *_listed(flow.identified)],
            [
                f"Removed before screening: {flow.duplicates + flow.unreadable}",
                f"duplicates: {flow.duplicates}",
                f"could not be read: {flow.unreadable}",
            ],
        ),
        (
            [f"Records screened: {flow.screened}"],
            [
                f"Excluded by title and abstract: {sum(flow.excluded_at_title.values())}",
                *_listed(flow.excluded_at_title),
            ],
        ),
        (
            [f"Full texts assessed: {flow.sought}"],
            [
                f"Excluded by full text: {sum(flow.excluded_at_full_text.values())}",
                *_listed(flow.excluded_at_full_text),
            ],
        ),
        (
            [f"Studies included: {flow.included}"],
            [f"Not decided yet: {flow.undecided}"],
        ),
    )
    heights = [max(len(left), len(right)) * _LINE + 0.22 for left, right in rows]
    total = sum(heights) + 0.35 * len(rows) + 0.45
    with style():
        figure = sheet(total)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0.0, 7.0)
        axes.set_ylim(0.0, total)
        axes.set_axis_off()
        axes.text(_LEFT, total - 0.28, title, fontsize=TEXT_PT + 1.0, color=INK)
        top = total - 0.45
        for number, ((left, right), height) in enumerate(zip(rows, heights, strict=True)):
            _box(axes, _LEFT, top, height, left)
            _box(axes, _RIGHT, top, height, right)
            middle = top - 0.5 * height
            if number < len(rows) - 1:
                _arrow(axes, (_LEFT + _BOX_WIDTH, middle), (_RIGHT, middle))
                under = top - height
                _arrow(
                    axes,
                    (_LEFT + 0.5 * _BOX_WIDTH, under),
                    (_LEFT + 0.5 * _BOX_WIDTH, under - 0.35),
                )
            top -= height + 0.35
        return png(figure)


def _listed(counts: Mapping[str, int]) -> list[str]:
    return [f"{_short(name)}: {count}" for name, count in counts.items()]


def _short(text: str, longest: int = 44) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _box(axes: Axes, left: float, top: float, height: float, lines: list[str]) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (left, top - height),
            _BOX_WIDTH,
            height,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor="white",
            edgecolor=SOFT_INK,
            linewidth=0.8,
        )
    )
    for number, line in enumerate(lines):
        axes.text(
            left + 0.1,
            top - 0.2 - number * _LINE,
            line,
            fontsize=SMALL_PT + (0.5 if number == 0 else 0.0),
            fontweight="bold" if number == 0 else "normal",
            color=INK,
            va="center",
        )


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate(
        "", xy=end, xytext=start, arrowprops={"arrowstyle": "-|>", "color": SOFT_INK, "lw": 0.9}
    )
