"""Scores over time: observed means with intervals, the fitted line, and how many answered."""

from matplotlib.figure import Figure

from opensirt.outcomes.arrays import normal_quantile
from opensirt.outcomes.score_analysis import ScoreAnalysis
from opensirt.report.figures.canvas import wrapped
from opensirt.report.figures.foot import time_plot
from opensirt.report.figures.marks import legend_text, shortened
from opensirt.report.figures.palette import curve
from opensirt.report.figures.time_axis import time_axis

_PLOT_IN = 2.7
_LONGEST_NAME = 26
_MARGIN = 0.03


def score_figure(found: ScoreAnalysis) -> Figure:
    """Return the figure; marks of several groups stand a little beside each other."""
    z = normal_quantile(found.level)
    first = min(one.time for one in found.visits)
    end = max(one.time for one in found.visits)
    pad = _MARGIN * (end - first)
    with time_plot(wrapped([_footer(found)]), len(found.fitted), plot_in=_PLOT_IN) as plot:
        axes = plot.axes
        axis = time_axis(end, found.time_unit)
        axes.set_xticks(axis.ticks, axis.labels)
        axes.set_xlim(min(0.0, first) - pad, end + pad)
        for number, (name, (times, line)) in enumerate(found.fitted.items()):
            colour, dashes = curve(number)
            short = legend_text(shortened(name, _LONGEST_NAME))
            axes.plot(times, line, color=colour, linestyle=dashes, label=f"{short}: model")
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
        axes.set_xlabel(f"{found.origin} (axis in {axis.unit})")
        axes.set_ylabel(f"Score ({found.score_unit})" if found.score_unit else "Score")
        axes.set_title(f"{found.title} (n = {found.course.n} forms of {found.n_patients} patients)")
        axes.legend(loc="best", handlelength=2.6)
        plot.counts(
            "Answered",
            (
                (name, [(one.time, one.n) for one in found.visits if one.group == name])
                for name in found.fitted
            ),
        )
    return plot.figure


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
