"""What robust planning draws from: figures in print, or a site's own cases."""

from math import exp, inf, log

import numpy as np
import pytest

from opensirt.domain.delivery_error import (
    ErrorDistribution,
    ErrorOrigin,
    ErrorQuantity,
    cases_needed,
    delivery_errors_in_force,
    published_delivery_errors,
    site_error_distribution,
)
from opensirt.domain.missing import Missing
from opensirt.errors import InputError

LSF = ErrorQuantity.LUNG_SHUNT_FRACTION
RATIO = ErrorQuantity.TUMOUR_TO_NORMAL_RATIO


def ratios(n: int, seed: int = 3, spread: float = 0.2) -> list[list[float]]:
    drawn = np.random.default_rng(seed).normal(0.0, spread, n)
    return [[float(np.exp(one))] for one in drawn]


def given(errors_of: ErrorDistribution | Missing) -> ErrorDistribution:
    assert not isinstance(errors_of, Missing)
    return errors_of


@pytest.mark.parametrize("device", ["resin", "glass", "holmium"])
def test_every_quantity_is_in_print_or_says_why_not(device: str) -> None:
    errors = published_delivery_errors(device)
    for quantity in ErrorQuantity:
        one = errors.of(quantity)
        if isinstance(one, Missing):
            assert (device, quantity) == ("holmium", ErrorQuantity.RESIDUAL_FRACTION)
        else:
            assert one.source
            assert one.degrees_of_freedom == inf
    assert not errors.verified


def test_a_holmium_scout_predicts_better_than_albumin() -> None:
    albumin = given(published_delivery_errors("holmium").of(RATIO))
    scout = given(published_delivery_errors("holmium", scout_nuclide="Ho-166").of(RATIO))
    assert scout.log_standard_deviation < albumin.log_standard_deviation


def test_nineteen_cases_stay_with_print_and_twenty_switch() -> None:
    assert cases_needed() == 20
    few = delivery_errors_in_force("resin", history={LSF: ratios(19)}, source="ledger")
    assert given(few.of(LSF)).origin is ErrorOrigin.PUBLISHED
    assert "19 of the 20 cases" in given(few.of(LSF)).note
    enough = delivery_errors_in_force("resin", history={LSF: ratios(20)}, source="ledger")
    assert given(enough.of(LSF)).origin is ErrorOrigin.SITE
    assert given(enough.of(LSF)).n_cases == 20
    assert given(enough.of(LSF)).degrees_of_freedom == 19
    assert given(enough.of(RATIO)).origin is ErrorOrigin.PUBLISHED


def test_a_case_without_values_is_no_case() -> None:
    made = delivery_errors_in_force("resin", history={LSF: [*ratios(19), []]}, source="ledger")
    assert given(made.of(LSF)).origin is ErrorOrigin.PUBLISHED


def test_spreads_between_and_within_cases_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    cases = [
        list(np.exp(rng.normal(0.1, 0.3) + rng.normal(0.0, 0.15, 4)).astype(float))
        for _ in range(2000)
    ]
    one = site_error_distribution(RATIO, cases, source="ledger")
    assert one.log_median == pytest.approx(0.1, abs=0.02)
    assert one.between_cases == pytest.approx(0.3, abs=0.015)
    assert one.within_case == pytest.approx(0.15, abs=0.01)
    assert one.n_values == 8000


def test_two_cases_by_hand() -> None:
    one = site_error_distribution(LSF, [[exp(-0.1)], [exp(0.1)]], source="ledger")
    assert one.log_median == pytest.approx(0.0, abs=1e-12)
    assert one.between_cases**2 == pytest.approx(0.02 + 0.02 / 2)
    assert one.within_case == 0


def test_values_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="found 0, wanted a value above zero"):
        site_error_distribution(LSF, [[0.0], [1.0]], source="ledger")
    with pytest.raises(InputError, match="a residual is a fraction below 1"):
        site_error_distribution(ErrorQuantity.RESIDUAL_FRACTION, [[3.0], [0.1]], source="ledger")
    with pytest.raises(InputError, match="1 cases; a spread needs two or more"):
        site_error_distribution(LSF, [[1.0]], source="ledger")
    with pytest.raises(InputError, match="wanted finite ones, none negative"):
        ErrorDistribution(
            quantity=LSF,
            origin=ErrorOrigin.SITE,
            log_median=log(1.0),
            between_cases=-0.1,
            within_case=0.0,
            n_cases=3,
            n_values=3,
            source="ledger",
            verified=True,
        )
