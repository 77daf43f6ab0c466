"""Sums over the risk sets of a Cox model: all that its likelihood needs, and they add up.

At given coefficients a centre can hand these out by distinct event time; the sum over centres
gives exactly the likelihood of the joined table, ties by Efron included.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Flags, Floats, Ints, tally
from opensirt.outcomes.likelihood import LikelihoodTerms


@dataclass(frozen=True, eq=False, kw_only=True)
class RiskSetSums:
    """Sums at k rising event times for p columns; r = weight · exp(x β).

    `s0`, `s1`, `s2` are sums of r, r x and r x xᵀ over everybody at risk; `d0`, `d1`, `d2` the
    same over those with the event at that time; `deaths` their number, `death_weight` their
    weights, `death_x` (k, p) the sums of weight · x, `death_x_beta` of weight · x β.
    """

    time: Floats
    deaths: Floats
    death_weight: Floats
    death_x: Floats
    death_x_beta: Floats
    s0: Floats
    s1: Floats
    s2: Floats
    d0: Floats
    d1: Floats
    d2: Floats


def risk_set_sums(
    time: Floats,
    event: Flags,
    x: Floats,
    coefficients: Floats,
    *,
    weight: Floats | None = None,
    at: Floats | None = None,
    entry: Floats | None = None,
) -> RiskSetSums:
    """Return the sums of one group at its distinct event times, or at given ones.

    Parameters
    ----------
    time, event : (n,)
    x : (n, p)
        Centre the columns first where their values are large.
    coefficients : (p,)
    weight : (n,)
        1 where not given.
    at : (k,)
        Rising times that include every event time of the group (the event times of all centres).
    entry : (n,)
        When each row comes under observation: it is at risk after that and up to its time. 0 for
        all where not given.

    Raises
    ------
    InputError
        When an event time is not among `at`.
    """
    moments = np.unique(time[event]) if at is None else np.asarray(at, dtype=np.float64)
    ones = np.ones(len(time)) if weight is None else weight
    x_beta = x @ coefficients
    r = ones * np.exp(x_beta)
    until = np.searchsorted(moments, time, side="right") - 1
    k, p = len(moments), x.shape[1]
    risk = until >= 0
    s0, s1, s2 = _moments(until[risk], r[risk], x[risk], k)
    if entry is not None:
        # Whoever enters at a moment or later is not at risk at it.
        waiting = np.searchsorted(moments, entry, side="right") - 1
        rows = waiting >= 0
        w0, w1, w2 = _moments(waiting[rows], r[rows], x[rows], k)
        s0, s1, s2 = s0 - w0, s1 - w1, s2 - w2
    place = until[event]
    if k == 0 or np.any(moments[np.maximum(place, 0)] != time[event]):
        raise InputError("the given times do not include every event time of the group")
    d0, d1, d2 = _moments(place, r[event], x[event], k)
    weights = ones[event]
    death_x = np.column_stack([tally(place, k, weights * x[event, j]) for j in range(p)])
    return RiskSetSums(
        time=moments,
        deaths=tally(place, k),
        death_weight=tally(place, k, weights),
        death_x=death_x.reshape(k, p),
        death_x_beta=tally(place, k, weights * x_beta[event]),
        s0=_from_here_on(s0),
        s1=_from_here_on(s1),
        s2=_from_here_on(s2),
        d0=d0,
        d1=d1,
        d2=d2,
    )


def _from_here_on(values: Floats) -> Floats:
    return np.asarray(np.cumsum(values[::-1], axis=0)[::-1])


def _moments(place: Ints, r: Floats, x: Floats, k: int) -> tuple[Floats, Floats, Floats]:
    p = x.shape[1]
    first, second = np.zeros((k, p)), np.zeros((k, p, p))
    for i in range(p):
        r_x = r * x[:, i]
        first[:, i] = tally(place, k, r_x)
        for j in range(i + 1):
            second[:, i, j] = tally(place, k, r_x * x[:, j])
            second[:, j, i] = second[:, i, j]
    return tally(place, k, r), first, second


def add_risk_set_sums(parts: Sequence[RiskSetSums]) -> RiskSetSums:
    """Return the sums of all groups together; their times must be the same.

    Raises
    ------
    InputError
        When there is none, or the times differ.
    """
    if not parts or any(not np.array_equal(one.time, parts[0].time) for one in parts):
        raise InputError("risk-set sums add up at the same times only; give `at` to each centre")
    fields = [name for name in RiskSetSums.__dataclass_fields__ if name != "time"]
    added = {name: np.sum([getattr(one, name) for one in parts], axis=0) for name in fields}
    return RiskSetSums(time=parts[0].time, **added)


@dataclass(frozen=True, eq=False, kw_only=True)
class EfronSteps:
    """Ties split into one step for each death, as Efron does.

    At step l of d those with the event then count only by 1 − l/d.
    """

    at: Ints
    """(m,) number of the event time."""
    part: Floats
    """(m,) l/d."""
    share: Floats
    """(m,) mean weight of the deaths over what is at risk: the step of the cumulative hazard."""
    mean: Floats
    """(m, p) mean of x over those at risk."""


def efron_steps(sums: RiskSetSums) -> EfronSteps:
    """Return the steps of the sums, m deaths in all.

    References
    ----------
    .. [1] Efron, J. Am. Stat. Assoc. 72 (1977), 557.
    """
    number = sums.deaths.astype(np.int64)
    at = np.repeat(np.arange(len(number)), number)
    first = np.cumsum(number) - number
    part = (np.arange(len(at)) - first[at]) / number[at]
    s0 = sums.s0[at] - part * sums.d0[at]
    mean = (sums.s1[at] - part[:, None] * sums.d1[at]) / s0[:, None]
    share = (sums.death_weight / np.maximum(number, 1))[at] / s0
    return EfronSteps(at=at, part=part, share=share, mean=mean)


def cox_terms(sums: RiskSetSums) -> LikelihoodTerms:
    """Return log partial likelihood, score and information at the coefficients of the sums.

    References
    ----------
    .. [1] Cox, J. R. Stat. Soc. B 34 (1972), 187; ties by Efron (1977).
    """
    steps = efron_steps(sums)
    k = len(sums.time)
    mean_weight = (sums.death_weight / np.maximum(sums.deaths, 1.0))[steps.at]
    score = sums.death_x.sum(axis=0) - mean_weight @ steps.mean
    return LikelihoodTerms(
        log_likelihood=float(
            sums.death_x_beta.sum() + mean_weight @ np.log(steps.share / mean_weight)
        ),
        score=np.asarray(score),
        information=_information(sums, steps, mean_weight, np.ones(k)),
    )


def weighted_information(sums: RiskSetSums, scale: Floats) -> Floats:
    """Return Σ g_k V_k, the information with the event times weighted by `scale` (k,)."""
    steps = efron_steps(sums)
    mean_weight = (sums.death_weight / np.maximum(sums.deaths, 1.0))[steps.at]
    return _information(sums, steps, mean_weight, scale)


def _information(
    sums: RiskSetSums, steps: EfronSteps, mean_weight: Floats, scale: Floats
) -> Floats:
    k = len(sums.time)
    share = steps.share * scale[steps.at]
    whole = tally(steps.at, k, share)
    tied = tally(steps.at, k, share * steps.part)
    second = np.tensordot(whole, sums.s2, axes=1) - np.tensordot(tied, sums.d2, axes=1)
    first = (steps.mean * (mean_weight * scale[steps.at])[:, None]).T @ steps.mean
    return np.asarray(second - first)
