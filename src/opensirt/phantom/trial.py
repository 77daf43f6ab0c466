"""Trials simulated many times: the power that a sample size really has."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, ndtr

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats
from opensirt.outcomes.log_rank import log_rank
from opensirt.outcomes.proportion import Proportion, proportion
from opensirt.outcomes.risk_table import risk_table

_LN2 = float(np.log(2.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPower:
    """Part of the simulated trials that found the difference, with its interval."""

    found: Proportion
    trials: int


def _power(found: int, trials: int) -> SimulatedPower:
    return SimulatedPower(found=proportion(found, trials), trials=trials)


def _critical(alpha: float) -> float:
    return float(chdtri(1.0, alpha))


def power_of_proportions(
    first: float, second: float, n: int, *, alpha: float = 0.05, trials: int, seed: int
) -> SimulatedPower:
    """Simulate χ² comparisons of two equal arms of n/2 patients, all trials at once.

    Raises
    ------
    InputError
        When there are fewer than two patients in an arm.
    """
    size = n // 2
    if size < 2:  # noqa: PLR2004
        raise InputError(f"{n} patients make no two arms")
    rng = np.random.default_rng(seed)
    one, other = rng.binomial(size, first, trials), rng.binomial(size, second, trials)
    pooled = (one + other) / (2.0 * size)
    variance = 2.0 * pooled * (1.0 - pooled) / size
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = ((one - other) / size) ** 2 / variance
    return _power(int(np.sum(statistic > _critical(alpha))), trials)


def power_of_complication(
    first_gy: float,
    second_gy: float,
    n: int,
    *,
    td50_gy: float,
    m: float,
    alpha: float = 0.05,
    trials: int,
    seed: int,
) -> SimulatedPower:
    """Simulate comparisons of complications at two doses of Lyman's curve."""
    chances = [float(ndtr((one / td50_gy - 1.0) / m)) for one in (first_gy, second_gy)]
    return power_of_proportions(chances[0], chances[1], n, alpha=alpha, trials=trials, seed=seed)


def power_of_log_rank(
    hazard_ratio: float,
    n: int,
    *,
    median_control: float,
    accrual: float,
    follow_up: float,
    loss_rate: float = 0.0,
    alpha: float = 0.05,
    trials: int,
    seed: int,
) -> SimulatedPower:
    """Simulate log-rank comparisons of two equal arms with exponential survival."""
    rng = np.random.default_rng(seed)
    found = 0
    hazard = _LN2 / median_control
    arm = np.arange(n) % 2 == 0
    for _ in range(trials):
        event = rng.exponential(1.0 / np.where(arm, hazard * hazard_ratio, hazard))
        end = follow_up + rng.uniform(0.0, accrual, n)
        if loss_rate > 0:
            end = np.minimum(end, rng.exponential(1.0 / loss_rate, n))
        found += int(_differs(np.minimum(event, end), event <= end, arm, alpha))
    return _power(found, trials)


def _differs(time: Floats, event: np.ndarray, arm: np.ndarray, alpha: float) -> bool:
    groups = [risk_table(time[rows], event[rows]) for rows in (arm, ~arm)]
    return log_rank(groups).test.statistic > _critical(alpha)
