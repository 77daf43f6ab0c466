"""Waterfall, spider and swimmer plots, and dose against response, from plain values."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from opensirt.errors import InputError
from opensirt.report.figures.canvas import GRID_COLOUR, SMALL_PT, WIDTH_IN, png, sheet, style
from opensirt.report.figures.marks import legend_text, shortened
from opensirt.report.figures.palette import (
    BLACK,
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    SOFT_INK,
    VERMILION,
    curve,
)

CATEGORY_COLOURS = {
    "CR": BLUE,
    "PR": SKY,
    "SD": "#9a9a9a",
    "non-CR/non-PD": "#9a9a9a",
    "PD": VERMILION,
    "NE": "#d9d9d9",
}
"""Colour of a response category; the category is always written too."""

_PLOT_IN = 2.6
_MOST_LABELS = 40
_LEAST_PLACES = 8
"""Few bars leave places empty, so that they stay bars."""

_HIGHEST_SHOWN = 1.5
_NAMED_TO_THE_LEFT = 0.7
_DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Change of one lesion or patient: −0.3 is 30 % smaller; None where it is not known."""

    label: str
    change_fraction: float | None
    category: str


def waterfall_png(
    bars: Sequence[Bar], *, title: str, quantity: str, limits: tuple[float, float]
) -> bytes:
    """Return changes as bars from the largest growth to the largest shrinkage.

    Parameters
    ----------
    bars
        Those without a change stand at the right end, marked NE.
    quantity
        Label of the axis, without its unit.
    limits
        Changes at which partial response and progression begin, drawn as lines.

    Raises
    ------
    InputError
        When there is no bar.
    """
    if not bars:
        raise InputError("no response to draw a waterfall of")
    known = sorted(
        (one for one in bars if one.change_fraction is not None),
        key=lambda one: (-(one.change_fraction or 0.0), one.label),
    )
    shown = [*known, *(one for one in bars if one.change_fraction is None)]
    labelled = len(shown) <= _MOST_LABELS
    foot = 1.1 if labelled else 0.45
    height = _PLOT_IN + foot + 0.35
    with style():
        figure = sheet(height)
        axes = figure.add_axes((0.09, foot / height, 0.89, _PLOT_IN / height))
        for place, one in enumerate(shown):
            change = one.change_fraction
            colour = CATEGORY_COLOURS.get(one.category, SOFT_INK)
            if change is None:
                axes.text(place, 2, "NE", ha="center", va="bottom", fontsize=SMALL_PT)
                continue
            drawn = min(change, _HIGHEST_SHOWN)
            axes.bar(place, 100 * drawn, width=0.7, color=colour, edgecolor=INK, linewidth=0.4)
            if change > _HIGHEST_SHOWN:
                axes.text(place, 100 * drawn, f"{100 * change:.0f}", ha="center", va="bottom")
            elif labelled:
                side = "bottom" if change >= 0 else "top"
                axes.text(place, 100 * drawn, one.category, ha="center", va=side, fontsize=SMALL_PT)
        for limit in limits:
            axes.axhline(100 * limit, color=SOFT_INK, linewidth=0.8, linestyle="--")
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_xlim(-0.7, max(len(shown), _LEAST_PLACES) - 0.3)
        changes = [100 * min(one.change_fraction or 0.0, _HIGHEST_SHOWN) for one in shown]
        axes.set_ylim(min(-50.0, min(changes) - 12), max(30.0, max(changes) + 12))
        axes.set_ylabel(f"{quantity} (%)")
        axes.set_title(title)
        names = [shortened(one.label, 24) for one in shown] if labelled else []
        axes.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
        if not labelled:
            axes.set_xlabel(f"{len(shown)} cases")
        axes.grid(visible=True, axis="y", color=GRID_COLOUR, linewidth=0.6)
        axes.set_axisbelow(True)
        return png(figure)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiderLine:
    """Change over time of one lesion or patient; day 0 is treatment.

    `change_fractions` holds None where a visit could not be judged: the line breaks there.
    """

    label: str
    days: tuple[int, ...]
    change_fractions: tuple[float | None, ...]


