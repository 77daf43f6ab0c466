"""Proportional hazards (Cox) with ties by Efron, strata, weights and clusters."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Flags, Floats, Ints, columns, tally, vector
from opensirt.outcomes.cox_sums import RiskSetSums, cox_terms, efron_steps, risk_set_sums
from opensirt.outcomes.endpoint import Endpoint
from opensirt.outcomes.likelihood import (
    LARGEST,
    Coefficients,
    LikelihoodTerms,
    add_terms,
    not_finite,
    require_full_rank,
)
from opensirt.outcomes.log_rank import ChiSquareTest
from opensirt.outcomes.times import EventTimes

_PRECISION = 1e-10
"""lifelines stops when the squared step, measured by the information, is below this."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CoxData:
    """What a Cox model is fitted to: times, columns, and perhaps strata, weights, clusters."""

    times: EventTimes
    x: Floats
    names: tuple[str, ...]
    stratum: Ints
    weight: Floats | None = None
    cluster: Ints | None = None
    entry: Floats | None = None
    """When each row comes under observation (delayed entry, or a value that changed then)."""

    @classmethod
    def of(
        cls,
        times: EventTimes,
        x: ArrayLike,
        names: Sequence[str],
        *,
        stratum: ArrayLike | None = None,
        weight: ArrayLike | None = None,
        cluster: ArrayLike | None = None,
        entry: ArrayLike | None = None,
    ) -> Self:
        """Return the data, checked.

        Raises
        ------
        InputError
            When a column has gaps, does not vary, repeats others, lengths differ, or a row enters
            no earlier than its time.
        """
        where = f"Cox model of {times.endpoint.title}"
        matrix = columns(x, names, where=where)
        if len(matrix) != times.n:
            raise InputError(f"{where}: {len(matrix)} rows of columns for {times.n} times")
        require_full_rank(matrix, names, where=where)
        strata = np.zeros(times.n) if stratum is None else np.asarray(stratum)
        weights = None if weight is None else vector(weight, times.n, where=f"{where}, weight")
        if weights is not None and np.any(weights <= 0):
            raise InputError(f"{where}: a weight is not above zero; leave those rows out")
        entries = None if entry is None else vector(entry, times.n, where=f"{where}, entry")
        if entries is not None and np.any(entries >= times.time):
            raise InputError(
                f"{where}: {int(np.sum(entries >= times.time))} rows come under observation no "
                "earlier than they end; leave them out and say so"
            )
        return cls(
            times=times,
            x=matrix,
            names=tuple(names),
            stratum=np.unique(strata, return_inverse=True)[1],
            weight=weights,
            cluster=(
                None if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
            ),
            entry=entries,
        )


def cox_sums(data: CoxData, coefficients: Floats, *, x: Floats | None = None) -> list[RiskSetSums]:
    """Return the risk-set sums of each stratum that has an event."""
    matrix = data.x if x is None else x
    made = []
    for number in range(int(data.stratum.max()) + 1):
        rows = data.stratum == number
        event = data.times.event[rows]
        if event.any():
            weight = None if data.weight is None else data.weight[rows]
            made.append(
                risk_set_sums(
                    data.times.time[rows],
                    event,
                    matrix[rows],
                    coefficients,
                    weight=weight,
                    entry=None if data.entry is None else data.entry[rows],
                )
            )
    return made


@dataclass(frozen=True, eq=False, kw_only=True)
class CoxFit:
    """Log hazard ratios with what they were fitted to.

    `coefficients` carry the robust (sandwich) covariance where weights or clusters were given,
    the model's own otherwise.
    """

    endpoint: Endpoint
    coefficients: Coefficients
    model_covariance: Floats
    n: int
    n_events: int
    n_strata: int
    log_likelihood: float
    log_likelihood_null: float
    score_test: ChiSquareTest
    robust: bool

    @property
    def hazard_ratio(self) -> Floats:
        """One for each column, for one unit more of it."""
        return np.asarray(np.exp(self.coefficients.estimate))

    def hazard_ratio_interval(self, level: float = 0.95) -> Floats:
        """Return (p, 2): Wald's interval of each hazard ratio."""
        return np.asarray(np.exp(self.coefficients.interval(level)))

    @property
    def likelihood_ratio_test(self) -> ChiSquareTest:
        """Of all coefficients being 0."""
        return ChiSquareTest(
            name="likelihood ratio",
            statistic=2.0 * (self.log_likelihood - self.log_likelihood_null),
            degrees=len(self.coefficients.names),
        )

    @property
    def wald_test(self) -> ChiSquareTest:
        """Of all coefficients being 0."""
        b = self.coefficients.estimate
        return ChiSquareTest(
            name="Wald",
            statistic=float(b @ np.linalg.solve(self.coefficients.covariance, b)),
            degrees=len(b),
        )


def fit_cox(data: CoxData) -> CoxFit:
    """Fit by lifelines; likelihood and covariance are taken from sums that centres can add up.

    Raises
    ------
    InputError
        When nothing happened, or a hazard ratio is not finite.
    """
    where = f"Cox model of {data.times.endpoint.title}"
    if not data.times.event.any():
        raise InputError(f"{where}: no event was seen among {data.times.n}")
    centre, scale = data.x.mean(axis=0), data.x.std(axis=0)
    standard = (data.x - centre) / scale

    def terms(coefficients: Floats) -> LikelihoodTerms:
        return add_terms([cox_terms(one) for one in cox_sums(data, coefficients, x=standard)])

    null = terms(np.zeros(len(data.names)))
    found = _estimates(data, standard, where)
    best = terms(found)
    found = found + np.linalg.solve(best.information, best.score)  # the last digits of a Newton fit
    best = terms(found)
    covariance: Floats = np.linalg.inv(best.information).astype(np.float64)
    model = covariance / np.outer(scale, scale)
    robust = data.weight is not None or data.cluster is not None
    used = model
    if robust:
        used = _sandwich(data, standard, found, covariance) / np.outer(scale, scale)
    return CoxFit(
        endpoint=data.times.endpoint,
        coefficients=Coefficients(names=data.names, estimate=found / scale, covariance=used),
        model_covariance=model,
        n=data.times.n,
        n_events=int(data.times.event.sum()),
        n_strata=int(data.stratum.max()) + 1,
        log_likelihood=best.log_likelihood,
        log_likelihood_null=null.log_likelihood,
        score_test=ChiSquareTest(
            name="score",
            statistic=float(null.score @ np.linalg.solve(null.information, null.score)),
            degrees=len(data.names),
        ),
        robust=robust,
    )


