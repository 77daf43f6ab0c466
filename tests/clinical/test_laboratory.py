"""Laboratory values: units, limits of normal, and the refusal of what was declared wrongly."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.finding import Confirmation
from opensirt.domain.laboratory import (
    Analyte,
    LabValue,
    analyte_facts,
    factor_to_inside,
    laboratory_citation,
    spelled,
)
from opensirt.domain.missing import Missing
from opensirt.errors import ConfirmationError, InputError, UnknownNameError
from opensirt.reference.table import read_table

DAY = date(2026, 3, 2)


def value(analyte: Analyte, number: float, unit: str, **more: Any) -> LabValue:
    return LabValue(analyte=analyte, value=number, unit=unit, on=DAY, **more)


def test_every_analyte_has_an_entry_and_every_entry_an_analyte() -> None:
    assert {one.value for one in Analyte} == set(read_table("laboratory")["analytes"])


@pytest.mark.parametrize("analyte", list(Analyte))
def test_the_inside_unit_of_an_analyte_is_one_of_its_units_with_factor_one(
    analyte: Analyte,
) -> None:
    facts = analyte_facts(analyte)
    if facts.convertible:
        assert facts.factors[spelled(facts.inside_unit)] == 1.0
    assert facts.plausible[0] < facts.plausible[1]


@pytest.mark.parametrize("part", ["units", "guards", "ranges"])
def test_units_guards_and_ranges_have_a_source(part: str) -> None:
    assert laboratory_citation(part).source


def test_the_guard_ranges_are_marked_as_not_verified() -> None:
    assert "⚠" in str(laboratory_citation("ranges"))
    assert "⚠" not in str(laboratory_citation("guards"))


@pytest.mark.parametrize(
    ("analyte", "number", "unit", "inside"),
    [
        (Analyte.BILIRUBIN, 2.0, "mg/dL", 34.208),
        (Analyte.ALBUMIN, 3.5, "g/dL", 35.0),
        (Analyte.CREATININE, 2.0, "mg/dL", 176.8),
        (Analyte.PLATELETS, 150000.0, "/µL", 150.0),
        (Analyte.PLATELETS, 150.0, "x10^9/L", 150.0),
        (Analyte.PLATELETS, 150.0, "G/L", 150.0),
        (Analyte.LEUKOCYTES, 4.0, "Tsd/µL", 4.0),
        (Analyte.HAEMOGLOBIN, 120.0, "g/L", 120.0),
        (Analyte.AST, 1.0, "µkat/L", 60.0),
        (Analyte.HAEMOGLOBIN, 12.0, "g/dL", 120.0),
        (Analyte.FIVE_HIAA, 10.0, "mg/24h", 52.3),
    ],
)
def test_printed_units_become_the_inside_unit(
    analyte: Analyte, number: float, unit: str, inside: float
) -> None:
    assert value(analyte, number, unit).inside == pytest.approx(inside)


def test_enzyme_units_agree_with_the_printed_factor() -> None:
    assert 1.0 / factor_to_inside(Analyte.ALT, "ukat/L") == pytest.approx(0.01667, abs=5e-6)


@pytest.mark.parametrize(
    ("one", "other"),
    [("µmol/L", "umol / l"), ("10^9/L", "10E9/l"), ("IU/L", "U/L"), ("10^3/µL", "×10⁹/L")],
)
def test_spellings_of_one_unit_are_the_same(one: str, other: str) -> None:
    assert spelled(one) == spelled(other)


@pytest.mark.parametrize(
    ("analyte", "number", "unit", "words"),
    [
        (Analyte.BILIRUBIN, 1.2, "umol/L", "probably meant in mg/dL"),
        (Analyte.BILIRUBIN, 1.999, "umol/L", "probably meant in mg/dL"),
        (Analyte.ALBUMIN, 4.1, "g/L", "probably meant in g/dL"),
        (Analyte.ALBUMIN, 41.0, "g/dL", "probably meant in g/L"),
        (Analyte.CREATININE, 0.9, "umol/L", "probably meant in mg/dL"),
        (Analyte.CREATININE, 80.0, "mg/dL", "probably meant in umol/L"),
        (Analyte.PLATELETS, 2001.0, "10^9/L", "probably meant in /uL"),
        (Analyte.HAEMOGLOBIN, 12.5, "g/L", "probably meant in g/dL"),
        (Analyte.ALT, 0.6, "U/L", "probably meant in ukat/L"),
        (Analyte.BILIRUBIN, 90.0, "mg/dL", "is plausible"),
        (Analyte.SODIUM, 14.0, "mmol/L", "is plausible"),
    ],
)
def test_a_value_that_looks_declared_in_the_wrong_unit_is_refused(
    analyte: Analyte, number: float, unit: str, words: str
) -> None:
    with pytest.raises(ConfirmationError, match=words):
        value(analyte, number, unit)


@pytest.mark.parametrize(
    ("analyte", "number", "unit"),
    [
        (Analyte.BILIRUBIN, 2.0, "umol/L"),
        (Analyte.ALBUMIN, 10.0, "g/L"),
        (Analyte.CREATININE, 10.0, "umol/L"),
        (Analyte.PLATELETS, 2000.0, "10^9/L"),
    ],
)
def test_a_value_on_the_guard_is_accepted(analyte: Analyte, number: float, unit: str) -> None:
    assert value(analyte, number, unit).findings() == ()


def test_a_limit_of_normal_gives_the_wrong_unit_away_even_when_the_value_could_be_right() -> None:
    with pytest.raises(ConfirmationError, match="upper limit of normal of 1.2 umol/L"):
        value(Analyte.BILIRUBIN, 4.5, "umol/L", upper_limit=1.2)
    with pytest.raises(ConfirmationError, match="the unit is probably wrong"):
        value(Analyte.BILIRUBIN, 12.0, "mg/dL", upper_limit=21.0)


def test_a_named_person_can_confirm_one_value_of_one_day_only() -> None:
    rule = "laboratory_unit_bilirubin_2026_03_02"
    confirmation = Confirmation(rule, "Dr Example", DAY)
    kept = LabValue(
        analyte=Analyte.BILIRUBIN,
        value=1.5,
        unit="umol/L",
        on=DAY,
        confirmations=(confirmation,),
    )
    assert kept.rule == rule
    assert "confirmed by Dr Example" in kept.findings()[0].text
    with pytest.raises(ConfirmationError):
        LabValue(
            analyte=Analyte.BILIRUBIN,
            value=1.5,
            unit="umol/L",
            on=date(2026, 3, 3),
            confirmations=(confirmation,),
        )


@pytest.mark.parametrize("number", [-1.0, float("nan"), float("inf")])
def test_impossible_numbers_are_refused(number: float) -> None:
    with pytest.raises(InputError, match="a number of at least 0 is needed"):
        value(Analyte.SODIUM, number, "mmol/L")


def test_an_unknown_unit_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="unknown unit of albumin 'mg/dL'; known: g/l, g/dl"):
        value(Analyte.ALBUMIN, 4.0, "mg/dL")


def test_limits_of_normal_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(InputError, match="is not below the upper"):
        value(Analyte.SODIUM, 140.0, "mmol/L", lower_limit=145.0, upper_limit=135.0)


def test_limits_that_were_not_recorded_stay_missing() -> None:
    bilirubin = value(Analyte.BILIRUBIN, 0.8, "mg/dL")
    assert bilirubin.upper_limit_inside is Missing.NOT_RECORDED
    assert bilirubin.times_upper_limit is Missing.NOT_RECORDED


def test_chromogranin_is_kept_as_printed_and_used_as_a_multiple_of_its_limit() -> None:
    marker = value(Analyte.CHROMOGRANIN_A, 306.0, "ng/mL", upper_limit=102.0)
    assert marker.inside == 306.0
    assert marker.inside_unit == "ng/mL"
    assert marker.times_upper_limit == pytest.approx(3.0)


CONVERTIBLE = [one for one in Analyte if analyte_facts(one).convertible]


@given(analyte=st.sampled_from(CONVERTIBLE), share=st.floats(0.05, 0.95), data=st.data())
def test_the_same_amount_in_any_unit_is_the_same_inside(
    analyte: Analyte, share: float, data: st.DataObject
) -> None:
    facts = analyte_facts(analyte)
    lowest, highest = facts.plausible
    inside = lowest + share * (highest - lowest)
    unit = data.draw(st.sampled_from(sorted(facts.factors)))
    confirmed = LabValue(
        analyte=analyte,
        value=inside / facts.factors[unit],
        unit=unit,
        on=DAY,
        confirmations=(Confirmation(f"laboratory_unit_{analyte.value}_2026_03_02", "test", DAY),),
    )
    assert confirmed.inside == pytest.approx(inside)
