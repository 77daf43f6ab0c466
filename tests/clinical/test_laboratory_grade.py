"""CTCAE laboratory grades: what is missing, the fast twin, units, direction."""

from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opensirt.clinical.comparison import above, below
from opensirt.clinical.toxicity.grade_arrays import UNKNOWN, LabArrays, grade_arrays
from opensirt.clinical.toxicity.laboratory_grade import GradeInput, grade, grade_value
from opensirt.clinical.toxicity.laboratory_term import (
    Branch,
    LaboratoryTerm,
    laboratory_term,
    laboratory_term_keys,
    term_of_analyte,
)
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.laboratory import Analyte, LabValue, analyte_facts
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError

V4, V5, V6 = CtcaeVersion
TERMS = [(key, version) for version in CtcaeVersion for key in laboratory_term_keys(version)]
BEFORE, AFTER = date(2026, 1, 5), date(2026, 2, 16)
NAN = float("nan")


def lab(analyte: Analyte, value: float, on: date, *, upper: float, unit: str = "U/L") -> LabValue:
    return LabValue(analyte=analyte, value=value, unit=unit, upper_limit=upper, on=on)


def test_ggt_of_six_times_the_limit_at_baseline_is_grade_3_in_v4_and_0_in_v5() -> None:
    baseline = lab(Analyte.GGT, 360.0, BEFORE, upper=60.0)
    found = {}
    for version in CtcaeVersion:
        result = grade_value(baseline, baseline=baseline, version=version, anticoagulated=False)
        assert not isinstance(result, Missing)
        found[version] = result.grade
    assert found == {V4: 3, V5: 0, V6: 1}


def test_a_grade_carries_its_version_source_and_what_no_number_decides() -> None:
    albumin = LabValue(analyte=Analyte.ALBUMIN, value=25.0, unit="g/L", lower_limit=35.0, on=AFTER)
    result = grade_value(albumin, baseline=Missing.LOST, version=V5, anticoagulated=Missing.LOST)
    assert not isinstance(result, Missing)
    assert (result.grade, result.version, result.citation.verified) == (2, V5, True)
    assert "life-threatening" in result.beyond


def test_an_analyte_without_a_term_in_a_version_has_no_grade_in_it() -> None:
    value = LabValue(analyte=Analyte.LYMPHOCYTES, value=0.3, unit="10^9/L", on=AFTER)
    result = grade_value(value, baseline=Missing.LOST, version=V6, anticoagulated=False)
    assert result is Missing.NOT_IN_THIS_VERSION
    assert term_of_analyte(Analyte.SODIUM, V5) is None


def test_a_baseline_of_another_analyte_or_of_a_later_day_is_refused() -> None:
    value = lab(Analyte.GGT, 360.0, BEFORE, upper=60.0)
    with pytest.raises(InputError, match="the baseline of ggt is alt"):
        grade_value(
            value,
            baseline=lab(Analyte.ALT, 30.0, BEFORE, upper=40.0),
            version=V5,
            anticoagulated=False,
        )
    with pytest.raises(InputError, match="after the value of"):
        grade_value(
            value,
            baseline=lab(Analyte.GGT, 360.0, AFTER, upper=60.0),
            version=V5,
            anticoagulated=False,
        )


@pytest.mark.parametrize("version", [V5, V6])
def test_without_a_baseline_a_raised_value_is_unknown_and_a_normal_one_is_grade_0(
    version: CtcaeVersion,
) -> None:
    raised = grade_value(
        lab(Analyte.ALT, 130.0, AFTER, upper=40.0),
        baseline=Missing.NEEDS_BASELINE,
        version=version,
        anticoagulated=False,
    )
    normal = grade_value(
        lab(Analyte.ALT, 40.0, AFTER, upper=40.0),
        baseline=Missing.NEEDS_BASELINE,
        version=version,
        anticoagulated=False,
    )
    assert not isinstance(raised, Missing)
    assert not isinstance(normal, Missing)
    assert raised.grade is Missing.NEEDS_BASELINE
    assert (raised.lowest, raised.missing) == (0, ("baseline",))
    assert normal.grade == 0


