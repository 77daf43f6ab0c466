"""`run` and the steps: what is written, what is answered, what is left when killed."""

import contextlib
import json
import shutil
from pathlib import Path

import jsonschema
import nibabel
import numpy as np
import pytest
from case_folder import CASE, WITHOUT_SCOUT, write_case
from click.testing import CliRunner, Result
from pypdf import PdfReader

from opensirt.app.schema import schema_of
from opensirt.cli import main
from opensirt.dicom.rtdose_reading import read_rtdose
from opensirt.provenance import sha256_of_file

WRITTEN = {"report.html", "report.pdf", "results.json", "dose.nii.gz", "RTDOSE.dcm"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def results_of(folder: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads((folder / "results.json").read_text())
    return document


def require_consistent(folder: Path) -> None:
    """Every file that results.json lists is there, whole, and the one that was meant."""
    files = results_of(folder)["files"]
    assert isinstance(files, dict)
    assert set(files) >= WRITTEN - {"results.json"}
    for name, digest in files.items():
        assert sha256_of_file(folder / name) == digest


def test_a_run_writes_report_results_and_dose(done_case: Path) -> None:
    report = done_case / "report"
    assert {one.name for one in report.iterdir()} >= WRITTEN
    require_consistent(report)
    jsonschema.validate(results_of(report), schema_of("results"))
    assert len(PdfReader(report / "report.pdf").pages) >= 2
    assert "<html" in (report / "report.html").read_text()[:500]


def test_all_plans_are_written_by_device_and_model(done_case: Path) -> None:
    names = {one.name for one in (done_case / "report").glob("dose_*.nii.gz")}
    assert "dose_resin_partition.nii.gz" in names
    assert "dose_glass_voxel.nii.gz" in names


def test_the_dose_is_the_same_in_both_files(done_case: Path) -> None:
    report = done_case / "report"
    nifti = nibabel.load(report / "dose.nii.gz")
    dicom = read_rtdose(report / "RTDOSE.dcm")
    values = np.asarray(dicom.values, np.float64)
    # RT Dose stores whole multiples of a 65535th of the maximum.
    np.testing.assert_allclose(values.max(), nifti.get_fdata().max(), rtol=1e-6)
    assert values.mean() == pytest.approx(nifti.get_fdata().mean(), abs=values.max() / 65535)


def test_every_step_leaves_a_record_and_none_is_ever_changed(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case")
    assert run("work-up", case).exit_code == 0
    first = (case / "records" / "0001-work-up.json").read_bytes()
    assert run("verify", case).exit_code == 0
    assert run("plan", case).exit_code in (0, 1)
    assert run("work-up", case).exit_code == 0
    names = sorted(one.name for one in (case / "records").iterdir())
    assert names == [
        "0001-work-up.json",
        "0002-verify.json",
        "0003-plan.json",
        "0004-work-up.json",
    ]
    assert (case / "records" / "0001-work-up.json").read_bytes() == first
    assert "plan" not in json.loads(first)
    assert not (case / "report").exists()


def test_assumptions_are_the_first_findings(done_case: Path) -> None:
    found = results_of(done_case / "report")["findings"]
    assert isinstance(found, list)
    rules = [one["rule"] for one in found]
    assert rules[0] == "assumed"
    n_assumed = rules.count("assumed")
    assert rules[:n_assumed] == ["assumed"] * n_assumed
    record = json.loads((done_case / "records" / "0001-work-up.json").read_text())
    assert record["findings"][0]["rule"] == "assumed"


@pytest.mark.parametrize("step", ["run", "work-up", "plan", "verify"])
def test_json_on_standard_output_is_the_results_document(tmp_path: Path, step: str) -> None:
    case = write_case(tmp_path / "case", CASE if step != "run" else WITHOUT_SCOUT)
    result = run(step, case, "--json")
    assert result.exit_code in (0, 1), result.stderr
    document = json.loads(result.stdout)
    jsonschema.validate(document, schema_of("results"))
    wanted = {"run": "dose", "work-up": "workup", "plan": "plan", "verify": "verification"}
    assert wanted[step] in document
    assert "null" not in result.stdout


def test_people_get_findings_and_a_table(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", WITHOUT_SCOUT)
    result = run("verify", case)
    assert result.exit_code == 0
    assert result.stdout.startswith("WARN assumed, not recorded: image pet: frame = one")
    assert "Tumour 1" in result.stdout
    assert "as imaged" in result.stdout


def test_results_go_where_they_are_wanted(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", WITHOUT_SCOUT)
    out = tmp_path / "deep" / "out"
    assert run("run", case / "case.toml", "--out", out, "--bed-maps").exit_code == 0
    require_consistent(out)
    dose, bed, eqd2 = (
        nibabel.load(out / name).get_fdata()
        for name in ("dose.nii.gz", "bed.nii.gz", "eqd2.nii.gz")
    )
    assert (bed >= dose).all()
    assert (eqd2 < bed).sum() > 0
    assert not (case / "report").exists()
    assert (case / "records" / "0001-verify.json").is_file()


def test_the_engine_asked_for_is_the_one_that_ran(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", WITHOUT_SCOUT)
    document = json.loads(run("verify", case, "--engine", "local", "--json").stdout)
    assert document["dose"]["engine"] == "local"


def test_a_stop_finding_ends_with_code_1(tmp_path: Path) -> None:
    site = """schema = "opensirt/site/1"
name = "strict"
time_zone = "Europe/Amsterdam"
[limits.resin]
lung_gy = { value = 0.2, source = "a test" }
"""
    case = write_case(tmp_path / "case")
    (case / "site.toml").write_text(site)
    text = CASE.replace(", lung_gy = 30 }", " }").replace("fraction = 0.05", "fraction = 0.9")
    text = text.replace('model = "partition"', 'model = "mono_compartment"')
    target = "targets = { resin = { perfused_volume_gy = 120 } }\n"
    text = text.replace("limits = {", target + "limits = {")
    (case / "case.toml").write_text(text)
    result = run("plan", case)
    assert "STOP" in result.stdout, result.stdout
    assert result.exit_code == 1
    assert run("work-up", case).exit_code == 0


class Killed(BaseException):
    """What ends a run without giving it a chance to tidy up what it had not begun."""


@pytest.mark.parametrize("moment", range(1, 12))
def test_killed_at_any_write_a_run_leaves_nothing_half_written(
    done_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    case = tmp_path / "case"
    shutil.copytree(done_case, case)
    (case / "case.toml").write_text(WITHOUT_SCOUT)
    before = {one.name: one.read_bytes() for one in (case / "report").iterdir()}
    n_done = 0
    replace = Path.replace

    def counted_replace(self: Path, target: Path) -> Path:
        nonlocal n_done
        n_done += 1
        if n_done == moment:
            raise Killed
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", counted_replace)
    with contextlib.suppress(Killed):
        CliRunner().invoke(main, ["run", str(case)])
    monkeypatch.undo()
    report = case / "report"
    assert not [one for one in report.iterdir() if one.name.startswith(".partial")]
    if (report / "results.json").exists():
        require_consistent(report)
        same = {one.name: one.read_bytes() for one in report.iterdir()} == before
        new = "workup" not in results_of(report)
        assert same or new
    for record in (case / "records").iterdir():
        json.loads(record.read_text())


def test_files_of_an_earlier_run_do_not_stand_beside_a_new_one(
    done_case: Path, tmp_path: Path
) -> None:
    case = tmp_path / "case"
    shutil.copytree(done_case, case)
    (case / "report" / "mine.txt").write_text("not of OpenSIRT")
    assert (case / "report" / "dose_resin_partition.nii.gz").exists()
    assert run("run", case).exit_code in (0, 1)
    assert not (case / "report" / "dose_resin_partition.nii.gz").exists()
    assert (case / "report" / "mine.txt").exists()
    require_consistent(case / "report")


def test_a_full_disk_leaves_no_folder_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("opensirt.files.write.write_nifti", full)
    case = write_case(tmp_path / "case", WITHOUT_SCOUT)
    result = run("run", case, "--out", tmp_path / "out")
    assert result.exit_code == 2, result.output
    assert "opensirt: no space left on device; wanted" in result.stderr
    assert not (tmp_path / "out").exists()
    assert not (case / "records").exists()
