"""Set operations on masks, also of different grids; volumes are always those of native masks."""

from collections.abc import Sequence

import numpy as np

from opensirt.domain.grid import Grid
from opensirt.domain.structure import Mask
from opensirt.errors import GeometryError
from opensirt.imaging.voxel_weights import voxel_weights

_HALF = 0.5


def on_grid(mask: Mask, grid: Grid) -> Mask:
    """Return the mask on another grid: voxels of which at least half lies inside.

    For set operations only; a volume or a mean comes from the native mask.

    Raises
    ------
    GeometryError
        When the two lie in different frames of reference.
    """
    try:
        grid.require_same(mask.grid)
    except GeometryError:
        weights = voxel_weights(mask, grid)
        values = np.zeros(grid.n_voxels, dtype=np.bool_)
        values[weights.flat_index[weights.fraction >= _HALF]] = True
        return Mask(grid, values.reshape(grid.shape))
    return mask


def without(mask: Mask, others: Sequence[Mask]) -> Mask:
    """Return the part of `mask` that lies in none of `others`, on its own grid."""
    values = mask.values.copy()
    for other in others:
        values &= ~on_grid(other, mask.grid).values
    return mask.with_values(values)


def within(mask: Mask, other: Mask) -> Mask:
    """Return the part of `mask` that lies in `other`, on its own grid."""
    return mask.with_values(mask.values & on_grid(other, mask.grid).values)


def union(masks: Sequence[Mask]) -> Mask:
    """Return everything that lies in any of the masks, on the grid of the first."""
    values = masks[0].values.copy()
    for other in masks[1:]:
        values |= on_grid(other, masks[0].grid).values
    return masks[0].with_values(values)
