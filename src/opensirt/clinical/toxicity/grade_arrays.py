"""Many laboratory values to their CTCAE grades at once: the fast twin of ``laboratory_grade``.

In arrays a missing number is NaN and a missing answer or grade is -1 (`UNKNOWN`); both mean what
`Missing` means for one value, and are never counted as a normal value or as grade 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.clinical.toxicity.laboratory_term import Branch, LaboratoryTerm, laboratory_term
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.errors import InputError

UNKNOWN = -1
"""A grade, or a yes or no, that is not known."""

Floats = NDArray[np.float64]
Grades = NDArray[np.int8]
_Flags = NDArray[np.bool_]

_LESS = 1.0 - 1e-9
"""Round-off of a unit conversion, as in ``clinical.comparison``."""


@dataclass(frozen=True, slots=True)
class GradeRanges:
    """Lowest and highest grade of each value that the known inputs allow."""

    lowest: Grades
    highest: Grades

    @property
    def grades(self) -> Grades:
        """The grade where it is known, `UNKNOWN` elsewhere."""
        return np.where(self.lowest == self.highest, self.lowest, np.int8(UNKNOWN))


@dataclass(frozen=True, slots=True, kw_only=True)
class LabArrays:
    """Values with what their grades may depend on, one row for each value.

    All numbers are in the analyte's inside unit, NaN where missing; `anticoagulated` is 1, 0 or
    `UNKNOWN`.

    Raises
    ------
    InputError
        When the arrays differ in length.
    """

    value: Floats
    upper_limit: Floats
    lower_limit: Floats
    baseline: Floats
    baseline_upper_limit: Floats
    baseline_lower_limit: Floats
    anticoagulated: Grades
    unit: str = ""
    """Unit that all values were printed in, where it has limits of its own in the criteria."""

    def __post_init__(self) -> None:
        lengths = {
            getattr(self, name).shape
            for name in (
                "value",
                "upper_limit",
                "lower_limit",
                "baseline",
                "baseline_upper_limit",
                "baseline_lower_limit",
                "anticoagulated",
            )
        }
        if len(lengths) != 1:
            raise InputError(f"laboratory arrays have shapes {sorted(lengths)}; one is needed")


def grade_arrays(key: str, version: CtcaeVersion, given: LabArrays) -> GradeRanges:
    """Return the grades of many values for one term of one version.

    Raises
    ------
    UnknownNameError
        When the version has no such term.
    """
    term = laboratory_term(key, version)
    high, low = _sides(given)
    most = max(one.most for one in term.branches)
    lowest = np.full(given.value.shape, most, dtype=np.int8)
    highest = np.zeros(given.value.shape, dtype=np.int8)
    for state_high, state_low, anticoagulated in _states(term):
        possible = _allows(high, state_high) if term.uses(when="baseline_high") else None
        if term.uses(when="baseline_low"):
            possible = _both(possible, _allows(low, state_low))
        if term.uses(when="anticoagulated"):
            possible = _both(possible, _allows(given.anticoagulated, anticoagulated))
        least, top = _range(
            term, given, high=state_high, low=state_low, anticoagulated=anticoagulated
        )
        np.minimum(lowest, least, out=lowest, where=True if possible is None else possible)
        np.maximum(highest, top, out=highest, where=True if possible is None else possible)
    absent = np.isnan(given.value)
    lowest[absent], highest[absent] = 0, most
    return GradeRanges(lowest, highest)


def _both(one: _Flags | None, other: _Flags) -> _Flags:
    return other if one is None else one & other


def _sides(given: LabArrays) -> tuple[Grades, Grades]:
    """Return 1, 0 or `UNKNOWN`: is the baseline above, and below, its own limits of normal."""
    baseline = given.baseline
    above = baseline * _LESS > given.baseline_upper_limit
    below = baseline < given.baseline_lower_limit * _LESS
    high, low = above.astype(np.int8), below.astype(np.int8)
    high[np.isnan(baseline) | np.isnan(given.baseline_upper_limit)] = UNKNOWN
    low[np.isnan(baseline) | np.isnan(given.baseline_lower_limit)] = UNKNOWN
    low[above] = 0
    high[below & ~above] = 0  # limits in the wrong order are refused where values are read
    return high, low


def _states(term: LaboratoryTerm) -> Iterator[tuple[bool, bool, bool]]:
    """Every state that makes a difference to this term."""
    for high in (False, True) if term.uses(when="baseline_high") else (False,):
        for low in (False, True) if term.uses(when="baseline_low") else (False,):
            for anticoagulated in (False, True) if term.uses(when="anticoagulated") else (False,):
                yield high, low, anticoagulated


def _allows(flag: Grades, state: bool) -> _Flags:  # noqa: FBT001 - a flag against its state
    allowed: _Flags = (flag == UNKNOWN) | (flag == int(state))
    return allowed


def _range(
    term: LaboratoryTerm, given: LabArrays, *, high: bool, low: bool, anticoagulated: bool
) -> tuple[Grades, Grades]:
    counting = {
        "always": True,
        "baseline_not_high": not high,
        "baseline_high": high,
        "baseline_low": low,
        "anticoagulated": anticoagulated,
        "not_anticoagulated": not anticoagulated,
    }
    least: Grades = np.zeros(given.value.shape, dtype=np.int8)
    top: Grades = np.zeros(given.value.shape, dtype=np.int8)
    for branch in term.branches:
        if counting[branch.when]:
            one, other = _branch_range(term, branch.in_unit(given.unit), given, high=high, low=low)
            np.maximum(least, one, out=least)
            np.maximum(top, other, out=top)
    return least, top


def _branch_range(
    term: LaboratoryTerm, branch: Branch, given: LabArrays, *, high: bool, low: bool
) -> tuple[Grades, Grades]:
    if branch.of == "greater_of_upper_limit_and_baseline":
        return _greater_range(term, branch, given)
    reference = {
        "upper_limit": given.upper_limit,
        "lower_limit": given.lower_limit,
        "baseline": given.baseline,
        "absolute": np.ones(1),
    }[branch.of]
    least = _graded(term, branch, given.value, reference)
    top = least.copy()
    absent = np.isnan(reference)
    if not absent.any():
        return least, top
    least[absent], top[absent] = 0, branch.most
    if branch.of == "baseline" and high:
        known = absent & ~np.isnan(given.upper_limit)
        top[known] = _graded(
            term, branch, given.value[known], given.upper_limit[known], exclusive=True
        )
    elif branch.of == "baseline" and low:
        known = absent & ~np.isnan(given.lower_limit)
        least[known] = _graded(term, branch, given.value[known], given.lower_limit[known])
    return least, top


def _greater_range(term: LaboratoryTerm, branch: Branch, given: LabArrays) -> tuple[Grades, Grades]:
    top = _graded(term, branch, given.value, np.fmax(given.upper_limit, given.baseline))
    neither = np.isnan(given.upper_limit) & np.isnan(given.baseline)
    one_absent = np.isnan(given.upper_limit) | np.isnan(given.baseline)
    top[neither] = branch.most
    least = top.copy()
    least[one_absent] = 0
    return least, top


def _graded(
    term: LaboratoryTerm,
    branch: Branch,
    value: Floats,
    reference: Floats,
    *,
    exclusive: bool = False,
) -> Grades:
    """Return the grade against known references; 0 where one is NaN."""
    found: Grades = np.zeros(value.shape, dtype=np.int8)
    for position, (one, bound) in enumerate(zip(branch.grades, branch.bounds, strict=True)):
        limit = bound * reference
        included = branch.first_included and position == 0 and not exclusive
        if term.high:
            beyond = value >= limit * _LESS if included else value * _LESS > limit
        else:
            beyond = value * _LESS <= limit if included else value < limit * _LESS
        np.copyto(found, np.int8(one), where=beyond)
    return found
