"""Proportions: the counts of published series and the limits of their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.response import ResponseCategory
from opensirt.errors import InputError
from opensirt.outcomes.proportion import clustered_wilson, proportion, response_proportions

# Verified counts of neuroendocrine series with their Wilson intervals in percent (Frilling,
# Braat after PRRT, Su, Tomozawa, Zuckerman), as computed independently for this project.
COUNTS = [
    (14, 24, 38.8, 75.5),
    (21, 24, 69.0, 95.7),
    (0, 24, 0.0, 13.8),
    (15, 23, 44.9, 81.2),
    (1, 44, 0.4, 11.8),
    (22, 39, 41.0, 70.7),
    (4, 15, 10.9, 52.0),
    (15, 52, 18.3, 42.3),
    (4, 52, 3.0, 18.2),
    (8, 39, 10.8, 35.5),
    (2, 39, 1.4, 16.9),
    (3, 59, 1.7, 13.9),
]


@pytest.mark.parametrize(("count", "of", "low", "high"), COUNTS)
def test_wilson_intervals_of_published_counts(count: int, of: int, low: float, high: float) -> None:
    found = proportion(count, of).wilson
    assert [round(100 * one, 1) for one in found] == [low, high]


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_both_intervals_hold_the_proportion_and_mirror(pair: tuple[int, int]) -> None:
    count, of = pair
    one, other = proportion(count, of), proportion(of - count, of)
    for low, high in (one.exact, one.wilson):
        assert 0.0 <= low <= one.fraction + 1e-12
        assert one.fraction - 1e-12 <= high <= 1.0
    assert one.exact[0] == pytest.approx(1.0 - other.exact[1], abs=1e-12)
    assert one.wilson[0] == pytest.approx(1.0 - other.wilson[1], abs=1e-12)


def test_rates_keep_those_not_evaluable_among_the_treated_only() -> None:
    found = response_proportions(
        {
            ResponseCategory.COMPLETE: 1,
            ResponseCategory.PARTIAL: 6,
            ResponseCategory.STABLE: 33,
            ResponseCategory.PROGRESSIVE: 4,
            ResponseCategory.NOT_EVALUABLE: 3,
        },
        treated=50,
        unit="patients",
        criterion="RECIST 1.1",
        time_point="3 months",
    )
    assert (found.evaluable, found.objective_response.count, found.disease_control.count) == (
        44,
        7,
        40,
    )
    assert found.disease_control_of_treated.of == 50
    with pytest.raises(InputError, match="none of 5 patients"):
        response_proportions(
            {}, treated=5, unit="patients", criterion="RECIST 1.1", time_point="3 months"
        )
    with pytest.raises(InputError, match="no proportion"):
        proportion(3, 2)


def test_lesions_that_repeat_their_patient_add_nothing() -> None:
    counted = np.array([1.0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0])
    who = np.arange(12)
    once = clustered_wilson(counted, who)
    assert once is not None
    assert clustered_wilson(np.repeat(counted, 5), np.repeat(who, 5)) == pytest.approx(once)
    wide = proportion(7, 12).wilson
    assert once[0] < wide[0] < wide[1] < once[1]
    assert clustered_wilson(np.ones(4), np.zeros(4)) is None
    nobody = clustered_wilson(np.zeros(40), np.repeat(np.arange(10), 4))
    assert nobody is not None
    assert nobody[0] == 0.0
    assert nobody[1] > proportion(0, 40).wilson[1]


def test_clustered_intervals_hold_the_truth_where_wilson_does_not() -> None:
    rng = np.random.default_rng(4)
    who = np.repeat(np.arange(50), 6)
    held = plain = 0
    for _ in range(600):
        chance = rng.beta(1.2, 1.8, 50)  # mean 0.4
        counted = rng.random(300) < chance[who]
        found = clustered_wilson(counted, who)
        assert found is not None
        held += found[0] <= 0.4 <= found[1]
        low, high = proportion(int(counted.sum()), 300).wilson
        plain += low <= 0.4 <= high
    assert 0.93 <= held / 600 <= 0.975
    assert plain / 600 < 0.85
