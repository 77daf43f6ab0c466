"""Laws of pooling: what every data set obeys."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.outcomes.evidence.binomial_model import log_likelihood, pool_binomial
from opensirt.outcomes.evidence.effect import (
    RAW,
    Effects,
    back_from_double_arcsine,
    double_arcsine_proportions,
    log_ratios,
    logit_proportions,
)
from opensirt.outcomes.evidence.heterogeneity import ESTIMATORS, generalised_q
from opensirt.outcomes.evidence.medians import pool_medians
from opensirt.outcomes.evidence.pooling import HKSJ_PLAIN, pool
from opensirt.outcomes.evidence.sensitivity import subgroups
from opensirt.outcomes.evidence.small_study import asymmetry

estimates = st.lists(st.tuples(st.floats(-3.0, 3.0), st.floats(0.02, 2.0)), min_size=3, max_size=9)


def raw(pairs: list[tuple[float, float]]) -> Effects:
    return Effects(
        labels=tuple(str(one) for one in range(len(pairs))),
        estimate=np.array([one[0] for one in pairs]),
        variance=np.array([one[1] for one in pairs]),
        sizes=np.ones(len(pairs)),
        scale=RAW,
    )


def moved(effects: Effects, by: float, times: float) -> Effects:
    return Effects(
        labels=effects.labels,
        estimate=effects.estimate * times + by,
        variance=effects.variance * times**2,
        sizes=effects.sizes,
        scale=RAW,
    )


@settings(deadline=None)
@given(estimates, st.floats(-5, 5), st.floats(0.5, 4.0), st.sampled_from(sorted(ESTIMATORS)))
def test_another_origin_and_unit_move_the_estimate_with_them(
    pairs: list[tuple[float, float]], by: float, times: float, method: str
) -> None:
    first, second = (
        pool(raw(pairs), method=method),
        pool(moved(raw(pairs), by, times), method=method),
    )
    assert second.pooled.estimate == pytest.approx(
        first.pooled.estimate * times + by, rel=1e-5, abs=1e-5
    )
    assert second.heterogeneity.tau2 == pytest.approx(
        first.heterogeneity.tau2 * times**2, rel=1e-4, abs=1e-6
    )


@settings(deadline=None)
@given(estimates)
def test_the_order_of_studies_does_not_matter(pairs: list[tuple[float, float]]) -> None:
    first, second = pool(raw(pairs)), pool(raw(pairs[::-1]))
    assert first.pooled.estimate == pytest.approx(second.pooled.estimate, abs=1e-8)
    np.testing.assert_allclose(first.weights, second.weights[::-1], atol=1e-8)


@settings(deadline=None)
@given(st.floats(-3, 3), st.lists(st.floats(0.05, 2.0), min_size=2, max_size=8))
def test_studies_that_agree_have_no_variance_between_them(
    value: float, variances: list[float]
) -> None:
    for method in ESTIMATORS:
        fit = pool(raw([(value, one) for one in variances]), method=method)
        assert fit.heterogeneity.tau2 == pytest.approx(0.0, abs=1e-8)
        assert fit.heterogeneity.i2 == pytest.approx(0.0, abs=1e-8)
        assert fit.pooled.estimate == pytest.approx(value, abs=1e-8)


@settings(deadline=None)
@given(estimates)
def test_paule_mandel_makes_q_its_degrees_of_freedom(pairs: list[tuple[float, float]]) -> None:
    effects = raw(pairs)
    ones = np.ones((effects.k, 1))
    tau2 = ESTIMATORS["PM"](effects.estimate, effects.variance, ones)
    q = generalised_q(effects.estimate, effects.variance, tau2, ones)
    assert q == pytest.approx(effects.k - 1, rel=1e-6) or tau2 == 0.0
    assert q <= effects.k - 1 + 1e-6


@given(st.integers(1, 400), st.data())
def test_the_double_arcsine_of_a_proportion_turns_back(n: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, n))
    angle = double_arcsine_proportions(["a"], [x], [n]).estimate
    assert float(back_from_double_arcsine(angle, n)[0]) == pytest.approx(x / n, abs=1e-7)


@settings(deadline=None, max_examples=8)
@given(st.lists(st.tuples(st.integers(1, 19), st.just(20)), min_size=2, max_size=4))
def test_events_and_non_events_mirror_each_other(counts: list[tuple[int, int]]) -> None:
    x, n = [one[0] for one in counts], [one[1] for one in counts]
    labels = [str(one) for one in range(len(x))]
    first = pool_binomial(labels, x, n, profile=False)
    second = pool_binomial(labels, np.array(n) - np.array(x), n, profile=False)
    assert first.estimate == pytest.approx(-second.estimate, abs=2e-4)
    assert first.tau2 == pytest.approx(second.tau2, abs=2e-3)


def simpson(x: NDArray[np.float64], n: NDArray[np.float64], mu: float, tau: float) -> float:
    """Integrate the normal intercept on a fine grid: the slow twin of the quadrature."""
    from scipy.stats import binom, norm

    u = np.linspace(-36.0, 36.0, 12001)
    p = 1.0 / (1.0 + np.exp(-(mu + tau * u)))
    total = 0.0
    for one, of in zip(x, n, strict=True):
        heights = binom.pmf(one, of, p) * norm.pdf(u)
        total += float(np.log(np.trapezoid(heights, u)))
    return total


@settings(deadline=None, max_examples=20)
@given(st.floats(-3.0, 3.0), st.floats(0.0, 2.0))
def test_adaptive_quadrature_agrees_with_a_fine_grid(mu: float, tau: float) -> None:
    x, n = np.array([0.0, 9.0, 39.0]), np.array([12.0, 30.0, 40.0])
    assert log_likelihood(x, n, mu, tau) == pytest.approx(simpson(x, n, mu, tau), abs=2e-5)


def test_half_an_event_is_added_only_to_studies_on_the_edge() -> None:
    found = logit_proportions(["a", "b"], [0, 10], [20, 20])
    np.testing.assert_allclose(found.estimate, [np.log(0.5 / 20.5), 0.0], atol=1e-12)
    np.testing.assert_allclose(found.variance, [1 / 0.5 + 1 / 20.5, 0.2])


def test_hazard_ratios_from_intervals_pool_to_the_textbook_mean() -> None:
    """Two studies of equal error: the pooled log ratio is the mean, its variance half."""
    wide = np.exp(1.959964 * 0.2)
    effects = log_ratios(
        ["a", "b"], [0.5, 0.8], [0.5 / wide, 0.8 / wide], [0.5 * wide, 0.8 * wide], sizes=[1, 1]
    )
    fit = pool(effects, method="fixed", adjustment="normal")
    assert fit.back(fit.pooled.estimate) == pytest.approx(np.sqrt(0.4), rel=1e-6)
    assert fit.pooled.standard_error == pytest.approx(0.2 / np.sqrt(2.0), rel=1e-5)
    with pytest.raises(InputError, match="study a has 0.5 with the interval 0.6 to 1"):
        log_ratios(["a"], [0.5], [0.6], [1.0], sizes=[1])


def test_the_weighted_median_is_the_middle_of_the_weight() -> None:
    heavy = pool_medians(["a", "b", "c"], [10.0, 20.0, 30.0], [1.0, 1.0, 8.0])
    assert heavy.median == 30.0
    assert heavy.interval is Missing.NOT_ESTIMATED
    even = pool_medians(["a", "b", "c", "d"], [10.0, 20.0, 30.0, 40.0], None)
    assert even.median == 25.0
    many = pool_medians([str(one) for one in range(40)], np.arange(40.0), None)
    assert many.interval == (13.0, 26.0)  # binomial: 14th and 27th of 40 cover 95.2 %
    with pytest.raises(InputError, match="nobody in it"):
        pool_medians(["a"], [10.0], [0.0])


def test_groups_that_are_alike_do_not_differ() -> None:
    effects = raw([(0.1, 0.1), (0.3, 0.1), (0.1, 0.1), (0.3, 0.1)])
    found = subgroups(effects, ["x", "x", "y", "y"], by="device")
    assert not isinstance(found.difference, Missing)
    assert found.difference.p_value == pytest.approx(1.0, abs=1e-6)
    with pytest.raises(InputError, match="3 group names for 4 studies"):
        subgroups(effects, ["x", "x", "y"], by="device")


def test_a_symmetric_funnel_has_no_slope() -> None:
    spread = [0.05, 0.1, 0.2, 0.4]
    pairs = [(sign * 2.0 * one, one**2) for one in spread for sign in (-1.0, 1.0)]
    assert asymmetry(raw(pairs)).p_value == pytest.approx(1.0, abs=1e-6)


def test_studies_that_agree_by_chance_do_not_narrow_the_interval() -> None:
    effects = raw([(0.30, 0.04), (0.31, 0.04), (0.29, 0.04)])
    plain, ours = pool(effects, adjustment=HKSJ_PLAIN), pool(effects)
    assert plain.pooled.standard_error < 0.01
    assert ours.pooled.standard_error == pytest.approx(0.2 / np.sqrt(3.0), rel=1e-6)


def test_what_cannot_be_pooled_is_refused() -> None:
    with pytest.raises(InputError, match="no study to pool"):
        raw([])
    with pytest.raises(InputError, match="has the variance 0; wanted > 0"):
        raw([(0.1, 0.0)])
    with pytest.raises(InputError, match="1 study is too few"):
        pool_binomial(["a"], [1], [2])
    with pytest.raises(InputError, match="the log odds have no finite estimate"):
        pool_binomial(["a", "b"], [0, 0], [20, 30])
    with pytest.raises(UnknownNameError, match="unknown method of pooling 'SJ'; known: fixed, DL"):
        pool(raw([(0.1, 1.0), (0.2, 1.0)]), method="SJ")
    with pytest.raises(InputError, match="determine each other"):
        pool(raw([(0.1, 1.0)] * 4), moderators={"year": [1, 1, 1, 1]})
    with pytest.raises(InputError, match="2 studies cannot carry 2 coefficients"):
        pool(raw([(0.1, 1.0)] * 2), moderators={"year": [1, 2]})
    with pytest.raises(InputError, match="2 studies are too few for a test of asymmetry"):
        asymmetry(raw([(0.1, 1.0), (0.2, 1.0)]))
