"""Slabs of liver and lung, liver and bone, computed with EGSnrc for this project (data/README.md).

The slabs are infinite across; here decays lie in one column and the energy is added up across:
by symmetry that is the dose in the central column of a wide source.
"""

import numpy as np
import pytest
from monte_carlo_cases import decays_of, density_of, grid_of, run
from numpy.typing import NDArray

from opensirt.reference.commissioning import reference_tables
from opensirt.reference.radionuclide import radionuclide
from opensirt.reference.transport.material import material_names

SLABS = reference_tables("slabs_egsnrc")
FROM_MM, TO_MM, DENSITY, SIGMA_PERCENT, RELATIVE = range(5)
CLOSE_MM = 12.0
LIVER, LUNG, BONE = ("liver", 1.05), ("lung", 0.26), ("cortical_bone", 1.85)
CASES = {
    # name: side of a voxel, medium below and above z = 0, source from and to, half extent in z
    "slab_liver_lung_srcliver": (3.0, LIVER, LUNG, (-30.0, 0.0), 60.0),
    "slab_liver_lung_srclung": (3.0, LIVER, LUNG, (0.0, 60.0), 99.0),
    "slab_liver_bone_srcliver": (2.0, LIVER, BONE, (-20.0, 0.0), 60.0),
}


def relative_doses(
    name: str, n_histories: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return z, dose over equilibrium dose, and what EGSnrc gives, for each voxel."""
    side_mm, below, above, source_mm, half_mm = CASES[name]
    z = np.arange(-half_mm, half_mm, side_mm) + side_mm / 2
    across = 2 * int(54.0 / side_mm) + 1
    grid = grid_of((z.size, across, across), (side_mm,) * 3)
    upper = (z > 0)[:, None, None]
    names = material_names()
    materials = np.where(upper, names.index(above[0]), names.index(below[0])).astype(np.uint8)
    g_per_ml = np.where(upper, above[1], below[1])
    column = np.zeros(grid.shape, np.float32)
    column[(z > source_mm[0]) & (z < source_mm[1]), across // 2, across // 2] = 1e9
    result = run(
        decays_of(grid, column),
        density_of(grid, g_per_ml),
        data_set="egsnrc",
        materials=np.ascontiguousarray(np.broadcast_to(materials, grid.shape)),
        n_histories=n_histories,
        seed=3,
    )
    emitted_j = radionuclide("Y-90", "egsnrc").electron_energy_j
    of_source = below[1] if source_mm[0] < 0 else above[1]
    equilibrium_gy = 1e9 * emitted_j / (of_source * 1e-3)
    found = result.dose.values.sum(axis=(1, 2), dtype=np.float64) / equilibrium_gy
    table = SLABS[name].astype(np.float64)
    wanted = np.full(z.size, np.nan)
    for index, middle in enumerate(z):
        low, high = middle - side_mm / 2 - 1e-4, middle + side_mm / 2 + 1e-4
        bins = (table[:, FROM_MM] >= low) & (table[:, TO_MM] <= high)
        if bins.any():
            wanted[index] = table[bins, RELATIVE].mean()
    return z, found, wanted


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_voxel_near_the_face_is_within_two_per_cent_of_equilibrium(name: str) -> None:
    z, found, wanted = relative_doses(name, 600_000)
    close = np.abs(z) < CLOSE_MM
    assert not np.isnan(wanted[close]).any()
    assert np.abs(found - wanted)[close].max() < 0.02
