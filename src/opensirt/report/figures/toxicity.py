"""Cumulative incidence of a toxicity, with patients under observation below."""

import numpy as np
from matplotlib.figure import Figure

from opensirt.outcomes.toxicity_analysis import ToxicityAnalysis
from opensirt.report.figures.canvas import SMALL_PT, WIDTH_IN, sheet, style, wrapped
from opensirt.report.figures.marks import legend_text, shortened
from opensirt.report.figures.palette import SOFT_INK, curve
from opensirt.report.figures.survival import p_words
from opensirt.report.figures.time_axis import apply, time_axis

_PLOT_IN = 2.7
_LEFT_IN = 1.75
_RIGHT_IN = 0.15
_TOP_IN = 0.35
_AXIS_IN = 0.62
_ROW_IN = 0.16
_LINE_IN = 0.145
_LONGEST_NAME = 26
_HEADROOM = 1.15


def toxicity_figure(found: ToxicityAnalysis) -> Figure:
    """Return the figure: one curve for each group, until the last asked day or the last event."""
    words = _footer(found)
    foot = _AXIS_IN + _ROW_IN * (len(found.groups) + 1) + 0.12 + _LINE_IN * len(words) + 0.08
    height = _TOP_IN + _PLOT_IN + foot
    with style():
        figure = sheet(height)
        width = 1.0 - (_LEFT_IN + _RIGHT_IN) / WIDTH_IN
        axes = figure.add_axes((_LEFT_IN / WIDTH_IN, foot / height, width, _PLOT_IN / height))
        end = _end(found)
        axis = time_axis(end, "d")
        figure.text(
            0.1 / WIDTH_IN,
            (foot - _AXIS_IN) / height,
            "At risk",
            fontsize=SMALL_PT,
            fontweight="bold",
        )
        box, top = axes.get_position(), 0.0
        for number, (name, one) in enumerate(found.groups.items()):
            colour, dashes = curve(number)
            made = one.incidence
            # The curve ends where the last patient of the group does; it is level until then.
            time = np.append(0.0, made.table.time)
            low, value, high = (
                100.0 * np.append(0.0, part) for part in (made.low, made.incidence, made.high)
            )
            label = legend_text(shortened(name, 2 * _LONGEST_NAME))
            axes.step(
                time,
                value,
                where="post",
                color=colour,
                linestyle=dashes,
                linewidth=1.5,
                label=label,
            )
            axes.fill_between(time, low, high, step="post", color=colour, alpha=0.12, linewidth=0)
            inside = time <= end
            top = max(top, float(high[inside].max()))
            at = (foot - _AXIS_IN - _ROW_IN * (number + 1)) / height
            short = legend_text(shortened(name, _LONGEST_NAME))
            figure.text(0.1 / WIDTH_IN, at, short, fontsize=SMALL_PT, color=colour)
            for tick in axis.ticks:
                count = int(np.sum(one.times.time >= tick))
                x = box.x0 + box.width * tick / (1.02 * end)
                figure.text(x, at, f"{count}", fontsize=SMALL_PT, ha="center")
        axes.set_ylim(0.0, min(102.0, max(5.0, _HEADROOM * top)))
        first = next(iter(found.groups.values())).times.endpoint
        apply(axes, axis, end, first.origin)
        axes.set_ylabel("Cumulative incidence (%)")
        axes.set_title(f"{first.title} (n = {found.n})")
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        if len(found.groups) > 1:
            axes.legend(loc="upper left", handlelength=2.6)
        for line, text in enumerate(reversed(words)):
            figure.text(
                0.1 / WIDTH_IN,
                (0.08 + _LINE_IN * line) / height,
                text,
                fontsize=SMALL_PT,
                color=SOFT_INK,
            )
    return figure


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
