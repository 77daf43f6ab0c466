"""Dose engines: what they refuse, what they report, what they leave alone."""

import numpy as np
import pytest
from builders import centred_grid
from numpy.typing import NDArray

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.grid import Grid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.errors import (
    GeometryError,
    InputError,
    MissingInputError,
    OpenSirtError,
    UnknownNameError,
)
from opensirt.physics.dose import ENGINES, EngineResult, dose_engine
from opensirt.physics.dose import convolution as module
from opensirt.physics.dose.fourier import convolve_even
from opensirt.physics.kernel import voxel_kernel
from opensirt.reference.radionuclide import radionuclide

Y90 = radionuclide("Y-90")
GRID = centred_grid((24, 24, 24))


def decays(
    values: NDArray[np.float32], grid: Grid = GRID, name: str = "Y-90"
) -> TimeIntegratedActivityMap:
    return TimeIntegratedActivityMap(grid=grid, values=values, radionuclide=name)


def density(value_g_per_ml: float | NDArray[np.float64] = 1.05, grid: Grid = GRID) -> DensityMap:
    filled = np.broadcast_to(np.asarray(value_g_per_ml) / 1e3, grid.shape)
    return DensityMap(grid=grid, values=filled.astype(np.float32))


def ball(value: float = 1e11, reach: int = 4) -> NDArray[np.float32]:
    values = np.zeros(GRID.shape, np.float32)
    middle = slice(12 - reach, 12 + reach)
    values[middle, middle, middle] = value
    return values


def finding(result: EngineResult, rule: str) -> Finding:
    found = [one for one in result.findings if one.rule == rule]
    assert len(found) == 1, [one.rule for one in result.findings]
    return found[0]


def rules(result: EngineResult) -> set[str]:
    return {one.rule for one in result.findings}


def test_the_table_names_the_engines() -> None:
    assert {"local", "kernel"} <= set(ENGINES)
    for name in ENGINES:
        made = dose_engine(name, Y90)
        assert (made.name, made.nuclide) == (name, Y90)


def test_an_unknown_engine_is_refused_and_never_replaced() -> None:
    with pytest.raises(UnknownNameError, match="unknown dose engine 'Kernel'; known: local, kern"):
        dose_engine("Kernel", Y90)


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_without_data_for_a_nuclide_is_refused(name: str) -> None:
    with pytest.raises(MissingInputError, match="data for an absorbed dose from Tc-99m"):
        dose_engine(name, radionuclide("Tc-99m"))


@pytest.mark.parametrize("name", ENGINES)
def test_decays_of_another_nuclide_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="decays are of Ho-166, the dose engine is set up for Y"):
        dose_engine(name, Y90).dose(decays(ball(), name="Ho-166"), density())


@pytest.mark.parametrize("name", ENGINES)
def test_a_density_on_another_grid_is_refused(name: str) -> None:
    other = centred_grid((24, 24, 24), (3.0, 3.0, 3.1))
    with pytest.raises(GeometryError, match="corners lie"):
        dose_engine(name, Y90).dose(decays(ball()), density(grid=other))


def test_options_go_to_the_engine_that_has_them() -> None:
    with pytest.raises(InputError, match="belongs to local deposition and the analytic models"):
        dose_engine("kernel", Y90, dose_constant_gy_kg_per_gbq=49.67)
    with pytest.raises(InputError, match="local does not use a water kernel"):
        dose_engine("local", Y90, water="I78")
    with pytest.raises(InputError, match="above zero, found -1 Gy kg/GBq"):
        dose_engine("local", Y90, dose_constant_gy_kg_per_gbq=-1)
    with pytest.raises(UnknownNameError, match="unknown water 'I77'"):
        dose_engine("kernel", Y90, water="I77").dose(decays(ball()), density())


def test_local_deposition_takes_the_dose_constant_given() -> None:
    # 1 MBq/mL of Y-90 for ever at 1.05 g/mL with 49.67 Gy kg/GBq is 47.3 Gy.
    values = np.full(GRID.shape, 1e6 * Y90.mean_life_s, np.float32)
    engine = dose_engine("local", Y90, dose_constant_gy_kg_per_gbq=49.67)
    result = engine.dose(decays(values), density())
    np.testing.assert_allclose(result.dose.values, 49.67 / 1.05, rtol=1e-6)
    assert result.energy.scored_j == pytest.approx(result.energy.released_j, rel=1e-6)
    assert (result.dose.engine, result.dose.radionuclide, result.dose.data_set) == (
        "local",
        "Y-90",
        "icrp107",
    )


