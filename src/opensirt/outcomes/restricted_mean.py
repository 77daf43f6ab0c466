"""Restricted mean survival: the area under the curve up to a stated time."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import ndtr

from opensirt.errors import InputError
from opensirt.outcomes.arrays import normal_quantile
from opensirt.outcomes.kaplan_meier import KaplanMeier


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedMean:
    """Mean time without the event up to a horizon."""

    horizon: float
    estimate: float
    standard_error: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return low and high, on the plain scale."""
        half = normal_quantile(level) * self.standard_error
        return self.estimate - half, self.estimate + half


def restricted_mean(curve: KaplanMeier, horizon: float) -> RestrictedMean:
    """Return the area under a Kaplan–Meier curve from 0 to a horizon.

    Variance: Σ (area from t to the horizon)² d / (n (n − d)).

    Raises
    ------
    InputError
        When the horizon is not above zero, or beyond the last observation of a curve that has
        not reached zero.

    References
    ----------
    .. [1] Klein and Moeschberger, Survival Analysis (2003), 4.5.
    """
    table = curve.table
    if not horizon > 0 or (horizon > curve.last_time and curve.survival[-1] > 0):
        raise InputError(
            f"a restricted mean up to {horizon:g} is asked for; the last observation is at "
            f"{curve.last_time:g}: choose a horizon above 0 and not beyond it"
        )
    steps = np.flatnonzero(table.time < horizon)
    edges = np.concatenate([[0.0], table.time[steps], [horizon]])
    heights = np.concatenate([[1.0], curve.survival[steps]])
    areas = heights * np.diff(edges)
    beyond = np.cumsum(areas[::-1])[::-1][1:]
    n, d = table.at_risk[steps], table.events[steps]
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.where((d > 0) & (n > d), d / (n * (n - d)), 0.0)
    return RestrictedMean(
        horizon=horizon,
        estimate=float(areas.sum()),
        standard_error=sqrt(float(beyond**2 @ drawn)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanDifference:
    """Difference of two restricted means at one horizon, first minus second."""

    horizon: float
    difference: float
    low: float
    high: float
    p: float


def restricted_mean_difference(
    first: RestrictedMean, second: RestrictedMean, *, level: float = 0.95
) -> MeanDifference:
    """Return the difference of two independent groups.

    Raises
    ------
    InputError
        When the horizons differ.
    """
    if first.horizon != second.horizon:
        raise InputError(f"horizons {first.horizon:g} and {second.horizon:g} differ")
    error = sqrt(first.standard_error**2 + second.standard_error**2)
    difference = first.estimate - second.estimate
    half = normal_quantile(level) * error
    return MeanDifference(
        horizon=first.horizon,
        difference=difference,
        low=difference - half,
        high=difference + half,
        p=float(2.0 * ndtr(-abs(difference) / error)) if error > 0 else 1.0,
    )
