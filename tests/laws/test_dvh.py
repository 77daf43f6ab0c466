"""Dose–volume histograms: exact answers on analytic phantoms, and laws."""

import numpy as np
import pytest
from builders import seeds
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.dvh import Dvh
from opensirt.errors import InputError

doses = st.lists(st.floats(-1.0, 500.0, width=32), min_size=1, max_size=60)


def test_dvh_of_a_ramp_is_exact() -> None:
    ramp = Dvh(np.arange(1.0, 101.0), voxel_volume_ml=0.008)
    assert (ramp.dose_gy(0.95), ramp.dose_gy(0.70), ramp.dose_gy(0.50), ramp.dose_gy(0.05)) == (
        6,
        31,
        51,
        96,
    )
    assert ramp.volume_fraction(51.0) == 0.50
    assert ramp.volume_fraction(50.5) == 0.50
    assert ramp.volume_fraction(100.1) == 0.0
    assert ramp.volume_fraction(0.0) == 1.0
    assert (ramp.mean_gy, ramp.min_gy, ramp.max_gy) == (50.5, 1.0, 100.0)
    assert ramp.volume_ml == pytest.approx(0.8)


def test_dvh_of_two_levels_is_exact() -> None:
    levels = Dvh([10.0] * 30 + [40.0] * 70, voxel_volume_ml=1.0)
    assert levels.dose_gy(0.70) == 40.0
    assert levels.dose_gy(0.71) == 10.0
    assert levels.volume_fraction(40.0) == 0.70
    assert levels.volume_fraction(40.0001) == 0.0
    assert levels.volume_fraction(10.0) == 1.0
    assert levels.mean_gy == pytest.approx(31.0)


def test_dvh_of_weighted_voxels_counts_parts_of_voxels() -> None:
    parts = Dvh([100.0, 50.0, 10.0], voxel_volume_ml=2.0, fractions=[0.5, 1.0, 0.25])
    assert parts.volume_ml == pytest.approx(3.5)
    assert parts.mean_gy == pytest.approx((50 + 50 + 2.5) / 1.75)
    assert parts.dose_gy(0.5 / 1.75) == 100.0
    assert parts.dose_gy(0.29) == 50.0
    assert parts.volume_fraction(50.0) == pytest.approx(1.5 / 1.75)


def test_dvh_of_a_sphere_with_a_radial_dose_is_exact() -> None:
    # Dose 100·(1 − r/R): the volume above a dose d is the ball of radius R·(1 − d/100).
    side, radius = 81, 40.0
    axis = np.arange(side) - side // 2
    r = np.sqrt(axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2)
    inside = r <= radius
    sphere = Dvh(100 * (1 - r[inside] / radius), voxel_volume_ml=0.001)
    for dose_gy in (20.3, 50.7, 80.9):  # no shell of voxels lies on these
        wanted = np.count_nonzero(r <= radius * (1 - dose_gy / 100)) / np.count_nonzero(inside)
        assert sphere.volume_fraction(dose_gy) == wanted
        assert wanted == pytest.approx((1 - dose_gy / 100) ** 3, rel=0.03)
    assert sphere.mean_gy == pytest.approx(25.0, rel=0.01)


@given(doses, st.floats(0.01, 1.0))
def test_d_and_v_are_inverse(values: list[float], fraction: float) -> None:
    dvh = Dvh(values, voxel_volume_ml=0.1)
    assert dvh.volume_fraction(dvh.dose_gy(fraction)) >= fraction * (1 - 1e-8)
    above = np.nextafter(dvh.dose_gy(fraction), np.inf)
    assert dvh.volume_fraction(float(above)) < fraction * (1 + 1e-8)


@given(doses, seeds)
def test_the_order_of_voxels_changes_nothing(values: list[float], seed: int) -> None:
    mixed = np.random.default_rng(seed).permutation(values)
    first, second = Dvh(values, 0.1), Dvh(mixed, 0.1)
    for fraction in (0.95, 0.7, 0.5, 0.05, 1.0):
        assert first.dose_gy(fraction) == second.dose_gy(fraction)
    assert first.mean_gy == pytest.approx(second.mean_gy, abs=1e-9)


@given(doses, st.integers(1, 5))
def test_splitting_every_voxel_changes_nothing(values: list[float], n_parts: int) -> None:
    whole = Dvh(values, 0.1)
    split = Dvh(np.repeat(values, n_parts), 0.1, np.full(len(values) * n_parts, 1 / n_parts))
    assert split.volume_ml == pytest.approx(whole.volume_ml)
    for fraction in (0.95, 0.7, 0.5, 0.05):
        assert split.dose_gy(fraction) == whole.dose_gy(fraction)


@given(doses)
def test_the_curve_falls_from_one(values: list[float]) -> None:
    dose, volume = Dvh(np.abs(values), 0.1).curve()
    assert volume[0] == 1.0
    assert (np.diff(volume) <= 0).all()
    assert volume[-1] > 0
    assert dose[0] == 0


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.01])
def test_a_volume_fraction_outside_zero_to_one_is_refused(fraction: float) -> None:
    with pytest.raises(InputError, match="lies in"):
        Dvh([1.0], 1.0).dose_gy(fraction)


def test_a_volume_larger_than_the_structure_is_refused_not_zero() -> None:
    dvh = Dvh([5.0, 7.0], voxel_volume_ml=1.0)
    assert dvh.dose_to_volume_gy(1.0) == 7.0
    with pytest.raises(InputError, match="does not exist"):
        dvh.dose_to_volume_gy(2.5)


@pytest.mark.parametrize(
    ("values", "weights"), [([], None), ([1.0], [0.0]), ([1.0, 2.0], [1.0]), ([np.nan], None)]
)
def test_a_dvh_of_nothing_is_refused(values: list[float], weights: list[float] | None) -> None:
    with pytest.raises(InputError, match="DVH needs"):
        Dvh(values, 1.0, weights)
