"""Maximum-intensity projections from the front and from the side."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import PowerNorm
from numpy.typing import NDArray

from opensirt.domain.structure import StructureKind
from opensirt.reference.table import read_table
from opensirt.report.figures.canvas import SMALL_PT, TITLE_PT, WIDTH_IN, png, sheet, style
from opensirt.report.figures.display import (
    Box,
    Picture,
    View,
    box_of,
    box_of_grid,
    box_of_most,
    projected,
)
from opensirt.report.figures.marks import (
    draw_letters,
    draw_outline,
    draw_scale_bar,
    legend_handles,
)
from opensirt.report.figures.palette import PROJECTION_MAP
from opensirt.report.figures.scale import top_of_scale
from opensirt.report.figures.scene import Outline, Scene

_GAP_IN = 0.15
_HEAD_IN = 0.24
_BAR_IN = 0.45
_LEGEND_ROW_IN = 0.17
_LEGEND_COLUMNS = 4
_TICKS = (0.0, 0.05, 0.2, 0.5, 1.0)
"""Parts of the scale that get a tick; it grows with the square root."""

_TALLEST_IN = 4.2
_VIEWS = (View.CORONAL, View.SAGITTAL)


def projections_png(scene: Scene) -> bytes:
    """Return the maximum-intensity projections of a scene's image, with the outlines projected.

    The frame holds every outlined structure and, along each axis, all but a small part of the
    positive activity, so that uptake outside the liver is seen.
    """
    rule = read_table("display")["projection"]
    spacing_mm = float(rule["spacing_mm"])
    box = _frame(scene, float(rule["cut_off_fraction"]), float(rule["margin_mm"]))
    image = scene.image
    found = {view: projected(image.values, image.grid, view, box, spacing_mm) for view in _VIEWS}
    values = {view: flat * np.float32(scene.scale.factor) for view, (_, flat) in found.items()}
    top = top_of_scale(list(values.values()))
    width_mm, depth_mm, height_mm = box.size_mm
    in_per_mm = min(
        (WIDTH_IN - _GAP_IN) / (width_mm + depth_mm),
        (_TALLEST_IN - _HEAD_IN - _BAR_IN) / height_mm,
    )
    widths = {View.CORONAL: width_mm * in_per_mm, View.SAGITTAL: depth_mm * in_per_mm}
    height = height_mm * in_per_mm
    with style():
        handles = legend_handles(_outlined(scene), tumours_named=False, on_light=True)
        foot = _BAR_IN + _LEGEND_ROW_IN * -(-len(handles) // _LEGEND_COLUMNS)
        total = height + _HEAD_IN + foot
        figure = sheet(total)
        left = (WIDTH_IN - sum(widths.values()) - _GAP_IN) / 2
        for view in _VIEWS:
            place = (left / WIDTH_IN, foot / total, widths[view] / WIDTH_IN, height / total)
            axes = figure.add_axes(place)
            where, _ = found[view]
            _draw(axes, where, values[view], scene, box, top)
            left += widths[view] + _GAP_IN
        bar = figure.add_axes((0.02, (foot - 0.24) / total, 0.4, 0.11 / total))
        highest = max(float(np.nanmax(one)) for one in values.values())
        figure.colorbar(
            ScalarMappable(_norm(top), PROJECTION_MAP),
            cax=bar,
            orientation="horizontal",
            extend="max" if highest > top else "neither",
            ticks=[part * top for part in _TICKS],
            format="%g",
        )
        bar.tick_params(labelsize=SMALL_PT, pad=1)
        words = f"{scene.scale.words}; grey grows with the square root"
        figure.text(0.46, (foot - 0.185) / total, words, fontsize=SMALL_PT, va="center")
        if handles:
            figure.legend(
                handles=handles,
                loc="lower left",
                bbox_to_anchor=(0.01, 0.0),
                ncols=_LEGEND_COLUMNS,
                handlelength=2.4,
                columnspacing=1.4,
                borderpad=0.0,
            )
        return png(figure)


def _outlined(scene: Scene) -> list[Outline]:
    """Return what is outlined: not the perfused volumes where the liver itself is drawn."""
    kinds = {one.kind for one in scene.outlines}
    left_out = {StructureKind.PERFUSED_VOLUME} if StructureKind.LIVER in kinds else set()
    return [one for one in scene.outlines if one.kind not in left_out]


def _norm(top: float) -> PowerNorm:
    """Return a scale that keeps weak uptake outside the liver visible."""
    return PowerNorm(0.5, 0.0, top, clip=True)


def _frame(scene: Scene, cut_off: float, margin_mm: float) -> Box:
    grid = scene.image.grid
    whole = box_of_grid(grid)
    box = box_of_most(grid, scene.image.values, cut_off)
    for one in scene.outlines:
        around = box_of(one.mask.grid, one.mask.values)
        if around is not None:
            box = around if box is None else box.joined(around)
    return whole if box is None else box.grown(margin_mm).within(whole)


def _draw(
    axes: Axes,
    where: Picture,
    values: NDArray[np.float32],
    scene: Scene,
    box: Box,
    top: float,
) -> None:
    axes.set_facecolor("white")
    axes.imshow(
        np.ma.masked_invalid(values),
        cmap=PROJECTION_MAP,
        norm=_norm(top),
        extent=where.extent_mm,
        origin="lower",
        interpolation="bilinear",
    )
    step_mm = (where.extent_mm[1] - where.extent_mm[0]) / values.shape[1]
    for one in _outlined(scene):
        mask = one.mask
        _, flat = projected(mask.values.view(np.uint8), mask.grid, where.view, box, step_mm)
        draw_outline(axes, where, np.nan_to_num(flat), one.kind, on_light=True)
    left, right, bottom, upper = where.extent_mm
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, upper)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    draw_letters(axes, where, on_light=True)
    draw_scale_bar(axes, where, on_light=True)
    axes.set_title(where.view.value.capitalize(), fontsize=TITLE_PT, pad=3)
