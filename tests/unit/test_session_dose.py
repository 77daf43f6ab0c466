"""Doses of earlier sessions: what is added, what lowers a limit, what is not known."""

from datetime import UTC, date, datetime

import pytest
import scouts
from builders import site

from opensirt.domain.missing import Missing
from opensirt.domain.record import Plan
from opensirt.domain.session_dose import EarlierDoseFacts
from opensirt.domain.site import Figure, SiteProfile
from opensirt.errors import RuleError
from opensirt.physics.radiobiology import tissue_parameters
from opensirt.reference.radionuclide import radionuclide
from opensirt.workflow.plan import plan
from opensirt.workflow.session_dose import cumulative_dose, earlier_sessions
from opensirt.workflow.work_up import work_up

SITE = site()
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ALPHA_BETA = tissue_parameters("liver").alpha_beta_ratio_gy.value


def sirt(**stated: object) -> EarlierDoseFacts:
    given: dict[str, object] = {"kind": "SIRT", "device": "resin", "on": date(2024, 5, 2)}
    return EarlierDoseFacts(**{**given, **stated})  # type: ignore[arg-type]  # test facts


def planned(
    *earlier: EarlierDoseFacts,
    limits: dict[str, float] | None = None,
    profile: SiteProfile = SITE,
) -> Plan:
    stated = {"perfused_normal_liver": 40.0, "lung": 30.0, "lung_cumulative": 50.0}
    case = scouts.case(
        earlier=earlier,
        prescription=scouts.prescription("resin", limits={**stated, **(limits or {})}),
    )
    return plan(
        case,
        work_up(case, profile),
        profile,
        made_at=NOW,
        software={},
    )


def test_a_lung_dose_follows_from_activity_shunt_and_mass() -> None:
    [one] = earlier_sessions(
        [sirt(activity_bq=2e9, lung_shunt_fraction=0.1, lung_mass_kg=0.8)], SITE
    )
    assert one.lung_gy == pytest.approx(49.67 * 2 * 0.1 / 0.8)
    assert "lung dose from activity, lung shunt and lung mass" in one.assumptions
    [one] = earlier_sessions([sirt(activity_bq=2e9, lung_shunt_fraction=0.1)], SITE)
    assert one.lung_gy is Missing.NOT_RECORDED


def test_bed_follows_the_course_of_the_dose_rate() -> None:
    liver = tissue_parameters("liver")
    repair = liver.repair_half_life_h.value
    physical = radionuclide("Y-90").half_life_s.value / 3600
    spheres, beam, prrt, unknown = earlier_sessions(
        [
            sirt(normal_liver_gy=40.0, on=date(2020, 1, 1)),
            EarlierDoseFacts(
                kind="external-beam radiotherapy of the liver",
                on=date(2021, 1, 1),
                normal_liver_gy=20.0,
                n_fractions=10,
            ),
            EarlierDoseFacts(
                kind="PRRT",
                on=date(2022, 1, 1),
                normal_liver_gy=8.0,
                n_fractions=4,
                effective_half_life_h=60.0,
            ),
            EarlierDoseFacts(kind="PRRT", on=date(2023, 1, 1), normal_liver_gy=8.0),
        ],
        SITE,
    )
    factor = repair / (repair + physical)
    assert spheres.normal_liver_bed_gy == pytest.approx(40 * (1 + factor * 40 / ALPHA_BETA))
    assert beam.normal_liver_bed_gy == pytest.approx(20 * (1 + 2 / ALPHA_BETA))
    each = repair / (repair + 60.0)
    assert prrt.normal_liver_bed_gy == pytest.approx(4 * 2 * (1 + each * 2 / ALPHA_BETA))
    assert unknown.normal_liver_bed_gy is Missing.NOT_RECORDED


def test_treatments_without_radiation_add_nothing() -> None:
    assert earlier_sessions([EarlierDoseFacts(kind="everolimus")], SITE) == ()


