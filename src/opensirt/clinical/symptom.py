"""Symptom response of a group: improvement counts among those who had the symptom."""

from collections.abc import Sequence
from dataclasses import dataclass

from opensirt.domain.missing import Missing
from opensirt.errors import InputError


@dataclass(frozen=True, slots=True)
class SymptomCourse:
    """How much of one symptom one patient had before and after; 0 is none.

    The measure is the caller's (episodes or stools a day, a grade), the same for all patients.
    """

    before: float | Missing
    after: float | Missing

    def __post_init__(self) -> None:
        for one in (self.before, self.after):
            if not isinstance(one, Missing) and one < 0:
                raise InputError(f"a symptom of {one:g}; wanted 0 (none) or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomRates:
    """Counts of one symptom, with every denominator.

    Improvement is a share of `n_symptomatic_assessed`: a rate among all treated patients hides
    how many had nothing to improve, one among the assessed alone hides those lost.
    """

    n_treated: int
    n_symptomatic: int
    n_symptomatic_assessed: int
    n_improved: int
    n_resolved: int
    n_worse: int
    n_without_symptom: int
    n_new: int
    """Among those without the symptom before."""
    n_unknown_before: int

    @property
    def improved_fraction(self) -> float | Missing:
        """Improved, of the symptomatic patients who were assessed afterwards."""
        if not self.n_symptomatic_assessed:
            return Missing.NOT_DONE
        return self.n_improved / self.n_symptomatic_assessed


def symptom_rates(courses: Sequence[SymptomCourse]) -> SymptomRates:
    """Count improvement of one symptom over all treated patients."""
    symptomatic = [
        (one.before, one.after)
        for one in courses
        if not isinstance(one.before, Missing) and one.before > 0
    ]
    assessed = [(before, after) for before, after in symptomatic if not isinstance(after, Missing)]
    without = [one for one in courses if one.before == 0]
    return SymptomRates(
        n_treated=len(courses),
        n_symptomatic=len(symptomatic),
        n_symptomatic_assessed=len(assessed),
        n_improved=sum(after < before for before, after in assessed),
        n_resolved=sum(after == 0 for _, after in assessed),
        n_worse=sum(after > before for before, after in assessed),
        n_without_symptom=len(without),
        n_new=sum(not isinstance(one.after, Missing) and one.after > 0 for one in without),
        n_unknown_before=sum(isinstance(one.before, Missing) for one in courses),
    )
