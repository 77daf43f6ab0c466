"""Engines on a CUDA graphics processor; on numba's simulator where there is none."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from monte_carlo_cases import decays_of, density_of, grid_of, run
from single_precision import in_single_precision

from opensirt.cli import main
from opensirt.errors import InputError, UnknownNameError
from opensirt.phantom.commission.phantom40 import phantom40
from opensirt.physics.dose.batches import GraphicsProcessor
from opensirt.physics.dose.superposition import Superposition
from opensirt.physics.graphics_processor import require_device
from opensirt.physics.transport.draw import batch_counter
from opensirt.physics.transport.electron import room_to_wait
from opensirt.physics.transport.history import DIMENSIONS, run_batch
from opensirt.physics.transport.prepare import material_by_density, medium_of, source_of
from opensirt.physics.transport.table import physics
from opensirt.reference.radionuclide import radionuclide

SUPPORT = Path(__file__).parents[1] / "support"
ROOT = Path(__file__).parents[2]
FULL = GraphicsProcessor(n_threads=262_144, batches_per_look=10)


def device_is_there() -> bool:
    try:
        require_device()
    except InputError:
        return False
    return True


needs_device = pytest.mark.skipif(
    not device_is_there(), reason="needs a CUDA graphics processor and numba-cuda"
)
without_device = pytest.mark.skipif(device_is_there(), reason="a CUDA graphics processor is here")


@pytest.fixture(scope="module")
def simulated() -> dict[str, Any]:
    path = os.pathsep.join([str(SUPPORT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(SUPPORT / "simulated_device.py")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path, "NUMBA_ENABLE_CUDASIM": "1"},
    )
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


@pytest.mark.parametrize("nuclide", ["Y-90", "Ho-166"])
def test_a_batch_on_the_simulator_is_that_of_the_processors_function(
    simulated: dict[str, Any], nuclide: str
) -> None:
    told = simulated[nuclide]
    summed, wanted = np.array(told["summed_mev"]), np.array(told["wanted_mev"])
    assert wanted.sum() > 0
    # Histories are followed in single precision on the device.
    np.testing.assert_allclose(summed, wanted, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(told["squared_mev2"], told["wanted_mev2"], rtol=1e-4, atol=1e-5)
    assert told["structure_gy"] == pytest.approx(told["wanted_gy"], rel=1e-5)


@pytest.mark.parametrize("nuclide", ["Y-90", "Ho-166"])
def test_energy_is_conserved_on_the_simulator(simulated: dict[str, Any], nuclide: str) -> None:
    told = simulated[nuclide]
    scored = np.sum(told["summed_mev"])
    assert scored + told["escaped_mev"] == pytest.approx(told["emitted_mev"], rel=1e-6)


@pytest.mark.parametrize("case", ["uneven, long voxels", "all but even", "through air"])
def test_superposition_on_the_simulator_is_that_of_the_processor(
    simulated: dict[str, Any], case: str
) -> None:
    told = simulated["superposition"][case]
    found, wanted = np.array(told["dose_gy"]), np.array(told["wanted_gy"])
    assert "superposition_straight_lines" in told["rules"]
    assert np.count_nonzero(wanted) > 50
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6 * wanted.max())
    assert told["lost"] == pytest.approx(told["wanted_lost"], abs=1e-6)


@pytest.mark.parametrize("nuclide", ["Y-90", "Ho-166"])
def test_single_precision_changes_no_dose_and_loses_no_energy(nuclide: str) -> None:
    n_batches, n_histories = 20, 20_000
    grid = grid_of((10, 9, 8), (3.0, 2.0, 4.0))
    g_per_ml = np.full(grid.shape, 1.05)
    g_per_ml[:, :, 5:], g_per_ml[:3], g_per_ml[:, 8:] = 0.26, 1.6, 0.0012
    decays = np.zeros(grid.shape)
    decays[2:8, 2:7, 2:6] = 1.0
    medium = medium_of(g_per_ml, material_by_density(g_per_ml), grid.spacing_mm)
    source = source_of(radionuclide(nuclide), decays)
    size = {"n_batches": n_batches, "n_histories": n_histories}
    single = in_single_precision(physics(), medium, source, **size)
    for score, emitted, escaped in single:
        assert score.sum() + escaped == pytest.approx(emitted, rel=1e-6)
    double = []
    for batch in range(n_batches):
        score = np.zeros(medium.density_g_per_ml.size)
        counter, fill = batch_counter(1, batch), np.empty(DIMENSIONS)
        run_batch(physics(), medium, source, counter, n_histories, score, room_to_wait(), fill)
        double.append(score)
    for low, high in ((0.0, 0.05), (0.2, 0.3), (1.0, 1.1), (1.5, 1.7)):
        inside = (medium.density_g_per_ml > low) & (medium.density_g_per_ml < high)
        here = np.array([score[inside].sum() for score, _, _ in single])
        there = np.array([score[inside].sum() for score in double])
        spread = np.sqrt((here.var(ddof=1) + there.var(ddof=1)) / n_batches)
        assert abs(here.mean() - there.mean()) < 4.0 * spread


def test_a_device_of_another_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown device 'gpu'; known: cpu, cuda"):
        Superposition(nuclide=radionuclide("Y-90"), device="gpu")


@without_device
@pytest.mark.parametrize("engine", ["monte-carlo", "superposition"])
def test_a_graphics_processor_that_is_not_there_is_refused(engine: str, tmp_path: Path) -> None:
    grid = grid_of((4, 4, 4), (3.0, 3.0, 3.0))
    case = decays_of(grid, 1e6), density_of(grid, 1.0)
    with pytest.raises(InputError, match="no CUDA graphics processor .* --device cpu"):
        if engine == "monte-carlo":
            run(*case, n_histories=100, runner=FULL)
        else:
            Superposition(nuclide=radionuclide("Y-90"), device="cuda").dose(*case)
    asked = [
        *("dose", str(tmp_path / "a.nii.gz"), "--nuclide", "Y-90", "--unit", "bq_per_ml"),
        *("--out", str(tmp_path / "d.nii.gz"), "--engine", engine, "--device"),
    ]
    from opensirt.files.write import write_nifti

    write_nifti(tmp_path / "a.nii.gz", decays_of(grid, 1e6))
    refused = CliRunner().invoke(main, [*asked, "cuda"])
    assert (refused.exit_code, "pip install 'opensirt[gpu]'" in refused.stderr) == (2, True)
    unknown = CliRunner().invoke(main, [*asked, "tpu"])
    assert (unknown.exit_code, "tpu" in unknown.stderr) == (2, True)
    assert not (tmp_path / "d.nii.gz").exists()


@needs_device
@pytest.mark.parametrize("nuclide", ["Y-90", "Ho-166", "Lu-177", "Re-188"])
def test_the_device_agrees_with_the_processor_within_the_statistics(nuclide: str) -> None:
    grid = grid_of((12, 12, 12), (3.0, 3.0, 3.0))
    g_per_ml = np.full(grid.shape, 1.05)
    g_per_ml[:, :, 8:] = 0.26
    g_per_ml[:3] = 1.6
    decays = np.zeros(grid.shape)
    decays[3:9, 3:9, 3:9] = 1e6
    case = decays_of(grid, decays, nuclide), density_of(grid, g_per_ml)
    here = run(*case, n_histories=2_000_000)
    there = run(*case, n_histories=2_000_000, runner=FULL)
    spread = np.hypot(here.uncertainty.values, there.uncertainty.values)
    hot = here.dose.values > 0.1 * here.dose.values.max()
    squared = ((here.dose.values - there.dose.values)[hot] / spread[hot]) ** 2
    assert 0.8 < squared.mean() < 1.2
    assert there.dose.values.mean() == pytest.approx(here.dose.values.mean(), rel=1e-3)


@needs_device
def test_one_seed_gives_one_dose_on_the_device() -> None:
    grid = grid_of((8, 8, 8), (3.0, 3.0, 3.0))
    case = decays_of(grid, 1e6), density_of(grid, 1.0)
    one, again = (run(*case, n_histories=500_000, runner=FULL) for _ in range(2))
    np.testing.assert_allclose(one.dose.values, again.dose.values, rtol=1e-6)


@needs_device
def test_superposition_on_the_device_is_that_of_the_processor() -> None:
    nuclide = radionuclide("Y-90", "egsnrc")
    case = phantom40()
    here = Superposition(nuclide=nuclide).dose(*case)
    there, again = (Superposition(nuclide=nuclide, device="cuda").dose(*case) for _ in range(2))
    top = here.dose.values.max()
    np.testing.assert_allclose(there.dose.values, here.dose.values, rtol=1e-4, atol=1e-6 * top)
    np.testing.assert_allclose(again.dose.values, there.dose.values, rtol=1e-6)
    assert there.energy.scored_j == pytest.approx(here.energy.scored_j, rel=1e-6)
