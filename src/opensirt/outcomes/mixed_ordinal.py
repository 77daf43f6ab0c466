"""Ordered outcomes of lesions within patients: cumulative logit with a random intercept.

With two levels this is mixed logistic regression. The integral over the intercept of each
patient is taken by adaptive Gauss–Hermite quadrature, so that few lesions for each patient
(where penalised quasi-likelihood is biased) are no trouble. Patients are independent: terms of
disjoint groups of patients add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import expit

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, Ints, columns, vector
from opensirt.outcomes.likelihood import Coefficients, LikelihoodTerms, require_full_rank
from opensirt.outcomes.logistic import log_expit, unscaled

SPREAD = "sd between patients"
NODES = 25

_MODE_STEPS = 60
_MODE_FOUND = 1e-10
_LONGEST = 2.0
_DIFFERENCE = 1e-4
_NO_SPREAD = 1e-2
"""A standard deviation between patients below this is taken as 0: the data show none."""

_LARGEST = 30.0


@dataclass(frozen=True, eq=False, kw_only=True)
class ClusteredOutcomes:
    """Lesions sorted by patient: columns, the level of each, and where each patient begins."""

    x: Floats
    names: tuple[str, ...]
    level: Ints
    levels: tuple[str, ...]
    patient: Ints
    """(n,) number of the patient, rising."""
    begins: Ints
    order: Ints
    """Places of these rows among the rows as given."""

    @classmethod
    def of(
        cls,
        x: ArrayLike,
        names: Sequence[str],
        level: ArrayLike,
        levels: Sequence[str],
        patient: ArrayLike,
    ) -> Self:
        """Return the data, checked.

        Parameters
        ----------
        level : (n,)
            0 for the first of `levels` (the lowest), and so on.

        Raises
        ------
        InputError
            When columns have gaps, do not vary or repeat others, a level never occurs, or there
            are as many patients as lesions, so that nothing tells them apart.
        """
        where = "model of lesions within patients"
        matrix = columns(x, names, where=where)
        n = len(matrix)
        found = vector(level, n, where=f"{where}, outcome").astype(np.int64)
        count = np.bincount(found, minlength=len(levels)) if found.min() >= 0 else np.zeros(1)
        if len(count) != len(levels) or len(levels) < 2 or not count.all():  # noqa: PLR2004
            raise InputError(
                f"{where}: each of the levels {tuple(levels)} must occur, and no other"
            )
        require_full_rank(matrix, names, where=where)
        raw = np.unique(np.asarray(patient), return_inverse=True)[1]
        if raw.shape != (n,):
            raise InputError(f"{where}: {raw.shape} patients for {n} lesions")
        if raw.max() + 1 == n:
            raise InputError(
                f"{where}: each patient has one lesion; use the model without patients"
            )
        order = np.argsort(raw, kind="stable")
        sorted_patient = raw[order]
        begins = np.flatnonzero(np.append(True, np.diff(sorted_patient) > 0))
        return cls(
            x=matrix[order],
            names=tuple(names),
            level=found[order],
            levels=tuple(levels),
            patient=sorted_patient.astype(np.int64),
            begins=begins.astype(np.int64),
            order=order.astype(np.int64),
        )

    @property
    def n_patients(self) -> int:
        """Number of patients."""
        return len(self.begins)


@cache
def _nodes(count: int) -> tuple[Floats, Floats]:
    """Return the nodes and, for a density with exp(−x²) not split off, the log weights."""
    x, w = np.polynomial.hermite.hermgauss(count)
    return np.sqrt(2.0) * x, np.log(w) + x**2 + 0.5 * np.log(2.0)


def _bounds(data: ClusteredOutcomes, thresholds: Floats) -> tuple[Floats, Floats]:
    """Return the thresholds above and below each lesion's level, ±∞ at the ends."""
    edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
    return edges[data.level + 1], edges[data.level]


def _log_chance(high: Floats, low: Floats) -> Floats:
    """Return log(F(high) − F(low)) of the logistic distribution without cancellation."""
    with np.errstate(invalid="ignore"):
        gap = np.where(np.isinf(high) | np.isinf(low), np.inf, high - low)
    return log_expit(high) + log_expit(-low) + np.log1p(-np.exp(-gap))


def _gap_slope(high: Floats, low: Floats) -> Floats:
    """Return 1 / (exp(high − low) − 1), 0 where a bound is infinite."""
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.where(np.isinf(high) | np.isinf(low), np.inf, high - low)
        return np.asarray(1.0 / np.expm1(gap))


