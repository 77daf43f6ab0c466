"""What a Gaussian point spread does to values on voxels, also where it is as narrow as a voxel."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FWHM_PER_SIGMA = float(np.sqrt(8 * np.log(2)))
"""Full width at half maximum of a Gaussian over its standard deviation."""

_REACH_SIGMA = 4.0
"""A blur reaches this many standard deviations, and four voxels more."""

_MORE_VOXELS = 4

_N_FREQUENCIES = 1024
"""Samples of the transfer function: far more than any reach."""


def blur_reach_voxels(sigma_voxels: float) -> int:
    """Return how many voxels away a blur still has an effect."""
    return int(np.ceil(_REACH_SIGMA * sigma_voxels)) + _MORE_VOXELS


def gaussian_weights(sigma_voxels: float) -> NDArray[np.float64]:
    """Return the weights of neighbours from −reach to reach that blur by a standard deviation.

    The inverse Fourier transform of exp(−(2πfσ)²/2) over the frequencies that voxels can hold.
    Wide blurs give the sampled Gaussian; where σ is below about 0.8 voxels a sampled Gaussian
    would be too narrow, while these keep the width, with small negative weights. What lies
    beyond the reach is scaled away.

    >>> gaussian_weights(0.0).round(12).tolist()
    [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    """
    frequency = np.fft.rfftfreq(_N_FREQUENCIES)
    whole = np.fft.irfft(np.exp(-((2 * np.pi * frequency * sigma_voxels) ** 2) / 2))
    reach = blur_reach_voxels(sigma_voxels)
    weights = np.concatenate((whole[-reach:], whole[: reach + 1]))
    made: NDArray[np.float64] = weights / weights.sum()
    return made


def gaussian_blur(
    values: NDArray[np.float32],
    fwhm_mm: float,
    spacing_mm: Sequence[float],
    *,
    beyond: Literal["constant", "nearest"] = "constant",
) -> NDArray[np.float32]:
    """Return an array blurred by a Gaussian of a full width at half maximum.

    Parameters
    ----------
    values : (k, j, i)
    spacing_mm
        Of the voxels along k, j, i.
    beyond
        What lies outside the array: nothing (``constant``), or the same as at the edge.
    """
    from scipy.ndimage import correlate1d

    made = values
    for axis, step_mm in enumerate(spacing_mm):
        weights = gaussian_weights(fwhm_mm / FWHM_PER_SIGMA / step_mm)
        made = correlate1d(made, weights, axis=axis, mode=beyond)
    return made
