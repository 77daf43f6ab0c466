"""Decay, ordering, residual, multi-vial: package insert (vial sizes), device table (spheres).

PMC8583383 table 4: 2500 Bq per sphere at calibration, 1.2 million spheres per 3 GBq. The
activities follow from a half-life of 64.1 h; tolerance: half the last printed digit, and what
64.0 h (ICRP-107 rounds to 64.1) could change.
"""

from datetime import UTC, datetime, timedelta

import pytest

from opensirt.domain.device import device
from opensirt.domain.missing import Missing
from opensirt.physics.decay import decayed_activity_bq
from opensirt.physics.ordering import dispensed_for, lost_fraction
from opensirt.reference.radionuclide import radionuclide

SUNDAY_NOON = datetime(2026, 3, 1, 17, tzinfo=UTC)  # of New York
Y90 = radionuclide("Y-90")
HO166 = radionuclide("Ho-166")
VIALS = [
    (3, 1.2, 1.377, 0.224),
    (5, 2.0, 2.295, 0.373),
    (7, 2.8, 3.213, 0.522),
    (10, 4.0, 4.591, 0.746),
    (15, 6.0, 6.886, 1.119),
    (20, 8.0, 9.181, 1.493),
]

BY_DAY = (
    *(1.0, 0.7714, 0.5951, 0.4591, 0.3541, 0.2732, 0.2107),
    *(0.1626, 0.1254, 0.0967, 0.0746, 0.0576, 0.0444),
)


def after(gbq: float, hours: float, nuclide: str = "Y-90") -> float:
    end = SUNDAY_NOON + timedelta(hours=hours)
    return decayed_activity_bq(gbq, radionuclide(nuclide), from_at=SUNDAY_NOON, to_at=end)


@pytest.mark.parametrize(("size", "millions", "first_week", "second_week"), VIALS)
def test_the_vial_table(
    size: float, millions: float, first_week: float, second_week: float
) -> None:
    spheres = device("glass").sphere_count(size * 1e9)
    assert not isinstance(spheres, Missing)
    assert spheres / 1e6 == pytest.approx(millions)
    assert after(size, 72) == pytest.approx(first_week, abs=0.0006)
    assert after(size, 240) == pytest.approx(second_week, abs=0.0006)


def test_the_vials_are_those_that_can_be_ordered() -> None:
    assert device("glass").vial_activities_gbq == tuple(float(one[0]) for one in VIALS)


@pytest.mark.parametrize(("day", "factor"), list(enumerate(BY_DAY)))
def test_yttrium_day_by_day(day: int, factor: float) -> None:
    assert after(1.0, 24 * day) == pytest.approx(factor, abs=0.00006)


@pytest.mark.parametrize(("hours", "factor"), [(24, 0.5376), (48, 0.2890)])
def test_holmium_day_by_day(hours: float, factor: float) -> None:
    assert after(1.0, hours, "Ho-166") == pytest.approx(factor, abs=0.00006)


def test_example_1_a_glass_vial_after_four_days() -> None:
    assert after(3, 96) == pytest.approx(1.062, abs=0.0006)


def test_example_2_a_resin_vial_18_hours_after_its_reference() -> None:
    assert after(3, 18) == pytest.approx(2.469, abs=0.0006)


def test_example_3_an_order_of_4_030_gbq_takes_the_vial_of_5() -> None:
    dispensed = dispensed_for(2.3, residual_fraction=0.02)
    ordered = after(dispensed, -50)
    assert ordered == pytest.approx(4.030, abs=0.0006)
    assert min(size for size, *_ in VIALS if size >= ordered) == 5


def test_example_4_net_of_four_per_cent_residual() -> None:
    assert dispensed_for(1.690, residual_fraction=0.04) == pytest.approx(1.690 / 0.96)


def test_one_hour_of_delay_costs_holmium_2_6_per_cent() -> None:
    assert lost_fraction(HO166, timedelta(hours=1)) == pytest.approx(0.026, abs=0.0005)


def test_the_median_delay_from_assay_to_administration_costs_2_35_per_cent() -> None:
    assert lost_fraction(Y90, timedelta(hours=2.2)) == pytest.approx(0.0235, abs=0.00005)


def test_resin_has_44_million_spheres_of_68_bq_in_3_gbq() -> None:
    resin = device("resin")
    assert resin.sphere_count(3e9) == pytest.approx(44e6)
    each = resin.activity_per_sphere_bq
    assert not isinstance(each, Missing)
    assert each.value == pytest.approx(68.18, abs=0.01)


def test_a_second_week_vial_has_187_bq_per_sphere_and_8_million_for_1_5_gbq() -> None:
    each = after(2500, 240)
    assert each == pytest.approx(187, abs=0.5)
    assert 1.5e9 / each / 1e6 == pytest.approx(8.04, abs=0.006)
    assert 1.5e9 / after(2500, 72) / 1e6 == pytest.approx(1.31, abs=0.006)
