"""REILD: a truth table for each definition, windows, laboratory evidence, watch list."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from opensirt.clinical.predicate.facts import Value
from opensirt.clinical.reild import (
    assess_reild,
    definition_of,
    laboratory_facts,
    on_watch_list,
    reild_definition,
    reild_definition_names,
    reild_risk_factors,
)
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError

TREATED = date(2026, 1, 10)
UMOL = 17.104

Answers = Mapping[str, Any]
TRUTH: dict[str, tuple[tuple[str, ...], Callable[[Answers], bool]]] = {
    "utrecht": (
        (
            "symptomatic_liver_deterioration",
            "jaundice",
            "new_or_worse_ascites",
            "bilirubin_raised",
            "albumin_low",
            "hepatic_progression",
            "biliary_obstruction",
        ),
        lambda x: (
            x["symptomatic_liver_deterioration"]
            and x["jaundice"]
            and x["new_or_worse_ascites"]
            and x["bilirubin_raised"]
            and x["albumin_low"]
            and not x["hepatic_progression"]
            and not x["biliary_obstruction"]
        ),
    ),
    "sangro_2008": (("jaundice", "ascites_after"), lambda x: x["jaundice"] and x["ascites_after"]),
    "eanm_handbook": (
        ("bilirubin_raised", "albumin_low", "ascites_after", "hepatic_progression"),
        lambda x: (
            x["bilirubin_raised"]
            and x["albumin_low"]
            and x["ascites_after"]
            and not x["hepatic_progression"]
        ),
    ),
    "mazzaferro_2012": (
        (
            "ascites_after",
            "variceal_bleeding",
            "encephalopathy_after",
            "peak_bilirubin",
            "peak_inr",
        ),
        lambda x: (
            x["ascites_after"]
            or x["variceal_bleeding"]
            or x["encephalopathy_after"]
            or x["peak_bilirubin"] > 3.0 * UMOL + 1e-6
            or x["peak_inr"] > 2.2
        ),
    ),
    "chiesa_type_c": (
        ("decompensation_needing_action",),
        lambda x: bool(x["decompensation_needing_action"]),
    ),
    "hawaii_2024": (
        ("peak_bilirubin", "meld_rise", "readmitted", "died"),
        lambda x: (
            (x["peak_bilirubin"] >= 3.0 * UMOL - 1e-6 or x["meld_rise"])
            and (x["readmitted"] or x["died"])
        ),
    ),
}
VALUES: dict[str, tuple[Value, ...]] = {
    "peak_bilirubin": (2.9 * UMOL, 3.0 * UMOL, 3.1 * UMOL),
    "peak_inr": (2.1, 2.2, 2.3),
}


def test_every_definition_has_a_truth_table_or_no_verified_value() -> None:
    assert set(reild_definition_names()) == {*TRUTH, "sangro_numeric"}


@pytest.mark.parametrize("name", TRUTH)
def test_truth_table_with_every_pattern_of_missing_evidence(name: str) -> None:
    facts, rule = TRUTH[name]
    choices = [VALUES.get(one, (False, True)) for one in facts]
    complete = {values: rule(dict(zip(facts, values, strict=True))) for values in product(*choices)}
    definition = reild_definition(name)
    for pattern in product(*((*one, Missing.LOST) for one in choices)):
        outcomes = {
            outcome
            for values, outcome in complete.items()
            if all(
                given is Missing.LOST or given == value
                for given, value in zip(pattern, values, strict=True)
            )
        }
        found = assess_reild(definition, dict(zip(facts, pattern, strict=True)))
        if len(outcomes) == 1:
            assert found.met is outcomes.pop()
            assert found.missing == ()
        else:
            assert isinstance(found.met, Missing)
            absent = {n for n, v in zip(facts, pattern, strict=True) if v is Missing.LOST}
            assert set(found.missing) <= absent
            assert found.missing
        assert {one.fact for one in found.evidence} == set(facts)


def test_the_numeric_sangro_definition_has_no_verified_value() -> None:
    found = assess_reild(reild_definition("sangro_numeric"), {"jaundice": True})
    assert found.met is Missing.NO_VERIFIED_VALUE
    assert not found.definition.citation.verified
    assert not found.definition.contains(40)


def test_a_site_may_bring_its_own_definition() -> None:
    own = definition_of(
        "ours",
        {
            "title": "ours",
            "called": "REILD",
            "first_day": 14,
            "last_day": 90,
            "criteria": {"fact": "peak_bilirubin", "above": 3.0, "unit": "mg/dL"},
            "exclusions": ["hepatic_progression"],
            "text": "ours",
            "source": "local protocol of 2026",
            "status": "verified",
        },
    )
    facts: dict[str, Value | Missing] = {"peak_bilirubin": 60.0, "hepatic_progression": False}
    assert assess_reild(own, facts).met is True
    with pytest.raises(InputError, match="needs first_day and criteria"):
        definition_of("ours", {"title": "", "called": "", "text": ""})


def test_an_unknown_definition_or_fact_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="REILD definition 'lyon'"):
        reild_definition("lyon")
    with pytest.raises(UnknownNameError, match="clinical fact 'jaundise'"):
        assess_reild(reild_definition("utrecht"), {"jaundise": True})


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("utrecht", 14, 122),
        ("sangro_2008", 28, 56),
        ("eanm_handbook", 61, 183),
        ("chiesa_type_c", 0, 183),
        ("hawaii_2024", 0, 60),
    ],
)
def test_each_definition_has_its_own_window_with_both_ends(
    name: str, first: int, last: int
) -> None:
    definition = reild_definition(name)
    assert [definition.contains(day) for day in (first - 1, first, last, last + 1)] == [
        False,
        True,
        True,
        False,
    ]


def test_follow_up_without_end() -> None:
    assert reild_definition("mazzaferro_2012").contains(4000)


def bilirubin(day: int, mg_per_dl: float, upper: float | Missing = 1.2) -> LabValue:
    return LabValue(
        analyte=Analyte.BILIRUBIN,
        value=mg_per_dl,
        unit="mg/dL",
        upper_limit=upper,
        on=TREATED + timedelta(days=day),
    )


def albumin(day: int, g_per_l: float, lower: float | Missing = 35.0) -> LabValue:
    return LabValue(
        analyte=Analyte.ALBUMIN,
        value=g_per_l,
        unit="g/L",
        lower_limit=lower,
        on=TREATED + timedelta(days=day),
    )


def test_laboratory_evidence_is_of_the_window_only() -> None:
    values = [bilirubin(10, 5.0), bilirubin(30, 1.0), bilirubin(50, 2.0), albumin(57, 20.0)]
    found = laboratory_facts(values, reild_definition("sangro_2008"), treated_on=TREATED)
    assert found["peak_bilirubin"] == pytest.approx(2.0 * UMOL)
    assert found["bilirubin_raised"] is True
    assert found["albumin_low"] is Missing.NOT_DONE
    assert found["peak_inr"] is Missing.NOT_DONE


@pytest.mark.parametrize(
    ("values", "raised"),
    [
        ([bilirubin(30, 1.0), bilirubin(40, 1.2)], False),
        ([bilirubin(30, 1.0), bilirubin(40, 1.21)], True),
        ([bilirubin(30, 1.0), bilirubin(40, 1.0, Missing.NOT_RECORDED)], None),
        ([bilirubin(30, 1.3), bilirubin(40, 1.0, Missing.NOT_RECORDED)], True),
    ],
)
def test_a_value_without_limit_cannot_say_that_the_limit_was_never_passed(
    values: list[LabValue], *, raised: bool | None
) -> None:
    found = laboratory_facts(values, reild_definition("utrecht"), treated_on=TREATED)
    expected = Missing.NEEDS_LIMIT_OF_NORMAL if raised is None else raised
    assert found["bilirubin_raised"] is expected


def test_laboratory_and_clinical_evidence_together_decide() -> None:
    definition = reild_definition("utrecht")
    facts = laboratory_facts(
        [bilirubin(40, 3.2), albumin(40, 27.0)], definition, treated_on=TREATED
    )
    clinical: dict[str, Value | Missing] = {
        "symptomatic_liver_deterioration": True,
        "jaundice": True,
        "new_or_worse_ascites": True,
        "hepatic_progression": False,
        "biliary_obstruction": Missing.NOT_DONE,
    }
    found = assess_reild(definition, {**facts, **clinical})
    assert found.missing == ("biliary_obstruction",)
    decided = assess_reild(definition, {**facts, **clinical, "biliary_obstruction": False})
    assert decided.met is True


@pytest.mark.parametrize(("day", "watched"), [(13, 0), (14, 1), (180, 1), (181, 0)])
def test_watch_list(day: int, watched: int) -> None:
    today = TREATED + timedelta(days=day)
    assert on_watch_list(treated_on=TREATED, today=today) is bool(watched)


def test_risk_factors_are_listed_present_absent_or_unknown() -> None:
    found = reild_risk_factors(
        {"radioembolization_before": True, "liver_volume_ml": 1500.0, "cirrhosis": False}
    )
    by_text = {one.text.split(":")[0]: one for one in found}
    assert by_text["repeat radioembolization"].present is True
    assert by_text["liver volume below 1.5 L"].present is False
    unknown = next(one for one in found if "steatosis" in one.text)
    assert unknown.present is None
    assert set(unknown.missing) == {
        "steatosis_or_steatohepatitis",
        "active_hepatitis",
        "several_chemotherapy_lines",
    }
    assert all(one.citation.source for one in found)
