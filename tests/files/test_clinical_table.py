"""Tables of patients: stored whole or refused with a reason, never dropped."""

import csv
import random
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from opensirt.domain.laboratory import Analyte
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import VitalState
from opensirt.errors import InputError
from opensirt.files.clinical_mapping import mapping_schema, read_clinical_mapping
from opensirt.files.clinical_table import ImportResult, read_clinical_table

TODAY = date(2026, 3, 1)

MAPPING = """schema = "opensirt/import/1"
key = "id"
treated_on = "sirt"
missing = ["NA"]
date_formats = ["%Y-%m-%d", "%d.%m.%Y"]

[[labs]]
column = "bili"
analyte = "bilirubin"
unit = "umol/L"
on = "day"
upper_limit = 17

[[labs]]
column = "alb"
analyte = "albumin"
unit = "g/L"
on = "day"
lower_limit_column = "alb_low"

[[adverse_events]]
term = "ascites"
grade = "ascites"
version = "v5"
on = "day"
after_treatment = false

[[performance]]
column = "ecog"
on = "day"
after_treatment = true

[[facts]]
column = "cirrhosis"
fact = "cirrhosis"
codes = { "1" = true, "0" = false }

[vital_status]
column = "dead"
codes = { "0" = "alive", "1" = "dead" }
on = "day"
"""
HEADER = ["id", "sirt", "day", "bili", "alb", "alb_low", "ascites", "ecog", "cirrhosis", "dead"]
GOOD = ["P1", "2025-06-01", "2025-07-01", "12.5", "38", "35", "2", "1", "1", ""]


def read(
    tmp_path: Path, rows: list[list[str]], *, mapping: str = MAPPING, delimiter: str = ","
) -> ImportResult:
    path = tmp_path / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([HEADER, *rows])
    return read_text(tmp_path, path, mapping)


def read_text(tmp_path: Path, path: Path, mapping: str = MAPPING) -> ImportResult:
    (tmp_path / "map.toml").write_text(mapping, encoding="utf-8")
    return read_clinical_table(path, read_clinical_mapping(tmp_path / "map.toml"), today=TODAY)


def changed(**cells: str) -> list[str]:
    return [cells.get(name, cell) for name, cell in zip(HEADER, GOOD, strict=True)]


def test_a_row_becomes_a_record(tmp_path: Path) -> None:
    result = read(tmp_path, [GOOD])
    (record,) = result.records
    assert (result.stored, result.refused, result.n_rows) == ((2,), (), 1)
    assert record.key == "P1"
    assert result.treated_on == {"P1": date(2025, 6, 1)}
    bilirubin, albumin = record.laboratory
    assert (bilirubin.analyte, bilirubin.value, bilirubin.upper_limit) == (
        Analyte.BILIRUBIN,
        12.5,
        17.0,
    )
    assert albumin.lower_limit == 35.0
    assert bilirubin.lower_limit is Missing.NOT_RECORDED
    assert record.adverse_events[0].grade == 2
    assert record.entered == {"cirrhosis": True}
    assert record.vital_status is Missing.NOT_RECORDED


@pytest.mark.parametrize(
    ("cells", "column", "wanted"),
    [
        ({"bili": "0.7"}, "bili", "probably meant in mg/dL"),
        ({"bili": "a lot"}, "bili", "a number"),
        ({"bili": "12,5"}, "bili", "decimal sign '.'"),
        ({"bili": "nan"}, "bili", "a number"),
        ({"bili": "-3"}, "bili", "at least 0"),
        ({"day": "2026-03-02"}, "day", "in the future"),
        ({"day": "01/07/2025"}, "day", "written as"),
        ({"day": ""}, "day", "the date of the values"),
        ({"day": "2025-05-31"}, "day", "not before treatment on 2025-06-01"),
        ({"ascites": "6"}, "ascites", "grade 1 to 5"),
        ({"ascites": "2.5"}, "ascites", "a whole number"),
        ({"ecog": "7"}, "ecog", "0 to 5"),
        ({"cirrhosis": "yes"}, "cirrhosis", "one of 1, 0"),
        ({"id": ""}, "id", "pseudonym"),
        ({"sirt": "2027-01-01"}, "sirt", "in the future"),
    ],
)
def test_what_cannot_be_is_refused_with_row_column_found_and_wanted(
    tmp_path: Path, cells: dict[str, str], column: str, wanted: str
) -> None:
    result = read(tmp_path, [GOOD, changed(id="P2"), changed(**{"id": "P3", **cells})])
    assert result.stored == (2, 3)
    assert result.refused_rows == (4,)
    reasons = [(one.column, one.wanted) for one in result.refused]
    assert any(column == name and wanted in text for name, text in reasons), reasons
    assert [one.key for one in result.records] == ["P1", "P2"]


def test_every_reason_of_a_row_is_listed(tmp_path: Path) -> None:
    result = read(tmp_path, [changed(bili="x", ascites="9", cirrhosis="?")])
    assert [one.column for one in result.refused] == ["bili", "ascites", "cirrhosis"]
    assert [one.found for one in result.refused] == ["x", "9", "?"]
    assert result.records == ()


