"""The language of conditions: what it reads, what it refuses, and when it does not know."""

from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.clinical.predicate import FactKind, check_facts, declared_facts, evaluate, parse
from opensirt.clinical.predicate.facts import Fact, Value
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError


def condition(**entry: Any) -> Any:
    return parse(entry, where="test")


BILIRUBIN_ABOVE_2 = {"fact": "bilirubin", "above": 2.0, "unit": "mg/dL"}


@pytest.mark.parametrize(
    ("entry", "facts", "holds"),
    [
        (BILIRUBIN_ABOVE_2, {"bilirubin": 34.208}, False),
        (BILIRUBIN_ABOVE_2, {"bilirubin": 34.21}, True),
        ({"fact": "ecog", "at_most": 2}, {"ecog": 2}, True),
        ({"fact": "ecog", "at_most": 2}, {"ecog": 3}, False),
        ({"fact": "inr", "at_least": 1.5, "unit": "1"}, {"inr": 1.5}, True),
        ({"fact": "platelets", "below": 50, "unit": "10^9/L"}, {"platelets": 50.0}, False),
        ({"fact": "platelets", "below": 50, "unit": "10^9/L"}, {"platelets": 49.9}, True),
        ({"fact": "cirrhosis", "is": True}, {"cirrhosis": False}, False),
        ({"fact": "net_grade", "in": ["G1", "G2"]}, {"net_grade": "G3"}, False),
        ({"fact": "net_grade", "in": ["G1", "G2"]}, {"net_grade": "G2"}, True),
        ({"not": {"fact": "cirrhosis", "is": True}}, {"cirrhosis": False}, True),
        ({"all": []}, {}, True),
    ],
)
def test_conditions_on_known_facts(
    entry: dict[str, Any], facts: dict[str, Value], *, holds: bool
) -> None:
    assert evaluate(parse(entry, where="test"), facts).holds is holds


def test_a_limit_may_be_a_parameter() -> None:
    entry = {"fact": "tumour_burden_fraction", "above": "$limit"}
    strict = parse(entry, where="test", parameters={"limit": 0.5})
    assert evaluate(strict, {"tumour_burden_fraction": 0.6}).holds is True
    with pytest.raises(UnknownNameError, match="parameter of test 'limit'"):
        parse(entry, where="test")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"fact": "bilirubin", "above": 2.0}, "limit of bilirubin has no unit"),
        ({"fact": "bilirubin", "above": 2.0, "below": 3.0}, "needs one comparison, found 2"),
        ({"fact": "bilirubin"}, "needs one comparison, found 0"),
        ({"fact": "bilirubin", "is": 2.0}, "is a number; compare it with above"),
        ({"fact": "cirrhosis", "above": 1}, "is a flag, it has no more or less"),
        ({"fact": "net_grade", "is": "G4"}, "wanted one of G1, G2"),
        ({"fact": "ecog", "above": "two"}, "limit of ecog is 'two', not a number"),
        ({"fact": "ecog", "above": True}, "limit of ecog is True, not a number"),
        ({"fact": "lung_dose_gy", "above": 30, "unit": "mGy"}, "is in Gy, its limit in mGy"),
        ({"fact": "cirrhosis", "is": True, "unit": "%"}, "not a number with a unit"),
        ({"any": []}, "any needs at least one condition"),
        ({"all": {"fact": "ecog", "above": 1}}, "all needs a list of conditions"),
        ({"all": [], "any": []}, "a condition is one of fact, all, any, not"),
        ({"some": []}, "a condition is one of fact, all, any, not"),
    ],
)
def test_what_is_no_condition_is_refused(entry: dict[str, Any], words: str) -> None:
    with pytest.raises((InputError, UnknownNameError), match=words):
        parse(entry, where="test")


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="clinical fact 'billirubin'"):
        condition(fact="billirubin", above=2.0, unit="mg/dL")
    with pytest.raises(UnknownNameError, match="unit of total bilirubin 'g/L'"):
        condition(fact="bilirubin", above=2.0, unit="g/L")
    with pytest.raises(UnknownNameError, match="comparison in test 'over'"):
        condition(fact="ecog", over=2)


def test_facts_are_checked_by_name_kind_and_range() -> None:
    check_facts({"ecog": 2, "cirrhosis": True, "net_grade": "G1", "inr": Missing.NOT_DONE})
    for facts, words in (
        ({"ecog": 6}, "wanted a whole number from 0 to 5"),
        ({"ecog": 1.5}, "wanted a whole number"),
        ({"ecog": True}, "wanted a whole number"),
        ({"cirrhosis": 1}, "wanted true or false"),
        ({"net_grade": "G9"}, "wanted one of"),
        ({"lung_shunt_fraction": 6.0}, "wanted a number from 0 to 1"),
        ({"lung_dose_gy": float("nan")}, "wanted a number from 0 to inf Gy"),
        ({"inr": "1.2"}, "wanted a number"),
    ):
        with pytest.raises(InputError, match=words):
            check_facts(facts)
    with pytest.raises(UnknownNameError, match="clinical fact 'hair'"):
        check_facts({"hair": True})


