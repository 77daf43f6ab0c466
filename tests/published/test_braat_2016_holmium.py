"""Holmium: Braat 2016 (J Nucl Med 57 suppl 2:199), Prince 2015 (J Nucl Med 56:817), thesis p. 30.

Tolerance: half the last printed digit of the recomputed value.
"""

from datetime import UTC, datetime, timedelta

import pytest

from opensirt.domain.device import dose_constant
from opensirt.physics.analytic import mono_compartment_activity_bq, mono_compartment_dose_gy
from opensirt.physics.decay import decayed_activity_bq
from opensirt.reference.radionuclide import radionuclide

CONSTANT = dose_constant("Ho-166").value


def deposit_gy(megabecquerel: float, volume_ml: float) -> float:
    return mono_compartment_dose_gy(
        megabecquerel * 1e6,
        mass_kg=1.06e-3 * volume_ml,
        dose_constant_gy_kg_per_gbq=CONSTANT,
    )


def test_the_constant_is_the_published_one() -> None:
    assert CONSTANT == 15.87
    assert dose_constant("Ho-166").verified


def test_f4_1_the_median_deposit_of_the_scout() -> None:
    assert deposit_gy(3.7, 15.3) == pytest.approx(3.62, abs=0.005)
    assert deposit_gy(3.7, 15.3) == pytest.approx(3.6, abs=0.05)  # printed in the abstract


def test_f4_2_the_largest_deposit_of_the_scout() -> None:
    assert deposit_gy(33, 36) == pytest.approx(13.72, abs=0.005)
    assert deposit_gy(33, 36) == pytest.approx(13.8, abs=0.1)  # printed; maxima of several cases


def test_f4_3_the_medians_of_prince() -> None:
    assert deposit_gy(250 * 0.013, 6.8) == pytest.approx(7.16, abs=0.005)


@pytest.mark.parametrize(("liver_kg", "gbq"), [(1.5, 5.671), (1.8, 6.805), (1.0, 3.781)])
def test_f4_4_and_5_sixty_gray_to_the_liver(liver_kg: float, gbq: float) -> None:
    activity = mono_compartment_activity_bq(
        60, mass_kg=liver_kg, dose_constant_gy_kg_per_gbq=CONSTANT
    )
    assert activity / 1e9 == pytest.approx(gbq, abs=0.0005)


def test_the_label_s_3780_mbq_per_kilogram_are_sixty_gray() -> None:
    per_kg = mono_compartment_activity_bq(60, mass_kg=1, dose_constant_gy_kg_per_gbq=CONSTANT)
    assert per_kg / 1e6 == pytest.approx(3780, abs=5)


def test_f4_6_an_order_46_hours_ahead() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    ordered = decayed_activity_bq(
        5.67e9, radionuclide("Ho-166"), from_at=noon + timedelta(hours=46), to_at=noon
    )
    assert ordered / 1e9 == pytest.approx(18.63, abs=0.005)


def test_f4_7_the_scout_itself() -> None:
    dose = mono_compartment_dose_gy(250e6, mass_kg=1.5, dose_constant_gy_kg_per_gbq=CONSTANT)
    assert dose == pytest.approx(2.65, abs=0.0051)  # 2.645, rounded up in print
