"""What stands on a picture besides the image: outlines, names, letters, a bar of known length."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import AbstractPathEffect, withStroke
from numpy.typing import NDArray

from opensirt.domain.structure import StructureKind
from opensirt.reference.table import read_table
from opensirt.report.figures.canvas import SMALL_PT, TEXT_PT
from opensirt.report.figures.display import LETTERS, Picture
from opensirt.report.figures.palette import BLACK, INK, WITH_OWN_PEN, pen
from opensirt.report.figures.scene import Outline
from opensirt.report.wording import kind_words

_EDGE = 0.5
_TICK = 0.035
"""Length of a mark at the edge as a part of the picture."""

_LONGEST_NAME = 18
_CHARACTER_PER_PT = 0.62
"""Width of an average character of the font in units of its size."""

_NO_WIDTH = "\u200b"
_POINTS_PER_INCH = 72.0


def halo(colour: str, width: float) -> list[AbstractPathEffect]:
    """Return the path effect that sets text or a line off any background."""
    return [withStroke(linewidth=width, foreground=colour)]


def draw_outline(
    axes: Axes,
    where: Picture,
    inside: NDArray[np.float32],
    kind: StructureKind,
    *,
    on_light: bool = False,
) -> bool:
    """Draw the edge of a structure; return whether it meets the picture."""
    if not (inside.max() > _EDGE > inside.min()):
        return False
    how = pen(kind, on_light=on_light)
    left, right, bottom, top = where.extent_mm
    rows, columns = inside.shape
    half_x = (right - left) / columns / 2
    half_y = (top - bottom) / rows / 2
    part_y, part_x = (_touched(inside, axis) for axis in (1, 0))
    axes.contour(
        np.linspace(left + half_x, right - half_x, columns)[part_x],
        np.linspace(bottom + half_y, top - half_y, rows)[part_y],
        inside[part_y, part_x],
        levels=[_EDGE],
        colors=[how.colour],
        linewidths=[how.width],
        linestyles=[how.style],
        zorder=how.order,
    ).set_path_effects(halo(how.halo, how.width + 1.0))
    return True


def _touched(inside: NDArray[np.float32], axis: int) -> slice:
    """Return the rows (axis 1) or columns (axis 0) with something in them, and one around."""
    at = np.flatnonzero(inside.any(axis=axis))
    return slice(max(0, int(at[0]) - 1), int(at[-1]) + 2)


def legend_text(text: str) -> str:
    """Return a text that stands in a legend: matplotlib leaves out what begins with ``_``."""
    return f"{_NO_WIDTH}{text}" if text.startswith("_") else text


def legend_handles(
    outlines: Sequence[Outline], *, tumours_named: bool = True, on_light: bool = False
) -> list[Line2D]:
    """Return one legend entry for each kind of line, with the names it stands for."""
    groups: dict[StructureKind, list[str]] = {}
    for one in outlines:
        kind = one.kind if one.kind in WITH_OWN_PEN else StructureKind.OTHER
        groups.setdefault(kind, []).append(one.label)
    handles = []
    for kind, labels in sorted(groups.items(), key=lambda one: -pen(one[0]).order):
        how = pen(kind, on_light=on_light)
        handles.append(
            Line2D(
                [],
                [],
                color=how.colour,
                linestyle=how.style,
                linewidth=how.width + 0.5,
                path_effects=halo(how.halo, how.width + 1.5),
                label=legend_text(_names(kind, labels, tumours_named=tumours_named)),
            )
        )
    return handles


def _names(kind: StructureKind, labels: Sequence[str], *, tumours_named: bool) -> str:
    word = "other organ" if kind is StructureKind.OTHER else kind_words(kind)
    if len(labels) > 1:
        named = kind is StructureKind.TUMOUR and tumours_named
        return f"{len(labels)} × {word}" + (", named in the picture" if named else "")
    only = shortened(labels[0])
    return only if word.casefold() in only.casefold() else f"{only} ({word})"


def shortened(label: str, longest: int = _LONGEST_NAME) -> str:
    """Return a label that fits into a picture.

    >>> shortened("Metastasis of segment seven")
    'Metastasis of seg…'
    """
    return label if len(label) <= longest else label[: longest - 1] + "…"


def _ink(*, on_light: bool) -> tuple[str, str]:
    """Return the colours of text and of its halo."""
    return (INK, "white") if on_light else ("white", BLACK)


def draw_letters(axes: Axes, where: Picture, *, on_light: bool = False) -> None:
    """Write R and L, A and P, H and F at the edges."""
    left, right, top, bottom = LETTERS[where.view]
    ink, rim = _ink(on_light=on_light)
    for text, x, y, across, upright in (
        (left, 0.015, 0.5, "left", "center"),
        (right, 0.985, 0.5, "right", "center"),
        (top, 0.5, 0.985, "center", "top"),
        (bottom, 0.5, 0.015, "center", "bottom"),
    ):
        axes.text(
            x,
            y,
            text,
            transform=axes.transAxes,
            ha=across,
            va=upright,
            fontsize=TEXT_PT + 1,
            fontweight="bold",
            color=ink,
            path_effects=halo(rim, 2.2),
            zorder=20,
        )


def draw_scale_bar(axes: Axes, where: Picture, *, on_light: bool = False) -> None:
    """Draw a line of known length in the lower left corner."""
    length_mm = float(read_table("display")["scale_bar"]["length_mm"])
    ink, rim = _ink(on_light=on_light)
    left, right, bottom, top = where.extent_mm
    x = left + 0.04 * (right - left)
    y = bottom + 0.05 * (top - bottom)
    axes.plot(
        [x, x + length_mm],
        [y, y],
        color=ink,
        linewidth=2.2,
        solid_capstyle="butt",
        path_effects=halo(rim, 3.8),
        zorder=20,
    )
    axes.text(
        x + length_mm / 2,
        y + 0.012 * (top - bottom),
        f"{length_mm:g} mm",
        ha="center",
        va="bottom",
        fontsize=SMALL_PT,
        color=ink,
        path_effects=halo(rim, 1.8),
        zorder=20,
    )


@dataclass(frozen=True)
class _Patch:
    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: "_Patch") -> bool:
        apart = (
            self.right < other.left
            or other.right < self.left
            or self.top < other.bottom
            or other.top < self.bottom
        )
        return not apart

    def inside(self, where: Picture) -> bool:
        left, right, bottom, top = where.extent_mm
        return left < self.left and self.right < right and bottom < self.bottom and self.top < top


def draw_names(
    axes: Axes,
    where: Picture,
    drawn: Sequence[tuple[Outline, NDArray[np.float32]]],
    focus_mm: NDArray[np.float64],
    mm_per_in: float,
) -> None:
    """Write the names of outlined structures beside them, where they hide no other name."""
    mm_per_pt = mm_per_in / _POINTS_PER_INCH
    # A name must not lie on another structure of the same kind: it would seem to be that one's.
    boxes = [_box_around(where, inside) for _, inside in drawn]
    taken = [*_reserved(where, mm_per_pt), *_ticks(where, focus_mm, mm_per_pt), *boxes]
    for (one, _), box in zip(drawn, boxes, strict=True):
        text = shortened(one.label)
        width = len(text) * _CHARACTER_PER_PT * SMALL_PT * mm_per_pt
        height = 1.25 * SMALL_PT * mm_per_pt
        patch = _free_place(box, width, height, taken, where)
        taken.append(patch)
        axes.text(
            patch.left,
            (patch.bottom + patch.top) / 2,
            text,
            ha="left",
            va="center",
            fontsize=SMALL_PT,
            color="white",
            path_effects=halo(BLACK, 1.6),
            zorder=15,
        )


def _box_around(where: Picture, inside: NDArray[np.float32]) -> _Patch:
    """Return the box around what a picture shows of a structure."""
    left, right, bottom, top = where.extent_mm
    rows, columns = np.nonzero(inside > _EDGE)
    step_x = (right - left) / inside.shape[1]
    step_y = (top - bottom) / inside.shape[0]
    return _Patch(
        left + columns.min() * step_x,
        left + (columns.max() + 1) * step_x,
        bottom + rows.min() * step_y,
        bottom + (rows.max() + 1) * step_y,
    )


def _reserved(where: Picture, mm_per_pt: float) -> list[_Patch]:
    """Return the places of the letters and of the scale bar."""
    left, right, bottom, top = where.extent_mm
    letter = 1.6 * (TEXT_PT + 1) * mm_per_pt
    x, y = (left + right) / 2, (bottom + top) / 2
    bar_mm = float(read_table("display")["scale_bar"]["length_mm"])
    bar_top = bottom + 0.08 * (top - bottom) + letter
    return [
        _Patch(left, left + letter, y - letter / 2, y + letter / 2),
        _Patch(right - letter, right, y - letter / 2, y + letter / 2),
        _Patch(x - letter / 2, x + letter / 2, top - letter, top),
        _Patch(x - letter / 2, x + letter / 2, bottom, bottom + letter),
        _Patch(left, left + 0.04 * (right - left) + bar_mm, bottom, bar_top),
    ]


def tick_ends(
    where: Picture, focus_mm: NDArray[np.float64]
) -> tuple[tuple[float, float, float, float], ...]:
    """Return (x, x, y, y) of the four marks that show where the other two slices lie."""
    x, y = where.flat(focus_mm)
    left, right, bottom, top = where.extent_mm
    long_x, long_y = _TICK * (right - left), _TICK * (top - bottom)
    return (
        (x, x, bottom, bottom + long_y),
        (x, x, top - long_y, top),
        (left, left + long_x, y, y),
        (right - long_x, right, y, y),
    )


def draw_ticks(axes: Axes, where: Picture, focus_mm: NDArray[np.float64]) -> None:
    """Mark at the edges where the other two slices lie."""
    for x_low, x_high, y_low, y_high in tick_ends(where, focus_mm):
        axes.plot([x_low, x_high], [y_low, y_high], color="white", linewidth=0.9, zorder=18)


def _ticks(where: Picture, focus_mm: NDArray[np.float64], mm_per_pt: float) -> list[_Patch]:
    return [
        _Patch(x_low - mm_per_pt, x_high + mm_per_pt, y_low - mm_per_pt, y_high + mm_per_pt)
        for x_low, x_high, y_low, y_high in tick_ends(where, focus_mm)
    ]


def _free_place(
    around: _Patch, width: float, height: float, taken: Sequence[_Patch], where: Picture
) -> _Patch:
    """Return the first place beside a box that is inside the picture and free of others."""
    x, y = (around.left + around.right) / 2, (around.bottom + around.top) / 2
    gap = height / 3
    first: _Patch | None = None
    for away in range(8):
        step = gap + away * height
        for left, middle in (
            (around.right + gap, y + away * height),
            (around.left - gap - width, y + away * height),
            (x - width / 2, around.top + step + height / 2),
            (x - width / 2, around.bottom - step - height / 2),
            (around.right + gap, y - away * height),
            (around.left - gap - width, y - away * height),
        ):
            patch = _Patch(left, left + width, middle - height / 2, middle + height / 2)
            if not patch.inside(where):
                continue
            first = first or patch
            if not any(patch.meets(one) for one in taken):
                return patch
    return first or _Patch(x, x + width, y - height / 2, y + height / 2)
