"""import-records: a table to case folders, none overwritten, every row told."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from opensirt.cli import main
from opensirt.files.case_file import read_case_file

MAPPING = """schema = "opensirt/import/1"
key = "id"
[[labs]]
column = "bili"
analyte = "bilirubin"
unit = "mg/dL"
on = "day"
upper_limit = 1.2
[disease.well_differentiated]
column = "diff"
codes = { w = true, p = false }
[[facts]]
column = "asc"
fact = "ascites"
codes = { "0" = "none", "1" = "mild" }
[[treatments]]
kind = "PRRT"
first_on = "prrt"
[[performance]]
column = "ecog"
on = "day"
"""
TABLE = """id,day,bili,diff,asc,prrt,ecog
A-1,2025-03-01,0.8,w,0,2024-01-01,1
A-2,2025-03-01,900,p,1,,0
A-3,2025-03-01,1.1,p,,,2
"""


@pytest.fixture
def table(tmp_path: Path) -> list[str]:
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
    return ["import-records", str(tmp_path / "table.csv"), "--map", str(tmp_path / "map.toml")]


def test_a_dry_run_prints_what_would_be_stored_and_writes_nothing(
    table: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "cases"
    result = CliRunner().invoke(main, [*table, "--dry-run", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert 'key = "A-1"' in result.stdout
    assert "3 rows: 2 stored, 1 refused; 2 patients" in result.stdout
    assert "900" in result.stdout
    assert not out.exists()


def test_each_patient_gets_a_case_and_none_is_overwritten(table: list[str], tmp_path: Path) -> None:
    out = tmp_path / "cases"
    result = CliRunner().invoke(main, [*table, "--out", str(out), "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["n_rows"], said["n_rows_stored"], said["n_rows_refused"]) == (3, 2, 1)
    assert said["refused"][0]["row"] == 3
    assert sorted(one.name for one in out.iterdir()) == ["A-1", "A-3"]
    blocks = read_case_file(out / "A-1" / "case.toml").other_blocks
    assert set(blocks) == {"disease", "labs", "prior_treatments", "follow_up"}
    before = (out / "A-1" / "case.toml").read_bytes()
    again = CliRunner().invoke(main, [*table, "--out", str(out)])
    assert again.exit_code == 2
    assert "overwrites nothing" in again.stderr
    assert (out / "A-1" / "case.toml").read_bytes() == before


def test_without_a_folder_nothing_is_guessed(table: list[str]) -> None:
    result = CliRunner().invoke(main, table)
    assert result.exit_code == 2
    assert "--out FOLDER" in result.stderr


def test_a_pseudonym_that_cannot_name_a_folder_is_refused_unsaid(
    table: list[str], tmp_path: Path
) -> None:
    (tmp_path / "table.csv").write_text(TABLE.replace("A-1", "../A 1"), encoding="utf-8")
    result = CliRunner().invoke(main, [*table, "--out", str(tmp_path / "cases")])
    assert result.exit_code == 2
    assert "cannot name a folder" in result.stderr
    assert "../A 1" not in result.stderr