def test_an_anticoagulation_that_is_not_known_matters_only_when_it_changes_the_inr_grade() -> None:
    def graded(value: float) -> int | Missing:
        return grade(
            "inr_increased",
            V5,
            GradeInput(
                value=value,
                upper_limit=1.2,
                lower_limit=Missing.NOT_RECORDED,
                baseline=1.0,
                baseline_high=False,
                baseline_low=False,
                anticoagulated=Missing.NOT_RECORDED,
            ),
        ).grade

    assert graded(1.1) is Missing.NOT_RECORDED  # 0 without, 1 with anticoagulation
    assert graded(1.4) == 1
    assert graded(3.0) == 3


def test_contradictory_baselines_are_refused() -> None:
    sides: dict[str, Any] = {"upper_limit": 1.0, "lower_limit": 1.0, "anticoagulated": False}
    with pytest.raises(InputError, match="above and below"):
        GradeInput(value=1.0, baseline=1.0, baseline_high=True, baseline_low=True, **sides)
    with pytest.raises(InputError, match="lies on no side"):
        GradeInput(
            value=1.0, baseline=Missing.LOST, baseline_high=True, baseline_low=False, **sides
        )


def test_a_branch_that_makes_no_sense_is_refused() -> None:
    sound: dict[str, Any] = {"grades": (1,), "bounds": (1.0,), "first_included": False}
    with pytest.raises(UnknownNameError, match="state of a CTCAE branch 'sometimes'"):
        Branch(when="sometimes", of="baseline", **sound)
    with pytest.raises(UnknownNameError, match="reference of a CTCAE branch 'average'"):
        Branch(when="always", of="average", **sound)
    with pytest.raises(InputError, match="differ in number"):
        Branch(when="always", of="baseline", **{**sound, "grades": (1, 2)})


def fillings(partial: GradeInput, spread: list[float]) -> Iterator[GradeInput]:
    """Yield the input with every missing part filled in many ways: brute force."""

    def numbers(part: float | Missing) -> list[float]:
        return spread if isinstance(part, Missing) else [part]

    def answers(part: bool | Missing) -> list[bool]:  # noqa: FBT001 - the one thing it takes
        return [False, True] if isinstance(part, Missing) else [part]

    for upper, lower, baseline in product(
        numbers(partial.upper_limit), numbers(partial.lower_limit), numbers(partial.baseline)
    ):
        highs, lows = answers(partial.baseline_high), answers(partial.baseline_low)
        if isinstance(partial.baseline, Missing):
            highs, lows = [baseline > upper], [baseline < lower]
        for high, low, door in product(highs, lows, answers(partial.anticoagulated)):
            if not (high and low):
                yield GradeInput(
                    value=partial.value,
                    upper_limit=upper,
                    lower_limit=lower,
                    baseline=baseline,
                    baseline_high=high,
                    baseline_low=low,
                    anticoagulated=door,
                )


ABSENT = Missing.NOT_RECORDED
PARTS = ("upper_limit", "lower_limit", "baseline", "sides", "anticoagulated")


def used_parts(term: LaboratoryTerm) -> set[str]:
    used = {one for one in PARTS if term.uses(of=one)}
    if term.uses(when="baseline_high") or term.uses(when="baseline_low"):
        used.add("sides")
    if term.uses(when="anticoagulated"):
        used.add("anticoagulated")
    return used


