"""Dewaraja et al., J Nucl Med 2020;61:104, abstract: half of the tumours respond at 292 Gy.

Glass, dose of Y-90 PET, response by mRECIST; BED 441 Gy. The slope of the model was not read.
"""

import pytest

from opensirt.physics.radiobiology import biologically_effective_dose_gy
from opensirt.physics.tissue_effect import effect_models
from opensirt.units import SECONDS_PER_HOUR

(MODEL,) = (one for one in effect_models() if one.name == "dewaraja_glass")


def test_the_dose_of_half_the_tumours_without_a_slope() -> None:
    assert MODEL.half_effect_gy.value == 292.0
    assert MODEL.verified
    assert MODEL.slope is None


def test_its_bed_asks_for_tumour_parameters_near_the_customary_ones() -> None:
    # α/β 10 Gy and 1.5 h give 487 Gy, 10 % more than the paper's 441 Gy with its own parameters.
    found = biologically_effective_dose_gy(
        292.0,
        alpha_beta_ratio_gy=10.0,
        repair_half_life_s=1.5 * SECONDS_PER_HOUR,
        physical_half_life_s=64.1 * SECONDS_PER_HOUR,
    )
    assert float(found) == pytest.approx(441.0, rel=0.12)
