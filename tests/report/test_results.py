"""results.json: the promised keys, reasons in place of absent numbers, the schema."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import report_results as made

from opensirt.domain.missing import Missing
from opensirt.domain.record import CaseResult
from opensirt.errors import InputError
from opensirt.report.results import NO_VALUE, results_document, results_schema
from opensirt.report.write import write_report

VALIDATOR = jsonschema.Draft202012Validator(
    results_schema(), format_checker=jsonschema.FormatChecker()
)


def document(**changes: Any) -> dict[str, Any]:
    return results_document(made.case(), made.result(**changes))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, f"{path}.{key}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from leaves(one, f"{path}[{number}]")
    else:
        yield path, value


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"verification": None},
        {"plan": None, "workup": None},
        {"plan": made.plan(chosen=False), "verification": None},
        {"workup": made.workup(lung_shunt=Missing.NOT_RECORDED)},
        {"verification": made.verification(counts_only=True)},
        {"workup": None, "plan": None, "verification": None, "truth": (), "findings": ()},
    ],
)
def test_every_document_is_valid_has_no_null_and_survives_json(changes: dict[str, Any]) -> None:
    found = document(**changes)
    VALIDATOR.validate(found)
    assert [path for path, value in leaves(found) if value is None] == []
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(results_schema())


def test_the_promised_keys_are_there() -> None:
    found = document()
    assert found["schema"] == "opensirt/results/1"
    assert set(found["findings"][0]) >= {"severity", "rule", "text", "value", "limit", "source"}
    assert set(found["workup"]["lung_shunt_fraction"]) >= {
        "value",
        "standard_uncertainty",
        "method",
    }
    assert found["workup"]["tumour_to_normal_ratio"]["Tumour 1"] == 4.5
    assert set(found["plan"]["rows"][0]) >= {
        "device",
        "model",
        "territory",
        "administered_activity_bq",
        "reaching_liver_bq",
        "tumour_gy",
        "normal_liver_gy",
        "perfused_normal_liver_gy",
        "lung_gy",
        "sphere_count",
        "binding",
    }
    dose = found["dose"]
    assert set(dose) >= {"engine", "radionuclide", "data_set", "energy", "structures"}
    assert set(dose["energy"]) >= {
        "released_j",
        "scored_j",
        "outside_kernel_fraction",
        "outside_grid_fraction",
    }
    assert set(dose["structures"][0]) >= {
        "label",
        "kind",
        "volume_ml",
        "mass_kg",
        "activity_bq",
        "mean_gy",
        "mean_gy_expanded_uncertainty",
        "d95_gy",
        "d70_gy",
        "d50_gy",
        "d5_gy",
        "min_gy",
        "max_gy",
        "bed_gy",
        "eqd2_gy",
    }
    assert set(found["provenance"]) >= {
        "software",
        "inputs",
        "reference_data",
        "site",
        "made_at",
    }
    assert "selection" not in found


def test_numbers_are_those_of_the_records_to_the_last_digit() -> None:
    result = made.result()
    assert result.verification is not None
    found = document()
    first = result.verification.primary_result.structures[0]
    assert found["dose"]["structures"][0]["mean_gy"] == first.mean_gy
    assert found["dose"]["structures"][0]["volume_ml"] == first.volume_ml
    assert found["verification"]["imaged_over_administered_ratio"] == 1.123 / 1.4
    assert [one["calibration"] for one in found["verification"]["doses"]] == [
        "as imaged",
        "self-calibrated",
        "as imaged",
        "self-calibrated",
    ]
    assert found["plan"]["rows"][1]["administered_activity_bq"] == 1.51e9


def test_the_dose_is_the_measured_one_and_else_the_chosen_plan() -> None:
    assert document()["dose"]["calibration"] == "as imaged"
    assert document(verification=None)["dose"]["calibration"] == "planned"
    assert "dose" not in document(verification=None, plan=made.plan(chosen=False))


def test_an_absent_number_is_its_reason() -> None:
    found = document()
    glass = next(one for one in found["plan"]["rows"] if one["device"] == "glass")
    assert glass["administered_activity_bq"] == "not defined for this device"
    last = found["plan"]["rows"][-1]
    assert last["lung_gy"] == "needs LSF"
    assert last["lung_limit_binds_at_fraction"] == 0.284
    gallbladder = next(one for one in found["dose"]["structures"] if one["label"] == "Gallbladder")
    assert gallbladder["bed_gy"] == "no verified value"
    assert found["findings"][0]["value"] == NO_VALUE


def test_a_tumour_in_two_territories_is_named_with_each() -> None:
    workup = made.workup()
    (right,) = workup.territories
    left = replace(right, name="left", tumour_to_normal_ratio={"Tumour 1": 3.0})
    found = document(workup=replace(workup, territories=(right, left)))
    ratios = found["workup"]["tumour_to_normal_ratio"]
    assert ratios["Tumour 1 (right)"] == 4.5
    assert ratios["Tumour 1 (left)"] == 3.0
    assert "Tumour 1" not in ratios


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused(value: float) -> None:
    row = replace(made.plan().rows[0], tumour_gy=value)
    plan = replace(made.plan(), rows=(row,), chosen=None)
    with pytest.raises(InputError, match="not finite"):
        document(plan=plan)


def test_a_confirmation_names_who_gave_it() -> None:
    assert document()["confirmations"] == [
        {"finding": "imaged_activity", "by": "A. Physicist", "on": "2026-03-01"}
    ]


def test_unverified_figures_have_their_status() -> None:
    found = document()
    assert found["findings"][-1]["status"] == "unverified"
    glass = next(one for one in found["plan"]["rows"] if one["model"] == "mono_compartment")
    assert glass["status"] == "unverified"
    assert found["dose"]["structures"][0]["radiobiology_status"] == "unverified"


def test_the_site_and_its_hash_are_named() -> None:
    assert document()["provenance"]["site"] == "published (sha256 12ab)"
    bare = replace(made.provenance(), reference_data={})
    assert document(provenance=bare)["provenance"]["site"] == Missing.NOT_RECORDED.value


def broken(key: str, value: Any) -> dict[str, Any]:
    found = document()
    target: Any = found
    *parents, last = key.split("/")
    for one in parents:
        target = target[int(one)] if isinstance(target, list) else target[one]
    target[last] = value
    return found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", "opensirt/results/2"),
        ("findings/0/severity", "fatal"),
        ("plan/rows/0/tumour_gy", None),
        ("plan/rows/0/tumour_gy", "because"),
        ("plan/rows/0/model", "guess"),
        ("dose/structures/0/kind", "target"),
        ("dose/structures/0/volume_ml", 0),
        ("dose/energy/released_j", None),
        ("workup/lung_shunt_fraction/value", 5.0),
        ("provenance/made_at", 5),
        ("files", {"report.html": "no hash"}),
    ],
)
def test_the_schema_refuses_what_is_not_promised(key: str, value: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(broken(key, value))


def test_three_files_are_written_and_the_last_names_the_others(tmp_path: Path) -> None:
    import hashlib

    folder = tmp_path / "out"
    paths = write_report(folder, made.case(), made.result(), companions={"dose.nii.gz": "cd" * 32})
    assert [one.name for one in paths] == ["report.html", "report.pdf", "results.json"]
    assert sorted(one.name for one in folder.iterdir()) == sorted(one.name for one in paths)
    found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    VALIDATOR.validate(found)
    assert found["files"]["dose.nii.gz"] == "cd" * 32
    for name in ("report.html", "report.pdf"):
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert found["files"][name] == digest


def test_writing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    result = made.result(plan=None, truth=())
    first = write_report(tmp_path / "a", made.case(), result)
    second = write_report(tmp_path / "b", made.case(), result)
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_report_that_cannot_be_made_leaves_the_old_files(tmp_path: Path) -> None:
    good: CaseResult = made.result(verification=None, plan=None, truth=())
    write_report(tmp_path, made.case(), good)
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    row = replace(made.plan().rows[0], tumour_gy=float("nan"))
    bad = replace(good, plan=replace(made.plan(), rows=(row,), chosen=None, doses={}))
    with pytest.raises(InputError, match="not finite"):
        write_report(tmp_path, made.case(), bad)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before
