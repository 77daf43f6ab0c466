"""Means of structures corrected for resolution, on phantoms whose means are known."""

import numpy as np
import pytest
from builders import FRAME, activity, affine, ball, centred_grid, structure
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from opensirt.domain.grid import Grid
from opensirt.domain.image import ActivityMap
from opensirt.domain.missing import Missing
from opensirt.domain.structure import Mask, Structure, StructureKind
from opensirt.errors import GeometryError, InputError
from opensirt.imaging.blur import FWHM_PER_SIGMA
from opensirt.imaging.mask_algebra import without
from opensirt.imaging.partial_volume import (
    recovered_model,
    recovery_corrected_image,
    recovery_corrected_means,
)
from opensirt.imaging.voxel_weights import voxel_weights

FINE = centred_grid((96, 96, 96), (2.0, 2.0, 2.0))
COARSE = centred_grid((48, 48, 48), (4.0, 4.0, 4.0))
LIVER = structure("liver", StructureKind.LIVER, ball(FINE, (0, 0, 0), 70))
LARGE = structure("tumour 1", StructureKind.TUMOUR, ball(FINE, (-25, 5, 0), 25))
MIDDLE = structure("tumour 2", StructureKind.TUMOUR, ball(FINE, (30, -20, 10), 15))
SMALL = structure("tumour 3", StructureKind.TUMOUR, ball(FINE, (10, 40, -20), 8))
TUMOURS = (LARGE, MIDDLE, SMALL)
TRUE = {"normal liver": 1.0, "tumour 1": 4.0, "tumour 2": 5.0, "tumour 3": 3.0}
NORMAL = Structure(
    "normal liver", StructureKind.NORMAL_LIVER, without(LIVER.mask, [one.mask for one in TUMOURS])
)
TRUE_LIVER = sum(TRUE[one.label] * one.volume_ml for one in (*TUMOURS, NORMAL)) / LIVER.volume_ml


def true_values(background: float = 0.0) -> NDArray[np.float64]:
    values = np.full(FINE.shape, background)
    values[LIVER.mask.values] = TRUE["normal liver"]
    for one in TUMOURS:
        values[one.mask.values] = TRUE[one.label]
    return values


def seen(values: NDArray[np.float64], fwhm_mm: float) -> ActivityMap:
    """Return the blurred image on voxels of 4 mm, each the mean of eight fine ones."""
    blurred = gaussian_filter(values, fwhm_mm / FWHM_PER_SIGMA / 2.0, mode="nearest")
    k, j, i = COARSE.shape
    return activity(COARSE, blurred.reshape(k, 2, j, 2, i, 2).mean(axis=(1, 3, 5)))


@pytest.mark.parametrize("fwhm_mm", [5.0, 6.0, 10.0, 12.0])
def test_means_of_uniform_regions_come_back(fwhm_mm: float) -> None:
    found = recovery_corrected_means(
        seen(true_values(), fwhm_mm), (LIVER, *TUMOURS, NORMAL), fwhm_mm
    )
    for label, mean in TRUE.items():
        assert found[label].corrected == pytest.approx(mean, rel=0.02)
    assert found["liver"].corrected == pytest.approx(TRUE_LIVER, rel=0.005)


def test_the_uncorrected_mean_is_that_of_the_image() -> None:
    image = seen(true_values(), 12.0)
    found = recovery_corrected_means(image, (LIVER, *TUMOURS), 12.0)
    for one in (LIVER, *TUMOURS):
        imaged = voxel_weights(one.mask, COARSE).mean(image)
        assert found[one.label].uncorrected == imaged
        assert found[one.label].recovery_coefficient == imaged / found[one.label].corrected
    assert found["tumour 2"].uncorrected < 0.85 * TRUE["tumour 2"]
    assert found["liver"].uncorrected < 0.95 * TRUE_LIVER


