"""Laws of fractional voxel weights."""

import numpy as np
import pytest
from builders import (
    FRAME,
    affine,
    axis_orders,
    axis_signs,
    centred_grid,
    offsets_mm,
    seeds,
    spacings_mm,
    turned_about_z,
)
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.grid import Grid
from opensirt.domain.image import ActivityMap, Event
from opensirt.domain.structure import Mask, VoxelWeights
from opensirt.errors import GeometryError
from opensirt.imaging.voxel_weights import cropped, voxel_weights


def blob(seed: int, shape: tuple[int, int, int] = (9, 8, 7)) -> np.ndarray:
    values = np.random.default_rng(seed).random(shape) < 0.4
    values[shape[0] // 2, shape[1] // 2, shape[2] // 2] = True
    return values


def large_grid() -> Grid:
    return centred_grid((60, 90, 50), (3.0, 2.0, 4.0))


def dense(weights: VoxelWeights) -> np.ndarray:
    values = np.zeros(weights.grid.n_voxels)
    values[weights.flat_index] = weights.fraction
    return values.reshape(weights.grid.shape)


@given(spacings_mm, offsets_mm, axis_orders, axis_signs, seeds)
def test_the_volume_of_the_native_mask_is_kept(
    spacing: tuple[float, ...],
    offset: tuple[float, ...],
    order: list[int],
    sign: tuple[float, ...],
    seed: int,
) -> None:
    mask = Mask(Grid((9, 8, 7), affine(spacing, offset, order, sign), FRAME), blob(seed))
    weights = voxel_weights(mask, large_grid())
    assert weights.volume_ml == pytest.approx(mask.volume_ml, rel=1e-9)
    assert weights.volume_outside_ml == 0.0
    assert weights.fraction.max() <= 1 + 1e-9


@given(seeds)
def test_a_mask_on_its_own_grid_is_itself(seed: int) -> None:
    grid = Grid((9, 8, 7), affine((2.0, 3.0, 1.5), (1.0, 2.0, 3.0), [2, 1, 0], (1, 1, -1)), FRAME)
    values = blob(seed)
    np.testing.assert_allclose(dense(voxel_weights(Mask(grid, values), grid)), values, atol=1e-12)


@given(seeds, st.floats(3.0, 87.0))
def test_an_oblique_mask_keeps_its_volume_and_centre(seed: int, degrees: float) -> None:
    turned = turned_about_z(degrees) @ affine((2.0, 2.0, 2.0), (0, 0, 0), [2, 1, 0], (1, 1, 1))
    mask = Mask(Grid((9, 8, 7), turned, FRAME), blob(seed))
    weights = voxel_weights(mask, large_grid())
    assert weights.volume_ml == pytest.approx(mask.volume_ml, rel=1e-9)
    index = np.stack(np.unravel_index(weights.flat_index, weights.grid.shape), axis=-1)
    centre = weights.fraction @ weights.grid.lps_mm(index) / weights.fraction.sum()
    wanted = mask.grid.lps_mm(np.argwhere(mask.values)).mean(axis=0)
    np.testing.assert_allclose(centre, wanted, atol=0.5)


def test_nearly_parallel_and_parallel_grids_agree() -> None:
    straight = affine((0.8, 0.8, 0.8), (0.3, 0.2, 0.1), [2, 1, 0], (1, 1, 1))
    values = np.ones((20, 18, 16), dtype=bool)
    exact = dense(voxel_weights(Mask(Grid(values.shape, straight, FRAME), values), large_grid()))
    tilted = Grid(values.shape, turned_about_z(0.02) @ straight, FRAME)
    near = dense(voxel_weights(Mask(tilted, values), large_grid()))
    assert np.abs(exact - near).max() < 0.1  # an eighth of a voxel, resolved from both sides
    assert np.abs(exact - near).sum() < 0.08 * exact.sum()


def test_a_half_covered_voxel_has_half_the_weight() -> None:
    target = Grid((1, 1, 2), affine((1, 1, 1), (0, 0, 0), [2, 1, 0], (1, 1, 1)), FRAME)
    source = Grid((1, 1, 1), affine((1, 1, 1), (0.5, 0, 0), [2, 1, 0], (1, 1, 1)), FRAME)
    weights = voxel_weights(Mask(source, np.ones((1, 1, 1), dtype=bool)), target)
    np.testing.assert_allclose(dense(weights), [[[0.5, 0.5]]])


def test_what_lies_outside_the_grid_is_named_in_millilitres() -> None:
    target = Grid((4, 4, 4), affine((10, 10, 10), (0, 0, 0), [2, 1, 0], (1, 1, 1)), FRAME)
    source = Grid((4, 4, 4), affine((10, 10, 10), (20, 0, 0), [2, 1, 0], (1, 1, 1)), FRAME)
    weights = voxel_weights(Mask(source, np.ones((4, 4, 4), dtype=bool)), target)
    assert weights.volume_ml == pytest.approx(32.0)
    assert weights.volume_outside_ml == pytest.approx(32.0)


def test_an_empty_mask_has_no_weights_and_no_mean() -> None:
    grid = large_grid()
    weights = voxel_weights(Mask(grid, np.zeros(grid.shape, dtype=bool)), grid)
    assert weights.fraction.size == 0
    image = ActivityMap(
        grid=grid,
        values=np.ones(grid.shape, dtype=np.float32),
        radionuclide="Y-90",
        reference_at=Event.ADMINISTRATION,
    )
    with pytest.raises(GeometryError, match="does not touch"):
        weights.mean(image)


def test_different_frames_of_reference_are_refused() -> None:
    grid = large_grid()
    other = Grid((2, 2, 2), np.eye(4), "2.25.8")
    with pytest.raises(GeometryError, match="frames of reference differ"):
        voxel_weights(Mask(other, np.ones((2, 2, 2), dtype=bool)), grid)


@given(seeds, offsets_mm)
def test_cropping_moves_nothing(seed: int, offset: tuple[float, ...]) -> None:
    values = np.zeros((12, 11, 10), dtype=bool)
    values[3:8, 2:9, 4:7] = blob(seed, (5, 7, 3))
    grid = Grid(values.shape, affine((2, 1, 3), offset, [1, 2, 0], (1, -1, 1)), FRAME)
    small = cropped(Mask(grid, values))
    before = grid.lps_mm(np.argwhere(values))
    after = small.grid.lps_mm(np.argwhere(small.values))
    np.testing.assert_allclose(before, after, atol=1e-9)
