"""Where more histories begin than decays happen, so that the target is reached sooner."""

import numpy as np
from numpy.typing import NDArray

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
    from scipy.ndimage import distance_transform_edt, uniform_filter

    if inside is not None:
        chosen = np.zeros(decays.grid.shape, dtype=bool)
        chosen.reshape(-1)[inside.flat_index] = True
    else:
        tissue = density_g_per_ml >= constant("transport", "emphasis_density").value
        local = np.where(tissue, decays.values / density_g_per_ml, 0.0)
        local = uniform_filter(local, 3, mode="constant")
        chosen = (local > _HALF * local.max()) & tissue
    factor = np.ones(decays.grid.shape)
    if not chosen.any():
        return factor
    share = constant("transport", "emphasis_reach").value
    reach_mm = point_kernel(nuclide.name, nuclide.data_set).reach_mm(1.0 - share)
    away_mm = distance_transform_edt(~chosen, sampling=decays.grid.spacing_mm)
    factor[away_mm <= reach_mm] = constant("transport", "emphasis").value
    return factor
