"""Net activity of vials, its uncertainty, and what is said of a delivery."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.administration import (
    TOPICS,
    Administration,
    Deviation,
    DirectiveFacts,
    SurveyFacts,
    Verdict,
    VialFacts,
)
from opensirt.domain.approval import CaseState, PlanOnRecord
from opensirt.domain.case import AdministrationFacts
from opensirt.domain.finding import Severity
from opensirt.domain.missing import Missing
from opensirt.domain.site_defaults import default_site_profile
from opensirt.errors import InputError, MissingInputError, RuleError
from opensirt.physics.administered import survey_residual_fraction
from opensirt.reference.radionuclide import radionuclide
from opensirt.workflow.administer import administer, administered_by_vials
from opensirt.workflow.deviation import deviation, revised_in_time
from opensirt.workflow.radiation_safety import safety_guidance, safety_instants, safety_values

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
Y90 = radionuclide("Y-90")
STATE = CaseState(
    case_key="phantom", case_file="case.toml", inputs={}, site="s", planning_sha256="t"
)
PLAN = PlanOnRecord(
    record="0001-plan.json",
    sha256="p",
    inputs={},
    site="s",
    device="resin",
    model="partition",
    activities_bq={"right": 1.0e9},
)


def after(hours: float) -> float:
    return float(2 ** (-hours * 3600 / Y90.half_life_s.value))


def vial(**other: object) -> VialFacts:
    known = {
        "territory": "right",
        "dispensed_bq": 1.03e9,
        "dispensed_at": NOON - timedelta(hours=2),
        "injected_at": NOON,
        "residual_bq": 0.03e9,
        "residual_at": NOON + timedelta(hours=1),
        **other,
    }
    return VialFacts(**known)  # type: ignore[arg-type]  # tests name what they change


def given_of(
    *vials: VialFacts, plan: PlanOnRecord | None = PLAN, **other: object
) -> Administration:
    facts = AdministrationFacts(device="resin", vials=vials, **other)  # type: ignore[arg-type]  # as above
    return administer(
        facts,
        STATE,
        default_site_profile(),
        plan=plan,
        approvals=(),
        made_at=NOON,
        software={},
    )


def judged(made: Administration) -> Deviation:
    (one,) = made.territories
    assert isinstance(one.deviation, Deviation)
    return one.deviation


def rules_of(made: Administration) -> set[str]:
    return {one.rule for one in made.findings}


def test_everything_is_brought_to_the_injection() -> None:
    (one,) = given_of(vial()).vials
    assert one.dispensed_bq == pytest.approx(1.03e9 * after(2))
    assert one.residual_bq == pytest.approx(0.03e9 * after(-1))
    assert one.net_bq == pytest.approx(1.03e9 * after(2) - 0.03e9 * after(-1))


def test_a_change_of_the_clock_costs_no_hour() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    evening = datetime(2026, 3, 28, 20, tzinfo=zone)
    morning = datetime(2026, 3, 29, 8, tzinfo=zone)  # 11 h later, not 12
    (one,) = given_of(vial(dispensed_at=evening, injected_at=morning, residual_at=morning)).vials
    assert one.dispensed_bq == pytest.approx(1.03e9 * after(11))


def test_uncertainties_of_both_measurements_are_joined() -> None:
    made = given_of(
        vial(
            dispensed_at=NOON,
            residual_at=NOON,
            dispensed_standard_uncertainty_bq=0.04e9,
            residual_standard_uncertainty_bq=0.03e9,
        )
    )
    (one,) = made.territories
    assert one.net_standard_uncertainty_bq == pytest.approx(0.05e9)
    assert judged(made).low_fraction == pytest.approx(-0.1)
    assert judged(made).high_fraction == pytest.approx(0.1)
    assert given_of(vial()).territories[0].net_standard_uncertainty_bq is Missing.NOT_ESTIMATED


def test_vials_of_one_site_are_summed_and_sites_judged_apart() -> None:
    plan = replace(PLAN, activities_bq={"right": 2.0e9, "left": 1.0e9})
    same = {"dispensed_at": NOON, "residual_at": NOON}
    made = given_of(vial(**same), vial(**same), vial(territory="left", **same), plan=plan)
    right, left = made.territories
    assert right.net_bq == pytest.approx(2e9)
    assert left.net_bq == pytest.approx(1e9)
    assert made.net_bq == pytest.approx(3e9)
    for one in made.territories:
        assert isinstance(one.deviation, Deviation)
        assert one.deviation.verdict is Verdict.WITHIN


def test_a_site_that_got_nothing_is_not_forgotten() -> None:
    plan = replace(PLAN, activities_bq={"right": 1.0e9, "left": 1.0e9})
    made = given_of(vial(), plan=plan)
    assert made.territories[1].net_bq is Missing.NOT_DONE
    assert "delivery_not_judged" in rules_of(made)


@pytest.mark.parametrize(
    ("residual_gbq", "verdict"),
    [
        (0.03, Verdict.WITHIN),
        (0.13, Verdict.WITHIN),
        (0.15, Verdict.BEYOND_LEVEL_1),
        (0.23, Verdict.EVENT),
        (0.50, Verdict.EVENT),
    ],
)
def test_thresholds(residual_gbq: float, verdict: Verdict) -> None:
    made = given_of(vial(dispensed_at=NOON, residual_at=NOON, residual_bq=residual_gbq * 1e9))
    assert judged(made).verdict is verdict
    assert ("delivery_deviation" in rules_of(made)) is (verdict is not Verdict.WITHIN)


def test_an_event_finding_is_marked_as_unverified() -> None:
    made = given_of(vial(residual_bq=0.5e9))
    (found,) = [one for one in made.findings if one.rule == "delivery_deviation"]
    assert not found.verified
    assert "whether and when to report" in found.text


def test_a_directive_comes_before_the_plan_and_may_be_revised_in_time() -> None:
    directive = DirectiveFacts(
        territory="right",
        prescribed_bq=2e9,
        revised_bq=1e9,
        revised_at=NOON + timedelta(hours=3),
        stopped_for="emergent patient condition",
    )
    made = given_of(vial(), directives=(directive,))
    assert judged(made).fraction == pytest.approx(-0.5, abs=0.02)
    assert judged(made).verdict is Verdict.REVISED
    for other in (
        replace(directive, stopped_for="stasis"),
        replace(directive, revised_bq=Missing.NOT_RECORDED),
        replace(directive, revised_at=NOON + timedelta(hours=25)),
    ):
        assert judged(given_of(vial(), directives=(other,))).verdict is Verdict.EVENT
    assert not revised_in_time(None, NOON)


def test_survey_readings_are_corrected_for_background_decay_and_geometry() -> None:
    readings = SurveyFacts(
        dispensed_reading=101.0,
        dispensed_at=NOON,
        residual_reading=6.0,
        residual_at=NOON + timedelta(hours=2),
        background_reading=1.0,
        geometry_factor=0.8,
    )
    expected = 0.8 * 0.05 * after(-2)
    assert survey_residual_fraction(readings, Y90) == pytest.approx(expected)
    made = given_of(vial(residual_bq=Missing.NOT_RECORDED, survey=readings))
    assert made.vials[0].residual_fraction == pytest.approx(expected)
    assert made.vials[0].method == "survey meter"
    assert "survey_residual" in rules_of(made)
    with pytest.raises(InputError, match="the first must lie above"):
        survey_residual_fraction(replace(readings, background_reading=7.0), Y90)
    with pytest.raises(InputError, match="stayed behind, more than there was"):
        survey_residual_fraction(replace(readings, geometry_factor=30.0), Y90)


def test_without_a_residual_no_net_activity_is_known() -> None:
    made = given_of(vial(residual_bq=Missing.NOT_RECORDED))
    assert made.net_bq is Missing.NOT_RECORDED
    assert {"residual_not_measured", "delivery_not_judged"} <= rules_of(made)
    assert "per GBq" in made.safety[0].unit


def test_stasis_and_reflux_are_said() -> None:
    found = rules_of(given_of(vial(stasis=True, reflux=True)))
    assert {"stasis", "reflux"} <= found
    assert not {"stasis", "reflux"} & rules_of(given_of(vial()))


def test_another_device_than_prescribed_is_a_stop() -> None:
    made = given_of(vial(), plan=replace(PLAN, device="glass"))
    (found,) = [one for one in made.findings if one.severity is Severity.STOP]
    assert found.rule == "device_mismatch"
    assert "plan_not_approved" in rules_of(made)
    assert "no_plan" in rules_of(given_of(vial(), plan=None))


def test_a_stated_activity_that_the_vials_do_not_give_is_said() -> None:
    assert "administered_activity" in rules_of(given_of(vial(), administered_activity_bq=0.9e9))
    assert "administered_activity" not in rules_of(
        given_of(vial(), administered_activity_bq=0.99e9)
    )


def test_what_cannot_be_reckoned_is_refused() -> None:
    with pytest.raises(InputError, match="check units and times of both"):
        given_of(vial(residual_bq=2e9))
    with pytest.raises(MissingInputError, match="records no vial that was given"):
        given_of()
    unknown = AdministrationFacts(device="unknown", vials=(vial(),))
    with pytest.raises(RuleError, match="administration needs a device"):
        administer(
            unknown,
            STATE,
            default_site_profile(),
            plan=None,
            approvals=(),
            made_at=NOON,
            software={},
        )
    with pytest.raises(InputError, match="the first is above zero"):
        deviation(0.0, 1.0)


def test_the_activity_of_a_case_follows_from_its_vials() -> None:
    same = vial(dispensed_at=NOON, residual_at=NOON)
    assert administered_by_vials("resin", (same,)) == pytest.approx(1e9)
    later = administered_by_vials("resin", (same,), at=NOON + timedelta(hours=1))
    assert later == pytest.approx(1e9 * after(1))
    assert administered_by_vials("unknown", (same,)) is Missing.UNKNOWN_DEVICE


def test_safety_values_are_scaled_to_the_activity_and_have_sources() -> None:
    first = safety_values("resin", 2e9)[0]
    assert first.value == pytest.approx(1.18)
    assert first.unit == "µSv/h"
    lifetime = {one.unit: one for one in safety_values("glass", 1e9)}["mSv"]
    # 0.59 µSv/h × 64.1 h / ln 2 = 54.6 µSv
    assert lifetime.value == pytest.approx(0.0546, abs=0.0005)
    assert not safety_values("holmium", 1e9)[0].verified
    assert all(
        one.source for name in ("resin", "glass", "holmium") for one in safety_values(name, 1e9)
    )


def test_what_is_left_later_falls_with_the_half_life_alone() -> None:
    now, *_, last = safety_instants("resin", 1.5e9, Y90)
    assert now.activity_bq == 1.5e9
    assert now.dose_rates["at 1 m"] == pytest.approx(0.59 * 1.5)
    half_lives = last.days * 24 * 3600 / Y90.half_life_s.value
    assert last.activity_bq == pytest.approx(1.5e9 * 0.5**half_lives, rel=1e-3)
    assert last.dose_rates["at contact"] == pytest.approx(29 * 1.5 * 0.5**half_lives, rel=1e-3)
    unknown = safety_instants("holmium", Missing.NOT_RECORDED, Y90)[0]
    assert unknown.dose_rates == {"at 1 m": Missing.NOT_RECORDED}


@pytest.mark.parametrize("device", ["resin", "glass", "holmium"])
def test_the_sheet_speaks_of_every_topic_with_a_source_or_says_there_is_none(device: str) -> None:
    said = safety_guidance(device)
    assert {one.topic for one in said} == set(TOPICS)
    for one in said:
        assert one.source or "no verified value" in one.text
        assert one.verified or one.source or "no verified value" in one.text


@given(st.floats(0.05, 5.0), st.floats(0.0, 0.99), st.floats(-48, 48))
def test_net_is_never_negative_nor_more_than_was_dispensed(
    gbq: float, part: float, hours: float
) -> None:
    injected = NOON + timedelta(hours=hours)
    made = given_of(
        vial(
            dispensed_bq=gbq * 1e9,
            residual_bq=part * gbq * 1e9,
            dispensed_at=NOON,
            residual_at=NOON,
            injected_at=injected,
        )
    )
    (one,) = made.vials
    assert not isinstance(one.net_bq, Missing)
    assert 0 <= one.net_bq <= one.dispensed_bq
    assert one.net_bq == pytest.approx(gbq * 1e9 * (1 - part) * after(hours), rel=1e-6)


@given(st.floats(0.1, 10.0), st.floats(0.0, 30.0), st.floats(0.001, 1000.0))
def test_a_deviation_knows_no_unit(prescribed: float, delivered: float, unit: float) -> None:
    one, other = deviation(prescribed, delivered), deviation(prescribed * unit, delivered * unit)
    assert one.fraction == pytest.approx(other.fraction)
