"""Devices as data, and the site profile that is in force by default."""

import pytest

from opensirt.domain.device import device, device_names, dose_constant
from opensirt.domain.missing import Missing
from opensirt.domain.site_defaults import default_site_profile, site_sha256
from opensirt.errors import RuleError, UnknownNameError
from opensirt.reference.table import read_table

VIALS_GBQ_AND_MILLION_SPHERES = [(3, 1.2), (5, 2.0), (7, 2.8), (10, 4.0), (15, 6.0), (20, 8.0)]


def test_there_are_three_products() -> None:
    assert device_names() == ("resin", "glass", "holmium")
    assert [device(name).radionuclide for name in device_names()] == ["Y-90", "Y-90", "Ho-166"]


def test_a_resin_vial_of_3_gbq_holds_44_million_spheres_of_68_bq() -> None:
    resin = device("resin")
    assert resin.sphere_count(3e9) == pytest.approx(44e6, rel=1e-9)
    one = resin.activity_per_sphere_bq
    assert not isinstance(one, Missing)
    assert round(one.value) == 68
    assert one.verified


@pytest.mark.parametrize(("gbq", "million"), VIALS_GBQ_AND_MILLION_SPHERES)
def test_glass_vials_hold_so_many_spheres(gbq: float, million: float) -> None:
    assert device("glass").sphere_count(gbq * 1e9) == pytest.approx(million * 1e6, rel=1e-9)


def test_glass_comes_in_six_sizes() -> None:
    assert device("glass").vial_activities_gbq == (3.0, 5.0, 7.0, 10.0, 15.0, 20.0)
    assert device("holmium").vial_activities_gbq is Missing.NOT_DEFINED_FOR_DEVICE


def test_sources_disagree_about_holmium_so_there_is_a_range_and_no_value() -> None:
    holmium = device("holmium")
    assert holmium.sphere_count(5e9) is Missing.NO_VERIFIED_VALUE
    both = holmium.activity_per_sphere_range_bq
    assert not isinstance(both, Missing)
    assert [one.value for one in both] == [200, 450]
    assert device("resin").activity_per_sphere_range_bq is Missing.NO_VERIFIED_VALUE


def test_formulas_exist_for_resin_only() -> None:
    assert [device(one).has_formula("body_surface_area") for one in device_names()] == [
        True,
        False,
        False,
    ]


def test_an_unknown_device_answers_unknown_to_every_question() -> None:
    unknown = device("unknown")
    assert not unknown.known
    for answer in (
        unknown.radionuclide,
        unknown.activity_per_sphere_bq,
        unknown.activity_per_sphere_range_bq,
        unknown.sphere_count(1e9),
        unknown.vial_activities_gbq,
        unknown.label_models,
        unknown.has_formula("empiric"),
        unknown.figure("diameter_um"),
    ):
        assert answer is Missing.UNKNOWN_DEVICE
    with pytest.raises(RuleError, match="planning needs a device"):
        unknown.require_known(step="planning")


def test_a_device_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown device 'resine'; known: resin"):
        device("resine")


def test_planning_constants_are_the_published_ones() -> None:
    assert (dose_constant("Y-90").value, dose_constant("Ho-166").value) == (49.67, 15.87)


def test_the_published_profile_holds_only_verified_figures() -> None:
    plain, common = default_site_profile(unverified=False), default_site_profile()
    assert all(one.verified for limits in plain.limits.values() for one in limits.values())
    assert not all(one.verified for limits in common.limits.values() for one in limits.values())
    assert plain.name == "published"
    assert common.name == "published + common-unverified"


def test_the_lung_limits_are_30_and_50_gy() -> None:
    for limits in default_site_profile().limits.values():
        assert (limits["lung"].value, limits["lung_cumulative"].value) == (30, 50)


def test_the_same_profile_has_the_same_hash() -> None:
    assert default_site_profile().sha256 == site_sha256(default_site_profile())
    assert default_site_profile().sha256 != default_site_profile(unverified=False).sha256


def test_every_device_figure_has_a_source() -> None:
    for name in device_names():
        assert all(one.source for one in device(name).figures.values())
        vials = read_table("devices")["devices"][name].get("vial_activity_gbq", {"source": "none"})
        assert vials["source"]
