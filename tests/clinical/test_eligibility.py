"""Eligibility rules: a truth table for each, unknown is never pass, profiles, overrides."""

from collections.abc import Callable, Mapping
from datetime import date
from itertools import product
from typing import Any

import pytest
from clinical_cases import COMPLETE
from hypothesis import given
from hypothesis import strategies as st

from opensirt.clinical.eligibility import (
    Rule,
    assess_eligibility,
    profile,
    profile_names,
    profile_of,
    rule_of,
)
from opensirt.clinical.predicate import FactKind, declared_facts
from opensirt.clinical.predicate.derived import DERIVED
from opensirt.clinical.predicate.facts import Value
from opensirt.domain.eligibility import Eligibility, Outcome, Override, RuleKind
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, RuleError, UnknownNameError
from opensirt.reference.table import read_table

Case = Mapping[str, Any]
RULES = read_table("eligibility_rules")["rules"]
MG = 17.104
TUMOURS = ("neuroendocrine", "hepatocellular", "colorectal")
ASCITES = ("none", "mild", "moderate")
FLAG = (False, True)

# Second transcription: rule → (values of each fact, on and beside every limit; when it passes).
TABLE: dict[str, tuple[dict[str, tuple[Value, ...]], Callable[[Case], bool]]] = {
    "E01": ({"unresectable": FLAG}, lambda x: x["unresectable"]),
    "E02": ({"chemotherapy_unsuitable": FLAG}, lambda x: x["chemotherapy_unsuitable"]),
    "E03": (
        {"extrahepatic_disease": ("none", "limited", "disseminated")},
        lambda x: x["extrahepatic_disease"] != "disseminated",
    ),
    "E03a": (
        {"extrahepatic_disease": ("none", "limited", "disseminated")},
        lambda x: x["extrahepatic_disease"] != "disseminated",
    ),
    "E04": ({"ecog": (0, 1, 2, 3, 4, 5)}, lambda x: x["ecog"] <= 2),
    "E05": (
        {"life_expectancy_months": (2.99, 3.0, 3.01)},
        lambda x: x["life_expectancy_months"] >= 3,
    ),
    "E06": (
        {"cirrhosis": FLAG, "child_pugh_score": (5, 6, 7, 8, 9, 15)},
        lambda x: not x["cirrhosis"] or x["child_pugh_score"] <= 7,
    ),
    "E07": ({"bilirubin": (1.99 * MG, 2 * MG, 2.01 * MG)}, lambda x: x["bilirubin"] <= 2 * MG),
    "E08": (
        {"ascites": ASCITES, "clinical_liver_failure": FLAG},
        lambda x: x["ascites"] == "none" and not x["clinical_liver_failure"],
    ),
    "E08a": (
        {"ascites": ASCITES, "clinical_liver_failure": FLAG},
        lambda x: x["ascites"] == "none" and not x["clinical_liver_failure"],
    ),
    "E09": (
        {"markedly_abnormal_liver_tests": FLAG},
        lambda x: not x["markedly_abnormal_liver_tests"],
    ),
    "E11": ({"inr": (1.49, 1.5, 1.51)}, lambda x: x["inr"] <= 1.5),
    "E12": (
        {"platelets": (49.9, 50.0, 50.1), "leukocytes": (1.99, 2.0, 2.01)},
        lambda x: x["platelets"] >= 50 and x["leukocytes"] >= 2,
    ),
    "E12a": ({"neutrophils": (1.49, 1.5, 1.51)}, lambda x: x["neutrophils"] >= 1.5),
    "E12b": (
        {"tumour_type": TUMOURS, "leukocytes": (2.49, 2.5, 2.51)},
        lambda x: x["tumour_type"] != "hepatocellular" or x["leukocytes"] >= 2.5,
    ),
    "E13": ({"gfr": (34.9, 35.0, 35.1)}, lambda x: x["gfr"] >= 35),
    "E14": (
        {"portal_hypertension": ("none", "treated_or_limited", "extensive_untreated")},
        lambda x: x["portal_hypertension"] != "extensive_untreated",
    ),
    "E15": (
        {"portal_vein_thrombosis": ("none", "branch", "main"), "tumour_type": TUMOURS},
        lambda x: x["portal_vein_thrombosis"] != "main" or x["tumour_type"] == "hepatocellular",
    ),
    "E15a": (
        {"portal_vein_thrombosis": ("none", "branch", "main")},
        lambda x: x["portal_vein_thrombosis"] == "none",
    ),
    "E16": ({"active_hepatitis": FLAG}, lambda x: not x["active_hepatitis"]),
    "E17": (
        {
            "biliary_state": (
                "normal",
                "cholecystectomy",
                "papillotomy",
                "stent",
                "bilioenteric_anastomosis",
                "other_abnormality",
            )
        },
        lambda x: x["biliary_state"] in {"normal", "cholecystectomy", "papillotomy"},
    ),
    "E18": (
        {"coeliac_and_mesenteric_artery_occluded": FLAG, "intrahepatic_arteries_occluded": FLAG},
        lambda x: not any(x.values()),
    ),
    "E19": ({"antiangiogenic_active": FLAG}, lambda x: not x["antiangiogenic_active"]),
    "E20": (
        {"systemic_therapy_ever": FLAG, "days_since_systemic_therapy": (27.0, 28.0, 29.0)},
        lambda x: not x["systemic_therapy_ever"] or x["days_since_systemic_therapy"] >= 28,
    ),
    "E21": (
        {"capecitabine": ("never", "over_2_months_ago", "within_2_months", "planned_after")},
        lambda x: x["capecitabine"] in {"never", "over_2_months_ago"},
    ),
    "E22": ({"liver_external_beam": FLAG}, lambda x: not x["liver_external_beam"]),
    "E23": ({"angiographic_reflux": FLAG}, lambda x: not x["angiographic_reflux"]),
    "E24": (
        {"gastrointestinal_deposition": ("none", "correctable", "uncorrectable")},
        lambda x: x["gastrointestinal_deposition"] != "uncorrectable",
    ),
    "E25": ({"lung_dose_gy": (29.9, 30.0, 30.1)}, lambda x: x["lung_dose_gy"] <= 30),
    "E26": (
        {"cumulative_lung_dose_gy": (49.9, 50.0, 50.1)},
        lambda x: x["cumulative_lung_dose_gy"] <= 50,
    ),
    "E27": (
        {"lung_shunt_fraction": (0.19, 0.20, 0.21)},
        lambda x: x["lung_shunt_fraction"] <= 0.20,
    ),
    "E28": (
        {"lung_shunt_fraction": (0.09, 0.10, 0.11, 0.19, 0.20, 0.21)},
        lambda x: not 0.10 < x["lung_shunt_fraction"] <= 0.20,
    ),
    "E29": (
        {"lung_shunt_fraction": (0.149, 0.15, 0.151)},
        lambda x: x["lung_shunt_fraction"] < 0.15,
    ),
    "E30": ({"liver_volume_ml": (1499.0, 1500.0, 1501.0)}, lambda x: x["liver_volume_ml"] >= 1500),
    "E31": (
        {
            "steatosis_or_steatohepatitis": FLAG,
            "active_hepatitis": FLAG,
            "cirrhosis": FLAG,
            "several_chemotherapy_lines": FLAG,
        },
        lambda x: not any(x.values()),
    ),
    "E32": ({"liver_directed_therapy": FLAG}, lambda x: not x["liver_directed_therapy"]),
    "E33": (
        {
            "tumour_type": TUMOURS,
            "net_grade": ("G1", "G2", "G3", "NEC"),
            "measurable_lesion_count": (2, 3, 4),
            "age_years": (17.9, 18.0),
            "ecog": (2, 3),
        },
        lambda x: (
            x["tumour_type"] == "neuroendocrine"
            and x["net_grade"] in {"G1", "G2"}
            and x["measurable_lesion_count"] >= 3
            and x["age_years"] >= 18
            and x["ecog"] <= 2
        ),
    ),
    "E33a": (
        {"prrt_cycles": (3, 4, 5), "weeks_since_prrt": (19.9, 20.0, 20.1)},
        lambda x: x["prrt_cycles"] >= 4 and x["weeks_since_prrt"] <= 20,
    ),
    "E34": (
        {"tumour_burden_fraction": (0.69, 0.70, 0.71), "synthetic_function_preserved": FLAG},
        lambda x: x["tumour_burden_fraction"] <= 0.70 or x["synthetic_function_preserved"],
    ),
    "E34a": (
        {"tumour_burden_fraction": (0.74, 0.75, 0.76)},
        lambda x: x["tumour_burden_fraction"] < 0.75,
    ),
    "E35": (
        {"pregnant": FLAG, "breast_feeding": FLAG},
        lambda x: not x["pregnant"] and not x["breast_feeding"],
    ),
    "E35a": ({"age_years": (17.9, 18.0, 18.1)}, lambda x: x["age_years"] >= 18),
    "E38": (
        {"ascites": ASCITES, "extrahepatic_disease": ("none", "limited", "disseminated")},
        lambda x: x["ascites"] == "none" and x["extrahepatic_disease"] == "none",
    ),
    "E40": (
        {"ast_times_upper_limit": (4.9, 5.0, 5.1), "alt_times_upper_limit": (4.9, 5.0, 5.1)},
        lambda x: x["ast_times_upper_limit"] <= 5 and x["alt_times_upper_limit"] <= 5,
    ),
    "E41": ({"radioembolization_before": FLAG}, lambda x: not x["radioembolization_before"]),
    "E42": (
        {
            "tumour_type": TUMOURS,
            "albumin": (34.9, 35.0),
            "inr": (1.2, 1.21),
            "ascites": ASCITES,
        },
        lambda x: (
            x["tumour_type"] != "hepatocellular"
            or (x["albumin"] >= 35 and x["inr"] <= 1.2 and x["ascites"] == "none")
        ),
    ),
}
UNVERIFIED = {"E10", "E37", "E39"}