def test_the_sums_are_those_of_the_sessions_and_unknown_ones_leave_a_reason() -> None:
    both = earlier_sessions([sirt(lung_gy=5.0, normal_liver_gy=20.0), sirt(lung_gy=3.0)], SITE)
    made = cumulative_dose(
        both,
        words="this plan",
        lung_gy=10.0,
        normal_liver_gy=30.0,
        territories_gy={},
        half_life_s=230_000.0,
    )
    assert made.lung_gy == pytest.approx(18.0)
    assert made.normal_liver_gy is Missing.NOT_RECORDED
    assert made.normal_liver_gy_at_least == pytest.approx(50.0)
    assert not made.complete
    whole = cumulative_dose(
        both[:1],
        words="this plan",
        lung_gy=10.0,
        normal_liver_gy=30.0,
        territories_gy={},
        half_life_s=230_000.0,
    )
    assert isinstance(whole.normal_liver_bed_gy, float)
    assert whole.normal_liver_eqd2_gy == pytest.approx(
        whole.normal_liver_bed_gy / (1 + 2 / ALPHA_BETA)
    )


def test_an_earlier_lung_dose_lowers_what_the_lungs_may_get() -> None:
    free = planned()
    assert free.chosen is not None
    assert isinstance(free.chosen.lung_gy, float)
    left = 0.5 * free.chosen.lung_gy
    made = planned(sirt(lung_gy=50.0 - left, normal_liver_gy=10.0))
    assert made.chosen is not None
    assert made.chosen.lung_gy == pytest.approx(left)
    assert made.chosen.binding.startswith("lung cumulative 50 Gy less")
    assert made.cumulative is not None
    assert made.cumulative.lung_gy == pytest.approx(50.0)
    assert not [
        one
        for one in made.findings
        if one.rule.startswith("limit_lung") and "partition" in one.text.split(":")[0]
    ]


def test_a_cumulative_limit_of_the_normal_liver_holds_where_it_is_stated() -> None:
    free = planned(limits={"normal_liver_cumulative": 500.0})
    assert free.chosen is not None
    assert isinstance(free.chosen.normal_liver_gy, float)
    left = 0.5 * free.chosen.normal_liver_gy
    made = planned(
        sirt(lung_gy=0.0, normal_liver_gy=500.0 - left), limits={"normal_liver_cumulative": 500.0}
    )
    assert made.chosen is not None
    assert made.chosen.normal_liver_gy == pytest.approx(left)
    assert made.chosen.binding.startswith("normal liver cumulative 500 Gy less")


def test_nothing_is_left_when_earlier_sessions_have_used_a_limit_up() -> None:
    with pytest.raises(RuleError, match=r"earlier sessions gave 51\.0 Gy.*no activity is left"):
        planned(sirt(lung_gy=51.0))


def test_a_device_with_nothing_left_does_not_hinder_another_that_is_prescribed() -> None:
    limit = Figure(value=50.0, unit="Gy", source="ours", verified=True)
    ours = {"lung_cumulative": limit, "perfused_normal_liver": limit}
    profile = site(limits=dict.fromkeys(("resin", "glass", "holmium"), ours))
    made = planned(sirt(lung_gy=51.0), limits={"lung_cumulative": 80.0}, profile=profile)
    assert made.chosen is not None
    assert isinstance(made.chosen.administered_activity_bq, float)
    others = [
        one for one in made.rows if one.device != made.chosen.device and one.model == "partition"
    ]
    assert {one.administered_activity_bq for one in others} == {Missing.LIMIT_USED_UP}
    said = [one.text for one in made.findings if one.rule == "limit_used_up"]
    assert len(said) == 2
    assert all("earlier sessions gave 51.0 Gy" in one for one in said)


def test_an_unknown_earlier_dose_is_a_warning_and_a_known_one_a_note() -> None:
    made = planned(sirt(normal_liver_gy=12.0))
    [finding] = [one for one in made.findings if one.rule == "prior_dose_unknown"]
    assert "its lung dose is not stated" in finding.text
    [note] = [one for one in made.findings if one.rule == "prior_dose_added"]
    assert "normal liver 12 Gy" in note.text


def test_a_formula_that_ignores_limits_stops_above_the_cumulative_one() -> None:
    figure = Figure(value=50.0, unit="Gy", source="test", verified=True)
    profile = site(limits={"resin": {"lung": figure, "lung_cumulative": figure}})
    case = scouts.case(
        earlier=(sirt(lung_gy=49.0, normal_liver_gy=1.0),),
        prescription=scouts.prescription("resin", "body_surface_area", {}),
    )
    made = plan(case, work_up(case, profile), profile, made_at=NOW, software={})
    assert [one for one in made.findings if one.rule == "limit_lung_cumulative"]
