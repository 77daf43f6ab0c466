"""WHO grade of neuroendocrine neoplasms, and laboratory facts of a day."""

from datetime import date
from itertools import product

import pytest

from opensirt.clinical.laboratory_facts import (
    examine_laboratory,
    laboratory_facts_on,
    latest_value,
)
from opensirt.clinical.neuroendocrine import neuroendocrine_grade
from opensirt.domain.finding import Severity
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError


def grade(
    mitoses: float | Missing,
    ki67: float | Missing,
    *,
    well: bool | Missing = True,
    edition: str = "who_2019",
) -> str | Missing:
    return neuroendocrine_grade(
        well_differentiated=well,
        mitoses_per_2_mm2=mitoses,
        ki67_fraction=ki67,
        edition=edition,
    ).grade


@pytest.mark.parametrize(
    ("mitoses", "ki67", "expected"),
    [
        (1.9, 0.0299, "G1"),
        (2.0, 0.01, "G2"),
        (1.0, 0.03, "G2"),
        (20.0, 0.20, "G2"),
        (20.1, 0.01, "G3"),
        (1.0, 0.201, "G3"),
        (1.0, 0.025, "G1"),
    ],
)
def test_the_higher_of_mitoses_and_ki67_decides(mitoses: float, ki67: float, expected: str) -> None:
    assert grade(mitoses, ki67) == expected


def test_poorly_differentiated_is_nec_and_not_g3() -> None:
    assert grade(30.0, 0.7, well=False) == "NEC"
    assert grade(Missing.NOT_DONE, Missing.NOT_DONE, well=False) == "NEC"


def test_the_gap_of_2010_between_2_and_3_percent() -> None:
    assert grade(1.0, 0.025, edition="who_2010") is Missing.NOT_EVALUABLE
    assert grade(1.0, 0.02, edition="who_2010") == "G1"
    assert grade(1.0, 0.03, edition="who_2010") == "G2"
    assert grade(21.0, 0.025, edition="who_2010") == "G3"


def test_one_criterion_alone_decides_only_when_the_other_could_not_raise_it() -> None:
    gone = Missing.LOST
    counts: tuple[float | Missing, ...] = (1.0, 5.0, 30.0, gone)
    indices: tuple[float | Missing, ...] = (0.01, 0.1, 0.5, gone)
    states: tuple[bool | Missing, ...] = (True, gone)
    for mitoses, ki67, well in product(counts, indices, states):
        possible = {
            grade(one, two, well=three)
            for one in ((1.0, 5.0, 30.0) if isinstance(mitoses, Missing) else (mitoses,))
            for two in ((0.01, 0.1, 0.5) if isinstance(ki67, Missing) else (ki67,))
            for three in ((True, False) if isinstance(well, Missing) else (well,))
        }
        found = grade(mitoses, ki67, well=well)
        assert (found == possible.pop()) if len(possible) == 1 else isinstance(found, Missing)


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="wanted a fraction from 0 to 1"):
        grade(1.0, 8.0)
    with pytest.raises(InputError, match="mitoses per 2 mm²"):
        grade(-1.0, 0.1)
    with pytest.raises(UnknownNameError, match="edition of the WHO grade 'who_1980'"):
        grade(1.0, 0.1, edition="who_1980")


def alt(day: int, value: float, upper: float | Missing = 40.0, unit: str = "U/L") -> LabValue:
    return LabValue(
        analyte=Analyte.ALT,
        value=value,
        unit=unit,
        upper_limit=upper,
        on=date(2026, 1, day),
    )


def bilirubin(day: int, mg_per_dl: float) -> LabValue:
    return LabValue(analyte=Analyte.BILIRUBIN, value=mg_per_dl, unit="mg/dL", on=date(2026, 1, day))


def test_the_latest_value_on_or_before_the_day_is_used() -> None:
    values = [bilirubin(2, 0.8), bilirubin(9, 1.1), bilirubin(20, 3.0)]
    assert latest_value(values, Analyte.BILIRUBIN, on=date(2026, 1, 9)) == values[1]
    found = laboratory_facts_on(values, on=date(2026, 1, 10), oldest_days=None)
    assert found.facts["bilirubin"] == pytest.approx(1.1 * 17.104)
    assert found.facts["albumin"] is Missing.NOT_RECORDED
    assert found.findings == ()


def test_enzymes_are_multiples_of_their_own_limit_and_missing_without_one() -> None:
    on = date(2026, 1, 10)
    found = laboratory_facts_on([alt(2, 100.0)], on=on, oldest_days=None)
    assert found.facts["alt_times_upper_limit"] == pytest.approx(2.5)
    bare = laboratory_facts_on([alt(2, 100.0, Missing.NOT_RECORDED)], on=on, oldest_days=None)
    assert bare.facts["alt_times_upper_limit"] is Missing.NOT_RECORDED


@pytest.mark.parametrize(("oldest", "n"), [(8, 0), (7, 1)])
def test_an_old_value_is_used_with_a_warning_by_the_limit_of_the_site(oldest: int, n: int) -> None:
    found = laboratory_facts_on([alt(2, 100.0)], on=date(2026, 1, 10), oldest_days=oldest)
    assert len(found.findings) == n
    assert found.facts["alt_times_upper_limit"] == pytest.approx(2.5)


def test_future_dates_and_values_that_stand_twice_are_found() -> None:
    values = [alt(2, 40.0), alt(2, 41.0), bilirubin(3, 1.0), bilirubin(3, 1.0), alt(20, 30.0)]
    found = examine_laboratory(values, today=date(2026, 1, 10))
    assert [(one.rule, one.severity) for one in found] == [
        ("laboratory_value_twice", Severity.WARN),
        ("laboratory_value_twice", Severity.NOTE),
        ("laboratory_date_in_future", Severity.STOP),
    ]
    same = [alt(2, 60.0), alt(2, 1.0, 0.7, "ukat/L")]
    assert examine_laboratory(same, today=date(2026, 1, 10))[0].severity is Severity.NOTE
