"""Survival and cumulative incidence curves with intervals, censoring marks and numbers at risk."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opensirt.outcomes.kaplan_meier import KaplanMeier
from opensirt.outcomes.survival_analysis import GroupSurvival, SurvivalAnalysis
from opensirt.report.figures.canvas import wrapped
from opensirt.report.figures.foot import step_curve, time_plot
from opensirt.report.figures.marks import shortened
from opensirt.report.figures.palette import curve
from opensirt.report.figures.time_axis import TimeAxis, apply, time_axis

_PLOT_IN = 2.9
_LONGEST_NAME = 40
_LONGEST_EVENT = 60
_PERCENT = 100.0
_FEWEST_SHOWN = 0.05
"""The axis ends where less than this part of everybody is left."""


def survival_figure(found: SurvivalAnalysis) -> Figure:
    """Return the figure of an analysis: survival, or cumulative incidence where events compete."""
    rivals = bool(found.groups[0].incidence)
    with time_plot(_footer(found), len(found.groups), plot_in=_PLOT_IN) as plot:
        axes = plot.axes
        end = last_shown([group.curve for group in found.groups], found.n)
        axis = time_axis(end, found.endpoint.unit)
        for number, group in enumerate(found.groups):
            _draw(axes, group, number, rivals=rivals)
        axes.set_ylim(0.0, 102.0)
        apply(axes, axis, end, found.endpoint.origin)
        axes.set_ylabel("Cumulative incidence (%)" if rivals else f"{found.endpoint.title} (%)")
        axes.set_title(f"{found.endpoint.title} (n = {found.n})")
        if len(found.groups) > 1 or rivals:
            axes.legend(loc="upper left" if rivals else "upper right", handlelength=2.6)
        plot.counts(
            "At risk", ((group.name, at_risk(group.curve, axis, end)) for group in found.groups)
        )
    return plot.figure


def at_risk(curve_of: KaplanMeier, axis: TimeAxis, end: float) -> list[tuple[float, int]]:
    """Return how many are at risk at each tick of an axis."""
    ticks = axis.ticks[axis.ticks <= end]
    counts = curve_of.at_risk(ticks)
    return [(float(tick), int(count)) for tick, count in zip(ticks, counts, strict=True)]


def last_shown(curves: Sequence[KaplanMeier], n: int) -> float:
    """Return where the axis ends: at least a twentieth of everybody is left until there."""
    last = max(one.last_time for one in curves)
    moments = np.linspace(0.0, last, 200)
    left = np.sum([one.at_risk(moments) for one in curves], axis=0)
    return float(moments[np.flatnonzero(left >= _FEWEST_SHOWN * n)[-1]]) or last


def _draw(axes: Axes, group: GroupSurvival, number: int, *, rivals: bool) -> None:
    colour, own = curve(number)
    name = shortened(group.name, _LONGEST_NAME)
    if not rivals:
        found = group.curve
        time, value = found.table.time, found.survival
        bounds = (found.low, found.high)
        step_curve(axes, time, value, bounds, start=1.0, colour=colour, dashes=own, label=name)
        censored = found.table.left > 0
        axes.plot(
            time[censored],
            _PERCENT * value[censored],
            "|",
            color=colour,
            markersize=5,
            markeredgewidth=0.7,
        )
        return
    for place, one in enumerate(group.incidence):
        event = shortened(one.name, _LONGEST_EVENT)
        step_curve(
            axes,
            one.table.time,
            one.incidence,
            (one.low, one.high) if place == 0 else None,
            start=0.0,
            colour=colour,
            dashes=("-", ":", "-.", "--")[place % 4],
            label=event if group.name == "all" else f"{group.name}: {event}",
        )


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
    return wrapped([" ".join(sentences)])


def p_words(p: float) -> str:
    """Return a p value as people write it.

    >>> p_words(0.0312), p_words(1e-6)
    ('= 0.031', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"  # noqa: PLR2004 - customary
