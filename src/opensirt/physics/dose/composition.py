"""How far electrons go in a material, compared with water of the same density."""

import numpy as np
from numpy.typing import NDArray

from opensirt.reference.table import read_table
from opensirt.reference.transport.material import material_names


def range_scale(
    density_g_per_ml: NDArray[np.float32], materials: NDArray[np.uint8] | None
) -> NDArray[np.float32]:
    """Return the density of water, over that of each voxel, in which electrons go as far.

    Parameters
    ----------
    density_g_per_ml : (k, j, i)
    materials : (k, j, i)
        Numbers of `material_names`. Without them the material follows from the density; an image
        of one density throughout says nothing about its material, and is taken as water.
    """
    from opensirt.physics.transport.prepare import material_by_density  # numba comes with it

    if materials is None:
        if float(density_g_per_ml.min()) == float(density_g_per_ml.max()):
            return np.ones(density_g_per_ml.shape, np.float32)
        materials = material_by_density(density_g_per_ml)
    table = read_table("dose_engines")["range_scale"]
    scales = np.array([table[name]["value"] for name in material_names()], np.float32)
    chosen: NDArray[np.float32] = scales[materials]
    return chosen
