"""One displacement measured at several places: what they share, and what each has of its own.

A random-effects model: every place is moved by a common displacement and one of its own, which is
normal with the same spread for all. The spread between the places decides how far each may trust
the others (Paule and Mandel, J Res Natl Bur Stand 1982;87:377-385, in three dimensions).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_WIDEST_MM2 = 1e4
"""Variance that stands for no knowledge of a direction: a hundred times any displacement."""

_HALVINGS = 40


@dataclass(frozen=True, eq=False, kw_only=True)
class Displacement:
    """Mean (3,) in mm and covariance (3, 3) in mm² of a displacement."""

    mean_mm: Array
    covariance_mm2: Array


def measured(mean_mm: Array, precision_per_mm2: Array) -> Displacement:
    """Return a displacement from its inverse covariance, which need not know every direction."""
    known = precision_per_mm2 + np.eye(3) / _WIDEST_MM2
    return Displacement(mean_mm=mean_mm, covariance_mm2=_inverse(known))


def spread_between_mm2(places: Sequence[Displacement], *, at_least_mm2: float) -> float:
    """Return the variance along each axis that the places have beyond their own uncertainty."""
    freedom = 3 * (len(places) - 1)
    if freedom == 0:
        return at_least_mm2
    low, high = at_least_mm2, _WIDEST_MM2
    if _scatter(places, low) <= freedom:
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _scatter(places, middle) > freedom else (low, middle)
    return (low + high) / 2


def common(places: Sequence[Displacement], between_mm2: float) -> Displacement:
    """Return the displacement that places with a spread between them have in common."""
    weights = [_inverse(one.covariance_mm2 + between_mm2 * np.eye(3)) for one in places]
    covariance = _inverse(np.sum(weights, axis=0))
    weighted = np.sum([w @ one.mean_mm for w, one in zip(weights, places, strict=True)], axis=0)
    return Displacement(mean_mm=covariance @ weighted, covariance_mm2=covariance)


def elsewhere(places: Sequence[Displacement], between_mm2: float) -> Displacement:
    """Return the displacement of a place that was not measured, from those that were."""
    shared = common(places, between_mm2)
    return Displacement(
        mean_mm=shared.mean_mm,
        covariance_mm2=shared.covariance_mm2 + between_mm2 * np.eye(3),
    )


def with_the_others(places: Sequence[Displacement], between_mm2: float) -> list[Displacement]:
    """Return each displacement from its own measurement and those of all other places."""
    made = []
    for n, own in enumerate(places):
        rest = [one for m, one in enumerate(places) if m != n]
        if not rest:
            made.append(own)
            continue
        expected = elsewhere(rest, between_mm2)
        mine, theirs = (_inverse(one.covariance_mm2) for one in (own, expected))
        covariance = _inverse(mine + theirs)
        mean = covariance @ (mine @ own.mean_mm + theirs @ expected.mean_mm)
        made.append(Displacement(mean_mm=mean, covariance_mm2=covariance))
    return made


def _inverse(matrix: Array) -> Array:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _scatter(places: Sequence[Displacement], between_mm2: float) -> float:
    middle = common(places, between_mm2).mean_mm
    return float(
        sum(
            (one.mean_mm - middle)
            @ _inverse(one.covariance_mm2 + between_mm2 * np.eye(3))
            @ (one.mean_mm - middle)
            for one in places
        )
    )
