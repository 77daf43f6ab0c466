"""What leaves: no pseudonym, no date, no rare value; and forms that others read."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cohort_cases import case, record, small_store, structure, verification
from hypothesis import given
from hypothesis import strategies as st

from opensirt.app.cohort_export import ExportRequest, export_cohort, kept_secret
from opensirt.app.cohort_table import cohort_table
from opensirt.cohort.deidentify import deidentified
from opensirt.domain.analysis_table import AnalysisTable, Variable, VariableKind, column_of
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError, RuleError, UnknownNameError
from opensirt.files.analysis_table_file import read_analysis_table
from opensirt.files.fhir_bundle import fhir_bundle
from opensirt.files.redcap import redcap_dictionary, redcap_records
from opensirt.store.store import Store

SECRET = b"s" * 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give a store of sixteen patients, some of them rare in something."""
    with small_store(tmp_path) as made:
        made.add(*(record("case", f"ZZTOP-{one}", case(f"ZZTOP-{one}")) for one in range(12)))
        made.add(
            record(
                "verify",
                "ZZTOP-1",
                verification(structure("ZZTOP left lobe", 90.0), structure("b", 80.0)),
            )
        )
        yield made


def everything(path: Path) -> str:
    return "".join(
        one.read_bytes().decode("utf-8", "replace") for one in path.iterdir() if one.is_file()
    )


