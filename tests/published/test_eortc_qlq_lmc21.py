"""EORTC QLQ-LMC21 as scored by raybaser/PROscorer (R/qlq_lmc21.R), its items 1-21 being 31-51."""

import pytest

from opensirt.clinical.quality_of_life import ScaleKind, questionnaire, score_answers
from opensirt.domain.missing import Missing
from opensirt.errors import InputError

FORM = questionnaire("qlq_lmc21")
MODULE = {
    "NP": [1, 2],
    "FA": [7, 13, 14],
    "PA": [9, 10, 12],
    "EP": [17, 18, 19, 20],
    "WL": [3],
    "TA": [4],
    "DM": [5],
    "SM": [6],
    "PN": [8],
    "JA": [11],
    "FR": [15],
    "FE": [16],
    "SX": [21],
}


def test_items_are_those_of_the_module_after_the_core_and_all_are_symptoms() -> None:
    assert {name: [item - 30 for item in one.items] for name, one in FORM.scales.items()} == MODULE
    assert sorted(item for one in MODULE.values() for item in one) == list(range(1, 22))
    assert {one.kind for one in FORM.scales.values()} == {ScaleKind.SYMPTOM}


@pytest.mark.parametrize(
    ("scale", "answers", "score"),
    [
        ("NP", {31: 1, 32: 2}, 16.67),
        ("FA", {37: 2, 43: 3}, 50.0),  # 2 of 3: half or more
        ("FA", {37: 2}, None),
        ("EP", {47: 4, 48: 4}, 100.0),  # 2 of 4: half
        ("EP", {47: 4}, None),
        ("JA", {41: 3}, 66.67),
        ("SX", {}, None),
    ],
)
def test_scores(scale: str, answers: dict[int, int], score: float | None) -> None:
    found = score_answers(FORM, answers).scores[scale]
    if score is None:
        assert found is Missing.NOT_RECORDED
    else:
        assert found == pytest.approx(score, abs=5e-3)


def test_an_item_of_the_core_is_refused() -> None:
    with pytest.raises(InputError, match="has no item 30"):
        score_answers(FORM, {30: 1})
