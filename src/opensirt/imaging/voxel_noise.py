"""What neighbouring voxels of one tissue tell about the noise of an image."""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.image import Image3D


def differences_apart(
    image: Image3D, inside: NDArray[np.bool_], *, apart_mm: float
) -> NDArray[np.float64]:
    """Return the differences of voxels that lie so far apart along one of the axes, (n,).

    Noise reaches no farther than the resolution, so that it differs between the two; an uptake
    that varies slowly hardly does. The spread of the differences is √2 times that of the noise.

    Parameters
    ----------
    inside : (k, j, i)
        Voxels of one tissue; both voxels of a pair are of them.
    apart_mm
        Distance of a pair, rounded up to whole voxels.
    """
    found = []
    for axis, mm in enumerate(image.grid.spacing_mm):
        n = max(1, ceil(apart_mm / mm))
        if n >= image.grid.shape[axis]:
            continue
        values, held = np.moveaxis(image.values, axis, 0), np.moveaxis(inside, axis, 0)
        both = held[n:] & held[:-n]
        found.append((values[n:][both] - values[:-n][both]).astype(np.float64))
    return np.concatenate(found) if found else np.empty(0)