def spider_png(
    lines: Sequence[SpiderLine], *, title: str, quantity: str, limits: tuple[float, float]
) -> bytes:
    """Return changes over time, one line for each lesion or patient.

    Raises
    ------
    InputError
        When there is no line.
    """
    if not lines:
        raise InputError("no response to draw a spider plot of")
    named = len(lines) <= len(_MARKERS) * 2
    rows = -(-len(lines) // 3) if named else 0
    foot = 0.5 + 0.17 * rows
    height = _PLOT_IN + foot + 0.3
    with style():
        figure = sheet(height)
        axes = figure.add_axes((0.09, foot / height, 0.88, _PLOT_IN / height))
        for number, one in enumerate(lines):
            colour, dashes = curve(number)
            axes.plot(
                one.days,
                [float("nan") if c is None else 100 * c for c in one.change_fractions],
                color=colour,
                linestyle=dashes,
                marker=_MARKERS[number % len(_MARKERS)],
                markersize=4,
                linewidth=1.3,
                label=legend_text(shortened(one.label, 32)),
            )
        for limit in limits:
            axes.axhline(100 * limit, color=SOFT_INK, linewidth=0.8, linestyle="--")
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.axvline(0, color=SOFT_INK, linewidth=0.8, linestyle=":")
        axes.set_xlabel("Days after treatment")
        axes.set_ylabel(f"{quantity} (%)")
        axes.set_title(title)
        axes.grid(visible=True, color=GRID_COLOUR, linewidth=0.6)
        if named:
            axes.legend(
                loc="upper left",
                bbox_to_anchor=(0.0, -0.17),
                ncols=3,
                handlelength=2.6,
                borderaxespad=0.0,
            )
        return png(figure)


_MARKERS = ("o", "s", "^", "D", "v", "P", "X")

EVENT_MARKS = {
    "CR": ("*", BLUE),
    "PR": ("^", SKY),
    "SD": ("s", "#9a9a9a"),
    "non-CR/non-PD": ("s", "#9a9a9a"),
    "PD": ("X", VERMILION),
    "NE": ("o", "#d9d9d9"),
    "grade 3 or more": ("P", PURPLE),
    "new treatment": ("D", ORANGE),
    "death": ("|", BLACK),
}
"""Mark and colour of what a swimmer plot shows on a lane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One patient or lesion from day 0 (treatment) to the last day that is known.

    `marks` are (day, kind) with the kinds of `EVENT_MARKS`; `alive` draws an arrow at the end,
    None says that it is not known.
    """

    label: str
    last_day: int
    alive: bool | None
    marks: tuple[tuple[int, str], ...]


def swimmer_png(lanes: Sequence[Lane], *, title: str) -> bytes:
    """Return lanes from the longest to the shortest, with responses and events on them.

    Raises
    ------
    InputError
        When there is no lane, or a mark has no kind that is known.
    """
    if not lanes:
        raise InputError("no follow-up to draw a swimmer plot of")
    unknown = sorted({kind for one in lanes for _, kind in one.marks} - set(EVENT_MARKS))
    if unknown:
        raise InputError(
            f"a swimmer plot has no mark for {', '.join(unknown)}; known: {', '.join(EVENT_MARKS)}"
        )
    shown = sorted(lanes, key=lambda one: (one.last_day, one.label))
    plot_in = max(0.6, 0.24 * len(shown))
    foot, height = 0.8, max(0.6, 0.24 * len(shown)) + 1.1
    with style():
        figure = sheet(height)
        axes = figure.add_axes((0.2, foot / height, 0.77, plot_in / height))
        longest = max(1, *(one.last_day for one in shown))
        for place, one in enumerate(shown):
            axes.barh(place, one.last_day, height=0.5, color="#e3e8ec", edgecolor=INK, lw=0.5)
            if one.alive:
                axes.annotate(
                    "",
                    (one.last_day + 0.03 * longest, place),
                    (one.last_day, place),
                    arrowprops={"arrowstyle": "->", "color": INK, "linewidth": 1.0},
                )
            for day, kind in one.marks:
                mark, colour = EVENT_MARKS[kind]
                axes.plot(
                    day,
                    place,
                    mark,
                    color=colour,
                    markeredgecolor=INK if mark != "|" else colour,
                    markeredgewidth=0.5 if mark != "|" else 2.5,
                    markersize=7 if mark != "|" else 12,
                )
        drawn = {kind for one in shown for _, kind in one.marks}
        kinds = [one for one in EVENT_MARKS if one in drawn]
        for kind in kinds:
            mark, colour = EVENT_MARKS[kind]
            axes.plot([], [], mark, color=colour, markersize=6, label=kind)
        axes.set_yticks(range(len(shown)), [shortened(one.label, 26) for one in shown])
        axes.set_xlim(0, 1.06 * longest)
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.set_xlabel(f"Days after treatment ({longest / _DAYS_PER_MONTH:.1f} months at most)")
        axes.set_title(title)
        axes.tick_params(axis="y", length=0)
        if kinds:
            axes.legend(
                loc="upper left",
                bbox_to_anchor=(0.0, -0.42 / plot_in),
                ncols=5,
                borderaxespad=0.0,
                handletextpad=0.3,
            )
        return png(figure)


@dataclass(frozen=True, slots=True, kw_only=True)
class DosePoint:
    """Mean dose of one lesion and its change."""

    label: str
    mean_gy: float
    change_fraction: float
    category: str


def dose_response_png(
    points: Sequence[DosePoint], *, title: str, quantity: str, limits: tuple[float, float]
) -> bytes:
    """Return the change of each lesion over its mean dose; no curve is fitted to one patient.

    Raises
    ------
    InputError
        When there is no point.
    """
    if not points:
        raise InputError("no lesion has both a dose and a response")
    height = _PLOT_IN + 0.85
    with style():
        figure = sheet(height, WIDTH_IN)
        axes = figure.add_axes((0.09, 0.5 / height, 0.86, _PLOT_IN / height))
        highest = max(one.mean_gy for one in points)
        for one in points:
            left = one.mean_gy > _NAMED_TO_THE_LEFT * highest
            axes.plot(
                one.mean_gy,
                100 * one.change_fraction,
                "o",
                color=CATEGORY_COLOURS.get(one.category, SOFT_INK),
                markeredgecolor=INK,
                markersize=7,
            )
            axes.annotate(
                f"{shortened(one.label, 24)} ({one.category})",
                (one.mean_gy, 100 * one.change_fraction),
                xytext=(-6 if left else 6, 3),
                textcoords="offset points",
                fontsize=SMALL_PT,
                ha="right" if left else "left",
            )
        _finish_dose_axes(axes, quantity, limits)
        axes.set_title(title)
        return png(figure)


def _finish_dose_axes(axes: Axes, quantity: str, limits: tuple[float, float]) -> None:
    for limit in limits:
        axes.axhline(100 * limit, color=SOFT_INK, linewidth=0.8, linestyle="--")
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.margins(x=0.2, y=0.15)
    axes.set_xlim(left=0)
    axes.set_xlabel("Mean absorbed dose (Gy)")
    axes.set_ylabel(f"{quantity} (%)")
    axes.grid(visible=True, color=GRID_COLOUR, linewidth=0.6)


GRADE_COLOURS = (GREEN, "#f6e27f", ORANGE, VERMILION, PURPLE, BLACK)
"""Colour of a CTCAE grade 0 to 5; the grade is always written too."""
