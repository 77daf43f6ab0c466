"""What stands below a plot: sentences at the foot, and how many there were at each time."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opensirt.report.figures.canvas import GRID_COLOUR, SMALL_PT, WIDTH_IN, sheet, style
from opensirt.report.figures.marks import legend_text, shortened
from opensirt.report.figures.palette import SOFT_INK, curve

LINE_IN = 0.145
"""Height of a line of small text."""

_ROW_IN = 0.16
_LEFT_IN = 1.75
_RIGHT_IN = 0.15
_TOP_IN = 0.35
_AXIS_IN = 0.62
_MARGIN_IN = 0.1
_BELOW_IN = 0.08
_LONGEST_NAME = 26
"""Signs that fit left of the axes."""

_PERCENT = 100.0


def say_at_foot(figure: Figure, words: Sequence[str], height_in: float) -> None:
    """Write lines of small text at the lower edge of a figure."""
    for line, text in enumerate(reversed(words)):
        figure.text(
            _MARGIN_IN / WIDTH_IN,
            (_BELOW_IN + LINE_IN * line) / height_in,
            text,
            fontsize=SMALL_PT,
            color=SOFT_INK,
        )


@dataclass(frozen=True)
class TimePlot:
    """Axes over time, with room for a table of counts below them."""

    figure: Figure
    axes: Axes
    height_in: float
    foot_in: float

    def counts(self, heading: str, rows: Iterable[tuple[str, Iterable[tuple[float, int]]]]) -> None:
        """Write how many there were: one row for each curve, below the times of the axes.

        The limits of the axes have to be set before.
        """
        top = self.foot_in - _AXIS_IN
        box, (low, high) = self.axes.get_position(), self.axes.get_xlim()
        left = _MARGIN_IN / WIDTH_IN
        self.figure.text(left, top / self.height_in, heading, fontsize=SMALL_PT, fontweight="bold")
        for number, (name, counted) in enumerate(rows):
            colour, _ = curve(number)
            at = (top - _ROW_IN * (number + 1)) / self.height_in
            short = legend_text(shortened(name, _LONGEST_NAME))
            self.figure.text(left, at, short, fontsize=SMALL_PT, color=colour)
            for time, count in counted:
                x = box.x0 + box.width * (time - low) / (high - low)
                self.figure.text(x, at, f"{count:d}", fontsize=SMALL_PT, ha="center")


def foot_height_in(n_rows: int, words: Sequence[str]) -> float:
    """Return the room below axes: their labels, a table of counts, sentences."""
    return _AXIS_IN + _ROW_IN * (n_rows + 1) + 0.12 + LINE_IN * len(words) + _BELOW_IN


@contextmanager
def time_plot(words: Sequence[str], n_rows: int, *, plot_in: float) -> Iterator[TimePlot]:
    """Give axes over time with room for counts; sentences are written at the foot at the end."""
    foot = foot_height_in(n_rows, words)
    height = _TOP_IN + plot_in + foot
    with style():
        figure = sheet(height)
        width = 1.0 - (_LEFT_IN + _RIGHT_IN) / WIDTH_IN
        axes = figure.add_axes((_LEFT_IN / WIDTH_IN, foot / height, width, plot_in / height))
        axes.grid(visible=True, color=GRID_COLOUR, linewidth=0.6)
        yield TimePlot(figure, axes, height, foot)
        say_at_foot(figure, words, height)


def step_curve(
    axes: Axes,
    time: np.ndarray,
    value: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray] | None,
    *,
    start: float,
    colour: str,
    dashes: object,
    label: str,
    width: float = 1.5,
) -> None:
    """Draw fractions over time as steps from `start`, with their interval where there is one.

    An interval that is not defined, as of a survival of 0, is not drawn.
    """
    times = np.append(0.0, time)
    axes.step(
        times,
        _PERCENT * np.append(start, value),
        where="post",
        color=colour,
        linestyle=dashes,
        linewidth=width,
        label=legend_text(label),
    )
    if bounds is not None:
        # Corners of the steps: a value holds until the next time, also where that has none.
        ends = np.repeat(times, 2)[1:-1]
        low, high = (_PERCENT * np.repeat(np.append(start, one)[:-1], 2) for one in bounds)
        axes.fill_between(ends, low, high, color=colour, alpha=0.12, linewidth=0)
