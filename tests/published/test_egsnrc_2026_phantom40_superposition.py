"""Superposition in a phantom of 40³ voxels with lung, bone, gas, by EGSnrc for this project."""

import numpy as np
import pytest
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.physics.dose.superposition import Superposition
from opensirt.reference.commissioning import reference_tables
from opensirt.reference.radionuclide import radionuclide

STORED = reference_tables("phantom40_egsnrc")
GRID = Grid((40, 40, 40), np.diag((3.0, 3.0, 3.0, 1.0)), "2.25.7")
SOFT, LIVER, LUNG, BONE, LARGE_TUMOUR, SMALL_TUMOUR = 1, 2, 3, 4, 6, 7


@pytest.fixture(scope="module")
def dose_mgy() -> NDArray[np.float64]:
    activity, density = (
        STORED[name].astype(np.float64) for name in ("activity_fraction", "density_g_per_ml")
    )
    decays = (activity * 1e6 / GRID.voxel_volume_ml).astype(np.float32)
    result = Superposition(nuclide=radionuclide("Y-90", "egsnrc")).dose(
        TimeIntegratedActivityMap(grid=GRID, values=decays, radionuclide="Y-90"),
        DensityMap(grid=GRID, values=(density / 1e3).astype(np.float32)),
    )
    return result.dose.values.astype(np.float64) * 1e3


@pytest.mark.parametrize(
    ("label", "allowed"),
    [
        (LIVER, 0.01),
        (LARGE_TUMOUR, 0.01),
        (SMALL_TUMOUR, 0.01),
        (BONE, 0.01),
        (LUNG, 0.02),
        (SOFT, 0.01),
    ],
)
def test_means_agree(dose_mgy: NDArray[np.float64], label: int, allowed: float) -> None:
    inside = STORED["label"] == label
    wanted = STORED["dose_mgy_per_mbq_s"].astype(np.float64)[inside].mean()
    assert dose_mgy[inside].mean() == pytest.approx(wanted, rel=allowed)


def test_voxels_above_half_maximum_agree_within_the_noise(dose_mgy: NDArray[np.float64]) -> None:
    wanted = STORED["dose_mgy_per_mbq_s"].astype(np.float64)
    hot = wanted > wanted.max() / 2
    spread = float(np.sqrt(np.mean((dose_mgy[hot] / wanted[hot] - 1) ** 2)))
    # 0.73 % is the noise of the reference; at most a hundredth of it more
    assert spread < 0.0073 * 1.01
