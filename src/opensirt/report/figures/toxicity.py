"""Cumulative incidence of a toxicity, with patients under observation below."""

import numpy as np
from matplotlib.figure import Figure

from opensirt.outcomes.toxicity_analysis import ToxicityAnalysis
from opensirt.report.figures.canvas import wrapped
from opensirt.report.figures.foot import step_curve, time_plot
from opensirt.report.figures.marks import shortened
from opensirt.report.figures.palette import curve
from opensirt.report.figures.survival import p_words
from opensirt.report.figures.time_axis import apply, time_axis

_PLOT_IN = 2.7
_LONGEST_NAME = 52
_HEADROOM = 1.15


def toxicity_figure(found: ToxicityAnalysis) -> Figure:
    """Return the figure: one curve for each group, until the last asked day or the last event."""
    first = next(iter(found.groups.values())).times.endpoint
    with time_plot(_footer(found), len(found.groups), plot_in=_PLOT_IN) as plot:
        axes, end, top = plot.axes, _end(found), 0.0
        axis = time_axis(end, first.unit)
        for number, (name, one) in enumerate(found.groups.items()):
            colour, dashes = curve(number)
            made = one.incidence
            # The curve ends where the last patient of the group does; it is level until then.
            step_curve(
                axes,
                made.table.time,
                made.incidence,
                (made.low, made.high),
                start=0.0,
                colour=colour,
                dashes=dashes,
                label=shortened(name, _LONGEST_NAME),
            )
            top = max(top, 100.0 * float(np.max(made.high[made.table.time <= end], initial=0.0)))
        axes.set_ylim(0.0, min(102.0, max(5.0, _HEADROOM * top)))
        apply(axes, axis, end, first.origin)
        axes.set_ylabel("Cumulative incidence (%)")
        axes.set_title(f"{first.title} (n = {found.n})")
        if len(found.groups) > 1:
            axes.legend(loc="upper left", handlelength=2.6)
        plot.counts(
            "At risk",
            (
                (name, [(float(at), int(np.sum(one.times.time >= at))) for at in axis.ticks])
                for name, one in found.groups.items()
            ),
        )
    return plot.figure


def _end(found: ToxicityAnalysis) -> float:
    asked = max(day for one in found.groups.values() for day in one.at)
    seen = [
        float(one.times.time[one.times.event].max())
        for one in found.groups.values()
        if one.times.event.any()
    ]
    return max([asked, *seen])


def _footer(found: ToxicityAnalysis) -> list[str]:
    first = next(iter(found.groups.values())).times.endpoint
    events = sum(one.ever.count for one in found.groups.values())
    deaths = sum(one.n_deaths_before for one in found.groups.values())
    sentences = [
        first.sentence,
        (
            f"n = {found.n} patients, {events} events, {deaths} deaths without it; "
            f"{found.left_out} left out for missing values. Aalen–Johansen; bands: "
            f"{found.level:.0%} intervals, log(−log)."
        ),
    ]
    if found.comparison is not None:
        one = found.comparison
        sentences.append(
            f"Gray test: χ² = {one.statistic:.2f}, {one.degrees} df, p {p_words(one.p)}."
        )
    return wrapped([" ".join([*sentences, *found.notes])])