def test_an_integer_without_ends_and_a_choice_without_choices_are_refused() -> None:
    with pytest.raises(InputError, match="needs lowest and highest"):
        Fact(name="n", kind=FactKind.INTEGER, text="")
    with pytest.raises(InputError, match="needs choices"):
        Fact(name="n", kind=FactKind.CHOICE, text="")


def test_every_fact_has_words() -> None:
    assert all(fact.text for fact in declared_facts().values())


def test_an_answer_that_no_value_could_change_is_known() -> None:
    either = condition(
        any=[
            {"fact": "bilirubin", "above": 2.0, "unit": "mg/dL"},
            {"fact": "bilirubin", "at_most": 2.0, "unit": "mg/dL"},
        ]
    )
    assert evaluate(either, {}).holds is True
    bounded = condition(fact="lung_shunt_fraction", at_most=1.0)
    assert evaluate(bounded, {}).holds is True


def test_missing_names_only_the_facts_that_could_decide() -> None:
    both = condition(all=[BILIRUBIN_ABOVE_2, {"fact": "cirrhosis", "is": True}])
    assert evaluate(both, {"cirrhosis": True}).missing == ("bilirubin",)
    assert evaluate(both, {"cirrhosis": False}).holds is False
    assert evaluate(both, {"cirrhosis": Missing.LOST}).missing == ("bilirubin", "cirrhosis")


CHILD: dict[str, Value] = {
    "bilirubin": 20.0,
    "albumin": 40.0,
    "inr": 1.0,
    "ascites": "none",
    "encephalopathy": "none",
}


def test_a_score_that_nobody_entered_is_computed_and_its_bounds_used() -> None:
    worse_than_b7 = condition(fact="child_pugh_score", above=7)
    assert evaluate(worse_than_b7, CHILD).holds is False
    one_gone = {name: value for name, value in CHILD.items() if name != "bilirubin"}
    assert evaluate(worse_than_b7, one_gone).holds is False  # at most 7 points
    two_gone = {name: value for name, value in one_gone.items() if name != "inr"}
    assert evaluate(worse_than_b7, two_gone).missing == ("bilirubin", "inr")
    entered = {**two_gone, "child_pugh_score": 8}
    assert evaluate(worse_than_b7, entered).holds is True


def test_a_rule_with_too_many_absent_facts_is_refused() -> None:
    grades = [{"fact": name, "above": 1.0} for name in ("ast_times_upper_limit",)]
    many = [{"fact": name, "is": "none"} for name in ("ascites", "portal_hypertension")] + [
        {"fact": name, "is": True}
        for name, fact in declared_facts().items()
        if fact.kind is FactKind.FLAG
    ]
    with pytest.raises(InputError, match="combinations of absent facts; split it"):
        evaluate(condition(any=[*grades, *many]), {})


NAMES = ("bilirubin", "ecog", "cirrhosis", "net_grade", "ascites")
SAMPLES: dict[str, list[Value]] = {
    "bilirubin": [1.0, 17.0, 34.208, 40.0, 51.312, 300.0],
    "ecog": [0, 1, 2, 3, 4, 5],
    "cirrhosis": [False, True],
    "net_grade": ["G1", "G2", "G3", "NEC", "MiNEN", "not_applicable"],
    "ascites": ["none", "mild", "moderate"],
}
ATOMS = st.sampled_from(
    [
        {"fact": "bilirubin", "above": 2.0, "unit": "mg/dL"},
        {"fact": "bilirubin", "below": 3.0, "unit": "mg/dL"},
        {"fact": "ecog", "at_most": 2},
        {"fact": "ecog", "at_least": 1},
        {"fact": "ecog", "in": [3, 4]},
        {"fact": "cirrhosis", "is": True},
        {"fact": "net_grade", "in": ["G1", "G2"]},
        {"fact": "ascites", "is": "moderate"},
    ]
)
TREES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


@given(tree=TREES, facts=st.fixed_dictionaries({n: st.sampled_from(SAMPLES[n]) for n in NAMES}))
def test_unknown_means_exactly_that_the_absent_facts_could_decide_either_way(
    tree: dict[str, Any], facts: dict[str, Value]
) -> None:
    tested = parse(tree, where="test")
    for count in (0, 1, 2):
        for gone in combinations(NAMES, count):
            known = {name: value for name, value in facts.items() if name not in gone}
            answers = {
                tested.holds(known | dict(zip(gone, chosen, strict=True)))
                for chosen in product(*(SAMPLES[name] for name in gone))
            }
            verdict = evaluate(tested, known)
            assert verdict.holds is (answers.pop() if len(answers) == 1 else None)
            assert set(verdict.missing) <= set(gone)
            assert bool(verdict.missing) is (verdict.holds is None)
