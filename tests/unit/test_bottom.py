"""Errors, units, provenance, findings and whole files."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.finding import (
    Confirmation,
    Finding,
    Severity,
    refuse_unless_confirmed,
    stops,
)
from opensirt.domain.structure import StructureKind, structure_kind
from opensirt.errors import (
    ConfirmationError,
    InputError,
    MissingInputError,
    OpenSirtError,
    UnknownNameError,
)
from opensirt.provenance import Provenance, canonical_json, sha256_of_file, sha256_of_json
from opensirt.reference.table import read_table
from opensirt.units import ImageUnit, image_unit
from opensirt.whole_file import whole_file


@given(st.sampled_from(list(ImageUnit)))
def test_every_unit_is_read_back_in_any_case(unit: ImageUnit) -> None:
    assert image_unit(unit.value) is unit
    assert image_unit(f" {unit.value.upper()} ") is unit


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Bq/mL", ImageUnit.BQ_PER_ML),
        ("BQML", ImageUnit.BQ_PER_ML),
        ("kBq/mL", ImageUnit.KBQ_PER_ML),
        ("CNTS", ImageUnit.COUNTS),
    ],
)
def test_both_spellings_of_a_unit_are_understood(text: str, unit: ImageUnit) -> None:
    assert image_unit(text) is unit


@pytest.mark.parametrize("text", ["PROPCPS", "gray", "", "Bq"])
def test_a_word_that_is_no_unit_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(UnknownNameError, match="known: bq_per_ml"):
        image_unit(text)


def test_errors_are_value_errors_that_say_what_to_do() -> None:
    error = MissingInputError("liver density", where="case x", remedy="add it")
    assert isinstance(error, ValueError | InputError)
    assert isinstance(error, OpenSirtError)
    assert str(error) == "case x records no liver density; add it"
    assert error.fact == "liver density"


def test_a_suspicious_finding_is_refused_until_somebody_confirms_that_rule() -> None:
    text = "imaged 5 MBq of 1400"
    with pytest.raises(ConfirmationError, match='finding = "imaged_activity"'):
        refuse_unless_confirmed("imaged_activity", text, ())
    other = Confirmation("mirrored_mask", "A. Physicist", date(2026, 3, 2))
    with pytest.raises(ConfirmationError):
        refuse_unless_confirmed("imaged_activity", text, (other,))
    mine = Confirmation("imaged_activity", "A. Physicist", date(2026, 3, 2))
    finding = refuse_unless_confirmed("imaged_activity", text, (other, mine))
    assert finding.text.endswith("(confirmed by A. Physicist on 2026-03-02)")
    assert finding.severity is Severity.WARN


def test_only_a_stop_stops() -> None:
    assert not stops([Finding(Severity.WARN, "a", "b"), Finding(Severity.NOTE, "a", "b")])
    assert stops([Finding(Severity.NOTE, "a", "b"), Finding(Severity.STOP, "a", "b")])


def test_a_structure_kind_that_does_not_exist_is_refused() -> None:
    assert structure_kind("tumour") is StructureKind.TUMOUR
    with pytest.raises(UnknownNameError, match="unknown structure kind 'tumor'"):
        structure_kind("tumor")


def test_the_hash_of_a_record_does_not_depend_on_the_order_of_keys() -> None:
    assert sha256_of_json({"a": 1, "b": [1.5]}) == sha256_of_json({"b": [1.5], "a": 1})
    assert canonical_json({"é": 1}) == '{"é":1}'
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json(float("nan"))


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    assert sha256_of_file(path).startswith("e3b0c44298fc1c149afbf4c8996fb924")


def test_provenance_needs_a_zone_and_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Provenance(method="x", made_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the point
    made = Provenance(method="x", made_at=datetime(2026, 1, 1, tzinfo=UTC), inputs={"a": "b"})
    with pytest.raises(TypeError):
        made.inputs["a"] = "c"  # type: ignore[index]  # the point


def test_a_file_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    target.write_text("old")
    with pytest.raises(RuntimeError), whole_file(target) as part:
        part.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["result.json"]


def test_the_temporary_name_keeps_the_suffixes(tmp_path: Path) -> None:
    with whole_file(tmp_path / "new" / "dose.nii.gz") as part:
        assert part.name.endswith(".nii.gz")
        part.write_bytes(b"x")
    assert (tmp_path / "new" / "dose.nii.gz").read_bytes() == b"x"


def test_a_reference_table_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="tissues"):
        read_table("tissue")
