"""The pooled estimate: one effect for all, or effects that vary; moderators; prediction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.outcomes.arrays import Floats, columns, normal_quantile
from opensirt.outcomes.evidence.effect import BACK, Effects
from opensirt.outcomes.evidence.heterogeneity import ESTIMATORS, Heterogeneity, heterogeneity

INTERCEPT = "intercept"

NORMAL = "normal"
HKSJ = "HKSJ"
HKSJ_PLAIN = "HKSJ, untruncated"
ADJUSTMENTS = (NORMAL, HKSJ, HKSJ_PLAIN)
"""Normal quantiles; or Hartung–Knapp–Sidik–Jonkman: residual variance and Student quantiles.

`HKSJ` never takes a residual variance below 1: studies that agree by chance would else give an
interval that is too narrow (Röver et al. 2015).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """One coefficient on the scale of pooling."""

    name: str
    estimate: float
    standard_error: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """Whether the moderators explain anything: one test of all, and the part of τ² they take."""

    statistic: float
    degrees: tuple[int, int] | tuple[int]
    p_value: float
    r2: float | Missing


@dataclass(frozen=True, eq=False, kw_only=True)
class Pooled:
    """A fit of k studies. Interval and prediction are on the scale of `effects`."""

    effects: Effects
    coefficients: tuple[Coefficient, ...]
    heterogeneity: Heterogeneity
    method: str
    adjustment: str
    level: float
    weights: Floats
    """Part of each study in the pooled estimate, sums to 1; (k,)."""
    prediction: tuple[float, float] | Missing
    """Where the effect of a new study is expected to lie."""
    moderation: Moderation | Missing
    covariance: Floats
    """Of the coefficients; (p, p)."""

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.effects.k

    @property
    def pooled(self) -> Coefficient:
        """The pooled estimate of a fit without moderators (else the intercept)."""
        return self.coefficients[0]

    def back(self, value: float) -> float:
        """Return a value as people read it: a proportion, a ratio, months."""
        return BACK[self.effects.scale](value, self.effects)


def pool(
    effects: Effects,
    *,
    method: str = "REML",
    adjustment: str = HKSJ,
    moderators: Mapping[str, ArrayLike] = MappingProxyType({}),
    level: float = 0.95,
) -> Pooled:
    """Return the pooled estimate of studies, or a meta-regression on moderators.

    Parameters
    ----------
    method
        ``fixed``, ``DL``, ``REML`` or ``PM``: how the variance between studies is found.
    adjustment
        One of `ADJUSTMENTS`. With HKSJ the prediction interval has k − p degrees of
        freedom, with ``normal`` k − p − 1 as Higgins et al. advise; fewer than one: none.
    moderators
        Name → value of each study, (k,).

    Raises
    ------
    UnknownNameError
        When method or adjustment is not known.
    InputError
        When there are no more studies than coefficients, or moderators determine each other.

    References
    ----------
    .. [1] Higgins, Thompson and Spiegelhalter, J. R. Stat. Soc. A 172 (2009), 137.
    .. [2] Knapp and Hartung, Stat. Med. 22 (2003), 2693.
    .. [3] Röver, Knapp and Friede, BMC Med. Res. Methodol. 15 (2015), 99.
    """
    if method not in ESTIMATORS:
        raise UnknownNameError("method of pooling", method, ESTIMATORS)
    if adjustment not in ADJUSTMENTS:
        raise UnknownNameError("adjustment of the interval", adjustment, ADJUSTMENTS)
    normal_quantile(level)
    names = (INTERCEPT, *moderators)
    design = _design(effects, moderators)
    k, p = design.shape
    if k < p or (k == p and moderators):
        raise InputError(f"{k} studies cannot carry {p} coefficients; take fewer moderators")
    tau2 = ESTIMATORS[method](effects.estimate, effects.variance, design) if k > p else 0.0
    weight = 1.0 / (effects.variance + tau2)
    covariance: Floats = np.asarray(
        np.linalg.inv(design.T @ (design * weight[:, None])), dtype=np.float64
    )
    beta: Floats = covariance @ (design.T @ (weight * effects.estimate))
    degrees = k - p
    student = adjustment != NORMAL
    if student and degrees:
        residual = effects.estimate - design @ beta
        scale = float(np.sum(weight * residual**2) / degrees)
        covariance = covariance * (max(1.0, scale) if adjustment == HKSJ else scale)
    quantile = _quantile(level, degrees if student else None)
    return Pooled(
        effects=effects,
        coefficients=_coefficients(names, beta, covariance, quantile, degrees if student else 0),
        heterogeneity=heterogeneity(
            effects.estimate,
            effects.variance,
            design,
            tau2=tau2,
            fixed=method == "fixed",
            level=level,
        ),
        method=method,
        adjustment=adjustment,
        level=level,
        weights=weight / weight.sum(),
        prediction=_prediction(beta, covariance, tau2, degrees if student else degrees - 1, level)
        if p == 1 and method != "fixed"
        else Missing.NOT_ESTIMATED,
        moderation=_moderation(effects, beta, covariance, tau2, method, degrees if student else 0)
        if moderators
        else Missing.NOT_ESTIMATED,
        covariance=covariance,
    )


