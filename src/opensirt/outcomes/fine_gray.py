"""Regression on the cumulative incidence: proportional subdistribution hazards."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, columns, tally
from opensirt.outcomes.endpoint import Endpoint
from opensirt.outcomes.kaplan_meier import kaplan_meier
from opensirt.outcomes.likelihood import (
    Coefficients,
    LikelihoodTerms,
    maximise,
    require_full_rank,
)
from opensirt.outcomes.risk_table import risk_table
from opensirt.outcomes.times import CENSORED, EVENT, EventTimes


@dataclass(frozen=True, eq=False, kw_only=True)
class FineGrayFit:
    """Log subdistribution hazard ratios with their robust covariance."""

    endpoint: Endpoint
    coefficients: Coefficients
    n: int
    n_events: int
    n_competing: int
    log_likelihood: float
    log_likelihood_null: float

    @property
    def hazard_ratio(self) -> Floats:
        """Subdistribution hazard ratio for one unit more of each column."""
        return np.asarray(np.exp(self.coefficients.estimate))

    def hazard_ratio_interval(self, level: float = 0.95) -> Floats:
        """Return (p, 2): Wald's interval of each subdistribution hazard ratio."""
        return np.asarray(np.exp(self.coefficients.interval(level)))


@dataclass(frozen=True, eq=False)
class _Sets:
    """Sorted times with the weights that keep those with a competing event at risk."""

    time: Floats
    code: Floats
    x: Floats
    moments: Floats
    """Distinct times of the event."""
    remaining: Floats
    """Part not yet censored just before each moment."""
    own_remaining: Floats
    """The same just before each unit's own time."""


def _at_moments(sets: _Sets, r: Floats) -> tuple[Floats, Floats, Floats]:
    """Return Σ r, Σ r x and Σ r x xᵀ over the weighted risk set of each moment."""
    k, p = len(sets.moments), sets.x.shape[1]
    until = np.searchsorted(sets.moments, sets.time, side="right")  # at risk at moments before
    rival = sets.code > EVENT
    kept = r[rival] / sets.own_remaining[rival]
    first, second = np.zeros((k, p)), np.zeros((k, p, p))

    def joined(values: Floats, later: Floats) -> Floats:
        here = np.cumsum(tally(until, k + 1, values)[::-1])[::-1][1:]
        after = np.cumsum(tally(until[rival], k + 1, later))[:k]
        return np.asarray(here + sets.remaining * after)

    for i in range(p):
        one = sets.x[:, i]
        first[:, i] = joined(r * one, kept * one[rival])
        for j in range(i + 1):
            both = one * sets.x[:, j]
            second[:, i, j] = second[:, j, i] = joined(r * both, kept * both[rival])
    return joined(r, kept), first, second


def fit_fine_gray(times: EventTimes, x: ArrayLike, names: Sequence[str]) -> FineGrayFit:
    """Fit the model of Fine and Gray to the event of interest.

    Whoever had a competing event stays at risk with the probability of not yet being censored,
    G(t−)/G(T−), with G of Kaplan and Meier. Ties by Breslow. The covariance is the sandwich that
    counts in that G is estimated.

    Raises
    ------
    InputError
        When a column has gaps, does not vary, repeats others or separates, or no event was seen.

    References
    ----------
    .. [1] Fine and Gray, J. Am. Stat. Assoc. 94 (1999), 496.
    """
    where = f"Fine–Gray model of {times.endpoint.title}"
    matrix = columns(x, names, where=where)
    if len(matrix) != times.n:
        raise InputError(f"{where}: {len(matrix)} rows of columns for {times.n} times")
    require_full_rank(matrix, names, where=where)
    if not times.event.any():
        raise InputError(f"{where}: no event was seen among {times.n}")
    centre, scale = matrix.mean(axis=0), matrix.std(axis=0)
    sets = _sets(times, (matrix - centre) / scale)
    event = sets.code == EVENT
    place = np.searchsorted(sets.moments, sets.time[event])
    deaths = tally(place, len(sets.moments))

    def terms(beta: Floats) -> LikelihoodTerms:
        eta = sets.x @ beta
        s0, s1, s2 = _at_moments(sets, np.exp(eta))
        mean = s1 / s0[:, None]
        information = np.tensordot(deaths / s0, s2, axes=1) - (mean * deaths[:, None]).T @ mean
        return LikelihoodTerms(
            log_likelihood=float(eta[event].sum() - deaths @ np.log(s0)),
            score=sets.x[event].sum(axis=0) - deaths @ mean,
            information=np.asarray(information),
        )

    null = terms(np.zeros(len(names)))
    found, best = maximise(terms, np.zeros(len(names)), tuple(names), where=where)
    inverse = np.linalg.inv(best.information)
    moved = _influence(sets, found, deaths, times) @ inverse
    return FineGrayFit(
        endpoint=times.endpoint,
        coefficients=Coefficients(
            names=tuple(names),
            estimate=found / scale,
            covariance=np.asarray(moved.T @ moved) / np.outer(scale, scale),
        ),
        n=times.n,
        n_events=int(event.sum()),
        n_competing=int((sets.code > EVENT).sum()),
        log_likelihood=best.log_likelihood,
        log_likelihood_null=null.log_likelihood,
    )


