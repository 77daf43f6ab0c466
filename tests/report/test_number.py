"""Numbers as a reader sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.report.number import (
    as_gbq,
    as_grams,
    as_gy,
    as_mbq,
    as_percent,
    as_percent_of_volume,
    compact,
    rounded,
    scaled,
    with_uncertainty,
    with_unit,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (163.5, "164"),
        (1488.47, "1488"),
        (123456.7, "123457"),
        (15.63, "15.6"),
        (0.2154, "0.215"),
        (9.996, "10.0"),
        (99.96, "100"),
        (0.99951, "1.00"),
        (-2.5, "−2.50"),
        (0.0, "0"),
        (1.0e-4, "1.00×10⁻⁴"),
        (-2.346e-7, "−2.35×10⁻⁷"),
        (9.999e-4, "1.00×10⁻³"),
    ],
)
def test_three_digits_are_kept_and_whole_digits_never_lost(value: float, text: str) -> None:
    assert rounded(value) == text


@given(st.floats(1e-2, 1e7))
def test_a_printed_number_is_within_half_a_per_cent_of_the_number(value: float) -> None:
    assert float(rounded(value)) == pytest.approx(value, rel=5.01e-3)


@given(st.floats(0.0, 1e5))
def test_a_printed_dose_is_within_a_hundredth_or_half_a_per_cent(value: float) -> None:
    text = as_gy(value)
    if text == "<0.01":
        assert 0 < value < 0.01
    else:
        assert float(text) == pytest.approx(value, rel=5.01e-3, abs=0.0050001)  # a tie


@pytest.mark.parametrize("reason", list(Missing))
def test_an_absent_number_reads_as_its_reason_in_every_unit(reason: Missing) -> None:
    for write in (rounded, as_gbq, as_mbq, as_grams, as_gy, as_percent, as_percent_of_volume):
        assert write(reason) == reason.value
    assert with_unit(reason.value, "Gy", reason) == reason.value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_refused(value: float) -> None:
    for write in (rounded, as_gbq, as_mbq, as_gy, as_percent):
        with pytest.raises(InputError, match="not finite"):
            write(value)


def test_units_are_turned_at_the_last_moment() -> None:
    assert as_gbq(1.51e9) == "1.51"
    assert as_mbq(1.123e9) == "1123"
    assert as_mbq(12.0) == "<0.001"
    assert as_grams(1.05e-3) == "1.05"
    assert as_percent(0.0382) == "3.82"
    assert scaled(30.2e6, 1e-6) == "30.2"
    assert with_unit("1.51", "GBq", 1.51e9) == "1.51 GBq"


def test_parameters_keep_their_digits() -> None:
    assert compact(49.67) == "49.67"
    assert compact(-1e-8) == "−1e−08"
    assert compact("kernel") == "kernel"


@pytest.mark.parametrize(
    ("value", "expanded", "text"),
    [
        (104.43, 10.84, "104 ± 11"),
        (33.11, 1.92, "33.1 ± 1.9"),
        (5.046, 0.212, "5.05 ± 0.21"),
        (218.9, 176.0, "219 ± 176"),
        (9.97, 0.996, "10.0 ± 1.0"),
        (34.5, 0.0001, "34.5 ± <0.01"),
        (34.5, 0.0, "34.5 ± 0"),
        (-0.5, 0.3, "−0.50 ± 0.30"),
    ],
)
def test_a_dose_has_no_more_digits_than_its_uncertainty_allows(
    value: float, expanded: float, text: str
) -> None:
    assert with_uncertainty(value, expanded) == text
