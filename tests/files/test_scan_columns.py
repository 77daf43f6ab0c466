"""Liver and spleen, FDG and hepatobiliary scans, SSTR status from a table; every row counted."""

import csv
import random
from datetime import date
from pathlib import Path

import pytest

from opensirt.app.follow_up_course import follow_up_of
from opensirt.app.import_records import ImportedCases, import_records
from opensirt.app.read_case import read_case
from opensirt.domain.lesion import LiverView
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import FdgScan, HepatobiliaryScan
from opensirt.errors import InputError
from opensirt.files.scan_columns import FdgScanColumns, HepatobiliaryScanColumns, LiverColumns

MAPPING = """schema = "opensirt/import/1"
key = "id"
treated_on = "sirt"

[disease.sstr_positive]
column = "sstr"
codes = { "pos" = true, "neg" = false }

[[liver]]
on = "day"
tumour_volume_ml = "tumour"
liver_volume_ml = "liver"
spleen_volume_ml = "spleen"
varices = "varices"

[[fdg_scans]]
on = "pet"
sul_peak = "sul"
suv_peak = "suv"
weight_kg = "kg"
height_cm = "cm"
new_lesion = "new"
codes = { "yes" = true, "no" = false }

[[hepatobiliary_scans]]
on = "hida"
function_percent_per_min = "whole"
remnant_function_percent_per_min = "rest"
body_surface_area_m2 = "m2"
"""
GOOD = {
    "id": "P1",
    "sirt": "2025-06-01",
    "sstr": "pos",
    "day": "2025-09-01",
    "tumour": "210",
    "liver": "1650",
    "spleen": "190.5",
    "varices": "0",
    "pet": "2025-05-20",
    "sul": "",
    "suv": "8.5",
    "kg": "72",
    "cm": "174",
    "new": "no",
    "hida": "2025-05-21",
    "whole": "14",
    "rest": "9",
    "m2": "1.86",
}
EMPTY = dict.fromkeys(GOOD, "")


def read(tmp_path: Path, rows: list[dict[str, str]], mapping: str = MAPPING) -> ImportedCases:
    with (tmp_path / "table.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, GOOD)
        writer.writeheader()
        writer.writerows(rows)
    (tmp_path / "map.toml").write_text(mapping, encoding="utf-8")
    return import_records(
        tmp_path / "table.csv",
        tmp_path / "map.toml",
        out=tmp_path / "cases",
        today=date(2026, 3, 1),
    )


def test_a_row_becomes_scans_and_comes_back_from_its_case(tmp_path: Path) -> None:
    again = {**EMPTY, "id": "P1", "day": "2025-12-01", "spleen": "220"}
    made = read(tmp_path, [GOOD, again])
    assert (made.result.stored, made.result.refused) == ((2, 3), ())
    (record,) = made.result.records
    assert record.disease.sstr_positive is True
    assert record.fdg_scans == (
        FdgScan(
            on=date(2025, 5, 20), suv_peak=8.5, weight_kg=72.0, height_cm=174.0, new_lesion=False
        ),
    )
    assert record.hepatobiliary_scans == (
        HepatobiliaryScan(
            on=date(2025, 5, 21),
            function_percent_per_min=14.0,
            remnant_function_percent_per_min=9.0,
            body_surface_area_m2=1.86,
        ),
    )
    first, second = record.imaging
    assert first.liver == LiverView(
        tumour_volume_ml=210.0, liver_volume_ml=1650.0, spleen_volume_ml=190.5, varices=False
    )
    assert (second.on, second.liver) == (date(2025, 12, 1), LiverView(spleen_volume_ml=220.0))
    assert second.new_lesions is Missing.NOT_RECORDED
    assert follow_up_of(read_case(made.written[0]))[0] == record


@pytest.mark.parametrize(
    ("cell", "column", "wanted"),
    [
        ({"tumour": "1700"}, "tumour", "the liver volume includes its tumours"),
        ({"liver": "0", "tumour": ""}, "liver", "a volume above 0 is needed"),
        ({"spleen": "-3"}, "spleen", "0 or more"),
        ({"spleen": "large"}, "spleen", "a number"),
        ({"varices": "2"}, "varices", "one of 1, 0"),
        ({"sul": "6"}, "suv", "sul_peak or suv_peak"),
        ({"kg": "0"}, "kg", "a number above 0"),
        ({"new": "1"}, "new", "one of yes, no"),
        ({"rest": "15"}, "rest", "at most 14, that of the whole liver"),
        ({"whole": "0"}, "whole", "a number above 0"),
        ({"pet": ""}, "pet", "the date of the values in this row"),
        ({"hida": "2026-03-02"}, "hida", "2026-03-01"),
        ({"sstr": "maybe"}, "sstr", "one of pos, neg"),
    ],
)
def test_what_cannot_be_refuses_the_row_by_its_cell(
    tmp_path: Path, cell: dict[str, str], column: str, wanted: str
) -> None:
    made = read(tmp_path, [GOOD | {"id": "P0"}, GOOD | cell])
    assert made.result.stored == (2,)
    assert [(one.row, one.column) for one in made.result.refused] == [(3, column)]
    assert wanted in made.result.refused[0].wanted


def test_a_second_scan_of_one_day_is_a_duplicate(tmp_path: Path) -> None:
    made = read(tmp_path, [GOOD, {**EMPTY, "id": "P1", "pet": "2025-05-20", "suv": "7"}])
    assert [one.row for one in made.result.refused] == [3]
    assert "row 2 has it already" in made.result.refused[0].wanted


def test_a_block_that_reads_no_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one of tumour_volume_ml"):
        read(tmp_path, [GOOD], MAPPING + '\n[[liver]]\non = "day"\n')


def test_the_columns_are_the_fields_of_the_record() -> None:
    for block, made in (
        (LiverColumns, LiverView),
        (FdgScanColumns, FdgScan),
        (HepatobiliaryScanColumns, HepatobiliaryScan),
    ):
        assert {*block.numbers, *block.flags} == {*made.__dataclass_fields__} - {"on"}
        assert {*block.numbers, *block.flags} <= {*block.model_fields}


def test_two_thousand_random_rows_are_all_accounted_for(tmp_path: Path) -> None:
    rng = random.Random(5)  # noqa: S311 - a fixed series of table rows
    wrong = {"spleen": "x", "kg": "-1", "varices": "9", "pet": "2027-01-01", "tumour": "9999"}
    rows = []
    for number in range(2000):
        row = GOOD | {"id": f"P{number % 900}", "day": f"2025-{rng.randint(7, 12):02d}-01"}
        for name in GOOD:
            if name != "id" and rng.random() < 0.2:
                row[name] = ""
            if rng.random() < 0.02:
                row[name] = wrong.get(name, row[name])
        rows.append(row)
    found = read(tmp_path, rows).result
    assert set(found.stored) | set(found.refused_rows) == set(range(2, 2002))
    assert not set(found.stored) & set(found.refused_rows)
    assert len(found.stored) > 200
    spleens = sum(bool(rows[number - 2]["spleen"]) for number in found.stored)
    kept = [one for record in found.records for one in record.imaging]
    assert sum(not isinstance(one.liver.spleen_volume_ml, Missing) for one in kept) == spleens
