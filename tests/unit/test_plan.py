"""Plans of a scout whose truth can be reckoned by hand."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import scouts

from opensirt.domain.case import Case, PatientFacts, Tissue, WorkUpFacts
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import Plan, PlanRow
from opensirt.domain.session_dose import EarlierDoseFacts
from opensirt.domain.site import Figure, SiteProfile
from opensirt.domain.site_defaults import default_site_profile
from opensirt.domain.structure import StructureSet
from opensirt.errors import InputError, MissingInputError, RuleError, UnknownNameError
from opensirt.workflow.plan import plan
from opensirt.workflow.plan_model import MODELS
from opensirt.workflow.work_up import work_up

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
Y90 = 49.67
DEFAULT = default_site_profile()

NORMAL_KG = (20 * 20 * 23 - 216 - 64 - 64) * 0.125 * 1.05e-3
WEIGHTED_KG = NORMAL_KG + (216 * 5 + 64 * 3) * 0.125 * 1.05e-3
WHOLE_NORMAL_KG = (20 * 20 * 35 - 216 - 64 - 64) * 0.125 * 1.05e-3
BILE_KG = 64 * 1.5 * 0.125 * 1.05e-3


def planned(case: Case, profile: SiteProfile = DEFAULT, **options: Any) -> Plan:
    return plan(case, work_up(case, profile), profile, made_at=NOW, software={}, **options)


def row(made: Plan, device: str, model: str, territory: str = "right") -> PlanRow:
    [one] = [
        one
        for one in made.rows
        if (one.device, one.model, one.territory) == (device, model, territory)
    ]
    return one


def number(value: float | Missing) -> float:
    assert not isinstance(value, Missing), value
    return value


def gbq(value: float | Missing) -> float:
    return number(value) / 1e9


def said(made: Plan, rule: str) -> list[Finding]:
    return [one for one in made.findings if one.rule == rule]


def with_shunt(fraction: float) -> WorkUpFacts:
    return WorkUpFacts(lung_shunt_fraction=fraction, lung_shunt_method="planar")


def as_dict(one: PlanRow) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(one)}


def gray(value: float, scenario: str = "") -> Figure:
    return Figure(value=value, unit="Gy", source="site", verified=True, scenario=scenario)


def test_every_device_has_every_model() -> None:
    made = planned(scouts.case(prescription=scouts.prescription()))
    assert [(one.device, one.model) for one in made.rows] == [
        (device, model) for device in ("resin", "glass", "holmium") for model in MODELS
    ]


def test_partition_is_the_formula() -> None:
    one = row(planned(scouts.case(prescription=scouts.prescription())), "resin", "partition")
    assert gbq(one.reaching_liver_bq) == pytest.approx(40 * WEIGHTED_KG / Y90)
    assert gbq(one.administered_activity_bq) == pytest.approx(40 * WEIGHTED_KG / Y90 / 0.95)
    assert one.binding == "perfused normal liver 40 Gy"
    assert one.perfused_normal_liver_gy == pytest.approx(40.0)
    assert one.normal_liver_gy == pytest.approx(40.0 * NORMAL_KG / WHOLE_NORMAL_KG)
    lumped = (216 * 5 + 64 * 3) / 280
    assert one.tumour_gy == pytest.approx(40 * lumped)
    assert one.tumour_doses_gy == pytest.approx({"tumour 1": 40 * lumped, "tumour 2": 40 * lumped})
    assert one.lung_gy == pytest.approx(Y90 * gbq(one.administered_activity_bq) * 0.05)
    assert one.dose_constant_gy_kg_per_gbq == Y90
    assert one.verified


def test_multi_tumour_partition_gives_each_tumour_its_own_dose() -> None:
    made = planned(scouts.case(prescription=scouts.prescription()))
    one, lumped = row(made, "resin", "multi_tumour_partition"), row(made, "resin", "partition")
    assert one.tumour_doses_gy == pytest.approx({"tumour 1": 200.0, "tumour 2": 120.0})
    assert one.administered_activity_bq == pytest.approx(number(lumped.administered_activity_bq))
    assert one.tumour_gy == pytest.approx(number(lumped.tumour_gy))


def test_the_voxel_model_includes_the_gallbladder_and_gives_its_dose() -> None:
    one = row(planned(scouts.case(prescription=scouts.prescription())), "resin", "voxel")
    assert gbq(one.reaching_liver_bq) == pytest.approx(40 * (WEIGHTED_KG + BILE_KG) / Y90)
    assert one.tumour_doses_gy == pytest.approx({"tumour 1": 200.0, "tumour 2": 120.0})
    assert one.extrahepatic_doses_gy == pytest.approx({"gallbladder": 60.0})


def test_without_remainder_partition_and_voxel_model_agree_to_rounding() -> None:
    case = scouts.case(
        given=scouts.without_gallbladder(scouts.structures()),
        prescription=scouts.prescription(),
    )
    made = planned(case)
    for device in ("resin", "glass", "holmium"):
        one, other = row(made, device, "multi_tumour_partition"), row(made, device, "voxel")
        assert one.administered_activity_bq == pytest.approx(
            number(other.administered_activity_bq), rel=1e-9
        )
        assert one.tumour_doses_gy == pytest.approx(other.tumour_doses_gy, rel=1e-9)
        assert one.normal_liver_gy == pytest.approx(number(other.normal_liver_gy), rel=1e-9)


def test_holmium_reckons_with_its_own_constant_and_limit() -> None:
    one = row(planned(scouts.case()), "holmium", "partition")
    assert one.dose_constant_gy_kg_per_gbq == 15.87
    assert one.binding == "normal liver 60 Gy"
    assert one.normal_liver_gy == pytest.approx(60.0)
    assert gbq(one.reaching_liver_bq) == pytest.approx(
        60 * WHOLE_NORMAL_KG / NORMAL_KG * WEIGHTED_KG / 15.87
    )
    assert one.sphere_count is Missing.NO_VERIFIED_VALUE
    assert "million spheres (200 to 450 Bq each: sources disagree)" in one.note


def test_glass_is_limited_by_the_whole_normal_liver() -> None:
    one = row(planned(scouts.case()), "glass", "voxel")
    assert one.binding == "normal liver 75 Gy"
    assert one.normal_liver_gy == pytest.approx(75.0)
    assert number(one.perfused_normal_liver_gy) > 75.0
    assert "no row" in one.note


def test_spheres_are_counted_by_device() -> None:
    made = planned(scouts.case(prescription=scouts.prescription()))
    resin, glass = row(made, "resin", "partition"), row(made, "glass", "partition")
    assert resin.sphere_count == pytest.approx(gbq(resin.administered_activity_bq) / 3 * 44e6)
    assert glass.sphere_count == pytest.approx(gbq(glass.administered_activity_bq) / 3 * 1.2e6)


def test_limits_of_the_prescription_hold_for_its_device_alone() -> None:
    made = planned(
        scouts.case(
            prescription=scouts.prescription("glass", limits={"perfused_normal_liver": 50.0})
        )
    )
    glass, resin = row(made, "glass", "partition"), row(made, "resin", "partition")
    assert glass.binding == "perfused normal liver 50 Gy"
    assert resin.binding == "perfused normal liver 40 Gy"
    assert "the prescription" in glass.sources
    assert "the prescription" not in resin.sources


def test_a_site_limit_that_the_prescription_does_not_name_still_holds() -> None:
    made = planned(
        scouts.case(
            prescription=scouts.prescription("glass", limits={"perfused_normal_liver": 500.0})
        )
    )
    assert row(made, "glass", "partition").binding == "normal liver 75 Gy"


def test_the_lung_limit_binds_above_the_fraction_given_and_not_below() -> None:
    bound = number(
        row(
            planned(scouts.case(prescription=scouts.prescription())), "resin", "partition"
        ).lung_limit_binds_at_fraction
    )
    for shunt, binding in ((bound * 0.999, "perfused normal"), (bound * 1.001, "lung 30 Gy")):
        case = scouts.case(prescription=scouts.prescription(), work_up=with_shunt(shunt))
        one = row(planned(case), "resin", "partition")
        assert one.binding.startswith(binding)
        assert one.lung_limit_binds_at_fraction == pytest.approx(bound)
        assert number(one.lung_gy) <= 30.0 * (1 + 1e-9)


def test_an_unknown_shunt_gives_what_reaches_the_liver() -> None:
    made = planned(scouts.case(prescription=scouts.prescription(), work_up=scouts.no_shunt()))
    one = row(made, "resin", "partition")
    assert one.administered_activity_bq is Missing.NEEDS_LUNG_SHUNT
    assert one.lung_gy is Missing.NEEDS_LUNG_SHUNT
    assert one.sphere_count is Missing.NEEDS_LUNG_SHUNT
    assert gbq(one.reaching_liver_bq) == pytest.approx(40 * WEIGHTED_KG / Y90)
    reaching = gbq(one.reaching_liver_bq)
    assert one.lung_limit_binds_at_fraction == pytest.approx(30 / (30 + Y90 * reaching))
    formula = row(made, "resin", "body_surface_area")
    assert formula.administered_activity_bq is Missing.NEEDS_LUNG_SHUNT
    assert formula.tumour_gy is Missing.NEEDS_LUNG_SHUNT
    assert "before the cut for lung shunt" in formula.note
    assert list(made.doses) == [("resin", "partition")]


def test_an_unknown_lung_mass_leaves_the_lung_dose_missing() -> None:
    case = scouts.case(
        prescription=scouts.prescription(), tissue=Tissue(liver_density_kg_per_ml=1.05e-3)
    )
    one = row(planned(case, replace(DEFAULT, lung_mass_kg=None)), "resin", "partition")
    assert one.lung_gy is Missing.NEEDS_LUNG_MASS
    assert one.lung_limit_binds_at_fraction is Missing.NEEDS_LUNG_MASS
    assert gbq(one.reaching_liver_bq) == pytest.approx(40 * WEIGHTED_KG / Y90)


def test_without_a_limit_on_the_normal_liver_there_is_no_activity() -> None:
    bare = replace(DEFAULT, limits={"resin": {"lung": gray(30.0)}})
    made = planned(scouts.case(), bare)
    for device in ("resin", "glass", "holmium"):
        for model in ("partition", "multi_tumour_partition", "voxel"):
            one = row(made, device, model)
            assert one.administered_activity_bq is Missing.NEEDS_LIMIT
            assert one.tumour_gy is Missing.NEEDS_LIMIT
            assert one.binding == ""


def test_a_tumour_target_is_a_minimum_and_never_lowers_the_activity() -> None:
    plain = row(
        planned(scouts.case(prescription=scouts.prescription())), "resin", "multi_tumour_partition"
    )
    targets = {"resin": {"tumour": 60.0}}
    made = planned(scouts.case(prescription=scouts.prescription(targets=targets)))
    one = row(made, "resin", "multi_tumour_partition")
    assert one.administered_activity_bq == plain.administered_activity_bq
    assert one.binding == "perfused normal liver 40 Gy"
    half = gbq(one.reaching_liver_bq) * 60 / 120
    assert f"tumour 2, the least-dosed, reaches the target of 60 Gy with {half:.3g} GBq" in one.note
    assert not said(made, "target_tumour")


def test_a_tumour_target_out_of_reach_is_a_warning() -> None:
    targets = {"resin": {"tumour": 180.0}}
    made = planned(
        scouts.case(
            prescription=scouts.prescription(model="multi_tumour_partition", targets=targets)
        )
    )
    [finding] = said(made, "target_tumour")
    assert "tumour 2 would receive 120 Gy, target at least 180 Gy" in finding.text


def test_a_tumour_maximum_binds_where_it_is_stated() -> None:
    made = planned(
        scouts.case(
            prescription=scouts.prescription(
                limits={"perfused_normal_liver": 40.0, "tumour": 100.0}
            )
        )
    )
    one = row(made, "resin", "multi_tumour_partition")
    assert one.binding == "tumour 100 Gy"
    assert one.tumour_doses_gy["tumour 1"] == pytest.approx(100.0)


def test_a_perfused_volume_maximum_binds_where_it_is_stated() -> None:
    made = planned(
        scouts.case(
            prescription=scouts.prescription(
                limits={"perfused_normal_liver": 40.0, "perfused_volume": 20.0}
            )
        )
    )
    one = row(made, "resin", "voxel")
    assert one.binding == "perfused volume 20 Gy"
    assert one.perfused_volume_gy == pytest.approx(20.0)


def test_mono_compartment_needs_a_target() -> None:
    targets = {"glass": {"perfused_volume": 120.0}}
    made = planned(scouts.case(prescription=scouts.prescription(targets=targets)))
    assert row(made, "resin", "mono_compartment").administered_activity_bq is Missing.NEEDS_TARGET
    one = row(made, "glass", "mono_compartment")
    perfused_kg = 20 * 20 * 23 * 0.125 * 1.05e-3
    assert gbq(one.reaching_liver_bq) == pytest.approx(120 * perfused_kg / Y90)
    assert gbq(one.administered_activity_bq) == pytest.approx(120 * perfused_kg / Y90 / 0.95)
    assert one.perfused_volume_gy == pytest.approx(120.0)
    assert one.perfused_normal_liver_gy == pytest.approx(
        Y90 * gbq(one.reaching_liver_bq) / WEIGHTED_KG
    )
    assert one.binding == "target perfused volume 120 Gy"


def test_body_surface_area_and_empiric_are_for_resin_only() -> None:
    made = planned(scouts.case())
    for model in ("body_surface_area", "empiric"):
        assert gbq(row(made, "resin", model).administered_activity_bq) > 0
        for device in ("glass", "holmium"):
            one = row(made, device, model)
            assert one.administered_activity_bq is Missing.NOT_DEFINED_FOR_DEVICE
            assert one.sphere_count is Missing.NOT_DEFINED_FOR_DEVICE
            assert one.lung_gy is Missing.NOT_DEFINED_FOR_DEVICE


def test_body_surface_area_names_its_unverified_lobar_variant() -> None:
    one = row(planned(scouts.case()), "resin", "body_surface_area")
    liver, treated, tumour = 20 * 20 * 35 - 64, 20 * 20 * 23 - 64, 280
    bsa = 0.20247 * 1.7**0.725 * 70**0.425
    wanted = (bsa - 0.2 + tumour / treated) * treated / liver
    assert gbq(one.administered_activity_bq) == pytest.approx(wanted)
    assert not one.verified
    assert "tumour share of the treated part" in one.note
    other = row(planned(scouts.case()), "resin", "body_surface_area_by_share")
    wanted = (bsa - 0.2 + tumour / liver) * treated / liver
    assert gbq(other.administered_activity_bq) == pytest.approx(wanted)
    assert not other.verified
    assert "tumour share of the whole liver" in other.note


def test_body_surface_area_of_the_whole_liver_is_verified() -> None:
    given = StructureSet(
        tuple(
            replace(one, mask=scouts.box(scouts.LIVER)) if one.label == "right" else one
            for one in scouts.structures()
        )
    )
    values = scouts.scout_values(left=10.0)
    one = row(planned(scouts.case(values, given)), "resin", "body_surface_area")
    bsa = 0.20247 * 1.7**0.725 * 70**0.425
    wanted = bsa - 0.2 + 280 / (20 * 20 * 35 - 64)
    assert gbq(one.administered_activity_bq) == pytest.approx(wanted)
    assert one.verified


@pytest.mark.parametrize(("shunt", "factor"), [(0.06, 1.0), (0.12, 0.8), (0.16, 0.6), (0.21, 0.0)])
def test_body_surface_area_is_cut_by_steps_of_the_shunt(shunt: float, factor: float) -> None:
    plain = row(planned(scouts.case(work_up=with_shunt(0.0))), "resin", "body_surface_area")
    one = row(planned(scouts.case(work_up=with_shunt(shunt))), "resin", "body_surface_area")
    assert gbq(one.administered_activity_bq) == pytest.approx(
        factor * gbq(plain.administered_activity_bq)
    )
    assert gbq(one.reaching_liver_bq) == pytest.approx(
        factor * gbq(plain.administered_activity_bq) * (1 - shunt)
    )
    assert ("cut to" in one.binding) == (factor < 1)


def test_body_surface_area_needs_height_and_weight() -> None:
    one = row(planned(scouts.case(patient=PatientFacts())), "resin", "body_surface_area")
    assert one.administered_activity_bq is Missing.NEEDS_HEIGHT_AND_WEIGHT


def test_a_height_in_metres_stops_the_plan() -> None:
    with pytest.raises(InputError, match="given in metres"):
        planned(scouts.case(patient=PatientFacts(height_cm=1.7, weight_kg=70.0)))


def test_empiric_is_marked_unverified() -> None:
    made = planned(scouts.case())
    assert not row(made, "resin", "empiric").verified
    [finding] = said(made, "unverified_figures")
    assert not finding.verified
    assert "resin empiric" in finding.text


def test_a_resin_activity_above_one_vial_says_so() -> None:
    made = planned(
        scouts.case(
            prescription=scouts.prescription(limits={"perfused_normal_liver": 120.0, "lung": 300.0})
        )
    )
    one = row(made, "resin", "partition")
    assert gbq(one.administered_activity_bq) > 3
    assert "more than one vial" in one.note


def test_a_model_that_ignores_the_lung_limit_stops_when_it_is_prescribed() -> None:
    targets = {"glass": {"perfused_volume": 300.0}}
    facts: Mapping[str, Any] = {"work_up": with_shunt(0.19)}
    made = planned(
        scouts.case(
            prescription=scouts.prescription("glass", "mono_compartment", {}, targets), **facts
        )
    )
    [lung] = [one for one in said(made, "limit_lung") if "mono compartment" in one.text]
    assert lung.severity is Severity.STOP
    assert lung.limit == 30.0
    beside = planned(
        scouts.case(prescription=scouts.prescription("glass", "partition", {}, targets), **facts)
    )
    [lung] = [one for one in said(beside, "limit_lung") if "mono compartment" in one.text]
    assert lung.severity is Severity.WARN


def test_a_limit_of_the_prescription_that_its_own_model_ignores_is_a_stop() -> None:
    targets = {"resin": {"perfused_volume": 120.0}}
    made = planned(
        scouts.case(prescription=scouts.prescription(model="mono_compartment", targets=targets))
    )
    [finding] = [
        one for one in said(made, "limit_perfused_normal_liver") if one.severity is Severity.STOP
    ]
    assert "limit 40 Gy (the prescription)" in finding.text


def test_a_plan_at_its_limit_does_not_exceed_it() -> None:
    made = planned(scouts.case(prescription=scouts.prescription()))
    assert all("partition" not in one.text for one in said(made, "limit_perfused_normal_liver"))
    assert not any(one.severity is Severity.STOP for one in made.findings)


def test_resin_above_its_label_s_shunt_is_a_stop_when_prescribed() -> None:
    facts: Mapping[str, Any] = {"work_up": with_shunt(0.25)}
    made = planned(scouts.case(prescription=scouts.prescription(), **facts))
    assert said(made, "lung_shunt_of_device")[0].severity is Severity.STOP
    beside = planned(scouts.case(prescription=scouts.prescription("glass"), **facts))
    assert said(beside, "lung_shunt_of_device")[0].severity is Severity.WARN


def test_a_hot_stomach_gets_a_dose_and_an_unverified_limit() -> None:
    where = (slice(6, 10), slice(6, 10), slice(42, 46))
    values = scouts.scout_values()
    values[where] = 25.0
    case = scouts.case(values, scouts.structures(stomach=where), prescription=scouts.prescription())
    made = planned(case)
    one = row(made, "resin", "voxel")
    assert one.extrahepatic_doses_gy["stomach"] == pytest.approx(100.0)
    limits = said(made, "limit_gastrointestinal_wall")
    assert limits
    assert not any(one.verified for one in limits)


def test_the_unknown_device_is_not_planned_for() -> None:
    with pytest.raises(RuleError, match="planning needs a device"):
        planned(scouts.case(prescription=scouts.prescription("unknown")))


def test_a_device_or_model_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown device 'resine'"):
        planned(scouts.case(prescription=scouts.prescription("resine")))
    with pytest.raises(UnknownNameError, match="unknown planning model 'mird'"):
        planned(scouts.case(prescription=scouts.prescription(model="mird")))


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown dose engine 'best'"):
        planned(scouts.case(prescription=scouts.prescription()), engine="best")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"normal": 40.0}, "unknown limit 'normal'; known: perfused_normal_liver"),
        ({"lung": 0.0}, "the limit lung is 0 Gy"),
        ({"lung": -3.0}, "the limit lung is -3 Gy"),
    ],
)
def test_impossible_limits_are_refused(limits: Mapping[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        planned(scouts.case(prescription=scouts.prescription(limits=limits)))


def test_an_unknown_target_is_refused() -> None:
    targets = {"glass": {"lung": 10.0}}
    with pytest.raises(InputError, match="unknown target 'lung'"):
        planned(scouts.case(prescription=scouts.prescription(targets=targets)))


def test_a_site_without_a_dose_constant_is_refused() -> None:
    bare = replace(DEFAULT, dose_constants_gy_kg_per_gbq={})
    with pytest.raises(MissingInputError, match="dose constant of Y-90"):
        planned(scouts.case(), bare)


def test_a_case_without_perfused_volume_cannot_be_planned() -> None:
    given = StructureSet(tuple(one for one in scouts.structures() if one.label != "right"))
    with pytest.raises(MissingInputError, match="structure of kind perfused_volume"):
        planned(scouts.case(given=given))


def test_a_shunt_of_one_is_refused() -> None:
    with pytest.raises(InputError, match="nothing reaches the liver"):
        planned(scouts.case(work_up=with_shunt(1.0)))


def test_without_tumours_there_is_no_tumour_dose() -> None:
    values = scouts.scout_values()
    values[scouts.TUMOUR_1] = values[scouts.TUMOUR_2] = scouts.NORMAL
    made = planned(
        scouts.case(values, scouts.structures(tumours=()), prescription=scouts.prescription())
    )
    assert row(made, "resin", "partition").tumour_gy is Missing.NEEDS_STRUCTURE
    assert said(made, "no_tumour")


def test_without_a_prescription_nothing_is_chosen() -> None:
    made = planned(scouts.case())
    assert made.chosen is None
    assert not made.doses
    assert said(made, "no_prescription")
    assert len(said(made, "limit_in_force")) == 9  # three devices: liver, lung, stomach wall


def test_the_prescribed_row_is_chosen_with_its_dose_map() -> None:
    made = planned(scouts.case(prescription=scouts.prescription("glass", "voxel", {})))
    assert made.chosen is row(made, "glass", "voxel")
    assert list(made.doses) == [("glass", "voxel")]


def test_stated_earlier_treatments_are_a_note_and_unknown_radiation_a_warning() -> None:
    for kind, warned in (("liver resection", False), ("SIRT", True)):
        made = planned(scouts.case(earlier=(EarlierDoseFacts(kind=kind),)))
        [finding] = said(made, "prior_treatments")
        assert kind in finding.text
        assert bool(said(made, "prior_dose_unknown")) is warned


def test_the_limits_in_force_name_their_scenario_and_the_missing_tumour_target() -> None:
    made = planned(scouts.case(prescription=scouts.prescription("glass", limits={})))
    texts = [one.text for one in said(made, "limit_in_force")]
    assert any("normal liver 75 Gy" in text and "no row" in text for text in texts)
    assert "none is published for neuroendocrine tumours" in said(made, "no_tumour_target")[0].text


def test_the_provenance_names_constants_density_and_site() -> None:
    made = planned(scouts.case(prescription=scouts.prescription()))
    parameters = made.provenance.parameters
    assert parameters["dose_constant_gy_kg_per_gbq, resin"] == Y90
    assert parameters["liver_density_kg_per_ml"] == 1.05e-3
    assert made.provenance.inputs["site profile"] == DEFAULT.sha256


def test_the_same_case_gives_the_same_plan() -> None:
    case = scouts.case(prescription=scouts.prescription())
    one, other = planned(case), planned(case)
    for row_of_one, row_of_other in zip(one.rows, other.rows, strict=True):
        assert as_dict(row_of_one) == as_dict(row_of_other)
    assert one.findings == other.findings
    key = ("resin", "partition")
    np.testing.assert_array_equal(one.doses[key].dose.values, other.doses[key].dose.values)
