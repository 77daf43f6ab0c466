"""Sample sizes: published worked examples, the simulated power, and refusals."""

import pytest

from opensirt.errors import InputError
from opensirt.outcomes.sample_size import (
    complication_size,
    detectable_hazard_ratio,
    log_rank_size,
    one_proportion,
    two_proportions,
)
from opensirt.phantom.trial import power_of_complication, power_of_log_rank, power_of_proportions


def test_schoenfelds_number_of_events() -> None:
    """4 (1.96 + 0.842)² / ln² HR: 66 events for a hazard ratio of 0.5, 247 for 0.7."""
    words = {"median_control": 12.0, "accrual": 12.0, "follow_up": 12.0}
    assert log_rank_size(0.5, **words).events == 66
    assert log_rank_size(0.7, **words).events == 247
    assert log_rank_size(0.7, power=0.9, **words).events == 331
    assert detectable_hazard_ratio(66) == pytest.approx(0.5, abs=0.005)


def test_two_proportions_by_the_textbook() -> None:
    assert two_proportions(0.6, 0.7, power=0.9).n == 2 * 477
    assert two_proportions(0.5, 0.7).n == 2 * 93
    uneven = two_proportions(0.5, 0.7, ratio=2.0)
    assert uneven.n > 186


def test_one_arm_holds_its_error_rates() -> None:
    found = one_proportion(0.8, 0.92)
    assert found.alpha <= 0.05
    assert found.power >= 0.8


def test_simulated_trials_have_the_power_that_was_asked_for() -> None:
    words = {"median_control": 18.0, "accrual": 24.0, "follow_up": 12.0}
    size = log_rank_size(0.55, **words)
    found = power_of_log_rank(0.55, size.n, trials=300, seed=1, **words).found
    assert found.exact[0] - 0.02 < 0.8 < found.exact[1] + 0.02
    many = power_of_proportions(0.5, 0.7, 186, trials=20_000, seed=2).found
    assert many.fraction == pytest.approx(0.8, abs=0.015)
    null = power_of_proportions(0.6, 0.6, 400, trials=20_000, seed=3).found
    assert null.fraction == pytest.approx(0.05, abs=0.01)
    curve = {"td50_gy": 62.0, "m": 0.28}
    harm = complication_size(50.0, 35.0, **curve)
    risk = power_of_complication(50.0, 35.0, harm.n, trials=20_000, seed=4, **curve).found
    assert risk.fraction == pytest.approx(0.82, abs=0.03)


def test_designs_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="wanted two different"):
        two_proportions(0.5, 0.5)
    with pytest.raises(InputError, match="null < wanted"):
        one_proportion(0.9, 0.8)
    with pytest.raises(InputError, match="hazard ratio \\(not 1\\)"):
        log_rank_size(1.0, median_control=1.0, accrual=1.0, follow_up=1.0)
    with pytest.raises(InputError, match="wanted 0 < α"):
        two_proportions(0.5, 0.7, power=0.4)
    with pytest.raises(InputError, match="above zero"):
        complication_size(0.0, 1.0, td50_gy=60.0, m=0.3)
    with pytest.raises(InputError, match="no two arms"):
        power_of_proportions(0.5, 0.7, 2, trials=10, seed=1)
