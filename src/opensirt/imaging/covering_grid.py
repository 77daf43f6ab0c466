"""A grid of its own that covers given masks."""

from collections.abc import Sequence

import numpy as np

from opensirt.domain.grid import Grid
from opensirt.domain.structure import Mask
from opensirt.errors import GeometryError
from opensirt.imaging.voxel_weights import cropped


def covering_grid(masks: Sequence[Mask], *, spacing_mm_at_least: float, margin_mm: float) -> Grid:
    """Return the smallest grid along the axes of the first mask that covers all of them.

    Parameters
    ----------
    masks
        In one frame of reference; empty ones count as one voxel.
    spacing_mm_at_least
        Its voxels are those of the first mask, but not smaller than this.
    margin_mm
        Room on every side.

    Raises
    ------
    GeometryError
        When there is no mask, or the masks lie in different frames of reference.
    """
    if not masks:
        raise GeometryError("no mask to cover with a grid")
    first = masks[0].grid
    corners = []
    for mask in masks:
        first.require_same_frame(mask.grid)
        box = cropped(mask).grid
        ends = np.array(list(np.ndindex(2, 2, 2))) * np.array(box.shape) - 0.5
        corners.append(box.lps_mm(ends))
    directions = first.directions
    along = np.concatenate(corners) @ directions  # millimetres along the k, j and i axes
    low, high = along.min(axis=0) - margin_mm, along.max(axis=0) + margin_mm
    spacing = np.maximum(first.spacing_mm, spacing_mm_at_least)
    k, j, i = (int(n) for n in np.ceil((high - low) / spacing))
    affine = np.eye(4)
    affine[:3, :3] = directions * spacing
    middle = directions @ ((low + high) / 2)
    affine[:3, 3] = middle - affine[:3, :3] @ (np.array((k, j, i)) - 1.0) / 2
    return Grid((k, j, i), affine, first.frame_of_reference_uid)
