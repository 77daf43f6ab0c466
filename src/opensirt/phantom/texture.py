"""Smooth random patterns."""

import numpy as np
from numpy.typing import NDArray


def texture(
    shape: tuple[int, ...], length_voxels: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return a Gaussian random field of mean 0 and standard deviation 1.

    White noise smoothed by a Gaussian of standard deviation `length_voxels`; periodic at the
    borders, so that every voxel has the same spread.
    """
    from scipy.ndimage import gaussian_filter

    white = rng.standard_normal(shape, dtype=np.float32)
    smooth: NDArray[np.float32] = gaussian_filter(white, length_voxels, mode="wrap")
    smooth -= smooth.mean(dtype=np.float64)
    smooth /= smooth.std(dtype=np.float64)
    return smooth
