"""One laboratory value to its CTCAE grade: the plain twin of ``grade_arrays``."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from opensirt.clinical.comparison import above, at_least, at_most, below
from opensirt.clinical.toxicity.laboratory_term import (
    Branch,
    LaboratoryTerm,
    laboratory_term,
    term_of_analyte,
)
from opensirt.domain.ctcae import CtcaeVersion, LaboratoryGrade
from opensirt.domain.laboratory import LabValue
from opensirt.domain.missing import Missing
from opensirt.errors import InputError

Number = float | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeInput:
    """A value with what its grade may depend on, all in the analyte's inside unit.

    `baseline_high` and `baseline_low` say on which side of the limits of normal of its own day
    the baseline lay. A baseline that is missing altogether is taken to have had the limits of
    `value`: one laboratory, two days.
    """

    value: float
    upper_limit: Number
    lower_limit: Number
    baseline: Number
    baseline_high: bool | Missing
    baseline_low: bool | Missing
    anticoagulated: bool | Missing
    unit: str = ""
    """Unit that the value was printed in, where it has limits of its own in the criteria."""

    def __post_init__(self) -> None:
        if self.baseline_high is True and self.baseline_low is True:
            raise InputError("a baseline cannot be above and below its limits of normal")
        sides = (self.baseline_high, self.baseline_low)
        if isinstance(self.baseline, Missing) and not all(isinstance(s, Missing) for s in sides):
            raise InputError("a missing baseline lies on no side of its limits of normal")


@dataclass(frozen=True, slots=True)
class _State:
    """One supposition about what is not known."""

    high: bool
    low: bool
    anticoagulated: bool

    def counts(self, when: str) -> bool:
        """Whether a branch counts in this state."""
        return {
            "always": True,
            "baseline_not_high": not self.high,
            "baseline_high": self.high,
            "baseline_low": self.low,
            "anticoagulated": self.anticoagulated,
            "not_anticoagulated": not self.anticoagulated,
        }[when]


def grade_value(
    value: LabValue,
    *,
    baseline: LabValue | Missing,
    version: CtcaeVersion,
    anticoagulated: bool | Missing,
) -> LaboratoryGrade | Missing:
    """Return the grade of one laboratory value, or why its analyte has none in this version.

    Whether the patient is anticoagulated matters for the INR alone.

    Raises
    ------
    InputError
        When the baseline is of another analyte, or later than the value.
    """
    term = term_of_analyte(value.analyte, version)
    if term is None:
        return Missing.NOT_IN_THIS_VERSION
    if not isinstance(baseline, Missing):
        if baseline.analyte is not value.analyte:
            raise InputError(f"the baseline of {value.analyte.value} is {baseline.analyte.value}")
        if baseline.on > value.on:
            raise InputError(
                f"the baseline of {value.analyte.value} is of {baseline.on}, after the value of "
                f"{value.on}; take the last value before treatment"
            )
    high, low = _sides(baseline)
    return grade(
        term.key,
        version,
        GradeInput(
            value=value.inside,
            upper_limit=value.upper_limit_inside,
            lower_limit=value.lower_limit_inside,
            baseline=baseline if isinstance(baseline, Missing) else baseline.inside,
            baseline_high=high,
            baseline_low=low,
            anticoagulated=anticoagulated,
            unit=value.unit,
        ),
    )


def _sides(baseline: LabValue | Missing) -> tuple[bool | Missing, bool | Missing]:
    """Return whether a baseline is above, and below, its own limits of normal."""
    if isinstance(baseline, Missing):
        return baseline, baseline
    upper, lower = baseline.upper_limit_inside, baseline.lower_limit_inside
    high = upper if isinstance(upper, Missing) else above(baseline.inside, upper)
    low = lower if isinstance(lower, Missing) else below(baseline.inside, lower)
    # One side settles the other: a value above the upper limit is not below the lower one.
    if high is True:
        return True, False
    return (False, True) if low is True else (high, low)


def grade(key: str, version: CtcaeVersion, given: GradeInput) -> LaboratoryGrade:
    """Return the grade of a number for one term of one version.

    The grade is given only when no value of an absent input could change it.

    Raises
    ------
    UnknownNameError
        When the version has no such term.
    """
    term = laboratory_term(key, version)
    ranges = [_range(term, given, state) for state in _states(given)]
    lowest, highest = min(one[0] for one in ranges), max(one[1] for one in ranges)
    known = lowest == highest
    return LaboratoryGrade(
        term=term.name,
        version=version,
        grade=lowest if known else _reason(term, given),
        lowest=lowest,
        highest=highest,
        missing=() if known else tuple(_lacking(term, given)),
        citation=term.citation,
        beyond=term.beyond,
    )


def _states(given: GradeInput) -> Iterator[_State]:
    """Every state that the known inputs allow."""

    def options(side: bool | Missing) -> tuple[bool, ...]:  # noqa: FBT001 - the one thing it takes
        return (False, True) if isinstance(side, Missing) else (side,)

    for high, low, anticoagulated in product(
        options(given.baseline_high), options(given.baseline_low), options(given.anticoagulated)
    ):
        if not (high and low):
            yield _State(high, low, anticoagulated)


def _range(term: LaboratoryTerm, given: GradeInput, state: _State) -> tuple[int, int]:
    """Return the lowest and the highest grade in one state of what is not known."""
    ranges = [
        _branch_range(term, one.in_unit(given.unit), given, state)
        for one in term.branches
        if state.counts(one.when)
    ]
    return max((one[0] for one in ranges), default=0), max((one[1] for one in ranges), default=0)


def _branch_range(
    term: LaboratoryTerm, branch: Branch, given: GradeInput, state: _State
) -> tuple[int, int]:
    if branch.of == "greater_of_upper_limit_and_baseline":
        return _greater_range(term, branch, given)
    reference = {
        "upper_limit": given.upper_limit,
        "lower_limit": given.lower_limit,
        "baseline": given.baseline,
        "absolute": 1.0,
    }[branch.of]
    if not isinstance(reference, Missing):
        exact = _graded(term, branch, given.value, reference)
        return exact, exact
    if branch.of == "baseline":
        return _absent_baseline_range(term, branch, given, state)
    return 0, branch.most


def _absent_baseline_range(
    term: LaboratoryTerm, branch: Branch, given: GradeInput, state: _State
) -> tuple[int, int]:
    """Range for a baseline that is absent, but whose side of the limits is supposed.

    A high baseline exceeds the upper limit, so the value is less than value/limit times it; a
    low one lies under the lower limit, so the value is more than that many times it.
    """
    if state.high and not isinstance(given.upper_limit, Missing):
        return 0, _graded_under(branch, given.value, given.upper_limit)
    if state.low and not isinstance(given.lower_limit, Missing):
        return _graded(term, branch, given.value, given.lower_limit), branch.most
    return 0, branch.most


def _greater_range(term: LaboratoryTerm, branch: Branch, given: GradeInput) -> tuple[int, int]:
    """Range against the greater of upper limit and baseline: one of them can settle a zero."""
    known = [one for one in (given.upper_limit, given.baseline) if not isinstance(one, Missing)]
    if not known:
        return 0, branch.most
    found = _graded(term, branch, given.value, max(known))
    return (found, found) if len(known) == 2 or found == 0 else (0, found)  # noqa: PLR2004 - both


def _graded(term: LaboratoryTerm, branch: Branch, value: float, reference: float) -> int:
    """Return the grade against a known reference."""
    found = 0
    for position, (one, bound) in enumerate(zip(branch.grades, branch.bounds, strict=True)):
        limit = bound * reference
        included = branch.first_included and position == 0
        if term.high:
            beyond = at_least(value, limit) if included else above(value, limit)
        else:
            beyond = at_most(value, limit) if included else below(value, limit)
        if beyond:
            found = max(found, one)
    return found


def _graded_under(branch: Branch, value: float, least_reference: float) -> int:
    """Return the highest grade of a high term for references above, not at, `least_reference`."""
    found = 0
    for one, bound in zip(branch.grades, branch.bounds, strict=True):
        if above(value, bound * least_reference):
            found = max(found, one)
    return found


def _lacking(term: LaboratoryTerm, given: GradeInput) -> Iterator[str]:
    for name, value in (("upper_limit", given.upper_limit), ("lower_limit", given.lower_limit)):
        if isinstance(value, Missing) and term.uses(of=name):
            yield name
    if isinstance(given.baseline, Missing) and term.uses(of="baseline"):
        yield "baseline"
    else:
        if isinstance(given.baseline_high, Missing) and term.uses(when="baseline_high"):
            yield "upper_limit of the baseline"
        if isinstance(given.baseline_low, Missing) and term.uses(when="baseline_low"):
            yield "lower_limit of the baseline"
    if isinstance(given.anticoagulated, Missing) and term.uses(when="anticoagulated"):
        yield "anticoagulated"


def _reason(term: LaboratoryTerm, given: GradeInput) -> Missing:
    first = next(_lacking(term, given))
    if first == "baseline":
        return Missing.NEEDS_BASELINE
    if "limit" in first:
        return Missing.NEEDS_LIMIT_OF_NORMAL
    return Missing.NOT_RECORDED
