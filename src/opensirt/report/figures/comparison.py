"""Balance (love) plot, overlap of propensities, and weighted survival of two treatments."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opensirt.outcomes.propensity import BALANCED
from opensirt.outcomes.treatment_comparison import TreatmentComparison
from opensirt.report.figures.canvas import SMALL_PT, WIDTH_IN, sheet, style, wrapped
from opensirt.report.figures.marks import legend_text, shortened
from opensirt.report.figures.palette import BLUE, SOFT_INK, VERMILION, curve
from opensirt.report.figures.time_axis import apply, time_axis

_ROW_IN = 0.24
_LEAST_IN = 1.6
_SURVIVAL_IN = 2.3
_LEFT_IN = 1.9
_GAP_IN = 0.75
_RIGHT_IN = 0.15
_TOP_IN = 0.62
_AXIS_IN = 0.62
_BETWEEN_IN = 1.05
_LINE_IN = 0.145
_LONGEST_NAME = 28
_BINS = 20
_FEWEST_SHOWN = 0.05


def comparison_figure(found: TreatmentComparison) -> Figure:
    """Return the figure: whether the weights did their work stands above what they give."""
    words = wrapped([_footer(found)])
    upper = max(_LEAST_IN, _ROW_IN * len(found.weights.balance))
    foot = _AXIS_IN + _LINE_IN * len(words) + 0.1
    height = _TOP_IN + upper + _BETWEEN_IN + _SURVIVAL_IN + foot
    half = 0.5 * (WIDTH_IN - _LEFT_IN - _GAP_IN - _RIGHT_IN) / WIDTH_IN
    bottom = (foot + _SURVIVAL_IN + _BETWEEN_IN) / height
    left = 0.75 / WIDTH_IN
    with style():
        figure = sheet(height)
        _love(figure.add_axes((_LEFT_IN / WIDTH_IN, bottom, half, upper / height)), found)
        _overlap(
            figure.add_axes(((_LEFT_IN + _GAP_IN) / WIDTH_IN + half, bottom, half, upper / height)),
            found,
        )
        _survival(
            figure.add_axes(
                (
                    left,
                    foot / height,
                    1.0 - left - _RIGHT_IN / WIDTH_IN,
                    _SURVIVAL_IN / height,
                )
            ),
            found,
        )
        for line, text in enumerate(reversed(words)):
            figure.text(
                0.1 / WIDTH_IN,
                (0.08 + _LINE_IN * line) / height,
                text,
                fontsize=SMALL_PT,
                color=SOFT_INK,
            )
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
    axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.6)
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


def _survival(axes: Axes, found: TreatmentComparison) -> None:
    arms = (found.treated, found.control)
    last = max(arm.plain.last_time for arm in arms)
    moments = np.linspace(0.0, last, 200)
    left = np.sum([arm.plain.at_risk(moments) for arm in arms], axis=0)
    end = float(moments[np.flatnonzero(left >= _FEWEST_SHOWN * found.n)[-1]]) or last
    for number, arm in enumerate(arms):
        colour, _ = curve(number)
        name = shortened(arm.name, _LONGEST_NAME)
        made = arm.weighted
        time = np.append(0.0, made.table.time)
        axes.step(
            time,
            100.0 * np.append(1.0, made.survival),
            where="post",
            color=colour,
            linewidth=1.5,
            label=legend_text(f"{name}, weighted (n = {arm.n})"),
        )
        low, high = (100.0 * np.append(1.0, np.nan_to_num(one)) for one in (made.low, made.high))
        axes.fill_between(time, low, high, step="post", color=colour, alpha=0.12, linewidth=0)
        axes.step(
            np.append(0.0, arm.plain.table.time),
            100.0 * np.append(1.0, arm.plain.survival),
            where="post",
            color=colour,
            linestyle=":",
            linewidth=1.0,
            label=legend_text(f"{name}, as it was"),
        )
    axes.set_ylim(0.0, 102.0)
    apply(axes, time_axis(end, found.endpoint.unit), end, found.endpoint.origin)
    axes.set_ylabel(f"{found.endpoint.title} (%)")
    axes.set_title(f"{found.endpoint.title} (n = {found.n})")
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.legend(loc="upper right", handlelength=2.6)


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