def asked(rule: Rule, facts: Mapping[str, Value | Missing]) -> tuple[Outcome, tuple[str, ...]]:
    one = profile_of("one", {"title": "one", "rules": [rule.id]})
    result = assess_eligibility(facts, one).results[0]
    return result.outcome, result.missing


def test_every_rule_has_a_truth_table_or_is_constant_or_has_no_verified_value() -> None:
    assert set(RULES) == {*TABLE, "E36"} | UNVERIFIED
    numbered = {f"E{n:02d}" for n in range(1, 41)}
    assert numbered <= set(RULES)


@pytest.mark.parametrize("rule_id", TABLE)
def test_truth_table_with_every_pattern_of_missing_facts(rule_id: str) -> None:
    samples, passes = TABLE[rule_id]
    rule = rule_of(rule_id, RULES[rule_id])
    assert rule.condition is not None
    assert set(rule.condition.facts()) == set(samples)
    complete = {
        values: bool(passes(dict(zip(samples, values, strict=True))))
        for values in product(*samples.values())
    }
    assert len(set(complete.values())) == 2
    for values, expected in complete.items():
        outcome, missing = asked(rule, dict(zip(samples, values, strict=True)))
        assert outcome is (Outcome.PASS if expected else Outcome.FAIL)
        assert missing == ()
    patterns = product(*((*one[:1], one[-1], Missing.LOST) for one in samples.values()))
    for pattern in patterns:
        possible = {
            outcome
            for values, outcome in complete.items()
            if all(p is Missing.LOST or p == v for p, v in zip(pattern, values, strict=True))
        }
        outcome, missing = asked(rule, dict(zip(samples, pattern, strict=True)))
        if len(possible) == 1:
            assert outcome is (Outcome.PASS if possible.pop() else Outcome.FAIL)
        else:
            assert outcome is Outcome.UNKNOWN
            gone = {n for n, p in zip(samples, pattern, strict=True) if p is Missing.LOST}
            assert missing
            if "child_pugh_score" in gone:
                gone |= set(DERIVED["child_pugh_score"].inputs)
            assert set(missing) <= gone


