"""Two dose distributions side by side: gamma index, differences, agreement of structures."""

import logging
import sys
import warnings
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opensirt.domain.dvh import Dvh
from opensirt.domain.image import DoseMap
from opensirt.errors import GeometryError, InputError
from opensirt.reference.constant import constant

_LARGEST_PYTHON = (3, 12)
_SAME_DIRECTION = 1e-6


@dataclass(frozen=True, kw_only=True)
class GammaCriteria:
    """When a point of the reference passes.

    Parameters
    ----------
    dose_difference_fraction
        Of the largest reference dose, or of the dose of the point (`local`).
    distance_mm
        Distance to agreement.
    lowest_dose_fraction
        Points of the reference below this part of its maximum are left out.
    local
        The difference is a part of the point's own dose.

    Raises
    ------
    InputError
        When a criterion is not above zero, or a fraction is above one (3 % is 0.03).
    """

    dose_difference_fraction: float
    distance_mm: float
    lowest_dose_fraction: float
    local: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.dose_difference_fraction < 1.0:
            raise InputError(
                "the dose difference is a fraction between 0 and 1 (0.03 is 3 %), found "
                f"{self.dose_difference_fraction:g}"
            )
        if not 0.0 < self.lowest_dose_fraction < 1.0:
            raise InputError(
                "the lowest dose is a fraction of the maximum between 0 and 1 (0.1 is 10 %), "
                f"found {self.lowest_dose_fraction:g}"
            )
        if not self.distance_mm > 0.0:
            raise InputError(f"the distance is above 0 mm, found {self.distance_mm:g} mm")

    @classmethod
    def customary(cls) -> Self:
        """Return the criteria of `comparison.toml`."""
        return cls(
            dose_difference_fraction=constant("comparison", "gamma", "dose_difference").value,
            distance_mm=constant("comparison", "gamma", "distance").value,
            lowest_dose_fraction=constant("comparison", "gamma", "lowest_dose").value,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class GammaIndex:
    """Gamma index of every point of the reference.

    Parameters
    ----------
    values : (k, j, i)
        At most the largest that was searched for; not a number where the reference is below the
        lowest dose.
    criteria
        What was asked.
    n_voxels
        Points that were judged.
    gamma_pass_fraction
        Part of them with an index of at most 1.
    """

    values: NDArray[np.float32]
    criteria: GammaCriteria
    n_voxels: int
    gamma_pass_fraction: float


def gamma_index(
    reference: DoseMap, evaluated: DoseMap, criteria: GammaCriteria | None = None
) -> GammaIndex:
    """Return the gamma index of a dose, by PyMedPhys.

    The evaluated dose is interpolated; so the two may lie on different grids, whose axes have to
    be parallel.

    Parameters
    ----------
    reference
        Each of its points above the lowest dose is judged.
    evaluated
        Where the nearest agreement is looked for.
    criteria
        `GammaCriteria.customary` where not given.

    Raises
    ------
    GeometryError
        When frames of reference differ, or the axes are not parallel.
    InputError
        When the reference has no dose, or on a Python that PyMedPhys does not support yet.

    References
    ----------
    .. [1] D. A. Low, Med Phys 1998;25:656, doi 10.1118/1.598248.
    .. [2] M. Wendling, Med Phys 2007;34:1647, doi 10.1118/1.2721657.
    """
    if sys.version_info[:2] > _LARGEST_PYTHON:
        raise InputError(
            "the gamma index needs PyMedPhys, which supports Python up to "
            f"{'.'.join(map(str, _LARGEST_PYTHON))}; run it there, or leave the gamma index out"
        )
    criteria = criteria or GammaCriteria.customary()
    largest = float(reference.values.max())
    if not largest > 0.0:
        raise InputError("the reference has no dose above zero: there is nothing to compare with")
    own, other = _axes(reference, evaluated)
    import pymedphys

    logging.getLogger("pymedphys").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of points without a dose
        values = pymedphys.gamma(
            own,
            reference.values.astype(np.float64),
            other,
            evaluated.values.astype(np.float64),
            dose_percent_threshold=criteria.dose_difference_fraction * 100.0,
            distance_mm_threshold=criteria.distance_mm,
            lower_percent_dose_cutoff=criteria.lowest_dose_fraction * 100.0,
            interp_fraction=int(constant("comparison", "gamma_search", "steps").value),
            max_gamma=constant("comparison", "gamma_search", "largest").value,
            local_gamma=criteria.local,
        )
    judged = np.isfinite(values)
    n_voxels = int(judged.sum())
    return GammaIndex(
        values=values.astype(np.float32),
        criteria=criteria,
        n_voxels=n_voxels,
        gamma_pass_fraction=float((values[judged] <= 1.0).sum() / n_voxels) if n_voxels else 0.0,
    )


Axes = tuple[NDArray[np.float64], ...]


def _axes(reference: DoseMap, evaluated: DoseMap) -> tuple[Axes, Axes]:
    """Return places of both along the axes of the reference, ascending as its array is."""
    reference.grid.require_same_frame(evaluated.grid)
    if not np.allclose(reference.grid.directions, evaluated.grid.directions, atol=_SAME_DIRECTION):
        raise GeometryError(
            "the axes of the two doses are not parallel; compute both on one grid, or resample one"
        )
    start = reference.grid.index_of(evaluated.grid.lps_mm(np.zeros(3)))
    own: list[NDArray[np.float64]] = []
    other: list[NDArray[np.float64]] = []
    for axis, side_mm in enumerate(reference.grid.spacing_mm):
        own.append(np.arange(reference.grid.shape[axis], dtype=np.float64) * side_mm)
        step_mm = evaluated.grid.spacing_mm[axis]
        steps = np.arange(evaluated.grid.shape[axis], dtype=np.float64)
        other.append(float(start[axis]) * side_mm + steps * step_mm)
    return tuple(own), tuple(other)


@dataclass(frozen=True, kw_only=True)
class DoseDifference:
    """Evaluated − reference, over the voxels above the lowest dose of the reference.

    Parameters
    ----------
    n_voxels
        How many there are.
    mean_gy, root_mean_square_gy, largest_gy
        Of the differences; the largest by its size, with its sign.
    relative_mean, relative_root_mean_square
        Of difference over reference dose, voxel by voxel.
    """

    n_voxels: int
    mean_gy: float
    root_mean_square_gy: float
    largest_gy: float
    relative_mean: float
    relative_root_mean_square: float


def dose_difference(
    reference: DoseMap, evaluated: DoseMap, *, lowest_dose_fraction: float
) -> DoseDifference:
    """Return how much a dose differs from a reference, voxel by voxel.

    Raises
    ------
    GeometryError
        When the two lie on different grids.
    InputError
        When the reference has no dose above zero.
    """
    reference.grid.require_same(evaluated.grid)
    largest = float(reference.values.max())
    if not largest > 0.0:
        raise InputError("the reference has no dose above zero: there is nothing to compare with")
    above = reference.values >= lowest_dose_fraction * largest
    wanted = reference.values[above].astype(np.float64)
    found = evaluated.values[above] - wanted
    relative = found / wanted
    return DoseDifference(
        n_voxels=int(above.sum()),
        mean_gy=float(found.mean()),
        root_mean_square_gy=float(np.sqrt(np.mean(found**2))),
        largest_gy=float(found[np.argmax(np.abs(found))]),
        relative_mean=float(relative.mean()),
        relative_root_mean_square=float(np.sqrt(np.mean(relative**2))),
    )


def dvh_difference_gy(reference: Dvh, evaluated: Dvh) -> float:
    """Return the mean, over the volume, of the distance in dose between two curves.

    That is the area between the two cumulative curves in Gy: zero only for equal curves, and the
    difference of the means where one lies above the other everywhere.
    """
    from scipy.stats import wasserstein_distance

    held = [one.weighted_doses() for one in (reference, evaluated)]
    (dose, weight), (other, other_weight) = held
    return float(wasserstein_distance(dose, other, weight, other_weight))


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Agreement of pairs after Bland and Altman: differences are evaluated − reference.

    Parameters
    ----------
    n
        Pairs.
    bias, standard_deviation
        Of the differences.
    lower_limit, upper_limit
        Limits that hold 95 % of the differences, where these are normal.
    bias_interval, lower_limit_interval, upper_limit_interval
        95 % intervals of the three.
    relative
        The differences are parts of the mean of each pair.
    """

    n: int
    bias: float
    standard_deviation: float
    lower_limit: float
    upper_limit: float
    bias_interval: tuple[float, float]
    lower_limit_interval: tuple[float, float]
    upper_limit_interval: tuple[float, float]
    relative: bool


def bland_altman(
    reference: ArrayLike, evaluated: ArrayLike, *, relative: bool = False
) -> Agreement:
    """Return the agreement of two ways to find the same things.

    Parameters
    ----------
    reference, evaluated : (n,)
        Pairs, such as the mean doses of the structures by two engines.
    relative
        Divide each difference by the mean of its pair.

    Raises
    ------
    InputError
        When there are fewer than three pairs, or a value is not finite, or the mean of a pair is
        not above zero and differences are relative.

    References
    ----------
    .. [1] J. M. Bland, D. G. Altman, Stat Methods Med Res 1999;8:135,
       doi 10.1177/096228029900800204: intervals by t, with the variance of a limit
       s² (1/n + z²/(2(n − 1))).
    """
    from scipy import stats

    first = np.asarray(reference, dtype=np.float64).ravel()
    second = np.asarray(evaluated, dtype=np.float64).ravel()
    n = first.size
    fewest = 3
    if second.size != n or n < fewest:
        raise InputError(
            f"agreement needs {fewest} pairs or more, found {n} and {second.size} values"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("agreement needs finite values; leave out pairs that lack one")
    difference = second - first
    if relative:
        middle = (first + second) / 2.0
        if not (middle > 0.0).all():
            raise InputError("relative agreement needs pairs whose mean is above zero")
        difference = difference / middle
    coverage = constant("comparison", "agreement", "coverage").value
    z = float(stats.norm.ppf((1.0 + coverage) / 2.0))
    t = float(stats.t.ppf((1.0 + coverage) / 2.0, n - 1))
    bias, spread = float(difference.mean()), float(difference.std(ddof=1))
    of_bias = t * spread / np.sqrt(n)
    of_limit = t * spread * np.sqrt(1.0 / n + z * z / (2.0 * (n - 1)))
    lower, upper = bias - z * spread, bias + z * spread
    return Agreement(
        n=n,
        bias=bias,
        standard_deviation=spread,
        lower_limit=lower,
        upper_limit=upper,
        bias_interval=(bias - of_bias, bias + of_bias),
        lower_limit_interval=(lower - of_limit, lower + of_limit),
        upper_limit_interval=(upper - of_limit, upper + of_limit),
        relative=relative,
    )
