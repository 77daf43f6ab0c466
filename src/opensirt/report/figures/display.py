"""From voxels of any orientation to flat pictures along the axes of the patient.

A picture is sampled in LPS millimetres, so flipped, permuted, oblique and anisotropic grids all
come out the same way round: patient's right on the left of an axial or coronal picture, head up,
face to the left on a sagittal one.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from opensirt.domain.grid import Grid
from opensirt.domain.image import Image3D
from opensirt.domain.structure import Mask

_ALIGNED_COSINE = 1e-6
"""Axes whose directions differ from the patient's by less than this count as parallel to them."""


_HALF_VOXEL = 0.5

Values = NDArray[np.float32] | NDArray[np.uint8]


class View(Enum):
    """A direction of looking."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


_RIGHTWARD = {View.AXIAL: 0, View.CORONAL: 0, View.SAGITTAL: 1}
_UPWARD = {View.AXIAL: (1, -1.0), View.CORONAL: (2, 1.0), View.SAGITTAL: (2, 1.0)}
LETTERS = {
    View.AXIAL: ("R", "L", "A", "P"),
    View.CORONAL: ("R", "L", "H", "F"),
    View.SAGITTAL: ("A", "P", "H", "F"),
}
"""Letters at the left, right, upper and lower edge of each view."""


@dataclass(frozen=True)
class Box:
    """A box along the LPS axes, in mm."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    def grown(self, margin_mm: float) -> "Box":
        """Return the box with a margin on every side."""
        x, y, z = (one - margin_mm for one in self.low)
        right, back, top = (one + margin_mm for one in self.high)
        return Box((x, y, z), (right, back, top))

    def joined(self, other: "Box") -> "Box":
        """Return the smallest box around both."""
        low = np.minimum(self.low, other.low)
        high = np.maximum(self.high, other.high)
        return _box(low, high)

    def within(self, other: "Box") -> "Box":
        """Return the part inside `other`; `self` where they do not meet."""
        low = np.maximum(self.low, other.low)
        high = np.minimum(self.high, other.high)
        return _box(low, high) if (low < high).all() else self

    @property
    def size_mm(self) -> tuple[float, float, float]:
        """Edges along x, y and z."""
        x, y, z = np.subtract(self.high, self.low)
        return float(x), float(y), float(z)


def _box(low: NDArray[np.float64], high: NDArray[np.float64]) -> Box:
    x, y, z = (float(one) for one in low)
    right, back, top = (float(one) for one in high)
    return Box((x, y, z), (right, back, top))


def box_of_grid(grid: Grid) -> Box:
    """Return the box around all voxels of a grid, edges included."""
    corners = np.array(list(np.ndindex(2, 2, 2))) * np.array(grid.shape) - 0.5
    points = grid.lps_mm(corners)
    return _box(points.min(axis=0), points.max(axis=0))