@pytest.mark.parametrize("rule_id", sorted(UNVERIFIED))
def test_a_rule_without_a_verified_limit_is_unknown_until_a_site_gives_one(rule_id: str) -> None:
    rule = rule_of(rule_id, RULES[rule_id])
    assert rule.no_verified_value
    assert not rule.citation.verified
    complete = {name: value for name, value in COMPLETE.items() if name != "child_pugh_score"}
    assert asked(rule, complete) == (Outcome.UNKNOWN, ())


def test_a_site_gives_its_own_limits() -> None:
    ours = profile_of(
        "ours",
        {
            "title": "ours",
            "rules": ["E10", "E34", "OURS"],
            "parameters": {"E10": {"limit_g_per_dl": 3.0}, "E34": {"limit": 0.5}},
        },
        rules={
            "OURS": {
                "title": "our own",
                "kind": "relative",
                "fails_when": {"fact": "ki67_fraction", "above": 0.55},
                "source": "local protocol",
                "status": "verified",
            }
        },
    )
    facts: dict[str, Value | Missing] = {
        "albumin": 29.9,
        "tumour_burden_fraction": 0.6,
        "synthetic_function_preserved": False,
        "ki67_fraction": 0.1,
    }
    outcomes = {one.id: one.outcome for one in assess_eligibility(facts, ours).results}
    assert outcomes == {"E10": Outcome.FAIL, "E34": Outcome.FAIL, "OURS": Outcome.PASS}
    facts["albumin"] = 30.0
    outcomes = {one.id: one.outcome for one in assess_eligibility(facts, ours).results}
    assert outcomes["E10"] is Outcome.PASS


