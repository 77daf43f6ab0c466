"""Forest plots: every study with its exact interval, the pooled estimates, where a new one lies."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.report.figures.canvas import (
    GRID_COLOUR,
    SMALL_PT,
    TEXT_PT,
    png,
    sheet,
    style,
    wrapped,
)
from opensirt.report.figures.palette import BLUE, GREEN, INK, SOFT_INK, VERMILION

_ROW_IN = 0.25
_TOP_IN = 0.62
_LINE_IN = 0.15
_AXIS_IN = 0.5
_LEFT, _RIGHT = 0.42, 0.74
"""Where the plot begins and ends, as parts of the width; text stands on both sides."""

_LONGEST = 34
_TICKS = tuple(power * digit for power in (0.01, 0.1, 1.0, 10.0) for digit in (1.0, 2.0, 5.0))
"""Marks of a logarithmic axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One study, or one summary drawn as a diamond."""

    label: str
    mark: str = ""
    """Shown after the label, which is cut where it is long."""
    count: str
    estimate: float
    low: float | Missing
    """Missing: no interval, or an end that was not reached."""
    high: float | Missing
    weight: float = 1.0
    """Part of the largest square's area."""
    summary: bool = False
    ours: bool = False
    """Drawn in another colour."""
    prediction: tuple[float, float] | Missing = Missing.NOT_ESTIMATED


def forest_png(
    rows: Sequence[ForestRow],
    *,
    title: str,
    axis: str,
    column: str,
    notes: Sequence[str],
    percent: bool = True,
    log: bool = False,
    reference: float | None = None,
) -> bytes:
    """Return a forest plot; studies from the top, summaries below a line.

    Parameters
    ----------
    axis
        What the horizontal axis shows, with the unit.
    column
        Head of the column of counts.
    notes
        Lines below: what was counted, by which criterion, when, from where.
    percent
        Show fractions as percent.
    log
        A logarithmic axis, for ratios.
    reference
        Where a vertical line stands, such as 1 for ratios.

    Raises
    ------
    InputError
        When there is nothing to draw.
    """
    if not rows:
        raise InputError("no study to draw; choose another endpoint, unit or criterion")
    lines = wrapped(notes)
    height = _TOP_IN + _ROW_IN * (len(rows) + 0.5) + _AXIS_IN + _LINE_IN * (len(lines) + 0.6)
    foot = (_AXIS_IN + _LINE_IN * (len(lines) + 0.6)) / height
    with style():
        figure = sheet(height)
        plot = (_LEFT, foot, _RIGHT - _LEFT, _ROW_IN * (len(rows) + 0.5) / height)
        axes = figure.add_axes(plot)
        scale = 100.0 if percent else 1.0
        for number, row in enumerate(rows):
            _draw(axes, row, number, scale)
            _write(axes, row, number, scale, percent=percent)
        _frame(axes, rows, axis, scale, percent=percent, log=log, reference=reference)
        for number, row in enumerate(rows):
            _mark_beyond(axes, row, number, scale)
        figure.text(0.02, 1.0 - 0.16 / height, title, fontsize=TEXT_PT + 1.5, va="top", color=INK)
        for place, word in ((0.02, "Study"), (_LEFT - 0.02, column)):
            figure.text(
                place,
                1.0 - (_TOP_IN - 0.1) / height,
                word,
                fontsize=SMALL_PT,
                ha="left" if place < 0.1 else "right",  # noqa: PLR2004 - the left margin
                color=SOFT_INK,
            )
        figure.text(
            _RIGHT + 0.02,
            1.0 - (_TOP_IN - 0.1) / height,
            "estimate (95 % interval)",
            fontsize=SMALL_PT,
            color=SOFT_INK,
        )
        for number, line in enumerate(lines):
            figure.text(
                0.02,
                _LINE_IN * (len(lines) - number - 0.3) / height,
                line,
                fontsize=SMALL_PT - 0.5,
                color=SOFT_INK,
            )
        return png(figure)


