"""Comparison of treatments and quality of life from the command line, on simulated tables."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from opensirt.cli import main
from opensirt.domain.analysis_table import Column, Variable, VariableKind
from opensirt.files.analysis_table_file import write_analysis_table
from opensirt.phantom.cohort import simulated_cohort
from opensirt.phantom.cohort_tables import patient_table, visit_table


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 900 patients, where those with much tumour seldom got SIRT, which changes nothing."""
    folder = tmp_path_factory.mktemp("cohort")
    cohort = simulated_cohort(900, seed=5)
    table = patient_table(cohort)
    burden = table["tumour_burden"].values
    chance = 1.0 / (1.0 + np.exp(9.0 * (burden - 0.3)))
    given = (np.random.default_rng(6).random(900) < chance).astype(np.float64)
    sirt = Variable(name="sirt", meaning="SIRT", kind=VariableKind.FLAG, source="drawn")
    write_analysis_table(
        folder / "patients.csv",
        replace(
            table,
            variables=(*table.variables, sirt),
            columns={**table.columns, "sirt": Column(given, np.zeros(900, dtype=np.uint8))},
        ),
    )
    write_analysis_table(folder / "visits.csv", visit_table(simulated_cohort(150, seed=5)))
    return folder


def asked(*words: str) -> str:
    done = CliRunner().invoke(main, ["cohort", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


COMPARE = ["--endpoint", "overall_survival", "--treatment", "sirt", "--covariate", "tumour_burden"]


def test_weights_balance_and_take_the_difference_away(tables: Path, tmp_path: Path) -> None:
    words = ["compare", str(tables / "patients.csv"), *COMPARE]
    found = json.loads(asked(*words, "--at", "365", "--json"))
    (row,) = found["balance"]
    assert abs(row["difference"]) > 0.4
    assert abs(row["difference_weighted"]) < 0.1
    assert found["balanced"] is True
    crude, weighted = found["hazard_ratio_as_it_was"], found["hazard_ratio_weighted"]
    assert crude["high"] < 1.0  # it looks as if SIRT helped
    assert weighted["low"] < 1.0 < weighted["high"]
    assert weighted["robust"] is True
    assert found["treated"]["n"] + found["control"]["n"] == found["n"] == 900
    assert found["treated"]["effective_n"] < found["treated"]["n"]
    once = found["treated"]["at"][0]
    assert once["weighted"]["estimate"] < once["as_it_was"]["estimate"]
    page = tmp_path / "c.html"
    said = asked(*words, "--out", str(page), "--plot", str(tmp_path / "c.svg"))
    for wanted in ("Effective n", "robust errors", "Beyond the other", "first radioembolization"):
        assert wanted in said
    assert "Overlap" in (tmp_path / "c.svg").read_text(encoding="utf-8")
    assert "Balance before and after weighting" in page.read_text(encoding="utf-8")


def test_levels_of_a_category_are_compared(tables: Path) -> None:
    words = ["compare", str(tables / "patients.csv"), "--endpoint", "overall_survival"]
    words += ["--treatment", "device", "--treated", "glass", "--against", "resin"]
    found = json.loads(asked(*words, "--covariate", "ecog", "--effect", "overlap", "--json"))
    assert found["n"] + found["other_treatments"] == 900
    assert found["other_treatments"] > 0
    assert "overlap weights" in found["estimand"]
    # The mark of overlap weights: means of a covariate of the model are the same.
    assert found["balance"][0]["difference_weighted"] == pytest.approx(0.0, abs=1e-6)


def test_quality_of_life_by_group_has_slopes_and_answers(tables: Path, tmp_path: Path) -> None:
    words = ["quality-of-life", str(tables / "visits.csv"), "--score", "global_score"]
    words += ["--time", "day", "--group", "whole_liver"]
    found = json.loads(asked(*words, "--json"))
    names = [one["name"] for one in found["columns"]]
    assert names[1] == "time, per year"
    assert names[-1].endswith("more per year")
    assert sum(one["n"] for one in found["visits"]) == found["n"]
    # The truth: 14 points between patients, 10 within them.
    assert 11.0 < found["sd_between_patients"] < 18.0
    assert 8.5 < found["sd_within_patients"] < 11.5
    page = tmp_path / "q.html"
    said = asked(*words, "--plot", str(tmp_path / "q.png"), "--out", str(page), "--one-slope")
    for wanted in ("absent at random", "Answered", "Days since first radioembolization"):
        assert wanted in said
    assert (tmp_path / "q.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compare", "{}/patients.csv", *COMPARE, "--treated", "x"], "is a flag"),
        (["compare", "{}/patients.csv", *COMPARE, "--covariate", "sirt"], "as well"),
        (
            ["compare", "{}/patients.csv", *COMPARE, "--covariate", "overall_survival_days"],
            "is the outcome",
        ),
        (
            ["compare", "{}/patients.csv", *COMPARE, "--endpoint", "time_to_next_treatment"],
            "has competing events",
        ),
        (["compare", "{}/patients.csv", *COMPARE, "--treatment", "device"], "name the treatment"),
        (["compare", "{}/patients.csv", *COMPARE, "--treatment", "ecog"], "a category or a flag"),
        (["compare", "{}/visits.csv", *COMPARE], "the rows are visits"),
        (
            ["quality-of-life", "{}/visits.csv", "--score", "whole_liver", "--time", "day"],
            "wanted a number",
        ),
        (
            ["quality-of-life", "{}/patients.csv", "--score", "age_years", "--time", "ecog"],
            "has no unit",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(tables: Path, words: list[str], message: str) -> None:
    done = CliRunner().invoke(main, ["cohort", *(one.format(tables) for one in words)])
    assert done.exit_code == 2, done.output
    assert message in done.stderr
