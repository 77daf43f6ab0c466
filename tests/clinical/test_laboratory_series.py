"""Series: baseline, worst grade in a window, shift table, late change."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.clinical.toxicity.grade_arrays import UNKNOWN, GradeRanges
from opensirt.clinical.toxicity.laboratory_series import (
    NOWHERE,
    baseline_rows,
    baseline_value,
    shift_table,
    worst_grades,
    worst_laboratory_grades,
)
from opensirt.clinical.toxicity.late_liver import (
    LateLiverChange,
    newly_present,
    relative_change,
)
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.errors import InputError

TREATED = date(2026, 1, 10)


def alt(day: int, value: float) -> LabValue:
    return LabValue(
        analyte=Analyte.ALT,
        value=value,
        unit="U/L",
        upper_limit=40.0,
        on=TREATED + timedelta(days=day),
    )


def test_the_baseline_is_the_last_value_before_treatment() -> None:
    values = [alt(-30, 20.0), alt(-2, 25.0), alt(0, 30.0), alt(7, 90.0)]
    before = baseline_value(values, Analyte.ALT, treated_on=TREATED, treatment_day_counts=False)
    counted = baseline_value(values, Analyte.ALT, treated_on=TREATED, treatment_day_counts=True)
    assert before == values[1]
    assert counted == values[2]
    none = baseline_value(values, Analyte.GGT, treated_on=TREATED, treatment_day_counts=True)
    assert none is Missing.NEEDS_BASELINE


def worst_alt(values: list[LabValue], first: int = 0, last: int = 180) -> dict[str, object]:
    found = worst_laboratory_grades(
        values,
        treated_on=TREATED,
        treatment_day_counts=True,
        first_day=first,
        last_day=last,
        version=CtcaeVersion.V5,
        anticoagulated=False,
    )
    one = next(one for one in found if one.term.startswith("Alanine"))
    return {
        "grade": one.grade,
        "at_least": one.at_least,
        "on": one.on,
        "baseline": one.baseline_grade,
        "n": one.n_values,
        "unknown": one.n_unknown,
    }


def test_the_worst_grade_of_a_window_and_the_day_it_was_first_reached() -> None:
    values = [alt(-2, 25.0), alt(14, 130.0), alt(30, 210.0), alt(40, 220.0), alt(200, 900.0)]
    found = worst_alt(values, 14, 180)
    assert found == {
        "grade": 3,
        "at_least": 3,
        "on": values[2].on,
        "baseline": 0,
        "n": 3,
        "unknown": 0,
    }


@pytest.mark.parametrize(("day", "counted"), [(13, 0), (14, 1), (180, 1), (181, 0)])
def test_both_ends_of_the_window_are_in_it(day: int, counted: int) -> None:
    assert worst_alt([alt(-2, 25.0), alt(day, 130.0)], 14, 180)["n"] == counted


def test_a_window_without_values_is_not_done_rather_than_grade_0() -> None:
    assert worst_alt([alt(-2, 25.0)])["grade"] is Missing.NOT_DONE


def test_a_value_of_unknown_grade_makes_the_worst_a_lower_bound() -> None:
    found = worst_alt([alt(20, 130.0), alt(30, 35.0)])
    assert found["grade"] is Missing.NEEDS_BASELINE
    assert (found["at_least"], found["unknown"]) == (0, 1)


def test_a_window_that_runs_backwards_is_refused() -> None:
    with pytest.raises(InputError, match="0 <= first <= last"):
        worst_alt([], 20, 10)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 5), st.integers(-40, 200), st.integers(0, 4), st.integers(0, 2)),
        max_size=40,
    ),
    counts=st.booleans(),
)
def test_baselines_and_worst_grades_of_arrays_are_those_of_a_loop(
    rows: list[tuple[int, int, int, int]], *, counts: bool
) -> None:
    patient = np.array([one[0] for one in rows], dtype=np.int64)
    day = np.array([one[1] for one in rows], dtype=np.int64)
    lowest = np.array([one[2] for one in rows], dtype=np.int8)
    ranges = GradeRanges(lowest, (lowest + [one[3] for one in rows]).astype(np.int8))
    found = baseline_rows(patient, day, treatment_day_counts=counts)
    for row, (key, _, _, _) in enumerate(rows):
        before = [
            (other_day, position)
            for position, (other, other_day, _, _) in enumerate(rows)
            if other == key and (other_day < 0 or (counts and other_day == 0))
        ]
        if not before:
            assert found[row] == NOWHERE
        else:
            assert day[found[row]] == max(before)[0]
            assert patient[found[row]] == key
    who, worst = worst_grades(patient, day, ranges, first_day=14, last_day=120)
    expected: dict[int, list[tuple[int, int]]] = {}
    for one, when, low, more in rows:
        if 14 <= when <= 120:
            expected.setdefault(one, []).append((low, low + more))
    assert who.tolist() == sorted(expected)
    for position, one in enumerate(who.tolist()):
        pairs = expected[one]
        assert worst.lowest[position] == max(low for low, _ in pairs)
        assert worst.highest[position] == max(high for _, high in pairs)


def test_a_shift_table_counts_every_patient_once_the_unknown_too() -> None:
    baseline = np.array([0, 0, 1, 3, UNKNOWN], dtype=np.int8)
    worst = np.array([0, 2, 1, UNKNOWN, 4], dtype=np.int8)
    table = shift_table(baseline, worst)
    assert table.shape == (7, 7)
    assert table.sum() == 5
    assert (table[0, 0], table[0, 2], table[1, 1], table[3, 6], table[6, 4]) == (1, 1, 1, 1, 1)


def test_a_shift_table_of_unequal_or_impossible_grades_is_refused() -> None:
    with pytest.raises(InputError, match="2 baseline grades for 1 worst grades"):
        shift_table(np.zeros(2, dtype=np.int8), np.zeros(1, dtype=np.int8))
    with pytest.raises(InputError, match="outside 0 to 5"):
        shift_table(np.array([6], dtype=np.int8), np.array([0], dtype=np.int8))


def test_late_change_lists_what_was_seen_and_what_nobody_looked_at() -> None:
    change = LateLiverChange(
        spleen_volume_change_fraction=relative_change(baseline=200.0, now=330.0),
        platelet_change_fraction=relative_change(baseline=200.0, now=120.0),
        new_varices=newly_present(at_baseline=False, now=True),
        new_ascites=newly_present(at_baseline=True, now=True),
        cirrhosis_like_morphology=Missing.NOT_DONE,
    )
    assert change.signs == ("new varices", "spleen +65%", "platelets -40%")
    assert change.not_assessed == ("cirrhosis_like_morphology",)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (False, True, True),
        (False, False, False),
        (True, True, False),
        (True, False, False),
        (True, Missing.LOST, False),
        (Missing.LOST, False, False),
        (Missing.LOST, True, Missing.NEEDS_BASELINE),
        (False, Missing.LOST, Missing.LOST),
        (Missing.LOST, Missing.NOT_DONE, Missing.NOT_DONE),
    ],
)
def test_newly_present(
    *, before: bool | Missing, now: bool | Missing, expected: bool | Missing
) -> None:
    assert newly_present(at_baseline=before, now=now) is expected


def test_relative_change_of_something_missing_is_missing() -> None:
    assert relative_change(baseline=Missing.LOST, now=1.0) is Missing.NEEDS_BASELINE
    assert relative_change(baseline=1.0, now=Missing.LOST) is Missing.LOST
    with pytest.raises(InputError, match="needs a positive one"):
        relative_change(baseline=0.0, now=1.0)
