"""Laws that every dose engine obeys: energy, linearity, places, limits."""

from collections.abc import Sequence

import numpy as np
import pytest
from builders import FRAME, affine, axis_orders, axis_signs, centred_grid, seeds
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.physics.dose import ENGINES, EngineResult, dose_engine
from opensirt.physics.dose.fourier import convolve_even, kept_inside, occupied_block, reach
from opensirt.physics.kernel import octant_total, voxel_kernel, whole
from opensirt.reference.radionuclide import radionuclide

NUCLIDES = ("Y-90", "Ho-166", "Lu-177", "Re-188")
FULL_SCALE_BQ_S_PER_ML = 1e11

# Monte Carlo obeys the same laws within its noise: tests/laws/test_monte_carlo.py
engines = st.sampled_from(sorted(set(ENGINES) - {"monte-carlo"}))
nuclides = st.sampled_from(NUCLIDES)
spacings_mm = st.tuples(*[st.sampled_from([1.7, 2.0, 3.0, 4.07283])] * 3)
shapes = st.tuples(*[st.integers(1, 14)] * 3)


def decays(grid: Grid, values: NDArray[np.float32], name: str) -> TimeIntegratedActivityMap:
    return TimeIntegratedActivityMap(
        grid=grid, values=values * np.float32(FULL_SCALE_BQ_S_PER_ML), radionuclide=name
    )


def even(grid: Grid, density_g_per_ml: float = 1.05) -> DensityMap:
    return DensityMap(grid=grid, values=np.full(grid.shape, density_g_per_ml / 1e3, np.float32))


def uneven(grid: Grid, rng: np.random.Generator) -> DensityMap:
    values = rng.choice([0.26, 1.0, 1.05, 1.4], grid.shape) / 1e3
    return DensityMap(grid=grid, values=values.astype(np.float32))


def computed(
    engine: str, name: str, grid: Grid, values: NDArray[np.float32], density: DensityMap
) -> EngineResult:
    return dose_engine(engine, radionuclide(name)).dose(decays(grid, values, name), density)


def blob(rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float32]:
    """Return activity in a random part of the grid."""
    values = rng.random(tuple(shape), np.float32)
    for axis, length in enumerate(shape):
        first, last = np.sort(rng.integers(0, length, 2))
        values[(slice(None),) * axis + (slice(0, first),)] = 0
        values[(slice(None),) * axis + (slice(last + 1, None),)] = 0
    return values


def total_energy_j(result: EngineResult, density: DensityMap) -> float:
    product = result.dose.values.astype(np.float64) * density.values
    return float(product.sum() * density.grid.voxel_volume_ml)


