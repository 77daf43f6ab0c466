"""Competing risks, landmarks and restricted means: known answers and refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outcome_tables import endpoint

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.cox import CoxData, fit_cox
from opensirt.outcomes.cumulative_incidence import cumulative_incidence
from opensirt.outcomes.fine_gray import fit_fine_gray
from opensirt.outcomes.gray import gray_test
from opensirt.outcomes.kaplan_meier import kaplan_meier
from opensirt.outcomes.landmark import at_landmark
from opensirt.outcomes.restricted_mean import restricted_mean, restricted_mean_difference
from opensirt.outcomes.risk_table import risk_table
from opensirt.outcomes.times import EventTimes, event_times


def rivals(seed: int, n: int = 150) -> EventTimes:
    rng = np.random.default_rng(seed)
    latent = np.vstack([rng.uniform(2, 40, n), rng.exponential(15, n), rng.exponential(25, n)])
    return EventTimes(
        endpoint=endpoint(),
        time=np.ceil(latent.min(axis=0)),
        code=latent.argmin(axis=0),
        competing=("death",),
    )


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_incidences_and_survival_without_any_event_sum_to_one(seed: int) -> None:
    times = rivals(seed)
    one, two = (cumulative_incidence(times, cause=c) for c in (1, 2))
    alive = kaplan_meier(risk_table(times.time, times.code > 0)).survival
    np.testing.assert_allclose(one.incidence + two.incidence + alive, 1.0, atol=1e-12)


def test_without_rivals_incidence_is_one_minus_survival() -> None:
    times = rivals(4)
    alone = event_times(endpoint(), times.time, times.code == 1)
    curve = kaplan_meier(risk_table(alone.time, alone.event))
    found = cumulative_incidence(alone)
    np.testing.assert_allclose(found.incidence, 1.0 - curve.survival, atol=1e-12)
    table = curve.table
    log_variance = np.cumsum(table.events / (table.at_risk * (table.at_risk - table.events)))
    greenwood = curve.survival * np.sqrt(log_variance)
    seen = curve.survival > 0
    np.testing.assert_allclose(found.standard_error[seen], greenwood[seen], atol=1e-12)


def test_one_minus_kaplan_meier_overstates_incidence_where_death_competes() -> None:
    times = rivals(5)
    naive = 1.0 - kaplan_meier(risk_table(times.time, times.event)).survival
    assert np.all(naive >= cumulative_incidence(times).incidence - 1e-12)
    assert naive[-1] > cumulative_incidence(times).incidence[-1] + 0.05


def test_without_rivals_fine_gray_is_cox() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=200)
    times = event_times(endpoint(), rng.exponential(np.exp(-x)), rng.random(200) < 0.7)
    cox = fit_cox(CoxData.of(times, x, ("x",)))
    own = fit_fine_gray(times, x, ("x",))
    assert own.coefficients.estimate == pytest.approx(cox.coefficients.estimate, rel=1e-9)


def test_grays_test_finds_a_difference_and_none_between_copies() -> None:
    times = rivals(7, 400)
    faster = EventTimes(
        endpoint=times.endpoint,
        time=np.ceil(times.time / 3),
        code=times.code,
        competing=times.competing,
    )
    assert gray_test([times, times]).statistic == pytest.approx(0.0, abs=1e-12)
    assert gray_test([times, faster]).p < 1e-4
    with pytest.raises(InputError, match="two or more groups"):
        gray_test([times])


def test_incidence_beyond_the_last_observation_is_missing() -> None:
    times = EventTimes(
        endpoint=endpoint(),
        time=np.array([1.0, 2.0, 3.0]),
        code=np.array([1, 2, 0]),
        competing=("death",),
    )
    found = cumulative_incidence(times)
    assert found.at(0.5).estimate == 0.0
    assert found.at(2.5).estimate == pytest.approx(1 / 3)
    assert found.at(9.0).estimate is Missing.NOT_EVALUABLE
    with pytest.raises(InputError, match="event code 3"):
        cumulative_incidence(times, cause=3)


def test_the_restricted_mean_of_known_deaths_is_their_mean() -> None:
    curve = kaplan_meier(risk_table([2.0, 4.0, 9.0], [1, 1, 1]))
    assert restricted_mean(curve, 6.0).estimate == pytest.approx((2 + 4 + 6) / 3)
    assert restricted_mean(curve, 50.0).estimate == pytest.approx(5.0)
    same = restricted_mean(curve, 6.0)
    assert restricted_mean_difference(same, same).p == pytest.approx(1.0)
    with pytest.raises(InputError, match="horizons 6 and 5 differ"):
        restricted_mean_difference(same, restricted_mean(curve, 5.0))
    with pytest.raises(InputError, match="last observation is at 3"):
        restricted_mean(kaplan_meier(risk_table([1.0, 3.0], [1, 0])), 4.0)


def test_responders_known_late_are_refused_at_an_early_landmark() -> None:
    times = event_times(endpoint(), [30.0, 100.0, 200.0, 300.0], [1, 1, 0, 1])
    with pytest.raises(InputError, match="immortal time"):
        at_landmark(times, 60.0, known_at=[np.nan, 90.0, 60.0, 60.0])
    kept = at_landmark(times, 90.0, known_at=[np.nan, 90.0, 60.0, 60.0])
    assert kept.times.time.tolist() == [10.0, 110.0, 210.0]
    assert (kept.earlier_events, kept.earlier_censored) == (1, 0)
    assert "landmark 90 days after" in kept.times.endpoint.sentence
    with pytest.raises(InputError, match="nobody is under observation"):
        at_landmark(times, 400.0, known_at=[1.0, 1.0, 1.0, 1.0])


def test_a_landmark_takes_away_the_advantage_of_immortal_time() -> None:
    """Response without any effect: responders seem to live longer until the landmark is used."""
    rng = np.random.default_rng(11)
    n = 4000
    death = rng.exponential(400.0, n)
    response_day = rng.uniform(0.0, 500.0, n)
    responder = response_day < death
    naive = CoxData.of(event_times(endpoint(), death, np.ones(n)), responder, ("responder",))
    assert fit_cox(naive).hazard_ratio[0] < 0.7
    landmark = 180.0
    known = np.where(response_day <= landmark, response_day, landmark)
    kept = at_landmark(event_times(endpoint(), death, np.ones(n)), landmark, known_at=known)
    by_then = response_day[kept.rows] <= landmark
    fair = fit_cox(CoxData.of(kept.times, by_then, ("responder by day 180",)))
    low, high = fair.hazard_ratio_interval()[0]
    assert low < 1.0 < high
