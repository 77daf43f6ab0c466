"""Two doses side by side."""

import numpy as np
import pytest
from builders import FRAME, affine, centred_grid
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from opensirt.domain.dvh import Dvh
from opensirt.domain.grid import Grid
from opensirt.domain.image import DoseMap
from opensirt.errors import GeometryError, InputError
from opensirt.physics.comparison import (
    GammaCriteria,
    bland_altman,
    dose_difference,
    dvh_difference_gy,
    gamma_index,
)

GRID = centred_grid((9, 10, 11), (3.0, 2.0, 2.5))
THREE_TWO = GammaCriteria(dose_difference_fraction=0.03, distance_mm=2.0, lowest_dose_fraction=0.1)


def dose_map(grid: Grid, values: NDArray[np.floating]) -> DoseMap:
    return DoseMap(grid=grid, values=values, engine="test", radionuclide="Y-90")


def ramp(grid: Grid, gy_per_mm: float = 1.0, shift_mm: float = 0.0) -> NDArray[np.floating]:
    """Return a dose that rises along x and is 100 Gy in the middle."""
    x = grid.lps_mm(np.moveaxis(np.indices(grid.shape), 0, -1))[..., 0]
    return (100.0 + (x - shift_mm) * gy_per_mm).astype(np.float32)


def test_a_dose_agrees_with_itself() -> None:
    dose = dose_map(GRID, ramp(GRID))
    found = gamma_index(dose, dose, THREE_TWO)
    assert (found.gamma_pass_fraction, found.n_voxels) == (1.0, GRID.n_voxels)
    assert np.nanmax(found.values) == 0.0


@pytest.mark.parametrize(("factor", "index"), [(1.015, 0.5), (1.03, 1.0), (1.045, 1.5)])
def test_a_flat_dose_has_the_index_of_its_difference(factor: float, index: float) -> None:
    flat = np.full(GRID.shape, 50.0, np.float32)
    found = gamma_index(dose_map(GRID, flat), dose_map(GRID, flat * factor), THREE_TWO)
    assert found.values == pytest.approx(index, rel=1e-4)
    assert found.gamma_pass_fraction == (1.0 if index <= 1.0 + 1e-4 and index < 1.2 else 0.0)


def test_a_shift_along_a_steep_dose_has_the_index_of_the_shift() -> None:
    """On a ramp of slope g the index is shift / √(distance² + (difference/g)²)."""
    grid = centred_grid((5, 5, 41), (2.0, 2.0, 1.0))
    slope, shift = 4.0, 1.0
    reference = dose_map(grid, ramp(grid, slope))
    moved = dose_map(grid, ramp(grid, slope, shift))
    found = gamma_index(reference, moved, THREE_TWO)
    difference_gy = 0.03 * float(reference.values.max())
    wanted = shift / np.hypot(2.0, difference_gy / slope)
    assert found.values[2, 2, 20] == pytest.approx(wanted, rel=0.03)


def test_grids_of_other_spacing_are_compared() -> None:
    fine = centred_grid((17, 19, 21), (1.5, 1.0, 1.25))
    found = gamma_index(dose_map(GRID, ramp(GRID)), dose_map(fine, ramp(fine)), THREE_TWO)
    assert found.gamma_pass_fraction == 1.0
    inner = found.values[1:-1, 1:-1, 1:-1]
    assert np.nanmax(inner) < 0.05


def test_what_is_below_the_lowest_dose_is_not_judged() -> None:
    values = np.full(GRID.shape, 1.0, np.float32)
    values[4:, :, :] = 100.0
    found = gamma_index(dose_map(GRID, values), dose_map(GRID, values), THREE_TWO)
    assert found.n_voxels == 5 * 10 * 11
    assert np.isnan(found.values[:4]).all()


