"""Survival estimates against lifelines, and what they refuse."""

import lifelines
import numpy as np
import pandas as pd
import pytest
from lifelines.statistics import multivariate_logrank_test
from outcome_tables import cox_data, endpoint, tied_times

from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.outcomes.cox import CoxData, baseline_hazard, fit_cox
from opensirt.outcomes.endpoint import Endpoint, endpoint_names, endpoint_rule
from opensirt.outcomes.kaplan_meier import kaplan_meier
from opensirt.outcomes.log_rank import log_rank
from opensirt.outcomes.logistic import fit_logistic
from opensirt.outcomes.risk_table import risk_table
from opensirt.outcomes.schoenfeld import proportional_hazards_test
from opensirt.outcomes.times import event_times, times_from_course


def test_kaplan_meier_agrees_with_lifelines() -> None:
    times, _ = tied_times(3)
    own = kaplan_meier(risk_table(times.time, times.event))
    theirs = lifelines.KaplanMeierFitter().fit(times.time, times.event)
    at = [5.0, 12.0, 30.0]
    bounds = theirs.confidence_interval_survival_function_
    for t in at:
        found = own.at(t)
        assert found.estimate == pytest.approx(float(theirs.predict(t)), rel=1e-10)
        low, high = bounds.loc[bounds.index <= t].iloc[-1]
        assert [found.low, found.high] == pytest.approx([low, high])
    assert own.quantile(0.5).estimate == theirs.median_survival_time_
    np.testing.assert_array_equal(own.at_risk(at), [(times.time >= t).sum() for t in at])


def test_log_rank_and_cox_agree_with_lifelines() -> None:
    data = cox_data(4)
    groups = [
        risk_table(data.times.time[data.x[:, 1] == g], data.times.event[data.x[:, 1] == g])
        for g in (0, 1)
    ]
    theirs = multivariate_logrank_test(data.times.time, data.x[:, 1], data.times.event)
    found = log_rank(groups).test
    assert found.statistic == pytest.approx(theirs.test_statistic)
    assert found.p == pytest.approx(theirs.p_value)
    frame = pd.DataFrame(data.x, columns=data.names).assign(
        time=data.times.time, event=data.times.event
    )
    model = lifelines.CoxPHFitter().fit(frame, "time", "event")
    own = fit_cox(data)
    np.testing.assert_allclose(own.coefficients.estimate, model.params_, rtol=1e-5)
    np.testing.assert_allclose(own.coefficients.standard_error, model.standard_errors_, rtol=1e-5)
    assert own.log_likelihood == pytest.approx(model.log_likelihood_, rel=1e-9)


def test_a_hazard_that_changes_with_time_is_found() -> None:
    rng = np.random.default_rng(8)
    group = rng.integers(0, 2, 600).astype(float)
    shape = np.where(group == 1, 3.0, 0.7)  # Weibull hazards that cross
    times = event_times(endpoint(), 10 * rng.weibull(shape), np.ones(600))
    data = CoxData.of(times, group, ("group",))
    assert proportional_hazards_test(data, fit_cox(data)).overall.p < 1e-6
    with pytest.raises(UnknownNameError, match="transform of time"):
        proportional_hazards_test(data, fit_cox(data), transform="cube")


def test_the_baseline_hazard_is_that_of_the_reference_patient() -> None:
    rng = np.random.default_rng(9)
    x = rng.normal(50.0, 10.0, 4000)
    times = event_times(endpoint(), rng.exponential(1 / (0.02 * np.exp(0.03 * x))), np.ones(4000))
    data = CoxData.of(times, x, ("age",))
    moments, hazard = baseline_hazard(data, fit_cox(data))
    early = moments < 10.0
    assert hazard[early][-1] == pytest.approx(0.02 * moments[early][-1], rel=0.25)


def test_a_median_that_was_not_reached_is_missing() -> None:
    curve = kaplan_meier(risk_table([1.0, 2.0, 3.0, 4.0], [1, 0, 0, 0]))
    assert curve.quantile(0.5).estimate is Missing.NOT_EVALUABLE
    assert curve.at(9.0).estimate is Missing.NOT_EVALUABLE


