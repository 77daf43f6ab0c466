"""A structure on a patch: what is put into an image comes back from it."""

from dataclasses import replace

import numpy as np
import pytest
from builders import activity, ball, centred_grid
from numpy.typing import NDArray

from opensirt.domain.image import ActivityMap
from opensirt.domain.structure import Mask
from opensirt.errors import InputError
from opensirt.imaging.blur import gaussian_blur
from opensirt.imaging.edge import edge_distance_mm, fraction_inside
from opensirt.imaging.local_model import LocalModel, Realisation, _sampling
from opensirt.imaging.patch import fractions_on, interpolated_on, patch_around
from opensirt.imaging.resample import averaged_on
from opensirt.imaging.voxel_noise import differences_apart
from opensirt.physics.dose.patch import PatchDose
from opensirt.reference.radionuclide import radionuclide

GRID = centred_grid((48, 48, 48), (2.0, 2.0, 2.0))
TUMOUR = ball(GRID, (4.0, 0.0, 0.0), 10.0)
FWHM_MM = 7.0
X_MM = GRID.lps_mm(np.argwhere(np.ones(GRID.shape, dtype=bool))).reshape(*GRID.shape, 3)


def blurred(sharp: NDArray[np.float64]) -> ActivityMap:
    values = sharp.astype(np.float32)
    return activity(GRID, gaussian_blur(values, FWHM_MM, GRID.spacing_mm, beyond="nearest"))


def imaged(tumour: float = 5.0) -> ActivityMap:
    return blurred(np.where(TUMOUR.values, tumour, 1.0))


def noisy(image: ActivityMap, spread: float) -> ActivityMap:
    rng = np.random.default_rng(3)
    return activity(GRID, image.values + rng.normal(0, spread, GRID.shape).astype(np.float32))


def model(image: ActivityMap, mask: Mask = TUMOUR, others: tuple[Mask, ...] = ()) -> LocalModel:
    return LocalModel(image, mask, others, fwhm_mm=FWHM_MM, shift_mm=5.0)


def mean(one: Realisation) -> float:
    return float((one.values * one.fraction).sum() / one.fraction.sum())


def test_the_concentration_comes_back_without_the_blur() -> None:
    made = model(imaged())
    assert mean(made.as_imaged()) < 4.2
    sharp = made.realise(np.zeros(3), fwhm_mm=FWHM_MM, edge_mm=0.0)
    assert mean(sharp) == pytest.approx(5.0, rel=0.03)


def test_an_edge_too_far_out_gives_less_and_too_far_in_more() -> None:
    made = model(imaged())
    out, right, inner = (
        made.realise(np.zeros(3), fwhm_mm=FWHM_MM, edge_mm=edge) for edge in (1.0, 0.0, -1.0)
    )
    assert out.fraction.sum() > right.fraction.sum() > inner.fraction.sum()
    volume_ml = right.fraction.sum() * made.grid.voxel_volume_ml
    assert volume_ml == pytest.approx(TUMOUR.volume_ml, rel=0.01)
    grown = (out.fraction.sum() / right.fraction.sum()) ** (1 / 3)
    assert grown == pytest.approx(1.1, abs=0.015)
    found = [mean(one) for one in (out, right, inner)]
    assert found == sorted(found)


def test_a_wider_point_spread_explains_the_image_by_more() -> None:
    made = model(imaged())
    found = [mean(made.realise(np.zeros(3), fwhm_mm=w, edge_mm=0.0)) for w in (6.0, 7.0, 8.0)]
    assert found == sorted(found)


@pytest.mark.parametrize("shift_mm", [(2.0, -3.0, 1.0), (-4.0, 0.0, 4.0)])
def test_a_misplaced_contour_is_found(shift_mm: tuple[float, float, float]) -> None:
    affine = GRID.affine.copy()
    affine[:3, 3] += shift_mm
    found = model(noisy(imaged(), 0.1), Mask(replace(GRID, affine=affine), TUMOUR.values)).place()
    np.testing.assert_allclose(found.shift_mm, -np.array(shift_mm), atol=0.3)
    assert np.sqrt(np.diag(np.linalg.inv(found.precision_per_mm2))).max() < 0.6


def test_more_noise_makes_the_place_less_sure_and_no_contrast_leaves_it_open() -> None:
    def spread(image: ActivityMap) -> float:
        found = model(image).place().precision_per_mm2
        return float(np.sqrt(np.trace(np.linalg.inv(found + np.eye(3) / 1e4))))

    clear, noise = spread(noisy(imaged(), 0.1)), spread(noisy(imaged(), 0.6))
    assert noise > 2 * clear
    assert spread(noisy(imaged(tumour=1.0), 0.3)) > 5.0


def test_a_neighbour_takes_its_own_share() -> None:
    other = ball(GRID, (-16.0, 0.0, 0.0), 8.0)
    image = blurred(np.where(TUMOUR.values, 5.0, np.where(other.values, 9.0, 1.0)))
    made = model(image, TUMOUR, (other,)).realise(np.zeros(3), fwhm_mm=FWHM_MM, edge_mm=0.0)
    assert mean(made) == pytest.approx(5.0, rel=0.03)


def test_a_resolution_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="above 0 mm"):
        LocalModel(imaged(), TUMOUR, (), fwhm_mm=0.0, shift_mm=5.0)


def test_the_distance_from_an_edge_is_that_of_a_ball() -> None:
    fraction = TUMOUR.values.astype(np.float64)
    distance = edge_distance_mm(fraction, GRID.spacing_mm, GRID.spacing_mm)
    assert fraction_inside(distance, GRID.spacing_mm).sum() == pytest.approx(
        fraction.sum(), rel=0.01
    )
    radius_mm = float(fraction.sum() * np.prod(GRID.spacing_mm) * 3 / (4 * np.pi)) ** (1 / 3)
    wanted = np.linalg.norm(X_MM - (4.0, 0.0, 0.0), axis=-1) - radius_mm
    near = np.abs(wanted) < 2.0
    assert np.abs(distance - wanted)[near].max() < 0.6
    assert np.abs(distance - wanted)[near].mean() < 0.2


