"""Mean CT number of a lesion inside its outline."""

import numpy as np

from opensirt.domain.image import CtImage
from opensirt.domain.structure import Mask
from opensirt.errors import GeometryError, InputError

_EDGE = 0.5
"""A voxel reaches half a step beyond its centre."""


def mean_attenuation_hu(mask: Mask, ct: CtImage) -> float:
    """Return the mean CT number in HU over the voxels of a mask.

    The CT is read at the centre of every voxel of the mask: as it is where the grids are the
    same, linearly interpolated where they are not. Nothing is left out, neither vessels nor
    calcifications nor necrosis.

    Parameters
    ----------
    mask
        The lesion, on any grid.
    ct
        In the same frame of reference.

    Raises
    ------
    InputError
        When the mask is empty.
    GeometryError
        When the two lie in different frames of reference, or the mask reaches beyond the CT.
    """
    from scipy.ndimage import map_coordinates

    mask.grid.require_same_frame(ct.grid)
    inside = np.argwhere(mask.values).astype(np.float64)
    if not len(inside):
        raise InputError("the segmentation of a lesion is empty; it has no attenuation")
    to_ct = np.linalg.inv(ct.grid.affine) @ mask.grid.affine
    at = inside @ to_ct[:3, :3].T + to_ct[:3, 3]
    last = np.array(ct.grid.shape) - 1
    if (at < -_EDGE).any() or (at > last + _EDGE).any():
        raise GeometryError(
            "the outline of a lesion reaches beyond the CT of its visit; name the CT that it was "
            "drawn on"
        )
    read = map_coordinates(ct.values.astype(np.float64), at.T, order=1, mode="nearest")
    return float(read.mean())
