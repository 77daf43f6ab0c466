"""Laws of drawing, of intervals, and of places that are measured together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.uncertainty import DoseInterval
from opensirt.errors import InputError
from opensirt.physics.pooling import (
    Displacement,
    common,
    elsewhere,
    measured,
    spread_between_mm2,
    with_the_others,
)
from opensirt.physics.sampling import even_draws, factors, interval, normal, normal_within

SEEDS = st.integers(0, 1000)
SPREADS = st.floats(0.05, 20.0)
PLACES = st.lists(st.floats(-5.0, 5.0), min_size=3, max_size=3)


def placed(mean: list[float], spread_mm: float) -> Displacement:
    return Displacement(mean_mm=np.array(mean), covariance_mm2=np.eye(3) * spread_mm**2)


@given(SEEDS, st.integers(1, 7))
def test_draws_lie_inside_the_cube_and_are_even(seed: int, dimensions: int) -> None:
    made = even_draws(64, dimensions, seed=seed)
    assert ((made > 0) & (made < 1)).all()
    for column in made.T:
        assert np.histogram(column, bins=4, range=(0, 1))[0].min() >= 15


@given(SEEDS, PLACES, SPREADS)
def test_a_cut_off_distribution_stays_in_its_box(
    seed: int, mean: list[float], spread_mm: float
) -> None:
    made = normal_within(even_draws(32, 3, seed=seed), np.array(mean), np.eye(3) * spread_mm**2, 5)
    assert np.abs(made).max() <= 5


def test_little_cut_off_is_normal_and_much_is_even() -> None:
    uniform = even_draws(4096, 3, seed=1)
    covariance = np.array([[0.5, 0.2, 0.0], [0.2, 0.4, -0.1], [0.0, -0.1, 0.3]])
    drawn = normal_within(uniform, np.array([1.0, 0.0, -1.0]), covariance, 8.0)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.01)
    np.testing.assert_allclose(drawn.mean(axis=0), (1.0, 0.0, -1.0), atol=0.01)
    wide = normal_within(uniform, np.zeros(3), np.eye(3) * 1e6, 5.0)
    np.testing.assert_allclose(wide.std(axis=0), 5 / 3**0.5, rtol=0.01)


@given(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=60), st.floats(0.5, 0.99))
def test_an_interval_holds_its_estimate_and_grows_with_the_probability(
    values: list[float], probability: float
) -> None:
    middle, low, high = interval(values, probability)
    assert min(values) <= low <= middle <= high <= max(values)
    _, wider_low, wider_high = interval(values, (1 + probability) / 2)
    assert wider_low <= low
    assert wider_high >= high


def test_factors_spread_as_their_root_sum_of_squares() -> None:
    made = factors([0.03, 0.04], 2001)
    assert made.mean() == pytest.approx(1.0)
    assert made.std() == pytest.approx(0.05, rel=0.01)
    assert (factors([], 5) == 1).all()
    assert normal(np.array([0.5]))[0] == 0


@given(st.lists(PLACES, min_size=2, max_size=6), st.floats(0.2, 2.0))
def test_pooling_never_makes_a_place_less_sure(means: list[list[float]], spread_mm: float) -> None:
    places = [placed(mean, spread_mm) for mean in means]
    between = spread_between_mm2(places, at_least_mm2=0.25)
    assert between >= 0.25
    for own, made in zip(places, with_the_others(places, between), strict=True):
        gain = np.linalg.eigvalsh(own.covariance_mm2 - made.covariance_mm2)
        assert gain.min() > 0
    rest = elsewhere(places, between)
    shared = common(places, between)
    np.testing.assert_allclose(rest.mean_mm, shared.mean_mm)
    assert np.trace(rest.covariance_mm2) > np.trace(shared.covariance_mm2)


def test_places_that_agree_are_taken_together_and_others_left_alone() -> None:
    agreeing = [placed([1.0, 2.0, 3.0], 1.0) for _ in range(4)]
    assert spread_between_mm2(agreeing, at_least_mm2=0.01) == 0.01
    (first, *_) = with_the_others(agreeing, 0.01)
    assert np.sqrt(first.covariance_mm2[0, 0]) == pytest.approx(0.5, rel=0.02)
    apart = [placed([x, 0.0, 0.0], 0.1) for x in (-4.0, 0.0, 4.0)]
    between = spread_between_mm2(apart, at_least_mm2=0.01)
    assert between > 3
    made = with_the_others(apart, between)
    np.testing.assert_allclose(made[0].mean_mm, apart[0].mean_mm, atol=0.05)


def test_a_place_alone_is_only_what_it_says_itself() -> None:
    (own,) = places = [measured(np.array([1.0, 0.0, 0.0]), np.diag([4.0, 1.0, 0.0]))]
    assert spread_between_mm2(places, at_least_mm2=0.3) == 0.3
    (made,) = with_the_others(places, 0.3)
    assert made is own
    assert own.covariance_mm2[0, 0] == pytest.approx(0.25, rel=1e-3)
    assert own.covariance_mm2[2, 2] == pytest.approx(1e4)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="power of two"):
        even_draws(100, 2, seed=1)
    with pytest.raises(InputError, match="between 0 and 1"):
        interval([1.0, 2.0], 1.0)
    with pytest.raises(InputError, match="holds its estimate"):
        DoseInterval(estimate_gy=3.0, low_gy=1.0, high_gy=2.0)