@pytest.mark.parametrize(("key", "version"), TERMS)
def test_a_grade_is_unknown_exactly_when_an_absent_input_could_change_it(
    key: str, version: CtcaeVersion
) -> None:
    term = laboratory_term(key, version)
    facts = analyte_facts(term.analyte)
    upper = facts.upper_limit[0] if facts.upper_limit else 100.0
    lower = facts.lower_limit[0] if facts.lower_limit else upper / 4
    used = used_parts(term)
    bounds = sorted({bound for one in term.branches for bound in one.bounds} | {1.0})
    for value, base in product((0.55 * lower, 0.9 * upper, 4.7 * upper), (0.7 * upper, 3 * upper)):
        spread = [value / bound * one for bound in bounds for one in (0.999, 1.001)]
        spread += [value * 1e-4, value * 1e4]
        for gone in powerset(used):
            no_baseline = "baseline" in gone
            partial = GradeInput(
                value=value,
                upper_limit=ABSENT if "upper_limit" in gone else upper,
                lower_limit=ABSENT if "lower_limit" in gone else lower,
                baseline=ABSENT if no_baseline else base,
                baseline_high=ABSENT if no_baseline or "sides" in gone else base > upper,
                baseline_low=ABSENT if no_baseline or "sides" in gone else base < lower,
                anticoagulated=ABSENT if "anticoagulated" in gone else False,
            )
            ranges = [grade(key, version, one) for one in fillings(partial, spread)]
            lowest, highest = min(one.lowest for one in ranges), max(one.highest for one in ranges)
            assert all(one.lowest == one.highest for one in ranges)
            result = grade(key, version, partial)
            assert (result.lowest, result.highest) == (lowest, highest)
            assert isinstance(result.grade, Missing) is (lowest != highest)
            assert bool(result.missing) is (lowest != highest)


@pytest.mark.parametrize(("key", "version"), TERMS)
def test_an_input_that_a_term_does_not_use_is_not_needed(key: str, version: CtcaeVersion) -> None:
    term = laboratory_term(key, version)
    used = used_parts(term)
    with_baseline = "baseline" in used
    result = grade(
        key,
        version,
        GradeInput(
            value=50.0,
            upper_limit=40.0 if "upper_limit" in used else ABSENT,
            lower_limit=20.0 if "lower_limit" in used else ABSENT,
            baseline=30.0 if with_baseline else ABSENT,
            baseline_high=False if with_baseline else ABSENT,
            baseline_low=False if with_baseline else ABSENT,
            anticoagulated=False if "anticoagulated" in used else ABSENT,
        ),
    )
    assert not isinstance(result.grade, Missing)


def powerset(parts: set[str]) -> Iterator[set[str]]:
    ordered = sorted(parts)
    for chosen in product((False, True), repeat=len(ordered)):
        yield {one for one, taken in zip(ordered, chosen, strict=True) if taken}


def or_nan(number: float | Missing) -> float:
    return NAN if isinstance(number, Missing) else number


MAYBE = st.one_of(st.floats(0.05, 300.0), st.just(Missing.NOT_RECORDED))


@pytest.mark.parametrize("which", TERMS)
@settings(max_examples=12)
@given(
    rows=st.lists(
        st.tuples(
            st.floats(0.05, 300.0),
            MAYBE,
            MAYBE,
            MAYBE,
            MAYBE,
            MAYBE,
            st.sampled_from([True, False, Missing.NOT_RECORDED]),
        ),
        min_size=1,
        max_size=6,
    )
)
@example(rows=[(1.0, 1.0, 0.5, 1.0 + 3e-16, 1.0, 0.5, False)])  # equal but for round-off
@example(rows=[(1.0, 1.0, 0.5, 1.0, 1.0 + 3e-16, 0.5, False)])
@example(rows=[(3.0, 1.0, 3.0 + 1e-15, 1.0, 0.5, 1.0 + 3e-16, True)])
def test_the_fast_grades_are_those_of_the_plain_twin(
    rows: list[
        tuple[
            float,
            float | Missing,
            float | Missing,
            float | Missing,
            float | Missing,
            float | Missing,
            bool | Missing,
        ]
    ],
    which: tuple[str, CtcaeVersion],
) -> None:
    columns = [np.array([or_nan(row[one]) for row in rows]) for one in range(6)]
    flags = [UNKNOWN if isinstance(row[6], Missing) else int(row[6]) for row in rows]
    fast = grade_arrays(
        *which,
        LabArrays(
            value=columns[0],
            upper_limit=columns[1],
            lower_limit=columns[2],
            baseline=columns[3],
            baseline_upper_limit=columns[4],
            baseline_lower_limit=columns[5],
            anticoagulated=np.array(flags, dtype=np.int8),
        ),
    )
    for position, (value, upper, lower, base, base_upper, base_lower, door) in enumerate(rows):
        high: bool | Missing = ABSENT
        low: bool | Missing = ABSENT
        if not isinstance(base, Missing):
            high = base_upper if isinstance(base_upper, Missing) else above(base, base_upper)
            low = base_lower if isinstance(base_lower, Missing) else below(base, base_lower)
            if high is True:
                low = False
            elif low is True:
                high = False
        slow = grade(
            *which,
            GradeInput(
                value=value,
                upper_limit=upper,
                lower_limit=lower,
                baseline=base,
                baseline_high=high,
                baseline_low=low,
                anticoagulated=door,
            ),
        )
        assert (fast.lowest[position], fast.highest[position]) == (slow.lowest, slow.highest)
        expected = UNKNOWN if isinstance(slow.grade, Missing) else slow.grade
        assert fast.grades[position] == expected


