"""Air around the patient, into which rays need not be followed far."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from opensirt.reference.constant import constant

_DIRECTIONS = tuple(one for one in product((-1, 0, 1), repeat=3) if one > (0, 0, 0))
"""Normals of thirteen pairs of planes, those of the faces, edges and corners of a cube."""

_MARGIN_VOXELS = 2.0


def outer_air(
    density_g_per_ml: NDArray[np.float32], spacing_mm: tuple[float, float, float]
) -> NDArray[np.bool_]:
    """Return the voxels of air that lie on no straight way between two denser voxels.

    All that is denser than air is enclosed in pairs of parallel planes; what lies outside one of
    them by more than a margin can have nothing denser behind it.

    Parameters
    ----------
    density_g_per_ml : (k, j, i)
    spacing_mm : (k, j, i)
    """
    limit = constant("dose_engines", "air", "density_g_per_ml").value
    margin_mm = max(
        constant("dose_engines", "rays", "into_air_mm").value, _MARGIN_VOXELS * max(spacing_mm)
    )
    dense = density_g_per_ml >= np.float32(limit)
    outside = np.zeros(dense.shape, dtype=bool)
    if dense.all() or not dense.any():
        return outside
    # The first and last dense voxel of every row are all that touches a plane.
    first = dense.argmax(axis=2)
    last = dense.shape[2] - 1 - dense[:, :, ::-1].argmax(axis=2)
    k, j = np.nonzero(dense.any(axis=2))
    ends = [np.stack((k, j, one[k, j])).astype(np.int64) for one in (first, last)]
    touching = np.concatenate(ends, axis=1)
    at = [np.arange(n, dtype=np.int32) for n in dense.shape]
    for normal in _DIRECTIONS:
        along = np.array(normal) @ touching
        margin = margin_mm * float(np.linalg.norm(np.array(normal) / np.array(spacing_mm)))
        a, b, c = (step * one for step, one in zip(normal, at, strict=True))
        place = (a[:, None] + b)[:, :, None] + c
        outside |= (place < along.min() - margin) | (place > along.max() + margin)
    return outside
