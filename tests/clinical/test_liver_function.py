"""Liver scores: every pattern of missing inputs, and the direction in which they move."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.clinical.liver_function import (
    CHILD_PUGH_VARIANTS,
    Ascites,
    Encephalopathy,
    Sex,
    albi,
    apri,
    child_pugh,
    fib_4,
    future_liver_remnant_fraction,
    hepatobiliary_function,
    meld,
    meld_3_0,
    meld_na,
)
from opensirt.domain.missing import Missing
from opensirt.domain.score import Score
from opensirt.errors import InputError, UnknownNameError

ALBI: dict[str, Any] = {"bilirubin_umol_per_l": 20.0, "albumin_g_per_l": 38.0}
MELD: dict[str, Any] = {
    "bilirubin_umol_per_l": 40.0,
    "inr": 1.6,
    "creatinine_umol_per_l": 120.0,
    "dialysis": False,
}
MELD_NA: dict[str, Any] = {**MELD, "sodium_mmol_per_l": 130.0}
MELD_3: dict[str, Any] = {**MELD_NA, "albumin_g_per_l": 31.0, "sex": Sex.MALE, "age_years": 61.0}
CHILD: dict[str, Any] = {
    "bilirubin_umol_per_l": 45.0,
    "albumin_g_per_l": 31.0,
    "inr": 1.8,
    "ascites": Ascites.MILD,
    "encephalopathy": Encephalopathy.GRADE_1_2,
}
APRI: dict[str, Any] = {
    "ast_u_per_l": 60.0,
    "ast_upper_limit_u_per_l": 40.0,
    "platelets_1e9_per_l": 120.0,
}
FIB_4: dict[str, Any] = {
    "age_years": 60.0,
    "ast_u_per_l": 60.0,
    "alt_u_per_l": 40.0,
    "platelets_1e9_per_l": 120.0,
}
FUNCTION: dict[str, Any] = {
    "function_percent_per_min": 9.0,
    "body_surface_area_m2": 1.8,
}

SHORT = {
    "bilirubin_umol_per_l": "bilirubin",
    "albumin_g_per_l": "albumin",
    "creatinine_umol_per_l": "creatinine",
    "sodium_mmol_per_l": "sodium",
    "age_years": "age",
    "ast_u_per_l": "ast",
    "alt_u_per_l": "alt",
    "ast_upper_limit_u_per_l": "upper limit of normal of ast",
    "platelets_1e9_per_l": "platelets",
    "function_percent_per_min": "function",
    "body_surface_area_m2": "body surface area",
}


def capped_meld_3_0(**inputs: Any) -> Score:
    return meld_3_0(**inputs, cap_40=True)


def whole_function(**inputs: Any) -> Score:
    return hepatobiliary_function(**inputs, remnant=False)


def remnant_function(**inputs: Any) -> Score:
    return hepatobiliary_function(**inputs, remnant=True)


SCORES = [
    (albi, ALBI),
    (meld, MELD),
    (meld_na, MELD_NA),
    (capped_meld_3_0, MELD_3),
    (child_pugh, CHILD),
    (apri, APRI),
    (fib_4, FIB_4),
    (whole_function, FUNCTION),
    (remnant_function, FUNCTION),
]


@pytest.mark.parametrize(("function", "complete"), SCORES)
def test_a_complete_score_has_value_variant_and_source(
    function: Any, complete: Mapping[str, Any]
) -> None:
    result = function(**complete)
    assert result.known
    assert result.missing == {}
    assert result.variant
    assert result.citation.verified


@pytest.mark.parametrize(("function", "complete"), SCORES)
def test_every_pattern_of_missing_inputs_gives_no_value_and_names_them(
    function: Any, complete: Mapping[str, Any]
) -> None:
    for pattern in product((False, True), repeat=len(complete)):
        if not any(pattern):
            continue
        given_inputs = {
            name: Missing.LOST if gone else value
            for (name, value), gone in zip(complete.items(), pattern, strict=True)
        }
        result = function(**given_inputs)
        gone_names = {
            SHORT.get(name, name) for name, value in given_inputs.items() if value is Missing.LOST
        }
        assert not result.known
        assert result.value is Missing.LOST
        assert set(result.missing) == gone_names
        assert set(result.missing.values()) == {Missing.LOST}


def test_creatinine_at_its_bound_does_not_wait_for_dialysis() -> None:
    high = {**MELD, "creatinine_umol_per_l": 500.0, "dialysis": Missing.NOT_RECORDED}
    assert meld(**high).value == meld(**{**high, "dialysis": True}).value


def test_dialysis_does_not_wait_for_creatinine() -> None:
    assert meld(**{**MELD, "creatinine_umol_per_l": Missing.LOST, "dialysis": True}).known


def test_a_meld_of_11_or_less_needs_no_sodium() -> None:
    mild = {**MELD_NA, "bilirubin_umol_per_l": 15.0, "inr": 1.0, "creatinine_umol_per_l": 70.0}
    result = meld_na(**{**mild, "sodium_mmol_per_l": Missing.NOT_DONE})
    assert result.value == 6.0


def test_a_female_patient_needs_no_age_and_a_male_one_does() -> None:
    unknown_age = {**MELD_3, "age_years": Missing.NOT_RECORDED}
    assert capped_meld_3_0(**{**unknown_age, "sex": Sex.FEMALE}).known
    assert set(capped_meld_3_0(**unknown_age).missing) == {"age"}


def test_below_12_years_meld_3_0_is_not_defined() -> None:
    assert capped_meld_3_0(**{**MELD_3, "age_years": 11.9}).value is Missing.NOT_EVALUABLE


def test_child_pugh_bounds_hold_what_the_known_items_allow() -> None:
    result = child_pugh(**{**CHILD, "bilirubin_umol_per_l": Missing.NOT_DONE})
    assert result.bounds == (9.0, 11.0)
    assert result.grade is Missing.NOT_DONE
    healthy = child_pugh(
        bilirubin_umol_per_l=10.0,
        albumin_g_per_l=42.0,
        inr=1.0,
        ascites=Ascites.NONE,
        encephalopathy=Missing.NOT_RECORDED,
    )
    assert healthy.bounds == (5.0, 7.0)
    assert healthy.grade is Missing.NOT_RECORDED


def test_child_pugh_class_is_known_when_the_missing_item_cannot_change_it() -> None:
    result = child_pugh(
        bilirubin_umol_per_l=100.0,
        albumin_g_per_l=20.0,
        inr=3.0,
        ascites=Ascites.MODERATE,
        encephalopathy=Missing.NOT_RECORDED,
    )
    assert result.grade == "C"
    assert result.bounds == (13.0, 15.0)
    assert not result.known


def test_a_value_within_rounding_of_a_limit_is_noted() -> None:
    noted = child_pugh(**{**CHILD, "bilirubin_umol_per_l": 34.2})
    assert [one.rule for one in noted.findings] == ["child_pugh_near_limit"]
    assert child_pugh(**{**CHILD, "bilirubin_umol_per_l": 40.0}).findings == ()


@pytest.mark.parametrize(
    ("bilirubin", "albumin", "n"), [(1.9, 40.0, 1), (2.0, 10.0, 0), (20.0, 4.0, 1), (1.2, 4.0, 2)]
)
def test_albi_warns_of_numbers_in_the_units_of_other_laboratories(
    bilirubin: float, albumin: float, n: int
) -> None:
    found = albi(bilirubin_umol_per_l=bilirubin, albumin_g_per_l=albumin)
    assert len(found.findings) == n
    assert all("was probably meant in" in one.text for one in found.findings)


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="variant of child_pugh 'wjg_2005'; known: conv"):
        child_pugh(**CHILD, variant="wjg_2005")


@pytest.mark.parametrize("variant", CHILD_PUGH_VARIANTS)
def test_every_variant_of_child_pugh_says_which_input_it_lacks(variant: str) -> None:
    result = child_pugh(**{**CHILD, "inr": Missing.NOT_DONE}, variant=variant)
    expected = "prothrombin_time_prolongation" if variant == "prothrombin_time" else "inr"
    assert set(result.missing) == {expected}


@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_a_score_of_nothing_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="a positive number is needed"):
        albi(bilirubin_umol_per_l=value, albumin_g_per_l=40.0)
    with pytest.raises(InputError, match="a positive number is needed"):
        fib_4(**{**FIB_4, "alt_u_per_l": value})


def number(score: Score) -> float:
    assert not isinstance(score.value, Missing)
    return score.value


BILIRUBIN = st.floats(2.0, 800.0)
ALBUMIN = st.floats(12.0, 60.0)
INR = st.floats(0.8, 6.0)
CREATININE = st.floats(30.0, 800.0)
SODIUM = st.floats(110.0, 150.0)
MORE = st.floats(1.0, 3.0)


@given(BILIRUBIN, ALBUMIN, MORE)
def test_albi_worsens_with_bilirubin_and_with_falling_albumin(
    bilirubin: float, albumin: float, more: float
) -> None:
    here = number(albi(bilirubin_umol_per_l=bilirubin, albumin_g_per_l=albumin))
    jaundiced = number(albi(bilirubin_umol_per_l=bilirubin * more, albumin_g_per_l=albumin))
    wasted = number(albi(bilirubin_umol_per_l=bilirubin, albumin_g_per_l=albumin / more))
    assert jaundiced >= here
    assert wasted >= here


@given(BILIRUBIN, INR, CREATININE, MORE)
def test_meld_never_falls_when_an_input_worsens(
    bilirubin: float, inr: float, creatinine: float, more: float
) -> None:
    base: dict[str, Any] = {
        "bilirubin_umol_per_l": bilirubin,
        "inr": inr,
        "creatinine_umol_per_l": creatinine,
    }
    here = number(meld(**base, dialysis=False))
    assert 6 <= here <= 40
    for name, value in base.items():
        assert number(meld(**{**base, name: value * more}, dialysis=False)) >= here
    assert number(meld(**base, dialysis=True)) >= here


@given(BILIRUBIN, INR, CREATININE, SODIUM, st.floats(0.0, 20.0))
def test_meld_na_never_falls_when_the_sodium_falls(
    bilirubin: float, inr: float, creatinine: float, sodium: float, drop: float
) -> None:
    base: dict[str, Any] = {
        "bilirubin_umol_per_l": bilirubin,
        "inr": inr,
        "creatinine_umol_per_l": creatinine,
        "dialysis": False,
    }
    here = number(meld_na(**base, sodium_mmol_per_l=sodium))
    assert number(meld_na(**base, sodium_mmol_per_l=sodium - drop)) >= here
    assert here >= number(meld(**base))


@given(BILIRUBIN, ALBUMIN, INR, st.sampled_from(Ascites), st.sampled_from(Encephalopathy), MORE)
def test_child_pugh_never_falls_when_an_input_worsens(
    bilirubin: float,
    albumin: float,
    inr: float,
    ascites: Ascites,
    encephalopathy: Encephalopathy,
    more: float,
) -> None:
    base: dict[str, Any] = {
        "bilirubin_umol_per_l": bilirubin,
        "albumin_g_per_l": albumin,
        "inr": inr,
        "ascites": ascites,
        "encephalopathy": encephalopathy,
    }
    worse: list[dict[str, Any]] = [
        {"bilirubin_umol_per_l": bilirubin * more},
        {"albumin_g_per_l": albumin / more},
        {"inr": inr * more},
        {"ascites": Ascites.MODERATE},
        {"encephalopathy": Encephalopathy.GRADE_3_4},
    ]
    here = number(child_pugh(**base))
    assert 5 <= here <= 15
    for change in worse:
        assert number(child_pugh(**{**base, **change})) >= here
    for name in base:
        bounds = child_pugh(**{**base, name: Missing.LOST}).bounds
        assert bounds is not None
        assert bounds[0] <= here <= bounds[1]


def test_the_remnant_cut_off_is_called_surgical_and_read_from_both_sides() -> None:
    at, under = (
        remnant_function(function_percent_per_min=rate * 1.9, body_surface_area_m2=1.9)
        for rate in (2.69, 2.68)
    )
    assert (at.grade, under.grade) == ("not below", "below")
    assert "not a limit for radioembolization" in at.findings[0].text
    assert "of the remnant 2.68 %/min/m² is below 2.69: surgical" in under.findings[0].text
    assert [one.rule for one in under.findings] == ["hepatobiliary_function_cut_off"]


def test_the_warning_is_of_the_whole_liver_which_has_no_cut_off() -> None:
    at, above = (
        whole_function(function_percent_per_min=rate * 1.9, body_surface_area_m2=1.9)
        for rate in (3.0, 3.01)
    )
    assert (at.grade, above.grade) == (None, None)
    assert [one.rule for one in at.findings] == ["hepatobiliary_function_low"]
    assert above.findings == ()


def test_a_healthy_function_has_no_warning() -> None:
    result = whole_function(**FUNCTION)
    assert result.value == pytest.approx(5.0)
    assert result.findings == ()


def test_the_remnant_is_a_part_of_the_whole() -> None:
    assert future_liver_remnant_fraction(
        spared_normal_liver_ml=400.0, whole_normal_liver_ml=1600.0
    ) == pytest.approx(0.25)
    gone = future_liver_remnant_fraction(
        spared_normal_liver_ml=Missing.NOT_DONE, whole_normal_liver_ml=1600.0
    )
    assert gone is Missing.NOT_DONE
    gone = future_liver_remnant_fraction(
        spared_normal_liver_ml=400.0, whole_normal_liver_ml=Missing.NOT_DONE
    )
    assert gone is Missing.NOT_DONE
    with pytest.raises(InputError, match="must be a part of the whole"):
        future_liver_remnant_fraction(spared_normal_liver_ml=2.0, whole_normal_liver_ml=1.0)
