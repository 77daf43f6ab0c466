"""RECIST 1.1 (Eisenhauer 2009), tables and limits as restated in the EORTC pages."""

from datetime import date, timedelta

import pytest

from opensirt.clinical.response.best_response import (
    Confirmation,
    PartialAfterComplete,
    Visit,
    best_response,
)
from opensirt.clinical.response.criterion import sum_criterion
from opensirt.clinical.response.overall import overall_response
from opensirt.clinical.response.target import TargetSizes, target_response
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory

RECIST = sum_criterion("recist_1_1")
CR, PR, SD, PD, STILL, NE = ResponseCategory
BASELINE = date(2026, 1, 1)


def response(baseline: float, smallest: float, now: float) -> ResponseCategory:
    sizes = TargetSizes(
        baseline={"a": baseline},
        now={"a": now},
        smallest=smallest,
        smallest_each={"a": smallest},
    )
    return target_response(sizes, RECIST)


@pytest.mark.parametrize(
    ("baseline", "smallest", "now", "category"),
    [
        (165, 63, 65, PR),  # small regrowth: 61 % below baseline, +2 mm
        (100, 100, 70, PR),
        (100, 100, 70.1, SD),
        (100, 100, 69.9, PR),
        (100, 100, 120, PD),
        (100, 100, 119.9, SD),
        (20, 12, 15, SD),  # +25 % but +3 mm
        (30, 20, 25, PD),
        (30, 20, 24.9, SD),
        (100, 24, 29, PD),  # +20.8 % and +5 mm
        (100, 26, 31, PR),  # +19.2 %, +5 mm; 69 % below baseline
        (100, 100, 0, CR),
    ],
)
def test_target_response_section_4_3_1(
    baseline: float, smallest: float, now: float, category: ResponseCategory
) -> None:
    assert response(baseline, smallest, now) is category


def test_nodes_below_10_mm_are_complete_response_with_a_sum_above_zero() -> None:
    sizes = TargetSizes(
        baseline={"node": 20.0, "mass": 30.0},
        now={"node": 9.9, "mass": 0.0},
        smallest=50.0,
        smallest_each={"node": 20.0, "mass": 30.0},
        nodes=frozenset({"node"}),
    )
    assert target_response(sizes, RECIST) is CR


def test_a_node_of_10_mm_is_not_complete() -> None:
    sizes = TargetSizes(
        baseline={"node": 20.0},
        now={"node": 10.0},
        smallest=20.0,
        smallest_each={"node": 20.0},
        nodes=frozenset({"node"}),
    )
    assert target_response(sizes, RECIST) is PR


def test_a_normal_node_that_grows_from_9_to_11_mm_is_not_progression() -> None:
    sizes = TargetSizes(
        baseline={"node": 20.0},
        now={"node": 11.0},
        smallest=9.0,
        smallest_each={"node": 9.0},
        nodes=frozenset({"node"}),
        was_complete=True,
    )
    assert target_response(sizes, RECIST) is PR


OVERALL = [
    (CR, CR, False, CR),
    (CR, None, False, CR),
    (CR, STILL, False, PR),
    (CR, NE, False, PR),
    (PR, STILL, False, PR),
    (PR, NE, False, PR),
    (PR, CR, False, PR),
    (PR, None, False, PR),
    (SD, STILL, False, SD),
    (SD, NE, False, SD),
    (SD, CR, False, SD),
    (SD, None, False, SD),
    (NE, STILL, False, NE),
    (NE, CR, False, NE),
    (NE, NE, False, NE),
    (NE, None, False, NE),
    (None, CR, False, CR),
    (None, STILL, False, STILL),
    (None, NE, False, NE),
    (None, PD, False, PD),
    (None, None, False, NE),
]


@pytest.mark.parametrize(("target", "non_target", "new", "overall"), OVERALL)
def test_overall_response_tables_1_and_2(
    target: ResponseCategory | None,
    non_target: ResponseCategory | None,
    overall: ResponseCategory,
    *,
    new: bool,
) -> None:
    assert overall_response(target, non_target, new) is overall


@pytest.mark.parametrize("target", [CR, PR, SD, PD, NE, None])
@pytest.mark.parametrize("non_target", [CR, STILL, PD, NE, None])
def test_progression_anywhere_overrides_everything(
    target: ResponseCategory | None, non_target: ResponseCategory | None
) -> None:
    assert overall_response(target, non_target, new_lesion=True) is PD
    assert overall_response(PD, non_target, new_lesion=False) is PD
    assert overall_response(target, PD, new_lesion=False) is PD
    assert overall_response(PD, non_target, new_lesion=Missing.NOT_DONE) is PD


@pytest.mark.parametrize("target", [CR, PR, SD, NE, None])
def test_without_a_look_for_new_lesions_nothing_but_progression_is_evaluable(
    target: ResponseCategory | None,
) -> None:
    assert overall_response(target, CR, new_lesion=Missing.NOT_DONE) is NE


CONFIRMED = [
    # first, later, best when the minimum of SD is met, best when it is not
    (CR, CR, CR, CR),
    (CR, PR, SD, PD),
    (CR, SD, SD, PD),
    (CR, PD, SD, PD),
    (CR, NE, SD, NE),
    (PR, CR, PR, PR),
    (PR, PR, PR, PR),
    (PR, SD, SD, SD),
    (PR, PD, SD, PD),
    (PR, NE, SD, NE),
    (NE, NE, NE, NE),
]


@pytest.mark.parametrize(("first", "later", "with_minimum", "without"), CONFIRMED)
def test_best_response_with_confirmation_table_3(
    first: ResponseCategory,
    later: ResponseCategory,
    with_minimum: ResponseCategory,
    without: ResponseCategory,
) -> None:
    visits = [
        Visit(BASELINE + timedelta(days=50), first),
        Visit(BASELINE + timedelta(days=80), later),
    ]
    for minimum, expected in ((42, with_minimum), (365, without)):
        found = best_response(
            visits,
            baseline_on=BASELINE,
            stable_at_least_days=minimum,
            confirmation=Confirmation.FOUR_WEEKS,
        )
        assert found.category is expected


def test_partial_after_complete_read_again_as_never_complete_is_partial() -> None:
    visits = [
        Visit(BASELINE + timedelta(days=50), CR),
        Visit(BASELINE + timedelta(days=80), PR),
    ]
    found = best_response(
        visits,
        baseline_on=BASELINE,
        stable_at_least_days=42,
        confirmation=Confirmation.FOUR_WEEKS,
        partial_after_complete=PartialAfterComplete.NEVER_COMPLETE,
    )
    assert found.category is PR
    assert found.findings[0].rule == "partial_after_complete"