def test_noise_leaves_lesions_of_three_centimetres_within_five_per_cent() -> None:
    clean = seen(true_values(), 12.0)
    drawn = np.random.default_rng(4).poisson(clean.values * 40) / 40  # 16 % noise in the liver
    found = recovery_corrected_means(activity(COARSE, drawn), (LIVER, *TUMOURS), 12.0)
    assert found["tumour 1"].corrected == pytest.approx(4.0, rel=0.05)
    assert found["tumour 2"].corrected == pytest.approx(5.0, rel=0.05)


def test_heterogeneous_uptake_keeps_its_mean() -> None:
    texture = gaussian_filter(np.random.default_rng(7).standard_normal(FINE.shape), 3.0)
    values = true_values() * np.exp(0.2 * texture / texture.std())
    found = recovery_corrected_means(seen(values, 12.0), (LIVER, *TUMOURS), 12.0)
    assert found["tumour 1"].corrected == pytest.approx(values[LARGE.mask.values].mean(), rel=0.05)
    assert found["tumour 2"].corrected == pytest.approx(values[MIDDLE.mask.values].mean(), rel=0.1)
    assert found["liver"].corrected == pytest.approx(values[LIVER.mask.values].mean(), rel=0.01)


def test_two_lobes_of_different_uptake_are_told_apart_by_their_perfused_volumes() -> None:
    index = np.moveaxis(np.indices(FINE.shape), 0, -1)
    left_half = FINE.lps_mm(index)[..., 0] >= 0
    values = true_values()
    normal = values == TRUE["normal liver"]
    values[normal & left_half] = 2.0
    right, left = (
        Structure(
            f"perfused {name}",
            StructureKind.PERFUSED_VOLUME,
            Mask(FINE, LIVER.mask.values & half),
        )
        for name, half in (("right", ~left_half), ("left", left_half))
    )
    given = (LIVER, *TUMOURS, right, left)
    found = recovery_corrected_means(seen(values, 10.0), given, 10.0)
    for one in (right, left, MIDDLE, LIVER):
        wanted = values[one.mask.values].mean()
        assert found[one.label].corrected == pytest.approx(wanted, rel=0.02), one.label


def test_a_warm_background_is_not_taken_for_spill() -> None:
    found = recovery_corrected_means(seen(true_values(0.5), 12.0), (LIVER, *TUMOURS), 12.0)
    assert found["tumour 1"].corrected == pytest.approx(4.0, rel=0.02)
    assert found["liver"].corrected == pytest.approx(TRUE_LIVER, rel=0.005)


def test_structures_drawn_twice_change_nothing() -> None:
    image = seen(true_values(), 10.0)
    once = recovery_corrected_means(image, (LIVER, *TUMOURS), 10.0)
    twice = recovery_corrected_means(
        image,
        (
            LIVER,
            *TUMOURS,
            NORMAL,
            Structure("liver again", StructureKind.PERFUSED_VOLUME, LIVER.mask),
        ),
        10.0,
    )
    for label, one in once.items():
        assert twice[label].corrected == pytest.approx(one.corrected, rel=1e-6)
    assert twice["liver again"].corrected == pytest.approx(once["liver"].corrected, rel=1e-6)


def test_a_thin_edge_between_two_drawings_is_no_region_of_its_own() -> None:
    smaller = Structure(
        "perfused", StructureKind.PERFUSED_VOLUME, ball(FINE, (0, 0, 0), 67)
    )  # leaves a shell of 3 mm
    image = seen(true_values(), 10.0)
    found = recovery_corrected_means(image, (LIVER, smaller, *TUMOURS), 10.0)
    assert found["tumour 1"].corrected == pytest.approx(4.0, rel=0.02)
    assert found["liver"].corrected == pytest.approx(TRUE_LIVER, rel=0.08)


def test_flipped_axes_change_no_mean() -> None:
    image = seen(true_values(), 10.0)
    flipped = COARSE.affine.copy()
    flipped[:3, 3] = COARSE.lps_mm((47, 0, 0))
    flipped[:3, 0] *= -1
    other = activity(Grid(COARSE.shape, flipped, FRAME), image.values[::-1])
    before = recovery_corrected_means(image, (LIVER, *TUMOURS), 10.0)
    after = recovery_corrected_means(other, (LIVER, *TUMOURS), 10.0)
    for label, one in before.items():
        assert after[label].corrected == pytest.approx(one.corrected, rel=1e-6)


