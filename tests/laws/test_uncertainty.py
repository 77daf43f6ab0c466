"""Laws of combining uncertainties, and of the recovery of a sphere."""

from math import hypot, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.missing import Missing
from opensirt.domain.uncertainty import Correlation, UncertaintyComponent
from opensirt.physics.uncertainty import (
    combined_fraction,
    dose_uncertainty,
    noise_of_mean_fraction,
    recovery_elasticity,
    sphere_recovery,
    volume_uncertainty_fraction,
)

FRACTIONS = st.floats(1e-4, 0.5)
LENGTHS_MM = st.floats(5.0, 120.0)


def parts(*values: float | Missing) -> tuple[UncertaintyComponent, ...]:
    return tuple(
        UncertaintyComponent(name=f"part {n}", relative_standard_uncertainty=value, how="test")
        for n, value in enumerate(values)
    )


def combined(*values: float | Missing, links: tuple[Correlation, ...] = ()) -> float:
    found = combined_fraction(parts(*values), links)
    assert isinstance(found, float)
    return found


def link(coefficient: float) -> tuple[Correlation, ...]:
    return (Correlation(first="part 0", second="part 1", coefficient=coefficient),)


@given(st.lists(FRACTIONS, min_size=1, max_size=8), st.randoms())
def test_the_order_of_components_does_not_matter(values: list[float], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # random.Random
    assert combined(*shuffled) == pytest.approx(combined(*values))


@given(st.lists(FRACTIONS, min_size=1, max_size=8), FRACTIONS)
def test_independent_components_add_in_quadrature_and_never_help(
    values: list[float], more: float
) -> None:
    assert combined(*values, more) == pytest.approx(hypot(combined(*values), more))
    assert max(values) <= combined(*values) * (1 + 1e-12)
    assert combined(*values) <= sum(values) * (1 + 1e-12)


@given(st.lists(FRACTIONS, min_size=1, max_size=8), st.floats(0.1, 3.0))
def test_scaling_every_component_scales_the_whole(values: list[float], factor: float) -> None:
    scaled = combined(*(one * factor for one in values))
    assert scaled == pytest.approx(factor * combined(*values))


@given(FRACTIONS, FRACTIONS)
def test_full_correlation_adds_or_cancels(first: float, second: float) -> None:
    assert combined(first, second, links=link(1.0)) == pytest.approx(first + second)
    opposed = combined(first, second, links=link(-1.0))
    assert opposed == pytest.approx(abs(first - second), abs=1e-8)


@given(FRACTIONS, FRACTIONS, st.floats(-1, 1), st.floats(-1, 1))
def test_more_correlation_never_gives_less(u: float, v: float, r: float, s: float) -> None:
    low, high = sorted((r, s))
    less, more = (combined(u, v, links=link(one)) for one in (low, high))
    assert less <= more + 1e-12


@given(st.lists(FRACTIONS, min_size=1, max_size=6))
def test_a_component_that_is_not_included_counts_nothing_and_makes_a_lower_bound(
    values: list[float],
) -> None:
    whole = dose_uncertainty(
        "Tumour",
        mean_gy=100.0,
        corrected_gy=Missing.NOT_ESTIMATED,
        components=parts(*values),
        coverage_factor=2.0,
    )
    lacking = dose_uncertainty(
        "Tumour",
        mean_gy=100.0,
        corrected_gy=Missing.NOT_ESTIMATED,
        components=parts(*values, Missing.NOT_INCLUDED),
        coverage_factor=2.0,
    )
    assert lacking.combined_fraction == whole.combined_fraction
    assert (whole.lower_bound, lacking.lower_bound) == (False, True)


@given(LENGTHS_MM, st.floats(2.0, 20.0), st.floats(0.5, 2.0))
def test_recovery_depends_only_on_size_over_resolution(d: float, w: float, factor: float) -> None:
    assert sphere_recovery(d * factor, w * factor) == pytest.approx(sphere_recovery(d, w))


@given(LENGTHS_MM, LENGTHS_MM, st.floats(2.0, 20.0))
def test_a_larger_sphere_recovers_more_and_never_all(a: float, b: float, w: float) -> None:
    small, large = (sphere_recovery(one, w) for one in sorted((a, b)))
    assert 0 < small <= large + 1e-12 < 1 + 1e-9


@given(st.floats(0.5, 2000.0), st.floats(2.0, 20.0))
def test_a_recovery_grows_at_most_as_fast_as_the_volume(volume_ml: float, w: float) -> None:
    assert 0 <= recovery_elasticity(volume_ml, w) <= 1


@given(st.floats(0.5, 2000.0), st.floats(0.5, 5.0), st.floats(0.0, 15.0))
def test_the_uncertainty_of_a_volume_falls_with_its_diameter(
    volume_ml: float, voxel_mm: float, edge_mm: float
) -> None:
    one = volume_uncertainty_fraction(volume_ml, voxel_mm=voxel_mm, edge_fwhm_mm=edge_mm)
    eight = volume_uncertainty_fraction(8 * volume_ml, voxel_mm=voxel_mm, edge_fwhm_mm=edge_mm)
    assert eight == pytest.approx(one / 2)


@given(st.floats(50.0, 1000.0), st.floats(0.5, 8.0))
def test_noise_falls_with_the_root_of_volume_and_of_concentration(
    volume_ml: float, ratio: float
) -> None:
    def noise(volume: float, over: float) -> float:
        return noise_of_mean_fraction(0.3, concentration_ratio=over, volume_ml=volume, fwhm_mm=6.0)

    assert noise(4 * volume_ml, ratio) == pytest.approx(noise(volume_ml, ratio) / 2)
    assert noise(volume_ml, 4 * ratio) == pytest.approx(noise(volume_ml, ratio) / sqrt(4))
