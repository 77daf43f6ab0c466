"""inspect, new, schema, site, demo, and the house rules of the command line."""

import json
from pathlib import Path

import jsonschema
import pytest
from case_folder import write_case
from click.testing import CliRunner, Result

from opensirt import __version__
from opensirt.cli import answer, main
from opensirt.files.case_file import read_case_file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_inspection_says_what_is_there_and_what_is_missing(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case")
    shown = run("inspect", case)
    assert shown.exit_code == 0
    assert "pet.nii" in shown.stdout
    assert "Tumour 1" in shown.stdout
    assert "verify would still need: nothing" in shown.stdout
    document = json.loads(run("inspect", case, "--json").stdout)
    names = {one["name"]: one for one in document["files"]}
    assert names["pet.nii"]["shape"] == [24, 24, 24]
    assert names["pet.nii"]["unit"] == "no trace in the source"
    assert "unit" in names["pet.nii"]["missing"]


def test_a_new_case_is_written_once(tmp_path: Path) -> None:
    images = write_case(tmp_path / "images")
    (images / "case.toml").unlink()
    made = run("new", tmp_path / "course", "--from", images)
    assert made.exit_code == 0, made.stderr
    assert read_case_file(tmp_path / "course" / "case.toml").key == "course"
    text = (tmp_path / "course" / "case.toml").read_text()
    again = run("new", tmp_path / "course", "--from", images)
    assert again.exit_code == 2
    assert "not overwritten" in again.stderr
    assert (tmp_path / "course" / "case.toml").read_text() == text


@pytest.mark.parametrize("name", ["case", "site", "results"])
def test_schemas_are_json_schemas(name: str) -> None:
    shown = run("schema", name)
    assert shown.exit_code == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(shown.stdout))


def test_the_site_shows_each_figure_with_its_source(tmp_path: Path) -> None:
    shown = run("site", "--show", "--case", tmp_path)
    assert shown.exit_code == 0
    assert "limits.resin.lung" in shown.stdout
    assert "⚠ limits.resin.gastrointestinal_wall" in shown.stdout
    document = json.loads(run("site", "--json", "--case", tmp_path).stdout)
    figure = document["figures"]["limits.resin.lung"]
    assert (figure["value"], figure["unit"], figure["verified"]) == (30.0, "Gy", True)
    assert figure["source"]
    assert run("site").exit_code == 0


def test_the_digital_patient_is_carried_from_images_to_reports(
    tmp_path: Path,
) -> None:
    made = run("demo", "--out", tmp_path / "demo", "--json")
    assert made.exit_code == 0, made.stderr
    (about,) = json.loads(made.stdout)["cases"]
    assert about["truth"]
    assert (Path(about["report"]) / "report.pdf").is_file()
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "x.txt").write_text("mine")
    refused = run("demo", "--out", foreign)
    assert refused.exit_code == 2
    assert (foreign / "x.txt").read_text() == "mine"


def test_the_public_patients_are_carried_from_images_to_reports(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENSIRT_DATA", str(shared_data / "data" / "sirt_patients"))
    made = run("demo", "--patients", "--out", tmp_path / "demo", "--json")
    assert made.exit_code == 0, made.stderr
    cases = json.loads(made.stdout)["cases"]
    assert [one["case"] for one in cases] == ["patient-1", "patient-2"]
    for one in cases:
        assert (Path(one["report"]) / "results.json").is_file()
        assert one["findings"][0]["rule"] == "assumed"


def test_the_version_is_shown() -> None:
    assert __version__ in run("--version").stdout


def test_progress_is_seen_on_standard_error_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "_QUIET_S", 0.0)
    case = write_case(tmp_path / "case")
    done = run("verify", case, "--json")
    assert done.exit_code == 0
    json.loads(done.stdout)
    assert "s] verify …" in done.stderr
    monkeypatch.setattr(answer, "_QUIET_S", 1e6)
    assert run("verify", case, "--json").stderr == ""
