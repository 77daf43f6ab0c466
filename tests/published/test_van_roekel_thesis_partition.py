"""Partition: van Roekel, PhD thesis Utrecht, chapter 2, p. 30 (after Ho 1996), 49,670 Gy g/GBq.

The inputs are constructed, the results were computed independently. Tolerance: half the last
printed digit.
"""

from dataclasses import dataclass

import pytest

from opensirt.physics.analytic import (
    Compartments,
    activity_for_lung_dose_bq,
    lung_dose_gy,
    mono_compartment_activity_bq,
    whole_normal_liver_gy,
)

Y90 = 49.67
HO166 = 15.87


def one_tumour(ratio: float, tumour_g: float, normal_g: float) -> Compartments:
    return Compartments(
        normal_mass_kg=normal_g / 1000,
        tumour_masses_kg={"tumour": tumour_g / 1000},
        tumour_to_normal_ratio={"tumour": ratio},
    )


@dataclass(frozen=True)
class Example:
    limit_gy: float
    ratio: float
    tumour_g: float
    normal_g: float
    shunt: float
    gbq: float
    tumour_gy: float
    lung_gy: float
    lung_kg: float = 1.0
    constant: float = Y90


EXAMPLES = {
    "F5-1": Example(40, 5, 300, 1200, 0.04, 2.265, 200.0, 4.5),
    "F5-2": Example(40, 3, 600, 1100, 0.06, 2.484, 120.0, 7.4),
    "F5-3 before the lung": Example(40, 8, 400, 1000, 0.18, 4.125, 320.0, 36.9),
    "F5-4": Example(70, 4, 150, 650, 0.05, 1.854, 280.0, 5.1, lung_kg=0.9),
    "F5-5": Example(40, 5, 300, 1200, 0.04, 7.089, 200.0, 4.5, constant=HO166),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_activity_for_a_normal_liver_limit(name: str) -> None:
    one = EXAMPLES[name]
    liver = one_tumour(one.ratio, one.tumour_g, one.normal_g)
    activity = liver.activity_for_normal_dose_bq(
        one.limit_gy, dose_constant_gy_kg_per_gbq=one.constant, lung_shunt_fraction=one.shunt
    )
    assert activity / 1e9 == pytest.approx(one.gbq, abs=0.0005)
    normal = liver.normal_dose_gy(
        activity, dose_constant_gy_kg_per_gbq=one.constant, lung_shunt_fraction=one.shunt
    )
    assert normal == pytest.approx(one.limit_gy, rel=1e-12)
    assert liver.tumour_doses_gy(normal)["tumour"] == pytest.approx(one.tumour_gy, abs=0.05)
    lungs = lung_dose_gy(
        activity,
        lung_shunt_fraction=one.shunt,
        lung_mass_kg=one.lung_kg,
        dose_constant_gy_kg_per_gbq=one.constant,
    )
    assert lungs == pytest.approx(one.lung_gy, abs=0.05)


def test_f5_1b_a_tumour_target() -> None:
    liver = one_tumour(5, 300, 1200)
    activity = liver.activity_for_tumour_dose_bq(
        120, "tumour", dose_constant_gy_kg_per_gbq=Y90, lung_shunt_fraction=0.04
    )
    assert activity / 1e9 == pytest.approx(1.359, abs=0.0005)
    normal = liver.normal_dose_gy(
        activity, dose_constant_gy_kg_per_gbq=Y90, lung_shunt_fraction=0.04
    )
    assert normal == pytest.approx(24.0, abs=0.05)


def test_f5_3_in_which_the_lung_binds() -> None:
    liver = one_tumour(8, 400, 1000)
    activity = activity_for_lung_dose_bq(
        30, lung_shunt_fraction=0.18, lung_mass_kg=1.0, dose_constant_gy_kg_per_gbq=Y90
    )
    assert activity / 1e9 == pytest.approx(3.355, abs=0.0005)
    normal = liver.normal_dose_gy(
        activity, dose_constant_gy_kg_per_gbq=Y90, lung_shunt_fraction=0.18
    )
    assert normal == pytest.approx(32.5, abs=0.05)
    assert liver.tumour_doses_gy(normal)["tumour"] == pytest.approx(260.3, abs=0.05)


def test_a_second_partition_example() -> None:
    """2 GBq, shunt 5 %, 0.2 and 1.3 kg, ratio 4."""
    liver = one_tumour(4, 200, 1300)
    normal = liver.normal_dose_gy(2e9, dose_constant_gy_kg_per_gbq=Y90, lung_shunt_fraction=0.05)
    assert normal == pytest.approx(44.94, abs=0.005)
    assert liver.tumour_doses_gy(normal)["tumour"] == pytest.approx(179.76, abs=0.005)


def test_f6_1_two_compartments() -> None:
    liver = one_tumour(4, 250, 900)
    activity = liver.activity_for_normal_dose_bq(40, dose_constant_gy_kg_per_gbq=Y90)
    assert activity / 1e9 == pytest.approx(1.530, abs=0.0005)
    assert liver.tumour_doses_gy(40)["tumour"] == pytest.approx(160, abs=0.5)


def test_f6_2_a_tumour_target() -> None:
    liver = one_tumour(6, 80, 500)
    activity = liver.activity_for_tumour_dose_bq(150, "tumour", dose_constant_gy_kg_per_gbq=Y90)
    assert activity / 1e9 == pytest.approx(0.493, abs=0.0005)
    normal = liver.normal_dose_gy(activity, dose_constant_gy_kg_per_gbq=Y90)
    assert normal == pytest.approx(25, abs=0.5)


def test_f6_3_ratio_one_is_the_single_compartment() -> None:
    liver = one_tumour(1, 300, 700)
    activity = liver.activity_for_normal_dose_bq(60, dose_constant_gy_kg_per_gbq=Y90)
    assert activity / 1e9 == pytest.approx(1.208, abs=0.0005)
    single = mono_compartment_activity_bq(60, mass_kg=1.0, dose_constant_gy_kg_per_gbq=Y90)
    assert activity == pytest.approx(single, rel=1e-12)


FIRST = Compartments(
    normal_mass_kg=0.7,
    tumour_masses_kg={"a": 0.12, "b": 0.06},
    tumour_to_normal_ratio={"a": 5.0, "b": 2.5},
)
SECOND = Compartments(
    normal_mass_kg=0.4, tumour_masses_kg={"c": 0.04}, tumour_to_normal_ratio={"c": 3.0}
)
WHOLE_NORMAL_KG = 1.5


def test_f7_1_two_territories() -> None:
    shunt = 0.04
    first, second = (
        one.activity_for_normal_dose_bq(
            gy, dose_constant_gy_kg_per_gbq=Y90, lung_shunt_fraction=shunt
        )
        for one, gy in ((FIRST, 60.0), (SECOND, 50.0))
    )
    assert first / 1e9 == pytest.approx(1.825, abs=0.0005)
    assert second / 1e9 == pytest.approx(0.545, abs=0.0005)
    assert (first + second) / 1e9 == pytest.approx(2.370, abs=0.0005)
    doses = {**FIRST.tumour_doses_gy(60), **SECOND.tumour_doses_gy(50)}
    assert doses == {"a": 300.0, "b": 150.0, "c": 150.0}
    whole = whole_normal_liver_gy([(60, 0.7), (50, 0.4)], WHOLE_NORMAL_KG)
    assert whole == pytest.approx(41.3, abs=0.05)
    lungs = lung_dose_gy(
        first + second,
        lung_shunt_fraction=shunt,
        lung_mass_kg=1.0,
        dose_constant_gy_kg_per_gbq=Y90,
    )
    assert lungs == pytest.approx(4.7, abs=0.05)


def test_f7_2_only_the_first_territory() -> None:
    activity = FIRST.activity_for_normal_dose_bq(
        40, dose_constant_gy_kg_per_gbq=Y90, lung_shunt_fraction=0.04
    )
    assert activity / 1e9 == pytest.approx(1.216, abs=0.0005)
    assert whole_normal_liver_gy([(40, 0.7)], WHOLE_NORMAL_KG) == pytest.approx(18.7, abs=0.05)
    lungs = lung_dose_gy(
        activity, lung_shunt_fraction=0.04, lung_mass_kg=1.0, dose_constant_gy_kg_per_gbq=Y90
    )
    assert lungs == pytest.approx(2.4, abs=0.05)


def test_f7_3_the_whole_normal_liver_limits_one_territory() -> None:
    normal = 40 * WHOLE_NORMAL_KG / 0.7
    assert normal == pytest.approx(85.7, abs=0.05)
    activity = FIRST.activity_for_normal_dose_bq(
        normal, dose_constant_gy_kg_per_gbq=Y90, lung_shunt_fraction=0.04
    )
    assert activity / 1e9 == pytest.approx(2.606, abs=0.0005)
    assert FIRST.tumour_doses_gy(normal)["a"] == pytest.approx(429, abs=0.5)
