"""Selection lists rules, scores and considerations; unknown is never pass."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import report_results as made
from clinical_cases import LABS, clinical_case, lab, selection

from opensirt.domain.case import Case, WorkUpFacts
from opensirt.domain.eligibility import Outcome, RuleResult
from opensirt.domain.finding import Severity
from opensirt.domain.missing import Missing
from opensirt.domain.selection import Selection
from opensirt.errors import InputError, RuleError, UnknownNameError


def rule(found: Selection, name: str) -> RuleResult:
    return next(one for one in found.eligibility.results if one.id == name)


def score(found: Selection, name: str) -> Any:
    return next(one.value for one in found.scores if one.name == name)


def test_a_case_that_says_nothing_passes_no_rule_that_asks_anything() -> None:
    found = selection(Case(key="bare"))
    passed = [one.id for one in found.eligibility.results if one.outcome is Outcome.PASS]
    assert passed == ["E36"]  # age by itself is no contraindication: it asks nothing
    assert all(isinstance(one.value, Missing) for one in found.scores)


def test_scores_are_those_of_the_values_and_name_what_they_lack() -> None:
    found = selection(clinical_case())
    assert score(found, "ALBI") == pytest.approx(0.66 * 1 - 0.085 * 42.0)
    assert score(found, "Child-Pugh") == 5
    assert score(found, "MELD") == 6
    lacking = next(one for one in found.scores if one.name == "MELD 3.0")
    assert "sodium" in lacking.missing


def test_deleting_a_value_never_turns_a_rule_to_pass() -> None:
    whole = selection(clinical_case())
    for gone in range(len(LABS)):
        less = selection(clinical_case(labs=LABS[:gone] + LABS[gone + 1 :]))
        for before, after in zip(whole.eligibility.results, less.eligibility.results, strict=True):
            assert after.outcome in (before.outcome, Outcome.UNKNOWN)


def test_values_after_the_day_of_the_decision_do_not_count() -> None:
    late = {**lab("bilirubin", 300.0, "umol/L"), "on": date(2026, 3, 2)}
    found = selection(clinical_case(labs=[*LABS, late]))
    assert found.facts["bilirubin"] == 10.0


def test_an_absolute_contraindication_is_a_stop_until_two_people_override_it() -> None:
    facts = {"facts": {"portal_hypertension": "extensive_untreated"}}
    found = selection(clinical_case(facts))
    [stop] = [one for one in found.findings if one.severity is Severity.STOP]
    assert "E14" in stop.text
    override = {"rule": "E14", "reason": "shunt placed", "on": date(2026, 3, 1)}
    both = {**override, "by": ["A. Aalst", "B. Smits"]}
    lifted = selection(clinical_case(facts, overrides=[both]))
    assert not [one for one in lifted.findings if one.severity is Severity.STOP]
    assert rule(lifted, "E14").outcome is Outcome.FAIL
    assert any("A. Aalst and B. Smits" in one.text for one in lifted.findings)
    with pytest.raises(RuleError, match="two named people"):
        selection(clinical_case(facts, overrides=[{**override, "by": ["A. Aalst"]}]))


def test_an_override_of_a_rule_that_is_not_asked_is_told() -> None:
    one = {"rule": "E33", "by": ["A. Aalst"], "reason": "x", "on": date(2026, 3, 1)}
    found = selection(clinical_case(overrides=[one]))
    assert [each.rule for each in found.findings if "override" in each.rule] == [
        "override_without_rule"
    ]


def test_the_device_is_the_one_named_then_the_profiles_then_the_prescriptions() -> None:
    assert selection(clinical_case()).device == ""
    assert selection(clinical_case(device="glass")).device == "glass"
    assert selection(clinical_case(device="glass"), device="holmium").device == "holmium"
    label = selection(clinical_case(device="glass"), profile="resin_label_ap")
    assert label.device == "resin"
    with pytest.raises(InputError, match="is for resin, and glass is asked about"):
        selection(clinical_case(), profile="resin_label_ap", device="glass")


def test_a_profile_or_device_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="eligibility profile"):
        selection(clinical_case(), profile="mine")
    with pytest.raises(UnknownNameError, match="device"):
        selection(clinical_case(), device="lead")


def test_an_entered_fact_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="clinical fact"):
        selection(clinical_case({"facts": {"asites": "none"}}))


def test_the_work_up_adds_shunt_volume_burden_and_the_plans_lung_dose() -> None:
    workup, plan = made.workup(), made.plan()
    workup = replace(workup, lung_shunt=replace(workup.lung_shunt, assumed=False))
    found = selection(clinical_case(device="resin"), workup=workup, plan=plan)
    assert found.facts["lung_shunt_fraction"] == workup.lung_shunt.fraction
    assert found.facts["liver_volume_ml"] == workup.liver_volume_ml
    assert found.facts["tumour_burden_fraction"] == pytest.approx(
        workup.tumour_volume_ml / workup.liver_volume_ml
    )
    assert plan.chosen is not None
    assert found.facts["lung_dose_gy"] == plan.chosen.lung_gy
    other = selection(clinical_case(), workup=workup, plan=plan, device="glass")
    assert "lung_dose_gy" not in other.facts


def test_an_assumed_lung_shunt_is_not_known_to_the_rules() -> None:
    workup = made.workup()
    workup = replace(workup, lung_shunt=replace(workup.lung_shunt, assumed=True))
    found = selection(clinical_case(device="resin"), workup=workup, plan=made.plan())
    assert "lung_shunt_fraction" not in found.facts
    assert "lung_dose_gy" not in found.facts
    assert "lung_shunt_assumed" in {one.rule for one in found.findings}
    stated = replace(
        clinical_case(),
        work_up=WorkUpFacts(lung_shunt_fraction=0.05, assumed=("lung_shunt_fraction",)),
    )
    assert "lung_shunt_fraction" not in selection(stated).facts


def test_a_stated_fact_wins_over_a_measured_one_and_both_are_told() -> None:
    found = selection(clinical_case({"tumour_burden_fraction": 0.4}), workup=made.workup())
    assert found.facts["tumour_burden_fraction"] == 0.4
    [finding] = [one for one in found.findings if one.rule == "fact_stated_and_measured"]
    assert "0.4" in finding.text


def test_a_laboratory_value_of_the_future_is_a_stop() -> None:
    late = {**lab("inr", 1.0, "1"), "on": date(2027, 1, 1)}
    found = selection(clinical_case(labs=[*LABS, late]))
    assert "laboratory_date_in_future" in {one.rule for one in found.findings}


def test_an_inr_under_anticoagulation_is_warned_of() -> None:
    for anticoagulated in (True, False):
        found = selection(clinical_case({"facts": {"anticoagulated": anticoagulated}}))
        rules = {one.rule for one in found.findings}
        assert ("inr_under_anticoagulation" in rules) is anticoagulated
