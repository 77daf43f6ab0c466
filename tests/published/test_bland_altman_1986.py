"""Bland 1986, Lancet 327:307, doi 10.1016/S0140-6736(86)90837-8: peak flow by two meters."""

import pytest

from opensirt.physics.comparison import bland_altman

LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_bias_and_limits_of_the_peak_flow_meters() -> None:
    """Printed: mean −2.1, SD 38.8, limits −79.7 and 75.5 (with 2 in place of 1.96)."""
    found = bland_altman(MINI, LARGE)
    assert found.n == 17
    assert found.bias == pytest.approx(-2.1, abs=0.05)
    assert found.standard_deviation == pytest.approx(38.8, abs=0.05)
    assert found.bias - 2 * found.standard_deviation == pytest.approx(-79.7, abs=0.1)
    assert found.bias + 2 * found.standard_deviation == pytest.approx(75.5, abs=0.1)


def test_interval_of_the_bias() -> None:
    """Printed: −22.0 to 17.8."""
    low, high = bland_altman(MINI, LARGE).bias_interval
    assert low == pytest.approx(-22.0, abs=0.1)
    assert high == pytest.approx(17.8, abs=0.1)
