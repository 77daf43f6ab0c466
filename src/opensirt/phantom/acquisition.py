"""Images of a true distribution: point spread, voxels, counting noise, filter."""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import Image3D
from opensirt.imaging.blur import FWHM_PER_SIGMA
from opensirt.imaging.resample import averaged_on
from opensirt.phantom.parameters import parameters


@dataclass(frozen=True, kw_only=True)
class Camera:
    """How one image is taken.

    `fwhm_mm` is the whole Gaussian point spread, `filter_fwhm_mm` the part of it that is applied
    after the noise; `counts` is what the whole distribution would give.
    """

    name: str
    grid: Grid
    fwhm_mm: float
    filter_fwhm_mm: float
    counts: float
    duration_s: float


def camera(name: str, frame_of_reference_uid: str) -> Camera:
    """Return one camera of the design file, in a frame of reference."""
    design: dict[str, Any] = parameters()["camera"][name]
    k, j, i = design["shape"]
    spacing_mm = np.asarray(design["spacing_mm"], dtype=np.float64)
    affine = np.zeros((4, 4))
    affine[(2, 1, 0), (0, 1, 2)] = spacing_mm
    if design["k_to"] == "feet":
        affine[2, 0] *= -1
    middle = affine[:3, :3] @ ((np.array((k, j, i)) - 1.0) / 2)
    affine[:3, 3] = np.asarray(design["offset_mm"]) - middle
    affine[3, 3] = 1.0
    return Camera(
        name=name,
        grid=Grid((k, j, i), affine, frame_of_reference_uid),
        fwhm_mm=float(design["fwhm_mm"]),
        filter_fwhm_mm=float(design["filter_fwhm_mm"]),
        counts=float(design["counts"]),
        duration_s=float(design["duration_s"]),
    )


def acquired_counts(
    per_ml: NDArray[np.float32], truth: Grid, device: Camera, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the counts of every voxel of a camera.

    The distribution is blurred on its own grid and averaged over the camera's voxels, whose
    expected counts are given Poisson noise. Where the camera filters, the noise is drawn on the
    grid of the distribution, filtered there, and then averaged, so that neighbouring voxels
    share it as after a reconstruction. Divided by `device.counts`, a voxel estimates without
    bias the part of the whole activity that it holds.

    Parameters
    ----------
    per_ml : (k, j, i)
        Part of the whole activity per mL, on the grid `truth`. Nothing of it may lie so near the
        edges that it is blurred out of the grid.

    Raises
    ------
    GeometryError
        When the two grids lie in different frames of reference.
    """
    intrinsic_mm = sqrt(device.fwhm_mm**2 - device.filter_fwhm_mm**2)
    seen = Image3D(grid=truth, values=_blurred(per_ml, truth, intrinsic_mm))
    if device.filter_fwhm_mm == 0:
        return _drawn(averaged_on(seen, device.grid), device.counts, rng)
    noisy = _drawn(seen, device.counts, rng) / np.float32(truth.voxel_volume_ml)
    filtered = Image3D(grid=truth, values=_blurred(noisy, truth, device.filter_fwhm_mm))
    per_voxel_ml = np.float32(device.grid.voxel_volume_ml)
    return averaged_on(filtered, device.grid).values * per_voxel_ml


def _blurred(values: NDArray[np.float32], grid: Grid, fwhm_mm: float) -> NDArray[np.float32]:
    """Blur by a sampled Gaussian, which never goes below zero."""
    from scipy.ndimage import gaussian_filter

    sigma = [fwhm_mm / FWHM_PER_SIGMA / mm for mm in grid.spacing_mm]
    made: NDArray[np.float32] = gaussian_filter(values, sigma, mode="constant")
    return made


def _drawn(per_ml: Image3D, counts: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return Poisson counts of every voxel, `counts` in the mean for the whole activity."""
    expected = per_ml.values.astype(np.float64) * (counts * per_ml.grid.voxel_volume_ml)
    return rng.poisson(expected).astype(np.float32)
