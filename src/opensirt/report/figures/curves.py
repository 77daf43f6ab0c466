"""Dose–volume histograms, and planned against measured doses."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from opensirt.domain.delivery import StructureDelivery
from opensirt.domain.dvh import Dvh
from opensirt.domain.missing import Missing
from opensirt.domain.structure import StructureKind
from opensirt.errors import InputError
from opensirt.report.figures.canvas import GRID_COLOUR, WIDTH_IN, png, sheet, style
from opensirt.report.figures.marks import legend_text, shortened
from opensirt.report.figures.palette import BLUE, VERMILION, curve

_PLOT_IN = 2.7
_LEGEND_ROW_IN = 0.165
_LEGEND_IN = 3.2
"""Width of the legend below one panel."""

_CHARACTER_IN = 0.067
_LINE_IN = 0.55
_LONGEST_LABEL = 40
_LABEL_BESIDE_AXIS = 34
_THICK = frozenset({StructureKind.NORMAL_LIVER, StructureKind.PERFUSED_NORMAL_LIVER})
_MIXED = frozenset({StructureKind.LIVER, StructureKind.PERFUSED_VOLUME})
"""Kinds that hold tumours, whose doses would make the normal liver too small to read."""

_TUMOUR = StructureKind.TUMOUR
_SEEN = 0.02
_MOST = 0.05
"""A curve is seen when a twentieth of the volume receives this part of the axis, `_SEEN`."""

_TAIL_TUMOUR = 1e-3
_TAIL_OTHER = 1e-2
"""The dose axis ends where less than this part of every structure that decides it is left."""


def dvh_png(dvhs: Mapping[str, Dvh], kinds: Mapping[str, StructureKind]) -> bytes:
    """Return the cumulative DVHs: tumours beside liver and other tissue, each on its own axis.

    Parameters
    ----------
    dvhs
        Label → histogram.
    kinds
        Label → kind, for every label of `dvhs`.
    """
    tumours = {label: one for label, one in dvhs.items() if kinds[label] is StructureKind.TUMOUR}
    others = {label: one for label, one in dvhs.items() if label not in tumours}
    groups = [(name, one) for name, one in (("Tumours", tumours), ("Other", others)) if one]
    if not groups:
        raise InputError("no DVH to draw; the dose has figures of no structure")
    rows = max(-(-len(one) // _columns(one)) for _, one in groups)
    foot = 0.55 + _LEGEND_ROW_IN * rows
    height = _PLOT_IN + foot + 0.25
    with style():
        figure = sheet(height)
        share = 1.0 / len(groups)
        for number, (name, group) in enumerate(groups):
            axes = figure.add_axes(
                (
                    number * share + 0.55 / WIDTH_IN,
                    foot / height,
                    share - 0.7 / WIDTH_IN,
                    _PLOT_IN / height,
                )
            )
            title = name if name == "Tumours" else "Liver and other tissue"
            _draw_dvhs(axes, title, group, kinds)
        return png(figure)


def _draw_dvhs(
    axes: Axes,
    title: str,
    group: Mapping[str, Dvh],
    kinds: Mapping[str, StructureKind],
) -> None:
    end = _end_of_axis(group, kinds)
    for number, (label, dvh) in enumerate(group.items()):
        colour, dashes = curve(number)
        doses, parts = dvh.curve(400)
        axes.plot(
            doses,
            100.0 * parts,
            color=colour,
            linestyle=dashes,
            linewidth=2.6 if kinds[label] in _THICK else 1.4,
            label=legend_text(shortened(label, _LONGEST_LABEL)),
        )
    axes.set_xlim(0.0, end * 1.02 if end > 0 else 1.0)
    axes.set_ylim(0.0, 102.0)
    axes.set_xlabel("Absorbed dose (Gy)")
    axes.set_ylabel("Volume receiving at least the dose (%)")
    axes.set_title(title)
    axes.grid(visible=True, color=GRID_COLOUR, linewidth=0.6)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(0.0, -0.17),
        ncols=_columns(group),
        handlelength=2.6,
        borderaxespad=0.0,
        columnspacing=1.2,
    )


def _columns(group: Mapping[str, Dvh]) -> int:
    """Return how many columns of labels fit below a panel."""
    longest = min(_LONGEST_LABEL, max(len(label) for label in group))
    return max(1, int(_LEGEND_IN / (_LINE_IN + longest * _CHARACTER_IN)))


def worth_drawing(dvhs: Mapping[str, Dvh], kinds: Mapping[str, StructureKind]) -> tuple[str, ...]:
    """Return the labels whose curve would be seen: not those flat at the left edge."""
    others = {label: one for label, one in dvhs.items() if kinds[label] is not _TUMOUR}
    if not others:
        return tuple(dvhs)
    least = _SEEN * _end_of_axis(others, kinds)
    return tuple(
        label for label, one in dvhs.items() if label not in others or one.dose_gy(_MOST) >= least
    )


def _end_of_axis(group: Mapping[str, Dvh], kinds: Mapping[str, StructureKind]) -> float:
    tumours = all(kinds[label] is StructureKind.TUMOUR for label in group)
    tail = _TAIL_TUMOUR if tumours else _TAIL_OTHER
    deciding = [one for label, one in group.items() if kinds[label] not in _MIXED]
    return max(one.dose_gy(tail) for one in deciding or group.values())


def planned_measured_png(structures: Sequence[StructureDelivery]) -> bytes:
    """Return planned (open) against measured (filled) mean doses, one line for each structure.

    Planned for the activity given against delivered in the scale of the vendor, where both are
    known; else as planned and as imaged.
    """
    rows = [one for one in map(_pair, structures) if one is not None]
    if not rows:
        raise InputError("no structure has both a planned and a measured dose")
    height = 0.75 + 0.25 * len(rows)
    with style():
        figure = sheet(height)
        axes = figure.add_axes((0.34, 0.48 / height, 0.5, 0.25 * len(rows) / height))
        places = np.arange(len(rows))[::-1]
        for place, row in zip(places, rows, strict=True):
            axes.plot([row[1], row[2]], [place, place], color="#999999", linewidth=1.6)
        axes.plot(
            [row[1] for row in rows],
            places,
            "o",
            markerfacecolor="white",
            markeredgecolor=BLUE,
            markeredgewidth=1.6,
            label="planned",
        )
        axes.plot([row[2] for row in rows], places, "D", color=VERMILION, label="measured")
        axes.set_yticks(places, [shortened(row[0], _LABEL_BESIDE_AXIS) for row in rows])
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.set_xlim(left=0.0)
        axes.set_xlabel("Mean absorbed dose (Gy)")
        axes.grid(visible=True, axis="x", color=GRID_COLOUR, linewidth=0.6)
        axes.tick_params(axis="y", length=0)
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
        return png(figure)


def _pair(one: StructureDelivery) -> tuple[str, float, float] | None:
    """Return label, planned and measured dose in one scale, or None where one is not known."""
    for planned, measured in (
        (one.planned_as_given_gy, one.delivered_gy),
        (one.planned_gy, one.imaged_gy),
        (one.planned_gy, one.delivered_gy),
    ):
        if not isinstance(planned, Missing) and not isinstance(measured, Missing):
            return one.label, planned, measured
    return None
