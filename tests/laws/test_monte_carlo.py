"""Laws of the Monte Carlo engine; where it is statistical, within its own uncertainty."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from monte_carlo_cases import decays_of, density_of, grid_of, one_voxel, run

from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.physics.dose.monte_carlo import MonteCarloResult

SIDE_MM = (3.0, 3.0, 3.0)
SHAPE = (9, 10, 11)


def patient(seed: int = 0) -> tuple[TimeIntegratedActivityMap, DensityMap]:
    """Return activity and densities that vary from voxel to voxel."""
    rng = np.random.default_rng(seed)
    grid = grid_of(SHAPE, SIDE_MM)
    activity = np.zeros(SHAPE, np.float32)
    activity[3:6, 3:7, 3:8] = rng.random((3, 4, 5)) * 1e9
    return decays_of(grid, activity), density_of(grid, rng.choice([0.26, 1.0, 1.05, 1.5], SHAPE))


def small_run(seed: int = 0, n_histories: int = 20_000, **options: Any) -> MonteCarloResult:
    return run(*patient(), seed=seed, n_histories=n_histories, **options)


@pytest.mark.parametrize("n_threads", [1, 3, 8])
def test_the_number_of_threads_changes_nothing(n_threads: int) -> None:
    one, many = small_run(n_threads=1), small_run(n_threads=n_threads)
    assert np.array_equal(one.dose.values, many.dose.values)
    assert np.array_equal(one.uncertainty.values, many.uncertainty.values)


def test_a_seed_gives_its_result_again_and_another_seed_another() -> None:
    assert np.array_equal(small_run(4).dose.values, small_run(4).dose.values)
    assert not np.array_equal(small_run(4).dose.values, small_run(5).dose.values)


def test_energy_is_conserved() -> None:
    energy = small_run().energy
    left = energy.released_j * (1 - energy.outside_grid_fraction)
    assert energy.scored_j == pytest.approx(left, rel=1e-6)
    assert 0 < energy.outside_grid_fraction < 0.2


@settings(max_examples=5)
@given(nuclide=st.sampled_from(["Y-90", "Ho-166", "Lu-177", "Re-188"]), side=st.floats(1.0, 6.0))
def test_energy_is_conserved_for_every_nuclide_and_voxel(nuclide: str, side: float) -> None:
    grid = grid_of((5, 6, 7), (side, 1.3 * side, 0.8 * side))
    decays = decays_of(grid, 1e9, nuclide)
    result = run(decays, density_of(grid, 1.05), n_histories=5_000)
    energy = result.energy
    left = energy.released_j * (1 - energy.outside_grid_fraction)
    assert energy.scored_j == pytest.approx(left, rel=1e-6)
    emitted_mev = energy.mean_energy_mev_per_decay * decays.total() * 1.602176634e-13
    assert energy.released_j == pytest.approx(emitted_mev, rel=0.02)


def test_twice_the_decays_give_twice_the_dose() -> None:
    decays, density = patient()
    double = decays_of(decays.grid, decays.values * 2)
    once, twice = run(decays, density, n_histories=5000), run(double, density, n_histories=5000)
    assert twice.dose.values == pytest.approx(2 * once.dose.values, rel=1e-6)


def test_a_shifted_patient_has_a_shifted_dose() -> None:
    grid = grid_of((24, 24, 24), SIDE_MM)
    here, there = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    here[11, 11, 11] = there[12, 13, 10] = 1e9
    water = density_of(grid, 1.0)
    first, second = (run(decays_of(grid, one), water, n_histories=100_000) for one in (here, there))
    near = np.s_[5:19, 5:19, 5:19]
    shift = (1, 2, -1)
    moved = np.roll(first.dose.values, shift, axis=(0, 1, 2))[near]
    moved_spread = np.roll(first.uncertainty.values, shift, axis=(0, 1, 2))[near]
    spread = np.hypot(moved_spread, second.uncertainty.values[near])
    deviation = (second.dose.values[near] - moved)[spread > 0] / spread[spread > 0]
    assert np.abs(deviation).max() < 5
    # from the same random numbers: what differs is only what photons do at the edge
    assert np.sqrt(np.mean(deviation**2)) < 1.1


def test_exchanged_axes_give_an_exchanged_dose() -> None:
    gy, sigma = one_voxel("Y-90", "icrp107", (2.0, 3.0, 4.0), 3, n_histories=200_000)
    other, other_sigma = one_voxel("Y-90", "icrp107", (4.0, 2.0, 3.0), 3, n_histories=200_000)
    turned = np.transpose(other, (1, 2, 0))
    spread = np.hypot(sigma, np.transpose(other_sigma, (1, 2, 0)))
    deviation = (gy - turned)[spread > 0] / spread[spread > 0]
    assert np.abs(deviation).max() < 5
    assert np.sqrt(np.mean(deviation**2)) == pytest.approx(1.0, abs=0.2)


def test_uncertainty_falls_with_the_root_of_the_histories() -> None:
    few, many = small_run(n_histories=40_000), small_run(n_histories=640_000)
    hot = many.dose.values > many.dose.values.max() / 4
    ratio = few.uncertainty.values[hot].mean() / many.uncertainty.values[hot].mean()
    assert ratio == pytest.approx(4.0, rel=0.15)


def test_the_uncertainty_map_is_honest_over_twenty_seeds() -> None:
    runs = [small_run(seed, 50_000) for seed in range(20)]
    doses = np.array([one.dose.values for one in runs], dtype=np.float64)
    stated = np.array([one.uncertainty.values for one in runs], dtype=np.float64) ** 2
    mean = doses.mean(axis=0)
    hot = mean > 0.1 * mean.max()
    reduced = doses.var(axis=0, ddof=1)[hot] / stated.mean(axis=0)[hot]
    assert 0.9 < reduced.mean() < 1.1


def test_a_run_in_two_parts_is_the_run_in_one() -> None:
    whole = small_run(n_histories=20_000, histories_per_batch=500)
    part = small_run(n_histories=7_500, histories_per_batch=500)
    rest = small_run(n_histories=20_000, histories_per_batch=500, resume=part.state)
    assert part.n_histories == 7_500
    assert np.array_equal(rest.dose.values, whole.dose.values)
    assert np.array_equal(rest.uncertainty.values, whole.uncertainty.values)


def test_negative_decays_take_dose_away() -> None:
    decays, density = patient()
    values = decays.values.copy()
    values[4, 4, 4] *= -1.0
    result = run(decays_of(decays.grid, values), density, n_histories=100_000)
    assert "negative_activity" in {finding.rule for finding in result.findings}
    assert result.dose.values[4, 4, 4] < small_run(n_histories=100_000).dose.values[4, 4, 4]
    total = float(values.sum(dtype=np.float64)) * decays.grid.voxel_volume_ml
    released = total * result.energy.mean_energy_mev_per_decay * 1.602176634e-13
    assert result.energy.released_j == pytest.approx(released, rel=0.02)


def test_even_activity_deep_inside_gives_the_equilibrium_dose() -> None:
    grid = grid_of((17, 17, 17), SIDE_MM)
    result = run(decays_of(grid, 1e9), density_of(grid, 1.05), n_histories=400_000)
    middle = np.s_[5:12, 5:12, 5:12]
    found = result.dose.values[middle].mean(dtype=np.float64)
    emitted_j = result.energy.mean_energy_mev_per_decay * 1.602176634e-13
    assert found / (1e9 * emitted_j / 1.05e-3) == pytest.approx(0.997, abs=0.004)
