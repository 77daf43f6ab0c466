"""One estimate with its variance for each study, on the scale on which they are pooled."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, normal_quantile, vector

LOGIT = "logit"
DOUBLE_ARCSINE = "double arcsine"
LOG = "log"
RAW = "raw"


@dataclass(frozen=True, eq=False, kw_only=True)
class Effects:
    """Estimates of k studies.

    Parameters
    ----------
    labels : k
        One for each study.
    estimate, variance : (k,)
        On `scale`; every variance is above zero.
    sizes : (k,)
        Number of units behind each estimate.

    Raises
    ------
    InputError
        When lengths differ, no study is given, or a variance is not above zero.
    """

    labels: tuple[str, ...]
    estimate: Floats
    variance: Floats
    sizes: Floats
    scale: str

    def __post_init__(self) -> None:
        if not self.labels:
            raise InputError("no study to pool; choose another endpoint, unit or criterion")
        for name in ("estimate", "variance", "sizes"):
            found = vector(getattr(self, name), len(self.labels), where=f"{name} of the studies")
            object.__setattr__(self, name, found)
        if np.any(self.variance <= 0):
            worst = self.labels[int(np.argmin(self.variance))]
            raise InputError(f"study {worst} has the variance {self.variance.min():g}; wanted > 0")
        if self.scale not in BACK:
            raise InputError(f"unknown scale {self.scale!r}; known: {', '.join(BACK)}")

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.labels)

    def without(self, number: int) -> "Effects":
        """Return all studies but one."""
        kept = np.arange(self.k) != number
        return self.only(kept)

    def only(self, kept: ArrayLike) -> "Effects":
        """Return the studies that a mask (k,) keeps."""
        mask = np.asarray(kept, dtype=bool)
        return replace(
            self,
            labels=tuple(one for one, keep in zip(self.labels, mask, strict=True) if keep),
            estimate=self.estimate[mask],
            variance=self.variance[mask],
            sizes=self.sizes[mask],
        )


def _identity(value: float, _: Effects) -> float:
    return value


def _from_logit(value: float, _: Effects) -> float:
    return float(expit(value))


def _from_log(value: float, _: Effects) -> float:
    return float(np.exp(value))


def _from_double_arcsine(value: float, effects: Effects) -> float:
    return float(back_from_double_arcsine(value, harmonic_mean(effects.sizes)))


BACK: Mapping[str, Callable[[float, Effects], float]] = MappingProxyType(
    {
        LOGIT: _from_logit,
        DOUBLE_ARCSINE: _from_double_arcsine,
        LOG: _from_log,
        RAW: _identity,
    }
)
"""From each scale back to what people read: a proportion, a ratio, months."""


def logit_proportions(labels: Sequence[str], x: ArrayLike, n: ArrayLike) -> Effects:
    """Return log odds; half an event is added to both sides of a study with none or only events.

    The variance is ``1/x + 1/(n - x)``.
    """
    events, sizes = _counts(x, n)
    edge = (events == 0) | (events == sizes)
    hits = events + np.where(edge, 0.5, 0.0)
    misses = sizes - events + np.where(edge, 0.5, 0.0)
    return Effects(
        labels=tuple(labels),
        estimate=np.log(hits / misses),
        variance=1.0 / hits + 1.0 / misses,
        sizes=sizes,
        scale=LOGIT,
    )


def double_arcsine_proportions(labels: Sequence[str], x: ArrayLike, n: ArrayLike) -> Effects:
    """Return the Freeman–Tukey transform, half the sum of the two arcsines; variance 1/(4n+2).

    References
    ----------
    .. [1] Freeman and Tukey, Ann. Math. Stat. 21 (1950), 607.
    """
    events, sizes = _counts(x, n)
    first = np.arcsin(np.sqrt(events / (sizes + 1.0)))
    second = np.arcsin(np.sqrt((events + 1.0) / (sizes + 1.0)))
    return Effects(
        labels=tuple(labels),
        estimate=0.5 * (first + second),
        variance=1.0 / (4.0 * sizes + 2.0),
        sizes=sizes,
        scale=DOUBLE_ARCSINE,
    )


def back_from_double_arcsine(angle: ArrayLike, n: float) -> Floats:
    """Return the proportion whose Freeman–Tukey transform at size n is the angle.

    Angles outside what n units can give become 0 or 1. The answer depends on n: of pooled
    angles it is taken at the harmonic mean of the sizes, which can mislead when they differ
    much [2]_; the logit models do not have this weakness.

    References
    ----------
    .. [1] Miller, Am. Stat. 32 (1978), 138.
    .. [2] Schwarzer et al., Res. Synth. Methods 10 (2019), 476.
    """
    doubled = 2.0 * np.asarray(angle, dtype=np.float64)
    lowest = np.arcsin(np.sqrt(1.0 / (n + 1.0)))
    highest = np.arcsin(np.sqrt(n / (n + 1.0))) + 0.5 * np.pi
    inside = np.clip(doubled, lowest, highest)
    sine = np.sin(inside)
    root = 1.0 - (sine + (sine - 1.0 / sine) / n) ** 2
    found = 0.5 * (1.0 - np.sign(np.cos(inside)) * np.sqrt(np.maximum(root, 0.0)))
    return np.where(doubled <= lowest, 0.0, np.where(doubled >= highest, 1.0, found))


def harmonic_mean(sizes: ArrayLike) -> float:
    """Return the harmonic mean of sizes above zero."""
    found = np.asarray(sizes, dtype=np.float64)
    return float(len(found) / np.sum(1.0 / found))


def log_ratios(
    labels: Sequence[str],
    ratio: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    sizes: ArrayLike,
    level: float = 0.95,
) -> Effects:
    """Return logarithms of hazard ratios (or medians) from their printed intervals.

    The standard error is the width of the logarithmic interval over twice the normal quantile.

    Raises
    ------
    InputError
        When a number is not above zero, or a ratio lies outside its interval.
    """
    z = normal_quantile(level)
    middle, below, above = (np.asarray(one, dtype=np.float64) for one in (ratio, low, high))
    for label, one, bottom, top in zip(labels, middle, below, above, strict=True):
        if not 0.0 < bottom < one < top < np.inf:
            raise InputError(
                f"study {label} has {one:g} with the interval {bottom:g} to {top:g}; "
                "wanted 0 < low < estimate < high"
            )
    error = (np.log(above) - np.log(below)) / (2.0 * z)
    return Effects(
        labels=tuple(labels),
        estimate=np.log(middle),
        variance=error**2,
        sizes=np.asarray(sizes, dtype=np.float64),
        scale=LOG,
    )


def _counts(x: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    events, sizes = vector(x, where="events"), vector(n, where="sizes")
    if len(events) != len(sizes) or np.any(events < 0) or np.any(events > sizes):
        raise InputError("events and sizes of studies do not fit; wanted 0 ≤ events ≤ size")
    if np.any(sizes < 1):
        raise InputError("a study has nobody in it; leave it out and say so")
    return events, sizes
