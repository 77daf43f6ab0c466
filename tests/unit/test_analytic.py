"""Refusals of the analytic models, and what they say."""

import pytest

from opensirt.errors import InputError
from opensirt.physics.analytic import (
    Compartments,
    activity_for_lung_dose_bq,
    body_surface_area_m2,
    empiric_activity_bq,
    lobar_activity_by_involvement_bq,
    lobar_activity_by_share_bq,
    lung_dose_gy,
    lung_limit_binds_at_fraction,
    lung_shunt_reduction,
    mono_compartment_activity_bq,
    mono_compartment_dose_gy,
    tumour_shunt_activities,
    whole_liver_activity_bq,
    whole_normal_liver_gy,
)

Y90 = 49.67


def one_tumour(ratio: float = 5.0, tumour_kg: float = 0.3, normal_kg: float = 1.2) -> Compartments:
    return Compartments(
        normal_mass_kg=normal_kg,
        tumour_masses_kg={"Tumor 1": tumour_kg},
        tumour_to_normal_ratio={"Tumor 1": ratio},
    )


def test_a_lung_shunt_in_per_cent_is_refused_with_a_hint() -> None:
    with pytest.raises(InputError, match=r"lung shunt fraction is 5.*given as %\? Then write 0.05"):
        mono_compartment_activity_bq(
            120, mass_kg=1, dose_constant_gy_kg_per_gbq=Y90, lung_shunt_fraction=5
        )
    with pytest.raises(InputError, match="given as %"):
        lung_shunt_reduction(12)
    with pytest.raises(InputError, match="given as %"):
        one_tumour().normal_dose_gy(1e9, dose_constant_gy_kg_per_gbq=Y90, lung_shunt_fraction=5)


@pytest.mark.parametrize("shunt", [-0.01, 101.0, float("nan"), float("inf")])
def test_a_lung_shunt_outside_zero_to_one_is_refused(shunt: float) -> None:
    with pytest.raises(InputError, match="lies between 0 and 1$"):
        lung_dose_gy(
            1e9, lung_shunt_fraction=shunt, lung_mass_kg=1.0, dose_constant_gy_kg_per_gbq=Y90
        )


def test_a_lung_shunt_of_one_leaves_nothing_for_the_liver() -> None:
    with pytest.raises(InputError, match="nothing reaches the liver"):
        mono_compartment_dose_gy(
            1e9, mass_kg=1, dose_constant_gy_kg_per_gbq=Y90, lung_shunt_fraction=1
        )


def test_a_residual_of_one_is_refused() -> None:
    with pytest.raises(InputError, match="residual fraction is 1"):
        mono_compartment_activity_bq(
            120, mass_kg=1, dose_constant_gy_kg_per_gbq=Y90, residual_fraction=1
        )


@pytest.mark.parametrize("mass_kg", [0.0, -1.0, float("nan")])
def test_a_mass_that_is_not_above_zero_is_refused(mass_kg: float) -> None:
    with pytest.raises(InputError, match="perfused mass"):
        mono_compartment_activity_bq(120, mass_kg=mass_kg, dose_constant_gy_kg_per_gbq=Y90)
    with pytest.raises(InputError, match="lung mass"):
        lung_dose_gy(
            1e9, lung_shunt_fraction=0.1, lung_mass_kg=mass_kg, dose_constant_gy_kg_per_gbq=Y90
        )
    with pytest.raises(InputError, match="mass of Tumor 1"):
        one_tumour(tumour_kg=mass_kg)
    with pytest.raises(InputError, match="perfused normal liver"):
        one_tumour(normal_kg=mass_kg)


@pytest.mark.parametrize("ratio", [0.0, -2.0])
def test_a_ratio_that_is_not_above_zero_is_refused(ratio: float) -> None:
    with pytest.raises(InputError, match="tumour-to-normal ratio of Tumor 1"):
        one_tumour(ratio=ratio)


def test_masses_and_ratios_name_the_same_tumours() -> None:
    with pytest.raises(InputError, match="each tumour needs both"):
        Compartments(normal_mass_kg=1, tumour_masses_kg={"a": 1}, tumour_to_normal_ratio={"b": 1})