def test_dose_is_zero_beyond_the_reach_of_electrons() -> None:
    values = np.zeros(GRID.shape, np.float32)
    values[12, 12, 12] = 1e11
    result = dose_engine("kernel", Y90).dose(decays(values), density(1.0))
    n = voxel_kernel(Y90, GRID.spacing_mm).half_width[0]
    assert n == 4
    outside = np.ones(GRID.shape, bool)
    outside[12 - n : 12 + n + 1, 12 - n : 12 + n + 1, 12 - n : 12 + n + 1] = False
    assert not result.dose.values[outside].any()
    assert result.dose.values.min() >= 0


def test_the_kernel_follows_the_density_that_holds_the_activity() -> None:
    lung = dose_engine("kernel", Y90).dose(decays(ball()), density(0.26)).dose.values
    liver = dose_engine("kernel", Y90).dose(decays(ball()), density(1.05)).dose.values
    assert lung[12, 12, 12] < 0.9 * liver[12, 12, 12] * 1.05 / 0.26
    assert lung[12, 12, 19] > 20 * liver[12, 12, 19]


def test_uneven_density_divides_energy_by_local_mass_and_is_reported() -> None:
    uneven = np.full(GRID.shape, 1.05)
    uneven[:, :, 12:] = 0.26
    result = dose_engine("kernel", Y90).dose(decays(ball()), density(uneven))
    even = dose_engine("kernel", Y90).dose(decays(ball()), density(1.05))
    # Half of the activity lies in either; the kernel's density is one of the two.
    told = finding(result, "kernel_density_contrast")
    assert told.severity is Severity.WARN
    assert told.value == pytest.approx(0.5, abs=0.1)
    assert "kernel_density_contrast" not in rules(even)
    mass_kg = uneven / 1e3 * GRID.voxel_volume_ml
    energy_j = float((result.dose.values * mass_kg).sum(dtype=np.float64))
    assert energy_j == pytest.approx(result.energy.scored_j, rel=1e-6)


def test_noise_in_the_air_does_not_set_the_density_of_the_kernel() -> None:
    uneven = np.full(GRID.shape, 0.0)
    uneven[8:16, 8:16, 8:16] = 1.05
    values = ball() + np.float32(1e4)
    middle = module.middle_density_kg_per_ml(values, density(uneven).values)
    assert middle == pytest.approx(1.05e-3)


def test_activity_near_the_edge_is_reported() -> None:
    result = dose_engine("kernel", Y90).dose(decays(np.roll(ball(), 8, 0)), density())
    told = finding(result, "activity_near_edge")
    assert told.severity is Severity.WARN
    assert told.value == pytest.approx(result.energy.outside_grid_fraction)
    inside = dose_engine("kernel", Y90).dose(decays(ball()), density())
    assert "activity_near_edge" not in rules(inside)
    assert inside.energy.outside_grid_fraction == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", ENGINES)
def test_negative_voxels_are_kept_and_counted(name: str) -> None:
    values = ball()
    values[2, 2, 2:5] = -1e11
    result = dose_engine(name, Y90).dose(decays(values), density())
    told = finding(result, "negative_activity")
    assert (told.severity, told.value) == (Severity.NOTE, 3)
    assert result.dose.values[2, 2, 3] < 0
    assert result.energy.scored_j == pytest.approx(
        result.energy.released_j
        * (1 - result.energy.outside_kernel_fraction - result.energy.outside_grid_fraction),
        rel=1e-3,
    )


@pytest.mark.parametrize("name", ENGINES)
def test_no_activity_gives_no_dose(name: str) -> None:
    result = dose_engine(name, Y90).dose(decays(np.zeros(GRID.shape, np.float32)), density())
    assert not result.dose.values.any()
    assert (result.energy.released_j, result.energy.scored_j) == (0, 0)


