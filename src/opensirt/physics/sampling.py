"""Propagation of distributions by drawing, where a first-order formula does not hold.

Evaluation of measurement data, Supplement 1 to the GUM, JCGM 101:2008: the input quantities are
drawn from their distributions, the measurand is computed for each draw, and the interval is that
of its values. Draws are those of a Sobol sequence moved by a random amount (Cranley and Patterson,
SIAM J Numer Anal 1976;13:904), which fills the distributions more evenly than independent ones.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opensirt.errors import InputError

Array = NDArray[np.float64]

_NEAREST = float(np.finfo(np.float64).eps)
"""No draw lies nearer to a face of the unit cube."""


def even_draws(number: int, dimensions: int, *, seed: int) -> Array:
    """Return points of the unit cube, (number, dimensions), none on its faces.

    Raises
    ------
    InputError
        When the number is no power of two: the sequence is even only then.
    """
    from scipy.stats import qmc

    if number < 1 or number & (number - 1):
        raise InputError(f"a Sobol sequence has a power of two of points, found {number}")
    moved = np.random.default_rng(seed).random(dimensions)
    points = (qmc.Sobol(dimensions, scramble=False).random(number) + moved) % 1.0
    made: Array = np.clip(points, _NEAREST, 1 - _NEAREST)
    return made


def normal(uniform: Array) -> Array:
    """Return the standard normal deviates whose probabilities are given."""
    from scipy.special import ndtri

    return np.asarray(ndtri(uniform), dtype=np.float64)


def normal_within(uniform: Array, mean: Array, covariance: Array, half_width: float) -> Array:
    """Return draws of a normal distribution that is cut off outside ± `half_width`.

    One coordinate after the other, each from its distribution given those before it; exact where
    little is cut off or the coordinates are independent. A distribution far wider than the box
    gives even draws.

    Parameters
    ----------
    uniform : (n, d)
        Points of the unit cube.
    mean : (d,)
        Inside the box.
    covariance : (d, d)
    """
    from scipy.special import ndtr, ndtri

    root = np.linalg.cholesky(covariance)
    deviates = np.zeros_like(uniform)
    drawn = np.zeros_like(uniform)
    for axis in range(uniform.shape[1]):
        middle = mean[axis] + deviates[:, :axis] @ root[axis, :axis]
        low, high = (ndtr((end - middle) / root[axis, axis]) for end in (-half_width, half_width))
        deviates[:, axis] = ndtri(low + uniform[:, axis] * (high - low))
        drawn[:, axis] = middle + root[axis, axis] * deviates[:, axis]
    made: Array = np.clip(drawn, -half_width, half_width)
    return made


def factors(relative_standard_uncertainties: Sequence[float], number: int) -> Array:
    """Return values, evenly probable, of a product of factors around 1, (number,).

    Their relative uncertainties are small and add in quadrature (JCGM 100:2008, 5.1.6); the
    product is taken as normal.
    """
    combined = float(np.sqrt(np.square(relative_standard_uncertainties).sum()))
    made: Array = 1 + combined * normal((np.arange(number) + 0.5) / number)
    return made


def interval(values: ArrayLike, probability: float) -> tuple[float, float, float]:
    """Return median, lower and upper end of the probabilistically symmetric interval.

    JCGM 101:2008, 7.7. The median stands for the mean, which a long tail would move.

    Raises
    ------
    InputError
        When the probability is not between 0 and 1.
    """
    if not 0 < probability < 1:
        raise InputError(f"the probability of an interval lies between 0 and 1, not {probability}")
    rest = (1 - probability) / 2
    low, middle, high = np.quantile(np.asarray(values, dtype=np.float64), (rest, 0.5, 1 - rest))
    return float(middle), float(low), float(high)
