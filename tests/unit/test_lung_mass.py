"""Lung mass from a CT."""

import numpy as np
import pytest
from builders import centred_grid

from opensirt.domain.grid import Grid
from opensirt.domain.image import CtImage
from opensirt.domain.missing import Missing
from opensirt.domain.structure import Mask
from opensirt.errors import GeometryError
from opensirt.imaging.lung_mass import lung_mass_kg

GRID = centred_grid((20, 20, 20), (10.0, 10.0, 10.0))
BLOCK = np.zeros(GRID.shape, dtype=bool)
BLOCK[5:15, 5:15, 2:18] = True  # 1600 mL


def ct(hu: float) -> CtImage:
    values = np.full(GRID.shape, -1000.0, dtype=np.float32)
    values[BLOCK] = hu
    values[0, 0, 0] = 40.0  # soft tissue: without any it would be no CT
    return CtImage(grid=GRID, values=values)


@pytest.mark.parametrize("hu", [-790.0, -850.0, -700.0])
def test_the_mass_is_volume_times_density(hu: float) -> None:
    assert lung_mass_kg(ct(hu), [Mask(GRID, BLOCK)]) == pytest.approx(
        1.600 * (hu + 1000) / 1000, rel=1e-6
    )


def test_two_lungs_add_up() -> None:
    half = BLOCK.copy()
    half[:, :, 10:] = False
    parts = [Mask(GRID, half), Mask(GRID, BLOCK & ~half)]
    whole = lung_mass_kg(ct(-800.0), [Mask(GRID, BLOCK)])
    assert lung_mass_kg(ct(-800.0), parts) == pytest.approx(whole)


def test_lungs_that_the_ct_cuts_off_have_no_mass() -> None:
    cut = Grid((10, 20, 20), GRID.affine, GRID.frame_of_reference_uid)
    image = CtImage(grid=cut, values=ct(-800.0).values[:10])
    assert lung_mass_kg(image, [Mask(GRID, BLOCK)]) is Missing.NOT_EVALUABLE


def test_without_lungs_there_is_no_mass() -> None:
    assert lung_mass_kg(ct(-800.0), []) is Missing.NEEDS_STRUCTURE


def test_another_frame_is_refused() -> None:
    other = Grid(GRID.shape, GRID.affine, "2.25.9")
    with pytest.raises(GeometryError, match="frames of reference differ"):
        lung_mass_kg(ct(-800.0), [Mask(other, BLOCK)])