def test_voxels_of_no_density_are_taken_as_air_and_reported() -> None:
    hollow = np.full(GRID.shape, 1.05)
    hollow[12, 12, 16] = 0.0
    result = dose_engine("kernel", Y90).dose(decays(ball()), density(hollow))
    told = finding(result, "dose_in_air")
    assert "1 voxels lighter than 0.05 g/mL" in told.text
    assert "1 of them were taken as air" in told.text
    assert np.isfinite(result.dose.values).all()
    assert result.dose.values[12, 12, 16] > 100 * result.dose.values[12, 12, 15]


def test_much_energy_in_air_is_a_warning() -> None:
    hollow = np.full(GRID.shape, 1.05)
    hollow[:, :, 12:] = 0.0
    result = dose_engine("local", Y90).dose(decays(ball()), density(hollow))
    assert finding(result, "dose_in_air").severity is Severity.WARN


def test_small_voxels_question_local_deposition() -> None:
    result = dose_engine("local", Y90).dose(decays(ball()), density())
    told = finding(result, "local_small_voxels")
    assert told.value == pytest.approx(3.0)
    assert told.limit == pytest.approx(5.4)
    lu177 = radionuclide("Lu-177")
    large = dose_engine("local", lu177).dose(decays(ball(), name="Lu-177"), density())
    assert "local_small_voxels" not in rules(large)


def test_photons_that_leave_are_reported() -> None:
    ho166 = radionuclide("Ho-166")
    imaged = decays(ball(), name="Ho-166")
    local = dose_engine("local", ho166).dose(imaged, density())
    assert "4.1%" in finding(local, "photons_left_out").text
    kernel = dose_engine("kernel", ho166).dose(imaged, density())
    assert "4.1%" in finding(kernel, "photons_outside_kernel").text
    assert "photons_left_out" not in rules(
        dose_engine("local", Y90).dose(decays(ball()), density())
    )


def test_a_result_that_breaks_the_energy_balance_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        module, "convolve_even", lambda *args, **options: convolve_even(*args, **options) * 1.002
    )
    with pytest.raises(OpenSirtError, match=r"energy balance: .* the dose is refused"):
        dose_engine("kernel", Y90).dose(decays(ball()), density())


def test_negatives_beyond_round_off_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        module,
        "convolve_even",
        lambda *args, **options: convolve_even(*args, **options) - np.float32(1e-4),
    )
    with pytest.raises(OpenSirtError, match="where nothing negative went in"):
        dose_engine("kernel", Y90).dose(decays(ball()), density())


def test_round_off_below_zero_is_set_to_zero_and_counted() -> None:
    # Two hot voxels far apart: between them there is nothing but round-off.
    grid = centred_grid((6, 6, 120))
    values = np.zeros(grid.shape, np.float32)
    values[3, 3, [4, 115]] = 1e11
    result = dose_engine("kernel", Y90).dose(decays(values, grid), density(grid=grid))
    told = finding(result, "round_off")
    assert isinstance(told.value, int | float)
    assert told.value > 0
    assert result.dose.values.min() >= 0


@pytest.mark.parametrize("spacing", [(0.0, 1.0, 1.0), (1.0, -2.0, 1.0), (1.0, 1.0, float("nan"))])
def test_a_kernel_for_an_impossible_voxel_is_refused(spacing: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="sides above zero"):
        voxel_kernel(Y90, spacing)


def test_a_kernel_for_no_density_is_refused() -> None:
    with pytest.raises(InputError, match="density is above zero, found 0"):
        voxel_kernel(Y90, (2.0, 2.0, 2.0), density_g_per_ml=0.0)


def test_activity_in_air_is_refused_by_the_kernel() -> None:
    with pytest.raises(InputError, match=r"is the activity in air, is the density in g/mL"):
        dose_engine("kernel", Y90).dose(decays(ball()), density(0.001))


def test_a_kernel_is_computed_once() -> None:
    first = voxel_kernel(Y90, (2.0, 2.0, 2.0))
    assert voxel_kernel(Y90, (2.0, 2.0 + 1e-9, 2.0)) is first


def test_axes_of_a_kernel_follow_those_of_the_voxel() -> None:
    one = voxel_kernel(Y90, (2.0, 3.0, 4.0))
    other = voxel_kernel(Y90, (4.0, 2.0, 3.0))
    assert (one.half_width, other.half_width) == ((6, 4, 3), (3, 6, 4))
    np.testing.assert_array_equal(np.transpose(one.octant_mev, (2, 0, 1)), other.octant_mev)
