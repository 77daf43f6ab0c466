"""MELD (UNOS 2016), MELD-Na (UNOS 2016) and MELD 3.0, each with its bounds."""

from collections.abc import Mapping
from enum import Enum
from math import log
from typing import Any

from opensirt.clinical.comparison import at_least, below, rounded
from opensirt.clinical.liver_function.table import (
    absent,
    require_positive,
    variant_of,
    without_value,
)
from opensirt.domain.laboratory import Analyte, factor_to_inside
from opensirt.domain.missing import Missing
from opensirt.domain.score import Number, Score


class Sex(Enum):
    """Sex as MELD 3.0 uses it."""

    FEMALE = "female"
    MALE = "male"


def meld(
    *,
    bilirubin_umol_per_l: Number,
    inr: Number,
    creatinine_umol_per_l: Number,
    dialysis: bool | Missing,
    variant: str = "unos_2016",
) -> Score:
    """Return MELD without sodium, 6 to 40, or what it lacks.

    `dialysis` is the rule of the score: at least two in the previous week, or 24 hours of
    continuous filtration; the creatinine then counts as 4.0 mg/dL. Whether there was dialysis
    is not needed when the creatinine already reaches that. `parts` holds the value before
    rounding.

    Raises
    ------
    InputError
        When a laboratory value is not positive.
    """
    constants, citation = variant_of("meld", variant)
    inputs = _bounded(
        constants,
        bilirubin_umol_per_l=bilirubin_umol_per_l,
        inr=inr,
        creatinine_umol_per_l=creatinine_umol_per_l,
        dialysis=dialysis,
    )
    if isinstance(inputs, dict):
        return without_value("MELD", variant, inputs, citation)
    bilirubin, ratio, creatinine = inputs
    raw = 10.0 * (
        constants["ln_creatinine"] * log(creatinine)
        + constants["ln_bilirubin"] * log(bilirubin)
        + constants["ln_inr"] * log(ratio)
        + constants["constant"]
    )
    value = min(max(rounded(raw), constants["lowest_score"]), constants["highest_score"])
    return Score(
        name="MELD", variant=variant, value=float(value), parts={"raw": raw}, citation=citation
    )


def meld_na(
    *,
    bilirubin_umol_per_l: Number,
    inr: Number,
    creatinine_umol_per_l: Number,
    sodium_mmol_per_l: Number,
    dialysis: bool | Missing,
    variant: str = "unos_2016",
) -> Score:
    """Return MELD with the sodium step of 2016, 6 to 40, or what it lacks.

    The sodium step applies only above MELD 11: at or below it the sodium is not needed.

    Raises
    ------
    InputError
        When a laboratory value is not positive.
    """
    constants, citation = variant_of("meld_na", variant)
    require_positive(sodium_mmol_per_l=sodium_mmol_per_l)
    first = meld(
        bilirubin_umol_per_l=bilirubin_umol_per_l,
        inr=inr,
        creatinine_umol_per_l=creatinine_umol_per_l,
        dialysis=dialysis,
        variant=variant,
    )
    if isinstance(first.value, Missing):
        lacking = {**first.missing, **absent(sodium=sodium_mmol_per_l)}
        return without_value("MELD-Na", variant, lacking, citation)
    if first.value <= constants["only_above_meld"]:
        return Score(
            name="MELD-Na",
            variant=variant,
            value=first.value,
            parts={"meld": first.value},
            citation=citation,
        )
    if isinstance(sodium_mmol_per_l, Missing):
        return Score(
            name="MELD-Na",
            variant=variant,
            value=sodium_mmol_per_l,
            missing={"sodium": sodium_mmol_per_l},
            parts={"meld": first.value},
            citation=citation,
        )
    lowest, highest = (
        constants["lowest_sodium_mmol_per_l"],
        constants["highest_sodium_mmol_per_l"],
    )
    deficit = highest - min(max(sodium_mmol_per_l, lowest), highest)
    raw = (
        first.value
        + constants["per_na"] * deficit
        - constants["per_na_meld"] * first.value * deficit
    )
    value = min(max(rounded(raw), constants["lowest_score"]), constants["highest_score"])
    return Score(
        name="MELD-Na",
        variant=variant,
        value=float(value),
        parts={"meld": first.value, "raw": raw},
        citation=citation,
    )


