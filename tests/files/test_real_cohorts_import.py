"""Real tables through mapping files (not shipped: OPENSIRT_TEST_DATA)."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from opensirt.clinical.follow_up_record import FollowUpCourse
from opensirt.clinical.liver_function.trend import albi_trend
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory
from opensirt.domain.site_defaults import default_site_profile
from opensirt.files.clinical_mapping import read_clinical_mapping
from opensirt.files.clinical_table import ImportResult, read_clinical_table
from opensirt.workflow.follow_up import follow_up

TREATED = date(2020, 1, 2)  # the table has intervals only
HCC = """schema = "opensirt/import/1"
key = "TCIA_ID"
treated_on_date = 2020-01-02
[[facts]]
column = "age"
fact = "age_years"
[[lesions]]
lesion = "sum"
on_date = 2020-01-01
baseline = true
longest_diameter_mm = "1_RECIST_BL"
viable_diameter_mm = "1_mRECIST_BL"
[[lesions]]
lesion = "sum"
on_date = 2020-06-01
after_treatment = true
longest_diameter_mm = "1_RECIST_FU"
viable_diameter_mm = "1_mRECIST_FU"
assume_no_new_lesion = true
"""
PBC = """schema = "opensirt/import/1"
key = "id"
missing = ["NA"]
[[labs]]
column = "bili"
analyte = "bilirubin"
unit = "mg/dL"
on_date = 2020-01-01
[[labs]]
column = "albumin"
analyte = "albumin"
unit = "g/dL"
on_date = 2020-01-01
"""
CODES = {"1.0": "CR", "2.0": "PR", "3.0": "SD", "4.0": "PD", "": "NE"}


def imported(tmp_path: Path, table: Path, mapping: str) -> ImportResult:
    (tmp_path / "map.toml").write_text(mapping, encoding="utf-8")
    return read_clinical_table(
        table, read_clinical_mapping(tmp_path / "map.toml"), today=date(2026, 1, 1)
    )


def test_hcc_tace_imported_through_a_mapping_has_the_printed_categories(
    shared_data: Path, tmp_path: Path
) -> None:
    table = shared_data / "data/cohorts/hcc_tace_seg/clinical.csv"
    result = imported(tmp_path, table, HCC)
    assert (result.n_rows, len(result.stored), len(result.refused_rows)) == (105, 105, 0)
    with table.open(newline="") as stream:
        rows = {row["TCIA_ID"]: row for row in csv.DictReader(stream)}
    agreed = {"recist_1_1": 0, "mrecist": 0}
    not_evaluable = dict(agreed)
    for record in result.records:
        made = follow_up(
            record,
            FollowUpCourse(treated_on=TREATED, criteria=("recist_1_1", "mrecist")),
            default_site_profile(),
            on=date(2020, 7, 1),
            made_at=datetime(2026, 1, 1, tzinfo=UTC),
            software={},
        )
        found = {one.criterion: one for one in made.response}
        for criterion, column in (("recist_1_1", "1_RECIST"), ("mrecist", "1_mRECIST")):
            printed = CODES[rows[record.key][column]]
            response = found.get(criterion)
            category = (
                ResponseCategory.NOT_EVALUABLE.value
                if response is None or response.reason is not None
                else response.assessments[0].overall.value
            )
            assert category == printed, record.key
            not_evaluable[criterion] += printed == "NE"
            agreed[criterion] += printed != "NE"
    assert agreed == {"recist_1_1": 96, "mrecist": 96}
    assert not_evaluable == {"recist_1_1": 9, "mrecist": 9}


def test_pbc_imported_has_albi_in_all_and_its_printed_mean(
    shared_data: Path, tmp_path: Path
) -> None:
    result = imported(tmp_path, shared_data / "data/cohorts/survival_pbc/pbc.csv", PBC)
    assert result.n_rows == 418
    assert len(result.stored) + len(result.refused_rows) == 418
    scores = []
    for record in result.records:
        (one,) = albi_trend(record.laboratory, within_days=0)
        assert not isinstance(one.score.value, Missing)
        scores.append(one.score.value)
    assert len(scores) == len(result.stored) == 418
    assert sum(scores) / 418 == pytest.approx(-1.995, abs=0.0005)