def test_an_anisotropic_grid_gives_the_same_means() -> None:
    spacing = affine((8.0, 4.0, 2.0))
    spacing[:3, 3] = FINE.lps_mm((1.5, 0.5, 0.0))
    grid = Grid((24, 48, 96), spacing, FRAME)
    blurred = gaussian_filter(true_values(), 10.0 / FWHM_PER_SIGMA / 2.0, mode="nearest")
    image = activity(grid, blurred.reshape(24, 4, 48, 2, 96, 1).mean(axis=(1, 3, 5)))
    found = recovery_corrected_means(image, (LIVER, *TUMOURS), 10.0)
    assert found["tumour 1"].corrected == pytest.approx(4.0, rel=0.02)
    assert found["tumour 2"].corrected == pytest.approx(5.0, rel=0.03)


def test_the_corrected_image_is_as_good_as_one_without_blur_and_keeps_the_total() -> None:
    image = seen(true_values(), 10.0)
    corrected = recovery_corrected_image(image, (LIVER, *TUMOURS), 10.0)
    assert type(corrected) is ActivityMap
    k, j, i = COARSE.shape
    perfect = activity(COARSE, true_values().reshape(k, 2, j, 2, i, 2).mean(axis=(1, 3, 5)))
    for one in (LARGE, MIDDLE, LIVER):
        weights = voxel_weights(one.mask, COARSE)
        assert weights.mean(corrected) == pytest.approx(weights.mean(perfect), rel=0.02)
    assert corrected.total() == pytest.approx(image.total(), rel=0.01)


def test_the_corrected_image_of_a_uniform_body_is_the_image() -> None:
    image = activity(COARSE, 3.0)
    corrected = recovery_corrected_image(image, (LIVER, *TUMOURS), 10.0)
    np.testing.assert_allclose(corrected.values, 3.0, rtol=1e-4)


def test_the_model_of_uniform_regions_is_the_truth_on_a_finer_grid() -> None:
    model = recovered_model(seen(true_values(), 10.0), (LIVER, *TUMOURS), 10.0, FINE)
    assert type(model) is ActivityMap
    assert model.grid is FINE
    for one in (*TUMOURS, NORMAL):
        inside = model.values[one.mask.values]
        assert float(inside.mean()) == pytest.approx(TRUE[one.label], rel=0.02)
        assert float(np.ptp(inside)) < 1e-5 * TRUE[one.label]
    assert float(model.values[~LIVER.mask.values].max()) < 0.01


def test_a_structure_outside_the_image_gets_no_mean() -> None:
    far = Grid((4, 4, 4), affine((2.0, 2.0, 2.0), (500.0, 0.0, 0.0)), FRAME)
    outside = structure("lung", StructureKind.LUNG, Mask(far, np.ones((4, 4, 4), dtype=bool)))
    found = recovery_corrected_means(seen(true_values(), 6.0), (LIVER, outside), 6.0)
    assert set(found) == {"liver"}
    with pytest.raises(GeometryError, match="no structure touches the image"):
        recovery_corrected_means(seen(true_values(), 6.0), (outside,), 6.0)


def test_an_empty_image_has_means_of_zero_and_no_coefficient() -> None:
    found = recovery_corrected_means(activity(COARSE, 0.0), (LIVER, LARGE), 6.0)
    assert found["liver"].corrected == 0.0
    assert found["liver"].recovery_coefficient is Missing.NOT_EVALUABLE


@pytest.mark.parametrize("fwhm_mm", [0.0, -3.0, float("nan")])
def test_a_resolution_that_is_none_is_refused(fwhm_mm: float) -> None:
    with pytest.raises(InputError, match="above 0 mm FWHM"):
        recovery_corrected_means(seen(true_values(), 6.0), (LIVER,), fwhm_mm)
    with pytest.raises(InputError, match="above 0 mm FWHM"):
        recovery_corrected_image(seen(true_values(), 6.0), (LIVER,), fwhm_mm)