def _modes(
    data: ClusteredOutcomes, eta: Floats, high: Floats, low: Floats, spread: float
) -> tuple[Floats, Floats]:
    """Return the mode of each patient's standardised intercept, and the curvature there."""
    at = np.zeros(data.n_patients)
    curvature = np.ones(data.n_patients)
    for _ in range(_MODE_STEPS):
        here = eta + spread * at[data.patient]
        above, below = expit(high - here), expit(low - here)
        slope = np.add.reduceat(above + below - 1.0, data.begins) * spread - at
        bend = above * (1.0 - above) + below * (1.0 - below)
        curvature = np.add.reduceat(bend, data.begins) * spread**2 + 1.0
        step = np.clip(slope / curvature, -_LONGEST, _LONGEST)
        at = at + step
        if np.abs(step).max() < _MODE_FOUND:
            break
    return at, curvature


def mixed_score(
    data: ClusteredOutcomes, parameters: Floats, *, nodes: int = NODES, offset: Floats | None = None
) -> tuple[float, Floats]:
    """Return the log-likelihood and its gradient.

    Parameters
    ----------
    parameters
        Rising thresholds (levels − 1), slopes (p), standard deviation between patients.
    offset : (n,)
        Added to the linear predictor, in the order of `data`; 0 where not given.

    Notes
    -----
    P(level ≤ j) = F(α_j − xβ − σ b), b ~ N(0, 1) for each patient. Pinheiro and Chao,
    J. Comput. Graph. Stat. 15 (2006), 58: adaptive quadrature.
    """
    cuts = len(data.levels) - 1
    thresholds, slopes, spread = parameters[:cuts], parameters[cuts:-1], float(parameters[-1])
    if np.any(np.diff(thresholds) <= 0):
        return -np.inf, np.zeros_like(parameters)
    eta = data.x @ slopes
    if offset is not None:
        eta = eta + offset
    high, low = _bounds(data, thresholds)
    mode, curvature = _modes(data, eta, high, low, spread)
    z, log_weight = _nodes(nodes)
    scale = 1.0 / np.sqrt(curvature)
    b = mode[:, None] + scale[:, None] * z
    here = eta[:, None] + spread * b[data.patient]
    upper, lower = high[:, None] - here, low[:, None] - here
    chance = np.add.reduceat(_log_chance(upper, lower), data.begins, axis=0)
    joint = chance - 0.5 * b**2 - 0.5 * np.log(2.0 * np.pi) + log_weight + np.log(scale)[:, None]
    top = joint.max(axis=1)
    each = top + np.log(np.exp(joint - top[:, None]).sum(axis=1))
    weight = np.exp(joint - each[:, None])[data.patient]
    above, below = expit(upper), expit(lower)
    slope = weight * (above + below - 1.0)
    by_lesion = slope.sum(axis=1)
    gap = _gap_slope(high, low)
    up = (weight * (1.0 - above)).sum(axis=1) + gap
    down = (weight * below).sum(axis=1) + gap
    gradient = np.zeros_like(parameters)
    for j in range(cuts):
        gradient[j] = up[data.level == j].sum() - down[data.level == j + 1].sum()
    gradient[cuts:-1] = data.x.T @ by_lesion
    gradient[-1] = float((slope * b[data.patient]).sum())
    return float(each.sum()), gradient


