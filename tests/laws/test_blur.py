"""Laws of the Gaussian blur on voxels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from opensirt.imaging.blur import FWHM_PER_SIGMA, blur_reach_voxels, gaussian_blur, gaussian_weights


@given(st.floats(0.3, 6.0), st.floats(0.0, 0.4))
def test_a_wave_is_damped_as_by_a_gaussian(sigma: float, frequency: float) -> None:
    weights = gaussian_weights(sigma)
    place = np.arange(len(weights)) - blur_reach_voxels(sigma)
    assert float(weights.sum()) == pytest.approx(1.0)
    assert float(weights @ place) == pytest.approx(0.0, abs=1e-12)
    damped = float(weights @ np.cos(2 * np.pi * frequency * place))
    assert damped == pytest.approx(np.exp(-((2 * np.pi * frequency * sigma) ** 2) / 2), abs=0.01)


@given(st.floats(1.0, 6.0))
def test_the_variance_is_that_of_the_width(sigma: float) -> None:
    weights = gaussian_weights(sigma)
    place = np.arange(len(weights)) - blur_reach_voxels(sigma)
    assert float(weights @ place**2) == pytest.approx(sigma**2, rel=0.02)


def test_a_wide_blur_is_the_sampled_gaussian() -> None:
    values = np.random.default_rng(1).random((24, 20, 22)).astype(np.float32)
    fwhm_mm = 3.0 * FWHM_PER_SIGMA * 2.0
    made = gaussian_blur(values, fwhm_mm, (2.0, 2.0, 2.0), beyond="nearest")
    wanted = gaussian_filter(values, 3.0, mode="nearest", truncate=6.0)
    np.testing.assert_allclose(made, wanted, atol=2e-3)


@given(st.floats(1.0, 15.0))
def test_what_stays_inside_keeps_its_total_and_its_centre(fwhm_mm: float) -> None:
    values = np.zeros((41, 45, 49), dtype=np.float32)
    values[20, 22, 24] = 7.0
    made = gaussian_blur(values, fwhm_mm, (3.0, 2.5, 4.0)).astype(np.float64)
    assert made.sum() == pytest.approx(7.0, rel=1e-3)
    index = np.moveaxis(np.indices(values.shape), 0, -1)
    centre = (made[..., None] * index).sum(axis=(0, 1, 2)) / made.sum()
    np.testing.assert_allclose(centre, (20, 22, 24), atol=1e-4)


def test_a_uniform_array_stays_uniform_where_the_edge_goes_on() -> None:
    values = np.full((9, 9, 9), 5.0, dtype=np.float32)
    made = gaussian_blur(values, 8.0, (2.0, 2.0, 2.0), beyond="nearest")
    np.testing.assert_allclose(made, 5.0, rtol=1e-6)
    assert float(gaussian_blur(values, 8.0, (2.0, 2.0, 2.0))[0, 0, 0]) < 2.5


@pytest.mark.parametrize("fwhm_mm", [4.0, 5.0, 6.0, 9.0])
def test_averages_of_a_blurred_edge_are_the_blurred_averages(fwhm_mm: float) -> None:
    """What the recovery correction rests on, with voxels of 4 mm and an edge inside one."""
    step_mm, n = 4.0, 41
    fine_mm = (np.arange(n * 100) + 0.5) * step_mm / 100
    sharp = ((fine_mm > 60.7) & (fine_mm < 95.2)).astype(float)
    sigma = fwhm_mm / FWHM_PER_SIGMA / step_mm
    blurred = gaussian_filter(sharp, sigma * 100, mode="constant")
    wanted = blurred.reshape(n, 100).mean(axis=1)
    fractions = sharp.reshape(n, 100).mean(axis=1)
    made = np.convolve(fractions, gaussian_weights(sigma), mode="same")
    np.testing.assert_allclose(made, wanted, atol=0.03)
    assert made @ fractions == pytest.approx(wanted @ fractions, rel=3e-3)
