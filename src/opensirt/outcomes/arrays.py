"""Arrays as every estimator of this room wants them, and the words that refuse others."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from opensirt.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def columns(values: ArrayLike, names: Sequence[str], *, where: str) -> Floats:
    """Return a matrix (n, p) without gaps, one column for each name.

    Raises
    ------
    InputError
        When the shape does not fit the names, or a value is not finite.
    """
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim == 1:
        matrix = matrix.reshape(-1, 1)
    if matrix.ndim != 2 or matrix.shape[1] != len(names):  # noqa: PLR2004 - rows and columns
        raise InputError(f"{where}: values of shape {matrix.shape} for the columns {tuple(names)}")
    for number, name in enumerate(names):
        gaps = int(np.sum(~np.isfinite(matrix[:, number])))
        if gaps:
            raise InputError(
                f"{where}: column {name} lacks {gaps} of {len(matrix)} values; "
                f"leave those rows out and say so, or leave the column out"
            )
    return matrix


def vector(values: ArrayLike, n: int | None = None, *, where: str) -> Floats:
    """Return one value for each row, without gaps.

    Raises
    ------
    InputError
        When the length differs from `n`, or a value is not finite.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or (n is not None and len(found) != n):
        raise InputError(f"{where}: values of shape {found.shape}; wanted {n or 'n'} in one row")
    gaps = int(np.sum(~np.isfinite(found)))
    if gaps:
        raise InputError(
            f"{where}: {gaps} of {len(found)} values are missing; leave them out first"
        )
    return found


def tally(place: Ints, count: int, values: Floats | None = None) -> Floats:
    """Return the number of rows, or the sum of their values, at each place from 0 to `count` − 1.

    >>> tally(np.array([0, 2, 2]), 3).tolist()
    [1.0, 0.0, 2.0]
    """
    return np.bincount(place, values, minlength=count).astype(np.float64)


def normal_quantile(level: float) -> float:
    """Return z of a two-sided interval of a level between 0 and 1.

    Raises
    ------
    InputError
        When the level is not between 0 and 1.

    >>> f"{normal_quantile(0.95):.6f}"
    '1.959964'
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"the confidence level is {level}; wanted a number between 0 and 1")
    return float(ndtri(0.5 + 0.5 * level))
