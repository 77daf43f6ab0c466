"""Intervals hold the truth about as often as they say; bench/interval_coverage.py has 1,000."""

import pytest

from opensirt.errors import InputError
from opensirt.phantom.coverage import METHODS, interval_coverage

QUICK = (
    "Kaplan–Meier at 730 d, log(−log)",
    "Cox, log hazard ratio of tumour burden",
    "response rate, Wilson",
)


@pytest.mark.parametrize("method", QUICK)
def test_intervals_hold_the_truth(method: str) -> None:
    found = interval_coverage(method, range(1, 201))
    assert found.failed == 0
    assert 0.90 <= found.held.fraction <= 0.99


def test_ignoring_that_lesions_share_a_patient_undercovers() -> None:
    ignored = interval_coverage("logistic slope, patients ignored", range(1, 101)).held
    assert ignored.exact[1] < 0.93
    aware = interval_coverage("mixed logistic, slope of ln dose", range(1, 41)).held
    assert aware.fraction >= 0.87


def test_an_unknown_method_is_refused() -> None:
    assert len(METHODS) == 12
    with pytest.raises(InputError, match="no method"):
        interval_coverage("x", range(1))
