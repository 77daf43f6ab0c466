"""Laws of survival estimates: centres add up, order and scale do not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outcome_tables import cox_data, tied_times

from opensirt.domain.missing import Missing
from opensirt.outcomes.cox import CoxData, cox_sums, fit_cox, score_residuals
from opensirt.outcomes.cox_sums import add_risk_set_sums, cox_terms, risk_set_sums
from opensirt.outcomes.kaplan_meier import kaplan_meier
from opensirt.outcomes.likelihood import add_terms
from opensirt.outcomes.log_rank import log_rank, stratified_log_rank
from opensirt.outcomes.logistic import logistic_terms
from opensirt.outcomes.risk_table import add_risk_tables, risk_table

seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(seeds)
def test_risk_tables_of_centres_add_up_to_the_one_table(seed: int) -> None:
    times, _ = tied_times(seed)
    centre = np.arange(times.n) % 5
    parts = [risk_table(times.time[centre == c], times.event[centre == c]) for c in range(5)]
    whole, joined = risk_table(times.time, times.event), add_risk_tables(parts)
    for field in ("time", "at_risk", "events", "left"):
        np.testing.assert_array_equal(getattr(whole, field), getattr(joined, field))


@settings(deadline=None)
@given(seeds)
def test_cox_sums_of_centres_give_the_likelihood_of_the_one_table(seed: int) -> None:
    data = cox_data(seed)
    beta = np.array([0.3, -0.2])
    (whole,) = cox_sums(data, beta)
    centre = np.arange(data.times.n) % 5
    parts = [
        risk_set_sums(
            data.times.time[rows], data.times.event[rows], data.x[rows], beta, at=whole.time
        )
        for rows in (centre == c for c in range(5))
    ]
    one, joined = cox_terms(whole), cox_terms(add_risk_set_sums(parts))
    assert joined.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(joined.score, one.score, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(joined.information, one.information, rtol=1e-9)


@settings(deadline=None)
@given(seeds)
def test_logistic_terms_of_centres_add_up(seed: int) -> None:
    _, x = tied_times(seed)
    rng = np.random.default_rng(seed)
    outcome, beta = rng.integers(0, 2, len(x)).astype(float), np.array([0.3, -0.2])
    whole = logistic_terms(x, outcome, beta)
    joined = add_terms([logistic_terms(x[c::5], outcome[c::5], beta) for c in range(5)])
    assert joined.log_likelihood == pytest.approx(whole.log_likelihood)
    np.testing.assert_allclose(joined.score, whole.score, atol=1e-10)


@settings(deadline=None, max_examples=10)
@given(seeds)
def test_score_and_information_are_the_derivatives_of_the_likelihood(seed: int) -> None:
    data = cox_data(seed)
    beta, step = np.array([0.2, 0.4]), 1e-5

    def at(point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        terms = add_terms([cox_terms(one) for one in cox_sums(data, point)])
        return terms.log_likelihood, terms.score, terms.information

    _, score, information = at(beta)
    for j in range(2):
        shift = step * np.eye(2)[j]
        up, down = at(beta + shift), at(beta - shift)
        assert (up[0] - down[0]) / (2 * step) == pytest.approx(score[j], rel=1e-5, abs=1e-5)
        np.testing.assert_allclose((down[1] - up[1]) / (2 * step), information[j], rtol=1e-5)


@settings(deadline=None, max_examples=10)
@given(seeds)
def test_score_residuals_sum_to_a_score_of_zero_at_the_estimate(seed: int) -> None:
    data = cox_data(seed)
    fit = fit_cox(data)
    total = score_residuals(data, fit.coefficients.estimate).sum(axis=0)
    np.testing.assert_allclose(total, 0.0, atol=1e-6)


@settings(deadline=None, max_examples=10)
@given(seeds, st.floats(0.1, 50.0), st.permutations(range(120)))
def test_another_unit_and_another_order_change_no_hazard_ratio(
    seed: int, scale: float, order: list[int]
) -> None:
    data = cox_data(seed)
    rows = np.array(order)
    mixed = CoxData.of(data.times.rows(rows), data.x[rows] * [scale, 1.0], ("first", "second"))
    one, other = fit_cox(data).coefficients.estimate, fit_cox(mixed).coefficients.estimate
    np.testing.assert_allclose(other * [scale, 1.0], one, rtol=1e-7, atol=1e-9)


@settings(deadline=None)
@given(seeds)
def test_without_censoring_survival_is_the_part_still_alive(seed: int) -> None:
    time = np.random.default_rng(seed).integers(1, 30, 40).astype(float)
    curve = kaplan_meier(risk_table(time, np.ones(40)))
    for t in (0.0, 3.0, 7.5, 20.0):
        estimate = curve.at(t).estimate
        assert not isinstance(estimate, Missing)
        assert estimate == pytest.approx(np.mean(time > t), abs=1e-12)


def test_equal_groups_do_not_differ_and_one_stratum_is_no_stratum() -> None:
    times, x = tied_times(1)
    table = risk_table(times.time, times.event)
    assert log_rank([table, table]).test.statistic == pytest.approx(0.0, abs=1e-12)
    groups = [
        risk_table(times.time[rows], times.event[rows]) for rows in (x[:, 1] == 0, x[:, 1] == 1)
    ]
    assert stratified_log_rank([groups]).test.statistic == log_rank(groups).test.statistic
