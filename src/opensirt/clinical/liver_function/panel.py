"""All scores of liver function from one set of inputs, in the order in which they are shown."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from opensirt.clinical.liver_function.albi import albi
from opensirt.clinical.liver_function.child_pugh import Ascites, Encephalopathy, child_pugh
from opensirt.clinical.liver_function.fibrosis import apri, fib_4
from opensirt.clinical.liver_function.meld import Sex, meld, meld_3_0, meld_na
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.domain.score import Number, Score

WordT = TypeVar("WordT", bound=Enum)


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelInputs:
    """What the scores are made of; everything may be missing."""

    bilirubin_umol_per_l: Number = Missing.NOT_RECORDED
    albumin_g_per_l: Number = Missing.NOT_RECORDED
    inr: Number = Missing.NOT_RECORDED
    creatinine_umol_per_l: Number = Missing.NOT_RECORDED
    sodium_mmol_per_l: Number = Missing.NOT_RECORDED
    ast_u_per_l: Number = Missing.NOT_RECORDED
    ast_upper_limit_u_per_l: Number = Missing.NOT_RECORDED
    alt_u_per_l: Number = Missing.NOT_RECORDED
    platelets_1e9_per_l: Number = Missing.NOT_RECORDED
    ascites: Ascites | Missing = Missing.NOT_RECORDED
    encephalopathy: Encephalopathy | Missing = Missing.NOT_RECORDED
    dialysis: bool | Missing = Missing.NOT_RECORDED
    sex: Sex | Missing = Missing.NOT_RECORDED
    age_years: Number = Missing.NOT_RECORDED


def panel_inputs(
    value_of: Callable[[Analyte], LabValue | Missing],
    *,
    ascites: object,
    encephalopathy: object,
    dialysis: bool | Missing,
    sex: Sex | Missing,
    age_years: Number,
) -> PanelInputs:
    """Return the inputs of one day.

    Parameters
    ----------
    value_of
        The laboratory value of an analyte that counts on that day.
    ascites, encephalopathy
        In the words of ``clinical_facts.toml``; what is no word is missing.
    """

    def inside(analyte: Analyte) -> Number:
        value = value_of(analyte)
        return value if isinstance(value, Missing) else value.inside

    ast = value_of(Analyte.AST)
    return PanelInputs(
        bilirubin_umol_per_l=inside(Analyte.BILIRUBIN),
        albumin_g_per_l=inside(Analyte.ALBUMIN),
        inr=inside(Analyte.INR),
        creatinine_umol_per_l=inside(Analyte.CREATININE),
        sodium_mmol_per_l=inside(Analyte.SODIUM),
        ast_u_per_l=inside(Analyte.AST),
        ast_upper_limit_u_per_l=ast if isinstance(ast, Missing) else ast.upper_limit_inside,
        alt_u_per_l=inside(Analyte.ALT),
        platelets_1e9_per_l=inside(Analyte.PLATELETS),
        ascites=_word(Ascites, ascites),
        encephalopathy=_word(Encephalopathy, encephalopathy),
        dialysis=dialysis,
        sex=sex,
        age_years=age_years,
    )


def _word(kind: type[WordT], value: object) -> WordT | Missing:
    return kind[value.upper()] if isinstance(value, str) else Missing.NOT_RECORDED


def score_panel(given: PanelInputs) -> tuple[Score, ...]:
    """Return ALBI, Child-Pugh, MELD, MELD-Na, MELD 3.0 (uncapped), APRI and FIB-4.

    Raises
    ------
    InputError
        When a value is not positive.
    """
    return (
        albi(
            bilirubin_umol_per_l=given.bilirubin_umol_per_l,
            albumin_g_per_l=given.albumin_g_per_l,
        ),
        child_pugh(
            bilirubin_umol_per_l=given.bilirubin_umol_per_l,
            albumin_g_per_l=given.albumin_g_per_l,
            inr=given.inr,
            ascites=given.ascites,
            encephalopathy=given.encephalopathy,
        ),
        meld(
            bilirubin_umol_per_l=given.bilirubin_umol_per_l,
            inr=given.inr,
            creatinine_umol_per_l=given.creatinine_umol_per_l,
            dialysis=given.dialysis,
        ),
        meld_na(
            bilirubin_umol_per_l=given.bilirubin_umol_per_l,
            inr=given.inr,
            creatinine_umol_per_l=given.creatinine_umol_per_l,
            sodium_mmol_per_l=given.sodium_mmol_per_l,
            dialysis=given.dialysis,
        ),
        meld_3_0(
            bilirubin_umol_per_l=given.bilirubin_umol_per_l,
            inr=given.inr,
            creatinine_umol_per_l=given.creatinine_umol_per_l,
            sodium_mmol_per_l=given.sodium_mmol_per_l,
            albumin_g_per_l=given.albumin_g_per_l,
            sex=given.sex,
            age_years=given.age_years,
            dialysis=given.dialysis,
            cap_40=False,
        ),
        apri(
            ast_u_per_l=given.ast_u_per_l,
            ast_upper_limit_u_per_l=given.ast_upper_limit_u_per_l,
            platelets_1e9_per_l=given.platelets_1e9_per_l,
        ),
        fib_4(
            age_years=given.age_years,
            ast_u_per_l=given.ast_u_per_l,
            alt_u_per_l=given.alt_u_per_l,
            platelets_1e9_per_l=given.platelets_1e9_per_l,
        ),
    )