@pytest.mark.parametrize(
    ("form", "name"),
    [("csv", "t.csv"), ("parquet", "t.parquet"), ("redcap", "t.csv"), ("fhir", "t.json")],
)
@pytest.mark.parametrize("unit", ["patient", "lesion", "procedure"])
def test_nothing_that_points_at_a_patient_leaves(
    store: Store, tmp_path: Path, form: str, name: str, unit: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    request = ExportRequest(out=out / name, form=form, unit=unit, secret=SECRET)
    if unit == "lesion":  # of two patients only
        with pytest.raises(RuleError, match="the table is of 2 patients; fewer than 5 are never"):
            export_cohort(store, request)
        return
    made = export_cohort(store, request)
    assert made.written
    said = everything(out)
    for word in ("ZZTOP", "P-1", "2026-01-10", store.store_id[:8]):
        assert word not in said


def test_a_condition_with_a_pseudonym_does_not_leave(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    request = ExportRequest(out=out / "t.csv", form="csv", where='patient != "P-1"')
    made = export_cohort(store, request)
    assert (made.n_rows, made.n_before) == (15, 16)
    assert "P-1" not in everything(out)


def test_rare_values_are_withheld_and_never_one_level_alone(store: Store) -> None:
    made = deidentified(cohort_table(store), secret=SECRET)
    # 14 patients have G2, one G3: told apart, the one who is withheld would be known to be G3.
    assert made.actions["net_grade"] == "withheld whole: its values are of too few patients"
    assert made.table["net_grade"].reasons()[Missing.WITHHELD] == 15
    assert made.table["os_days"].present.sum() == 15
    assert "treated_on" not in made.table.columns
    assert made.actions["treated_on"] == "left out"
    assert set(made.table["age_decade"].values[made.table["age_decade"].present]) == {"60-69"}
    assert {one.name for one in made.table.endpoints} == {"os", "pfs", "hpfs", "ttnt", "untreated"}


def test_the_same_secret_gives_the_same_codes_and_another_none_of_them(store: Store) -> None:
    table = cohort_table(store)
    codes = deidentified(table, secret=SECRET).table["patient"].values.tolist()
    assert codes == deidentified(table, secret=SECRET).table["patient"].values.tolist()
    assert len(set(codes)) == 16
    assert not set(codes) & set(deidentified(table, secret=b"t" * 32).table["patient"].values)


LEVELS = ("a", "b", "c", "d")


@given(st.lists(st.sampled_from(LEVELS), min_size=5, max_size=60))
def test_whoever_is_withheld_is_one_of_at_least_five_with_at_least_two_values(
    values: list[str],
) -> None:
    variables = (
        Variable(name="patient", meaning="x", kind=VariableKind.IDENTIFIER, source="x"),
        Variable(name="level", meaning="x", kind=VariableKind.CATEGORY, source="x", levels=LEVELS),
    )
    table = AnalysisTable(
        unit=UnitOfAnalysis.PATIENT,
        variables=variables,
        columns={
            "patient": column_of(variables[0], [str(n) for n in range(len(values))]),
            "level": column_of(variables[1], values),
        },
        row_key=("patient",),
        population="x",
    )
    column = deidentified(table, secret=SECRET).table["level"]
    told = column.values[column.present]
    assert all((told == one).sum() >= 5 for one in np.unique(told))
    hidden = np.array(values)[~column.present]
    if len(hidden):
        assert len(hidden) >= 5
        assert len(np.unique(hidden)) >= 2 or len(told) == 0


def test_a_csv_is_read_back_as_the_table_that_left(store: Store, tmp_path: Path) -> None:
    request = ExportRequest(out=tmp_path / "t.csv", form="csv", secret=SECRET)
    export_cohort(store, request)
    made = read_analysis_table(tmp_path / "t.csv")
    expected = deidentified(cohort_table(store), secret=SECRET).table
    assert made.variables == expected.variables
    np.testing.assert_array_equal(made["os_days"].values, expected["os_days"].values)


def test_redcap_gets_choices_by_code_and_reasons_in_a_field(store: Store) -> None:
    table = cohort_table(store)
    dictionary = {row["Variable / Field Name"]: row for row in rows_of(redcap_dictionary(table))}
    assert len(next(iter(dictionary.values()))) == 18
    grade = dictionary["net_grade"]
    assert grade["Field Type"] == "radio"
    assert grade["Choices, Calculations, OR Slider Labels"].startswith("1, G1 | 2, G2 | 3, G3")
    assert dictionary["os_event"]["Field Type"] == "yesno"
    text_type = "Text Validation Type OR Show Slider Number"
    assert dictionary["treated_on"][text_type] == "date_ymd"
    assert dictionary["n_lesions"][text_type] == "integer"
    records = {row["record_id"]: row for row in rows_of(redcap_records(table))}
    assert set(next(iter(records.values()))) == set(dictionary)
    assert (records["P-1"]["net_grade"], records["P-2"]["os_event"]) == ("2", "1")
    assert records["P-3"]["net_grade"] == ""
    why = dictionary["net_grade_why"]["Choices, Calculations, OR Slider Labels"]
    assert f"{records['P-3']['net_grade_why']}, no trace in the source" in why.split(" | ")


def test_redcap_repeats_lesions_of_a_patient(store: Store) -> None:
    rows = rows_of(redcap_records(cohort_table(store, unit="lesion")))
    assert [(one["record_id"], one["redcap_repeat_instance"]) for one in rows] == [
        ("P-1", "1"),
        ("P-1", "2"),
        ("ZZTOP-1", "1"),
        ("ZZTOP-1", "2"),
    ]
    assert {one["redcap_repeat_instrument"] for one in rows} == {"lesion"}


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("unit", ["patient", "lesion", "procedure"])
def test_fhir_is_valid_and_says_every_value_or_why_not(store: Store, unit: str) -> None:
    from fhir.resources.R4B.bundle import Bundle

    table = cohort_table(store, unit=unit)
    document = json.loads(fhir_bundle(table))
    assert Bundle.model_validate(document).type == "collection"
    resources = [one["resource"] for one in document["entry"]]
    addresses = {one["fullUrl"] for one in document["entry"]}
    assert len(addresses) == len(resources)
    observations = [one for one in resources if one["resourceType"] == "Observation"]
    assert all(one["subject"]["reference"] in addresses for one in observations)
    said = [part for one in observations for part in one.get("component", [one])]
    assert len(said) == table.n_rows * (len(table.variables) - len(table.row_key))
    assert all(
        any(key.startswith("value") for key in one) != ("dataAbsentReason" in one) for one in said
    )
    if unit == "patient":
        found = next(
            one for one in said if one["code"]["coding"][0]["code"] == "administered_activity_gbq"
        )
        assert found["valueQuantity"]["value"] == 1.5
        assert found["valueQuantity"]["code"] == "GBq"
    n_procedures = sum(one["resourceType"] == "Procedure" for one in resources)
    assert n_procedures == (table.n_rows if unit == "procedure" else 0)


def test_a_pseudonym_that_is_no_fhir_id_is_refused(store: Store) -> None:
    store.add(record("case", "A B", case("A B")))
    with pytest.raises(InputError, match="cannot be the id of a FHIR resource"):
        fhir_bundle(cohort_table(store))


def test_what_is_asked_must_fit(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown format 'sav'"):
        ExportRequest(out=tmp_path / "t.sav", form="sav")
    with pytest.raises(InputError, match=r"a fhir export is called \*.json, not 't.csv'"):
        ExportRequest(out=tmp_path / "t.csv", form="fhir")
    made = export_cohort(store, ExportRequest(out=tmp_path / "t.csv", form="csv", identified=True))
    assert (made.actions, made.identified) == ({}, True)
    secret = kept_secret(tmp_path / "secret")
    assert kept_secret(tmp_path / "secret") == secret
    (tmp_path / "short").write_bytes(b"x")
    with pytest.raises(InputError, match="short holds 1 bytes, too few for a secret"):
        kept_secret(tmp_path / "short")


def test_the_day_of_what_is_withheld_does_not_tell_it() -> None:
    names = [f"P{number}" for number in range(20)]
    key = Variable(name="patient", meaning="m", kind=VariableKind.IDENTIFIER, source="s")
    flag = Variable(name="severe", meaning="m", kind=VariableKind.FLAG, source="s")
    day = Variable(name="severe_day", meaning="m", kind=VariableKind.NUMBER, source="s", unit="day")
    for n_severe in (2, 18, 10):
        severe = [number < n_severe for number in range(20)]
        days = [30.0 + n if one else Missing.NOT_REACHED for n, one in enumerate(severe)]
        table = AnalysisTable(
            unit=UnitOfAnalysis.PATIENT,
            variables=(key, flag, day),
            columns={
                "patient": column_of(key, names),
                "severe": column_of(flag, severe),
                "severe_day": column_of(day, days),
            },
            row_key=("patient",),
            population="p",
        )
        left = deidentified(table, secret=b"s" * 32).table
        told = set(left["severe_day"].reasons())
        if n_severe == 10:
            assert told == {Missing.NOT_REACHED}
        else:
            assert told == {Missing.WITHHELD}
            assert not left["severe"].present.any()
            assert not left["severe_day"].present.any()
