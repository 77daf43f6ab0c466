"""Scores over time: observed means with intervals, the fitted line, and how many answered."""

from matplotlib.figure import Figure

from opensirt.outcomes.arrays import normal_quantile
from opensirt.outcomes.score_analysis import ScoreAnalysis
from opensirt.report.figures.canvas import SMALL_PT, WIDTH_IN, sheet, style, wrapped
from opensirt.report.figures.marks import legend_text, shortened
from opensirt.report.figures.palette import SOFT_INK, curve
from opensirt.report.figures.time_axis import time_axis

_PLOT_IN = 2.7
_LEFT_IN = 1.75
_RIGHT_IN = 0.15
_TOP_IN = 0.35
_AXIS_IN = 0.62
_ROW_IN = 0.16
_LINE_IN = 0.145
_LONGEST_NAME = 26
_MARGIN = 0.03


def score_figure(found: ScoreAnalysis) -> Figure:
    """Return the figure; marks of several groups stand a little beside each other."""
    words = wrapped([_footer(found)])
    foot = _AXIS_IN + _ROW_IN * (len(found.fitted) + 1) + 0.12 + _LINE_IN * len(words) + 0.08
    height = _TOP_IN + _PLOT_IN + foot
    z = normal_quantile(found.level)
    first = min(one.time for one in found.visits)
    end = max(one.time for one in found.visits)
    pad = _MARGIN * (end - first)
    with style():
        figure = sheet(height)
        width = 1.0 - (_LEFT_IN + _RIGHT_IN) / WIDTH_IN
        axes = figure.add_axes((_LEFT_IN / WIDTH_IN, foot / height, width, _PLOT_IN / height))
        axis = time_axis(end, found.time_unit)
        axes.set_xticks(axis.ticks, axis.labels)
        axes.set_xlim(min(0.0, first) - pad, end + pad)
        figure.text(
            0.1 / WIDTH_IN,
            (foot - _AXIS_IN) / height,
            "Answered",
            fontsize=SMALL_PT,
            fontweight="bold",
        )
        box, (low_x, high_x) = axes.get_position(), axes.get_xlim()
        for number, (name, (times, line)) in enumerate(found.fitted.items()):
            colour, dashes = curve(number)
            short = legend_text(shortened(name, _LONGEST_NAME))
            axes.plot(times, line, color=colour, linestyle=dashes, label=f"{short}: model")
            at = (foot - _AXIS_IN - _ROW_IN * (number + 1)) / height
            figure.text(0.1 / WIDTH_IN, at, short, fontsize=SMALL_PT, color=colour)
            aside = 0.2 * pad * (number - 0.5 * (len(found.fitted) - 1))
            for one in found.visits:
                if one.group != name:
                    continue
                axes.plot(one.time + aside, one.mean, "o", color=colour, markersize=4)
                if one.standard_deviation is not None:
                    half = z * one.standard_deviation / one.n**0.5
                    axes.plot(
                        (one.time + aside,) * 2,
                        (one.mean - half, one.mean + half),
                        color=colour,
                        linewidth=1.0,
                    )
                x = box.x0 + box.width * (one.time - low_x) / (high_x - low_x)
                figure.text(x, at, str(one.n), fontsize=SMALL_PT, ha="center")
        axes.set_xlabel(f"{found.origin} (axis in {axis.unit})")
        axes.set_ylabel(f"Score ({found.score_unit})" if found.score_unit else "Score")
        axes.set_title(f"{found.title} (n = {found.course.n} forms of {found.n_patients} patients)")
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.legend(loc="best", handlelength=2.6)
        for line_number, text in enumerate(reversed(words)):
            figure.text(
                0.1 / WIDTH_IN,
                (0.08 + _LINE_IN * line_number) / height,
                text,
                fontsize=SMALL_PT,
                color=SOFT_INK,
            )
    return figure


def _footer(found: ScoreAnalysis) -> str:
    others = f" with {', '.join(found.covariates)} at their means" if found.covariates else ""
    own = "intercept and slope" if found.own_slope else "intercept"
    sentences = (
        f"{found.title}. Criterion: {found.criterion}. Time: {found.origin}.",
        f"n = {found.course.n} forms of {found.n_patients} patients,",
        f"{found.left_out} left out for missing values.",
        f"Marks: means of those who answered, {found.level:.0%} intervals of each alone;",
        f"lines: linear mixed model, {own} of each patient{others}.",
        f"Source: {found.population}.",
    )
    return " ".join((*sentences, *found.notes))
