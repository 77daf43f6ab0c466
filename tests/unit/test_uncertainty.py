"""Uncertainty of a mean dose: figures reckoned by hand, and what is refused."""

from math import log, pi, sqrt

import numpy as np
import pytest
from builders import ball, centred_grid
from scipy.ndimage import gaussian_filter

from opensirt.domain.missing import Missing
from opensirt.domain.uncertainty import Correlation, UncertaintyComponent
from opensirt.errors import InputError
from opensirt.imaging.edge import edge_of
from opensirt.physics.uncertainty import (
    combined_fraction,
    dose_uncertainty,
    equivalent_diameter_mm,
    noise_of_mean_fraction,
    recovery_component_fraction,
    rectangular,
    sphere_recovery,
    volume_uncertainty_fraction,
)


def part(name: str, value: float | Missing, *, verified: bool = True) -> UncertaintyComponent:
    return UncertaintyComponent(
        name=name, relative_standard_uncertainty=value, how="test", verified=verified
    )


def test_three_four_and_twelve_make_thirteen_per_cent() -> None:
    found = combined_fraction([part("a", 0.03), part("b", 0.04), part("c", 0.12)])
    assert found == pytest.approx(0.13)


def test_a_correlation_of_a_half() -> None:
    links = [Correlation(first="b", second="a", coefficient=0.5)]
    found = combined_fraction([part("a", 0.03), part("b", 0.05)], links)
    assert found == pytest.approx(0.07)


def test_a_correlation_with_what_is_not_included_counts_nothing() -> None:
    links = [Correlation(first="a", second="b", coefficient=-1.0)]
    assert combined_fraction([part("a", 0.03), part("b", Missing.NOT_INCLUDED)], links) == 0.03


def test_nothing_included_is_no_uncertainty_and_not_zero() -> None:
    assert combined_fraction([part("a", Missing.NOT_INCLUDED)]) is Missing.NOT_INCLUDED


def test_what_is_left_uncorrected_widens_the_interval_of_the_uncorrected_mean() -> None:
    made = dose_uncertainty(
        "Tumour",
        mean_gy=100.0,
        corrected_gy=120.0,
        components=[part("a", 0.05, verified=False), part("b", Missing.NOT_INCLUDED)],
        coverage_factor=2.0,
    )
    assert made.expanded_gy == pytest.approx(12.0)
    assert made.uncorrected_expanded_gy == pytest.approx(32.0)
    assert (made.corrected, made.verified, made.lower_bound) == (True, False, True)
    assert made.not_included == ("b",)
    assert made.component("a").relative_standard_uncertainty == 0.05
    with pytest.raises(KeyError):
        made.component("c")


def test_contradictory_correlations_are_refused() -> None:
    parts = [part(name, 0.1) for name in "abc"]
    links = [
        Correlation(first=first, second=second, coefficient=-1.0)
        for first, second in ("ab", "bc", "ac")
    ]
    with pytest.raises(InputError, match="contradict"):
        combined_fraction(parts, links)


@pytest.mark.parametrize("pair", [("a", "c"), ("a", "a")])
def test_a_correlation_must_name_two_components(pair: tuple[str, str]) -> None:
    link = Correlation(first=pair[0], second=pair[1], coefficient=0.1)
    with pytest.raises(InputError, match="does not fit"):
        combined_fraction([part("a", 0.1), part("b", 0.1)], [link])


def test_two_components_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="have one name"):
        combined_fraction([part("a", 0.1), part("a", 0.1)])


@pytest.mark.parametrize("value", [-0.01, float("nan"), float("inf")])
def test_an_uncertainty_is_finite_and_not_negative(value: float) -> None:
    with pytest.raises(InputError, match="at least 0"):
        part("a", value)


def test_a_correlation_lies_between_minus_one_and_one() -> None:
    with pytest.raises(InputError, match="wanted -1 to 1"):
        Correlation(first="a", second="b", coefficient=1.5)


