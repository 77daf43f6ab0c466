"""Medians over studies: the median of medians, weighted by size, and its interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, normal_quantile, vector


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledMedian:
    """The weighted median of the medians of k studies.

    `interval` lies between the medians at which the weight below reaches one half minus and plus
    the normal quantile times half the root of the sum of squared weights; Missing when that
    falls outside the studies, as it does when they are few.
    """

    labels: tuple[str, ...]
    median: float
    interval: tuple[float, float] | Missing
    lowest: float
    highest: float
    weighted: bool
    level: float

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.labels)


def pool_medians(
    labels: Sequence[str],
    medians: ArrayLike,
    sizes: ArrayLike | None,
    *,
    level: float = 0.95,
) -> PooledMedian:
    """Return the median of study medians, weighted by `sizes` where they are given.

    Needs no interval of any study, and assumes nothing of the distribution; medians of survival
    that were not reached cannot take part.

    Raises
    ------
    InputError
        When no study is given, or a size is not above zero.

    References
    ----------
    .. [1] McGrath, Zhao, Qin, Steele and Benedetti, Stat. Med. 38 (2019), 969.
    """
    z = normal_quantile(level)
    values = vector(medians, where="medians")
    if not len(values) or len(values) != len(labels):
        raise InputError(f"{len(values)} medians of {len(labels)} studies; wanted one for each")
    weight = np.ones(len(values)) if sizes is None else vector(sizes, len(values), where="sizes")
    if np.any(weight <= 0):
        raise InputError("a study has nobody in it; leave it out and say so")
    order = np.argsort(values, kind="stable")
    ranked, share = values[order], weight[order] / weight.sum()
    half = z * 0.5 * float(np.sqrt(np.sum(share**2)))
    low, high = 0.5 - half, 0.5 + half
    interval: tuple[float, float] | Missing = Missing.NOT_ESTIMATED
    if low >= share[0] and high <= 1.0 - share[-1]:
        interval = (_quantile(ranked, share, low), _quantile(ranked, share, high))
    return PooledMedian(
        labels=tuple(labels),
        median=_quantile(ranked, share, 0.5),
        interval=interval,
        lowest=float(ranked[0]),
        highest=float(ranked[-1]),
        weighted=sizes is not None,
        level=level,
    )


def _quantile(ranked: Floats, share: Floats, level: float) -> float:
    """Return the value where the rising weight passes a level; the mean of two if it meets it."""
    reached = np.cumsum(share)
    place = int(np.searchsorted(reached, level - 1e-12))
    if abs(float(reached[place]) - level) <= 1e-12 and place + 1 < len(ranked):  # noqa: PLR2004 - rounding
        return float(0.5 * (ranked[place] + ranked[place + 1]))
    return float(ranked[min(place, len(ranked) - 1)])
