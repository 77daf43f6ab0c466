"""How much of each voxel of one grid a mask on another grid fills."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.structure import Mask, VoxelWeights

_ALIGNED = 1e-6
"""Off-axis part of a voxel step, in voxels of the other grid, below which grids are parallel."""

_SUBPOINT_STEP = 0.125
"""Oblique grids: sub-points of a mask voxel lie at most this part of a target voxel apart."""

_CHUNK_POINTS = 4_000_000


def voxel_weights(mask: Mask, grid: Grid) -> VoxelWeights:
    """Return the part of every voxel of `grid` that lies inside `mask`.

    Parallel grids (any order, direction and spacing of the axes) give the exact overlap of
    boxes. For oblique ones every mask voxel is split into equal sub-points, each handed to the
    voxel it falls into, so that the volume is kept exactly and the boundary is resolved to
    an eighth of a voxel; a fraction may then exceed 1 by sampling noise of a few per cent.

    Raises
    ------
    GeometryError
        When the two lie in different frames of reference.
    """
    grid.require_same_frame(mask.grid)
    if mask.grid.shape == grid.shape and np.array_equal(mask.grid.affine, grid.affine):
        whole = np.flatnonzero(mask.values)
        return VoxelWeights(grid, whole, np.ones(whole.size))
    mask = cropped(mask)
    if not mask.values.any():
        return VoxelWeights(grid, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64))
    step, start = _index_map(mask.grid, grid)
    source_axis = np.abs(step).argmax(axis=1)
    off_axis = step.copy()
    off_axis[np.arange(3), source_axis] = 0.0
    # An off-axis step adds up along the whole mask, so it is judged over its length.
    drift = np.abs(off_axis) @ np.array(mask.grid.shape, dtype=np.float64)
    if sorted(source_axis) == [0, 1, 2] and drift.max() < _ALIGNED * max(grid.shape):
        flat_index, fraction = _exact(mask, grid, step, start, source_axis)
    else:
        flat_index, fraction = _by_subpoints(mask, grid, step, start)
    within_ml = float(fraction.sum()) * grid.voxel_volume_ml
    outside_ml = max(0.0, mask.volume_ml - within_ml)
    if outside_ml < 1e-9 * mask.volume_ml:
        outside_ml = 0.0
    return VoxelWeights(grid, flat_index, fraction, outside_ml)


def cropped(mask: Mask) -> Mask:
    """Return the mask on the smallest grid that holds all of it, in the same place."""
    ranges = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        along = np.flatnonzero(mask.values.any(axis=others))
        if along.size == 0:
            return Mask(replace(mask.grid, shape=(1, 1, 1)), mask.values[:1, :1, :1])
        ranges.append(slice(int(along[0]), int(along[-1]) + 1))
    box = mask.values[tuple(ranges)]
    affine = mask.grid.affine.copy()
    affine[:3, 3] = mask.grid.lps_mm([one.start for one in ranges])
    return Mask(Grid(box.shape, affine, mask.grid.frame_of_reference_uid), box)


def _index_map(source: Grid, target: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return step (3, 3) and start (3,): target index = step @ source index + start."""
    whole = np.linalg.inv(target.affine) @ source.affine
    return whole[:3, :3], whole[:3, 3]


def _overlap(
    n_target: int, n_source: int, step: float, start: float
) -> tuple[int, NDArray[np.float64]]:
    """Return the first target voxel and the overlaps (target, source), in target voxels.

    Source voxel n covers start + step·(n ± ½); target voxel m covers m ± ½.
    """
    centres = start + step * np.arange(n_source)
    half = abs(step) / 2
    low = max(0, int(np.floor(centres.min() - half + 0.5)))
    high = min(n_target - 1, int(np.ceil(centres.max() + half - 0.5)))
    target = np.arange(low, max(high, low - 1) + 1)[:, None]
    left = np.maximum(target - 0.5, centres - half)
    right = np.minimum(target + 0.5, centres + half)
    return low, np.maximum(right - left, 0.0)


def _exact(
    mask: Mask,
    grid: Grid,
    step: NDArray[np.float64],
    start: NDArray[np.float64],
    source_axis: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Overlap of boxes: the product of three one-dimensional overlaps."""
    box = np.transpose(mask.values, tuple(source_axis))
    firsts: list[int] = []
    overlaps: list[NDArray[np.float64]] = []
    used: list[slice] = []
    for axis in range(3):
        along = int(source_axis[axis])
        first, overlap = _overlap(
            grid.shape[axis],
            mask.grid.shape[along],
            float(step[axis, along]),
            float(start[axis]),
        )
        met = np.flatnonzero(overlap.any(axis=0))
        if met.size == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)
        used.append(slice(int(met[0]), int(met[-1]) + 1))
        firsts.append(first)
        overlaps.append(overlap[:, used[-1]])
    part = box[tuple(used)].astype(np.float64)
    # The axis that shrinks most goes first: the others then have less to do.
    for axis in sorted(range(3), key=lambda one: overlaps[one].shape[0] / overlaps[one].shape[1]):
        part = _summed(overlaps[axis], part, axis)
    touched = np.argwhere(part > 0)
    fraction = part[tuple(touched.T)]
    flat = np.ravel_multi_index(tuple((touched + np.array(firsts)).T), grid.shape)
    return flat.astype(np.int64), fraction


def _summed(
    overlap: NDArray[np.float64], part: NDArray[np.float64], axis: int
) -> NDArray[np.float64]:
    """Return the sums of overlap × part along one axis; a voxel overlaps with few others."""
    from scipy.sparse import csr_array

    first = np.moveaxis(part, axis, 0)
    flat = np.asarray(csr_array(overlap) @ first.reshape(len(first), -1))
    summed: NDArray[np.float64] = flat.reshape(-1, *first.shape[1:])
    return np.moveaxis(summed, 0, axis)


def _by_subpoints(
    mask: Mask, grid: Grid, step: NDArray[np.float64], start: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Hand equal sub-points of every mask voxel to the voxels they fall into."""
    inside = np.argwhere(mask.values)
    n_parts = np.maximum(1, np.ceil(np.abs(step).max(axis=0) / _SUBPOINT_STEP)).astype(int)
    offsets = [(np.arange(n) + 0.5) / n - 0.5 for n in n_parts]
    corner = np.stack(np.meshgrid(*offsets, indexing="ij"), axis=-1).reshape(-1, 3) @ step.T
    share = abs(float(np.linalg.det(step))) / len(corner)
    sums = np.zeros(grid.n_voxels)
    n_rows = max(1, _CHUNK_POINTS // len(corner))
    for row in range(0, len(inside), n_rows):
        centres = inside[row : row + n_rows] @ step.T + start
        points = np.rint(centres[:, None, :] + corner).astype(np.int64).reshape(-1, 3)
        valid = ((points >= 0) & (points < np.array(grid.shape))).all(axis=1)
        flat = np.ravel_multi_index(tuple(points[valid].T), grid.shape)
        sums += np.bincount(flat, minlength=grid.n_voxels)
    index = np.flatnonzero(sums)
    return index.astype(np.int64), sums[index] * share
