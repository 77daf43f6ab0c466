"""Axial, coronal and sagittal slices that meet in one point, at one scale."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from opensirt.domain.image import CtImage
from opensirt.domain.structure import StructureKind
from opensirt.reference.table import read_table
from opensirt.report.figures.canvas import SMALL_PT, TITLE_PT, WIDTH_IN, png, sheet, style
from opensirt.report.figures.display import (
    Picture,
    View,
    depth_axis,
    part_inside,
    picture,
    slice_of,
)
from opensirt.report.figures.marks import (
    draw_letters,
    draw_names,
    draw_outline,
    draw_scale_bar,
    draw_ticks,
    legend_handles,
)
from opensirt.report.figures.palette import DOSE_MAP, SOFT_INK
from opensirt.report.figures.scale import top_of_scale
from opensirt.report.figures.scene import Outline, Scene
from opensirt.report.number import rounded

_GAP_IN = 0.12
_HEAD_IN = 0.24
_TALLEST_IN = 7.4
_FULL_COLOUR_AT = 0.15
"""Part of the colour scale from which on the overlay has its full strength."""

_DEPTH_LETTER = ("x", "y", "z")


@dataclass(frozen=True, eq=False)
class _Panel:
    where: Picture
    values: NDArray[np.float32]
    anatomy: NDArray[np.float32] | None


def slices_top(scene: Scene, focus_mm: NDArray[np.float64]) -> float:
    """Return where the colour scale of three slices ends, for a scale that pictures share."""
    return _top(_panels(scene, focus_mm))


def slices_png(scene: Scene, focus_mm: NDArray[np.float64], *, top: float | None = None) -> bytes:
    """Return three slices through a point with overlay, outlines, colour bar and legend.

    Parameters
    ----------
    scene
        What is shown.
    focus_mm : (3,)
        Point (x, y, z) in LPS mm that all three slices contain.
    top
        Where the colour scale ends, in the unit of the scene; that of these slices when None.
    """
    panels = _panels(scene, focus_mm)
    if top is None:
        top = _top(panels)
    with style():
        figure, axes, key, mm_per_in = _layout(panels)
        shown: dict[str, Outline] = {}
        for view, panel in panels.items():
            _draw_panel(axes[view], panel, scene, top, focus_mm, mm_per_in, shown)
        _draw_key(figure, key, scene, top, panels, shown)
        return png(figure)


def _panels(scene: Scene, focus_mm: NDArray[np.float64]) -> dict[View, _Panel]:
    box = scene.box()
    spacing_mm = float(read_table("display")["slice"]["spacing_mm"])
    panels = {}
    for view in View:
        where = picture(view, box, float(focus_mm[depth_axis(view)]), spacing_mm)
        anatomy = None if scene.anatomy is None else slice_of(scene.anatomy, where)
        values = slice_of(scene.image, where) * np.float32(scene.scale.factor)
        panels[view] = _Panel(where, values, anatomy)
    return panels


def _top(panels: Mapping[View, _Panel]) -> float:
    return top_of_scale([panel.values for panel in panels.values()])


def _layout(
    panels: Mapping[View, _Panel],
) -> tuple[Figure, dict[View, Axes], tuple[float, float, float, float], float]:
    """Return a figure with the three panels at one scale, and the place of the key."""
    x0, x1, y0, y1 = panels[View.AXIAL].where.extent_mm
    width_mm, depth_mm = x1 - x0, y1 - y0
    _, _, z0, z1 = panels[View.CORONAL].where.extent_mm
    height_mm = z1 - z0
    in_per_mm = (WIDTH_IN - _GAP_IN) / (width_mm + depth_mm)
    in_per_mm = min(in_per_mm, (_TALLEST_IN - 2 * _HEAD_IN) / (depth_mm + height_mm))
    width, depth, height = (one * in_per_mm for one in (width_mm, depth_mm, height_mm))
    total_in = depth + height + 2 * _HEAD_IN
    figure = sheet(total_in)
    left = (WIDTH_IN - width - depth - _GAP_IN) / 2
    second = left + width + _GAP_IN

    def at(x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
        return x / WIDTH_IN, y / total_in, w / WIDTH_IN, h / total_in

    axes = {
        View.AXIAL: figure.add_axes(at(left, height + _HEAD_IN, width, depth)),
        View.CORONAL: figure.add_axes(at(left, 0, width, height)),
        View.SAGITTAL: figure.add_axes(at(second, 0, depth, height)),
    }
    return figure, axes, at(second, height + _HEAD_IN, depth, depth), 1.0 / in_per_mm


def _draw_panel(
    axes: Axes,
    panel: _Panel,
    scene: Scene,
    top: float,
    focus_mm: NDArray[np.float64],
    mm_per_in: float,
    shown: dict[str, Outline],
) -> None:
    where = panel.where
    axes.set_facecolor("black")
    if panel.anatomy is not None:
        low, high = _window(scene, panel.anatomy)
        axes.imshow(
            panel.anatomy, cmap="gray", vmin=low, vmax=high, extent=where.extent_mm, origin="lower"
        )
    colour = ScalarMappable(Normalize(0.0, top), DOSE_MAP).to_rgba(
        np.ma.masked_invalid(panel.values)
    )
    part = np.clip(np.nan_to_num(panel.values) / (_FULL_COLOUR_AT * top), 0.0, 1.0)
    strength = 0.62 if isinstance(scene.anatomy, CtImage) else 1.0
    colour[..., 3] = part * strength
    axes.imshow(colour, extent=where.extent_mm, origin="lower")
    named = []
    for one in scene.outlines:
        inside = part_inside(one.mask, where)
        if draw_outline(axes, where, inside, one.kind):
            shown[one.label] = one
            if one.kind is StructureKind.TUMOUR:
                named.append((one, inside))
    if len(scene.tumours()) > 1:
        draw_names(axes, where, named, focus_mm, mm_per_in)
    left, right, bottom, upper = where.extent_mm
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, upper)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    draw_letters(axes, where)
    draw_scale_bar(axes, where)
    draw_ticks(axes, where, focus_mm)
    letter = _DEPTH_LETTER[depth_axis(where.view)]
    axes.set_title(
        f"{where.view.value.capitalize()}, {letter} = {rounded(round(where.depth_mm, 1))} mm",
        fontsize=TITLE_PT,
        pad=3,
    )


def _window(scene: Scene, anatomy: NDArray[np.float32]) -> tuple[float, float]:
    """Return the values shown black and white."""
    if isinstance(scene.anatomy, CtImage):
        window = read_table("display")["ct_window"]
        return float(window["black_hu"]), float(window["white_hu"])
    assert scene.anatomy is not None  # noqa: S101 - the caller has drawn it
    # A faint image of the body: the liver itself is covered by the overlay.
    return 0.0, max(float(scene.anatomy.values.max()) * 0.15, float(np.nanmax(anatomy)) * 0.3, 1e-9)


def _draw_key(
    figure: Figure,
    place: tuple[float, float, float, float],
    scene: Scene,
    top: float,
    panels: Mapping[View, _Panel],
    shown: Mapping[str, Outline],
) -> None:
    """Draw colour bar and legend in the free quarter."""
    x, y, width, height = place
    highest = max(float(np.nanmax(one.values)) for one in panels.values())
    bar = figure.add_axes((x + 0.08 * width, y + 0.85 * height, 0.84 * width, 0.055 * height))
    figure.colorbar(
        ScalarMappable(Normalize(0.0, top), DOSE_MAP),
        cax=bar,
        orientation="horizontal",
        extend="max" if highest > top else "neither",
    )
    bar.set_title(scene.scale.words, fontsize=TITLE_PT, loc="left", pad=4)
    bar.tick_params(labelsize=SMALL_PT)
    legend = figure.add_axes((x, y, width, 0.72 * height))
    legend.axis("off")
    handles = legend_handles(list(shown.values()), tumours_named=len(scene.tumours()) > 1)
    if handles:
        legend.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0.05, 1.0),
            handlelength=2.6,
            labelspacing=0.8,
            facecolor="#777777",
        )
    notes = [
        f"Highest value in these slices: {rounded(highest)} {scene.scale.unit}",
        _beneath(scene),
        "Patient's right is on the left",
        "Ticks: where the other slices lie",
    ]
    legend.text(
        0.06,
        0.0,
        "\n".join(one for one in notes if one),
        transform=legend.transAxes,
        va="bottom",
        ha="left",
        fontsize=SMALL_PT,
        color=SOFT_INK,
        linespacing=1.5,
    )


def _beneath(scene: Scene) -> str:
    if scene.anatomy is None:
        return "No CT: outlines are the only anatomy"
    if isinstance(scene.anatomy, CtImage):
        return "Grey: CT"
    return "Grey: the activity image; there is no CT"
