"""Kaplan–Meier with weights that are no counts: the interval knows that each row is one patient."""

import numpy as np
from numpy.typing import ArrayLike

from opensirt.errors import InputError
from opensirt.outcomes.arrays import normal_quantile, vector
from opensirt.outcomes.kaplan_meier import KaplanMeier
from opensirt.outcomes.risk_table import risk_table


def weighted_kaplan_meier(
    time: ArrayLike, event: ArrayLike, weight: ArrayLike, *, level: float = 0.95
) -> KaplanMeier:
    """Return weighted survival with robust intervals (infinitesimal jackknife, log(−log)).

    The derivative of log S(t) by the weight of a row is −δ/(n (1 − h)) at its own time, where it
    had the event by t, plus Σ h/(n (1 − h)) over the times up to which it was at risk; the
    variance is the sum of the squares, each times its weight. Weights are taken as known.

    Parameters
    ----------
    time, event, weight : (n,)
        Time of each row, whether the event was seen then, and a weight above zero.

    Raises
    ------
    InputError
        When arrays differ in length, or a weight is not above zero.

    References
    ----------
    .. [1] Jaeckel, Bell Laboratories memorandum 72-1215-11 (1972); Therneau, R package survival.
    """
    z = normal_quantile(level)
    table = risk_table(time, event, weight=weight)
    moments = vector(time, where="weighted survival, time")
    weights = vector(weight, where="weighted survival, weight")
    if np.any(weights <= 0):
        raise InputError("a weight of the weighted survival is not above zero")
    seen = vector(event, where="weighted survival, event") != 0
    place = np.searchsorted(table.time, moments)
    hazard = table.events / table.at_risk
    hazard[hazard > 1.0 - 1e-12] = 1.0
    survival = np.cumprod(1.0 - hazard)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_event = 1.0 / (table.at_risk * (1.0 - hazard))
        level_of = np.cumsum(hazard * per_event)
        own = weights * (np.where(seen, per_event[place], 0.0) - level_of[place])
        squares = np.cumsum(np.bincount(place, own**2, len(table.time)))
        later = np.cumsum(np.bincount(place, weights**2, len(table.time))[::-1])[::-1]
        still = np.append(later[1:], 0.0)
        error = np.sqrt(squares + level_of**2 * still)
        spread = z * error / np.log(survival)
        low, high = survival ** np.exp(-spread), survival ** np.exp(spread)
    whole, gone = survival >= 1.0, survival <= 0.0
    for bound in (low, high):
        bound[whole], bound[gone] = 1.0, np.nan
    return KaplanMeier(
        table=table,
        survival=np.asarray(survival),
        low=np.asarray(np.minimum(low, high)),
        high=np.asarray(np.maximum(low, high)),
        level=level,
    )