def meld_3_0(
    *,
    bilirubin_umol_per_l: Number,
    inr: Number,
    creatinine_umol_per_l: Number,
    sodium_mmol_per_l: Number,
    albumin_g_per_l: Number,
    sex: Sex | Missing,
    age_years: Number,
    dialysis: bool | Missing,
    cap_40: bool,
    variant: str = "kim_2021",
) -> Score:
    """Return MELD 3.0, or what it lacks.

    Creatinine counts from 1.0 to 3.0 mg/dL, sodium from 125 to 137 mmol/L, albumin from 1.5 to
    3.5 g/dL. `cap_40` is the rule of allocation; the model itself is not capped. From 12 to 17
    years both sexes have the female term, so the age is needed for males; below 12 years
    the score is not defined.

    Raises
    ------
    InputError
        When a laboratory value is not positive, or the age negative.
    """
    constants, citation = variant_of("meld_3_0", variant)
    require_positive(sodium_mmol_per_l=sodium_mmol_per_l, albumin_g_per_l=albumin_g_per_l)
    inputs = _bounded(
        constants,
        bilirubin_umol_per_l=bilirubin_umol_per_l,
        inr=inr,
        creatinine_umol_per_l=creatinine_umol_per_l,
        dialysis=dialysis,
    )
    female_term = _female_term(sex, age_years, constants)
    named = f"{variant}, {'capped at 40' if cap_40 else 'not capped'}"
    if (
        isinstance(inputs, dict)
        or isinstance(female_term, dict)
        or isinstance(sodium_mmol_per_l, Missing)
        or isinstance(albumin_g_per_l, Missing)
    ):
        lacking = inputs if isinstance(inputs, dict) else {}
        lacking = lacking | absent(sodium=sodium_mmol_per_l, albumin=albumin_g_per_l)
        if isinstance(female_term, dict):
            lacking |= female_term
        return without_value("MELD 3.0", named, lacking, citation)
    bilirubin, ratio, creatinine = inputs
    sodium_gap = constants["highest_sodium_mmol_per_l"] - min(
        max(sodium_mmol_per_l, constants["lowest_sodium_mmol_per_l"]),
        constants["highest_sodium_mmol_per_l"],
    )
    albumin_g_per_dl = albumin_g_per_l / factor_to_inside(Analyte.ALBUMIN, "g/dL")
    albumin_gap = constants["highest_albumin_g_per_dl"] - min(
        max(albumin_g_per_dl, constants["lowest_albumin_g_per_dl"]),
        constants["highest_albumin_g_per_dl"],
    )
    raw = (
        female_term
        + constants["ln_bilirubin"] * log(bilirubin)
        + constants["per_na"] * sodium_gap
        + constants["per_na_ln_bilirubin"] * sodium_gap * log(bilirubin)
        + constants["ln_inr"] * log(ratio)
        + constants["ln_creatinine"] * log(creatinine)
        + constants["per_albumin"] * albumin_gap
        + constants["per_albumin_ln_creatinine"] * albumin_gap * log(creatinine)
        + constants["constant"]
    )
    value = rounded(raw)
    if cap_40:
        value = min(value, constants["capped_score"])
    return Score(
        name="MELD 3.0", variant=named, value=float(value), parts={"raw": raw}, citation=citation
    )


def _bounded(
    constants: Mapping[str, Any],
    *,
    bilirubin_umol_per_l: Number,
    inr: Number,
    creatinine_umol_per_l: Number,
    dialysis: bool | Missing,
) -> tuple[float, float, float] | dict[str, Missing]:
    """Return bilirubin in mg/dL, INR and creatinine in mg/dL within their bounds, or what lacks."""
    require_positive(
        bilirubin_umol_per_l=bilirubin_umol_per_l,
        inr=inr,
        creatinine_umol_per_l=creatinine_umol_per_l,
    )
    creatinine = _counted_creatinine(
        constants, creatinine_umol_per_l=creatinine_umol_per_l, dialysis=dialysis
    )
    if (
        isinstance(bilirubin_umol_per_l, Missing)
        or isinstance(inr, Missing)
        or isinstance(creatinine, Missing)
    ):
        lacking = absent(bilirubin=bilirubin_umol_per_l, inr=inr)
        if isinstance(creatinine, Missing):
            lacking |= absent(creatinine=creatinine_umol_per_l, dialysis=dialysis)
        return lacking
    lowest: float = constants["lowest_input"]
    bilirubin = bilirubin_umol_per_l / factor_to_inside(Analyte.BILIRUBIN, "mg/dL")
    return max(bilirubin, lowest), max(inr, lowest), creatinine


def _counted_creatinine(
    constants: Mapping[str, Any], *, creatinine_umol_per_l: Number, dialysis: bool | Missing
) -> Number:
    """Return creatinine in mg/dL within its bounds; dialysis decides it, and so does a high one."""
    if dialysis is True:
        return float(constants["dialysis_creatinine_mg_per_dl"])
    if isinstance(creatinine_umol_per_l, Missing):
        return creatinine_umol_per_l
    measured = creatinine_umol_per_l / factor_to_inside(Analyte.CREATININE, "mg/dL")
    highest: float = constants["highest_creatinine_mg_per_dl"]
    if isinstance(dialysis, Missing) and not at_least(measured, highest):
        return dialysis
    return min(max(measured, float(constants["lowest_input"])), highest)


def _female_term(
    sex: Sex | Missing, age_years: Number, constants: Mapping[str, Any]
) -> float | dict[str, Missing]:
    """Return the term of sex, or what is missing to decide it."""
    term: float = constants["female"]
    youngest = constants["female_term_for_both_from_years"]
    adult = constants["female_term_for_both_up_to_years"]
    if not isinstance(age_years, Missing):
        require_positive(age_years=age_years)
        if below(age_years, youngest):
            return {"age": Missing.NOT_EVALUABLE}
        if below(age_years, adult):
            return term
        if isinstance(sex, Missing):
            return {"sex": sex}
        return term if sex is Sex.FEMALE else 0.0
    if sex is Sex.FEMALE:
        return term
    return absent(sex=sex, age=age_years)
