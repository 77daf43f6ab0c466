"""Options, refusals and stops of the Monte Carlo engine."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from monte_carlo_cases import decays_of, density_of, grid_of, run

from opensirt.domain.structure import VoxelWeights
from opensirt.errors import GeometryError, InputError, MissingInputError
from opensirt.physics.dose.monte_carlo import MonteCarlo, Progress
from opensirt.physics.dose.monte_carlo_statistics import Target
from opensirt.reference.radionuclide import radionuclide
from opensirt.reference.transport.material import material_names

GRID = grid_of((6, 7, 8), (3.0, 3.0, 3.0))
DECAYS = decays_of(GRID, 1e9)
WATER = density_of(GRID, 1.0)


def weights(fraction: float = 1.0) -> VoxelWeights:
    index = np.array([100, 101, 102], dtype=np.int64)
    return VoxelWeights(grid=GRID, flat_index=index, fraction=np.full(3, fraction))


def test_a_run_stops_when_the_structure_is_known_well_enough() -> None:
    target = Target(relative=0.02, inside=weights())
    result = run(DECAYS, WATER, target=target, n_histories=10_000_000, histories_per_batch=1000)
    assert 20_000 <= result.n_histories < 10_000_000
    assert result.state.structure_relative_uncertainty <= 0.02
    found = result.dose.values.reshape(-1)[100:103].mean()
    assert result.state.structure_gy / result.state.n_batches == pytest.approx(found, rel=1e-5)


def test_a_run_stops_when_hot_voxels_are_known_well_enough() -> None:
    result = run(
        DECAYS, WATER, target=Target(relative=0.1), n_histories=10_000_000, histories_per_batch=1000
    )
    assert result.n_histories < 10_000_000
    statistics = {finding.rule: finding for finding in result.findings}["monte_carlo_statistics"]
    assert isinstance(statistics.value, float)
    assert statistics.value <= 0.1


def test_a_run_stops_when_the_voxels_of_a_structure_are_known_well_enough() -> None:
    target = Target(relative=0.05, inside=weights(), each_voxel=True)
    result = run(DECAYS, WATER, target=target, n_histories=10_000_000, histories_per_batch=1000)
    dose, spread = (one.values.reshape(-1)[100:103] for one in (result.dose, result.uncertainty))
    assert result.n_histories < 10_000_000
    assert 0.03 < np.median(spread / dose) <= 0.05 * (1 + 1e-6)
    with pytest.raises(InputError, match="needs the structure"):
        Target(relative=0.05, each_voxel=True)


def test_a_target_that_is_missed_is_said() -> None:
    result = run(
        DECAYS, WATER, target=Target(relative=0.001), n_histories=30_000, histories_per_batch=1000
    )
    missed = {finding.rule: finding for finding in result.findings}["monte_carlo_target_missed"]
    assert "0.1% was asked for" in missed.text


def test_progress_is_told_after_each_batch() -> None:
    told: list[Progress] = []
    run(DECAYS, WATER, n_histories=1000, histories_per_batch=100, progress=told.append)
    assert [one.n_histories for one in told] == list(range(100, 1001, 100))
    assert {one.n_histories_wanted for one in told} == {1000}


def test_an_interrupted_run_goes_on_from_the_state_of_its_progress() -> None:
    class Stopped(Exception):  # noqa: N818 - not an error
        pass

    kept = []

    def stop(now: Progress) -> None:
        if now.n_histories == 500:
            kept.append(dataclasses.replace(
                now.state, summed_mev=now.state.summed_mev.copy(),
                squared_mev2=now.state.squared_mev2.copy(),
            ))  # fmt: skip
            raise Stopped

    with pytest.raises(Stopped):
        run(DECAYS, WATER, n_histories=1000, histories_per_batch=100, progress=stop)
    rest = run(DECAYS, WATER, n_histories=1000, histories_per_batch=100, resume=kept[0])
    whole = run(DECAYS, WATER, n_histories=1000, histories_per_batch=100)
    assert np.array_equal(rest.dose.values, whole.dose.values)


def test_a_map_of_materials_is_used() -> None:
    names = material_names()
    soft = np.full(GRID.shape, names.index("soft_tissue"), np.uint8)
    bone = np.full(GRID.shape, names.index("cortical_bone"), np.uint8)
    by_density = run(DECAYS, WATER, n_histories=5000)
    of_soft, of_bone = (run(DECAYS, WATER, n_histories=5000, materials=one) for one in (soft, bone))
    assert np.array_equal(by_density.dose.values, of_soft.dose.values)
    assert of_bone.energy.outside_grid_fraction != of_soft.energy.outside_grid_fraction
    assert "monte_carlo_materials" in {finding.rule for finding in by_density.findings}
    assert "monte_carlo_materials" not in {finding.rule for finding in of_bone.findings}


def test_wrong_materials_are_refused() -> None:
    with pytest.raises(GeometryError, match="materials have shape"):
        run(DECAYS, WATER, n_histories=10, materials=np.zeros((2, 2, 2), np.uint8))
    with pytest.raises(InputError, match="whole numbers from 0 to 6"):
        run(DECAYS, WATER, n_histories=10, materials=np.full(GRID.shape, 7, np.uint8))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_histories": 0}, "one history or more"),
        ({"seed": -1}, "a seed is not negative"),
        ({"histories_per_batch": 0}, "a batch needs one history"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(options: dict[str, int], words: str) -> None:
    with pytest.raises(InputError, match=words):
        MonteCarlo(nuclide=radionuclide("Y-90"), **options)  # type: ignore[arg-type]  # one of each


def test_a_target_outside_zero_to_one_is_refused() -> None:
    with pytest.raises(InputError, match=r"0\.02 is 2 %"):
        Target(relative=2.0)


def test_without_decays_there_is_no_dose_and_no_history() -> None:
    result = run(decays_of(GRID, 0.0), WATER, n_histories=10)
    assert not result.dose.values.any()
    assert not result.uncertainty.values.any()
    assert (result.n_histories, result.energy.released_j) == (0, 0.0)


def test_one_batch_has_no_uncertainty() -> None:
    told: list[Progress] = []
    with pytest.raises(InputError, match="10 histories in batches of 10 make one batch"):
        run(DECAYS, WATER, n_histories=10, histories_per_batch=10, progress=told.append)
    assert told == []  # refused before the work began


def test_few_histories_with_a_target_still_make_batches_enough_for_it() -> None:
    result = run(DECAYS, WATER, target=Target(relative=0.5, inside=weights()), n_histories=20_000)
    assert result.state.histories_per_batch == 1000
    assert "monte_carlo_target_missed" not in {one.rule for one in result.findings}


def test_a_state_of_another_run_is_refused() -> None:
    state = run(DECAYS, WATER, n_histories=100).state
    with pytest.raises(InputError, match="belongs to another run"):
        run(decays_of(GRID, 2e9), WATER, n_histories=200, resume=state)


def test_a_state_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    state = run(DECAYS, WATER, n_histories=100).state
    monkeypatch.setattr("opensirt.physics.transport.compiled.source_stamp", lambda: 7)
    with pytest.raises(InputError, match="version of OpenSIRT differ"):
        run(DECAYS, WATER, n_histories=200, resume=state)


def test_other_nuclides_and_grids_are_refused() -> None:
    with pytest.raises(InputError, match="are of Y-90"):
        MonteCarlo(nuclide=radionuclide("Ho-166")).dose(DECAYS, WATER)
    with pytest.raises(GeometryError, match="shapes differ"):
        run(DECAYS, density_of(grid_of((6, 7, 9), (3.0, 3.0, 3.0)), 1.0), n_histories=10)
    with pytest.raises(MissingInputError, match="point kernel"):
        run(decays_of(GRID, 1e9, "Tc-99m"), WATER, n_histories=10)


def test_a_structure_outside_the_image_is_refused() -> None:
    with pytest.raises(GeometryError, match="does not touch"):
        run(DECAYS, WATER, n_histories=10, target=Target(relative=0.1, inside=weights(0.0)))


def test_vacuum_inside_the_image_is_crossed() -> None:
    g_per_ml = np.ones(GRID.shape)
    g_per_ml[:, :, 3:5] = 0.0
    activity = np.zeros(GRID.shape, np.float32)
    activity[3, 3, 2] = 1e9
    result = run(decays_of(GRID, activity), density_of(GRID, g_per_ml), n_histories=20_000)
    assert result.dose.values[3, 3, 5] > 0
    left = result.energy.released_j * (1 - result.energy.outside_grid_fraction)
    assert result.energy.scored_j == pytest.approx(left, rel=1e-5)


def test_numba_is_not_imported_before_a_run() -> None:
    code = "import sys, opensirt.physics.dose.monte_carlo; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
