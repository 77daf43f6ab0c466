"""One compartment: van Roekel, PhD thesis Utrecht, chapter 2, p. 30, with the factors that divide.

Dose levels from DOSISPHERE-01 (120 Gy), Memon 2012 (113 Gy) and segmentectomy (190, 400 Gy); the
rest is constructed. Tolerance: half the last printed digit.
"""

import pytest

from opensirt.physics.analytic import (
    activity_for_lung_dose_bq,
    lung_dose_gy,
    lung_limit_binds_at_fraction,
    mono_compartment_activity_bq,
    mono_compartment_dose_gy,
)

EXAMPLES = {
    "F3-1": (120, 1.20, 0.05, 0.01, {50.0: 3.062, 49.67: 3.083, 49.38: 3.101}, 7.6),
    "F3-2": (113, 0.95, 0.08, 0.02, {50.0: 2.381, 49.67: 2.397, 49.38: 2.411}, 9.3),
    "F3-3": (190, 0.25, 0.03, 0.01, {50.0: 0.989, 49.67: 0.996, 49.38: 1.002}, 1.5),
    "F3-4": (400, 0.2131, 0.03, 0.01, {50.0: 1.775, 49.67: 1.787, 49.38: 1.798}, 2.6),
}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("constant", [50.0, 49.67, 49.38])
def test_activity_for_a_perfused_dose(name: str, constant: float) -> None:
    dose_gy, mass_kg, shunt, residual, activities, lung_gy = EXAMPLES[name]
    activity = mono_compartment_activity_bq(
        dose_gy,
        mass_kg=mass_kg,
        dose_constant_gy_kg_per_gbq=constant,
        lung_shunt_fraction=shunt,
        residual_fraction=residual,
    )
    assert activity / 1e9 == pytest.approx(activities[constant], abs=0.0005)
    lungs = lung_dose_gy(
        activity,
        lung_shunt_fraction=shunt,
        lung_mass_kg=1.0,
        dose_constant_gy_kg_per_gbq=constant,
        residual_fraction=residual,
    )
    assert lungs == pytest.approx(lung_gy, abs=0.05)


def test_segmentectomy_of_150_g_at_400_gy() -> None:
    activity = mono_compartment_activity_bq(
        400,
        mass_kg=0.15,
        dose_constant_gy_kg_per_gbq=49.67,
        lung_shunt_fraction=0.02,
        residual_fraction=0.01,
    )
    assert activity / 1e9 == pytest.approx(1.245, abs=0.0005)


def test_a_shunt_and_a_residual_leave_2619_of_3000_mbq() -> None:
    dose = mono_compartment_dose_gy(
        3e9,
        mass_kg=1.5,
        dose_constant_gy_kg_per_gbq=49.67,
        lung_shunt_fraction=0.10,
        residual_fraction=0.03,
    )
    assert dose * 1.5 / 49.67 == pytest.approx(2.619, abs=0.0005)
    assert dose == pytest.approx(86.7, abs=0.05)


def test_94_gy_of_3_gbq_in_one_and_a_half_kilograms() -> None:
    dose = mono_compartment_dose_gy(
        3e9,
        mass_kg=1.5,
        dose_constant_gy_kg_per_gbq=50,
        lung_shunt_fraction=0.05,
        residual_fraction=0.01,
    )
    assert dose == pytest.approx(94.05, abs=0.005)


def test_the_means_of_a_segmentectomy_series_fit_its_mean_dose() -> None:
    """EJNMMI Phys 2022, s40658-022-00520-9: 1.38 GBq, 206.9 mL, 306.3 Gy; a ratio of means."""
    without, with_shunt = (
        mono_compartment_dose_gy(
            1.38e9,
            mass_kg=0.2069 * 1.05,
            dose_constant_gy_kg_per_gbq=49.67,
            lung_shunt_fraction=shunt,
        )
        for shunt in (0.0, 0.03)
    )
    assert without == pytest.approx(315.5, abs=0.05)
    assert with_shunt == pytest.approx(306.1, abs=0.05)


@pytest.mark.parametrize(
    ("gbq", "shunt", "mass_kg", "gy"),
    [(3, 0.05, 1.0, 7.5), (3, 0.10, 1.0, 14.9), (2, 0.10, 1.0, 9.9), (2, 0.10, 0.63, 15.8)],
)
def test_lung_doses_with_both_lung_masses(
    gbq: float, shunt: float, mass_kg: float, gy: float
) -> None:
    dose = lung_dose_gy(
        gbq * 1e9,
        lung_shunt_fraction=shunt,
        lung_mass_kg=mass_kg,
        dose_constant_gy_kg_per_gbq=49.67,
    )
    assert dose == pytest.approx(gy, abs=0.05)


def test_thirty_gray_are_so_many_becquerel_in_a_kilogram_of_lung() -> None:
    yttrium, holmium = (
        activity_for_lung_dose_bq(
            30, lung_shunt_fraction=1.0, lung_mass_kg=1.0, dose_constant_gy_kg_per_gbq=constant
        )
        for constant in (49.67, 15.87)
    )
    assert yttrium / 1e9 == pytest.approx(0.604, abs=0.0005)
    assert holmium / 1e9 == pytest.approx(1.890, abs=0.0005)


def test_the_bound_of_the_lung_shunt_does_not_know_the_nuclide() -> None:
    """Thomas 2026 (LSFbound): 30 Gy to 1 kg against 60 Gy to 1.5 kg bind equally at 25 %."""
    for constant in (49.67, 15.87):
        reaching_bq = 60 * 1.5 / constant * 1e9
        bound = lung_limit_binds_at_fraction(
            reaching_bq, lung_limit_gy=30, lung_mass_kg=1.0, dose_constant_gy_kg_per_gbq=constant
        )
        assert bound == pytest.approx(0.25, rel=1e-12)