@given(engines, nuclides, spacings_mm, shapes, seeds)
def test_energy_is_released_scored_or_reported_as_lost(
    engine: str, name: str, spacing: tuple[float, ...], shape: tuple[int, int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    grid = Grid(shape, affine(spacing), FRAME)
    density, values = uneven(grid, rng), blob(rng, shape)
    result = computed(engine, name, grid, values, density)
    energy, nuclide = result.energy, radionuclide(name)
    mev = nuclide.electron_energy_mev_per_decay.value
    if engine != "local":
        mev += nuclide.photon_energy_mev_per_decay.value
    assert energy.mean_energy_mev_per_decay == pytest.approx(mev, rel=1e-12)
    freed_j = decays(grid, values, name).total() * mev * 1.602176634e-13
    assert energy.released_j == pytest.approx(freed_j, rel=1e-6)
    lost = energy.outside_kernel_fraction + energy.outside_grid_fraction
    assert total_energy_j(result, density) == pytest.approx(freed_j * (1 - lost), rel=1e-3)
    assert energy.scored_j == pytest.approx(total_energy_j(result, density), rel=1e-5, abs=1e-12)
    assert -1e-9 <= energy.outside_grid_fraction < 1


@given(engines, nuclides, seeds, st.floats(0.1, 10.0))
def test_dose_is_linear_in_the_decays(engine: str, name: str, seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    grid = centred_grid((9, 10, 11))
    density = even(grid)
    first, second = (rng.random(grid.shape, np.float32) for _ in range(2))
    both = computed(engine, name, grid, first + np.float32(factor) * second, density)
    parts = [computed(engine, name, grid, values, density) for values in (first, second)]
    expected = parts[0].dose.values + factor * parts[1].dose.values
    np.testing.assert_allclose(both.dose.values, expected, atol=3e-6 * expected.max())


@given(engines, st.tuples(*[st.integers(-3, 3)] * 3), seeds)
def test_moving_the_activity_moves_the_dose(
    engine: str, steps: tuple[int, int, int], seed: int
) -> None:
    grid = centred_grid((24, 25, 26), (2.0, 3.0, 4.0))
    values = np.zeros(grid.shape, np.float32)
    values[10:13, 11:15, 12:14] = np.random.default_rng(seed).random((3, 4, 2))
    density = even(grid)
    still = computed(engine, "Y-90", grid, values, density).dose.values
    moved = computed(engine, "Y-90", grid, np.roll(values, steps, (0, 1, 2)), density).dose.values
    # Superposition carries bremsstrahlung far on a coarse grid that does not move along.
    allowed = 5e-6 if engine == "superposition" else 1e-6
    np.testing.assert_allclose(moved, np.roll(still, steps, (0, 1, 2)), atol=allowed * still.max())


@given(engines, axis_orders, axis_signs, spacings_mm, seeds)
def test_turning_and_flipping_the_axes_changes_no_number(
    engine: str,
    order: list[int],
    sign: tuple[float, ...],
    spacing: tuple[float, ...],
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    grid = Grid((9, 8, 11), affine(spacing), FRAME)
    density, values = uneven(grid, rng), blob(rng, grid.shape)

    def turned(array: NDArray[np.float32]) -> NDArray[np.float32]:
        made = np.transpose(array, order)
        return np.ascontiguousarray(made[tuple(slice(None, None, int(one)) for one in sign)])

    # The affine that keeps every voxel in its place under the new order and direction of axes.
    shape = tuple(grid.shape[axis] for axis in order)
    columns = grid.affine[:3, order] * np.array(sign)
    origin = grid.affine[:3, 3].copy()
    for axis, one in zip(order, sign, strict=True):
        if one < 0:
            origin += grid.affine[:3, axis] * (grid.shape[axis] - 1)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = columns, origin
    other = Grid((shape[0], shape[1], shape[2]), matrix, FRAME)
    plain = computed(engine, "Y-90", grid, values, density)
    again = computed(
        engine,
        "Y-90",
        other,
        turned(values),
        DensityMap(grid=other, values=turned(density.values)),
    )
    expected = turned(plain.dose.values)
    np.testing.assert_allclose(again.dose.values, expected, atol=1e-5 * expected.max())
    for name in ("released_j", "scored_j", "outside_kernel_fraction", "outside_grid_fraction"):
        assert getattr(again.energy, name) == pytest.approx(
            getattr(plain.energy, name), rel=1e-5, abs=1e-9
        )


@given(engines, nuclides, seeds)
def test_the_dose_lies_where_the_activity_lies(engine: str, name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = centred_grid((30, 31, 32), (2.0, 3.0, 2.5))
    values = np.zeros(grid.shape, np.float32)
    values[13:17, 14:17, 14:18] = rng.random((4, 3, 4))
    places = grid.lps_mm(np.moveaxis(np.indices(grid.shape), 0, -1))
    dose = computed(engine, name, grid, values, even(grid)).dose.values

    def centroid(weights: NDArray[np.float32]) -> NDArray[np.float64]:
        shares = weights.astype(np.float64) / weights.sum(dtype=np.float64)
        return np.asarray((places * shares[..., None]).sum(axis=(0, 1, 2)))

    assert np.abs(centroid(dose) - centroid(values)).max() < 0.1


@given(nuclides, spacings_mm, st.floats(0.2, 1.9))
def test_s_values_scale_with_density_as_water_does(
    name: str, spacing: tuple[float, float, float], density_g_per_ml: float
) -> None:
    scaled = voxel_kernel(radionuclide(name), spacing, density_g_per_ml=density_g_per_ml)
    k, j, i = (mm * density_g_per_ml for mm in spacing)
    water = voxel_kernel(radionuclide(name), (k, j, i))
    assert scaled.half_width == water.half_width
    np.testing.assert_allclose(
        scaled.octant_mev, water.octant_mev, rtol=2e-4, atol=1e-7 * water.octant_mev.max()
    )
    found = scaled.s_values(scaled.electron_mev).max()
    assert found == pytest.approx(
        density_g_per_ml**2 * water.s_values(water.electron_mev).max(), rel=1e-4
    )


@settings(max_examples=15)
@given(nuclides, st.tuples(*[st.floats(0.8, 9.0)] * 3))
def test_a_kernel_loses_and_makes_no_energy(name: str, spacing: tuple[float, float, float]) -> None:
    kernel = voxel_kernel(radionuclide(name), spacing)
    electrons = whole(kernel.electron_mev)
    # All of the electrons' tracks end inside; the rest of their energy is bremsstrahlung.
    emitted = radionuclide(name).electron_energy_mev_per_decay.value
    assert float(electrons.sum()) == pytest.approx(emitted, rel=6e-3)
    assert float(electrons.sum()) < emitted
    assert kernel.inside_mev == pytest.approx(float(whole(kernel.octant_mev).sum()), rel=1e-12)
    assert 0 < kernel.outside_fraction < 0.25
    assert min(kernel.octant_mev.min(), kernel.photon_mev.min()) >= 0


@given(nuclides)
def test_in_voxels_far_larger_than_the_range_the_kernel_is_local_deposition(name: str) -> None:
    grid = centred_grid((3, 3, 3), (2000.0, 2000.0, 2000.0))
    values = np.zeros(grid.shape, np.float32)
    values[1, 1, 1] = 1
    local, kernel = (computed(one, name, grid, values, even(grid)) for one in ("local", "kernel"))
    share = kernel.dose.values[1, 1, 1] / local.dose.values[1, 1, 1]
    photons = radionuclide(name).photon_energy_mev_per_decay.value
    electrons = radionuclide(name).electron_energy_mev_per_decay.value
    assert 0.99 < share < 1.0 + photons / electrons


def test_in_even_activity_the_dose_is_the_equilibrium_dose() -> None:
    grid = centred_grid((31, 31, 31), (2.0, 2.0, 2.0))
    values = np.ones(grid.shape, np.float32)
    result = computed("kernel", "Y-90", grid, values, even(grid))
    local = computed("local", "Y-90", grid, values, even(grid))
    found, everything = (one.dose.values[15, 15, 15] for one in (result, local))
    kernel = voxel_kernel(radionuclide("Y-90"), grid.spacing_mm, density_g_per_ml=1.05)
    by_electrons = everything * octant_total(kernel.electron_mev) / kernel.emitted_mev
    by_bremsstrahlung = everything * octant_total(kernel.bremsstrahlung_mev) / kernel.emitted_mev
    # Bremsstrahlung comes from farther than the kernel goes, but not all of it stays.
    assert by_electrons + by_bremsstrahlung < found < everything
    assert found == pytest.approx(by_electrons, rel=0.002)


@given(st.tuples(*[st.integers(1, 12)] * 3), st.tuples(*[st.integers(0, 7)] * 3), seeds)
def test_the_fast_convolution_agrees_with_a_direct_one(
    shape: tuple[int, int, int], half_width: tuple[int, int, int], seed: int
) -> None:
    from scipy.signal import convolve

    rng = np.random.default_rng(seed)
    octant = rng.random(tuple(n + 1 for n in half_width))
    values = blob(rng, shape)
    occupied = occupied_block(values)
    assert occupied is not None
    part = reach(occupied, half_width, shape)
    found = np.zeros(shape, np.float32)
    found[part.block] = convolve_even(values[part.block], octant, part.shape, workers=1)
    full = convolve(values.astype(np.float64), whole(octant), mode="full", method="direct")
    inside = tuple(slice(n, n + length) for n, length in zip(half_width, shape, strict=True))
    np.testing.assert_allclose(found, full[inside], atol=3e-6 * full.max())
    kept = kept_inside(values[part.block], octant, part.block, shape)
    assert kept.total == pytest.approx(float(values.sum(dtype=np.float64)), rel=1e-6)
    assert kept.inside == pytest.approx(float(full[inside].sum()), rel=1e-6)


def test_a_kernel_of_one_voxel_multiplies() -> None:
    values = np.random.default_rng(1).random((5, 6, 7), np.float32)
    found = convolve_even(values, np.full((1, 1, 1), 3.0), (5, 6, 7))
    np.testing.assert_allclose(found, 3 * values, rtol=1e-6, atol=1e-6)


@given(seeds)
def test_the_occupied_block_is_the_smallest_one(seed: int) -> None:
    values = blob(np.random.default_rng(seed), (7, 8, 9))
    block = occupied_block(values)
    assert block is not None
    assert np.count_nonzero(values[block]) == np.count_nonzero(values)
    for axis in range(3):
        ends = np.moveaxis(values[block], axis, 0)
        assert ends[0].any()
        assert ends[-1].any()


def test_nothing_occupies_no_block() -> None:
    assert occupied_block(np.zeros((3, 4, 5), np.float32)) is None
