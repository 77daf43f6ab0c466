"""Logistic regression: the likelihood with its derivatives, and the fit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit
from scipy.special import log_expit as special_log_expit

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, columns, vector
from opensirt.outcomes.likelihood import (
    Coefficients,
    LikelihoodTerms,
    maximise,
    require_full_rank,
)

INTERCEPT = "(intercept)"


def log_expit(eta: Floats) -> Floats:
    """Return log of 1/(1 + exp(−η)) without overflow."""
    return np.asarray(special_log_expit(eta))


def logistic_terms(
    design: Floats, outcome: Floats, coefficients: Floats, *, weight: Floats | None = None
) -> LikelihoodTerms:
    """Return log-likelihood, score and information of a logistic model at given coefficients.

    Parameters
    ----------
    design : (n, p)
        With a column of ones where there is an intercept.
    outcome : (n,)
        1 with the event, 0 without.
    coefficients : (p,)
    weight : (n,)
        1 where not given.
    """
    eta = design @ coefficients
    ones = np.ones(len(outcome)) if weight is None else weight
    chance = expit(eta)
    spread = ones * chance * (1.0 - chance)
    return LikelihoodTerms(
        log_likelihood=float(ones @ (outcome * log_expit(eta) + (1 - outcome) * log_expit(-eta))),
        score=np.asarray(design.T @ (ones * (outcome - chance))),
        information=np.asarray((design * spread[:, None]).T @ design),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class LogisticFit:
    """Log odds ratios, the intercept first, and the chance of each row."""

    coefficients: Coefficients
    log_likelihood: float
    n: int
    n_events: int
    fitted: Floats


def binary(outcome: ArrayLike, n: int, *, where: str) -> Floats:
    """Return an outcome of 0 and 1, both of which occur.

    Raises
    ------
    InputError
        When there are gaps, other values, or only one of the two.
    """
    found = vector(outcome, n, where=where)
    if set(np.unique(found)) - {0.0, 1.0}:
        raise InputError(f"{where}: values other than 0 and 1")
    if found.min() == found.max():
        raise InputError(f"{where}: all {n} rows are {int(found[0])}; nothing can be fitted")
    return found


def fit_logistic(
    x: ArrayLike,
    outcome: ArrayLike,
    names: Sequence[str],
    *,
    weight: ArrayLike | None = None,
    where: str = "logistic model",
) -> LogisticFit:
    """Fit by Newton; an intercept is added.

    Raises
    ------
    InputError
        When a column has gaps, does not vary or repeats others, the outcome is not 0 and 1, or
        a column separates the two.
    """
    matrix = columns(x, names, where=where)
    n = len(matrix)
    seen = binary(outcome, n, where=f"{where}, outcome")
    require_full_rank(matrix, names, where=where)
    weights = None if weight is None else vector(weight, n, where=f"{where}, weight")
    centre, scale = matrix.mean(axis=0), matrix.std(axis=0)
    design = np.column_stack([np.ones(n), (matrix - centre) / scale])
    found, best = maximise(
        lambda b: logistic_terms(design, seen, b, weight=weights),
        np.zeros(design.shape[1]),
        (INTERCEPT, *names),
        where=where,
    )
    back = unscaled(centre, scale)
    return LogisticFit(
        coefficients=Coefficients(
            names=(INTERCEPT, *names),
            estimate=back @ found,
            covariance=back @ np.linalg.inv(best.information) @ back.T,
        ),
        log_likelihood=best.log_likelihood,
        n=n,
        n_events=int(seen.sum()),
        fitted=np.asarray(expit(design @ found)),
    )


def unscaled(centre: Floats, scale: Floats) -> Floats:
    """Return the matrix that turns intercept and slopes of standardised columns into raw ones."""
    p = len(centre)
    back = np.zeros((p + 1, p + 1))
    back[0, 0] = 1.0
    back[0, 1:] = -centre / scale
    back[1:, 1:] = np.diag(1.0 / scale)
    return back
