"""Quality of life, symptoms and markers: missing answers, directions, denominators."""

from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.clinical.biomarker import (
    MARKERS,
    MarkerCategory,
    MarkerDefinition,
    marker_response,
)
from opensirt.clinical.quality_of_life import (
    Change,
    ScaleKind,
    change_of,
    important_difference,
    questionnaire,
    questionnaire_of,
    score_answers,
)
from opensirt.clinical.symptom import SymptomCourse, symptom_rates
from opensirt.domain.citation import Citation, Status
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError

C30 = questionnaire("qlq_c30")
NET21 = questionnaire("qlq_gi_net21")
OUR_NET21: dict[str, Any] = {
    "title": "our GI.NET21",
    "source": "the scoring sheet under our licence",
    "status": "verified",
    "scales": {
        "endocrine": {"title": "e", "kind": "symptom", "items": [1, 2, 3], "range": 3},
        "treatment": {"title": "t", "kind": "symptom", "items": [4, 5, 6], "range": 3},
        "treatment_without": {"title": "t", "kind": "symptom", "items": [4, 5], "range": 3},
    },
}


def test_scales_of_the_gi_net21_have_no_score_until_the_items_are_known() -> None:
    found = score_answers(NET21, {31: 2, 32: 2, 33: 3})
    assert set(found.scores.values()) == {Missing.NO_VERIFIED_VALUE}
    assert found.summary is Missing.NO_VERIFIED_VALUE


def test_a_site_brings_the_items_and_the_treatment_scale_with_or_without_weight_gain() -> None:
    form = questionnaire_of("ours", OUR_NET21)
    found = score_answers(form, {1: 1, 2: 2, 3: 3, 4: 1, 5: 1, 6: 4})
    assert found.scores["endocrine"] == pytest.approx(100 / 3)
    assert found.scores["treatment"] == pytest.approx(100 / 3)
    assert found.scores["treatment_without"] == 0.0


@pytest.mark.parametrize(
    ("answers", "words"),
    [({1: 5}, "answer 5; wanted 1 to 4"), ({1: 0}, "wanted 1 to 4"), ({31: 1}, "has no item 31")],
)
def test_impossible_answers_are_refused(answers: dict[int, int], words: str) -> None:
    with pytest.raises(InputError, match=words):
        score_answers(C30, dict(answers))


def test_global_health_takes_answers_up_to_7() -> None:
    assert score_answers(C30, {29: 7, 30: 7}).scores["QL"] == 100.0
    with pytest.raises(InputError, match="wanted 1 to 7"):
        score_answers(C30, {29: 8})


def test_questionnaires_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="questionnaire 'sf_36'; known: qlq_c30"):
        questionnaire("sf_36")
    twice = {**OUR_NET21, "scales": {**OUR_NET21["scales"]}}
    twice["scales"]["other"] = {"title": "o", "kind": "global", "items": [1], "range": 6}
    with pytest.raises(InputError, match="item 1 has two ranges"):
        questionnaire_of("ours", twice)
    empty = {**OUR_NET21, "scales": {"x": {"title": "x", "kind": "symptom", "range": 3}}}
    with pytest.raises(InputError, match="scale x has no items"):
        questionnaire_of("ours", empty)
    with pytest.raises(InputError, match="the summary names no scale"):
        questionnaire_of("ours", {**OUR_NET21, "summary": ["QQ"]})


@pytest.mark.parametrize("name", sorted(C30.scales))
def test_the_half_rule_over_every_pattern_of_missing_items(name: str) -> None:
    items = C30.scales[name].items
    for count in range(len(items) + 1):
        for answered in combinations(items, count):
            answers: dict[int, int | Missing] = dict.fromkeys(items, Missing.NOT_RECORDED)
            answers.update(dict.fromkeys(answered, 2))
            found = score_answers(C30, answers).scores[name]
            assert isinstance(found, Missing) is (2 * count < len(items))


@given(
    name=st.sampled_from(sorted(C30.scales)),
    answers=st.lists(st.integers(1, 4), min_size=5, max_size=5),
    position=st.integers(0, 4),
)
def test_a_higher_answer_moves_every_scale_in_its_own_direction(
    name: str, answers: list[int], position: int
) -> None:
    scale = C30.scales[name]
    here = dict(zip(scale.items, answers, strict=False))
    item = scale.items[position % len(scale.items)]
    there = {**here, item: min(here[item] + 1, scale.answer_range + 1)}
    low, high = (score_answers(C30, one).scores[name] for one in (dict(here), dict(there)))
    assert not isinstance(low, Missing)
    assert not isinstance(high, Missing)
    assert 0 <= low <= 100
    assert high <= low if scale.kind is ScaleKind.FUNCTIONAL else high >= low


TEN = important_difference("ten_points")


@pytest.mark.parametrize(
    ("after", "functional", "symptom"),
    [
        (60.0, Change.IMPROVED, Change.DETERIORATED),
        (59.9, Change.UNCHANGED, Change.UNCHANGED),
        (40.1, Change.UNCHANGED, Change.UNCHANGED),
        (40.0, Change.DETERIORATED, Change.IMPROVED),
    ],
)
def test_ten_points_in_the_direction_of_the_scale(
    after: float, functional: Change, symptom: Change
) -> None:
    for name, expected in (("PF", functional), ("QL", functional), ("FA", symptom)):
        found = change_of(C30.scales[name], before=50.0, after=after, difference=TEN)
        assert found is expected