# --- unknown is never pass ------------------------------------------------------------------

EVERY = profile_of("every", {"title": "every rule", "rules": list(RULES)})
PROBES: dict[str, list[Value]] = {
    "bilirubin": [1.0, 10.0, 34.0, 34.5, 40.0, 51.0, 52.0, 400.0],
    "albumin": [10.0, 27.9, 28.1, 34.9, 35.1, 50.0],
    "inr": [0.8, 1.1, 1.3, 1.6, 1.8, 2.4, 6.0],
}


def probes(name: str) -> list[Value]:
    """Values of a fact, many and blind to the rules."""
    fact = declared_facts()[name]
    if name in PROBES:
        return PROBES[name]
    if fact.kind is FactKind.FLAG:
        return [False, True]
    if fact.kind is FactKind.CHOICE:
        return list(fact.choices)
    if fact.kind is FactKind.INTEGER:
        return [float(n) for n in range(int(fact.lowest), min(int(fact.highest), 20) + 1)]
    if fact.highest == 1.0:
        return [n / 100 for n in range(101)]
    return [0.5, 1.0, 1.7, 2.2, 2.7, 3.5, 5.5, 17.0, 19.0, 21.0, 27.0, 29.0, 31.0, 34.0, 36.0, 49.0,
            51.0, 60.0, 1400.0, 1600.0]  # fmt: skip


def outcomes(facts: Mapping[str, Value | Missing]) -> dict[str, Outcome]:
    return {one.id: one.outcome for one in assess_eligibility(facts, EVERY).results}


def cases() -> st.SearchStrategy[dict[str, Value]]:
    return st.fixed_dictionaries(
        {
            name: st.one_of(
                st.just(value), st.sampled_from([p for p in probes(name) if allowed(name, p)])
            )
            for name, value in COMPLETE.items()
        }
    )


