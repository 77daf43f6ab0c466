"""Images have the resolution, the noise, the place and the total that their camera states."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from opensirt.imaging.blur import FWHM_PER_SIGMA
from opensirt.phantom.acquisition import Camera, acquired_counts, camera
from opensirt.phantom.analytic import ball, centred_grid

TRUTH = centred_grid((60, 60, 60), (2.5, 2.5, 2.5))
UID = TRUTH.frame_of_reference_uid
NOISELESS = 1e12
"""So many counts that their noise is far below a per mille."""


def sharp_camera(
    *, fwhm_mm: float = 10.0, filter_fwhm_mm: float = 0.0, counts: float = NOISELESS
) -> Camera:
    return Camera(
        name="test",
        grid=centred_grid((30, 36, 38), (4.8, 4.0, 4.4)),
        fwhm_mm=fwhm_mm,
        filter_fwhm_mm=filter_fwhm_mm,
        counts=counts,
        duration_s=60.0,
    )


def point() -> np.ndarray:
    values = np.zeros(TRUTH.shape, dtype=np.float32)
    values[31, 28, 33] = 1 / TRUTH.voxel_volume_ml
    return values


@pytest.mark.parametrize(("whole_mm", "filter_mm"), [(10.0, 0.0), (12.0, 5.0), (6.0, 4.2)])
def test_a_point_becomes_a_gaussian_of_the_stated_width(whole_mm: float, filter_mm: float) -> None:
    fine = centred_grid((66, 70, 74), (2.2, 2.0, 1.9))  # moments of coarse voxels are not exact
    device = replace(sharp_camera(fwhm_mm=whole_mm, filter_fwhm_mm=filter_mm), grid=fine)
    seen = acquired_counts(point(), TRUTH, device, np.random.default_rng(1)).astype(float)
    assert seen.sum() == pytest.approx(NOISELESS, rel=1e-4)
    index = np.moveaxis(np.indices(device.grid.shape), 0, -1)
    place = device.grid.lps_mm(index)
    centre = (seen[..., None] * place).sum(axis=(0, 1, 2)) / seen.sum()
    np.testing.assert_allclose(centre, TRUTH.lps_mm((31, 28, 33)), atol=0.1)
    variance = (seen[..., None] * (place - centre) ** 2).sum(axis=(0, 1, 2)) / seen.sum()
    k, j, i = device.grid.spacing_mm
    voxels = (np.array((i, j, k)) ** 2 + np.array(TRUTH.spacing_mm) ** 2) / 12
    np.testing.assert_allclose(np.sqrt(variance - voxels) * FWHM_PER_SIGMA, whole_mm, rtol=0.02)


def test_counts_without_a_filter_scatter_like_poisson() -> None:
    mask = ball(TRUTH, (0.0, 0.0, 0.0), 120.0)
    uniform = mask.values.astype(np.float32) / np.float32(mask.volume_ml)
    device = sharp_camera(counts=3e5)
    first, second = (
        acquired_counts(uniform, TRUTH, device, np.random.default_rng(seed)) for seed in (1, 2)
    )
    inside = ball(device.grid, (0.0, 0.0, 0.0), 90.0).values
    difference = (first - second)[inside]
    assert float(difference.var()) / 2 == pytest.approx(float(first[inside].mean()), rel=0.1)
    assert np.array_equal(first, np.rint(first))
    assert first.sum() == pytest.approx(3e5, abs=5 * sqrt(3e5))


def test_a_filter_after_the_noise_takes_noise_away_and_keeps_the_total() -> None:
    mask = ball(TRUTH, (0.0, 0.0, 0.0), 120.0)
    uniform = mask.values.astype(np.float32) / np.float32(mask.volume_ml)
    inside = ball(sharp_camera().grid, (0.0, 0.0, 0.0), 80.0).values
    spread = [
        float(
            acquired_counts(
                uniform,
                TRUTH,
                sharp_camera(counts=3e5, filter_fwhm_mm=filter_mm),
                np.random.default_rng(1),
            )[inside].std()
        )
        for filter_mm in (0.0, 8.0)
    ]
    assert spread[1] < spread[0] / 2


def test_flipped_slices_show_the_same_patient() -> None:
    device = sharp_camera()
    affine = device.grid.affine.copy()
    affine[:3, 3] = device.grid.lps_mm((device.grid.shape[0] - 1, 0, 0))
    affine[:3, 0] *= -1
    flipped = replace(device, grid=replace(device.grid, affine=affine))
    seen = acquired_counts(point(), TRUTH, device, np.random.default_rng(1))
    other = acquired_counts(point(), TRUTH, flipped, np.random.default_rng(1))
    np.testing.assert_allclose(other[::-1], seen, atol=1e-3 * seen.max())


def test_cameras_cover_the_trunk_and_lie_off_the_voxels_of_the_ct() -> None:
    for name in ("maa_spect", "y90_pet", "ho166_spect"):
        grid = camera(name, UID).grid
        assert grid.frame_of_reference_uid == UID
        k, j, i = grid.shape
        size = np.abs(grid.affine[:3, :3] @ (k, j, i))
        assert size[0] > 360
        assert size[1] > 250
        assert size[2] > 380
        assert not np.allclose(np.mod(grid.affine[:3, 3], 2.5), 1.25)


def test_slices_run_to_the_feet_where_the_design_says_so() -> None:
    assert camera("maa_spect", UID).grid.affine[2, 0] == -4.42
    assert camera("y90_pet", UID).grid.affine[2, 0] == 3.0
