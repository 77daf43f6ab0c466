"""Scouts with a known lung shunt: the truth lies where the stated interval says."""

import numpy as np
import pytest

from opensirt.domain.missing import Missing
from opensirt.imaging.lung_shunt import spect_lung_shunt
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.phantom.shunt_scout import ShuntScout, shunt_scout

COVERAGE_FACTOR = 1.96


def drawn(fraction: float, number: int) -> ShuntScout:
    return shunt_scout(fraction, np.random.default_rng((11, number)))


def test_the_same_generator_gives_the_same_scout() -> None:
    one, other = drawn(0.1, 1), drawn(0.1, 1)
    assert np.array_equal(one.image.values, other.image.values)
    assert one.fwhm_mm == other.fwhm_mm
    assert not np.array_equal(one.image.values[:50], drawn(0.1, 2).image.values[:50])


def test_the_spot_holds_its_part_and_lies_outside_the_liver() -> None:
    scout = drawn(0.1, 3)
    assert scout.spot_fraction == pytest.approx(0.02 * 0.9, rel=0.02)
    without = shunt_scout(0.1, np.random.default_rng((11, 3)), with_spot=False)
    assert without.spot_fraction == 0.0
    weights = voxel_weights(scout.spot, scout.image.grid)
    assert weights.integral(scout.image) > 5 * weights.integral(without.image)


def test_the_field_of_view_cuts_lungs_off() -> None:
    coverage = [drawn(0.05, number).lung_coverage for number in range(8)]
    assert min(coverage) < 0.85 < max(coverage) <= 1.0


@pytest.mark.parametrize("fraction", [0.02, 0.05, 0.10, 0.20, 0.30])
def test_the_true_lung_shunt_lies_in_the_stated_interval(fraction: float) -> None:
    """A small part of the hundred draws of bench/lung_shunt.py."""
    held, widths = 0, []
    for number in range(5):
        scout = drawn(fraction, number)
        found = spect_lung_shunt(
            scout.image,
            lungs=scout.lungs,
            liver=scout.liver,
            resolution_fwhm_mm=scout.fwhm_mm,
        ).shunt
        assert not isinstance(found.fraction, Missing)
        assert not isinstance(found.standard_uncertainty, Missing)
        half_width = COVERAGE_FACTOR * found.standard_uncertainty
        held += abs(found.fraction - fraction) <= half_width
        widths.append(half_width)
    assert held >= 4
    assert np.median(widths) <= max(0.015, 0.25 * fraction)


def test_activity_all_over_the_body_widens_the_interval() -> None:
    """A little free pertechnetate looks like a shunt; the interval reaches to the truth."""
    held = 0
    for number in range(4):
        rng = np.random.default_rng((13, number))
        scout = shunt_scout(0.02, rng, background=0.02)
        found = spect_lung_shunt(
            scout.image, lungs=scout.lungs, liver=scout.liver, resolution_fwhm_mm=scout.fwhm_mm
        ).shunt
        assert not isinstance(found.fraction, Missing)
        assert not isinstance(found.standard_uncertainty, Missing)
        assert found.fraction > 0.022
        held += abs(found.fraction - 0.02) <= COVERAGE_FACTOR * found.standard_uncertainty
    assert held >= 3