def _estimates(data: CoxData, standard: Floats, where: str) -> Floats:
    """Return the coefficients of standardised columns.

    Raises
    ------
    InputError
        When one of them is not finite.
    """
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError, ConvergenceWarning

    frame = pd.DataFrame(standard, columns=list(range(standard.shape[1])))
    frame["time"], frame["event"] = data.times.time, data.times.event
    frame["stratum"] = data.stratum
    frame["weight"] = 1.0 if data.weight is None else data.weight
    if data.entry is not None:
        frame["entry"] = data.entry
    found = np.full(standard.shape[1], np.inf)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", ConvergenceWarning)
            fitted = CoxPHFitter().fit(
                frame,
                "time",
                "event",
                strata=["stratum"],
                weights_col="weight",
                entry_col=None if data.entry is None else "entry",
                fit_options={"precision": _PRECISION},
            )
        found = fitted.params_.to_numpy(dtype=np.float64)
    except (ConvergenceError, ConvergenceWarning):
        found[:] = np.inf
    if not np.abs(found).max() < LARGEST:
        seen = data.times.event
        apart = np.abs(standard[seen].mean(axis=0) - standard[~seen].mean(axis=0))
        raise not_finite(where, data.names[int(np.nanargmax(apart))])
    return found


def score_residuals(data: CoxData, coefficients: Floats, *, x: Floats | None = None) -> Floats:
    """Return (n, p): how much each unit contributes to the score; they sum to it (by weight)."""
    matrix = data.x if x is None else x
    made = np.zeros_like(matrix)
    for number in range(int(data.stratum.max()) + 1):
        rows = np.flatnonzero(data.stratum == number)
        event = data.times.event[rows]
        if event.any():
            weight = None if data.weight is None else data.weight[rows]
            entry = None if data.entry is None else data.entry[rows]
            made[rows] = _residuals(
                data.times.time[rows], event, matrix[rows], coefficients, weight, entry
            )
    return made


def _residuals(
    time: Floats,
    seen: Flags,
    x: Floats,
    coefficients: Floats,
    weight: Floats | None,
    entry: Floats | None,
) -> Floats:
    sums = risk_set_sums(time, seen, x, coefficients, weight=weight, entry=entry)
    steps = efron_steps(sums)
    k, p = len(sums.time), x.shape[1]

    def at_times(values: Floats) -> Floats:
        return tally(steps.at, k, values)

    def means(scale: Floats) -> Floats:
        return np.column_stack([at_times(scale * steps.mean[:, j]) for j in range(p)])

    hazard, hazard_x = at_times(steps.share), means(steps.share)
    own, own_x = at_times(steps.share * steps.part), means(steps.share * steps.part)
    mean = means(np.ones(len(steps.at))) / np.maximum(sums.deaths, 1.0)[:, None]
    until = np.searchsorted(sums.time, time, side="right")
    upto = np.append(0.0, np.cumsum(hazard))
    upto_x = np.vstack([np.zeros(p), np.cumsum(hazard_x, axis=0)])
    total, total_x = upto[until], upto_x[until]
    if entry is not None:
        since = np.searchsorted(sums.time, entry, side="right")
        total, total_x = total - upto[since], total_x - upto_x[since]
    relative = np.exp(x @ coefficients)[:, None]
    made = -relative * (x * total[:, None] - total_x)
    at = until[seen] - 1
    # A death counts only by 1 − l/d in the steps of its own time.
    made[seen] += relative[seen] * (x[seen] * own[at][:, None] - own_x[at])
    made[seen] += x[seen] - mean[at]
    return np.asarray(made)


def _sandwich(data: CoxData, x: Floats, coefficients: Floats, covariance: Floats) -> Floats:
    """Return the robust covariance of Lin and Wei (1989), summed over clusters."""
    residuals = score_residuals(data, coefficients, x=x)
    if data.weight is not None:
        residuals = residuals * data.weight[:, None]
    if data.cluster is not None:
        residuals = np.column_stack(
            [np.bincount(data.cluster, residuals[:, j]) for j in range(x.shape[1])]
        )
    moved = residuals @ covariance
    return np.asarray(moved.T @ moved)


def baseline_hazard(data: CoxData, fit: CoxFit) -> tuple[Floats, Floats]:
    """Return event times and the cumulative hazard where every column is 0, of one stratum.

    Raises
    ------
    InputError
        When there are several strata, which have a hazard each.
    """
    if fit.n_strata != 1:
        raise InputError("each stratum has its own baseline hazard; ask for one stratum's rows")
    centre = data.x.mean(axis=0)
    beta = fit.coefficients.estimate
    (sums,) = cox_sums(data, beta, x=data.x - centre)
    steps = efron_steps(sums)
    hazard = np.cumsum(tally(steps.at, len(sums.time), steps.share))
    return sums.time, np.asarray(hazard, dtype=np.float64) * float(np.exp(-centre @ beta))
