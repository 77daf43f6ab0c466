"""EORTC QLQ-C30 version 3 as scored by raybaser/PROscorer, CRAN QoLR and nrkoehler/qscorer."""

import pytest

from opensirt.clinical.quality_of_life import ScaleKind, questionnaire, score_answers
from opensirt.domain.missing import Missing

FORM = questionnaire("qlq_c30")

SCALES = {
    "QL": [29, 30],
    "PF": [1, 2, 3, 4, 5],
    "RF": [6, 7],
    "EF": [21, 22, 23, 24],
    "CF": [20, 25],
    "SF": [26, 27],
    "FA": [10, 12, 18],
    "NV": [14, 15],
    "PA": [9, 19],
    "DY": [8],
    "SL": [11],
    "AP": [13],
    "CO": [16],
    "DI": [17],
    "FI": [28],
}


def test_every_item_belongs_to_exactly_one_scale() -> None:
    items = [item for scale in FORM.scales.values() for item in scale.items]
    assert sorted(items) == list(range(1, 31))
    assert {name: list(scale.items) for name, scale in FORM.scales.items()} == SCALES


@pytest.mark.parametrize(
    ("scale", "answers", "score"),
    [
        ("PF", {1: 1, 2: 2, 3: 1, 4: 1, 5: 1}, 93.33),
        ("FA", {10: 2, 12: 2, 18: 3}, 44.44),
        ("QL", {29: 5, 30: 6}, 75.00),
        ("PF", {1: 2, 2: 3, 3: 1}, 66.67),
        ("PF", {1: 1, 2: 1}, None),
        ("EF", {21: 1, 22: 1}, 100.0),
        ("EF", {21: 1}, None),
        ("DY", {}, None),
        ("QL", {29: 7}, 100.0),
    ],
)
def test_scores(scale: str, answers: dict[int, int], score: float | None) -> None:
    found = score_answers(FORM, dict(answers)).scores[scale]
    if score is None:
        assert found is Missing.NOT_RECORDED
    else:
        assert found == pytest.approx(score, abs=5e-3)


def test_a_healthy_patient_has_full_function_and_no_symptoms() -> None:
    healthy = dict.fromkeys(range(1, 29), 1) | {29: 7, 30: 7}
    found = score_answers(FORM, healthy)
    for name, scale in FORM.scales.items():
        expected = 0.0 if scale.kind is ScaleKind.SYMPTOM else 100.0
        assert found.scores[name] == pytest.approx(expected)
    assert found.summary == pytest.approx(100.0)


def test_the_worst_answers_are_the_other_end_and_global_health_stays_within_100() -> None:
    worst = dict.fromkeys(range(1, 29), 4) | {29: 1, 30: 1}
    found = score_answers(FORM, worst)
    assert found.summary == pytest.approx(0.0)
    assert found.scores["QL"] == pytest.approx(0.0)
    assert found.scores["FA"] == pytest.approx(100.0)


@pytest.mark.parametrize("left_out", sorted(set(SCALES)))
def test_the_summary_needs_13_scales_but_neither_global_health_nor_finances(
    left_out: str,
) -> None:
    healthy = dict.fromkeys(range(1, 29), 1) | {29: 7, 30: 7}
    answers = {item: one for item, one in healthy.items() if item not in SCALES[left_out]}
    summary = score_answers(FORM, answers).summary
    if left_out in {"QL", "FI"}:
        assert summary == pytest.approx(100.0)
    else:
        assert isinstance(summary, Missing)
    assert len(FORM.summary) == 13
