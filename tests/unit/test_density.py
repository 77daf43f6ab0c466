"""Densities from one number, from an organ's mass and from CT numbers."""

import numpy as np
import pytest
from builders import FRAME, activity, affine, ball, centred_grid

from opensirt.domain.grid import Grid
from opensirt.domain.image import CtImage
from opensirt.errors import GeometryError, InputError
from opensirt.imaging.density import (
    activity_outside,
    ct_curve_source,
    density_from_ct,
    uniform_density,
    with_organ_mass,
)
from opensirt.imaging.plausibility import mirror_gain, mirrored, negative_voxels
from opensirt.imaging.voxel_weights import voxel_weights

GRID = centred_grid((30, 30, 30), (3.0, 3.0, 3.0))


def ct(values: np.ndarray) -> CtImage:
    grid = Grid(values.shape, affine(), FRAME)
    return CtImage(grid=grid, values=values.astype(np.float32))


def test_air_water_and_lung_have_their_densities() -> None:
    values = np.array([[[-1000.0, 0.0, -750.0, 100.0, 3000.0, 5000.0]]])
    density = density_from_ct(ct(values)).values[0, 0] * 1000
    np.testing.assert_allclose(density, [0.0, 1.0, 0.25, 1.1, 2.85, 2.85], rtol=1e-6)


def test_the_ct_curve_says_that_it_is_not_verified() -> None:
    source, verified = ct_curve_source()
    assert "Kao" in source
    assert not verified


@pytest.mark.parametrize("values", [[0.0, 1000.0, 2000.0], [-1024.0, -1024.0], [-9000.0, 50.0]])
def test_values_that_are_no_ct_numbers_are_refused(values: list[float]) -> None:
    with pytest.raises(InputError, match="not CT numbers in HU"):
        density_from_ct(ct(np.array([[values]])))


def test_an_organ_gets_the_mass_that_is_stated() -> None:
    lung = ball(GRID, (0, 0, 12), 25)
    weights = voxel_weights(lung, GRID)
    density = with_organ_mass(uniform_density(GRID, 1.05e-3), [weights], 0.02)
    assert lung.volume_ml * weights.mean(density) == pytest.approx(0.02, rel=1e-5)
    assert density.values.max() == pytest.approx(1.05e-3)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan")])
def test_a_density_that_is_not_above_zero_is_refused(bad: float) -> None:
    with pytest.raises(InputError, match="above zero"):
        uniform_density(GRID, bad)


def test_activity_outside_another_grid_is_counted_by_activity() -> None:
    values = np.zeros(GRID.shape)
    values[5, 15, 15] = 3.0
    values[25, 15, 15] = 1.0
    values[26, 15, 15] = -7.0
    top = Grid((15, 30, 30), GRID.affine, FRAME)
    assert activity_outside(activity(GRID, values), top) == pytest.approx(0.25)
    assert activity_outside(activity(GRID, values), GRID) == 0.0


def test_negative_voxels_are_counted() -> None:
    values = np.zeros(GRID.shape)
    values[0, 0, :3] = (-1.0, -1.0, 8.0)
    n_below, part = negative_voxels(activity(GRID, values))
    assert n_below == 2
    assert part == pytest.approx(0.2)
    assert negative_voxels(activity(GRID, 1.0)) == (0, 0.0)


def test_a_mirrored_mask_holds_more_only_when_the_mask_is_on_the_wrong_side() -> None:
    liver = ball(GRID, (-20, 0, 0), 15)
    values = np.where(liver.values, 10.0, 0.1)
    image = activity(GRID, values)
    assert mirror_gain(liver, image) < 0.1
    assert mirror_gain(mirrored(liver, 0.0), image) > 10


def test_a_mask_flipped_on_its_own_offset_grid_is_noticed() -> None:
    grid = Grid((30, 30, 30), affine((3, 3, 3), (-60.0, -45.0, -45.0)), FRAME)
    liver = ball(grid, (-35, 0, 0), 15)
    image = activity(GRID, np.where(ball(GRID, (-35, 0, 0), 15).values, 10.0, 0.1))
    flipped = liver.with_values(np.ascontiguousarray(liver.values[:, :, ::-1]))
    assert mirror_gain(liver, image) < 1 < mirror_gain(flipped, image)


def test_a_mask_away_from_the_image_is_refused() -> None:
    far = Grid((4, 4, 4), affine((3, 3, 3), (500, 0, 0)), FRAME)
    with pytest.raises(GeometryError, match="does not touch"):
        mirror_gain(ball(far, (505, 5, 5), 6), activity(GRID, 1.0))
