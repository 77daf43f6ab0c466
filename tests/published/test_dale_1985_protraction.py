"""R. G. Dale, Br. J. Radiol. 58 (1985) 515: linear-quadratic model, permanent implants.

The wanted figures are worked by hand from G = T_repair / (T_repair + T_physical),
BED = D (1 + G D / (α/β)) and EQD2 = BED / (1 + 2/(α/β)), half-lives 64.1 h and 26.8 h, as
tabulated in the project's clinical notes, 8.1, and their second reading, 2.2. (The notes print 612
for holmium, liver, 120 Gy; the formula gives 611.47.)
"""

import numpy as np
import pytest

from opensirt.physics.radiobiology import (
    biologically_effective_dose_gy,
    eqd2_gy,
    lea_catcheside_factor,
    tissue_parameters,
)

HOUR_S = 3600.0
PHYSICAL_H = {"Y-90": 64.1, "Ho-166": 26.8}
DOSES_GY = np.array([40.0, 60.0, 120.0])


@pytest.mark.parametrize(
    ("nuclide", "repair_h", "factor"),
    [
        ("Y-90", 2.5, 0.0375),
        ("Y-90", 1.5, 0.0229),
        ("Ho-166", 2.5, 0.0853),
        ("Ho-166", 1.5, 0.0530),
    ],
)
def test_protraction_factors(nuclide: str, repair_h: float, factor: float) -> None:
    found = lea_catcheside_factor(repair_h * HOUR_S, PHYSICAL_H[nuclide] * HOUR_S)
    assert found == pytest.approx(factor, abs=5.1e-5)


@pytest.mark.parametrize(
    ("nuclide", "tissue", "effective_gy", "equivalent_gy"),
    [
        ("Y-90", "liver", (64.0, 114.1, 336), (35.6, 63.4, 187)),
        ("Y-90", "tumour", (43.7, 68.2, 153), (36.4, 56.9, 127)),
        ("Ho-166", "liver", (94.6, 182.9, 611.5), (52.6, 101.6, 340)),
        ("Ho-166", "tumour", (48.5, 79.1, 196), (40.4, 65.9, 164)),
    ],
)
def test_bed_and_eqd2_at_40_60_and_120_gy(
    nuclide: str,
    tissue: str,
    effective_gy: tuple[float, ...],
    equivalent_gy: tuple[float, ...],
) -> None:
    biology = tissue_parameters(tissue)
    bed_gy = biologically_effective_dose_gy(
        DOSES_GY,
        alpha_beta_ratio_gy=biology.alpha_beta_ratio_gy.value,
        repair_half_life_s=biology.repair_half_life_s,
        physical_half_life_s=PHYSICAL_H[nuclide] * HOUR_S,
    )
    half_digits = (0.0501, 0.0501, 0.501)
    for found, wanted, tolerance in zip(bed_gy, effective_gy, half_digits, strict=True):
        assert found == pytest.approx(wanted, abs=tolerance)
    equivalents = eqd2_gy(bed_gy, alpha_beta_ratio_gy=biology.alpha_beta_ratio_gy.value)
    for found, wanted, tolerance in zip(equivalents, equivalent_gy, half_digits, strict=True):
        assert found == pytest.approx(wanted, abs=tolerance)


@pytest.mark.parametrize(
    ("alpha_beta_gy", "effective_gy"),
    [
        (2.0, (70.0, 127.6, 180.6, 242.0)),
        (2.5, (64.0, 114.1, 159.5, 211.6)),
        (8.0, (47.5, 76.9, 101.4, 128.0)),
    ],
)
def test_effect_of_alpha_beta_on_y90_in_liver(
    alpha_beta_gy: float, effective_gy: tuple[float, ...]
) -> None:
    found = biologically_effective_dose_gy(
        [40.0, 60.0, 75.0, 90.0],
        alpha_beta_ratio_gy=alpha_beta_gy,
        repair_half_life_s=2.5 * HOUR_S,
        physical_half_life_s=64.1 * HOUR_S,
    )
    np.testing.assert_allclose(found, effective_gy, atol=0.0501)
