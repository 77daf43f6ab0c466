"""How much studies differ beyond chance: Q, the variance between studies, and its interval."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from opensirt.domain.missing import Missing
from opensirt.outcomes.arrays import Floats

_STEPS = 200
_CLOSE = 1e-13
_BESIDE = 1e-2
"""How far, in parts of it, a maximum may lie from where a search by values finds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heterogeneity:
    """Between-study variance on the scale of pooling, with what follows from it.

    `tau2_interval` inverts the generalised Q statistic (Q profile); `i2` is the part of the
    variance of a typical study that lies between studies.
    """

    tau2: float
    tau2_interval: tuple[float, float] | Missing
    i2: float
    i2_interval: tuple[float, float] | Missing
    h2: float
    q: float
    degrees: int
    q_p_value: float | Missing


def projection(variance: Floats, tau2: float, design: Floats) -> Floats:
    """Return P = W − WX(XᵀWX)⁻¹XᵀW with weights 1/(variance + τ²); (k, k)."""
    weight = 1.0 / (variance + tau2)
    weighted = design * weight[:, None]
    inner = np.linalg.solve(design.T @ weighted, weighted.T)
    return np.asarray(np.diag(weight) - weighted @ inner)


def generalised_q(estimate: Floats, variance: Floats, tau2: float, design: Floats) -> float:
    """Return the weighted sum of squares about the fit at a between-study variance."""
    return float(estimate @ projection(variance, tau2, design) @ estimate)


def der_simonian_laird(estimate: Floats, variance: Floats, design: Floats) -> float:
    """Return the moment estimate of τ² with the weights of a fixed effect.

    References
    ----------
    .. [1] DerSimonian and Laird, Control. Clin. Trials 7 (1986), 177.
    """
    part = projection(variance, 0.0, design)
    excess = float(estimate @ part @ estimate) - (len(estimate) - design.shape[1])
    return float(max(0.0, excess / float(np.trace(part))))


def paule_mandel(estimate: Floats, variance: Floats, design: Floats) -> float:
    """Return the τ² at which the generalised Q equals its degrees of freedom.

    References
    ----------
    .. [1] Paule and Mandel, J. Res. Natl. Bur. Stand. 87 (1982), 377.
    """
    return _where_q_is(estimate, variance, design, float(len(estimate) - design.shape[1]))


def restricted_likelihood(estimate: Floats, variance: Floats, design: Floats) -> float:
    """Return the restricted maximum-likelihood τ² by Fisher scoring, never below zero.

    Where the steps do not settle (a likelihood that is flat beside zero) it is looked for between
    zero and what the spread of the estimates allows.

    References
    ----------
    .. [1] Viechtbauer, J. Educ. Behav. Stat. 30 (2005), 261.
    """
    tau2 = der_simonian_laird(estimate, variance, design)
    scale = float(np.mean(variance))
    for _ in range(_STEPS):
        part = projection(variance, tau2, design)
        moved = part @ estimate
        square = part @ part
        step = (float(moved @ moved) - float(np.trace(part))) / float(np.trace(square))
        while tau2 + step < 0.0 and abs(step) > _CLOSE * scale:
            step *= 0.5
        if tau2 + step < 0.0 or abs(step) <= _CLOSE * max(tau2, scale):
            return max(0.0, tau2 + step) if tau2 > _CLOSE * scale else 0.0
        tau2 += step
    return _largest_restricted_likelihood(estimate, variance, design)


def _largest_restricted_likelihood(estimate: Floats, variance: Floats, design: Floats) -> float:
    """Return the τ² of the largest restricted likelihood, by Brent's method."""
    from scipy.optimize import brentq, minimize_scalar

    def lost(tau2: float) -> float:
        total = variance + tau2
        _, of_design = np.linalg.slogdet(design.T @ (design / total[:, None]))
        q = generalised_q(estimate, variance, tau2, design)
        return 0.5 * (float(np.log(total).sum()) + float(of_design) + q)

    def score(tau2: float) -> float:
        part = projection(variance, tau2, design)
        moved = part @ estimate
        return float(moved @ moved) - float(np.trace(part))

    highest = float(np.ptp(estimate) ** 2 + variance.max())
    found = float(minimize_scalar(lost, bounds=(0.0, highest), method="bounded").x)
    if lost(0.0) <= lost(found):
        return 0.0
    low, high = found * (1.0 - _BESIDE), found * (1.0 + _BESIDE)
    if score(low) * score(high) < 0.0:
        return float(brentq(score, low, high, rtol=1e-14))
    return found


def _none(_: Floats, __: Floats, ___: Floats) -> float:
    return 0.0


Estimator = Callable[[Floats, Floats, Floats], float]

ESTIMATORS: Mapping[str, Estimator] = MappingProxyType(
    {
        "fixed": _none,
        "DL": der_simonian_laird,
        "REML": restricted_likelihood,
        "PM": paule_mandel,
    }
)
"""Between-study variance by name; `fixed` takes one effect for all studies."""


def heterogeneity(
    estimate: Floats, variance: Floats, design: Floats, *, tau2: float, fixed: bool, level: float
) -> Heterogeneity:
    """Return Q, I², H² and intervals about a between-study variance."""
    from scipy.stats import chi2

    degrees = len(estimate) - design.shape[1]
    if degrees < 1:
        return Heterogeneity(
            tau2=tau2,
            tau2_interval=Missing.NOT_ESTIMATED,
            i2=0.0,
            i2_interval=Missing.NOT_ESTIMATED,
            h2=1.0,
            q=0.0,
            degrees=0,
            q_p_value=Missing.NOT_ESTIMATED,
        )
    typical = degrees / float(np.trace(projection(variance, 0.0, design)))
    q = max(0.0, generalised_q(estimate, variance, 0.0, design))  # round-off of studies that agree
    low, high = tau2_interval(estimate, variance, design, level=level)
    return Heterogeneity(
        tau2=tau2,
        tau2_interval=Missing.NOT_ESTIMATED if fixed else (low, high),
        i2=1.0 - degrees / max(q, degrees) if fixed else tau2 / (tau2 + typical),
        i2_interval=Missing.NOT_ESTIMATED
        if fixed
        else (low / (low + typical), high / (high + typical)),
        h2=q / degrees if fixed else tau2 / typical + 1.0,
        q=q,
        degrees=degrees,
        q_p_value=float(chi2.sf(q, degrees)),
    )


def tau2_interval(
    estimate: Floats, variance: Floats, design: Floats, *, level: float
) -> tuple[float, float]:
    """Return the interval of τ² by the Q profile; both ends are 0 where no τ² is so small.

    References
    ----------
    .. [1] Viechtbauer, Stat. Med. 26 (2007), 37.
    """
    from scipy.stats import chi2

    degrees = len(estimate) - design.shape[1]
    half = 0.5 * (1.0 - level)
    return (
        _where_q_is(estimate, variance, design, float(chi2.isf(half, degrees))),
        _where_q_is(estimate, variance, design, float(chi2.ppf(half, degrees))),
    )


def _where_q_is(estimate: Floats, variance: Floats, design: Floats, wanted: float) -> float:
    """Return the τ² at which the falling generalised Q has a value; 0 when it starts below."""
    from scipy.optimize import brentq

    def excess(tau2: float) -> float:
        return generalised_q(estimate, variance, tau2, design) - wanted

    if excess(0.0) <= 0.0:
        return 0.0
    high = max(float(variance.max()), float(np.var(estimate)))
    while excess(high) > 0.0:  # ends: Q falls as 1/τ²
        high *= 2.0
    return float(brentq(excess, 0.0, high, xtol=1e-14, rtol=1e-13))