def _sets(times: EventTimes, x: Floats) -> _Sets:
    curve = kaplan_meier(risk_table(times.time, times.code == CENSORED))
    moments = np.unique(times.time[times.event])

    def before(at: Floats) -> Floats:
        return np.append(1.0, curve.survival)[np.searchsorted(curve.table.time, at)]

    return _Sets(
        time=times.time,
        code=times.code.astype(np.float64),
        x=x,
        moments=moments,
        remaining=before(moments),
        own_remaining=before(times.time),
    )


def _influence(sets: _Sets, beta: Floats, deaths: Floats, times: EventTimes) -> Floats:
    """Return (n, p): η + ψ of Fine and Gray, the part of each unit in the score."""
    p = sets.x.shape[1]
    r = np.exp(sets.x @ beta)
    s0, s1, _ = _at_moments(sets, r)
    mean, hazard = s1 / s0[:, None], deaths / s0
    event, rival = sets.code == EVENT, sets.code > EVENT
    until = np.searchsorted(sets.moments, sets.time, side="right")

    def up_to(values: Floats) -> Floats:
        return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])

    total, total_x = up_to(hazard)[until], up_to(hazard[:, None] * mean)[until]
    eta = -r[:, None] * (sets.x * total[:, None] - total_x)
    at = np.searchsorted(sets.moments, sets.time[event])
    eta[event] += sets.x[event] - mean[at]
    late, late_x = up_to(hazard * sets.remaining), up_to((hazard * sets.remaining)[:, None] * mean)
    after, after_x = late[-1] - late[until], late_x[-1] - late_x[until]
    kept = (r / sets.own_remaining)[:, None]
    eta[rival] -= (kept * (sets.x * after[:, None] - after_x))[rival]
    # ψ: that the probability of not being censored is itself estimated.
    cuts = np.unique(times.time[times.code == CENSORED])
    if not len(cuts):
        return np.asarray(eta)
    k = len(cuts)
    first = np.searchsorted(cuts, sets.time[rival], side="right")  # cuts after the rival event
    weight = kept[rival, 0]
    held = np.cumsum(tally(first, k + 1, weight))[:k]
    held_x = np.column_stack(
        [np.cumsum(tally(first, k + 1, weight * sets.x[rival, j]))[:k] for j in range(p)]
    )
    # Moments at or after each cut.
    place = np.searchsorted(sets.moments, cuts)
    q = held_x * (late[-1] - late[place])[:, None] - held[:, None] * (late_x[-1] - late_x[place])
    at_risk = len(sets.time) - np.searchsorted(np.sort(sets.time), cuts)
    censored = times.code == CENSORED
    lost = tally(np.searchsorted(cuts, sets.time[censored]), k)
    rate = q / at_risk[:, None]
    psi = -up_to(rate * (lost / at_risk)[:, None])[np.searchsorted(cuts, sets.time, side="right")]
    psi[censored] += rate[np.searchsorted(cuts, sets.time[censored])]
    return np.asarray(eta + psi)
