"""Shapes whose dose and histogram are known exactly."""

from collections.abc import Iterator

import numpy as np

from opensirt.domain.acceptance import Check
from opensirt.domain.dvh import Dvh
from opensirt.domain.grid import Grid, frame_of_reference_uid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.physics.dose import ENGINES, dose_engine
from opensirt.physics.dose.monte_carlo import MonteCarlo
from opensirt.reference.constant import constant
from opensirt.reference.radionuclide import radionuclide

GROUP = "shapes whose answer is exact"
SOURCE = "by definition"

_NUCLIDES = ("Y-90", "Ho-166", "Lu-177", "Re-188")
_SIDE_MM = 4.0
_N_VOXELS = 21
_PER_ML = 1e9
_KG_PER_ML = 1.05e-3


def analytic_checks() -> Iterator[Check]:
    """Yield points of a histogram that is a ramp, and the energy balance of every engine."""
    relative = constant("commissioning", "analytic", "relative").value
    ramp = Dvh(np.arange(1.0, 101.0), voxel_volume_ml=0.008)
    for quantity, found, wanted in (
        ("D95", ramp.dose_gy(0.95), 6.0),
        ("D70", ramp.dose_gy(0.70), 31.0),
        ("D50", ramp.dose_gy(0.50), 51.0),
        ("mean", ramp.mean_gy, 50.5),
    ):
        yield Check(
            name=f"dvh/ramp/{quantity}",
            group=GROUP,
            quantity=f"{quantity} of the doses 1, 2, … 100 Gy",
            unit="Gy",
            found=found,
            wanted=wanted,
            tolerance=relative * wanted,
            source=SOURCE,
        )
    affine = np.diag((_SIDE_MM, _SIDE_MM, _SIDE_MM, 1.0))
    grid = Grid((_N_VOXELS,) * 3, affine, frame_of_reference_uid("commissioning"))
    values = np.zeros(grid.shape, np.float32)
    middle = slice(_N_VOXELS // 2 - 2, _N_VOXELS // 2 + 3)
    values[middle, middle, middle] = _PER_ML
    density = DensityMap(grid=grid, values=np.full(grid.shape, _KG_PER_ML, np.float32))
    balance = constant("dose_engines", "balance", "energy_fraction_at_most").value
    for engine in (one for one in ENGINES if one != MonteCarlo.name):
        for nuclide in _NUCLIDES:
            decays = TimeIntegratedActivityMap(grid=grid, values=values, radionuclide=nuclide)
            made = dose_engine(engine, radionuclide(nuclide)).dose(decays, density)
            lost = made.energy.outside_kernel_fraction + made.energy.outside_grid_fraction
            yield Check(
                name=f"energy/{engine}/{nuclide}",
                group=GROUP,
                quantity=f"{engine}, {nuclide}: energy scored and told to be lost, over released",
                unit="1",
                found=made.energy.scored_j / made.energy.released_j + lost,
                wanted=1.0,
                tolerance=balance,
                source=SOURCE,
            )
