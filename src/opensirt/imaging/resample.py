"""The same quantity on another grid."""

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import Image3D
from opensirt.errors import GeometryError

ImageT = TypeVar("ImageT", bound=Image3D)

_ALIGNED = 1e-6
"""Off-axis part of a voxel step, in voxels, below which grids are parallel."""

_POINTS_AT_MOST = 4
"""Oblique grids: sample points of one voxel along each axis."""


def averaged_on(image: ImageT, grid: Grid) -> ImageT:
    """Return the mean of an image over each voxel of another grid.

    For quantities per volume (density, concentration, CT number). Parallel grids, whatever the
    order and direction of their axes, give the exact mean over boxes; for oblique ones the mean
    of linearly interpolated points. Beyond its edge the image goes on as at its edge: check
    that it covers what matters first.

    Raises
    ------
    GeometryError
        When the two lie in different frames of reference.
    """
    try:
        image.grid.require_same(grid)
    except GeometryError:
        image.grid.require_same_frame(grid)
    else:
        return image
    whole = np.linalg.inv(image.grid.affine) @ grid.affine
    step, start = whole[:3, :3], whole[:3, 3]
    # step[a, b]: movement along source axis a for one voxel along target axis b.
    target_axis = np.abs(step).argmax(axis=1)
    off_axis = step.copy()
    off_axis[np.arange(3), target_axis] = 0.0
    drift = np.abs(off_axis) @ np.array(grid.shape, dtype=np.float64)
    if sorted(target_axis) == [0, 1, 2] and drift.max() < _ALIGNED * max(image.grid.shape):
        values = _by_boxes(image, grid, step, start, target_axis)
    else:
        values = _by_points(image, grid, step, start)
    return replace(image, grid=grid, values=values)


def _mean_weights(n_target: int, n_source: int, step: float, start: float) -> NDArray[np.float64]:
    """Return (target, source) shares of each source cell in each target cell, rows of sum 1."""
    centre = start + step * np.arange(n_target)
    low = (centre - abs(step) / 2)[:, None]
    high = (centre + abs(step) / 2)[:, None]
    left = np.arange(n_source) - 0.5
    right = left + 1.0
    left[0], right[-1] = -np.inf, np.inf  # the edge goes on
    overlap = np.maximum(np.minimum(high, right) - np.maximum(low, left), 0.0)
    shares: NDArray[np.float64] = overlap / overlap.sum(axis=1, keepdims=True)
    return shares


def _by_boxes(
    image: Image3D,
    grid: Grid,
    step: NDArray[np.float64],
    start: NDArray[np.float64],
    target_axis: NDArray[np.int64],
) -> NDArray[np.float32]:
    from scipy.sparse import csr_array

    weights: list[Any] = [  # scipy-stubs give a sparse array for a dense product
        csr_array(
            _mean_weights(
                grid.shape[int(target_axis[axis])],
                image.grid.shape[axis],
                float(step[axis, int(target_axis[axis])]),
                float(start[axis]),
            )
        )
        for axis in range(3)
    ]
    values = image.values.astype(np.float64)
    # The axis that shrinks most goes first: the others then have less to do.
    for axis in sorted(range(3), key=lambda one: weights[one].shape[0] / weights[one].shape[1]):
        moved = np.moveaxis(values, axis, 0)
        summed = weights[axis] @ moved.reshape(moved.shape[0], -1)
        values = np.moveaxis(summed.reshape(-1, *moved.shape[1:]), 0, axis)
    order = np.argsort(target_axis)
    return np.ascontiguousarray(np.transpose(values, tuple(order)), dtype=np.float32)


def _by_points(
    image: Image3D, grid: Grid, step: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.float32]:
    from scipy.ndimage import map_coordinates

    n_points = np.ceil(np.abs(step).max(axis=0)).astype(int)
    n_points = np.clip(n_points, 1, _POINTS_AT_MOST)
    values = np.zeros(grid.shape, dtype=np.float64)
    parts = [(np.arange(n) + 0.5) / n - 0.5 for n in n_points]
    offsets = np.stack(np.meshgrid(*parts, indexing="ij"), axis=-1).reshape(-1, 3)
    j, i = np.meshgrid(np.arange(grid.shape[1]), np.arange(grid.shape[2]), indexing="ij")
    for k in range(grid.shape[0]):
        plane = np.stack((np.full_like(j, k), j, i), axis=-1)
        for offset in offsets:
            at = (plane + offset) @ step.T + start
            values[k] += map_coordinates(
                image.values, np.moveaxis(at, -1, 0), order=1, mode="nearest"
            )
    return (values / len(offsets)).astype(np.float32)