def test_a_duplicate_visit_is_refused_and_names_the_first(tmp_path: Path) -> None:
    result = read(tmp_path, [GOOD, changed(bili="14")])
    assert result.stored == (2,)
    assert "row 2 has it already: a duplicate visit" in result.refused[0].wanted
    assert result.records[0].laboratory[0].value == 12.5


def test_facts_that_a_patient_has_once_may_be_repeated_but_not_contradicted(tmp_path: Path) -> None:
    later = changed(day="2025-08-01")
    result = read(tmp_path, [GOOD, later, changed(day="2025-09-01", cirrhosis="0")])
    assert result.stored == (2, 3)
    assert "the same fact cirrhosis as in row 2" in result.refused[0].wanted


def test_rows_without_a_value_and_with_wrong_cells_are_refused(tmp_path: Path) -> None:
    empty = ["P1", *[""] * (len(HEADER) - 1)]
    result = read(tmp_path, [empty, GOOD[:-1], GOOD])
    assert result.refused_rows == (2, 3)
    assert result.refused[0].found == "nothing that the mapping reads"
    assert result.refused[1].found == "9 cells under 10 columns"


def test_grade_0_is_no_event_and_is_counted(tmp_path: Path) -> None:
    result = read(tmp_path, [changed(ascites="0")])
    assert result.records[0].adverse_events == ()
    assert any(one.rule == "import_no_event" and one.value == 1 for one in result.findings)


def test_follow_up_of_a_patient_without_treatment_day_is_a_finding(tmp_path: Path) -> None:
    result = read(tmp_path, [changed(sirt="")])
    assert result.stored == (2,)
    assert "import_treatment_day_unknown" in {one.rule for one in result.findings}


def test_the_day_of_treatment_of_a_refused_row_is_not_stored(tmp_path: Path) -> None:
    result = read(tmp_path, [changed(bili="x"), changed(sirt="")])
    assert (result.stored, result.refused_rows) == ((3,), (2,))
    assert result.treated_on == {}


def test_columns_that_nobody_reads_are_named(tmp_path: Path) -> None:
    mapping = MAPPING.replace('missing = ["NA"]', 'missing = ["NA"]\nignore = ["dead"]')
    mapping = mapping[: mapping.index("[vital_status]")].replace(
        'column = "ecog"', 'column = "day"'
    )
    result = read(tmp_path, [changed(day="NA")], mapping=mapping)
    unread = next(one for one in result.findings if one.rule == "import_columns_not_read")
    assert unread.text.endswith(": ecog")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_delimiter_encoding_and_decimal_comma(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "table.csv"
    rows = [HEADER, changed(bili="12,5", day="01.07.2025", id="Ä1")]
    with path.open("w", newline="", encoding="cp1252") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    with pytest.raises(InputError, match="not utf-8 text"):
        read_text(tmp_path, path)
    head = MAPPING.replace('key = "id"', 'key = "id"\nencoding = "cp1252"\ndecimal = ","')
    (record,) = read_text(tmp_path, path, head).records
    assert record.key == "Ä1"
    assert record.laboratory[0].value == 12.5
    assert record.laboratory[0].on == date(2025, 7, 1)


def test_excel_gives_the_same_records(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    sheet.append(["P1", date(2025, 6, 1), date(2025, 7, 1), 12.5, 38, 35, 2, 1, 1, None])
    sheet.append(["P2", date(2025, 6, 1), date(2025, 7, 1), "=1+2", 38, 35, 2, 1, 1, None])
    book.save(tmp_path / "table.xlsx")
    result = read_text(tmp_path, tmp_path / "table.xlsx")
    assert result.records == read(tmp_path, [GOOD]).records
    assert result.refused[0].found == "=1+2"
    book.create_sheet("more")
    book.save(tmp_path / "table.xlsx")
    with pytest.raises(InputError, match="has several sheets"):
        read_text(tmp_path, tmp_path / "table.xlsx")


def test_a_redcap_export_is_read_event_by_event(tmp_path: Path) -> None:
    mapping = """schema = "opensirt/import/1"
key = "record_id"
treated_on = "sirt"
[birth_year]
column = "born"
event = "baseline_arm_1"
[[labs]]
column = "bili"
analyte = "bilirubin"
unit = "mg/dL"
on = "lab_date"
instrument = "labs"
[vital_status]
column = "dead"
codes = { "1" = "dead" }
on = "died_on"
event = "end_arm_1"
"""
    (tmp_path / "redcap.csv").write_text(
        "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,born,sirt,"
        "bili,lab_date,dead,died_on\n"
        "1,baseline_arm_1,,,1960,2025-01-10,,,,\n"
        "1,visits_arm_1,labs,1,,,0.7,2025-01-02,,\n"
        "1,visits_arm_1,labs,2,,,1.9,2025-02-02,,\n"
        "1,visits_arm_1,labs,3,,,1.9,2025-02-02,,\n"
        "1,end_arm_1,,,,,,,1,2025-12-24\n",
        encoding="utf-8",
    )
    result = read_text(tmp_path, tmp_path / "redcap.csv", mapping)
    (record,) = result.records
    assert record.birth_year == 1960
    assert [one.value for one in record.laboratory] == [0.7, 1.9]
    assert not isinstance(record.vital_status, Missing)
    assert record.vital_status.state is VitalState.DEAD
    assert result.refused_rows == (5,)
    assert not [one for one in result.findings if one.rule == "import_columns_not_read"]


def test_ten_thousand_random_rows_are_all_accounted_for(tmp_path: Path) -> None:
    rng = random.Random(20260301)  # noqa: S311 - test data
    cells = {
        "id": [*(f"P{number}" for number in range(3000)), "", "  "],
        "sirt": ["2025-06-01", "2025-06-01", "", "2031-01-01"],
        "day": ["2025-07-01", "2025-08-01", "2024-01-01", "2030-01-01", "soon", "", "31.12.2025"],
        "bili": ["12.5", "40", "0.6", "1e9", "NA", "", "<2", "12,5", "∞", "-1"],
        "alb": ["38", "3.8", "", "NA", '"', "38\n"],
        "alb_low": ["35", "", "60000", "x"],
        "ascites": ["0", "1", "3", "5", "6", "-1", "", "2.0"],
        "ecog": ["0", "4", "5", "6", ""],
        "cirrhosis": ["0", "1", "", "maybe"],
        "dead": ["0", "1", "", "2"],
    }
    rows = []
    for _ in range(10_000):
        row = [rng.choice(cells[name]) for name in HEADER]
        if rng.random() < 0.02:
            row = row[: rng.randrange(1, len(row))] if rng.random() < 0.5 else [*row, "more"]
        rows.append(row)
    result = read(tmp_path, rows)
    assert result.n_rows == 10_000
    assert len(result.stored) + len(result.refused_rows) == result.n_rows
    assert not set(result.stored) & set(result.refused_rows)
    assert set(result.stored) | set(result.refused_rows) == set(range(2, 10_002))
    assert len(result.stored) > 50
    assert all(one.wanted for one in result.refused)
    stored_values = sum(
        row[3] not in {"NA", ""} for number, row in enumerate(rows, 2) if number in result.stored
    )
    kept = sum(
        one.analyte is Analyte.BILIRUBIN for record in result.records for one in record.laboratory
    )
    assert kept == stored_values


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('column = "bili"', 'column = "biliru"', "has no column 'biliru'"),
        ('unit = "umol/L"', 'unit = "furlong"', "unknown unit of total bilirubin"),
        ('analyte = "bilirubin"', 'analyte = "gall"', "one of bilirubin"),
        ('on = "day"\nupper', "upper", "either on"),
        ('version = "v5"', 'version = "v7"', "v4.03, v5, v6"),
        ('key = "id"', 'key = "id"\nkeys = 1', "keys"),
    ],
)
def test_a_wrong_mapping_is_refused_before_any_row(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, [GOOD], mapping=MAPPING.replace(old, new, 1))


