"""Body surface area and empiric activities: van Roekel, PhD thesis Utrecht, chapter 2, pp. 30, 41.

The inputs are constructed, the results follow from the formulas and were computed independently.
Tolerance: half the last printed digit.
"""

import pytest

from opensirt.physics.analytic import (
    body_surface_area_m2,
    empiric_activity_bq,
    lobar_activity_by_involvement_bq,
    lobar_activity_by_share_bq,
    lung_shunt_reduction,
    whole_liver_activity_bq,
)


@pytest.mark.parametrize(
    ("height_cm", "weight_kg", "tumour_percent", "bsa_m2", "gbq", "shunt", "after_gbq"),
    [
        (170, 70, 15, 1.810, 1.760, 0.06, 1.760),
        (180, 85, 40, 2.049, 2.249, 0.12, 1.799),
        (158, 52, 5, 1.512, 1.362, 0.16, 0.817),
        (175, 100, 60, 2.151, 2.551, 0.21, 0.0),
    ],
    ids=["F1-1", "F1-2", "F1-3", "F1-4"],
)
def test_whole_liver_examples(
    height_cm: float,
    weight_kg: float,
    tumour_percent: float,
    bsa_m2: float,
    gbq: float,
    shunt: float,
    after_gbq: float,
) -> None:
    bsa = body_surface_area_m2(height_cm, weight_kg)
    assert bsa == pytest.approx(bsa_m2, abs=0.0005)
    activity = whole_liver_activity_bq(bsa, tumour_volume_ml=tumour_percent, liver_volume_ml=100)
    assert activity / 1e9 == pytest.approx(gbq, abs=0.0005)
    left = activity * lung_shunt_reduction(shunt).factor
    assert left / 1e9 == pytest.approx(after_gbq, abs=0.0005)


def test_lobar_example_a_with_all_tumour_in_the_right_lobe() -> None:
    bsa = body_surface_area_m2(170, 70)
    assert bsa == pytest.approx(1.8097, abs=0.00005)
    lobar = lobar_activity_by_involvement_bq(
        bsa, tumour_in_treated_ml=200, treated_volume_ml=1050, liver_volume_ml=1650
    )
    whole = whole_liver_activity_bq(bsa, tumour_volume_ml=200, liver_volume_ml=1650)
    assert lobar / 1e9 == pytest.approx(1.146, abs=0.0005)
    assert whole / 1e9 == pytest.approx(1.731, abs=0.0005)


def test_lobar_example_b_in_which_the_lobes_add_up_to_the_whole() -> None:
    bsa = body_surface_area_m2(180, 85)
    right = lobar_activity_by_involvement_bq(
        bsa, tumour_in_treated_ml=520, treated_volume_ml=1300, liver_volume_ml=2000
    )
    left = lobar_activity_by_involvement_bq(
        bsa, tumour_in_treated_ml=180, treated_volume_ml=700, liver_volume_ml=2000
    )
    whole = whole_liver_activity_bq(bsa, tumour_volume_ml=700, liver_volume_ml=2000)
    assert right / 1e9 == pytest.approx(1.462, abs=0.0005)
    assert left / 1e9 == pytest.approx(0.737, abs=0.0005)
    assert whole / 1e9 == pytest.approx(2.199, abs=0.0005)
    assert right + left == pytest.approx(whole, rel=1e-12)


def test_lobar_example_c_in_which_the_two_variants_differ() -> None:
    bsa = body_surface_area_m2(165, 62)
    assert bsa == pytest.approx(1.682, abs=0.0005)
    involvement = lobar_activity_by_involvement_bq(
        bsa, tumour_in_treated_ml=90, treated_volume_ml=500, liver_volume_ml=1400
    )
    share = lobar_activity_by_share_bq(
        bsa, tumour_volume_ml=90, treated_volume_ml=500, liver_volume_ml=1400
    )
    right = lobar_activity_by_involvement_bq(
        bsa, tumour_in_treated_ml=0, treated_volume_ml=900, liver_volume_ml=1400
    )
    assert involvement / 1e9 == pytest.approx(0.594, abs=0.0005)
    assert share / 1e9 == pytest.approx(0.552, abs=0.0005)
    assert right / 1e9 == pytest.approx(0.953, abs=0.0005)


@pytest.mark.parametrize(
    ("tumour_fraction", "shunt", "gbq"), [(0.15, 0.0, 2.0), (0.40, 0.12, 2.0), (0.60, 0.16, 1.8)]
)
def test_empiric_examples(tumour_fraction: float, shunt: float, gbq: float) -> None:
    activity = empiric_activity_bq(tumour_fraction) * lung_shunt_reduction(shunt).factor
    assert activity / 1e9 == pytest.approx(gbq, abs=1e-9)
