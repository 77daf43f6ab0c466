"""Response and toxicity from the command line, on simulated tables."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from opensirt.cli import main
from opensirt.files.analysis_table_file import read_analysis_table


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    words = ["cohort", "simulate", str(folder), "--patients", "150", "--seed", "3"]
    assert CliRunner().invoke(main, words).exit_code == 0
    return folder


def asked(*words: str) -> str:
    done = CliRunner().invoke(main, ["cohort", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


TOXICITY = ["--event", "liver_toxicity", "--day", "liver_toxicity_day", "--term", "liver toxicity"]
TOXICITY += ["--grade", "3", "--ctcae", "v5", "--survival", "overall_survival"]


def test_response_states_every_denominator_of_lesions(tables: Path, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    words = ["response", str(tables / "lesions.csv"), "--response", "response"]
    said = asked(*words, "--group", "device", "--out", str(page), "--plot", str(tmp_path / "r.svg"))
    for wanted in ("all rows", "evaluable", "not done", "By patient", "RECIST 1.1", "lesion, n"):
        assert wanted in said
    assert "Denominators" in page.read_text(encoding="utf-8")
    found = json.loads(asked(*words, "--json"))
    table = read_analysis_table(tables / "lesions.csv")
    values = table["response"].values[table["response"].present]
    (one,) = found["rates"]
    assert found["unit_of_analysis"] == "lesion"
    assert one["all_rows"] == table.n_rows
    assert one["evaluable"] == len(values)
    objective = one["of_evaluable"]["objective_response"]
    assert objective["count"] == int(np.isin(values, ("CR", "PR")).sum())
    low, high = one["clustered_by_patient"]["objective_response"]
    assert low < objective["wilson"][0] < objective["fraction"] < objective["wilson"][1] < high


def test_toxicity_competes_with_death(tables: Path, tmp_path: Path) -> None:
    words = ["toxicity", str(tables / "patients.csv"), *TOXICITY, "--at", "90"]
    said = asked(*words, "--group", "whole_liver", "--plot", str(tmp_path / "t.png"))
    for wanted in ("death without it", "CTCAE v5", "first radioembolization", "Gray test"):
        assert wanted in said
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")
    (group,) = json.loads(asked(*words, "--json"))["groups"]
    table = read_analysis_table(tables / "patients.csv")
    assert group["n"] == 150
    assert group["ever"]["count"] == int(table["liver_toxicity"].values.sum())
    assert group["ever"]["count"] + group["deaths_without_it"] + group["censored"] == 150
    assert 0 < group["at"][0]["low"] < group["at"][0]["estimate"] < group["at"][0]["high"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["response", "{}/patients.csv", "--response", "grade"], "wanted a category of responses"),
        (["response", "{}/patients.csv", "--response", "age_years"], "kind number"),
        (["toxicity", "{}/lesions.csv", *TOXICITY], "the rows are lesions"),
        (
            ["toxicity", "{}/patients.csv", *TOXICITY, "--day", "age_years"],
            "wanted days",
        ),
        (
            ["toxicity", "{}/patients.csv", *TOXICITY, "--event", "prior_prrt"],
            "and no event in prior_prrt",
        ),
        (
            ["toxicity", "{}/patients.csv", *TOXICITY, "--survival", "time_to_next_treatment"],
            "has competing events",
        ),
    ],
)
def test_what_is_no_rate_is_refused(tables: Path, words: list[str], message: str) -> None:
    done = CliRunner().invoke(main, ["cohort", *(one.format(tables) for one in words)])
    assert done.exit_code == 2
    assert message in done.stderr
