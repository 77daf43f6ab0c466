"""OPTN policy 9.1.D (2016), MELD and MELD-Na, as coded in MIT-LCP/mimic-code and ameld.

Test vectors computed from the printed formula (mg/dL, g/dL, mmol/L).
"""

import pytest

from opensirt.clinical.liver_function import meld, meld_na

UMOL_PER_MG_BILIRUBIN = 17.104
UMOL_PER_MG_CREATININE = 88.4

VECTORS = [
    (0.8, 1.0, 0.7, 140, 6.430, 6, 6),
    (2.0, 1.5, 1.2, 135, 15.336, 15, 17),
    (3.0, 1.7, 1.9, 128, 22.668, 23, 28),
    (5.0, 2.3, 3.5, 122, 33.831, 34, 36),
    (12.0, 3.0, 4.5, 125, 41.394, 40, 40),
]


@pytest.mark.parametrize(("bili", "inr", "cr", "na", "raw", "initial", "with_na"), VECTORS)
def test_meld_and_meld_na(
    bili: float, inr: float, cr: float, na: float, raw: float, initial: int, with_na: int
) -> None:
    first = meld(
        bilirubin_umol_per_l=bili * UMOL_PER_MG_BILIRUBIN,
        inr=inr,
        creatinine_umol_per_l=cr * UMOL_PER_MG_CREATININE,
        dialysis=False,
    )
    second = meld_na(
        bilirubin_umol_per_l=bili * UMOL_PER_MG_BILIRUBIN,
        inr=inr,
        creatinine_umol_per_l=cr * UMOL_PER_MG_CREATININE,
        sodium_mmol_per_l=na,
        dialysis=False,
    )
    assert first.parts["raw"] == pytest.approx(raw, abs=5e-4)
    assert (first.value, second.value) == (initial, with_na)
    assert first.variant == second.variant == "unos_2016"


def test_dialysis_counts_as_a_creatinine_of_four() -> None:
    on_dialysis, at_four = (
        meld(
            bilirubin_umol_per_l=40.0,
            inr=1.5,
            creatinine_umol_per_l=cr * UMOL_PER_MG_CREATININE,
            dialysis=dialysis,
        ).value
        for cr, dialysis in ((0.9, True), (4.0, False))
    )
    assert on_dialysis == at_four