def test_turned_axes_and_other_frames_are_refused() -> None:
    dose = dose_map(GRID, ramp(GRID))
    angle = 0.1
    turned = np.array(affine((3.0, 2.0, 2.5)))
    rotation = np.eye(4)
    rotation[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    other = Grid(GRID.shape, rotation @ turned, FRAME)
    with pytest.raises(GeometryError, match="not parallel"):
        gamma_index(dose, dose_map(other, ramp(other)))
    elsewhere = Grid(GRID.shape, GRID.affine, "2.25.99")
    with pytest.raises(GeometryError, match="frame"):
        gamma_index(dose, dose_map(elsewhere, ramp(GRID)))


def test_criteria_and_doses_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match=r"0.03 is 3 %\), found 3"):
        GammaCriteria(dose_difference_fraction=3, distance_mm=2, lowest_dose_fraction=0.1)
    with pytest.raises(InputError, match="above 0 mm"):
        GammaCriteria(dose_difference_fraction=0.03, distance_mm=0, lowest_dose_fraction=0.1)
    with pytest.raises(InputError, match="lowest dose is a fraction"):
        GammaCriteria(dose_difference_fraction=0.03, distance_mm=2, lowest_dose_fraction=10)
    nothing = dose_map(GRID, np.zeros(GRID.shape, np.float32))
    with pytest.raises(InputError, match="no dose above zero"):
        gamma_index(nothing, nothing)
    with pytest.raises(InputError, match="no dose above zero"):
        dose_difference(nothing, nothing, lowest_dose_fraction=0.1)


def test_differences_of_a_scaled_dose() -> None:
    values = ramp(GRID)
    found = dose_difference(
        dose_map(GRID, values), dose_map(GRID, values * 0.9), lowest_dose_fraction=0.1
    )
    assert found.relative_mean == pytest.approx(-0.1, rel=1e-5)
    assert found.relative_root_mean_square == pytest.approx(0.1, rel=1e-5)
    assert found.mean_gy == pytest.approx(-0.1 * values.mean(), rel=1e-5)
    assert found.largest_gy == pytest.approx(-0.1 * values.max(), rel=1e-5)


doses = arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 500))


@given(doses, st.floats(0, 50))
def test_a_curve_moved_by_a_dose_differs_by_that_dose(
    values: NDArray[np.floating], by_gy: float
) -> None:
    one, moved = Dvh(values, 0.01), Dvh(values + by_gy, 0.01)
    assert dvh_difference_gy(one, moved) == pytest.approx(by_gy, abs=1e-9)
    assert dvh_difference_gy(one, one) == pytest.approx(0.0, abs=1e-12)


@given(doses, doses)
def test_curves_differ_by_at_least_their_means(
    first: NDArray[np.floating], second: NDArray[np.floating]
) -> None:
    one, other = Dvh(first, 0.01), Dvh(second, 0.02)
    apart = dvh_difference_gy(one, other)
    assert apart >= abs(one.mean_gy - other.mean_gy) - 1e-9
    assert apart == pytest.approx(dvh_difference_gy(other, one), abs=1e-9)


@given(
    arrays(np.float64, 8, elements=st.floats(1, 200)),
    arrays(np.float64, 8, elements=st.floats(-5, 5)),
    st.floats(-10, 10),
)
def test_a_bias_moves_the_limits_and_nothing_else(
    reference: NDArray[np.floating], noise: NDArray[np.floating], bias: float
) -> None:
    one = bland_altman(reference, reference + noise)
    moved = bland_altman(reference, reference + noise + bias)
    assert moved.bias - one.bias == pytest.approx(bias, abs=1e-9)
    assert moved.standard_deviation == pytest.approx(one.standard_deviation, abs=1e-9)
    assert moved.upper_limit - one.upper_limit == pytest.approx(bias, abs=1e-9)


def test_pairs_that_cannot_agree_are_refused() -> None:
    with pytest.raises(InputError, match="3 pairs or more, found 2 and 2"):
        bland_altman([1, 2], [1, 2])
    with pytest.raises(InputError, match="finite"):
        bland_altman([1, 2, np.nan], [1, 2, 3])
    with pytest.raises(InputError, match="above zero"):
        bland_altman([0, 2, 3], [0, 2, 3], relative=True)
