"""Small images for the Monte Carlo engine."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from builders import FRAME, affine
from numpy.typing import ArrayLike, NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.physics.dose.monte_carlo import MonteCarlo, MonteCarloResult
from opensirt.reference.radionuclide import radionuclide

WATER_G_PER_ML = 1.0


def grid_of(shape: tuple[int, int, int], spacing_mm: Sequence[float]) -> Grid:
    return Grid(shape, affine(spacing_mm), FRAME)


def decays_of(grid: Grid, per_ml: ArrayLike, nuclide: str = "Y-90") -> TimeIntegratedActivityMap:
    values = np.ascontiguousarray(np.broadcast_to(np.asarray(per_ml, np.float32), grid.shape))
    return TimeIntegratedActivityMap(grid=grid, values=values, radionuclide=nuclide)


def density_of(grid: Grid, g_per_ml: ArrayLike) -> DensityMap:
    values = np.broadcast_to(np.asarray(g_per_ml, np.float32) / np.float32(1e3), grid.shape)
    return DensityMap(grid=grid, values=np.ascontiguousarray(values))


def one_voxel(
    nuclide: str, data_set: str, side_mm: Sequence[float], half_width: int, **options: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Gy per decay around one voxel of water, and its standard uncertainty."""
    from opensirt.reference.transport.material import material_names

    shape = (2 * half_width + 1,) * 3
    grid = grid_of(shape, side_mm)
    values = np.zeros(shape, np.float32)
    values[half_width, half_width, half_width] = 1e9 / grid.voxel_volume_ml
    water = np.full(shape, material_names().index("water"), np.uint8)
    result = run(
        decays_of(grid, values, nuclide),
        density_of(grid, WATER_G_PER_ML),
        data_set=data_set,
        materials=water,
        **options,
    )
    return (
        result.dose.values.astype(np.float64) / 1e9,
        result.uncertainty.values.astype(np.float64) / 1e9,
    )


def run(
    decays: TimeIntegratedActivityMap,
    density: DensityMap,
    data_set: str = "icrp107",
    **options: Any,
) -> MonteCarloResult:
    engine = MonteCarlo(
        nuclide=radionuclide(decays.radionuclide, data_set),
        n_threads=options.pop("n_threads", 2),
        **options,
    )
    return engine.dose(decays, density)
