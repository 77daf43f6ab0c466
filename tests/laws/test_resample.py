"""Laws of the mean of an image over the voxels of another grid."""

from collections.abc import Sequence

import numpy as np
import pytest
from builders import (
    FRAME,
    affine,
    axis_orders,
    axis_signs,
    offsets_mm,
    seeds,
    spacings_mm,
    turned_about_z,
)
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.grid import Grid
from opensirt.domain.image import CtImage, DensityMap
from opensirt.errors import GeometryError
from opensirt.imaging.resample import averaged_on


def density(grid: Grid, seed: int) -> DensityMap:
    values = np.random.default_rng(seed).random(grid.shape, dtype=np.float32)
    return DensityMap(grid=grid, values=values)


@given(seeds, spacings_mm, offsets_mm, axis_orders, axis_signs)
def test_an_even_image_stays_even(
    seed: int,
    spacing: Sequence[float],
    offset: Sequence[float],
    order: Sequence[int],
    sign: Sequence[float],
) -> None:
    grid = Grid((5, 6, 7), affine((2.0, 3.0, 1.5)), FRAME)
    other = Grid((4, 3, 5), affine(spacing, offset, order, sign), FRAME)
    even = CtImage(grid=grid, values=np.full(grid.shape, float(seed % 100), np.float32))
    np.testing.assert_allclose(averaged_on(even, other).values, seed % 100, rtol=1e-5)


@given(seeds, axis_orders, axis_signs)
def test_the_mass_of_everything_is_kept_on_a_coarser_grid(
    seed: int, order: Sequence[int], sign: Sequence[float]
) -> None:
    fine = density(Grid((8, 8, 8), affine((1.0, 1.0, 1.0)), FRAME), seed)
    # Voxels of 2 mm that cover the same cube, in any order and direction of axes.
    start = [-0.5 if one > 0 else 7.5 for one in sign]
    corner = [0.0, 0.0, 0.0]
    for column, row in enumerate(order):
        corner[row] = start[column] + sign[column] * 1.0
    coarse = Grid((4, 4, 4), affine((2.0, 2.0, 2.0), corner, order, sign), FRAME)
    assert averaged_on(fine, coarse).total() == pytest.approx(fine.total(), rel=1e-6)


def test_two_voxels_in_one_give_their_mean() -> None:
    fine = CtImage(
        grid=Grid((1, 1, 4), affine((1.0, 1.0, 1.0)), FRAME),
        values=np.array([[[0.0, 10.0, 20.0, 40.0]]], np.float32),
    )
    coarse = Grid((1, 1, 2), affine((1.0, 1.0, 2.0), (0.5, 0.0, 0.0)), FRAME)
    assert averaged_on(fine, coarse).values.tolist() == [[[5.0, 30.0]]]


def test_beyond_its_edge_an_image_goes_on() -> None:
    one = CtImage(
        grid=Grid((1, 1, 2), affine((1.0, 1.0, 1.0)), FRAME),
        values=np.array([[[3.0, 7.0]]], np.float32),
    )
    wide = Grid((1, 1, 4), affine((1.0, 1.0, 1.0), (-1.0, 0.0, 0.0)), FRAME)
    assert averaged_on(one, wide).values.tolist() == [[[3.0, 3.0, 7.0, 7.0]]]


@given(st.floats(5.0, 40.0))
def test_a_slope_stays_a_slope_on_an_oblique_grid(degrees: float) -> None:
    grid = Grid((9, 41, 41), affine((2.0, 1.0, 1.0), (-20.0, -20.0, -8.0)), FRAME)
    x_mm = grid.lps_mm(np.moveaxis(np.indices(grid.shape), 0, -1))[..., 0]
    slope = CtImage(grid=grid, values=x_mm.astype(np.float32))
    turned = turned_about_z(degrees) @ affine((2.0, 2.0, 2.0), (-4.0, -4.0, -4.0))
    other = Grid((3, 5, 5), turned, FRAME)
    wanted = other.lps_mm(np.moveaxis(np.indices(other.shape), 0, -1))[..., 0]
    np.testing.assert_allclose(averaged_on(slope, other).values, wanted, atol=1e-4)


def test_an_image_on_its_own_grid_is_itself() -> None:
    grid = Grid((2, 2, 2), affine(), FRAME)
    one = density(grid, 1)
    assert averaged_on(one, Grid((2, 2, 2), affine(), FRAME)) is one


def test_frames_of_reference_must_agree() -> None:
    one = density(Grid((2, 2, 2), affine(), FRAME), 1)
    with pytest.raises(GeometryError, match="frames of reference differ"):
        averaged_on(one, Grid((2, 2, 2), affine(), "2.25.8"))