def test_a_value_that_is_not_there_has_no_grade() -> None:
    one = np.array([NAN])
    found = grade_arrays(
        "alt_increased",
        V4,
        LabArrays(
            value=one,
            upper_limit=np.array([40.0]),
            lower_limit=one,
            baseline=one,
            baseline_upper_limit=one,
            baseline_lower_limit=one,
            anticoagulated=np.zeros(1, dtype=np.int8),
        ),
    )
    assert found.grades.tolist() == [UNKNOWN]


def test_arrays_of_different_length_are_refused() -> None:
    one, two = np.ones(1), np.ones(2)
    with pytest.raises(InputError, match="one is needed"):
        LabArrays(
            value=one,
            upper_limit=two,
            lower_limit=one,
            baseline=one,
            baseline_upper_limit=one,
            baseline_lower_limit=one,
            anticoagulated=np.zeros(1, dtype=np.int8),
        )


UNITS = {Analyte.BILIRUBIN: "mg/dL", Analyte.ALBUMIN: "g/dL", Analyte.CREATININE: "mg/dL"}


@given(
    analyte=st.sampled_from(sorted(UNITS, key=lambda one: one.value)),
    tenths=st.integers(1, 200),
    limit_tenths=st.integers(8, 13),
    base_tenths=st.integers(5, 60),
    version=st.sampled_from(CtcaeVersion),
)
def test_a_grade_does_not_depend_on_the_unit(
    analyte: Analyte, tenths: int, limit_tenths: int, base_tenths: int, version: CtcaeVersion
) -> None:
    if analyte is Analyte.ALBUMIN:
        tenths, base_tenths = 10 + tenths % 45, 35
    factor = analyte_facts(analyte).factors[UNITS[analyte].lower()]
    inside_unit = analyte_facts(analyte).inside_unit

    def graded(scale: float, unit: str) -> int | Missing:
        limits = (
            {"lower_limit": 3.5 * scale}
            if analyte is Analyte.ALBUMIN
            else {"upper_limit": limit_tenths / 10 * scale}
        )
        values = [
            LabValue(
                analyte=analyte,
                value=one / 10 * scale,
                unit=unit,
                on=day,
                lower_limit=limits.get("lower_limit", Missing.NOT_RECORDED),
                upper_limit=limits.get("upper_limit", Missing.NOT_RECORDED),
            )
            for one, day in ((base_tenths, BEFORE), (max(tenths, 3), AFTER))
        ]
        result = grade_value(values[1], baseline=values[0], version=version, anticoagulated=False)
        assert not isinstance(result, Missing)
        return result.grade

    assert graded(1.0, UNITS[analyte]) == graded(factor, inside_unit)


@given(
    which=st.sampled_from(TERMS),
    value=st.floats(0.1, 500.0),
    worse=st.floats(1.0, 10.0),
    base=st.floats(0.1, 500.0),
)
def test_a_worse_value_never_has_a_lower_grade(
    which: tuple[str, CtcaeVersion], value: float, worse: float, base: float
) -> None:
    high = laboratory_term(*which).high

    def graded(number: float) -> int:
        found = grade(
            *which,
            GradeInput(
                value=number,
                upper_limit=40.0,
                lower_limit=20.0,
                baseline=base,
                baseline_high=base > 40.0,
                baseline_low=base < 20.0,
                anticoagulated=False,
            ),
        ).grade
        assert not isinstance(found, Missing)
        return found

    assert graded(value * worse if high else value / worse) >= graded(value)