def allowed(name: str, value: Value) -> bool:
    fact = declared_facts()[name]
    return isinstance(value, bool | str) or fact.lowest <= value <= fact.highest


@pytest.mark.parametrize("deleted", sorted(COMPLETE))
def test_deleting_one_input_makes_exactly_those_rules_unknown_that_it_could_change(
    deleted: str,
) -> None:
    check_deletion(COMPLETE, deleted)


@given(case=cases(), deleted=st.sampled_from(sorted(COMPLETE)))
def test_deleting_one_input_of_any_case_does_the_same(case: dict[str, Value], deleted: str) -> None:
    check_deletion(case, deleted)


def check_deletion(case: dict[str, Value], deleted: str) -> None:
    before = outcomes(case)
    after = outcomes({name: value for name, value in case.items() if name != deleted})
    reachable: dict[str, set[Outcome]] = {rule: set() for rule in before}
    for value in probes(deleted):
        if allowed(deleted, value):
            for rule, outcome in outcomes({**case, deleted: value}).items():
                reachable[rule].add(outcome)
    for rule, outcome in before.items():
        if len(reachable[rule] | {outcome}) > 1:
            assert after[rule] is Outcome.UNKNOWN
        else:
            assert after[rule] is outcome
        assert not (after[rule] is Outcome.PASS and outcome is not Outcome.PASS)


def test_an_empty_record_passes_nothing_but_the_rule_that_asks_nothing() -> None:
    passed = [rule for rule, outcome in outcomes({}).items() if outcome is not Outcome.UNKNOWN]
    assert passed == ["E36"]


def test_what_is_missing_is_listed_with_the_rules_that_wait_for_it() -> None:
    found = assess_eligibility(
        {name: value for name, value in COMPLETE.items() if name != "lung_shunt_fraction"}, EVERY
    )
    assert dict(found.missing) == {"lung_shunt_fraction": ("E27", "E28", "E29")}
    assert [one.id for one in found.undecided] == ["E27"]


# --- profiles, devices, overrides -----------------------------------------------------------


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_reads_and_says_what_was_not_read(name: str) -> None:
    one = profile(name)
    assert one.rules
    assert one.note
    found = assess_eligibility(COMPLETE, one, device=one.device)
    assert found.blocking == ()


def test_rules_of_another_device_are_left_out() -> None:
    resin = assess_eligibility(COMPLETE, EVERY, device="resin")
    glass = assess_eligibility(COMPLETE, EVERY, device="glass")
    only = {one.id for one in resin.results} - {one.id for one in glass.results}
    assert only == {"E03a", "E08", "E09", "E15a", "E21", "E22", "E23", "E27", "E28", "E29"}
    everything = assess_eligibility(COMPLETE, EVERY)
    assert len(everything.results) == len(RULES)
    with pytest.raises(UnknownNameError, match="device 'iron'"):
        assess_eligibility(COMPLETE, EVERY, device="iron")


def test_the_label_region_is_a_field_of_the_rule() -> None:
    regions = {one.id: one.label_region for one in EVERY.rules if one.label_region}
    assert regions["E15a"] == "US"
    assert regions["E27"] == "AP"
    thrombosis: dict[str, Value] = {**COMPLETE, "portal_vein_thrombosis": "branch"}
    ap = assess_eligibility(thrombosis, profile("resin_label_ap"))
    us = assess_eligibility(thrombosis, profile("resin_label_us"))
    assert ap.blocking == ()
    assert [one.id for one in us.blocking] == ["E15a"]


def test_weights_that_were_inferred_are_marked() -> None:
    result = next(one for one in assess_eligibility(COMPLETE, EVERY).results if one.id == "E11")
    assert result.citation.verified
    assert not result.kind_citation.verified
    assert not result.verified


