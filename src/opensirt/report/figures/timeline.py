"""Everything that happened to one patient on one axis of time."""

from collections.abc import Sequence
from dataclasses import dataclass

from opensirt.errors import InputError
from opensirt.report.figures.canvas import GRID_COLOUR, SMALL_PT, png, sheet, style
from opensirt.report.figures.marks import shortened
from opensirt.report.figures.palette import BLUE, INK, SOFT_INK, VERMILION
from opensirt.report.figures.response_plots import GRADE_COLOURS

_LANE_IN = 0.27
_LONGEST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineMark:
    """Something on one day; `grade` colours it, `text` is written beside it."""

    day: float
    text: str = ""
    grade: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineSpan:
    """Something that lasted; `open_ended` says that it went on or that its end is not known."""

    first_day: float
    last_day: float
    open_ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineLane:
    """One line of the picture."""

    label: str
    marks: tuple[TimelineMark, ...] = ()
    spans: tuple[TimelineSpan, ...] = ()


def timeline_png(
    lanes: Sequence[TimelineLane], *, last_day: float, first_shown: float, title: str
) -> bytes:
    """Return lanes over days from treatment; what began before `first_shown` enters at the edge.

    Raises
    ------
    InputError
        When there is no lane, or the axis ends before it begins.
    """
    if not lanes:
        raise InputError("nothing to draw on a timeline")
    if last_day <= first_shown:
        raise InputError(f"a timeline from day {first_shown:g} to {last_day:g} shows nothing")
    plot_in = _LANE_IN * len(lanes) + 0.1
    foot = 0.5
    height = plot_in + foot + 0.35
    width = last_day - first_shown
    with style():
        figure = sheet(height)
        axes = figure.add_axes((0.25, foot / height, 0.72, plot_in / height))
        axes.axvline(0, color=VERMILION, linewidth=1.2)
        for number, lane in enumerate(lanes):
            place = len(lanes) - 1 - number
            axes.axhline(place, color="#ececec", linewidth=0.6, zorder=0)
            for span in lane.spans:
                begin = max(span.first_day, first_shown)
                end = min(span.last_day, last_day)
                if end < first_shown or begin > last_day:
                    continue
                axes.barh(
                    place,
                    max(end - begin, 0.004 * width),
                    left=begin,
                    height=0.34,
                    color="#b9d5e8",
                    edgecolor=INK,
                    linewidth=0.5,
                    hatch="///" if span.open_ended else None,
                )
            written_to = first_shown - width
            for mark in sorted(lane.marks, key=lambda one: one.day):
                if not first_shown <= mark.day <= last_day:
                    continue
                colour = BLUE if mark.grade is None else GRADE_COLOURS[mark.grade]
                axes.plot(mark.day, place, "o", color=colour, markeredgecolor=INK, markersize=5.5)
                # A word that would run over the one before is left to the table.
                if mark.text and mark.day >= written_to:
                    text = shortened(mark.text, 18)
                    near_end = mark.day > first_shown + 0.9 * width
                    axes.annotate(
                        text,
                        (mark.day, place),
                        xytext=(-5 if near_end else 5, 3),
                        textcoords="offset points",
                        fontsize=SMALL_PT - 1.5,
                        ha="right" if near_end else "left",
                    )
                    written_to = mark.day + width * 0.014 * (len(text) + 1)
        axes.set_yticks(
            range(len(lanes)), [shortened(one.label, _LONGEST) for one in reversed(lanes)]
        )
        axes.set_ylim(-0.6, len(lanes) - 0.4)
        axes.set_xlim(first_shown - 0.02 * width, last_day + 0.02 * width)
        axes.set_xlabel("Days after treatment (red line: treatment)")
        axes.set_title(title)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_color(SOFT_INK)
        axes.grid(visible=True, axis="x", color=GRID_COLOUR, linewidth=0.6)
        axes.set_axisbelow(True)
        return png(figure)
