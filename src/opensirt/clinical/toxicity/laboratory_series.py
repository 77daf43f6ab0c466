"""Series of laboratory values: baseline, worst grade in a window, shift from baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from opensirt.clinical.toxicity.grade_arrays import UNKNOWN, GradeRanges, Grades
from opensirt.clinical.toxicity.laboratory_grade import grade_value
from opensirt.clinical.toxicity.laboratory_term import laboratory_term, laboratory_term_keys
from opensirt.domain.ctcae import HIGHEST_GRADE, CtcaeVersion
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.errors import InputError

Rows = NDArray[np.int64]
NOWHERE = -1
"""A row that does not exist."""


def baseline_value(
    values: Sequence[LabValue], analyte: Analyte, *, treated_on: date, treatment_day_counts: bool
) -> LabValue | Missing:
    """Return the last value before the first treatment of the course.

    `treatment_day_counts` says whether a value of the treatment day itself was taken before it.
    """
    last = treated_on if treatment_day_counts else treated_on - timedelta(days=1)
    before = [one for one in values if one.analyte is analyte and one.on <= last]
    return max(before, key=lambda one: one.on, default=Missing.NEEDS_BASELINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstGrade:
    """The worst grade of one term in a window.

    `at_least` is the highest grade that is certain; `grade` is a `Missing` when there is no
    value in the window, or when a value whose grade is not known could be worse.
    """

    term: str
    grade: int | Missing
    at_least: int
    on: date | None
    """Day of the first value of the certain grade, None without any value."""
    baseline_grade: int | Missing
    n_values: int
    n_unknown: int


def worst_laboratory_grades(
    values: Sequence[LabValue],
    *,
    treated_on: date,
    treatment_day_counts: bool,
    first_day: int,
    last_day: int,
    version: CtcaeVersion,
    anticoagulated: bool | Missing,
) -> tuple[WorstGrade, ...]:
    """Return the worst grade of every laboratory term from `first_day` to `last_day`.

    Days count from treatment, both ends included. Terms without any value are listed too.

    Raises
    ------
    InputError
        When the window ends before it begins, or begins before treatment.
    """
    if not 0 <= first_day <= last_day:
        raise InputError(f"window of days {first_day} to {last_day}: wanted 0 <= first <= last")
    first, last = treated_on + timedelta(days=first_day), treated_on + timedelta(days=last_day)
    found = []
    for key in laboratory_term_keys(version):
        term = laboratory_term(key, version)
        baseline = baseline_value(
            values, term.analyte, treated_on=treated_on, treatment_day_counts=treatment_day_counts
        )
        inside = sorted(
            (
                one
                for one in values
                if one.analyte is term.analyte and first <= one.on <= last and one is not baseline
            ),
            key=lambda one: one.on,
        )
        grades = [
            grade_value(one, baseline=baseline, version=version, anticoagulated=anticoagulated)
            for one in inside
        ]
        ranges = [one for one in grades if not isinstance(one, Missing)]
        at_least = max((one.lowest for one in ranges), default=0)
        at_most = max((one.highest for one in ranges), default=0)
        own = (
            baseline
            if isinstance(baseline, Missing)
            else grade_value(
                baseline, baseline=baseline, version=version, anticoagulated=anticoagulated
            )
        )
        first_worst = next(
            (day.on for day, one in zip(inside, ranges, strict=True) if one.lowest == at_least),
            None,
        )
        if not ranges:
            worst: int | Missing = Missing.NOT_DONE
        elif at_least == at_most:
            worst = at_least
        else:
            worst = next(one.grade for one in ranges if isinstance(one.grade, Missing))
        found.append(
            WorstGrade(
                term=term.name,
                grade=worst,
                at_least=at_least,
                on=first_worst,
                baseline_grade=own if isinstance(own, Missing) else own.grade,
                n_values=len(ranges),
                n_unknown=sum(isinstance(one.grade, Missing) for one in ranges),
            )
        )
    return tuple(found)


def baseline_rows(patient: Rows, day: Rows, *, treatment_day_counts: bool) -> Rows:
    """Return for each row the row of its patient's last value before treatment, or `NOWHERE`.

    Parameters
    ----------
    patient, day : (n,)
        Of one analyte; days count from the first treatment of the course, in any order.
    """
    n_rows = len(patient)
    if not n_rows:
        return np.zeros(0, dtype=np.int64)
    order = np.lexsort((day, patient))
    starts = _starts(patient[order])
    counts = day[order] <= 0 if treatment_day_counts else day[order] < 0
    last = np.maximum.reduceat(np.where(counts, np.arange(n_rows), NOWHERE), starts)
    rows = np.where(last == NOWHERE, NOWHERE, order[last])
    answer = np.empty(n_rows, dtype=np.int64)
    answer[order] = np.repeat(rows, np.diff(np.append(starts, n_rows)))
    return answer


def worst_grades(
    patient: Rows, day: Rows, ranges: GradeRanges, *, first_day: int, last_day: int
) -> tuple[Rows, GradeRanges]:
    """Return the patients with a row in a window of days, and the worst grade of each.

    The worst grade is known when no row whose grade is not known could be worse than the worst
    of the others.

    Parameters
    ----------
    patient, day, ranges : (n,)
        Of one term; days count from treatment, both ends of the window included.
    """
    inside = (day >= first_day) & (day <= last_day)
    order = np.argsort(patient[inside], kind="stable")
    who = patient[inside][order]
    lowest, highest = ranges.lowest[inside][order], ranges.highest[inside][order]
    starts = _starts(who)
    if not len(who):
        return who, GradeRanges(lowest, highest)
    return who[starts], GradeRanges(
        np.maximum.reduceat(lowest, starts), np.maximum.reduceat(highest, starts)
    )


def _starts(ordered: Rows) -> Rows:
    """First position of each group of equal neighbours."""
    if not len(ordered):
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))


def shift_table(baseline: Grades, worst: Grades) -> NDArray[np.int64]:
    """Count patients by baseline grade (rows) and worst grade afterwards (columns).

    Parameters
    ----------
    baseline, worst : (n,)
        Grades 0 to 5, or `UNKNOWN`.

    Returns
    -------
    table : (7, 7)
        Grades 0 to 5; the last row and column hold the unknown, so that the sum is n.

    Raises
    ------
    InputError
        When the lengths differ, or a grade is none.
    """
    if baseline.shape != worst.shape:
        raise InputError(f"{len(baseline)} baseline grades for {len(worst)} worst grades")
    size = HIGHEST_GRADE + 2
    for grades in (baseline, worst):
        if grades.size and (grades.min() < UNKNOWN or grades.max() > HIGHEST_GRADE):
            raise InputError("a grade lies outside 0 to 5")
    rows = np.where(baseline == UNKNOWN, size - 1, baseline).astype(np.int64)
    columns = np.where(worst == UNKNOWN, size - 1, worst).astype(np.int64)
    counts = np.bincount(rows * size + columns, minlength=size * size)
    return counts.astype(np.int64).reshape(size, size)