def _draw(axes: Axes, row: ForestRow, number: int, scale: float) -> None:
    middle = scale * row.estimate
    if row.summary and not isinstance(row.low, Missing) and not isinstance(row.high, Missing):
        if not isinstance(row.prediction, Missing):
            ends = [scale * one for one in row.prediction]
            axes.plot(ends, [number, number], color=VERMILION, linewidth=1.6, zorder=2)
            axes.plot(ends, [number] * 2, "|", color=VERMILION, markersize=6, zorder=2)
        left, right = scale * row.low, scale * row.high
        shape = [(left, number), (middle, number - 0.26), (right, number), (middle, number + 0.26)]
        axes.add_patch(Polygon(shape, closed=True, facecolor=BLUE, edgecolor=BLUE))
        return
    colour = GREEN if row.ours else INK
    for end, edge in ((row.low, 0.0), (row.high, 1.0)):
        if not isinstance(end, Missing):
            axes.plot([middle, scale * end], [number, number], color=colour, linewidth=1.0)
        elif end is Missing.NOT_REACHED:
            axes.annotate(
                "",
                xy=(edge, number),
                xycoords=axes.get_yaxis_transform(),
                xytext=(middle, number),
                textcoords="data",
                arrowprops={"arrowstyle": "->", "color": colour, "lw": 1.0},
            )
    size = 3.0 + 4.5 * row.weight**0.5
    axes.plot(middle, number, "s", color=colour, markersize=size, clip_on=False, zorder=3)


def _mark_beyond(axes: Axes, row: ForestRow, number: int, scale: float) -> None:
    """Point outward at an edge beyond which an interval of a summary goes on."""
    low, high = axes.get_xlim()
    for end, edge, pointer, outward in ((row.low, low, "<", -1.0), (row.high, high, ">", 1.0)):
        if row.summary and not isinstance(end, Missing) and outward * (scale * end - edge) > 0:
            axes.plot(edge, number, pointer, color=BLUE, markersize=7, clip_on=False, zorder=4)


def _write(axes: Axes, row: ForestRow, number: int, scale: float, *, percent: bool) -> None:
    shown = row.label if len(row.label) <= _LONGEST else f"{row.label[: _LONGEST - 1]}…"
    shown = f"{shown} {row.mark}".rstrip()
    weight = "bold" if row.summary else "normal"
    transform = axes.get_yaxis_transform()
    width = _RIGHT - _LEFT
    for x, text, side in (
        ((0.02 - _LEFT) / width, shown, "left"),
        (-0.02 / width, row.count, "right"),
        (
            1.0 + 0.02 / width,
            _interval_text(row, scale, percent=percent),
            "left",
        ),
    ):
        axes.text(
            x,
            number,
            text,
            transform=transform,
            ha=side,
            va="center",
            fontsize=SMALL_PT,
            fontweight=weight,
        )


def _interval_text(row: ForestRow, scale: float, *, percent: bool) -> str:
    def text(value: float | Missing) -> str:
        if isinstance(value, Missing):
            return value.value
        return f"{scale * value:.1f}" if percent else f"{scale * value:.3g}"

    unit = " %" if percent else ""
    if row.low is Missing.NOT_RECORDED and row.high is Missing.NOT_RECORDED:
        return f"{text(row.estimate)}{unit} (no interval)"
    return f"{text(row.estimate)} ({text(row.low)}–{text(row.high)}){unit}"


def _frame(
    axes: Axes,
    rows: Sequence[ForestRow],
    axis: str,
    scale: float,
    *,
    percent: bool,
    log: bool,
    reference: float | None,
) -> None:
    axes.set_ylim(len(rows) - 0.25, -0.75)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if log:
        axes.set_xscale("log")
    axes.set_xlim(*((0.0, 100.0) if percent else _limits(rows, log=log)))
    if log:
        low, high = axes.get_xlim()
        axes.xaxis.set_major_locator(FixedLocator([one for one in _TICKS if low <= one <= high]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
    if reference is not None:
        axes.axvline(scale * reference, color=SOFT_INK, linewidth=0.8, linestyle=":")
    first = next((number for number, row in enumerate(rows) if row.summary), None)
    if first is not None:
        axes.axhline(first - 0.5, color=SOFT_INK, linewidth=0.6)
        middle = scale * rows[first].estimate
        axes.axvline(middle, color=BLUE, linewidth=0.8, linestyle="--", zorder=1)
    axes.grid(visible=True, axis="x", color=GRID_COLOUR, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(axis)


def _limits(rows: Sequence[ForestRow], *, log: bool) -> tuple[float, float]:
    """Return an axis that holds every study; a wide summary runs out of it."""
    shown = [row for row in rows if not row.summary] or list(rows)
    ends = [
        one
        for row in shown
        for one in (row.low, row.estimate, row.high)
        if not isinstance(one, Missing)
    ]
    if log:
        return 0.8 * min(ends), 1.25 * max(ends)
    return 0.0, 1.1 * max(ends)
