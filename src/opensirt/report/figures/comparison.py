"""Balance (love) plot, overlap of propensities, and weighted survival of two treatments."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opensirt.outcomes.propensity import BALANCED
from opensirt.outcomes.treatment_comparison import TreatmentComparison
from opensirt.report.figures.canvas import GRID_COLOUR, WIDTH_IN, sheet, style, wrapped
from opensirt.report.figures.foot import TimePlot, foot_height_in, say_at_foot, step_curve
from opensirt.report.figures.marks import legend_text, shortened
from opensirt.report.figures.palette import BLUE, SOFT_INK, VERMILION, curve
from opensirt.report.figures.survival import at_risk, last_shown
from opensirt.report.figures.time_axis import apply, time_axis

_ROW_IN = 0.24
_LEAST_IN = 1.6
_SURVIVAL_IN = 2.3
_LOWER_LEFT_IN = 1.5
_LEFT_IN = 1.9
_GAP_IN = 0.75
_RIGHT_IN = 0.15
_TOP_IN = 0.62
_BETWEEN_IN = 1.05
_LONGEST_NAME = 28
_BINS = 20


def comparison_figure(found: TreatmentComparison) -> Figure:
    """Return the figure: whether the weights did their work stands above what they give."""
    words = wrapped([_footer(found)])
    upper = max(_LEAST_IN, _ROW_IN * len(found.weights.balance))
    foot = foot_height_in(2, words)
    height = _TOP_IN + upper + _BETWEEN_IN + _SURVIVAL_IN + foot
    half = 0.5 * (WIDTH_IN - _LEFT_IN - _GAP_IN - _RIGHT_IN) / WIDTH_IN
    bottom = (foot + _SURVIVAL_IN + _BETWEEN_IN) / height
    with style():
        figure = sheet(height)
        _love(figure.add_axes((_LEFT_IN / WIDTH_IN, bottom, half, upper / height)), found)
        _overlap(
            figure.add_axes(((_LEFT_IN + _GAP_IN) / WIDTH_IN + half, bottom, half, upper / height)),
            found,
        )
        lower = figure.add_axes(
            (
                _LOWER_LEFT_IN / WIDTH_IN,
                foot / height,
                1.0 - (_LOWER_LEFT_IN + _RIGHT_IN) / WIDTH_IN,
                _SURVIVAL_IN / height,
            )
        )
        _survival(TimePlot(figure, lower, height, foot), found)
        say_at_foot(figure, words, height)
    return figure


def _love(axes: Axes, found: TreatmentComparison) -> None:
    rows = found.weights.balance
    places = np.arange(len(rows))
    before, after = (
        [abs(one.difference) for one in rows],
        [abs(one.difference_weighted) for one in rows],
    )
    axes.plot(before, places, "o", color=VERMILION, markerfacecolor="none", label="before")
    axes.plot(after, places, "s", color=BLUE, markersize=4.5, label="weighted")
    axes.axvline(BALANCED, color=SOFT_INK, linestyle=":", linewidth=1.0)
    axes.set_yticks(places, [shortened(one.name, _LONGEST_NAME) for one in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0.0, 1.1 * max(*before, *after, 2.0 * BALANCED))
    axes.set_xlabel("Standardised difference, size")
    axes.set_title("Balance", pad=20)
    axes.grid(visible=True, axis="x", color=GRID_COLOUR, linewidth=0.6)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.98), ncols=2, borderpad=0.1)


def _overlap(axes: Axes, found: TreatmentComparison) -> None:
    edges = np.linspace(0.0, 1.0, _BINS + 1)
    for number, (value, arm) in enumerate(((1.0, found.treated), (0.0, found.control))):
        colour, _ = curve(number)
        chosen = found.weights.propensity[found.weights.treated == value]
        axes.hist(
            chosen,
            bins=edges.tolist(),
            histtype="stepfilled",
            color=colour,
            alpha=0.35,
            label=legend_text(shortened(arm.name, 20)),
        )
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel(f"Propensity of {shortened(found.treated.name, 24)}")
    axes.set_ylabel("Patients")
    axes.set_title("Overlap", pad=20)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.98), ncols=2, borderpad=0.1)


def _survival(plot: TimePlot, found: TreatmentComparison) -> None:
    axes = plot.axes
    arms = (found.treated, found.control)
    end = last_shown([arm.plain for arm in arms], found.n)
    for number, arm in enumerate(arms):
        colour, _ = curve(number)
        name, made = shortened(arm.name, _LONGEST_NAME), arm.weighted
        step_curve(
            axes,
            made.table.time,
            made.survival,
            (made.low, made.high),
            start=1.0,
            colour=colour,
            dashes="-",
            label=f"{name}, weighted (n = {arm.n})",
        )
        step_curve(
            axes,
            arm.plain.table.time,
            arm.plain.survival,
            None,
            start=1.0,
            colour=colour,
            dashes=":",
            label=f"{name}, as it was",
            width=1.0,
        )
    axes.set_ylim(0.0, 102.0)
    axis = time_axis(end, found.endpoint.unit)
    apply(axes, axis, end, found.endpoint.origin)
    axes.set_ylabel(f"{found.endpoint.title} (%)")
    axes.set_title(f"{found.endpoint.title} (n = {found.n})")
    axes.grid(visible=True, color=GRID_COLOUR, linewidth=0.6)
    axes.legend(loc="upper right", handlelength=2.6)
    plot.counts("At risk, as it was", ((arm.name, at_risk(arm.plain, axis, end)) for arm in arms))


def _footer(found: TreatmentComparison) -> str:
    ((low, high),) = found.weighted.hazard_ratio_interval(found.level)
    ratio, after = found.weighted.hazard_ratio[0], found.weights
    effective = f"{found.treated.effective_n:.0f} and {found.control.effective_n:.0f}"
    sentences = (
        found.endpoint.sentence,
        f"n = {found.n} patients, {found.weighted.n_events} events,",
        f"{found.left_out} left out for missing values.",
        f"Effect: {after.estimand.value}. Effective n {effective}.",
        f"Weighted hazard ratio {ratio:.2f}",
        f"({found.level:.0%} interval {low:.2f} to {high:.2f}, robust).",
        f"Dotted line of the balance: {BALANCED:g}. Bands: robust, log(−log).",
    )
    return " ".join((*sentences, *found.notes))
