"""Checklist and considerations: sourced, conditional, without doses, without a choice."""

import re
from dataclasses import fields
from typing import Any

import pytest

from opensirt.clinical.option import options
from opensirt.clinical.predicate.facts import Value
from opensirt.clinical.statement import (
    Consideration,
    Side,
    Stage,
    checklist,
    considerations,
)
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table


def items(**facts: Value | Missing) -> dict[str, bool | None]:
    return {one.id: one.applies for one in checklist(facts)}


@pytest.mark.parametrize(
    ("item", "fact", "yes", "no"),
    [
        ("hormonal_crisis", "functioning_syndrome", True, False),
        ("biliary_antibiotics", "biliary_state", "bilioenteric_anastomosis", "normal"),
        ("biliary_antibiotics", "biliary_state", "stent", "cholecystectomy"),
        ("capecitabine", "capecitabine", "planned_after", "never"),
        ("antiangiogenic", "antiangiogenic_active", True, False),
        ("contrast_allergy", "contrast_allergy", True, False),
        ("albumin_allergy", "albumin_allergy", True, False),
        ("anticoagulation", "anticoagulated", True, False),
        ("syndrome_known", "tumour_type", "neuroendocrine", "colorectal"),
    ],
)
def test_an_item_concerns_those_it_is_for_and_is_a_question_where_that_is_not_known(
    item: str, fact: str, yes: Value, no: Value
) -> None:
    assert items(**{fact: yes})[item] is True
    assert items(**{fact: no})[item] is False
    assert items(**{fact: Missing.NOT_RECORDED})[item] is None
    unknown = next(one for one in checklist({}) if one.id == item)
    assert fact in unknown.missing


@pytest.mark.parametrize(("days", "applies"), [(27.0, True), (28.0, False)])
def test_interval_after_systemic_therapy(days: float, *, applies: bool) -> None:
    found = items(systemic_therapy_ever=True, days_since_systemic_therapy=days)
    assert found["systemic_interval"] is applies
    assert items(systemic_therapy_ever=False)["systemic_interval"] is False


@pytest.mark.parametrize("fact", ["could_be_pregnant", "pregnant", "breast_feeding"])
def test_pregnancy_is_asked_for_any_of_three_reasons(fact: str) -> None:
    nothing: dict[str, Value] = {
        "could_be_pregnant": False,
        "pregnant": False,
        "breast_feeding": False,
    }
    assert items(**nothing)["pregnancy"] is False
    assert items(**{**nothing, fact: True})["pregnancy"] is True


def test_some_items_are_for_everybody() -> None:
    always = {one.id for one in checklist({}) if one.applies}
    assert always == {"laboratory", "watch_list", "imaging_schedule"}
    assert {one.stage for one in checklist({})} == set(Stage)


def test_a_site_brings_its_own_items() -> None:
    own = {
        "x": {"at": "before", "text": "fasting?", "source": "local protocol", "status": "verified"}
    }
    assert [one.id for one in checklist({}, items=own)] == ["x"]


DOSE = re.compile(r"\d\s*(µg|ug|mcg|mg|g|IU|units)\b(?!/)", re.IGNORECASE)


def test_no_dose_of_a_drug_is_shown_anywhere() -> None:
    assert DOSE.search("octreotide 50 ug per hour")
    for table in ("checklist", "considerations", "reild", "eligibility_rules"):
        for text in texts(read_table(table)):
            assert not DOSE.search(text), text


def texts(entry: Any) -> list[str]:
    """Every text shown to people: titles and sentences."""
    if isinstance(entry, dict):
        own = [entry[key] for key in ("text", "title", "note") if isinstance(entry.get(key), str)]
        return own + [one for value in entry.values() for one in texts(value)]
    return [one for value in entry for one in texts(value)] if isinstance(entry, list) else []


def applying(**facts: Value) -> list[tuple[str, Side]]:
    return [(one.option, one.side) for one in considerations(facts) if one.applies]


def test_a_colonized_biliary_tree_speaks_for_one_option_and_against_another() -> None:
    found = applying(biliary_state="bilioenteric_anastomosis")
    assert ("radioembolization", Side.FOR) in found
    assert ("embolization", Side.AGAINST) in found


@pytest.mark.parametrize(
    ("facts", "option", "side"),
    [
        ({"unresectable": False}, "surgery_ablation", Side.FOR),
        ({"unresectable": True}, "surgery_ablation", Side.AGAINST),
        ({"ascites": "mild"}, "radioembolization", Side.AGAINST),
        (
            {
                "unresectable": True,
                "extrahepatic_disease": "none",
                "progressive": False,
                "symptomatic": True,
            },
            "radioembolization",
            Side.FOR,
        ),
        (
            {
                "tumour_type": "neuroendocrine",
                "sstr_positive": True,
                "extrahepatic_disease": "limited",
            },
            "prrt",
            Side.FOR,
        ),
        ({"tumour_type": "neuroendocrine", "sstr_positive": False}, "prrt", Side.AGAINST),
        ({"extrahepatic_disease": "disseminated"}, "systemic", Side.FOR),
        ({"liver_distribution": "bilobar"}, "extent_sequential_lobar", Side.FOR),
        ({"liver_distribution": "segmental"}, "extent_segmental", Side.FOR),
        (
            {"tumour_type": "hepatocellular", "portal_vein_thrombosis": "branch"},
            "device_glass",
            Side.FOR,
        ),
        ({"portal_vein_thrombosis": "branch"}, "device_resin", Side.AGAINST),
    ],
)
def test_what_speaks_for_and_against(facts: dict[str, Value], option: str, side: Side) -> None:
    def count(found: list[tuple[str, Side]]) -> int:
        return found.count((option, side))

    assert count(applying(**facts)) > count(applying())


