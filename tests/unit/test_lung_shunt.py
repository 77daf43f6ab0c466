"""Lung shunt fraction on phantoms with a known one, and what is said about poor images."""

import numpy as np
import pytest
from builders import activity, centred_grid, counts
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.grid import Grid
from opensirt.domain.missing import Missing
from opensirt.domain.record import LungShunt
from opensirt.domain.structure import Mask
from opensirt.errors import GeometryError, InputError
from opensirt.imaging.lung_shunt import (
    RegionCounts,
    SpectLungShunt,
    planar_lung_shunt,
    spect_lung_shunt,
)

GRID = centred_grid((64, 56, 72), (6.0, 6.0, 6.0))
FWHM_MM = 12.0


def anatomy(grid: Grid = GRID) -> tuple[Mask, list[Mask], NDArray[np.bool_]]:
    """Return a liver whose dome reaches into the right lung, both lungs, and a tumour up there."""
    points = grid.lps_mm(np.moveaxis(np.indices(grid.shape), 0, -1))
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    liver = ((x + 50) / 105) ** 2 + (y / 80) ** 2 + ((z + 60) / 75) ** 2 < 1
    lungs = [
        (((x - side) / 60) ** 2 + (y / 85) ** 2 + ((z - 60) / 110) ** 2 < 1) & ~liver
        for side in (-80, 80)
    ]
    tumour = ((x + 60) ** 2 + y**2 + (z + 5) ** 2 < 20**2) & liver
    return Mask(grid, liver), [Mask(grid, one) for one in lungs], tumour


def image_of(fraction: float, *, seed: int | None = 1, spot: float = 0.0) -> NDArray[np.float64]:
    """Return counts with a known lung shunt, blurred, with Poisson noise unless `seed` is None."""
    liver, lungs, tumour = anatomy()
    held = liver.values.astype(float)
    held[tumour] = 5.0
    held *= (1 - fraction) / held.sum()
    lung = lungs[0].values | lungs[1].values
    held[lung] += fraction / lung.sum()
    held[2:5, 2:5, 60:64] += spot / 36
    sigma = FWHM_MM / 2.3548 / 6.0
    blurred: NDArray[np.float64] = gaussian_filter(held, sigma) * 2e6
    if seed is None:
        return blurred
    return np.random.default_rng(seed).poisson(blurred).astype(float)


def found(values: NDArray[np.float64], **changes: object) -> SpectLungShunt:
    liver, lungs, _ = anatomy()
    given: dict[str, object] = {
        "lungs": lungs,
        "liver": liver,
        "resolution_fwhm_mm": FWHM_MM,
        **changes,
    }
    return spect_lung_shunt(counts(GRID, values), **given)  # type: ignore[arg-type]  # test facts


def number(shunt: LungShunt) -> tuple[float, float]:
    assert not isinstance(shunt.fraction, Missing)
    assert not isinstance(shunt.standard_uncertainty, Missing)
    return shunt.fraction, shunt.standard_uncertainty


def rules(findings: tuple[Finding, ...]) -> set[str]:
    return {one.rule for one in findings}


@pytest.mark.parametrize("true", [0.02, 0.05, 0.10, 0.20, 0.30])
def test_the_shunt_of_a_blurred_noisy_scout_is_found(true: float) -> None:
    fraction, uncertainty = number(found(image_of(true)).shunt)
    assert fraction == pytest.approx(true, abs=0.008)
    assert abs(fraction - true) < 2 * uncertainty
    assert uncertainty < 0.011


def test_leaving_out_the_margin_beats_the_plain_ratio() -> None:
    liver, lungs, _ = anatomy()
    values = image_of(0.02)
    lung = values[lungs[0].values | lungs[1].values].sum()
    plain = lung / (lung + values[liver.values].sum())
    fraction, _ = number(found(values).shunt)
    assert plain > 0.025
    assert abs(fraction - 0.02) < abs(plain - 0.02)


def test_a_sharp_image_without_noise_is_exact() -> None:
    liver, lungs, _ = anatomy()
    values = np.zeros(GRID.shape)
    values[liver.values] = 10.0
    values[lungs[0].values | lungs[1].values] = 0.5
    lung = 0.5 * (lungs[0].values.sum() + lungs[1].values.sum())
    fraction, _ = number(found(values).shunt)
    assert fraction == pytest.approx(lung / (lung + 10 * liver.values.sum()), rel=1e-9)


def test_a_voxel_in_liver_and_lung_counts_as_liver() -> None:
    liver, lungs, _ = anatomy()
    values = np.zeros(GRID.shape)
    values[liver.values] = 10.0
    values[lungs[0].values | lungs[1].values] = 0.5
    both = [Mask(GRID, one.values | liver.values) for one in lungs[:1]] + lungs[1:]
    assert found(values, lungs=both).shunt.fraction == pytest.approx(
        number(found(values).shunt)[0], rel=1e-9
    )


