"""Whether small studies tell another story than large ones, as they do when some are missing."""

from dataclasses import dataclass, replace

import numpy as np

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats
from opensirt.outcomes.evidence.effect import Effects
from opensirt.outcomes.evidence.pooling import NORMAL, Pooled, pool

STANDARD_ERROR = "standard error"
INVERSE_SIZE = "1/n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asymmetry:
    """The slope of estimates on a measure of smallness, with its test."""

    predictor: str
    slope: float
    statistic: float
    degrees: int
    p_value: float


@dataclass(frozen=True, eq=False, kw_only=True)
class TrimAndFill:
    """Studies that would make the funnel symmetric, and the fixed-effect estimate with them."""

    missing: int
    side: str
    pooled: Pooled


def asymmetry(effects: Effects, *, predictor: str = STANDARD_ERROR) -> Asymmetry:
    """Return the regression of the estimates on smallness, weighted by 1/variance.

    With the standard error this is the test of Egger et al. [1]_; with ``1/n`` the test in the
    way of Peters et al. [2]_, better for proportions, whose error depends on the proportion.

    Raises
    ------
    InputError
        When there are fewer than three studies, or all are of one size.
    """
    if effects.k < 3:  # noqa: PLR2004 - two points lie on a line
        raise InputError(f"{effects.k} studies are too few for a test of asymmetry")
    smallness = _smallness(effects, predictor)
    if np.ptp(smallness) == 0.0:
        raise InputError(f"all studies have one {predictor}; asymmetry cannot be seen")
    design = np.column_stack([np.ones(effects.k), smallness])
    weight = 1.0 / effects.variance
    covariance = np.linalg.inv(design.T @ (design * weight[:, None]))
    beta = covariance @ (design.T @ (weight * effects.estimate))
    degrees = effects.k - 2
    residual = effects.estimate - design @ beta
    error = float(np.sqrt(covariance[1, 1] * np.sum(weight * residual**2) / degrees))
    statistic = float(beta[1]) / error
    return Asymmetry(
        predictor=predictor,
        slope=float(beta[1]),
        statistic=statistic,
        degrees=degrees,
        p_value=_two_sided(statistic, degrees),
    )


def _smallness(effects: Effects, predictor: str) -> Floats:
    if predictor == STANDARD_ERROR:
        return np.asarray(np.sqrt(effects.variance))
    if predictor == INVERSE_SIZE:
        return np.asarray(1.0 / effects.sizes)
    raise InputError(
        f"unknown measure of smallness {predictor!r}; known: {STANDARD_ERROR}, {INVERSE_SIZE}"
    )


def _two_sided(statistic: float, degrees: int) -> float:
    from scipy.stats import t

    return 2.0 * float(t.sf(abs(statistic), degrees))


def trim_and_fill(effects: Effects) -> TrimAndFill:
    """Return the fixed-effect estimate after adding mirror images of the outermost studies.

    The number is the estimate L0 from the ranks about the centre; the side is the one towards
    which small studies do not lie. A way to see how much could depend on missing studies, not a
    correction.

    References
    ----------
    .. [1] Duval and Tweedie, Biometrics 56 (2000), 455.
    """
    k = effects.k
    slope = asymmetry(effects).slope
    side = "right" if slope < 0.0 else "left"
    turned = -effects.estimate if side == "right" else effects.estimate
    order = np.argsort(turned, kind="stable")
    values, variances = turned[order], effects.variance[order]
    missing, before = 0, -1
    centre = 0.0
    while missing != before:
        before = missing
        kept = slice(0, k - missing)
        weight = 1.0 / variances[kept]
        centre = float(np.sum(weight * values[kept]) / weight.sum())
        away = values - centre
        ranks = np.empty(k)
        ranks[np.argsort(np.abs(away), kind="stable")] = np.arange(1, k + 1)
        positive = float(ranks[away > 0].sum())
        missing = max(0, round((4.0 * positive - k * (k + 1)) / (2.0 * k - 1.0)))
    filled = effects
    if missing:
        sign = -1.0 if side == "right" else 1.0
        added = sign * (2.0 * centre - values[k - missing :])
        filled = replace(
            effects,
            labels=effects.labels + tuple(f"filled {one + 1}" for one in range(missing)),
            estimate=np.concatenate([effects.estimate, added]),
            variance=np.concatenate([effects.variance, variances[k - missing :]]),
            sizes=np.concatenate([effects.sizes, effects.sizes[order][k - missing :]]),
        )
    return TrimAndFill(
        missing=missing, side=side, pooled=pool(filled, method="fixed", adjustment=NORMAL)
    )