def test_tables_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no table"):
        read_text(tmp_path, tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="first row is empty"):
        read_text(tmp_path, tmp_path / "empty.csv")
    (tmp_path / "twice.csv").write_text("id,id\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="two columns are called 'id'"):
        read_text(tmp_path, tmp_path / "twice.csv")
    (tmp_path / "not.xlsx").write_text("no", encoding="utf-8")
    with pytest.raises(InputError, match="truncated or damaged"):
        read_text(tmp_path, tmp_path / "not.xlsx")


def test_the_mapping_has_a_schema() -> None:
    assert mapping_schema()["$id"] == "opensirt/import/1"


SYMPTOMS = """
[[symptoms]]
name = "flushing"
per_day = "flush"
ctcae_grade = "flush_grade"
on = "day"
"""


def test_symptoms_are_read_and_impossible_ones_refused(tmp_path: Path) -> None:
    head = 'schema = "opensirt/import/1"\nkey = "id"\nassume_treatments_complete = true\n'
    path = tmp_path / "symptoms.csv"
    path.write_text(
        "id,day,flush,flush_grade\nP1,2025-07-01,4,2\nP1,2025-09-01,0,\nP2,2025-07-01,,\n"
        "P3,2025-07-01,-1,\nP4,2025-07-01,,6\nP1,2025-07-01,3,1\n"
    )
    result = read_text(tmp_path, path, head + SYMPTOMS)
    (record,) = result.records
    assert [(one.on, one.per_day, one.ctcae_grade) for one in record.symptoms] == [
        (date(2025, 7, 1), 4.0, 2),
        (date(2025, 9, 1), 0.0, Missing.NOT_RECORDED),
    ]
    assert record.treatments_complete is True
    assert record.assumed == ("every earlier treatment is in the table",)
    reasons = {one.row: one.wanted for one in result.refused}
    assert reasons[5] == "0 or more a day"
    assert reasons[6] == "a grade of 0 to 5"
    assert set(result.refused_rows) == {4, 5, 6, 7}
    with pytest.raises(InputError, match="per_day or ctcae_grade is wanted"):
        read_text(tmp_path, path, head + '[[symptoms]]\nname = "a"\non = "day"\n')
