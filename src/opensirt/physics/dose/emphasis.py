"""Where more histories begin than decays happen, so that the target is reached sooner."""

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import TimeIntegratedActivityMap
from opensirt.domain.structure import VoxelWeights
from opensirt.reference.constant import constant
from opensirt.reference.point_kernel import point_kernel
from opensirt.reference.radionuclide import Radionuclide

_HALF = 0.5


def emphasis(
    decays: TimeIntegratedActivityMap,
    density_g_per_ml: NDArray[np.floating],
    nuclide: Radionuclide,
    inside: VoxelWeights | None,
) -> NDArray[np.float64]:
    """Return how many times more histories begin in each voxel than its decays ask for.

    They count for as much less, so that every dose stays right on average; elsewhere it is less
    sure. Emphasised is what lies within reach of the structure or, without one, of the voxels
    whose local dose, averaged over 27 voxels, is above half of its maximum.

    Parameters
    ----------
    decays
        Decays.
    density_g_per_ml : (k, j, i)
        Densities, none zero.
    nuclide
        Whose electrons reach so far.
    inside
        The structure.
    """
    local, tissue = _local(decays, density_g_per_ml)
    hot = (local > _HALF * local.max()) & tissue
    chosen = hot if inside is None else _covered(inside)
    factor = np.ones(decays.grid.shape)
    if chosen.any():
        factor[_within_reach(chosen, nuclide, decays.grid)] = constant(
            "transport", "emphasis"
        ).value
    return factor


def even_emphasis(
    decays: TimeIntegratedActivityMap,
    density_g_per_ml: NDArray[np.floating],
    nuclide: Radionuclide,
    inside: VoxelWeights,
) -> NDArray[np.float64]:
    """Return the emphasis with which the voxels of a structure become equally sure.

    With n_i histories in voxel i of activity a_i, the dose d_j has the variance
    Σ a_i² k_ij² / n_i. The sum of the relative variances over the structure is least, for a given
    number of histories, at n_i ∝ a_i (Σ_j k_ij² / d_j²)^½: an even number where activity is
    even, fewer outside. The square of the kernel is taken as a narrow bell, d_j as local.

    Parameters
    ----------
    decays, density_g_per_ml, nuclide, inside
        As in `emphasis`.
    """
    from scipy.ndimage import gaussian_filter

    local, _ = _local(decays, density_g_per_ml)
    chosen = _covered(inside)
    dosed = local[chosen & (local > 0)]
    if dosed.size == 0:
        return np.ones(decays.grid.shape)
    least = constant("transport", "even_least_dose").value * float(np.median(dosed))
    wanted = np.where(chosen, 1.0 / np.maximum(local, least) ** 2, 0.0)
    bell_mm = constant("transport", "even_bell").value
    sigma = [bell_mm / side for side in decays.grid.spacing_mm]
    factor: NDArray[np.float64] = np.sqrt(gaussian_filter(wanted, sigma, mode="constant"))
    factor /= np.median(factor[chosen])
    near = _within_reach(chosen, nuclide, decays.grid)
    floor = np.where(
        near,
        constant("transport", "even_least_near").value,
        constant("transport", "even_least_far").value,
    )
    bounded: NDArray[np.float64] = np.maximum(factor, floor) / floor.min()
    return bounded


def _local(
    decays: TimeIntegratedActivityMap, density_g_per_ml: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the local dose, averaged over 27 voxels, in any unit, and where there is tissue."""
    from scipy.ndimage import uniform_filter

    tissue = density_g_per_ml >= constant("transport", "emphasis_density").value
    local = np.where(tissue, decays.values / density_g_per_ml, 0.0)
    averaged: NDArray[np.float64] = uniform_filter(local, 3, mode="constant")
    return averaged, tissue


def _covered(inside: VoxelWeights) -> NDArray[np.bool_]:
    chosen = np.zeros(inside.grid.shape, dtype=bool)
    chosen.reshape(-1)[inside.flat_index] = True
    return chosen


def _within_reach(
    chosen: NDArray[np.bool_], nuclide: Radionuclide, grid: Grid
) -> NDArray[np.bool_]:
    """Return what lies in the chosen voxels, or so near that its electrons reach them."""
    from scipy.ndimage import distance_transform_edt

    share = constant("transport", "emphasis_reach").value
    reach_mm = point_kernel(nuclide.name, nuclide.data_set).reach_mm(1.0 - share)
    near: NDArray[np.bool_] = distance_transform_edt(~chosen, sampling=grid.spacing_mm) <= reach_mm
    return near
