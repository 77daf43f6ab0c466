"""The order for an approved plan: best option, residual, spheres, refusals."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from opensirt.domain.approval import Approval, CaseState, PlanOnRecord
from opensirt.domain.finding import Severity
from opensirt.domain.missing import Missing
from opensirt.domain.order import Order, OrderFacts
from opensirt.domain.record import Number
from opensirt.domain.site import SiteProfile
from opensirt.domain.site_defaults import default_site_profile
from opensirt.errors import MissingInputError, RuleError
from opensirt.workflow.approve import approve
from opensirt.workflow.order import order

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 2, 20, 12, tzinfo=UTC)
WEDNESDAY = datetime(2026, 3, 4, 18, tzinfo=AMSTERDAM)  # 72 h after Sunday noon in New York
STATE = CaseState(
    case_key="phantom", case_file="case.toml", inputs={}, site="s", planning_sha256="t"
)
SITE = default_site_profile()


def plan_of(device: str, **activities_gbq: Number) -> PlanOnRecord:
    return PlanOnRecord(
        record="0001-plan.json",
        sha256="p",
        inputs={},
        site="s",
        device=device,
        model="partition",
        activities_bq={
            name: gbq if isinstance(gbq, Missing) else gbq * 1e9
            for name, gbq in activities_gbq.items()
        },
    )


def signed(plan: PlanOnRecord) -> tuple[Approval, Approval]:
    first, second = (approve(plan, STATE, by=name, approved_at=NOW) for name in ("Ada", "Marie"))
    return first, second


def order_of(
    plan: PlanOnRecord,
    facts: OrderFacts | None = None,
    *,
    at: datetime = WEDNESDAY,
    site: SiteProfile = SITE,
    past_residuals_bq: Sequence[float] = (),
) -> Order:
    return order(
        plan,
        STATE,
        signed(plan),
        facts or OrderFacts(),
        site,
        treatment_at=at,
        zone=AMSTERDAM,
        made_at=NOW,
        software={},
        past_residuals_bq=past_residuals_bq,
    )


def rules_of(made: Order) -> list[str]:
    return [one.rule for one in made.findings]


def test_a_glass_vial_is_chosen_for_least_waste_and_given_whole() -> None:
    made = order_of(plan_of("glass", right=3.1))
    (line,) = made.lines
    assert line.residual_allowance_bq == pytest.approx(0.010e9)
    (vial,) = line.chosen.vials
    assert vial.calibrated_activity_bq == 7e9
    assert vial.calibration_at == datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert vial.activity_bq / 1e9 == pytest.approx(3.213, abs=0.0006)
    assert vial.sphere_count == pytest.approx(2.8e6)
    assert vial.activity_per_sphere_bq == pytest.approx(2500 * 0.4591, rel=2e-4)
    assert line.chosen.waste_bq == pytest.approx(line.chosen.available_bq - 3.11e9)
    assert line.chosen.sphere_count == pytest.approx(2.8e6)
    # Not the vial but the wanted activity is met after this time.
    assert WEDNESDAY < line.chosen.enough_until < WEDNESDAY + timedelta(hours=4)


def test_vials_are_split_where_one_is_far_from_what_is_wanted() -> None:
    made = order_of(plan_of("glass", right=1.5))
    (line,) = made.lines
    assert len(line.chosen.vials) == 2
    assert "several_vials" in rules_of(made)
    assert 0 <= line.chosen.waste_bq <= 0.1 * 1.5e9


def test_a_large_activity_takes_several_vials() -> None:
    made = order_of(plan_of("glass", right=15.0))
    assert len(made.lines[0].chosen.vials) == 2


def test_few_or_many_spheres_may_be_preferred() -> None:
    plan = plan_of("glass", right=1.3)
    counts = {}
    for wish in ("few", "many"):
        chosen = order_of(plan, OrderFacts(spheres=wish)).lines[0].chosen
        assert not isinstance(chosen.sphere_count, Missing)
        counts[wish] = chosen.sphere_count
    assert counts["many"] > 3 * counts["few"]


def test_vials_that_hold_far_more_than_prescribed_stop_the_order() -> None:
    monday = datetime(2026, 3, 2, 0, tzinfo=AMSTERDAM)
    made = order_of(plan_of("glass", right=0.15), at=monday)
    (found,) = [one for one in made.findings if one.rule == "whole_vial_excess"]
    assert found.severity is Severity.STOP
    assert "move the slot" in found.text
    assert "small_activity" in rules_of(made)


def test_resin_is_drawn_for_all_sites_from_shared_vials() -> None:
    made = order_of(plan_of("resin", left=0.6, right=1.1))
    (line,) = made.lines
    assert line.territories == ("left", "right")
    assert line.dispensed_bq == pytest.approx(1.7e9 + 2 * 0.039e9)
    assert line.chosen.waste_bq == pytest.approx(line.chosen.available_bq - line.dispensed_bq)
    one = line.chosen.vials[0]
    assert not isinstance(one.activity_per_sphere_bq, Missing)
    count = line.dispensed_bq / one.activity_per_sphere_bq
    assert line.chosen.sphere_count == pytest.approx(count)
    assert "shared_vials" in rules_of(made)


def test_a_residual_that_the_site_knows_comes_before_the_devices() -> None:
    made = order_of(plan_of("resin", right=2.3), OrderFacts(residual_fraction=0.02))
    assert made.lines[0].dispensed_bq == pytest.approx(2.3e9 / 0.98)


def test_the_sites_own_residuals_come_before_the_devices_from_twenty_on() -> None:
    own = [30e6 + n * 1e6 for n in range(20)]
    few, enough = (
        order_of(plan_of("resin", right=2.3), past_residuals_bq=past) for past in (own[:19], own)
    )
    assert few.lines[0].residual_allowance_bq == pytest.approx(0.039e9)
    assert enough.lines[0].residual_allowance_bq == pytest.approx(39.5e6)
    (finding,) = [one for one in enough.findings if one.rule == "residual_allowance"]
    assert "the site's own 20 deliveries" in finding.text
    (finding,) = [one for one in few.findings if one.rule == "residual_allowance"]
    assert "the site has 19 of the 20" in finding.text


def test_holmium_is_made_to_the_hour_with_the_part_that_stays_behind() -> None:
    made = order_of(plan_of("holmium", right=6.0))
    (line,) = made.lines
    assert line.chosen.vials[0].calibration_at == WEDNESDAY
    assert line.chosen.waste_bq == 0
    assert line.residual_allowance_bq == pytest.approx(6e9 * 0.043 / 0.957)
    dispensed = 6e9 / 0.957
    assert line.chosen.sphere_count_range == pytest.approx((dispensed / 450, dispensed / 200))
    assert "residual_not_known" not in rules_of(made)
    assert made.lost_per_hour_fraction == pytest.approx(0.0255, abs=0.0001)


def test_rules_known_from_memory_are_marked() -> None:
    for name, n_marked in (("glass", 3), ("resin", 3), ("holmium", 1)):
        made = order_of(plan_of(name, right=2.0))
        marked = [one for one in made.findings if one.rule == "unverified_delivery_rule"]
        assert len(marked) == n_marked
        assert not any(one.verified for one in marked)
        assert not made.verified


def test_an_impossible_delivery_names_the_nearest_possible_ones() -> None:
    with pytest.raises(RuleError, match="3 vials hold .* MBq at most and .* are wanted") as caught:
        order_of(plan_of("glass", right=40.0))
    said = str(caught.value)
    assert "Nearest possible: 2026-03-03T08:00+01:00 and 2026-03-08T17:00+01:00" in said
    with pytest.raises(RuleError, match="none within 21 days"):
        order_of(plan_of("glass", right=80.0))
    offered = OrderFacts(calibrations=(datetime(2026, 3, 1, 17, tzinfo=UTC),))
    late = datetime(2026, 3, 20, 12, tzinfo=UTC)
    with pytest.raises(RuleError, match="no vial is good at that instant. Nearest possible: 2026-"):
        order_of(plan_of("glass", right=0.2), offered, at=late)


def test_the_same_instant_in_another_zone_is_the_same_order() -> None:
    plan = plan_of("glass", right=3.1)
    here = order_of(plan)
    there = order_of(plan, at=WEDNESDAY.astimezone(ZoneInfo("Australia/Sydney")))
    assert here.lines == there.lines


def test_no_order_without_two_approvals_of_this_plan() -> None:
    plan = plan_of("resin", right=1.0)
    with pytest.raises(RuleError, match="approved by nobody"):
        order(
            plan,
            STATE,
            (),
            OrderFacts(),
            SITE,
            treatment_at=WEDNESDAY,
            zone=AMSTERDAM,
            made_at=NOW,
            software={},
        )
    with pytest.raises(RuleError, match="stale: images.maa changed"):
        order(
            plan,
            replace(STATE, inputs={"images.maa": "x"}),
            signed(plan),
            OrderFacts(),
            SITE,
            treatment_at=WEDNESDAY,
            zone=AMSTERDAM,
            made_at=NOW,
            software={},
        )


def test_an_unknown_device_is_not_ordered() -> None:
    with pytest.raises(RuleError, match="ordering needs a device"):
        order_of(plan_of("unknown", right=1.0))
    with pytest.raises(MissingInputError, match="records no prescription"):
        order(
            plan_of(""),
            STATE,
            (),
            OrderFacts(),
            SITE,
            treatment_at=WEDNESDAY,
            zone=AMSTERDAM,
            made_at=NOW,
            software={},
        )


def test_a_plan_without_an_activity_is_not_ordered() -> None:
    with pytest.raises(RuleError, match="gives no activity to administer for right .*needs LSF"):
        order_of(plan_of("resin", right=Missing.NEEDS_LUNG_SHUNT))


def test_a_slot_that_has_passed_is_said() -> None:
    made = order_of(plan_of("holmium", right=6.0), at=NOW - timedelta(days=1))
    assert "slot_in_the_past" in rules_of(made)


def test_a_whole_vial_that_falls_a_little_short_is_not_passed_over() -> None:
    fits = 3.0 * 2 ** (-72 / 64.1) - 0.010  # what the smallest vial brings at the slot
    exact = order_of(plan_of("glass", right=fits))
    assert exact.lines[0].chosen.vials[0].calibrated_activity_bq == 3e9
    assert "whole_vial_short" not in rules_of(exact)
    short = order_of(plan_of("glass", right=fits), past_residuals_bq=[0.016e9] * 20)
    assert short.lines[0].chosen.vials[0].calibrated_activity_bq == 3e9
    (said,) = [one for one in short.findings if one.rule == "whole_vial_short"]
    assert said.value == pytest.approx(-0.006 / fits, rel=1e-3)
    assert short.lines[0].chosen.waste_bq == 0.0
    assert short.lines[0].chosen.enough_until == WEDNESDAY
    more = order_of(plan_of("glass", right=1.02 * fits))
    assert more.lines[0].chosen.vials[0].activity_bq > 1.02 * fits * 1e9


@pytest.mark.parametrize(
    ("most", "severity"), [(28_000.0, Severity.STOP), (29_000.0, Severity.NOTE)]
)
def test_holmium_spheres_are_counted_as_many_as_there_can_be(
    most: float, severity: Severity
) -> None:
    plan = replace(
        plan_of("holmium", right=6.0),
        reaching_bq={"right": 5.7e9},
        perfused_volumes_ml={"right": 1000.0},
        spheres_per_ml_at_most=most,
    )
    (found,) = [one for one in order_of(plan).findings if one.rule == "spheres_per_ml"]
    assert found.severity is severity
    assert found.value == pytest.approx(5.7e9 / 200 / 1000)
    unknown = order_of(replace(plan, perfused_volumes_ml={}))
    (found,) = [one for one in unknown.findings if one.rule == "spheres_per_ml"]
    assert found.severity is Severity.STOP
    assert "not known" in found.text


def test_a_holmium_slot_on_a_day_without_delivery_is_warned_of() -> None:
    site = replace(SITE, delivery_days=("monday", "thursday"))
    (found,) = [
        one
        for one in order_of(plan_of("holmium", right=6.0), site=site).findings
        if one.rule == "no_delivery_day"
    ]
    assert "a Wednesday" in found.text
    tomorrow = WEDNESDAY + timedelta(days=1)
    thursday = order_of(plan_of("holmium", right=6.0), at=tomorrow, site=site)
    assert "no_delivery_day" not in rules_of(thursday)