def test_a_patch_covers_its_structure_with_room_around_it() -> None:
    grid = patch_around(TUMOUR, margin_mm=15.0, n_voxels=20_000)
    assert len(set(np.round(grid.spacing_mm, 9))) == 1
    assert 8_000 < grid.n_voxels < 30_000
    part = fractions_on(TUMOUR, grid)
    assert part.sum() * grid.voxel_volume_ml == pytest.approx(TUMOUR.volume_ml)
    n = int(14.0 / grid.spacing_mm[0])
    assert part[n:-n, n:-n, n:-n].sum() == part.sum()


def test_an_image_between_its_voxels_is_smooth() -> None:
    image = activity(GRID, (X_MM[..., 0] / 100 + 2).astype(np.float32))
    grid = patch_around(TUMOUR, margin_mm=10.0, n_voxels=8_000)
    at = grid.lps_mm(np.argwhere(np.ones(grid.shape, dtype=bool)))[:, 0].reshape(grid.shape)
    np.testing.assert_allclose(interpolated_on(image, grid), at / 100 + 2, atol=1e-3)


def test_differences_show_the_noise_and_not_a_slow_uptake() -> None:
    rng = np.random.default_rng(2)
    slow = 10 + np.sin(X_MM[..., 2] / 15)
    image = activity(GRID, (slow + rng.normal(0, 0.3, GRID.shape)).astype(np.float32))
    everywhere = np.ones(GRID.shape, dtype=np.bool_)
    found = differences_apart(image, everywhere, apart_mm=4.0)
    assert found.std() / 2**0.5 == pytest.approx(0.3, rel=0.1)
    assert differences_apart(image, ~everywhere, apart_mm=4.0).size == 0
    assert differences_apart(image, everywhere, apart_mm=1e3).size == 0


def test_a_patch_gives_the_equilibrium_dose_and_in_place_that_of_the_electrons() -> None:
    nuclide, even = radionuclide("Y-90"), np.full((16, 16, 16), 1e6)
    made, local = (
        PatchDose(
            nuclide, even.shape, (2.0, 2.0, 2.0), density_kg_per_ml=1.05e-3, in_place=in_place
        ).dose_gy(even)
        for in_place in (False, True)
    )
    assert made.std() < 1e-9 * made.mean()
    assert made.mean() == pytest.approx(local.mean(), rel=0.01)
    by_hand = 1e6 * nuclide.electron_energy_j * nuclide.mean_life_s / 1.05e-3
    assert local.mean() == pytest.approx(by_hand)
    with pytest.raises(InputError, match="wider margin"):
        PatchDose(nuclide, (9, 9, 9), (1.0, 1.0, 1.0), density_kg_per_ml=1.05e-3)


def test_a_wave_on_voxels_comes_through_as_far_as_the_model_says() -> None:
    side_mm, length_mm = 4.0, 11.0
    coarse = centred_grid((40, 40, 40), (side_mm,) * 3)
    patch = centred_grid((32, 32, 32), (1.5,) * 3)
    x_mm = patch.lps_mm(np.argwhere(np.ones(patch.shape, dtype=bool)))[:, 0].reshape(patch.shape)
    left = []
    for phase in np.arange(8) / 8 * 2 * np.pi:
        centre_mm = coarse.lps_mm(np.argwhere(np.ones(coarse.shape, dtype=bool)))[:, 0]
        held = np.sinc(side_mm / length_mm) * np.cos(2 * np.pi * centre_mm / length_mm + phase)
        image = activity(coarse, held.reshape(coarse.shape).astype(np.float32))
        wanted = np.cos(2 * np.pi * x_mm / length_mm + phase)
        left.append((interpolated_on(image, patch) * wanted).sum() / (wanted**2).sum())
    waves = [np.zeros(1), np.zeros(1), np.array([1 / length_mm])]
    passed = _sampling(waves, coarse, patch)
    assert passed[0, 0, 0] == pytest.approx(np.mean(left), rel=2e-3)
    assert passed[0, 0, 0] < 0.8


@pytest.mark.parametrize("side_mm", [(4.0, 4.0, 3.0), (5.0, 5.0, 5.0)])
def test_coarse_voxels_do_not_lower_a_small_tumour(side_mm: tuple[float, float, float]) -> None:
    fine = centred_grid((80, 80, 80), (1.0, 1.0, 1.0))
    tumour = ball(fine, (0.0, 0.0, 0.0), 10.0)
    sharp = np.where(tumour.values, 5.0, 1.0).astype(np.float32)
    image = activity(fine, gaussian_blur(sharp, FWHM_MM, fine.spacing_mm, beyond="nearest"))
    found = []
    for offset in np.random.default_rng(1).uniform(-0.5, 0.5, (6, 3)):
        coarse = centred_grid((14, 14, 14), side_mm)
        affine = coarse.affine.copy()
        affine[:3, 3] += affine[:3, :3] @ offset
        seen = averaged_on(image, replace(coarse, affine=affine))
        made = model(seen, tumour)
        sharpened = made.realise(np.zeros(3), fwhm_mm=FWHM_MM, edge_mm=0.0)
        found.append(mean(sharpened))
    wanted = model(image, tumour).realise(np.zeros(3), fwhm_mm=FWHM_MM, edge_mm=0.0)
    assert np.mean(found) == pytest.approx(mean(wanted), rel=0.006)
