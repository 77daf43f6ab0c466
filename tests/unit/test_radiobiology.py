"""Equivalent doses: limits, exact cases and refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.errors import InputError, UnknownNameError
from opensirt.physics.radiobiology import (
    biologically_effective_dose_gy,
    eqd2_gy,
    equivalent_uniform_dose_gy,
    generalised_equivalent_uniform_dose_gy,
    lea_catcheside_factor,
    tissue_parameters,
)

doses_gy = st.lists(st.floats(0.0, 500.0), min_size=1, max_size=30)


def test_bed_of_a_map_has_its_shape() -> None:
    doses = np.arange(8.0).reshape(2, 2, 2)
    found = biologically_effective_dose_gy(
        doses, alpha_beta_ratio_gy=10.0, repair_half_life_s=1.0, physical_half_life_s=1.0
    )
    np.testing.assert_allclose(found, doses + 0.05 * doses**2)


def test_without_time_to_repair_the_dose_counts_as_given_at_once() -> None:
    found = biologically_effective_dose_gy(
        2.0, alpha_beta_ratio_gy=4.0, repair_half_life_s=1e12, physical_half_life_s=1.0
    )
    assert float(eqd2_gy(found, alpha_beta_ratio_gy=4.0)) == pytest.approx(2.0)


def test_with_immediate_repair_only_the_linear_part_is_left() -> None:
    assert lea_catcheside_factor(1e-9, 1.0) == pytest.approx(0.0, abs=1e-8)


@given(st.floats(0.1, 500.0), st.floats(-20.0, 20.0).filter(lambda a: abs(a) > 0.1))
def test_a_uniform_dose_is_its_own_equivalent(dose_gy: float, exponent: float) -> None:
    doses = np.full(7, dose_gy)
    assert generalised_equivalent_uniform_dose_gy(doses, exponent=exponent) == pytest.approx(
        dose_gy
    )
    assert equivalent_uniform_dose_gy(doses, alpha_per_gy=0.1) == pytest.approx(dose_gy)


@given(doses_gy)
def test_equivalent_doses_lie_between_lowest_and_highest(doses: list[float]) -> None:
    lowest, mean, highest = min(doses), float(np.mean(doses)), max(doses)
    slack = 1e-9 * highest + 1e-12
    general = generalised_equivalent_uniform_dose_gy(doses, exponent=1.0)
    assert general == pytest.approx(mean, abs=slack)
    assert lowest - slack <= equivalent_uniform_dose_gy(doses, alpha_per_gy=0.3) <= mean + slack
    hot = generalised_equivalent_uniform_dose_gy(doses, exponent=8.0)
    assert mean - slack <= hot <= highest + slack


def test_large_exponents_and_doses_neither_over_nor_underflow() -> None:
    doses = [10.0, 2000.0]
    assert generalised_equivalent_uniform_dose_gy(doses, exponent=300.0) == pytest.approx(
        2000 * 0.5 ** (1 / 300)
    )
    assert generalised_equivalent_uniform_dose_gy(doses, exponent=-300.0) == pytest.approx(
        10 * 0.5 ** (-1 / 300)
    )
    # Nearly all survivors are in the cold half: 10 Gy and a halving.
    found = equivalent_uniform_dose_gy(doses, alpha_per_gy=5.0)
    assert found == pytest.approx(10 + np.log(2) / 5)


def test_cold_voxels_decide_with_negative_exponents() -> None:
    assert generalised_equivalent_uniform_dose_gy([0.0, 100.0], exponent=-10.0) == 0.0
    assert generalised_equivalent_uniform_dose_gy([0.0, 0.0], exponent=2.0) == 0.0


def test_volumes_count_as_weights() -> None:
    twice = generalised_equivalent_uniform_dose_gy([1.0, 1.0, 4.0], exponent=2.0)
    weighed = generalised_equivalent_uniform_dose_gy([1.0, 4.0], exponent=2.0, volumes=[2.0, 1.0])
    assert weighed == pytest.approx(twice)
    empty = equivalent_uniform_dose_gy([1.0, 4.0], alpha_per_gy=1.0, volumes=[0.0, 3.0])
    assert empty == pytest.approx(4.0)


def test_two_halves_have_the_equivalent_dose_worked_by_hand() -> None:
    # −ln((e^−1 + e^−3)/2) with α = 0.1 and 10 and 30 Gy
    assert equivalent_uniform_dose_gy([10.0, 30.0], alpha_per_gy=0.1) == pytest.approx(
        15.662191, rel=1e-6
    )


def test_the_parameters_say_that_nobody_read_their_source() -> None:
    for tissue in ("liver", "tumour"):
        assert not tissue_parameters(tissue).verified


def test_a_tissue_without_parameters_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="'lung'; known: liver, tumour"):
        tissue_parameters("lung")


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_parameters_that_are_not_above_zero_are_refused(bad: float) -> None:
    with pytest.raises(InputError, match="repair half-life is"):
        lea_catcheside_factor(bad, 1.0)
    with pytest.raises(InputError, match="physical half-life is"):
        lea_catcheside_factor(1.0, bad)
    with pytest.raises(InputError, match="α/β is"):
        eqd2_gy(1.0, alpha_beta_ratio_gy=bad)
    with pytest.raises(InputError, match="α is"):
        equivalent_uniform_dose_gy([1.0], alpha_per_gy=bad)


def test_doses_and_volumes_that_do_not_match_are_refused() -> None:
    with pytest.raises(InputError, match="2 doses and 1 volumes"):
        equivalent_uniform_dose_gy([1.0, 2.0], alpha_per_gy=1.0, volumes=[1.0])
    with pytest.raises(InputError, match="0 doses"):
        equivalent_uniform_dose_gy([], alpha_per_gy=1.0)
    with pytest.raises(InputError, match="not all zero"):
        equivalent_uniform_dose_gy([1.0], alpha_per_gy=1.0, volumes=[0.0])
    with pytest.raises(InputError, match="exponent"):
        generalised_equivalent_uniform_dose_gy([1.0], exponent=0.0)
    with pytest.raises(InputError, match="negative dose"):
        generalised_equivalent_uniform_dose_gy([-1.0, 1.0], exponent=2.0)