def test_the_method_is_named_with_the_plain_figure_beside_it() -> None:
    result = found(image_of(0.05))
    assert "20 mm from the liver" in result.shunt.method
    [said] = [one for one in result.findings if one.rule == "lung_shunt_method"]
    assert "all lung voxels as they are would give" in said.text


def test_lungs_half_outside_the_field_of_view_are_extrapolated_with_a_warning() -> None:
    keep = 44  # the upper third of the thorax is not imaged
    grid = Grid((keep, *GRID.shape[1:]), GRID.affine, GRID.frame_of_reference_uid)
    liver, lungs, _ = anatomy()
    image = counts(grid, image_of(0.10)[:keep])
    result = spect_lung_shunt(image, lungs=lungs, liver=liver, resolution_fwhm_mm=FWHM_MM)
    [said] = [one for one in result.findings if one.rule == "lung_field_of_view"]
    assert said.severity is Severity.WARN
    assert not said.verified
    assert number(result.shunt)[0] == pytest.approx(0.10, abs=0.01)


def test_too_little_lung_gives_no_fraction() -> None:
    keep = 28  # only the lung bases beside the liver
    grid = Grid((keep, *GRID.shape[1:]), GRID.affine, GRID.frame_of_reference_uid)
    liver, lungs, _ = anatomy()
    image = counts(grid, image_of(0.10)[:keep])
    result = spect_lung_shunt(image, lungs=lungs, liver=liver, resolution_fwhm_mm=FWHM_MM)
    assert result.shunt.fraction is Missing.NOT_EVALUABLE
    assert "lung_shunt_not_evaluable" in rules(result.findings)


def test_counts_elsewhere_are_a_warning() -> None:
    assert "counts_outside" not in rules(found(image_of(0.05)).findings)
    assert "counts_outside" in rules(found(image_of(0.05, spot=0.5)).findings)


def test_small_lungs_are_a_warning() -> None:
    _, lungs, _ = anatomy()
    cut = [Mask(GRID, one.values & (np.indices(GRID.shape)[0] > 46)) for one in lungs]
    assert "lung_volume" in rules(found(image_of(0.05), lungs=cut).findings)


def test_an_activity_map_has_no_counting_part() -> None:
    liver, lungs, _ = anatomy()
    values = image_of(0.05, seed=None)
    image = activity(GRID, values, "Ho-166")
    result = spect_lung_shunt(
        image, lungs=lungs, liver=liver, resolution_fwhm_mm=Missing.NOT_RECORDED
    )
    fraction, uncertainty = number(result.shunt)
    assert fraction == pytest.approx(number(found(values).shunt)[0])
    assert 0 < uncertainty <= number(found(values).shunt)[1]


def test_a_liver_without_counts_is_refused() -> None:
    with pytest.raises(InputError, match="no shunt fraction"):
        found(np.zeros(GRID.shape))


def test_lungs_without_counts_are_refused() -> None:
    liver, _, _ = anatomy()
    with pytest.raises(InputError, match="no mean can be formed"):
        found(liver.values.astype(float))


def test_a_mask_in_another_frame_is_refused() -> None:
    _, lungs, _ = anatomy()
    other = Grid(GRID.shape, GRID.affine, "2.25.9")
    with pytest.raises(GeometryError, match="frames of reference differ"):
        found(image_of(0.05), lungs=[Mask(other, lungs[0].values)])


def test_a_planar_region_without_net_counts_is_refused() -> None:
    lungs = RegionCounts(anterior=500, posterior=600, background_anterior=500)
    with pytest.raises(InputError, match="lungs hold 500 counts in the anterior view"):
        planar_lung_shunt(lungs, RegionCounts(anterior=9000, posterior=8000))


def test_taking_off_the_background_lowers_the_planar_shunt() -> None:
    liver = RegionCounts(anterior=9000, posterior=8000)
    plain = planar_lung_shunt(RegionCounts(anterior=900, posterior=800), liver)
    net = planar_lung_shunt(
        RegionCounts(
            anterior=900, posterior=800, background_anterior=300, background_posterior=200
        ),
        liver,
    )
    assert number(net)[0] == pytest.approx(600 / 8485.28137 / (1 + 600 / 8485.28137), rel=1e-6)
    assert number(net)[0] < number(plain)[0]
    assert number(net)[1] > number(plain)[1]


def test_the_planar_uncertainty_is_that_of_counting() -> None:
    """Four equal regions of n counts: each geometric mean has a relative spread of 1/√(2n)."""
    region = RegionCounts(anterior=10_000, posterior=10_000)
    fraction, uncertainty = number(planar_lung_shunt(region, region))
    assert fraction == 0.5
    assert uncertainty == pytest.approx(0.25 * (2 / 20_000) ** 0.5)
