"""Mean of an image in a mask by the nearest voxel: a second way beside overlap weights."""

import numpy as np

from opensirt.domain.image import Image3D
from opensirt.domain.structure import Mask


def nearest_mean(image: Image3D, mask: Mask) -> tuple[float, float]:
    """Return the volume of a mask in mL and the mean of the image's nearest voxels there.

    Every voxel of the mask takes the value of the image voxel whose centre is nearest; those that
    lie outside the image take none. (0, 0) for an empty mask.

    Raises
    ------
    GeometryError
        When the two lie in different frames of reference.
    """
    mask.grid.require_same_frame(image.grid)
    inside = np.argwhere(mask.values)
    if not len(inside):
        return 0.0, 0.0
    volume_ml = len(inside) * mask.grid.voxel_volume_ml
    # One affine map from mask indices to image indices, kept in single steps of memory.
    into = np.linalg.inv(image.grid.affine) @ mask.grid.affine
    nearest = np.rint(inside @ into[:3, :3].T + into[:3, 3]).astype(np.int64)
    kept = ((nearest >= 0) & (nearest < np.array(image.grid.shape))).all(axis=1)
    if not kept.any():
        return volume_ml, 0.0
    k, j, i = nearest[kept].T
    return volume_ml, float(image.values[k, j, i].mean(dtype=np.float64))
