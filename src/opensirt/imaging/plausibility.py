"""Does the image look like what it is said to be? Answers, not judgements."""

from collections.abc import Sequence

import numpy as np

from opensirt.domain.grid import Grid
from opensirt.domain.image import Image3D
from opensirt.domain.structure import Mask
from opensirt.errors import GeometryError
from opensirt.imaging.voxel_weights import cropped, voxel_weights


def mirrored(mask: Mask, about_x_mm: float) -> Mask:
    """Return the mask reflected left–right in the plane x = `about_x_mm` (LPS)."""
    reflect = np.diag([-1.0, 1.0, 1.0, 1.0])
    reflect[0, 3] = 2 * about_x_mm
    grid = Grid(mask.grid.shape, reflect @ mask.grid.affine, mask.grid.frame_of_reference_uid)
    return Mask(grid, mask.values)


def mirror_gain(mask: Mask, image: Image3D) -> float:
    """Return how much more a left–right mirrored mask would hold than the mask itself.

    The larger of two ratios of totals inside the mask: mirrored in the middle of the mask's own
    grid (an array flipped by mistake) and in the middle of the image. Above 1 the mirrored mask
    fits the image better.

    Raises
    ------
    GeometryError
        When the mask does not touch the image.
    """
    given = voxel_weights(mask, image.grid)
    if given.fraction.size == 0:
        raise GeometryError("the structure does not touch the image")
    held = given.integral(image)
    best = 0.0
    for grid in (mask.grid, image.grid):
        middle_mm = float(grid.lps_mm((np.array(grid.shape) - 1) / 2)[0])
        other = voxel_weights(mirrored(mask, middle_mm), image.grid)
        if other.fraction.size:
            best = max(best, other.integral(image))
    return best / held if held > 0 else float("inf")


def negative_voxels(image: Image3D) -> tuple[int, float]:
    """Return the number of voxels below zero and their part of the total of absolute values."""
    values = image.values
    below = values < 0
    n_below = int(np.count_nonzero(below))
    if n_below == 0:
        return 0, 0.0
    held = float(-values[below].sum(dtype=np.float64))
    return n_below, held / float(np.abs(values).sum(dtype=np.float64))


def volume_outside_ml(inner: Mask, outer: Sequence[Mask]) -> float:
    """Return the volume of `inner` that lies in none of `outer`, by overlap on the inner grid."""
    inner = cropped(inner)
    covered = np.zeros(inner.grid.n_voxels)
    for mask in outer:
        weights = voxel_weights(mask, inner.grid)
        covered[weights.flat_index] += weights.fraction
    inside = inner.values.reshape(-1)
    free = 1.0 - np.minimum(covered[inside], 1.0)
    return float(free.sum()) * inner.grid.voxel_volume_ml
