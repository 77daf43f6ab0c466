"""How far electrons go in each material, compared with water: the figures of `range_scale`.

Y-90 in the middle of a cube of 1 g/mL by the Monte Carlo engine. The energy within a radius is
compared with that in water; the factor is the stretch of radii with the least squared difference.
Run as ``python bench/range_scale.py``; the exit status says whether the figures in
reference/dose_engines.toml are these, within 0.003. Takes a minute.
"""

import sys

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from opensirt.domain.grid import Grid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.physics.dose.monte_carlo import MonteCarlo
from opensirt.reference.radionuclide import radionuclide
from opensirt.reference.table import read_table
from opensirt.reference.transport.material import material_names

N_VOXELS, SIDE_MM = 37, 0.7
N_HISTORIES = 1_500_000
RADII_MM = np.linspace(0.5, 10.0, 60)
TOLERANCE = 0.003


def energy_within(name: str, nuclide: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return radii, and the part of the energy within each."""
    shape, middle = (N_VOXELS,) * 3, N_VOXELS // 2
    grid = Grid(shape, np.diag((SIDE_MM, SIDE_MM, SIDE_MM, 1.0)), "2.25.7")
    decays = np.zeros(shape, np.float32)
    decays[middle, middle, middle] = 1e9
    engine = MonteCarlo(
        nuclide=radionuclide(nuclide),
        n_histories=N_HISTORIES,
        seed=1,
        materials=np.full(shape, material_names().index(name), np.uint8),
    )
    result = engine.dose(
        TimeIntegratedActivityMap(grid=grid, values=decays, radionuclide=nuclide),
        DensityMap(grid=grid, values=np.full(shape, 1e-3, np.float32)),
    )
    away = np.linalg.norm((np.indices(shape) - middle) * SIDE_MM, axis=0).reshape(-1).round(6)
    radii, number = np.unique(away, return_inverse=True)
    energy = np.bincount(number, result.dose.values.reshape(-1).astype(float))
    return radii, np.cumsum(energy) / energy.sum()


def main() -> int:
    """Compute, print and return 0 when the figures in use are these."""
    in_use = read_table("dose_engines")["range_scale"]
    water = np.interp(RADII_MM, *energy_within("water", "Y-90"))
    failed = 0
    for name in material_names():
        within = energy_within(name, "Y-90")

        def misfit(scale: float, within: tuple[NDArray[np.float64], ...] = within) -> float:
            return float(np.sum((np.interp(RADII_MM / scale, *within) - water) ** 2))

        found = float(minimize_scalar(misfit, bounds=(0.7, 1.2), method="bounded").x)
        used = float(in_use[name]["value"])
        failed += abs(found - used) > TOLERANCE
        print(f"{name:14s} {found:.4f}   in use {used:.3f}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