def _design(effects: Effects, moderators: Mapping[str, ArrayLike]) -> Floats:
    ones = np.ones((effects.k, 1))
    if not moderators:
        return ones
    names = tuple(moderators)
    values = columns(
        np.column_stack([np.asarray(moderators[one], dtype=np.float64) for one in names]),
        names,
        where="moderators",
    )
    design = np.hstack([ones, values])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise InputError(
            f"the moderators {', '.join(names)} determine each other in these {effects.k} "
            "studies, or do not vary; leave one out"
        )
    return design


def _quantile(level: float, degrees: int | None) -> float:
    from scipy.stats import t

    if degrees is None:
        return normal_quantile(level)
    return float(t.isf(0.5 * (1.0 - level), degrees)) if degrees else float("inf")


def _coefficients(
    names: Sequence[str],
    beta: Floats,
    covariance: Floats,
    quantile: float,
    degrees: int,
) -> tuple[Coefficient, ...]:
    """Return the coefficients; `degrees` is 0 where the normal distribution is taken."""
    from scipy.stats import norm, t

    found = []
    for number, name in enumerate(names):
        error = float(np.sqrt(covariance[number, number]))
        ratio = abs(float(beta[number])) / error if error else float("inf")
        tail = t.sf(ratio, degrees) if degrees else norm.sf(ratio)
        half = quantile * error if np.isfinite(quantile) else float("inf")
        found.append(
            Coefficient(
                name=name,
                estimate=float(beta[number]),
                standard_error=error,
                low=float(beta[number]) - half,
                high=float(beta[number]) + half,
                p_value=2.0 * float(tail),
            )
        )
    return tuple(found)


def _prediction(
    beta: Floats,
    covariance: Floats,
    tau2: float,
    degrees: int,
    level: float,
) -> tuple[float, float] | Missing:
    if degrees < 1:
        return Missing.NOT_ESTIMATED
    half = _quantile(level, degrees) * float(np.sqrt(covariance[0, 0] + tau2))
    return float(beta[0]) - half, float(beta[0]) + half


def _moderation(
    effects: Effects,
    beta: Floats,
    covariance: Floats,
    tau2: float,
    method: str,
    degrees: int,
) -> Moderation:
    from scipy.stats import chi2, f

    slopes = beta[1:]
    wald = float(slopes @ np.linalg.solve(covariance[1:, 1:], slopes))
    ones = np.ones((effects.k, 1))
    alone = ESTIMATORS[method](effects.estimate, effects.variance, ones)
    r2 = Missing.NOT_ESTIMATED if alone == 0.0 else max(0.0, (alone - tau2) / alone)
    m = len(slopes)
    if degrees:
        return Moderation(
            statistic=wald / m,
            degrees=(m, degrees),
            p_value=float(f.sf(wald / m, m, degrees)),
            r2=r2,
        )
    return Moderation(statistic=wald, degrees=(m,), p_value=float(chi2.sf(wald, m)), r2=r2)
