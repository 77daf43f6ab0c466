"""Proportions with their intervals, and response rates with every denominator stated."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, stdtrit

from opensirt.domain.response import ResponseCategory
from opensirt.errors import InputError
from opensirt.outcomes.arrays import normal_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """So many of so many, with the exact and the Wilson interval."""

    count: int
    of: int
    level: float
    exact: tuple[float, float]
    """Clopper and Pearson: covers at least at the level, usually more."""
    wilson: tuple[float, float]

    @property
    def fraction(self) -> float:
        """The proportion, 0 to 1."""
        return self.count / self.of


def clopper_pearson(count: int, of: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a proportion.

    References
    ----------
    .. [1] Clopper and Pearson, Biometrika 26 (1934), 404.

    >>> [round(one, 4) for one in clopper_pearson(14, 24)]
    [0.3664, 0.7789]
    """
    normal_quantile(level)
    _require_count(count, of)
    half = 0.5 * (1.0 - level)
    low = float(betaincinv(count, of - count + 1, half)) if count else 0.0
    high = float(betaincinv(count + 1, of - count, 1.0 - half)) if count < of else 1.0
    return low, high


def wilson(count: int, of: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a proportion, without continuity correction.

    References
    ----------
    .. [1] Wilson, J. Am. Stat. Assoc. 22 (1927), 209.

    >>> [round(one, 3) for one in wilson(14, 24)]
    [0.388, 0.755]
    """
    z = normal_quantile(level)
    _require_count(count, of)
    low, high = _score_interval(count / of, of, z)
    return low if count else 0.0, high if count < of else 1.0


def _score_interval(fraction: float, n: float, z: float) -> tuple[float, float]:
    scale = 1.0 + z * z / n
    middle = (fraction + z * z / (2.0 * n)) / scale
    half = z * ((fraction * (1.0 - fraction) + z * z / (4.0 * n)) / n) ** 0.5 / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def clustered_wilson(
    counted: ArrayLike, patient: ArrayLike, *, level: float = 0.95
) -> tuple[float, float] | None:
    """Return the score interval of a proportion of lesions, where lesions share patients.

    The effective n is N / design effect (never more than N); t of patients − 1 degrees replaces
    the normal quantile. Where all or none are counted the effective n is that of the patients.
    None where there is one patient only.

    Parameters
    ----------
    counted : (n,)
        Whether a lesion is counted.
    patient : (n,)
        Key of its patient.

    References
    ----------
    .. [1] Dean and Pagano, J. Surv. Stat. Methodol. 3 (2015), 484.
    """
    normal_quantile(level)
    seen = np.asarray(counted, dtype=np.float64)
    who = np.unique(np.asarray(patient), return_inverse=True)[1]
    m, n = int(who.max()) + 1, len(seen)
    if m < 2:  # noqa: PLR2004 - between patients
        return None
    fraction = float(seen.mean())
    effective = float(m)
    if 0.0 < fraction < 1.0:
        sums = np.bincount(who, seen - fraction)
        design_effect = m / (m - 1) * float(sums @ sums) / (n * fraction * (1.0 - fraction))
        effective = n / max(design_effect, 1.0)
    low, high = _score_interval(fraction, effective, float(stdtrit(m - 1, 0.5 * (1.0 + level))))
    return low if fraction > 0 else 0.0, high if fraction < 1 else 1.0


def _require_count(count: int, of: int) -> None:
    if not 0 <= count <= of or of < 1:
        raise InputError(f"{count} of {of} is no proportion; wanted 0 ≤ count ≤ n and n at least 1")


def proportion(count: int, of: int, *, level: float = 0.95) -> Proportion:
    """Return a proportion with both intervals.

    Raises
    ------
    InputError
        When the count is not between 0 and n, or n is 0.
    """
    return Proportion(
        count=count,
        of=of,
        level=level,
        exact=clopper_pearson(count, of, level=level),
        wilson=wilson(count, of, level=level),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseProportions:
    """Objective response and disease control, of those evaluable and of all treated."""

    unit: str
    """What was counted: patients, lesions or procedures; never a mixture."""
    criterion: str
    time_point: str
    counts: Mapping[ResponseCategory, int]
    treated: int
    evaluable: int
    objective_response: Proportion
    disease_control: Proportion
    objective_response_of_treated: Proportion
    disease_control_of_treated: Proportion


OBJECTIVE = (ResponseCategory.COMPLETE, ResponseCategory.PARTIAL)
CONTROLLED = (
    *OBJECTIVE,
    ResponseCategory.STABLE,
    ResponseCategory.NEITHER_COMPLETE_NOR_PROGRESSIVE,
)
EVALUABLE = (*CONTROLLED, ResponseCategory.PROGRESSIVE)


def response_proportions(
    counts: Mapping[ResponseCategory, int],
    *,
    treated: int,
    unit: str,
    criterion: str,
    time_point: str,
    level: float = 0.95,
) -> ResponseProportions:
    """Return ORR and DCR; whoever was not evaluable or not imaged counts among the treated only.

    Raises
    ------
    InputError
        When nobody is evaluable, more are counted than treated, or unit, criterion or time point
        is not stated.
    """
    if not (unit and criterion and time_point):
        raise InputError("response rates state unit of analysis, criterion and time point")
    if sum(counts.values()) > treated:
        raise InputError(f"{sum(counts.values())} {unit} have a response, {treated} were treated")
    evaluable = sum(counts.get(one, 0) for one in EVALUABLE)
    if not evaluable:
        raise InputError(f"none of {treated} {unit} has an evaluable response by {criterion}")
    objective = sum(counts.get(one, 0) for one in OBJECTIVE)
    controlled = sum(counts.get(one, 0) for one in CONTROLLED)
    return ResponseProportions(
        unit=unit,
        criterion=criterion,
        time_point=time_point,
        counts=MappingProxyType(dict(counts)),
        treated=treated,
        evaluable=evaluable,
        objective_response=proportion(objective, evaluable, level=level),
        disease_control=proportion(controlled, evaluable, level=level),
        objective_response_of_treated=proportion(objective, treated, level=level),
        disease_control_of_treated=proportion(controlled, treated, level=level),
    )
