"""Phantom of 40³ voxels of 3 mm with lung, bone and gas, dose by EGSnrc for this project.

The wanted deviations are those that an independent implementation of the same two methods showed:
where the density is even both are right, at lung and bone both are wrong by tens of per cent, and
the software says so.
"""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.physics.dose import EngineResult, dose_engine
from opensirt.reference.radionuclide import radionuclide

LIVER, LUNG, BONE, LARGE_TUMOUR, SMALL_TUMOUR = 2, 3, 4, 6, 7
GRID = Grid((40, 40, 40), np.diag((3.0, 3.0, 3.0, 1.0)), "2.25.7")


class Phantom40:
    """The phantom and its reference dose, arrays as stored (x, y, z)."""

    def __init__(self, folder: Path) -> None:
        self.density_g_per_ml, self.activity, self.label, self.dose, self.sigma = (
            np.load(folder / f"{name}.npy")
            for name in (
                "density_g_cm3",
                "activity_fraction",
                "label",
                "dose_mGy_per_MBqs",
                "sigma_mGy_per_MBqs",
            )
        )

    def by(self, engine: str) -> EngineResult:
        bq_s_per_ml = (self.activity * 1e6 / GRID.voxel_volume_ml).astype(np.float32)
        density = (self.density_g_per_ml / 1e3).astype(np.float32)
        return dose_engine(engine, radionuclide("Y-90", "egsnrc")).dose(
            TimeIntegratedActivityMap(grid=GRID, values=bq_s_per_ml, radionuclide="Y-90"),
            DensityMap(grid=GRID, values=density),
        )

    def deviation(self, dose_gy: NDArray[np.float32], label: int) -> float:
        inside = self.label == label
        return float(dose_gy[inside].mean() * 1e3 / self.dose[inside].mean()) - 1


@pytest.fixture(scope="module")
def phantom(shared_data: Path) -> Phantom40:
    return Phantom40(shared_data / "physics" / "reference" / "phantom40")


def test_the_kernel_is_right_in_liver_and_tumours_and_wrong_in_lung_and_bone(
    phantom: Phantom40,
) -> None:
    result = phantom.by("kernel")
    found = {one: phantom.deviation(result.dose.values, one) for one in range(8)}
    assert found[LIVER] == pytest.approx(0.0, abs=0.005)
    assert found[LARGE_TUMOUR] == pytest.approx(0.0, abs=0.005)
    assert found[SMALL_TUMOUR] == pytest.approx(0.0, abs=0.007)
    assert found[LUNG] == pytest.approx(0.22, abs=0.01)
    assert found[BONE] == pytest.approx(-0.09, abs=0.01)
    assert "kernel_density_contrast" in {one.rule for one in result.findings}
    hot = phantom.dose > phantom.dose.max() / 2
    ratio = result.dose.values[hot] * 1e3 / phantom.dose[hot]
    assert float(np.sqrt(np.mean((ratio - 1) ** 2))) == pytest.approx(0.0115, abs=0.001)


def test_local_deposition_is_right_in_the_mean_of_the_liver_only(phantom: Phantom40) -> None:
    dose_gy = phantom.by("local").dose.values
    wanted = {LIVER: 0.005, LARGE_TUMOUR: 0.079, SMALL_TUMOUR: 0.125, LUNG: 0.27, BONE: -0.11}
    for label, deviation in wanted.items():
        assert phantom.deviation(dose_gy, label) == pytest.approx(deviation, abs=0.005)
