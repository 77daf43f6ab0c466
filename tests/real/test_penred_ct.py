"""All engines on the CT and SPECT of a patient (shared data; GATE's example, by way of PenRed)."""

from pathlib import Path

import numpy as np
import pytest
from penred_case import penred_case

from opensirt.domain.grid import Grid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.physics.dose import ENGINES, EngineResult
from opensirt.reference.radionuclide import radionuclide

HALF = (14, 14, 16)


@pytest.fixture(scope="module")
def cropped(shared_data: Path) -> tuple[TimeIntegratedActivityMap, DensityMap]:
    """Return the part around the hottest voxel near lung."""
    decays, density = penred_case(shared_data)
    lung = (density.values > 2e-4) & (density.values < 5e-4)
    near = np.zeros_like(lung)
    for axis in range(3):
        for step in (-2, 2):
            near |= np.roll(lung, step, axis)
    hottest = np.unravel_index(np.argmax(np.where(near, decays.values, 0.0)), near.shape)
    middle = [
        int(np.clip(at, half, n - half))
        for at, half, n in zip(hottest, HALF, decays.grid.shape, strict=True)
    ]
    part = tuple(slice(m - h, m + h) for m, h in zip(middle, HALF, strict=True))
    matrix = decays.grid.affine.copy()
    matrix[:3, 3] += decays.grid.affine[:3, :3] @ [one.start for one in part]
    grid = Grid((2 * HALF[0], 2 * HALF[1], 2 * HALF[2]), matrix, "2.25.8")
    return (
        TimeIntegratedActivityMap(grid=grid, values=decays.values[part], radionuclide="Y-90"),
        DensityMap(grid=grid, values=density.values[part]),
    )


@pytest.fixture(scope="module")
def results(cropped: tuple[TimeIntegratedActivityMap, DensityMap]) -> dict[str, EngineResult]:
    made = {}
    for name, engine in ENGINES.items():
        options = {"n_histories": 400_000} if name == "monte-carlo" else {}
        made[name] = engine(nuclide=radionuclide("Y-90"), **options).dose(*cropped)
    return made


def test_all_four_engines_run(results: dict[str, EngineResult]) -> None:
    assert sorted(results) == ["kernel", "local", "monte-carlo", "superposition"]
    for one in results.values():
        assert np.isfinite(one.dose.values).all()
        assert one.energy.scored_j > 0.8 * one.energy.released_j


def test_superposition_agrees_with_monte_carlo_and_the_kernel_does_not_in_lung(
    cropped: tuple[TimeIntegratedActivityMap, DensityMap], results: dict[str, EngineResult]
) -> None:
    g_per_ml = cropped[1].values * 1e3
    # Outside the crop is vacuum for Monte Carlo: its outermost voxels are left out.
    inner = np.zeros(g_per_ml.shape, bool)
    inner[4:-4, 4:-4, 4:-4] = True
    lung = inner & (g_per_ml > 0.1) & (g_per_ml < 0.6)
    soft = inner & (g_per_ml > 0.95) & (g_per_ml < 1.15)
    assert min(np.count_nonzero(lung), np.count_nonzero(soft)) > 500
    means = {
        name: (one.dose.values[lung].mean(), one.dose.values[soft].mean())
        for name, one in results.items()
    }
    found, wanted = means["superposition"], means["monte-carlo"]
    assert found[0] == pytest.approx(wanted[0], rel=0.03)
    assert found[1] == pytest.approx(wanted[1], rel=0.01)
    assert means["kernel"][0] != pytest.approx(wanted[0], rel=0.05)
    assert "superposition_straight_lines" in {one.rule for one in results["superposition"].findings}
    assert "kernel_density_contrast" in {one.rule for one in results["kernel"].findings}
