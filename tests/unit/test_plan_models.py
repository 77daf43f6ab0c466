"""Models beside the usual ones: lungs fed by tumours, two compartments, named scenarios."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import scouts
from builders import site

from opensirt.domain.case import Case, Prescription, WorkUpFacts
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.record import Plan, PlanRow
from opensirt.domain.site_defaults import default_site_profile
from opensirt.physics.analytic import tumour_shunt_activities
from opensirt.workflow.plan import plan
from opensirt.workflow.work_up import work_up

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SITE = site()
PRINTED = default_site_profile()


def planned(case: Case, the_site: object = SITE) -> Plan:
    return plan(case, work_up(case, the_site), the_site, made_at=NOW, software={})  # type: ignore[arg-type]  # a profile


def row(made: Plan, device: str, model: str, territory: str | None = None) -> PlanRow:
    return next(
        one
        for one in made.rows
        if (one.device, one.model) == (device, model) and territory in (None, one.territory)
    )


def said(made: Plan, rule: str) -> list[Finding]:
    return [one for one in made.findings if one.rule == rule]


def number(value: float | Missing) -> float:
    assert not isinstance(value, Missing), value
    return value


def for_target(gy: float = 120.0, **facts: Any) -> Case:
    prescription = scouts.prescription("resin", "tumour_shunt", targets={"resin": {"tumour": gy}})
    return scouts.case(prescription=prescription, **facts)


def test_lungs_fed_by_tumours_is_the_published_formula() -> None:
    case = for_target()
    workup = work_up(case, SITE)
    one = row(planned(case), "resin", "tumour_shunt")
    [territory] = workup.territories
    masses, ratios = territory.tumour_masses_kg, territory.tumour_to_normal_ratio
    weighted = sum(masses[label] * number(ratios[label]) for label in masses)
    tumours = sum(use.uptake_fraction for use in workup.uptakes if use.label.startswith("tumour"))
    lungs = 0.05 / 0.95
    wanted = tumour_shunt_activities(
        120.0,
        tumour_mass_kg=sum(masses.values()),
        tumour_to_normal_activity_ratio=weighted / territory.perfused_normal_mass_kg,
        tumour_lung_shunt_fraction=lungs / (lungs + tumours),
        dose_constant_gy_kg_per_gbq=49.67,
    )
    assert one.administered_activity_bq == pytest.approx(wanted.total_bq)
    assert one.tumour_gy == pytest.approx(120.0)
    assert one.lung_gy == pytest.approx(49.67 * wanted.lung_bq / 1e9)
    assert one.binding == "target tumour 120 Gy"
    assert any("Kao" in source for source in one.sources)


def test_of_one_territory_the_lungs_get_what_the_partition_gives_them() -> None:
    """The same counts: only with several territories do the tumours decide who feeds the lungs."""
    case = for_target(given=scouts.without_gallbladder(scouts.structures()))
    made = planned(case)
    shunted, partition = (row(made, "resin", one) for one in ("tumour_shunt", "partition"))
    ratio = number(shunted.reaching_liver_bq) / number(partition.reaching_liver_bq)
    assert number(shunted.lung_gy) == pytest.approx(ratio * number(partition.lung_gy), rel=1e-6)


def test_lungs_fed_by_tumours_needs_target_shunt_and_tumours() -> None:
    no_target = planned(scouts.case(prescription=scouts.prescription("resin")))
    one = row(no_target, "resin", "tumour_shunt")
    assert one.administered_activity_bq is Missing.NEEDS_TARGET
    unknown = row(planned(for_target(work_up=scouts.no_shunt())), "resin", "tumour_shunt")
    assert unknown.administered_activity_bq is Missing.NEEDS_LUNG_SHUNT
    bare = row(planned(for_target(given=scouts.structures(tumours=()))), "resin", "tumour_shunt")
    assert bare.administered_activity_bq is Missing.NEEDS_STRUCTURE


def test_a_shunt_of_zero_is_the_partition_of_two_compartments() -> None:
    facts = WorkUpFacts(lung_shunt_fraction=0.0, lung_shunt_method="SPECT")
    one = row(
        planned(scouts.case(work_up=facts, prescription=scouts.prescription())),
        "resin",
        "partition",
    )
    assert one.administered_activity_bq == one.reaching_liver_bq
    assert one.lung_gy == 0.0
    assert one.perfused_normal_liver_gy == pytest.approx(40.0)


def scenario(device: str, name: str, model: str = "mono_compartment", **more: object) -> Case:
    made = Prescription(device=device, model=model, scenario=name)
    return scouts.case(prescription=replace(made, **more))  # type: ignore[arg-type]  # its fields


@pytest.mark.parametrize(
    ("device", "name", "gy"),
    [
        ("glass", "segmentectomy", 400.0),
        ("resin", "segmentectomy", 150.0),
        ("glass", "lobectomy", 150.0),
        ("holmium", "lobectomy", 60.0),
    ],
)
def test_a_scenario_puts_its_printed_target_in_force(device: str, name: str, gy: float) -> None:
    made = planned(scenario(device, name), PRINTED)
    one = row(made, device, "mono_compartment")
    assert one.binding == f"target perfused volume {gy:g} Gy"
    mass_kg = work_up(scenario(device, name), PRINTED).territories[0].perfused_mass_kg
    constant = 15.87 if device == "holmium" else 49.67
    assert number(one.administered_activity_bq) / 1e9 == pytest.approx(
        gy * mass_kg / constant / 0.95
    )
    assert f"target perfused volume {gy:g} Gy" in said(made, "scenario_target")[0].text
    assert "no row" in said(made, "scenario_target")[0].text


def test_a_stated_target_comes_before_that_of_the_scenario() -> None:
    case = scenario("glass", "segmentectomy", targets_gy={"glass": {"perfused_volume": 190.0}})
    assert row(planned(case, PRINTED), "glass", "mono_compartment").binding == (
        "target perfused volume 190 Gy"
    )


def test_without_a_scenario_there_is_no_printed_target() -> None:
    one = row(planned(scenario("glass", ""), PRINTED), "glass", "mono_compartment")
    assert one.administered_activity_bq is Missing.NEEDS_TARGET


def test_a_segmentectomy_of_half_the_liver_is_warned_of() -> None:
    [finding] = said(planned(scenario("glass", "segmentectomy"), PRINTED), "segmentectomy_volume")
    assert "two segments at most" in finding.text
    assert not said(planned(scenario("glass", "lobectomy"), PRINTED), "segmentectomy_volume")


def test_a_resin_lobectomy_says_what_does_not_fit() -> None:
    made = planned(scenario("resin", "lobectomy"), PRINTED)
    assert said(made, "lobectomy_single_compartment")
    [finding] = said(made, "target_above_limit")
    assert "at least 70 Gy" in finding.text
    assert "at most 40 Gy" in finding.text
    by_parts = planned(scenario("resin", "lobectomy", "partition"), PRINTED)
    assert not said(by_parts, "lobectomy_single_compartment")
    [missed] = said(by_parts, "target_perfused_normal_liver")
    assert "would receive 40 Gy, target at least 70 Gy" in missed.text


def test_bilobar_takes_the_limits_of_both_lobes() -> None:
    one = row(planned(scenario("holmium", "bilobar", "partition"), PRINTED), "holmium", "partition")
    assert one.binding == "normal liver 40 Gy"
    one = row(
        planned(scenario("holmium", "unilobar", "partition"), PRINTED), "holmium", "partition"
    )
    assert one.binding == "normal liver 60 Gy"
