"""Scores of quality of life over time: linear mixed model with a course for each patient."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, columns, vector
from opensirt.outcomes.likelihood import Coefficients, require_full_rank

INTERCEPT = "(intercept)"


@dataclass(frozen=True, eq=False, kw_only=True)
class ScoreCourse:
    """Fixed effects with their covariance, and how much patients differ."""

    coefficients: Coefficients
    intercept_spread: float
    slope_spread: float | None
    """Per unit of time; None where patients share one slope."""
    residual_spread: float
    log_likelihood: float
    """Restricted (REML)."""
    n: int
    n_patients: int
    visits: tuple[tuple[float, int], ...]
    """(time, scores): how many answered when."""


def fit_score_course(
    score: ArrayLike,
    time: ArrayLike,
    patient: ArrayLike,
    x: ArrayLike,
    names: Sequence[str],
    *,
    own_slope: bool = True,
) -> ScoreCourse:
    """Fit scores to columns with an intercept, and a slope in time, for each patient (REML).

    Answers that are absent must be absent at random given the columns; those who are too ill to
    answer are not, and the course then looks better than it was.

    Parameters
    ----------
    score, time : (n,)
        One row for each form that was filled in.
    x : (n, p)
        Fixed effects; time among them where a common slope is wanted.

    Raises
    ------
    InputError
        When there are gaps, columns repeat others, too few visits, or the fit does not converge.
    """
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    where = "course of scores"
    values = vector(score, where=f"{where}, score")
    matrix = columns(x, names, where=where)
    moments = vector(time, len(values), where=f"{where}, time")
    require_full_rank(matrix, names, where=where)
    who = np.unique(np.asarray(patient), return_inverse=True)[1]
    n_patients = int(who.max()) + 1
    if len(who) != len(values) or len(matrix) != len(values) or n_patients == len(values):
        raise InputError(f"{where}: {len(values)} scores of {n_patients} patients are no courses")
    centre, scale = matrix.mean(axis=0), matrix.std(axis=0)
    design = np.column_stack([np.ones(len(values)), (matrix - centre) / scale])
    unit = float(moments.std()) or 1.0
    own = np.ones((len(values), 1))
    if own_slope:
        own = np.column_stack([own, moments / unit])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = sm.MixedLM(values, design, groups=who, exog_re=own).fit(reml=True, method=["lbfgs"])
    if not fit.converged or any(issubclass(one.category, ConvergenceWarning) for one in caught):
        raise InputError(
            f"{where}: the mixed model does not converge"
            + ("; try one slope for all patients" if own_slope else "")
        )
    p = len(names)
    back = np.zeros((p + 1, p + 1))
    back[0, 0], back[0, 1:] = 1.0, -centre / scale
    back[1:, 1:] = np.diag(1.0 / scale)
    spread: Floats = np.sqrt(np.diag(np.atleast_2d(np.asarray(fit.cov_re, dtype=np.float64))))
    covariance = np.asarray(fit.cov_params(), dtype=np.float64)[: p + 1, : p + 1]
    times, counts = np.unique(moments, return_counts=True)
    return ScoreCourse(
        coefficients=Coefficients(
            names=(INTERCEPT, *names),
            estimate=back @ np.asarray(fit.fe_params, dtype=np.float64),
            covariance=back @ covariance @ back.T,
        ),
        intercept_spread=float(spread[0]),
        slope_spread=float(spread[1] / unit) if own_slope else None,
        residual_spread=float(np.sqrt(fit.scale)),
        log_likelihood=float(fit.llf),
        n=len(values),
        n_patients=n_patients,
        visits=tuple((float(t), int(c)) for t, c in zip(times, counts, strict=True)),
    )
