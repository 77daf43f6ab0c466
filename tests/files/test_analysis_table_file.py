"""Analysis tables come back as they were written, with the reason of every absent value."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.analysis_table import (
    AnalysisTable,
    Endpoint,
    Variable,
    VariableKind,
    column_of,
)
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError, MissingInputError, UnknownNameError
from opensirt.files.analysis_table_file import read_analysis_table, write_analysis_table

VARIABLES = (
    Variable(name="patient", meaning="Pseudonym", kind=VariableKind.IDENTIFIER, source="case"),
    Variable(name="dose_gy", meaning="Dose", kind=VariableKind.NUMBER, unit="Gy", source="verify"),
    Variable(name="n", meaning="Lesions", kind=VariableKind.COUNT, source="case"),
    Variable(name="died", meaning="Death of any cause", kind=VariableKind.FLAG, source="case"),
    Variable(
        name="grade",
        meaning="WHO grade",
        kind=VariableKind.ORDINAL,
        levels=("G1", "G2", "G3"),
        source="case",
    ),
    Variable(name="seen_on", meaning="Last contact", kind=VariableKind.DATE, source="case"),
    Variable(name="note", meaning="A note", kind=VariableKind.TEXT, source="case"),
)
OS = Endpoint(
    name="os",
    title="overall survival",
    time_column="dose_gy",
    event_column="died",
    index_date="day of the first treatment",
    event="death of any cause",
    censoring="last contact alive",
)
REASON = st.sampled_from(Missing)
ROWS = st.lists(
    st.tuples(
        st.floats(min_value=0, max_value=1e300) | REASON,
        st.integers(min_value=0, max_value=10**9) | REASON,
        st.booleans() | REASON,
        st.sampled_from(["G1", "G2", "G3"]) | REASON,
        st.dates(min_value=date(1900, 1, 1)) | REASON,
        st.text(
            st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\x00"), min_size=1
        )
        | REASON,
    ),
    min_size=1,
    max_size=8,
)


def table_of(rows: list[tuple[object, ...]]) -> AnalysisTable:
    keyed = [(f"P-{number}", *row) for number, row in enumerate(rows)]
    return AnalysisTable(
        unit=UnitOfAnalysis.PATIENT,
        variables=VARIABLES,
        columns={
            one.name: column_of(one, [row[place] for row in keyed])
            for place, one in enumerate(VARIABLES)
        },
        row_key=("patient",),
        endpoints=(OS,),
        population="made for a test",
        notes=("a note",),
        provenance={"store": "abc"},
    )


ONE_ROW = (1.5, 2, True, "G2", date(2026, 3, 2), "x")


def same(left: AnalysisTable, right: AnalysisTable) -> None:
    assert (left.unit, left.variables, left.endpoints) == (
        right.unit,
        right.variables,
        right.endpoints,
    )
    assert (left.population, left.notes, dict(left.provenance), left.row_key) == (
        right.population,
        right.notes,
        dict(right.provenance),
        right.row_key,
    )
    for name, column in left.columns.items():
        np.testing.assert_array_equal(column.values, right[name].values)
        np.testing.assert_array_equal(column.absent, right[name].absent)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@given(rows=ROWS)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, rows: list[tuple[object, ...]]
) -> None:
    table = table_of(rows)
    path = tmp_path_factory.mktemp("table") / f"cohort{suffix}"
    write_analysis_table(path, table)
    same(read_analysis_table(path), table)


def test_a_csv_has_its_dictionary_beside_it(tmp_path: Path) -> None:
    table = table_of([ONE_ROW, (Missing.NOT_DONE, *ONE_ROW[1:])])
    written = write_analysis_table(tmp_path / "cohort.csv", table)
    assert [one.name for one in written] == [
        "cohort.csv",
        "cohort.dictionary.json",
        "cohort.dictionary.csv",
    ]
    lines = written[0].read_text(encoding="utf-8").splitlines()
    assert lines[0] == "patient,dose_gy,dose_gy__missing,n,died,grade,seen_on,note"
    assert lines[2] == "P-1,,not done,2,1,G2,2026-03-02,x"
    said = written[2].read_text(encoding="utf-8").splitlines()
    assert said[2] == "dose_gy,Dose,Gy,number,,1,not done: 1,verify"


def test_without_a_dictionary_nothing_is_read(tmp_path: Path) -> None:
    (tmp_path / "bare.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="has no data dictionary bare.dictionary.json beside it"):
        read_analysis_table(tmp_path / "bare.csv")
    with pytest.raises(InputError, match="there is no analysis table none.csv"):
        read_analysis_table(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is written as .csv or .parquet"):
        write_analysis_table(tmp_path / "cohort.sav", table_of([ONE_ROW]))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1.5", "high", "row 1: dose_gy is 'high', wanted a number"),
        ("1.5", "inf", "holds a number that is not finite"),
        ("G2", "G4", "column grade holds 'G4'; its levels are G1, G2, G3"),
        ("patient,", "patient,x,", "rows with more or fewer cells"),
        (",note", ",remark", "has no column note"),
    ],
)
def test_a_spoilt_csv_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    path, *_ = write_analysis_table(tmp_path / "t.csv", table_of([ONE_ROW]))
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_analysis_table(path)


def test_a_dictionary_of_another_kind_is_refused(tmp_path: Path) -> None:
    path, described, _ = write_analysis_table(tmp_path / "t.csv", table_of([ONE_ROW]))
    document = json.loads(described.read_text(encoding="utf-8"))
    described.write_text(json.dumps({**document, "schema": "other"}), encoding="utf-8")
    with pytest.raises(InputError, match="has schema 'other', wanted 'opensirt/analysis-table/1'"):
        read_analysis_table(path)
    described.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="is no JSON"):
        read_analysis_table(path)


def test_rows_are_units_of_analysis() -> None:
    table = table_of([ONE_ROW, ONE_ROW])
    twice = column_of(VARIABLES[0], ["P-1", "P-1"])
    with pytest.raises(InputError, match="2 rows have 1 different patient; one row is one patient"):
        AnalysisTable(
            unit=table.unit,
            variables=table.variables,
            columns={**table.columns, "patient": twice},
            row_key=("patient",),
            population="x",
        )


def test_an_absent_value_is_never_taken_for_a_number() -> None:
    table = table_of([ONE_ROW, (Missing.LOST, *ONE_ROW[1:])])
    with pytest.raises(MissingInputError, match="records no dose_gy in 1 of 2 rows"):
        table.numbers("dose_gy")
    kept = table.take(table.complete(["dose_gy"]), population="with a dose")
    assert kept.numbers("dose_gy").tolist() == [1.5]
    assert table["dose_gy"].reasons() == {Missing.LOST: 1}
    assert table["dose_gy"].at(1) is Missing.LOST
    with pytest.raises(InputError, match="column grade is of kind ordinal, wanted numbers"):
        table.numbers("grade")
    with pytest.raises(UnknownNameError, match="unknown column 'dose'"):
        table["dose"]


def test_a_time_before_the_index_date_is_refused() -> None:
    with pytest.raises(InputError, match="1 times in dose_gy lie before the index date"):
        table_of([(-1.0, *ONE_ROW[1:])])


@pytest.mark.parametrize(
    ("given_as", "message"),
    [
        ({"name": "a b"}, "a column is called 'a b'"),
        ({"meaning": ""}, "has no meaning or no source"),
        ({"kind": VariableKind.CATEGORY}, "is of kind category with 0 levels"),
        ({"levels": ("a",)}, "is of kind number with 1 levels"),
    ],
)
def test_a_line_of_the_dictionary_says_everything(
    given_as: dict[str, object], message: str
) -> None:
    fine: dict[str, object] = {
        "name": "a",
        "meaning": "b",
        "kind": VariableKind.NUMBER,
        "source": "c",
    }
    with pytest.raises(InputError, match=message):
        Variable(**{**fine, **given_as})  # type: ignore[arg-type]
