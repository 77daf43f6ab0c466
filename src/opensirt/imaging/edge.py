"""The voxels on both sides of a mask's edge."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.structure import Mask
from opensirt.imaging.voxel_weights import cropped


def edge_of(mask: Mask) -> tuple[Mask, Mask]:
    """Return the last voxels inside a mask, and the first ones outside it.

    Voxels that share a face count as neighbours. The outer mask lies on a grid one voxel wider
    than the structure, so that an edge at the border of the mask's image is kept.
    """
    from scipy.ndimage import binary_dilation, binary_erosion

    small = cropped(mask)
    values = np.pad(small.values, 1)
    affine = small.grid.affine.copy()
    affine[:3, 3] = small.grid.lps_mm((-1, -1, -1))
    grid = replace(small.grid, shape=values.shape, affine=affine)
    inner = values & ~binary_erosion(values)
    outer = binary_dilation(values) & ~values
    return Mask(grid, inner), Mask(grid, outer)


_SURE = 1e-6
"""Smoothed values nearer to 0 or 1 than this tell no distance."""

_SLOPE = 0.3
"""Far from an edge the slope is not taken below this part of that at a straight edge."""

_HALVINGS = 30

_DIVIDED = 0.25
"""Part of a voxel's side around an edge in which it counts as divided."""


def edge_distance_mm(
    fraction: NDArray[np.float64], spacing_mm: Sequence[float], rounding_mm: Sequence[float]
) -> NDArray[np.float64]:
    """Return the distance of every voxel from the smooth edge of a structure, negative inside.

    The mask is smoothed; across a straight edge its values then follow the normal distribution,
    whose quantile grows evenly with the distance. Divided by its slope it is the distance near
    any smooth edge. It is set off so that the volume is that of the mask.

    Parameters
    ----------
    fraction : (k, j, i)
        Part of each voxel inside the structure.
    spacing_mm
        Of the voxels along k, j, i.
    rounding_mm
        Standard deviation along k, j, i of the Gaussian that rounds the steps of a mask: the
        sides of its own voxels.
    """
    from scipy.ndimage import gaussian_filter
    from scipy.special import ndtri

    sigma = [mm / step for mm, step in zip(rounding_mm, spacing_mm, strict=True)]
    smooth = gaussian_filter(fraction, sigma, mode="nearest")
    quantile = -ndtri(np.clip(smooth, _SURE, 1 - _SURE))
    slope = np.sqrt(sum(one**2 for one in np.gradient(quantile, *spacing_mm)))
    distance = quantile / np.maximum(slope, _SLOPE / max(rounding_mm))
    wanted = float(fraction.sum())
    high = 2 * max(rounding_mm)
    low = -high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if float(fraction_inside(distance - middle, spacing_mm).sum()) < wanted:
            low = middle
        else:
            high = middle
    made: NDArray[np.float64] = distance - (low + high) / 2
    return made


def fraction_inside(
    distance_mm: NDArray[np.float64], spacing_mm: Sequence[float]
) -> NDArray[np.float64]:
    """Return the part of each voxel inside an edge at distance 0, taken as flat in the voxel.

    Only voxels whose middle lies next to the edge are divided: a voxel that is half of one tissue
    holds the mean of both, and a dose read there is neither's.
    """
    side = float(np.prod(spacing_mm)) ** (1 / 3)
    made: NDArray[np.float64] = np.clip(0.5 - distance_mm / (_DIVIDED * side), 0.0, 1.0)
    return made
