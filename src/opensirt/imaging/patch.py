"""A small grid around one structure, and what lies on it."""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import Image3D
from opensirt.domain.structure import Mask
from opensirt.imaging.voxel_weights import cropped, voxel_weights

_FINEST_MM = 1.0
"""No patch has smaller voxels than this …"""

_STEP_MM = 0.25
"""… and all have multiples of this, so that few kernels serve all."""

_SPLINE_MARGIN = 8
"""Voxels around a part of an image beyond which they do not change its splines."""


def patch_around(mask: Mask, *, margin_mm: float, n_voxels: int) -> Grid:
    """Return a grid along a mask's axes, with cubic voxels, that covers it.

    Parameters
    ----------
    margin_mm
        Room on every side.
    n_voxels
        About so many: a small structure gets small voxels.
    """
    from scipy.fft import next_fast_len

    box = cropped(mask).grid
    sides = np.array(box.shape) * box.spacing_mm + 2 * margin_mm
    wanted_mm = float(np.prod(sides) / n_voxels) ** (1 / 3)
    spacing_mm = max(ceil(wanted_mm / _STEP_MM) * _STEP_MM, _FINEST_MM)
    k, j, i = (int(next_fast_len(int(np.ceil(mm / spacing_mm)), real=True)) for mm in sides)
    affine = np.eye(4)
    affine[:3, :3] = box.directions * spacing_mm
    middle = box.lps_mm((np.array(box.shape) - 1.0) / 2)
    affine[:3, 3] = middle - affine[:3, :3] @ (np.array((k, j, i)) - 1.0) / 2
    return Grid((k, j, i), affine, box.frame_of_reference_uid)


def fractions_on(mask: Mask, grid: Grid) -> NDArray[np.float64]:
    """Return the part of each voxel of a grid inside a mask, (k, j, i)."""
    weights = voxel_weights(mask, grid)
    values = np.zeros(grid.n_voxels)
    values[weights.flat_index] = np.minimum(weights.fraction, 1.0)
    return values.reshape(grid.shape)


def interpolated_on(image: Image3D, grid: Grid) -> NDArray[np.float64]:
    """Return an image at the voxel centres of a grid by cubic splines, (k, j, i).

    Beyond its edge the image goes on as at its edge.

    Raises
    ------
    GeometryError
        When the two lie in different frames of reference.
    """
    from scipy.ndimage import map_coordinates

    image.grid.require_same_frame(grid)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    at = image.grid.index_of(grid.lps_mm(index)).reshape(-1, 3)
    last = np.array(image.grid.shape) - 1
    low = np.clip(np.floor(at.min(axis=0)).astype(int) - _SPLINE_MARGIN, 0, last)
    high = np.clip(np.ceil(at.max(axis=0)).astype(int) + _SPLINE_MARGIN, low, last)
    box = tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))
    part = image.values[box].astype(np.float64)
    made: NDArray[np.float64] = map_coordinates(part, (at - low).T, mode="nearest")
    return made.reshape(grid.shape)
