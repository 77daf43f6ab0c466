"""Laws of equivalent doses and of the probability of an effect."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.errors import InputError
from opensirt.physics.radiobiology import (
    biologically_effective_dose_gy,
    equivalent_uniform_bed_gy,
    tissue_parameters,
)
from opensirt.physics.tissue_effect import lyman_probability

DOSES = st.lists(st.floats(0.0, 400.0), min_size=1, max_size=30)
HALF_LIFE_S = 64.05 * 3600


@given(st.floats(0, 300), st.floats(0, 100), st.floats(5, 200), st.floats(0.05, 1.0))
def test_more_dose_is_never_less_probable(
    dose_gy: float, more_gy: float, half_gy: float, slope: float
) -> None:
    low, high = (
        lyman_probability(one, half_effect_gy=half_gy, slope=slope)
        for one in (dose_gy, dose_gy + more_gy)
    )
    assert 0 <= low <= high <= 1


@given(st.floats(5, 200), st.floats(0.05, 1.0), st.floats(0.0, 0.9))
def test_the_probability_is_a_half_at_its_dose_and_even_around_it(
    half_gy: float, slope: float, part: float
) -> None:
    assert lyman_probability(half_gy, half_effect_gy=half_gy, slope=slope) == pytest.approx(0.5)
    below, above = (
        lyman_probability(half_gy * (1 + sign * part), half_effect_gy=half_gy, slope=slope)
        for sign in (-1, 1)
    )
    assert below + above == pytest.approx(1.0)


@given(DOSES, st.sampled_from(["liver", "tumour"]))
def test_eubed_lies_between_the_lowest_bed_and_the_mean_bed(doses: list[float], name: str) -> None:
    tissue = tissue_parameters(name)
    found = equivalent_uniform_bed_gy(doses, tissue=tissue, physical_half_life_s=HALF_LIFE_S)
    bed = biologically_effective_dose_gy(
        doses,
        alpha_beta_ratio_gy=tissue.alpha_beta_ratio_gy.value,
        repair_half_life_s=tissue.repair_half_life_s,
        physical_half_life_s=HALF_LIFE_S,
    )
    slack = 1e-9 * float(bed.max()) + 1e-9
    assert bed.min() - slack <= found <= bed.mean() + slack


@given(st.floats(0.1, 400.0))
def test_eubed_of_a_uniform_dose_is_its_bed(dose_gy: float) -> None:
    tissue = tissue_parameters("liver")
    found = equivalent_uniform_bed_gy(
        np.full(5, dose_gy), tissue=tissue, physical_half_life_s=HALF_LIFE_S
    )
    bed = biologically_effective_dose_gy(
        dose_gy,
        alpha_beta_ratio_gy=tissue.alpha_beta_ratio_gy.value,
        repair_half_life_s=tissue.repair_half_life_s,
        physical_half_life_s=HALF_LIFE_S,
    )
    assert found == pytest.approx(float(bed))


@given(st.floats(0.1, 400.0))
def test_without_a_quadratic_part_bed_is_the_dose(dose_gy: float) -> None:
    found = biologically_effective_dose_gy(
        dose_gy, alpha_beta_ratio_gy=1e12, repair_half_life_s=9e3, physical_half_life_s=HALF_LIFE_S
    )
    assert float(found) == pytest.approx(dose_gy)


def test_what_has_no_probability_is_refused() -> None:
    for dose_gy, half_gy, slope in ((-1.0, 50.0, 0.2), (10.0, 0.0, 0.2), (10.0, 50.0, 0.0)):
        with pytest.raises(InputError, match="others above 0"):
            lyman_probability(dose_gy, half_effect_gy=half_gy, slope=slope)
