"""ORR and DCR of every column and group with their intervals."""

from matplotlib.figure import Figure

from opensirt.outcomes.response_analysis import ResponseAnalysis
from opensirt.report.figures.canvas import GRID_COLOUR, SMALL_PT, WIDTH_IN, sheet, style, wrapped
from opensirt.report.figures.foot import LINE_IN, say_at_foot
from opensirt.report.figures.marks import shortened
from opensirt.report.figures.palette import BLUE, VERMILION

_ROW_IN = 0.46
_LEFT_IN = 2.1
_RIGHT_IN = 1.9
_TOP_IN = 0.4
_AXIS_IN = 0.5
_LONGEST_NAME = 30
_OFFSET = 0.17


def response_rates_figure(found: ResponseAnalysis) -> Figure:
    """Return the figure: of those evaluable; lesions with the interval that clusters by patient."""
    words = _footer(found)
    plot = _ROW_IN * len(found.rates)
    foot = _AXIS_IN + LINE_IN * len(words) + 0.15
    height = _TOP_IN + plot + foot
    with style():
        figure = sheet(height)
        axes = figure.add_axes(
            (
                _LEFT_IN / WIDTH_IN,
                foot / height,
                1.0 - (_LEFT_IN + _RIGHT_IN) / WIDTH_IN,
                plot / height,
            )
        )
        labels = []
        for place, one in enumerate(found.rates):
            labels.append(shortened(_name(found, one.column, one.group), _LONGEST_NAME))
            for name, value, limits, colour, mark, up in (
                ("ORR", one.rates.objective_response, one.clustered[0], BLUE, "o", -_OFFSET),
                ("DCR", one.rates.disease_control, one.clustered[1], VERMILION, "s", _OFFSET),
            ):
                low, high = limits or value.wilson
                axes.plot((100 * low, 100 * high), (place + up,) * 2, color=colour, linewidth=1.4)
                axes.plot(
                    100 * value.fraction,
                    place + up,
                    mark,
                    color=colour,
                    markersize=5,
                    label=name if place == 0 else None,
                )
                axes.text(
                    103,
                    place + up,
                    f"{value.count}/{value.of}: {100 * value.fraction:.0f} % "
                    f"({100 * low:.0f} to {100 * high:.0f})",
                    fontsize=SMALL_PT,
                    color=colour,
                    va="center",
                )
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.5, -0.5)
        axes.set_xlim(0, 100)
        axes.set_xlabel(f"{found.unit_of_analysis.capitalize()}s of those evaluable (%)")
        axes.set_title(f"Response (n = {found.n} {found.unit_of_analysis}s)")
        axes.grid(visible=True, axis="x", color=GRID_COLOUR, linewidth=0.6)
        axes.legend(loc="lower left", bbox_to_anchor=(1.02, 0.98), ncols=2, borderpad=0.0)
        say_at_foot(figure, words, height)
    return figure


def _name(found: ResponseAnalysis, column: str, group: str) -> str:
    several = len({one.column for one in found.rates}) > 1
    if not found.group_column:
        return column
    return f"{column}, {group}" if several else group


def _footer(found: ResponseAnalysis) -> list[str]:
    words = {one.column: one.rates for one in found.rates}
    sentences = [
        f"{name}: {one.time_point}; criterion: {one.criterion}." for name, one in words.items()
    ]
    clustered = any(one.clustered[0] is not None for one in found.rates)
    how = "score, patients as clusters" if clustered else "Wilson"
    sentences += [
        (
            f"ORR: CR or PR; DCR: CR, PR, SD or non-CR/non-PD. {found.level:.0%} intervals: {how}. "
            f"n = {found.n} {found.unit_of_analysis}s of {found.n_patients} patients; "
            f"time origin: {found.origin}. Source: {found.population}."
        ),
        *found.notes,
    ]
    return wrapped([" ".join(sentences)])
