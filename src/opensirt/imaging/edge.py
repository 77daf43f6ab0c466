"""The voxels on both sides of a mask's edge."""

from dataclasses import replace

import numpy as np

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
