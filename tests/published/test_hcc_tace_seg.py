"""TCIA HCC-TACE-Seg, clinical data V2: categories from the two sizes, reader 1, real patients.

Not shipped: OPENSIRT_TEST_DATA. Codes: 1 CR, 2 PR, 3 SD, 4 PD.
"""

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from opensirt.clinical.response.best_response import response_rates
from opensirt.clinical.response.course import assess_course
from opensirt.clinical.response.criterion import sum_criterion
from opensirt.domain.lesion import ImagingVisit, Lesion, LesionRole, Sight, SightState
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory

CODES = {
    "1.0": ResponseCategory.COMPLETE,
    "2.0": ResponseCategory.PARTIAL,
    "3.0": ResponseCategory.STABLE,
    "4.0": ResponseCategory.PROGRESSIVE,
}
FIRST, SECOND = date(2020, 1, 1), date(2020, 6, 1)  # the table has intervals only
FIELD = {"RECIST": "longest_diameter_mm", "mRECIST": "viable_diameter_mm"}
CRITERION = {"RECIST": "recist_1_1", "mRECIST": "mrecist"}


def sight(criterion: str, size: float | Missing) -> Sight:
    if isinstance(size, Missing):
        return Sight(state=SightState.NOT_EVALUABLE)
    sizes: Mapping[str, float] = {FIELD[criterion]: size}
    return Sight(state=SightState.MEASURED, **sizes)  # type: ignore[arg-type] # one size by name


def category(criterion: str, before: str, after: str) -> ResponseCategory:
    if not before:
        return ResponseCategory.NOT_EVALUABLE
    course = assess_course(
        [Lesion(id="sum", organ="liver", role=LesionRole.TARGET)],
        ImagingVisit(on=FIRST, sights={"sum": sight(criterion, float(before))}),
        [
            ImagingVisit(
                on=SECOND,
                sights={"sum": sight(criterion, float(after) if after else Missing.NOT_RECORDED)},
            )
        ],
        sum_criterion(CRITERION[criterion]),
    )
    return course.assessments[0].overall


def rows_of(shared_data: Path) -> list[dict[str, str]]:
    with (shared_data / "data/cohorts/hcc_tace_seg/clinical.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("criterion", ["RECIST", "mRECIST"])
def test_categories_follow_from_the_sizes_in_all_96_and_9_are_not_evaluable(
    shared_data: Path, criterion: str
) -> None:
    rows = rows_of(shared_data)
    assert len(rows) == 105
    agreed = not_evaluable = 0
    for row in rows:
        found = category(criterion, row[f"1_{criterion}_BL"], row[f"1_{criterion}_FU"])
        printed = row[f"1_{criterion}"]
        if found is ResponseCategory.NOT_EVALUABLE:
            assert printed == ""
            not_evaluable += 1
        else:
            assert found is CODES[printed]
            agreed += 1
    assert (agreed, not_evaluable) == (96, 9)


def test_recist_and_mrecist_disagree_by_more_than_20_points_of_response_rate(
    shared_data: Path,
) -> None:
    rows = rows_of(shared_data)
    rates = {
        criterion: response_rates(
            [
                category(criterion, row[f"1_{criterion}_BL"], row[f"1_{criterion}_FU"])
                for row in rows
            ],
            n_treated=len(rows),
        )
        for criterion in CRITERION
    }
    assert (rates["RECIST"].n_objective, rates["RECIST"].n_evaluable) == (9, 96)
    assert (rates["mRECIST"].n_objective, rates["mRECIST"].n_evaluable) == (61, 96)
    recist, mrecist = (one.n_objective / one.n_evaluable for one in rates.values())
    assert mrecist - recist > 0.20
    assert all(one.n_treated == 105 for one in rates.values())