def test_weighted_survival_ends_at_zero_where_the_last_one_dies() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        weight = rng.uniform(0.3, 3.0, 12).round(2)
        curve = kaplan_meier(risk_table(np.arange(12) // 2, np.arange(12) > 4, weight=weight))
        assert curve.survival[-1] == 0.0
        assert 0.0 < curve.survival[-2] < 1.0


def test_a_level_step_at_one_half_gives_its_middle() -> None:
    curve = kaplan_meier(risk_table([1.0, 2.0, 5.0, 6.0], [1, 1, 1, 1]))
    assert curve.quantile(0.5).estimate == 3.5


def test_what_cannot_be_estimated_is_refused() -> None:
    times, x = tied_times(1)
    with pytest.raises(InputError, match="column constant has one value only"):
        CoxData.of(times, np.ones(times.n), ("constant",))
    with pytest.raises(InputError, match="column twice repeats"):
        CoxData.of(times, np.column_stack([x[:, 0], 2 * x[:, 0]]), ("once", "twice"))
    gap = x[:, 0].copy()
    gap[3] = np.nan
    with pytest.raises(InputError, match="column age lacks 1 of 120"):
        CoxData.of(times, gap, ("age",))
    dead = event_times(endpoint(), times.time, times.event)
    apart = np.where(dead.event, 1.0, 0.0)
    with pytest.raises(InputError, match="no finite estimate of apart"):
        fit_cox(CoxData.of(dead, apart, ("apart",)))
    with pytest.raises(InputError, match="no finite estimate of apart"):
        fit_logistic(apart, apart, ("apart",))
    with pytest.raises(InputError, match="no event was seen"):
        fit_cox(CoxData.of(event_times(endpoint(), times.time, 0 * times.time), x, ("a", "b")))
    with pytest.raises(InputError, match="before the origin"):
        event_times(endpoint(), [-1.0, 2.0], [1, 0])
    with pytest.raises(InputError, match="event codes .*have no meaning"):
        event_times(endpoint(), [1.0, 2.0], [2, 0])
    with pytest.raises(InputError, match="log-rank: no event"):
        table = risk_table([1.0, 2.0], [0, 0])
        log_rank([table, table])
    with pytest.raises(InputError, match="does not state its origin"):
        Endpoint(name="x", title="X", event="e", origin=" ", censoring="c", source="s")


COURSE = {
    "death": [np.nan, 400.0, 90.0, np.nan, np.nan],
    "last_contact": [700.0, 400.0, 90.0, np.nan, 50.0],
    "last_imaging": [650.0, 200.0, np.nan, np.nan, np.nan],
    "progression": [300.0, np.nan, np.nan, np.nan, np.nan],
    "hepatic_progression": [500.0, np.nan, np.nan, np.nan, np.nan],
    "next_treatment": [310.0, 250.0, np.nan, np.nan, np.nan],
}


@pytest.mark.parametrize(
    ("name", "time", "code", "left_out"),
    [
        ("overall_survival", [700, 400, 90, 50], [0, 1, 1, 0], 1),
        ("progression_free_survival", [300, 400, 90, 0, 0], [1, 1, 1, 0, 0], 0),
        ("hepatic_progression_free_survival", [500, 400, 90, 0, 0], [1, 1, 1, 0, 0], 0),
        ("time_to_hepatic_progression", [500, 400, 90, 0, 0], [1, 2, 2, 0, 0], 0),
        ("time_to_next_treatment", [310, 250, 90, 50], [1, 1, 2, 0], 1),
        ("time_untreated", [310, 250, 90, 50], [1, 1, 1, 0], 1),
    ],
)
def test_days_of_a_course_become_each_endpoint(
    name: str, time: list[float], code: list[int], left_out: int
) -> None:
    made = times_from_course(
        endpoint_rule(name),
        COURSE,
        origin="first radioembolization",
        source="made by the test",
        criterion="RECIST 1.1",
    )
    assert made.times.time.tolist() == time
    assert made.times.code.tolist() == code
    assert sum(made.left_out.values()) == left_out
    assert "first radioembolization" in made.times.endpoint.sentence


def test_every_endpoint_has_a_rule_and_a_missing_column_is_named() -> None:
    assert len(endpoint_names()) == 6
    with pytest.raises(InputError, match="last_imaging not given"):
        times_from_course(
            endpoint_rule("progression_free_survival"),
            {"death": [1.0], "progression": [1.0]},
            origin="o",
            source="s",
            criterion="RECIST 1.1",
        )
    with pytest.raises(UnknownNameError, match="endpoint"):
        endpoint_rule("survival")