def test_every_option_has_something_to_consider_and_every_sentence_a_source() -> None:
    found = considerations({})
    assert {one.option for one in found} == {one.name for one in options()}
    assert all(one.citation.source for one in found)
    for option in ("radioembolization", "embolization", "prrt", "chemotherapy"):
        sides = {one.side for one in found if one.option == option}
        assert Side.AGAINST in sides


def test_nothing_is_weighed_or_chosen() -> None:
    assert {one.name for one in fields(Consideration)} == {
        "option",
        "side",
        "text",
        "applies",
        "missing",
        "citation",
    }
    order = [(one.option, one.text) for one in considerations({})]
    assert order == [(one.option, one.text) for one in considerations({"unresectable": True})]


def test_impossible_facts_are_refused() -> None:
    with pytest.raises(InputError, match="wanted true or false"):
        considerations({"unresectable": "yes"})
    with pytest.raises(UnknownNameError, match="clinical fact"):
        checklist({"hair": True})


NET: dict[str, Value] = {"tumour_type": "neuroendocrine", "net_grade": "G2", "progressive": True}
GUT = {**NET, "net_origin": "midgut", "sstr_positive": True, "functioning_syndrome": False}


def named(option: str, **facts: Value) -> list[str]:
    """Return the trials that speak for an option in a patient."""
    return [
        one.text.split(" ")[0]
        for one in considerations(facts)
        if one.option == option and one.side is Side.FOR and one.applies
    ]


@pytest.mark.parametrize(
    ("option", "trial", "facts", "changes"),
    [
        ("prrt", "NETTER-1", GUT, {"net_origin": "pancreas", "progressive": False}),
        ("prrt", "NETTER-2", {**GUT, "ki67_fraction": 0.10}, {"ki67_fraction": 0.099}),
        (
            "prrt",
            "NETTER-2",
            {**GUT, "net_grade": "G3", "ki67_fraction": 0.55},
            {"net_grade": "G1"},
        ),
        (
            "somatostatin_analogue",
            "CLARINET",
            {**GUT, "ki67_fraction": 0.099},
            {"ki67_fraction": 0.10, "functioning_syndrome": True, "sstr_positive": False},
        ),
        ("everolimus", "RADIANT-4", GUT, {"functioning_syndrome": True, "net_grade": "G3"}),
        ("everolimus", "RADIANT-3", {**NET, "net_origin": "pancreas"}, {"net_origin": "lung"}),
        (
            "tyrosine_kinase_inhibitor",
            "sunitinib",
            {**NET, "net_origin": "pancreas"},
            {"net_origin": "midgut"},
        ),
        (
            "tyrosine_kinase_inhibitor",
            "CABINET",
            {**GUT, "systemic_therapy_ever": True},
            {"systemic_therapy_ever": False},
        ),
        ("chemotherapy", "E2211", {**NET, "net_origin": "pancreas"}, {"net_grade": "NEC"}),
        (
            "prrt_and_radioembolization",
            "cycles,",
            {**NET, "prrt_before": True, "prrt_cycles": 4.0, "weeks_since_prrt": 20.0},
            {"prrt_cycles": 3.0, "weeks_since_prrt": 20.1, "net_grade": "G3"},
        ),
    ],
)
def test_a_trial_is_named_for_the_patients_that_it_took_and_for_no_others(
    option: str, trial: str, facts: dict[str, Value], changes: dict[str, Value]
) -> None:
    assert trial in named(option, **facts)
    for name, value in {**changes, "tumour_type": "colorectal"}.items():
        if option != "prrt_and_radioembolization" or name != "tumour_type":
            assert trial not in named(option, **{**facts, name: value}), name
    for name in changes:
        less = {key: value for key, value in facts.items() if key != name}
        assert trial not in named(option, **less), name


def test_options_say_what_is_known_of_the_patient_and_what_is_not() -> None:
    by_name = {one.name: one for one in options()}
    assert by_name["prrt"].standing({**NET, "ki67_fraction": 0.06}) == (
        "grade: G2; Ki-67: 6 %; progression: yes; not known: SSTR positive, origin"
    )
    both = by_name["prrt_and_radioembolization"]
    given: dict[str, Value] = {"prrt_before": True, "prrt_activity_gbq": 29.6}
    assert both.standing(given) == (
        "PRRT before: yes; activity: 29.6 GBq; not known: cycles, since the last cycle, "
        "radioembolization before"
    )
    assert both.standing({"prrt_before": False}) == (
        "PRRT before: no; not known: radioembolization before"
    )
    groups = [one.group for one in options()]
    assert groups == sorted(groups, key=groups.index)