def test_an_unknown_tumour_is_refused() -> None:
    with pytest.raises(InputError, match="no tumour 'x'"):
        one_tumour().activity_for_tumour_dose_bq(100, "x", dose_constant_gy_kg_per_gbq=Y90)


def test_a_tumour_larger_than_the_liver_is_refused() -> None:
    with pytest.raises(InputError, match="larger than the liver"):
        whole_liver_activity_bq(1.8, tumour_volume_ml=1600, liver_volume_ml=1500)
    with pytest.raises(InputError, match="larger than the treated part"):
        lobar_activity_by_involvement_bq(
            1.8, tumour_in_treated_ml=700, treated_volume_ml=600, liver_volume_ml=1500
        )


def test_a_part_larger_than_the_liver_is_refused() -> None:
    with pytest.raises(InputError, match=r"treated part .* larger than the liver"):
        lobar_activity_by_share_bq(
            1.8, tumour_volume_ml=10, treated_volume_ml=1600, liver_volume_ml=1500
        )


def test_a_height_in_metres_is_refused_with_a_hint() -> None:
    with pytest.raises(InputError, match=r"height is 1.75 cm.*given in metres\? Then write 175"):
        body_surface_area_m2(1.75, 78)


def test_a_weight_in_grams_is_refused() -> None:
    with pytest.raises(InputError, match="weight is 78000 kg"):
        body_surface_area_m2(175, 78000)


def test_an_infant_gets_no_activity_from_body_surface_area() -> None:
    with pytest.raises(InputError, match="made for adults"):
        whole_liver_activity_bq(0.15, tumour_volume_ml=1, liver_volume_ml=100)


def test_the_steps_of_the_shunt_begin_above_their_bounds() -> None:
    factors = [lung_shunt_reduction(one).factor for one in (0.10, 0.1001, 0.15, 0.1501, 0.20)]
    assert factors == [1.0, 0.8, 0.8, 0.6, 0.6]
    assert lung_shunt_reduction(0.2001).factor == 0.0
    assert lung_shunt_reduction(0.2001).above_fraction == 0.20


def test_the_empiric_steps_include_their_upper_bounds() -> None:
    loads = (0.0, 0.25, 0.2501, 0.5, 0.5001, 1.0)
    assert [empiric_activity_bq(one) / 1e9 for one in loads] == [2.0, 2.0, 2.5, 2.5, 3.0, 3.0]
    with pytest.raises(InputError, match="tumour part of the liver is 30"):
        empiric_activity_bq(30)


def test_without_a_shunt_no_activity_is_too_much_for_the_lungs() -> None:
    assert activity_for_lung_dose_bq(
        30, lung_shunt_fraction=0, lung_mass_kg=1, dose_constant_gy_kg_per_gbq=Y90
    ) == float("inf")


def test_a_negative_activity_is_refused() -> None:
    with pytest.raises(InputError, match="activity is -1"):
        mono_compartment_dose_gy(-1.0, mass_kg=1, dose_constant_gy_kg_per_gbq=Y90)
    with pytest.raises(InputError, match="activity reaching the liver is 0"):
        lung_limit_binds_at_fraction(
            0.0, lung_limit_gy=30, lung_mass_kg=1, dose_constant_gy_kg_per_gbq=Y90
        )


def test_a_perfused_part_heavier_than_the_whole_is_refused() -> None:
    with pytest.raises(InputError, match="heavier than the whole"):
        whole_normal_liver_gy([(40, 1.6)], 1.5)


def test_a_tumour_shunt_of_one_is_refused() -> None:
    with pytest.raises(InputError, match="tumour-to-lung shunt fraction is 1"):
        tumour_shunt_activities(
            120,
            tumour_mass_kg=0.3,
            tumour_to_normal_activity_ratio=1,
            tumour_lung_shunt_fraction=1.0,
            dose_constant_gy_kg_per_gbq=50,
        )


def test_lumping_no_tumour_changes_nothing() -> None:
    empty = Compartments(normal_mass_kg=1, tumour_masses_kg={}, tumour_to_normal_ratio={})
    assert empty.lumped() is empty
    assert empty.weighted_mass_kg == 1