def _index_range(selected: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Return the outer edges (2, 3) of the True voxels in index units, or None without any."""
    edges = []
    for axis in range(3):
        others = tuple(one for one in range(3) if one != axis)
        at = np.flatnonzero(selected.any(axis=others))
        if at.size == 0:
            return None
        edges.append((at[0] - 0.5, at[-1] + 0.5))
    return np.array(edges).T


def box_of(grid: Grid, selected: NDArray[np.bool_]) -> Box | None:
    """Return the box around the selected voxels of a grid, or None where there is none."""
    edges = _index_range(selected)
    if edges is None:
        return None
    return _box_of_edges(grid, edges)


def _box_of_edges(grid: Grid, edges: NDArray[np.float64]) -> Box:
    """Return the box around two opposite corners (2, 3) in index units."""
    pick = np.array(list(np.ndindex(2, 2, 2)))
    points = grid.lps_mm(np.stack([edges[pick[:, axis], axis] for axis in range(3)], axis=-1))
    return _box(points.min(axis=0), points.max(axis=0))


def box_of_most(grid: Grid, values: NDArray[np.float32], cut_off: float) -> Box | None:
    """Return the box that, along each array axis, holds all but a part of the positive values.

    Parameters
    ----------
    cut_off
        Part of the sum that may lie outside the box along one axis, half at each end.
    """
    edges = []
    for axis in range(3):
        others = tuple(one for one in range(3) if one != axis)
        along = np.maximum(values, 0).sum(axis=others, dtype=np.float64).cumsum()
        if not along[-1] > 0:
            return None
        ends = np.array([cut_off / 2, 1 - cut_off / 2]) * along[-1]
        first, last = np.searchsorted(along, ends)
        edges.append((first - _HALF_VOXEL, last + _HALF_VOXEL))
    return _box_of_edges(grid, np.array(edges).T)


def trimmed(mask: Mask) -> Mask | None:
    """Return the mask cut to its True voxels with a rim of one False voxel; None when empty."""
    edges = _index_range(mask.values)
    if edges is None:
        return None
    first = np.round(edges[0] + _HALF_VOXEL).astype(int)
    last = np.round(edges[1] + _HALF_VOXEL).astype(int)
    part = mask.values[tuple(slice(a, b) for a, b in zip(first, last, strict=True))]
    values = np.pad(part, 1)
    affine = mask.grid.affine.copy()
    affine[:3, 3] = mask.grid.lps_mm(first - 1)
    k, j, i = values.shape
    return Mask(Grid((k, j, i), affine, mask.grid.frame_of_reference_uid), values)


def middle_of(mask: Mask) -> NDArray[np.float64]:
    """Return the LPS mm of the voxel of a mask that lies nearest to its centroid."""
    index = np.argwhere(mask.values)
    points = mask.grid.lps_mm(index)
    distance = np.linalg.norm(points - points.mean(axis=0), axis=1)
    middle: NDArray[np.float64] = points[int(np.argmin(distance))]
    return middle


@dataclass(frozen=True, eq=False)
class Picture:
    """Where the points of one flat picture lie.

    `extent_mm` is left, right, bottom, top in display millimetres; they grow to the right and
    upwards, so the row of the array that comes first is the lowest.
    """

    view: View
    extent_mm: tuple[float, float, float, float]
    points_mm: NDArray[np.float64]
    """(rows, columns, 3) LPS mm of the display points."""
    depth_mm: float
    """Place of a slice on the axis that it is perpendicular to."""

    def flat(self, lps_mm: NDArray[np.float64]) -> tuple[float, float]:
        """Return where a point of the patient lies on the picture."""
        axis, sign = _UPWARD[self.view]
        return float(lps_mm[_RIGHTWARD[self.view]]), float(sign * lps_mm[axis])


def depth_axis(view: View) -> int:
    """Return the LPS axis along which one looks."""
    return {View.AXIAL: 2, View.CORONAL: 1, View.SAGITTAL: 0}[view]


def picture(view: View, box: Box, depth_mm: float, spacing_mm: float) -> Picture:
    """Return the display points of one view of a box at one depth."""
    across = _RIGHTWARD[view]
    axis, sign = _UPWARD[view]
    columns = _steps(box.low[across], box.high[across], spacing_mm)
    low, high = sorted((sign * box.low[axis], sign * box.high[axis]))
    rows = _steps(low, high, spacing_mm)
    points = np.empty((rows.size, columns.size, 3), dtype=np.float64)
    points[..., across] = columns[None, :]
    points[..., axis] = sign * rows[:, None]
    points[..., depth_axis(view)] = depth_mm
    half = spacing_mm / 2
    extent = (columns[0] - half, columns[-1] + half, rows[0] - half, rows[-1] + half)
    return Picture(view, tuple(float(one) for one in extent), points, depth_mm)  # type: ignore[arg-type] # four of them


def _steps(low: float, high: float, spacing_mm: float) -> NDArray[np.float64]:
    n = max(2, round((high - low) / spacing_mm))
    middle = (low + high) / 2
    steps = np.arange(n, dtype=np.float64) - (n - 1) / 2
    steps *= spacing_mm
    steps += middle
    return steps


def sampled(values: Values, grid: Grid, points_mm: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return values at LPS points by linear interpolation; NaN outside the voxels of the grid."""
    index = np.moveaxis(grid.index_of(points_mm), -1, 0)
    last = np.array(grid.shape, dtype=float).reshape(3, *([1] * (index.ndim - 1))) - 1
    outside = ((index < -_HALF_VOXEL) | (index > last + _HALF_VOXEL)).any(axis=0)
    found = map_coordinates(
        values, np.clip(index, 0, last), order=1, mode="nearest", output=np.float32
    )
    made: NDArray[np.float32] = np.where(outside, np.float32(np.nan), found)
    return made


def slice_of(image: Image3D, where: Picture) -> NDArray[np.float32]:
    """Return the image on a picture's points, NaN outside it."""
    return sampled(image.values, image.grid, where.points_mm)


def part_inside(mask: Mask, where: Picture) -> NDArray[np.float32]:
    """Return how far inside a mask each point of a picture lies, 0 to 1; its edge is at 0.5.

    Only the part of the picture that the mask's grid covers is sampled: cut the mask with
    `trimmed` first.
    """
    made = np.zeros(where.points_mm.shape[:2], dtype=np.float32)
    window = _window_of(box_of_grid(mask.grid), where)
    if window is not None:
        found = sampled(mask.values.view(np.uint8), mask.grid, where.points_mm[window])
        made[window] = np.nan_to_num(found)
    return made


def _window_of(box: Box, where: Picture) -> tuple[slice, slice] | None:
    """Return the rows and columns of a picture inside a box, or None where they do not meet."""
    depth = depth_axis(where.view)
    if not box.low[depth] <= where.depth_mm <= box.high[depth]:
        return None
    axis, _ = _UPWARD[where.view]
    found = []
    for line, along in (
        (where.points_mm[:, 0, axis], axis),
        (where.points_mm[0, :, _RIGHTWARD[where.view]], _RIGHTWARD[where.view]),
    ):
        at = np.flatnonzero((line >= box.low[along]) & (line <= box.high[along]))
        if at.size == 0:
            return None
        found.append(slice(int(at[0]), int(at[-1]) + 1))
    return found[0], found[1]


def projected(
    values: Values, grid: Grid, view: View, box: Box, spacing_mm: float
) -> tuple[Picture, NDArray[np.float32]]:
    """Return the maximum along the line of sight (projection), NaN where there is no voxel.

    Grids along the patient's axes are reduced exactly and then sampled; an oblique one is first
    sampled along them.
    """
    axis = depth_axis(view)
    along = np.abs(grid.directions)
    array_axis = int(np.argmax(along[axis]))
    if along[axis, array_axis] < 1 - _ALIGNED_COSINE:
        return _projected_oblique(values, grid, view, box, spacing_mm)
    inside = _cut(grid, array_axis, axis, box)
    flat = values[_slab(array_axis, inside)].max(axis=array_axis, keepdims=True)
    affine = grid.affine.copy()
    middle = (inside.start + inside.stop - 1) / 2
    affine[:3, 3] += affine[:3, array_axis] * middle
    shape = [int(n) for n in flat.shape]
    thin = Grid((shape[0], shape[1], shape[2]), affine, grid.frame_of_reference_uid)
    # The one layer that is left lies in the middle of the voxels it stands for.
    where = picture(view, box, float(affine[axis, 3]), spacing_mm)
    points = where.points_mm.copy()
    index = thin.index_of(points)
    index[..., array_axis] = 0.0
    return where, sampled(flat, thin, thin.lps_mm(index))


def _cut(grid: Grid, array_axis: int, lps_axis: int, box: Box) -> slice:
    """Return the voxels of one array axis whose centres lie in the box (all where none does)."""
    step = grid.affine[lps_axis, array_axis]
    centres = grid.affine[lps_axis, 3] + step * np.arange(grid.shape[array_axis])
    at = np.flatnonzero((centres >= box.low[lps_axis]) & (centres <= box.high[lps_axis]))
    return slice(int(at[0]), int(at[-1]) + 1) if at.size else slice(0, grid.shape[array_axis])


def _slab(array_axis: int, part: slice) -> tuple[slice, ...]:
    return tuple(part if axis == array_axis else slice(None) for axis in range(3))


def _projected_oblique(
    values: Values, grid: Grid, view: View, box: Box, spacing_mm: float
) -> tuple[Picture, NDArray[np.float32]]:
    axis = depth_axis(view)
    depths = _steps(box.low[axis], box.high[axis], spacing_mm)
    where = picture(view, box, float(depths.mean()), spacing_mm)
    highest = np.full(where.points_mm.shape[:2], np.nan, dtype=np.float32)
    for depth in depths:
        layer = picture(view, box, float(depth), spacing_mm)
        # fmax takes the number where one of two is NaN.
        highest = np.fmax(highest, sampled(values, grid, layer.points_mm))
    return where, highest