def failing(**changes: Value) -> dict[str, Value]:
    return {**COMPLETE, "cirrhosis": False, **changes}


def override(rule: str, *by: str) -> Override:
    return Override(rule=rule, by=by, reason="discussed", on=date(2026, 3, 2))


def judged(facts: dict[str, Value], *overrides: Override) -> Eligibility:
    return assess_eligibility(facts, EVERY, overrides=overrides)


def test_what_blocks_and_what_is_to_be_discussed() -> None:
    found = judged(failing(lung_dose_gy=31.0, inr=1.6, ecog=3))
    assert [one.id for one in found.blocking] == ["E04", "E25", "E33"]
    assert [one.id for one in found.to_discuss] == ["E11"]


def test_an_override_keeps_the_outcome_and_names_who_and_why() -> None:
    found = judged(
        failing(lung_dose_gy=31.0, inr=1.6),
        override("E25", "Dr A", "Dr B"),
        override("E11", "Dr A"),
    )
    assert found.blocking == ()
    assert found.to_discuss == ()
    result = next(one for one in found.results if one.id == "E25")
    assert result.outcome is Outcome.FAIL
    assert result.override is not None
    assert result.override.by == ("Dr A", "Dr B")


def test_an_absolute_contraindication_takes_two_people() -> None:
    with pytest.raises(RuleError, match="two named people have to override it, 1 did"):
        judged(failing(lung_dose_gy=31.0), override("E25", "Dr A"))


def test_only_a_rule_that_fails_can_be_overridden() -> None:
    with pytest.raises(InputError, match="E11 is pass: only a rule that fails"):
        judged(COMPLETE, override("E11", "Dr A"))
    unknown = {name: value for name, value in COMPLETE.items() if name != "inr"}
    with pytest.raises(InputError, match="E11 is unknown: only a rule that fails"):
        judged(unknown, override("E11", "Dr A"))
    with pytest.raises(UnknownNameError, match="rule to override 'E99'"):
        judged(COMPLETE, override("E99", "Dr A"))


@pytest.mark.parametrize(
    ("by", "reason", "words"),
    [
        ((), "x", "needs named people"),
        (("A", "A"), "x", "each once"),
        (("A", " "), "x", "needs named people"),
        (("A",), " ", "needs a reason"),
    ],
)
def test_an_override_without_names_or_reason_is_refused(
    by: tuple[str, ...], reason: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        Override(rule="E11", by=by, reason=reason, on=date(2026, 3, 2))


def test_rules_and_profiles_that_make_no_sense_are_refused() -> None:
    sound = {
        "title": "t",
        "kind": "relative",
        "fails_when": {"fact": "ecog", "above": 2},
        "source": "s",
        "status": "verified",
    }
    with pytest.raises(InputError, match="exactly one of fails_when and passes_when"):
        rule_of("X", {**sound, "passes_when": {"fact": "ecog", "above": 2}})
    with pytest.raises(UnknownNameError, match="device of eligibility rule X 'iron'"):
        rule_of("X", {**sound, "device": "iron"})
    with pytest.raises(UnknownNameError, match="parameter of eligibility rule X 'limit'"):
        rule_of("X", sound, parameters={"limit": 3.0})
    with pytest.raises(UnknownNameError, match="eligibility rule 'E99'"):
        profile_of("p", {"title": "p", "rules": ["E99"]})
    with pytest.raises(UnknownNameError, match="rule of profile p 'E11'"):
        profile_of("p", {"title": "p", "rules": ["E07"], "parameters": {"E11": {"limit": 2.0}}})
    with pytest.raises(UnknownNameError, match="eligibility profile 'best'"):
        profile("best")


def test_no_rule_is_known_from_memory_alone_and_still_decides() -> None:
    for rule in EVERY.rules:
        if rule.citation.status.value == "memory":
            assert rule.no_verified_value
        assert rule.kind in RuleKind
