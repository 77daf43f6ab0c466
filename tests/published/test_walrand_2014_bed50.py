"""Walrand et al., J Nucl Med 2014;55:1317, abstract: BED of half the patients, lobar treatment.

115 Gy (external beam), 93 Gy (resin), 250 Gy (glass). Inverted with the liver's parameters and Y-90
they are doses of 60.3, 52.2 and 100.0 Gy (the project's clinical notes, 8.2).
"""

import pytest

from opensirt.physics.radiobiology import biologically_effective_dose_gy, tissue_parameters
from opensirt.physics.tissue_effect import effect_models
from opensirt.units import SECONDS_PER_HOUR


@pytest.mark.parametrize(("dose_gy", "bed_gy"), [(60.3, 115.0), (52.2, 93.0), (100.0, 250.0)])
def test_the_doses_behind_the_three_bed(dose_gy: float, bed_gy: float) -> None:
    liver = tissue_parameters("liver")
    found = biologically_effective_dose_gy(
        dose_gy,
        alpha_beta_ratio_gy=liver.alpha_beta_ratio_gy.value,
        repair_half_life_s=liver.repair_half_life_s,
        physical_half_life_s=64.1 * SECONDS_PER_HOUR,
    )
    assert float(found) == pytest.approx(bed_gy, rel=2e-3)


def test_only_the_dose_of_half_the_patients_is_known() -> None:
    models = {one.name: one for one in effect_models()}
    assert models["walrand_resin"].half_effect_gy.value == 93.0
    assert models["walrand_glass"].half_effect_gy.value == 250.0
    assert models["walrand_glass"].slope is None