def mixed_terms(
    data: ClusteredOutcomes, parameters: Floats, *, nodes: int = NODES
) -> LikelihoodTerms:
    """Return the terms at given parameters; the information by central differences of the score."""
    value, score = mixed_score(data, parameters, nodes=nodes)
    count = len(parameters)
    information = np.zeros((count, count))
    for j in range(count):
        step = _DIFFERENCE * np.eye(count)[j]
        _, up = mixed_score(data, parameters + step, nodes=nodes)
        _, down = mixed_score(data, parameters - step, nodes=nodes)
        information[j] = (down - up) / (2.0 * _DIFFERENCE)
    return LikelihoodTerms(
        log_likelihood=value, score=score, information=0.5 * (information + information.T)
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class MixedOrdinalFit:
    """Thresholds, slopes and the spread between patients; a slope above 0 raises the level."""

    coefficients: Coefficients
    """Thresholds, slopes, and last the standard deviation between patients (NaN error at 0)."""
    log_likelihood: float
    n: int
    n_patients: int
    counts: tuple[int, ...]
    """Lesions of each level."""
    levels: tuple[str, ...]
    nodes: int

    @property
    def spread(self) -> float:
        """Standard deviation of the intercept between patients, on the logit scale."""
        return float(self.coefficients.estimate[-1])

    @property
    def intraclass_correlation(self) -> float:
        """σ² / (σ² + π²/3): how alike lesions of one patient are, on the latent scale."""
        return self.spread**2 / (self.spread**2 + np.pi**2 / 3.0)


def fit_mixed_ordinal(data: ClusteredOutcomes, *, nodes: int = NODES) -> MixedOrdinalFit:
    """Fit by quasi-Newton and a last Newton step.

    Raises
    ------
    InputError
        When an estimate runs to infinity (separation), or no maximum is found.
    """
    cuts, p = len(data.levels) - 1, len(data.names)
    centre, scale = data.x.mean(axis=0), data.x.std(axis=0)
    standard = _with_columns(data, (data.x - centre) / scale)
    share = np.cumsum([np.mean(data.level == j) for j in range(cuts)])
    start = np.concatenate([np.log(share / (1.0 - share)), np.zeros(p), [1.0]])
    found, value = _maximum(standard, start, nodes)
    names = (*threshold_names(data.levels), *data.names, SPREAD)
    if np.abs(found).max() > _LARGEST:
        worst = names[int(np.abs(found).argmax())]
        raise InputError(
            f"model of lesions within patients: no finite estimate of {worst}; it separates the "
            f"levels. Join levels, leave it out, or collect more lesions"
        )
    if abs(found[-1]) < _NO_SPREAD:
        found[-1] = 0.0
        inside = found[:-1]
        information = mixed_terms(standard, found, nodes=nodes).information[:-1, :-1]
        covariance = np.full((len(found), len(found)), np.nan)
        covariance[:-1, :-1] = np.linalg.inv(information)
        found = np.append(inside, 0.0)
    else:
        found[-1] = abs(found[-1])
        information = mixed_terms(standard, found, nodes=nodes).information
        covariance = np.linalg.inv(information)
    back = _raw(centre, scale, cuts)
    raw = np.full_like(covariance, np.nan)
    inner = back[:-1, :-1]
    raw[:-1, :-1] = inner @ covariance[:-1, :-1] @ inner.T
    raw[-1, :-1] = raw[:-1, -1] = inner @ covariance[:-1, -1]
    raw[-1, -1] = covariance[-1, -1]
    return MixedOrdinalFit(
        coefficients=Coefficients(names=names, estimate=back @ found, covariance=raw),
        log_likelihood=value,
        n=len(data.level),
        n_patients=data.n_patients,
        counts=tuple(int(np.sum(data.level == j)) for j in range(cuts + 1)),
        levels=data.levels,
        nodes=nodes,
    )


def threshold_names(levels: Sequence[str]) -> tuple[str, ...]:
    """Return ``"low|high"`` for each pair of neighbours."""
    return tuple(f"{low}|{high}" for low, high in pairwise(levels))


def _with_columns(data: ClusteredOutcomes, x: Floats) -> ClusteredOutcomes:
    return ClusteredOutcomes(
        x=x,
        names=data.names,
        level=data.level,
        levels=data.levels,
        patient=data.patient,
        begins=data.begins,
        order=data.order,
    )


def _raw(centre: Floats, scale: Floats, cuts: int) -> Floats:
    """Return the matrix from parameters of standardised columns to those of the raw ones."""
    p = len(centre)
    back = np.eye(cuts + p + 1)
    one = unscaled(centre, scale)
    back[cuts : cuts + p, cuts : cuts + p] = one[1:, 1:]
    back[:cuts, cuts : cuts + p] = -one[0, 1:]  # α − (x − c)/s β: the threshold rises by c β/s
    return back


def _maximum(data: ClusteredOutcomes, start: Floats, nodes: int) -> tuple[Floats, float]:
    cuts = len(data.levels) - 1

    def ordered(free: Floats) -> Floats:
        """Thresholds from the first and the logarithms of the gaps."""
        steps = np.concatenate([free[:1], np.exp(free[1:cuts])])
        return np.concatenate([np.cumsum(steps), free[cuts:]])

    def loss(free: Floats) -> tuple[float, Floats]:
        value, gradient = mixed_score(data, ordered(free), nodes=nodes)
        slope = gradient.copy()
        from_here = np.cumsum(gradient[:cuts][::-1])[::-1]
        slope[0] = from_here[0]
        slope[1:cuts] = from_here[1:] * np.exp(free[1:cuts])
        return -value, -slope

    free = np.concatenate([start[:1], np.log(np.diff(start[:cuts])), start[cuts:]])
    done = minimize(loss, free, jac=True, method="BFGS", options={"gtol": 1e-6})
    found = ordered(np.asarray(done.x, dtype=np.float64))
    for _ in range(3):
        if abs(found[-1]) < _NO_SPREAD or np.abs(found).max() > _LARGEST:
            break
        terms = mixed_terms(data, found, nodes=nodes)
        step = np.linalg.solve(terms.information, terms.score)
        if float(step @ terms.score) < 0 or np.abs(step).max() > 0.5:  # noqa: PLR2004 - astray
            raise InputError("model of lesions within patients: no maximum of the likelihood found")
        found = found + step
        if np.abs(step).max() < 1e-9:  # noqa: PLR2004 - no digit moves
            break
    return found, mixed_score(data, found, nodes=nodes)[0]