def test_a_change_of_something_missing_is_missing() -> None:
    scale = C30.scales["PF"]
    lost = change_of(scale, before=50.0, after=Missing.LOST, difference=TEN)
    assert lost is Missing.LOST
    none = important_difference("qlq_gi_net21")
    found = change_of(scale, before=50.0, after=90.0, difference=none)
    assert found is Missing.NO_VERIFIED_VALUE
    assert not none.citation.verified
    with pytest.raises(UnknownNameError, match="important difference 'big'"):
        important_difference("big")


# --- symptoms -------------------------------------------------------------------------------


def test_improvement_counts_among_the_symptomatic_who_were_assessed() -> None:
    lost = Missing.LOST
    courses = (
        [SymptomCourse(4.0, 1.0)] * 13
        + [SymptomCourse(4.0, 0.0)] * 2
        + [SymptomCourse(4.0, 4.0)] * 5
        + [SymptomCourse(4.0, 6.0)] * 3
        + [SymptomCourse(4.0, lost)] * 4
        + [SymptomCourse(0.0, 0.0)] * 15
        + [SymptomCourse(0.0, 2.0), SymptomCourse(lost, 1.0)]
    )
    rates = symptom_rates(courses)
    assert (rates.n_treated, rates.n_symptomatic, rates.n_symptomatic_assessed) == (44, 27, 23)
    assert (rates.n_improved, rates.n_resolved, rates.n_worse) == (15, 2, 3)
    assert (rates.n_without_symptom, rates.n_new, rates.n_unknown_before) == (16, 1, 1)
    assert rates.improved_fraction == pytest.approx(15 / 23)


def test_without_symptomatic_patients_there_is_no_rate() -> None:
    assert symptom_rates([SymptomCourse(0.0, 0.0)]).improved_fraction is Missing.NOT_DONE
    with pytest.raises(InputError, match="wanted 0"):
        SymptomCourse(-1.0, 0.0)


# --- markers --------------------------------------------------------------------------------

DEFINITION = MarkerDefinition(
    name="protocol X",
    response_decrease_fraction=0.5,
    progression_increase_fraction=0.25,
    raised_from_times_upper_limit=2.0,
    citation=Citation("protocol X, section 8", Status.VERIFIED),
)


def chromogranin(
    value: float, day: int, *, assay: str = "A", unit: str = "ng/mL", upper: float | Missing = 100.0
) -> LabValue:
    return LabValue(
        analyte=Analyte.CHROMOGRANIN_A,
        value=value,
        unit=unit,
        on=date(2026, 1, day),
        upper_limit=upper,
        assay=assay,
    )


@pytest.mark.parametrize(
    ("now", "category"),
    [
        (200.0, MarkerCategory.RESPONSE),
        (200.1, MarkerCategory.STABLE),
        (499.9, MarkerCategory.STABLE),
        (500.0, MarkerCategory.PROGRESSION),
    ],
)
def test_a_marker_by_the_definition_of_a_protocol(now: float, category: MarkerCategory) -> None:
    found = marker_response(chromogranin(400.0, 1), chromogranin(now, 9), DEFINITION)
    assert found.category is category


def test_no_definition_ships_so_the_category_has_no_verified_value() -> None:
    found = marker_response(chromogranin(400.0, 1), chromogranin(100.0, 9), None)
    assert found.category is Missing.NO_VERIFIED_VALUE
    assert found.change_fraction == pytest.approx(-0.75)


def test_assays_and_their_units_are_never_compared() -> None:
    for other in (
        chromogranin(100.0, 9, assay="B"),
        chromogranin(100.0, 9, unit="nmol/L"),
        chromogranin(100.0, 9, assay=""),
    ):
        found = marker_response(chromogranin(400.0, 1), other, DEFINITION)
        assert found.category is Missing.NOT_EVALUABLE
        assert found.findings[0].rule == "marker_not_comparable"


def test_a_baseline_that_was_not_raised_cannot_respond() -> None:
    low = marker_response(chromogranin(150.0, 1), chromogranin(10.0, 9), DEFINITION)
    assert low.category is Missing.NOT_EVALUABLE
    bare = chromogranin(400.0, 1, upper=Missing.NOT_RECORDED)
    found = marker_response(bare, chromogranin(10.0, 9), DEFINITION)
    assert found.category is Missing.NEEDS_LIMIT_OF_NORMAL


def test_5_hiaa_is_compared_across_units() -> None:
    def hiaa(value: float, unit: str, day: int) -> LabValue:
        return LabValue(
            analyte=Analyte.FIVE_HIAA,
            value=value,
            unit=unit,
            upper_limit=50.0 if unit.startswith("u") else 10.0,
            on=date(2026, 1, day),
        )

    found = marker_response(hiaa(523.0, "umol/24h", 1), hiaa(50.0, "mg/24h", 9), DEFINITION)
    assert found.change_fraction == pytest.approx(-0.5)
    assert found.category is MarkerCategory.RESPONSE


def test_markers_in_the_wrong_order_or_of_two_kinds_are_refused() -> None:
    with pytest.raises(InputError, match="is not later than baseline"):
        marker_response(chromogranin(1.0, 9), chromogranin(1.0, 9), None)
    other = LabValue(analyte=Analyte.NSE, value=10.0, unit="ng/mL", on=date(2026, 1, 9))
    with pytest.raises(InputError, match="are two markers"):
        marker_response(chromogranin(1.0, 1), other, None)
    with pytest.raises(InputError, match="wanted a decrease"):
        MarkerDefinition(
            name="x",
            response_decrease_fraction=50.0,
            progression_increase_fraction=25.0,
            raised_from_times_upper_limit=1.0,
            citation=DEFINITION.citation,
        )
    zero = marker_response(chromogranin(0.0, 1), chromogranin(1.0, 9), DEFINITION)
    assert zero.category is Missing.NOT_EVALUABLE
    assert Analyte.CHROMOGRANIN_A in MARKERS
