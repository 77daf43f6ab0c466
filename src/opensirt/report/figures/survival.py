"""Survival and cumulative incidence curves with intervals, censoring marks and numbers at risk."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opensirt.outcomes.survival_analysis import GroupSurvival, SurvivalAnalysis
from opensirt.report.figures.canvas import SMALL_PT, WIDTH_IN, sheet, style
from opensirt.report.figures.marks import legend_text, shortened
from opensirt.report.figures.palette import SOFT_INK, curve
from opensirt.report.figures.time_axis import TimeAxis, apply, time_axis

_PLOT_IN = 2.9
_LEFT_IN = 1.25
_RIGHT_IN = 0.15
_TOP_IN = 0.35
_AXIS_IN = 0.62
_ROW_IN = 0.16
_LINE_IN = 0.145
_WRAP = 118
_LONGEST_NAME = 20
_PERCENT = 100.0
_FEWEST_SHOWN = 0.05
"""The axis ends where less than this part of everybody is left."""


def survival_figure(found: SurvivalAnalysis) -> Figure:
    """Return the figure of an analysis: survival, or cumulative incidence where events compete."""
    words = _footer(found)
    risk_rows = len(found.groups) + 1
    foot = _AXIS_IN + _ROW_IN * risk_rows + 0.12 + _LINE_IN * len(words) + 0.08
    height = _TOP_IN + _PLOT_IN + foot
    with style():
        figure = sheet(height)
        width = 1.0 - (_LEFT_IN + _RIGHT_IN) / WIDTH_IN
        axes = figure.add_axes((_LEFT_IN / WIDTH_IN, foot / height, width, _PLOT_IN / height))
        end = _end(found.groups)
        axis = time_axis(end, found.endpoint.unit)
        rivals = bool(found.groups[0].incidence)
        for number, group in enumerate(found.groups):
            _draw(axes, group, number, rivals=rivals)
        axes.set_ylim(0.0, 102.0)
        apply(axes, axis, end, found.endpoint.origin)
        axes.set_ylabel("Cumulative incidence (%)" if rivals else f"{found.endpoint.title} (%)")
        axes.set_title(f"{found.endpoint.title} (n = {found.n})")
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        if len(found.groups) > 1 or rivals:
            axes.legend(loc="upper left" if rivals else "upper right", handlelength=2.6)
        _numbers_at_risk(figure, axes, found.groups, axis, end, height, foot)
        for line, text in enumerate(reversed(words)):
            figure.text(
                0.1 / WIDTH_IN,
                (0.08 + _LINE_IN * line) / height,
                text,
                fontsize=SMALL_PT,
                color=SOFT_INK,
            )
    return figure


def _end(groups: Sequence[GroupSurvival]) -> float:
    everybody = sum(group.n for group in groups)
    last = max(group.curve.last_time for group in groups)
    moments = np.linspace(0.0, last, 200)
    left = np.sum([group.curve.at_risk(moments) for group in groups], axis=0)
    return float(moments[np.flatnonzero(left >= _FEWEST_SHOWN * everybody)[-1]]) or last


def _draw(axes: Axes, group: GroupSurvival, number: int, *, rivals: bool) -> None:
    colour, _ = curve(number)
    name = legend_text(shortened(group.name, 2 * _LONGEST_NAME))
    if not rivals:
        found = group.curve
        time = np.append(0.0, found.table.time)
        _step(axes, time, np.append(1.0, found.survival), colour, "-", name)
        low, high = (np.append(1.0, np.nan_to_num(one)) for one in (found.low, found.high))
        _band(axes, time, low, high, colour)
        censored = found.table.left > 0
        axes.plot(
            found.table.time[censored],
            _PERCENT * found.survival[censored],
            "|",
            color=colour,
            markersize=5,
            markeredgewidth=0.7,
        )
        return
    for place, one in enumerate(group.incidence):
        time = np.append(0.0, one.table.time)
        dashes = ("-", ":", "-.", "--")[place % 4]
        event = shortened(one.name, 3 * _LONGEST_NAME)
        label = legend_text(event if group.name == "all" else f"{group.name}: {event}")
        _step(axes, time, np.append(0.0, one.incidence), colour, dashes, label)
        if place == 0:
            _band(axes, time, np.append(0.0, one.low), np.append(0.0, one.high), colour)


def _step(
    axes: Axes, time: np.ndarray, values: np.ndarray, colour: str, dashes: str, label: str
) -> None:
    axes.step(
        time,
        _PERCENT * values,
        where="post",
        color=colour,
        linestyle=dashes,
        linewidth=1.5,
        label=label,
    )


def _band(axes: Axes, time: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> None:
    axes.fill_between(
        time, _PERCENT * low, _PERCENT * high, step="post", color=colour, alpha=0.12, linewidth=0
    )


def _numbers_at_risk(
    figure: Figure,
    axes: Axes,
    groups: Sequence[GroupSurvival],
    axis: TimeAxis,
    end: float,
    height: float,
    foot: float,
) -> None:
    top = foot - _AXIS_IN
    box = axes.get_position()
    figure.text(0.1 / WIDTH_IN, top / height, "At risk", fontsize=SMALL_PT, fontweight="bold")
    for number, group in enumerate(groups):
        colour, _ = curve(number)
        at = (top - _ROW_IN * (number + 1)) / height
        name = legend_text(shortened(group.name, _LONGEST_NAME))
        figure.text(0.1 / WIDTH_IN, at, name, fontsize=SMALL_PT, color=colour)
        for tick, count in zip(axis.ticks, group.curve.at_risk(axis.ticks), strict=True):
            if tick <= end:
                x = box.x0 + box.width * tick / (1.02 * end)
                figure.text(x, at, f"{count:.0f}", fontsize=SMALL_PT, ha="center")


def _footer(found: SurvivalAnalysis) -> list[str]:
    sentences = [found.endpoint.sentence]
    sentences.append(
        f"n = {found.n} {found.unit_of_analysis}s, {found.n_events} events"
        + "".join(f", {count} with {name} first" for name, count in found.n_competing.items())
        + (f", {found.left_out} left out for missing values" if found.left_out else "")
        + f". Bands: {found.level:.0%} intervals, log(−log)."
    )
    if found.comparison is not None:
        sentences.append(
            f"{found.comparison.name.capitalize()} test: χ² = {found.comparison.statistic:.2f}, "
            f"{found.comparison.degrees} df, p {p_words(found.comparison.p)}."
        )
    sentences += found.notes
    return textwrap.wrap(" ".join(sentences), _WRAP)


def p_words(p: float) -> str:
    """Return a p value as people write it.

    >>> p_words(0.0312), p_words(1e-6)
    ('= 0.031', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"  # noqa: PLR2004 - customary