def test_a_sphere_of_30_mm_drawn_on_voxels_of_3_mm() -> None:
    volume_ml = pi / 6 * 3.0**3
    assert equivalent_diameter_mm(volume_ml) == pytest.approx(30.0)
    plain = volume_uncertainty_fraction(volume_ml, voxel_mm=3.0)
    assert plain == pytest.approx(3 * sqrt(9 / 6) / 30)
    blurred = volume_uncertainty_fraction(volume_ml, voxel_mm=3.0, edge_fwhm_mm=6.0)
    assert blurred == pytest.approx(3 * sqrt(9 / 6 + 36 / (4 * log(2))) / 30)


@pytest.mark.parametrize(("diameter_mm", "fwhm_mm"), [(30.0, 6.0), (20.0, 10.0)])
def test_the_recovery_of_a_sphere_is_that_of_a_blurred_image(
    diameter_mm: float, fwhm_mm: float
) -> None:
    centres = np.arange(-39.5, 40.0)
    squared = sum(one**2 for one in np.meshgrid(centres, centres, centres, sparse=True))
    inside = (squared <= (diameter_mm / 2) ** 2).astype(np.float64)
    blurred = gaussian_filter(inside, fwhm_mm / sqrt(8 * log(2)))
    wanted = blurred[inside > 0].mean()
    assert sphere_recovery(diameter_mm, fwhm_mm) == pytest.approx(wanted, rel=0.01)


def test_noise_of_a_mean_is_that_of_filtered_white_noise() -> None:
    rng = np.random.default_rng(5)
    sigma_voxels, side = 2.0, 16
    noise = [gaussian_filter(rng.normal(size=(48,) * 3), sigma_voxels) for _ in range(60)]
    spread = float(np.std([one[8:-8, 8:-8, 8:-8] for one in noise]))
    means = [one[16 : 16 + side, 16 : 16 + side, 16 : 16 + side].mean() for one in noise]
    stated = noise_of_mean_fraction(
        spread,
        concentration_ratio=1.0,
        volume_ml=side**3 / 1000,
        fwhm_mm=sigma_voxels * sqrt(8 * log(2)),
    )
    assert 0.8 < stated / float(np.std(means)) < 2.0


def test_small_helpers() -> None:
    assert rectangular(0.03) == pytest.approx(0.03 / sqrt(3))
    assert recovery_component_fraction(resolution_part=0.03, volume_part=-0.04) == pytest.approx(
        (0.05, 0.8)
    )
    assert recovery_component_fraction(resolution_part=0.0, volume_part=0.0) == (0.0, 0.0)


def test_lengths_and_volumes_of_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="above 0 mL"):
        equivalent_diameter_mm(0.0)
    with pytest.raises(InputError, match="above 0 mm"):
        sphere_recovery(10.0, 0.0)
    with pytest.raises(InputError, match="concentration ratio"):
        noise_of_mean_fraction(0.1, concentration_ratio=0.0, volume_ml=1.0, fwhm_mm=5.0)


def test_the_edge_of_a_mask_is_one_voxel_on_either_side() -> None:
    grid = centred_grid((9, 9, 9), (2.0, 2.0, 2.0))
    mask = ball(grid, (0, 0, 0), 6.1)
    inner, outer = edge_of(mask)
    inner.grid.require_same(outer.grid)
    assert not (inner.values & outer.values).any()
    where = np.argwhere(outer.values)
    distances = np.linalg.norm(inner.grid.lps_mm(where), axis=1)
    assert distances.min() > 6.1
    assert distances.max() <= 6.1 + 2.0
    distances = np.linalg.norm(inner.grid.lps_mm(np.argwhere(inner.values)), axis=1)
    assert distances.min() > 6.1 - 2.0
    assert distances.max() <= 6.1


def test_a_mask_that_fills_its_image_still_has_an_outside() -> None:
    grid = centred_grid((3, 3, 3), (2.0, 2.0, 2.0))
    mask = ball(grid, (0, 0, 0), 100.0)
    inner, outer = edge_of(mask)
    assert int(inner.values.sum()) == 26
    assert int(outer.values.sum()) == 6 * 9
