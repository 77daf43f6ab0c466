"""The compiled loops against their slow twins and against what theory says of their numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from monte_carlo_cases import grid_of
from numpy.typing import NDArray

from opensirt.errors import InputError
from opensirt.physics.transport.compiled import source_stamp
from opensirt.physics.transport.draw import batch_counter, uniform
from opensirt.physics.transport.electron import (
    given_energy,
    photon_energy,
    room_to_wait,
    step_of,
)
from opensirt.physics.transport.flight import cross, fly, turn
from opensirt.physics.transport.history import DIMENSIONS, _run_batch, run_batch
from opensirt.physics.transport.photon import attenuation, scattered_part
from opensirt.physics.transport.prepare import (
    equal_energies,
    material_by_density,
    medium_of,
    source_of,
)
from opensirt.physics.transport.table import physics
from opensirt.physics.transport.tally import _add_batch, add_batch
from opensirt.reference.radionuclide import radionuclide
from opensirt.reference.transport.collision import moller
from opensirt.reference.transport.material import material_names

SPACING_MM = (3.0, 2.0, 4.0)


def drawn(count: int, one: object, *arguments: object) -> NDArray[np.float64]:
    counter = batch_counter(1, 2)
    return np.array([one(counter, *arguments) for _ in range(count)])  # type: ignore[operator]  # a function


def test_random_numbers_are_even_and_differ_between_batches() -> None:
    numbers = drawn(20_000, uniform)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert numbers.mean() == pytest.approx(0.5, abs=0.01)
    assert numbers.var() == pytest.approx(1 / 12, rel=0.03)
    assert np.corrcoef(numbers[1:], numbers[:-1])[0, 1] == pytest.approx(0, abs=0.03)
    assert batch_counter(0, 1) != batch_counter(0, 2) != batch_counter(1, 0)


@given(
    st.floats(-1, 1), st.floats(0, 6.28), st.floats(-1, 1), st.floats(0, 6.28)
)  # fmt: skip
def test_a_turn_keeps_the_length_and_makes_the_angle(
    z: float, around: float, cosine: float, azimuth: float
) -> None:
    flat = np.sqrt(1 - z * z)
    start = np.array([flat * np.cos(around), flat * np.sin(around), z])
    angles = (cosine, np.sqrt(1 - cosine**2), np.cos(azimuth), np.sin(azimuth))
    x, y, z = start
    turned: NDArray[np.float64] = np.array(turn(x, y, z, *angles), dtype=np.float64)
    assert np.linalg.norm(turned) == pytest.approx(1.0, abs=1e-6)
    assert turned @ start == pytest.approx(cosine, abs=1e-5)
    assert turned == pytest.approx(turn.py_func(*start, *angles), abs=1e-9)  # type: ignore[attr-defined]  # of numba


def test_the_next_face_is_found() -> None:
    sides, strides = (4.0, 2.0, 3.0), (10, 100)
    assert cross(sides, strides, 555, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0) == (3.0, 556, 0.0, 1.0, 1.0)
    assert cross(sides, strides, 555, 1.0, 1.0, 1.0, -1.0, 0.0, 0.0) == (1.0, 554, 4.0, 1.0, 1.0)
    assert cross(sides, strides, 555, 1.0, 0.5, 1.0, 0.0, -1.0, 0.0) == (0.5, 545, 1.0, 2.0, 1.0)
    assert cross(sides, strides, 555, 1.0, 0.5, 1.0, 0.0, 0.0, 1.0) == (2.0, 655, 1.0, 0.5, 0.0)


def test_a_flight_leaves_its_energy_in_proportion_to_the_path() -> None:
    medium = medium_of(
        np.array([[[1.0, 0.5, 2.0]]]), np.zeros((1, 1, 3), np.uint8), (1.0, 1.0, 1.0)
    )
    score = np.zeros(medium.density_g_per_ml.size)
    first = int(np.flatnonzero(medium.density_g_per_ml > 0)[0])
    arguments = (
        medium.density_g_per_ml, medium.material, medium.sides_mm, medium.strides,
        np.ones((1, 1)), 0, score, first, 0.5, 0.5, 0.5, 1.0, 0.0, 0.0, 2.0, 4.0, 3.0,
    )  # fmt: skip
    end = fly(*arguments)
    # 0.5 mm of density 1, 1 mm of 0.5, and the last 1.0 of 2.0 in 0.5 mm of density 2
    assert score[first : first + 3] == pytest.approx([3.0, 3.0, 6.0])
    assert end == pytest.approx((first + 2, 0.5, 0.5, 0.5, 0.0))
    score[:] = 0
    assert fly.py_func(*arguments) == pytest.approx(end)  # type: ignore[attr-defined]  # of numba


def test_a_flight_out_of_the_voxels_keeps_what_is_left() -> None:
    medium = medium_of(np.ones((1, 1, 1)), np.zeros((1, 1, 1), np.uint8), (2.0, 2.0, 2.0))
    score = np.zeros(27)
    voxel, *_, left = fly(
        medium.density_g_per_ml, medium.material, medium.sides_mm, medium.strides,
        np.ones((1, 1)), 0, score, 13, 1.0, 1.0, 1.0, 0.0, 0.0, -1.0, 4.0, 1.0, 1.0,
    )  # fmt: skip
    assert medium.density_g_per_ml[voxel] < 0
    assert (left, score[13]) == pytest.approx((0.75, 0.25))


@given(st.floats(0.0, 2.39))
def test_every_energy_has_its_place_on_the_ladder(energy: float) -> None:
    rungs = physics().energy_mev
    step, over = step_of(rungs, energy, 0)
    assert 0 <= over <= 1
    assert rungs[step] - over * (rungs[step] - rungs[step + 1]) == pytest.approx(energy, abs=1e-12)


def test_hard_collisions_follow_moller() -> None:
    tables, energy = physics(), 1.2
    given_mev = drawn(40_000, given_energy, tables, energy)
    grid = np.geomspace(tables.hard_mev, energy / 2, 2000)
    weight = moller(energy, grid)
    mean = np.trapezoid(weight * grid, grid) / np.trapezoid(weight, grid)
    assert given_mev.min() >= tables.hard_mev
    assert given_mev.max() <= energy / 2
    assert given_mev.mean() == pytest.approx(mean, rel=0.02)


def test_hard_photons_follow_their_shape() -> None:
    tables, energy = physics(), 1.2
    photons = drawn(40_000, photon_energy, tables, energy)
    grid = np.geomspace(tables.photon_mev, energy, 2000)
    weight = np.exp(-tables.photon_slope * grid / energy) / grid
    mean = np.trapezoid(weight * grid, grid) / np.trapezoid(weight, grid)
    assert photons.mean() == pytest.approx(mean, rel=0.02)


@pytest.mark.parametrize("energy", [0.05, 0.4, 2.0])
def test_scattered_photons_follow_klein_and_nishina(energy: float) -> None:
    parts = drawn(40_000, scattered_part, energy)
    grid = np.linspace(1 / (1 + 2 * energy), 1, 4000)
    turned = (1 - grid) / (energy * grid)
    weight = (1 / grid + grid) * (1 - grid * turned * (2 - turned) / (1 + grid**2))
    mean = np.trapezoid(weight * grid, grid) / np.trapezoid(weight, grid)
    assert parts.mean() == pytest.approx(mean, rel=0.005)


@pytest.mark.parametrize(
    ("energy_mev", "cm2_per_g"), [(0.02, 0.810), (0.1, 0.1707), (0.5, 0.0969), (1.0, 0.0707)]
)
def test_water_attenuates_as_tabulated(energy_mev: float, cm2_per_g: float) -> None:
    # NIST, X-ray mass attenuation coefficients of water; below 50 keV they hold coherent
    # scattering as well, which is left out here
    per_mm, absorbed = attenuation(physics(), energy_mev, material_names().index("water"))
    assert per_mm * 10 == pytest.approx(cm2_per_g, rel=0.12 if energy_mev < 0.05 else 0.035)
    assert 0 <= absorbed <= 1


def test_equal_parts_of_a_spectrum_keep_its_mean() -> None:
    energy, number = np.array([1.0, 0.2, 0.5]), np.array([0.3, 1.0, 0.7])
    parts = equal_energies(energy, number, 16)
    assert np.all(np.diff(parts) >= -1e-12)
    assert parts.mean() == pytest.approx((energy * number).sum() / number.sum(), rel=1e-12)


@pytest.mark.parametrize("nuclide", ["Y-90", "Ho-166", "Lu-177", "Re-188"])
def test_what_is_emitted_has_the_energy_of_the_data_set(nuclide: str) -> None:
    known = radionuclide(nuclide)
    source = source_of(known, np.ones((1, 1, 1)))
    electrons = source.electrons_per_decay * source.electron_mev.mean() + source.local_mev
    chances = np.diff(source.photon_summed, prepend=0.0)
    photons = source.photons_per_decay * float(chances @ source.photon_mev)
    wanted = known.electron_energy_mev_per_decay.value
    wanted += 0.0 if known.photons == "none" else known.photon_energy_mev_per_decay.value
    assert electrons + photons == pytest.approx(wanted, rel=1e-6)


def test_materials_follow_the_density() -> None:
    names = material_names()
    found = material_by_density(np.array([0.0012, 0.05, 0.26, 0.7, 1.05, 1.15, 1.9]))
    assert [names[number] for number in found] == [
        "air", "lung", "lung", "soft_tissue", "soft_tissue", "cortical_bone", "cortical_bone",
    ]  # fmt: skip


def test_no_decays_no_source() -> None:
    with pytest.raises(InputError, match="no decays"):
        source_of(radionuclide("Y-90"), np.zeros((2, 2, 2)))


@pytest.mark.parametrize("nuclide", ["Y-90", "Ho-166"])
def test_a_batch_is_that_of_its_slow_twin(nuclide: str) -> None:
    grid = grid_of((5, 6, 7), SPACING_MM)
    rng = np.random.default_rng(0)
    g_per_ml = rng.choice([0.26, 1.05, 1.6], grid.shape)
    medium = medium_of(g_per_ml, material_by_density(g_per_ml), SPACING_MM)
    source = source_of(radionuclide(nuclide), rng.random(grid.shape))
    scores, sums = [], []
    for one in (run_batch, _run_batch(source_stamp())):
        score = np.zeros(medium.density_g_per_ml.size)
        room = room_to_wait(), np.empty(DIMENSIONS)
        sums.append(one(physics(), medium, source, batch_counter(0, 0), 300, score, *room))
        scores.append(score)
    assert sums[0] == pytest.approx(sums[1], rel=1e-9)
    assert scores[0] == pytest.approx(scores[1], rel=1e-9, abs=1e-12)
    assert scores[0].sum() + sums[0][1] == pytest.approx(sums[0][0], rel=1e-12)


def test_batches_are_added_as_their_slow_twin_adds_them() -> None:
    rng = np.random.default_rng(0)
    score = rng.random(50) * (rng.random(50) > 0.5)
    results = []
    for one in (add_batch, _add_batch(source_stamp())):
        mine, summed, squared = score.copy(), np.ones(50), np.zeros(50)
        one(mine, summed, squared)
        assert not mine.any()
        results.append((summed, squared))
    assert np.array_equal(results[0], results[1])
    assert results[0][0] == pytest.approx(1 + score)
    assert results[0][1] == pytest.approx(score**2)


def test_the_stamp_of_the_sources_is_never_zero() -> None:
    assert source_stamp() > 0
