"""Delayed entry and a state that begins during follow-up: against lifelines, and its law."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from lifelines import CoxPHFitter, CoxTimeVaryingFitter
from outcome_tables import endpoint, tied_times

from opensirt.cli import main
from opensirt.errors import InputError
from opensirt.files.analysis_table_file import write_analysis_table
from opensirt.outcomes.cox import CoxData, fit_cox, score_residuals
from opensirt.outcomes.time_dependent import split_at, state_effect
from opensirt.outcomes.times import event_times
from opensirt.phantom.cohort import simulated_cohort
from opensirt.phantom.cohort_tables import patient_table


def test_delayed_entry_agrees_with_lifelines() -> None:
    times, x = tied_times(3, 200)
    entry = np.floor(np.random.default_rng(9).uniform(0.0, 0.9, 200) * times.time)
    data = CoxData.of(times, x, ("first", "second"), entry=entry)
    found = fit_cox(data)
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "entry": entry})
    frame["time"], frame["event"] = times.time, times.event
    theirs = CoxPHFitter().fit(frame, "time", "event", entry_col="entry")
    np.testing.assert_allclose(found.coefficients.estimate, theirs.params_, rtol=1e-5)
    np.testing.assert_allclose(
        np.sqrt(np.diag(found.coefficients.covariance)), theirs.standard_errors_, rtol=1e-5
    )
    assert found.log_likelihood == pytest.approx(theirs.log_likelihood_, rel=1e-8)
    residuals = score_residuals(data, found.coefficients.estimate)
    np.testing.assert_allclose(residuals.sum(axis=0), 0.0, atol=1e-7)
    with pytest.raises(InputError, match="no earlier than they end"):
        CoxData.of(times, x, ("first", "second"), entry=times.time)


def test_a_state_that_begins_agrees_with_a_fit_of_another_kind() -> None:
    rng = np.random.default_rng(4)
    n = 300
    begins = np.where(rng.random(n) < 0.6, np.ceil(rng.exponential(20.0, n)), np.nan)
    time = np.ceil(rng.exponential(30.0, n))
    parts = split_at(event_times(endpoint(), time, rng.random(n) < 0.7), begins)
    found = fit_cox(CoxData.of(parts.times, parts.state, ("state",), entry=parts.entry))
    frame = pd.DataFrame({"id": parts.rows, "start": parts.entry, "stop": parts.times.time})
    frame["event"], frame["state"] = parts.times.event, parts.state.astype(float)
    theirs = CoxTimeVaryingFitter().fit(frame, event_col="event", id_col="id")
    assert found.coefficients.estimate[0] == pytest.approx(theirs.params_["state"], rel=1e-5)
    error = float(np.sqrt(found.coefficients.covariance[0, 0]))
    assert error == pytest.approx(theirs.standard_errors_["state"], rel=1e-5)
    assert parts.times.time[parts.rows == 0].max() == time[0]


def test_time_before_the_state_does_not_count_for_it() -> None:
    """A response without any effect: taken as known at the origin it seems to help much."""
    rng = np.random.default_rng(11)
    n = 3000
    death, response = rng.exponential(400.0, n), rng.uniform(0.0, 500.0, n)
    begins = np.where(response < death, response, np.nan)
    times = event_times(endpoint(), death, np.ones(n))
    naive = fit_cox(CoxData.of(times, ~np.isnan(begins), ("state",)))
    assert naive.hazard_ratio_interval()[0, 1] < 0.7
    parts = split_at(times, begins)
    fair = fit_cox(CoxData.of(parts.times, parts.state, ("state",), entry=parts.entry))
    low, high = fair.hazard_ratio_interval()[0]
    assert low < 1.0 < high


def test_a_table_is_analysed_and_the_command_answers(tmp_path: Path) -> None:
    table = patient_table(simulated_cohort(300, seed=8))
    found = state_effect(
        table, "overall_survival", "liver_toxicity", "liver_toxicity_day", covariates=["grade"]
    )
    assert found.cox.coefficients.names[0] == "liver_toxicity"
    day = table["liver_toxicity_day"].values  # noqa: PD011 - of our own column
    end = table.numbers("overall_survival_days")
    assert found.n_with_state == int((day < end).sum())
    assert found.participants[-1].n == found.n == 300
    for wrong, words in (
        ({"state": "age_years"}, "wanted a flag"),
        ({"covariates": ["responding_fraction"]}, "immortal time"),
        ({"day": "age_years"}, "one unit of time"),
    ):
        asked = {"state": "liver_toxicity", "day": "liver_toxicity_day", **wrong}
        with pytest.raises(InputError, match=words):
            state_effect(table, "overall_survival", **asked)  # type: ignore[arg-type]
    write_analysis_table(tmp_path / "t.csv", table)
    command = ["cohort", "state", str(tmp_path / "t.csv"), "--endpoint", "overall_survival"]
    command += ["--state", "liver_toxicity", "--day", "liver_toxicity_day"]
    page = tmp_path / "state.html"
    done = CliRunner().invoke(main, [*command, "--out", str(page)])
    assert done.exit_code == 0, done.output
    assert "liver_toxicity" in page.read_text()
    told = json.loads(CliRunner().invoke(main, [*command, "--json"]).stdout)
    assert told["columns"][0]["name"] == "liver_toxicity"
    assert told["participants"][-1]["patients"] == 300
