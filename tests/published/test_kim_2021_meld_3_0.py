"""Kim et al. 2021, MELD 3.0 (PMC8608337): creatinine bound at 3.0 mg/dL, albumin 1.5 to 3.5.

Test vectors computed from the printed formula (mg/dL, g/dL, mmol/L).
"""

import pytest

from opensirt.clinical.liver_function import Sex, meld_3_0
from opensirt.domain.score import Score

VECTORS = [
    (0.8, 1.0, 0.7, 140, 4.2, Sex.MALE, 6.000, 6, 6),
    (2.0, 1.5, 1.2, 135, 3.2, Sex.MALE, 16.640, 17, 17),
    (2.0, 1.5, 1.2, 135, 3.2, Sex.FEMALE, 17.970, 18, 18),
    (3.0, 1.7, 1.9, 128, 2.5, Sex.FEMALE, 29.996, 30, 30),
    (5.0, 2.3, 3.5, 122, 1.2, Sex.MALE, 38.033, 38, 38),
    (12.0, 3.0, 4.5, 125, 2.0, Sex.FEMALE, 43.329, 43, 40),
]


def score(
    bili: float,
    inr: float,
    cr: float,
    na: float,
    alb: float,
    sex: Sex,
    *,
    cap_40: bool = False,
    dialysis: bool = False,
    age_years: float = 60.0,
) -> Score:
    return meld_3_0(
        bilirubin_umol_per_l=bili * 17.104,
        inr=inr,
        creatinine_umol_per_l=cr * 88.4,
        sodium_mmol_per_l=na,
        albumin_g_per_l=alb * 10.0,
        sex=sex,
        age_years=age_years,
        dialysis=dialysis,
        cap_40=cap_40,
    )


@pytest.mark.parametrize(
    ("bili", "inr", "cr", "na", "alb", "sex", "raw", "value", "capped"), VECTORS
)
def test_meld_3_0(
    bili: float,
    inr: float,
    cr: float,
    na: float,
    alb: float,
    sex: Sex,
    raw: float,
    value: int,
    capped: int,
) -> None:
    open_ended = score(bili, inr, cr, na, alb, sex)
    assert open_ended.parts["raw"] == pytest.approx(raw, abs=5e-4)
    assert open_ended.value == value
    assert score(bili, inr, cr, na, alb, sex, cap_40=True).value == capped


def test_creatinine_and_dialysis_stop_at_three_not_four() -> None:
    values = {
        score(2.0, 1.5, 3.0, 135, 3.2, Sex.MALE).value,
        score(2.0, 1.5, 4.0, 135, 3.2, Sex.MALE).value,
        score(2.0, 1.5, 0.9, 135, 3.2, Sex.MALE, dialysis=True).value,
    }
    assert len(values) == 1


@pytest.mark.parametrize(("age", "same"), [(12.0, True), (17.9, True), (18.0, False)])
def test_from_12_to_17_years_both_sexes_have_the_female_term(age: float, *, same: bool) -> None:
    girl = score(2.0, 1.5, 1.2, 135, 3.2, Sex.FEMALE, age_years=age)
    boy = score(2.0, 1.5, 1.2, 135, 3.2, Sex.MALE, age_years=age)
    assert (girl.parts["raw"] == boy.parts["raw"]) is same


def test_the_variant_says_whether_it_was_capped() -> None:
    assert "not capped" in score(2, 1.5, 1.2, 135, 3.2, Sex.MALE).variant
    assert "capped at 40" in score(2, 1.5, 1.2, 135, 3.2, Sex.MALE, cap_40=True).variant
