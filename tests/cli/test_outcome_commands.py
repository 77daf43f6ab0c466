"""Survival and dose–response from the command line, on simulated tables."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from opensirt.cli import main
from opensirt.errors import InputError
from opensirt.files.local_dose_model_file import read_local_dose_model

RESEARCH = "research software, not a certified medical device"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    done = CliRunner().invoke(
        main, ["cohort", "simulate", str(folder), "--patients", "120", "--seed", "2"]
    )
    assert done.exit_code == 0, done.output
    assert "lesions.dictionary.json" in done.output
    return folder


def asked(*words: str) -> str:
    done = CliRunner().invoke(main, ["cohort", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_survival_tells_definition_numbers_and_model(tables: Path, tmp_path: Path) -> None:
    figure, page = tmp_path / "os.svg", tmp_path / "os.html"
    words = ["survival", str(tables / "patients.csv"), "--endpoint", "overall_survival"]
    words += ["--group", "grade", "--covariate", "age_years", "--strata", "whole_liver"]
    words += ["--at", "365", "--plot", str(figure), "--out", str(page)]
    said = asked(*words)
    for wanted in ("first radioembolization", "not by imaging", "Median", "Log-rank test of grade"):
        assert wanted in said
    assert "Overall survival" in figure.read_text(encoding="utf-8")
    text = page.read_text(encoding="utf-8")
    assert RESEARCH in text
    assert "Case" not in text.split("<main>")[0].split("</style>")[1]


def test_survival_in_json_has_curves_test_and_ratios(tables: Path) -> None:
    words = ["survival", str(tables / "patients.csv"), "--json"]
    words += ["--endpoint", "time_to_hepatic_progression", "--group", "device"]
    found = json.loads(asked(*words, "--covariate", "grade", "--at", "365"))
    assert found["schema"] == "opensirt/cohort-survival/1"
    assert found["n"] == sum(one["n"] for one in found["groups"]) == 120
    assert found["comparison"]["name"] == "Gray"
    assert [one["name"] for one in found["cox"]["columns"]] == ["grade=G2", "grade=G3"]
    assert found["fine_gray"]["columns"][0]["hazard_ratio"]["low"] > 0
    assert found["groups"][0]["incidence"][1]["event"] == "death"
    assert 0 < found["groups"][0]["at"][0]["estimate"] < 1


def test_dose_response_is_fitted_kept_and_used_as_a_local_target(
    tables: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "model.json"
    words = ["dose-response", str(tables / "lesions.csv"), "--dose", "local_gy"]
    words += ["--outcome", "objective_response", "--where", "device == 'resin'", "--draws", "60"]
    words += ["--levels", "response", "--compare", "planned_gy", "--out", str(tmp_path / "d.pdf")]
    words += ["--save-model", str(kept), "--device", "resin", "--radionuclide", "Y-90"]
    words += ["--dose-method", "local", "--dose-from", "measured", "--time-point", "3 months"]
    said = asked(*words, "--by", "a tester")
    for wanted in ("profile-likelihood", "patients ignored", "Youden", "planned_gy", "PD|SD"):
        assert wanted in said
    assert (tmp_path / "d.pdf").read_bytes().startswith(b"%PDF")
    model = read_local_dose_model(kept)
    assert (model.made_by, len(model.table_sha256)) == ("a tester", 64)
    target = ["local-target", str(kept), "--chance", "0.6", "--dose-method", "local"]
    assert "not externally validated" in asked(*target, "--device", "resin")
    found = json.loads(asked(*target, "--device", "resin", "--json"))["target"]
    assert found["verified"] is False
    assert found["low_gy"] < found["dose_gy"] < found["high_gy"]
    refused = CliRunner().invoke(main, ["cohort", *target, "--device", "glass"])
    assert refused.exit_code == 1
    assert "not valid for another" in refused.stderr


def test_complications_are_fitted_to_patients_only(tables: Path) -> None:
    refused = CliRunner().invoke(
        main,
        [
            "cohort",
            "dose-response",
            str(tables / "lesions.csv"),
            "--dose",
            "local_gy",
            "--outcome",
            "objective_response",
            "--complication",
        ],
    )
    assert refused.exit_code == 2
    assert "one row for each patient" in refused.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["survival", "{}/patients.csv"], "name one \\(--endpoint\\)"),
        (["survival", "{}/patients.csv", "--endpoint", "x"], "unknown endpoint 'x'"),
        (["survival", "{}/none.csv", "--endpoint", "x"], "there is no analysis table"),
        (["survival", "{}/patients.csv", "--db", "x.db"], "not both"),
        (
            ["dose-response", "{}/lesions.csv", "--dose", "diameter_mm", "--outcome", "x"],
            "wanted Gy",
        ),
        (
            ["dose-response", "{}/lesions.csv", "--dose", "local_gy", "--outcome", "response"],
            "wanted a flag",
        ),
    ],
)
def test_what_cannot_be_analysed_is_told(tables: Path, words: list[str], message: str) -> None:
    done = CliRunner().invoke(main, ["cohort", *(one.format(tables) for one in words)])
    assert done.exit_code == 2
    import re

    assert re.search(message, done.stderr)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(InputError, match="wanted a JSON object"):
        read_local_dose_model(tmp_path / "x.json")
    with pytest.raises(InputError, match="there is no dose model"):
        read_local_dose_model(tmp_path / "none.json")


def test_a_figure_and_a_page_have_known_suffixes(tables: Path, tmp_path: Path) -> None:
    words = ["survival", str(tables / "patients.csv"), "--endpoint", "overall_survival"]
    done = CliRunner().invoke(main, ["cohort", *words, "--plot", str(tmp_path / "a.bmp")])
    assert done.exit_code == 2
    assert ".png or .svg" in done.stderr


def test_who_was_analysed_is_described_by_group(tables: Path, tmp_path: Path) -> None:
    words = ["describe", str(tables / "patients.csv"), "--group", "whole_liver"]
    words += ["--column", "age_years", "--column", "grade", "--column", "female"]
    said = asked(*words, "--out", str(tmp_path / "t.html"))
    for wanted in ("Standardised difference", "grade: G3", "age_years (a)", "female: yes"):
        assert wanted in said
    assert "Baseline" in (tmp_path / "t.html").read_text(encoding="utf-8")
    found = json.loads(asked(*words, "--json"))["table"]
    assert sum(found["groups"].values()) == 120
