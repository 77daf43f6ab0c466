"""What voxels do to the dose of a patch, and that finer ones do it less."""

from functools import cache

import numpy as np
import pytest
from builders import activity, ball, centred_grid

from opensirt.imaging.blur import gaussian_blur
from opensirt.imaging.local_model import FINER_VOXELS, LocalModel
from opensirt.imaging.resample import averaged_on
from opensirt.physics.dose.patch import PatchDose
from opensirt.reference.radionuclide import radionuclide
from opensirt.workflow.dose_realisation import Array, Recovered, figures_of

FWHM_MM, DENSITY = 6.0, 1.05e-3
FINE = centred_grid((96, 96, 96), (1.0, 1.0, 1.0))
SEEN = centred_grid((24, 24, 24), (4.0, 4.0, 4.0))


@cache
def told(radius_mm: float, *, in_place: bool) -> tuple[Array, Array, Array]:
    """Return mean and D70 of an even ball: the true ones, on the patch, on finer voxels."""
    nuclide = radionuclide("Y-90")
    mask = ball(FINE, (1.0, -1.5, 0.5), radius_mm)
    sharp = np.where(mask.values, 4e6, 1e6)
    dose = PatchDose(
        nuclide, FINE.shape, FINE.spacing_mm, density_kg_per_ml=DENSITY, in_place=in_place
    )
    true = figures_of(dose.dose_gy(sharp), mask.values.astype(np.float64), (0.70,))
    values = gaussian_blur(sharp.astype(np.float32), FWHM_MM, FINE.spacing_mm, beyond="nearest")
    image = averaged_on(activity(FINE, values), SEEN)

    def made(**asked: int) -> Recovered:
        model = LocalModel(image, mask, (), fwhm_mm=FWHM_MM, shift_mm=5.0, **asked)
        patch = PatchDose(
            nuclide,
            model.grid.shape,
            model.grid.spacing_mm,
            density_kg_per_ml=DENSITY,
            in_place=in_place,
        )
        return Recovered(model, patch, 1.0, (0.70,))

    plain, finer = (
        one.figures(np.zeros(3), resolution=1.0, edge_mm=0.0)
        for one in (made(), made(n_voxels=FINER_VOXELS))
    )
    return true, plain, finer


@pytest.mark.parametrize("radius_mm", [20.0, 10.0])
def test_the_dose_of_a_ball_is_too_low_on_the_patch_and_right_on_finer_voxels(
    radius_mm: float,
) -> None:
    true, plain, finer = told(radius_mm, in_place=False)
    assert plain[0] < 0.99 * true[0]
    assert finer == pytest.approx(true, rel=0.01)
    assert finer[0] == pytest.approx(true[0], rel=0.006)


def test_what_stays_in_place_is_refined_too() -> None:
    true, plain, finer = told(15.0, in_place=True)
    assert plain[0] < 0.985 * true[0]
    assert abs(finer[0] - true[0]) < 0.6 * abs(plain[0] - true[0])
