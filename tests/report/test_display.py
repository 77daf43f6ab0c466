"""Flat pictures are the right way round, whatever the orientation of the voxels."""

from dataclasses import replace

import numpy as np
import pytest
from builders import FRAME, affine, axis_orders, axis_signs, ball, centred_grid, turned_about_z
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.grid import Grid
from opensirt.domain.image import DoseMap
from opensirt.domain.structure import Mask
from opensirt.report.figures.display import (
    Box,
    View,
    box_of,
    box_of_grid,
    box_of_most,
    middle_of,
    part_inside,
    picture,
    projected,
    sampled,
    slice_of,
    trimmed,
)
from opensirt.report.figures.scale import top_of_scale

BOX = Box((-40.0, -30.0, -20.0), (40.0, 30.0, 20.0))


def dose(grid: Grid, values: np.ndarray) -> DoseMap:
    return DoseMap(grid=grid, values=values.astype(np.float32), engine="local")


def bright_place(flat: np.ndarray) -> tuple[float, float]:
    """Return (row, column) of the brightest point as parts of the picture, row 0 at the bottom."""
    row, column = np.unravel_index(int(np.nanargmax(flat)), flat.shape)
    return row / (flat.shape[0] - 1), column / (flat.shape[1] - 1)


@pytest.mark.parametrize(
    ("view", "where_mm", "row", "column"),
    [
        (View.AXIAL, (-30.0, 0.0, 0.0), 0.5, 0.125),  # patient's right: left of the picture
        (View.AXIAL, (0.0, -24.0, 0.0), 0.9, 0.5),  # face: up
        (View.CORONAL, (-30.0, 0.0, 0.0), 0.5, 0.125),
        (View.CORONAL, (0.0, 0.0, 15.0), 0.875, 0.5),  # head: up
        (View.SAGITTAL, (0.0, -24.0, 0.0), 0.5, 0.1),  # face: left
        (View.SAGITTAL, (0.0, 0.0, 15.0), 0.875, 0.5),
    ],
)
def test_each_side_of_the_patient_is_where_radiology_puts_it(
    view: View, where_mm: tuple[float, float, float], row: float, column: float
) -> None:
    grid = centred_grid((21, 31, 41), (2.0, 2.0, 2.0))
    index = np.moveaxis(np.indices(grid.shape), 0, -1)
    distance = np.linalg.norm(grid.lps_mm(index) - np.array(where_mm), axis=-1)
    flat = slice_of(dose(grid, np.exp(-distance / 4)), picture(view, BOX, 0.0, 1.0))
    assert bright_place(flat) == pytest.approx((row, column), abs=0.03)


@given(axis_orders, axis_signs)
def test_flipping_or_permuting_the_axes_changes_no_slice_and_no_projection(
    order: list[int], sign: tuple[float, ...]
) -> None:
    values = np.random.default_rng(3).random((8, 9, 10))
    plain = Grid(values.shape, affine((3.0, 2.5, 2.0), (-9.0, -10.0, -10.0)), FRAME)
    turned = values
    matrix = plain.affine.copy()
    for axis in range(3):
        if sign[axis] < 0:
            turned = np.flip(turned, axis)
            matrix[:3, 3] += matrix[:3, axis] * (values.shape[axis] - 1)
            matrix[:3, axis] *= -1
    turned = turned.transpose(order)
    matrix[:3, :3] = matrix[:3, :3][:, order]
    other = Grid((turned.shape[0], turned.shape[1], turned.shape[2]), matrix, FRAME)
    box = box_of_grid(plain)
    assert np.allclose(box_of_grid(other).low, box.low)
    for view in View:
        where = picture(view, box, 0.4, 1.3)
        a = slice_of(dose(plain, values), where)
        b = slice_of(dose(other, turned), where)
        assert np.allclose(a, b, atol=1e-5, equal_nan=True)
        _, first = projected(values.astype(np.float32), plain, view, box, 1.3)
        _, second = projected(np.ascontiguousarray(turned, dtype=np.float32), other, view, box, 1.3)
        assert np.allclose(first, second, atol=1e-5, equal_nan=True)


@given(st.floats(-80.0, 80.0))
def test_an_oblique_grid_shows_the_ball_where_it_lies(degrees: float) -> None:
    turn = turned_about_z(degrees)
    grid = centred_grid((30, 40, 40), (2.0, 2.0, 2.0))
    grid = replace(grid, affine=turn @ grid.affine)
    mask = ball(grid, (12.0, -8.0, 5.0), 10.0)
    where = picture(View.AXIAL, BOX, 5.0, 1.0)
    inside = part_inside(mask, where) > 0.5
    rows, columns = np.nonzero(inside)
    assert where.points_mm[rows, columns].mean(axis=0) == pytest.approx((12.0, -8.0, 5.0), abs=1.0)
    assert inside.sum() == pytest.approx(np.pi * 10**2, rel=0.12)
    placed, flat = projected(mask.values.view(np.uint8), grid, View.CORONAL, BOX, 2.0)
    rows, columns = np.nonzero(np.nan_to_num(flat) > 0.5)
    middle = placed.points_mm[rows, columns].mean(axis=0)
    assert (middle[0], middle[2]) == pytest.approx((12.0, 5.0), abs=1.0)


def test_points_outside_the_voxels_have_no_value() -> None:
    grid = centred_grid((4, 4, 4), (2.0, 2.0, 2.0))
    values = np.ones(grid.shape, dtype=np.float32)
    points = np.array([[3.9, 0.0, 0.0], [4.1, 0.0, 0.0], [0.0, 0.0, -3.9]])
    found = sampled(values, grid, points)
    assert found[0] == found[2] == 1.0
    assert np.isnan(found[1])


def test_a_ramp_is_sampled_exactly() -> None:
    grid = centred_grid((6, 6, 6), (2.0, 3.0, 4.0))
    index = np.moveaxis(np.indices(grid.shape), 0, -1)
    ramp = grid.lps_mm(index) @ np.array([1.0, 2.0, 3.0])
    point = np.array([[1.3, -2.2, 0.7]])
    assert sampled(ramp.astype(np.float32), grid, point)[0] == pytest.approx(
        float((point @ np.array([1.0, 2.0, 3.0]))[0]), abs=1e-4
    )


def test_a_projection_holds_the_maximum_along_the_line_of_sight() -> None:
    grid = centred_grid((5, 6, 7), (2.0, 2.0, 2.0))
    values = np.random.default_rng(1).random(grid.shape).astype(np.float32)
    _, flat = projected(values, grid, View.CORONAL, box_of_grid(grid), 2.0)
    assert np.allclose(flat, values.max(axis=1), atol=1e-6)
    _, side = projected(values, grid, View.SAGITTAL, box_of_grid(grid), 2.0)
    assert np.allclose(side, values.max(axis=2), atol=1e-6)


def test_a_projection_of_a_box_ignores_what_lies_behind_it() -> None:
    grid = centred_grid((5, 21, 5), (2.0, 2.0, 2.0))
    values = np.zeros(grid.shape, dtype=np.float32)
    values[2, 0, 2] = 9.0
    values[2, 10, 2] = 1.0
    box = Box((-5.0, -6.0, -5.0), (5.0, 6.0, 5.0))
    _, flat = projected(values, grid, View.CORONAL, box, 2.0)
    assert np.nanmax(flat) == pytest.approx(1.0)


def test_a_trimmed_mask_keeps_its_place_and_its_volume() -> None:
    grid = centred_grid((20, 22, 24), (3.0, 2.0, 1.5))
    mask = ball(grid, (4.0, -3.0, 2.0), 9.0)
    small = trimmed(mask)
    assert small is not None
    assert small.values.size < mask.values.size / 5
    assert small.volume_ml == pytest.approx(mask.volume_ml)
    assert middle_of(small) == pytest.approx(middle_of(mask))
    where = picture(View.AXIAL, BOX, 2.0, 1.0)
    assert np.array_equal(part_inside(small, where), part_inside(mask, where))


def test_a_trimmed_mask_at_the_edge_of_its_grid_still_has_a_rim() -> None:
    grid = centred_grid((3, 3, 3), (2.0, 2.0, 2.0))
    small = trimmed(Mask(grid, np.ones(grid.shape, dtype=bool)))
    assert small is not None
    assert small.values.shape == (5, 5, 5)
    assert small.volume_ml == pytest.approx(27 * 0.008)


def test_an_empty_mask_has_no_box_and_no_outline() -> None:
    grid = centred_grid((3, 3, 3))
    empty = Mask(grid, np.zeros(grid.shape, dtype=bool))
    assert trimmed(empty) is None
    assert box_of(grid, empty.values) is None


def test_the_middle_of_a_ring_lies_on_the_ring() -> None:
    grid = centred_grid((3, 31, 31), (2.0, 2.0, 2.0))
    outer = ball(grid, (0, 0, 0), 25.0).values
    ring = Mask(grid, outer & ~ball(grid, (0, 0, 0), 15.0).values)
    assert 15.0 <= np.linalg.norm(middle_of(ring)) <= 25.0


def test_the_box_of_most_of_the_activity_leaves_out_weak_noise_far_away() -> None:
    grid = centred_grid((41, 41, 41), (2.0, 2.0, 2.0))
    values = np.full(grid.shape, 1e-6, dtype=np.float32)
    values[ball(grid, (0, 0, 0), 10.0).values] = 1.0
    values[0, 0, 0] = -5.0
    box = box_of_most(grid, values, 0.02)
    assert box is not None
    assert max(box.size_mm) <= 22.0
    assert box_of_most(grid, np.zeros(grid.shape, dtype=np.float32), 0.02) is None


def test_boxes_join_meet_and_grow() -> None:
    a, b = Box((0, 0, 0), (2, 2, 2)), Box((1, 1, 1), (5, 5, 5))
    assert a.joined(b) == Box((0, 0, 0), (5, 5, 5))
    assert a.within(b) == Box((1, 1, 1), (2, 2, 2))
    assert a.grown(1.0) == Box((-1, -1, -1), (3, 3, 3))
    far = Box((9, 9, 9), (10, 10, 10))
    assert a.within(far) == a


@pytest.mark.parametrize(
    ("highest", "top"), [(702.0, 800.0), (312.0, 400.0), (0.0123, 0.015), (1.0, 1.0), (96.0, 100.0)]
)
def test_a_colour_scale_ends_at_a_round_number(highest: float, top: float) -> None:
    values = np.full((10, 10), highest, dtype=np.float32)
    assert top_of_scale([values]) == pytest.approx(top)


def test_one_hot_voxel_does_not_darken_the_picture() -> None:
    values = np.full((100, 100), 50.0, dtype=np.float32)
    values[0, 0] = 900.0
    assert top_of_scale([values]) == pytest.approx(50.0)


def test_nothing_above_zero_gives_a_scale_of_one() -> None:
    assert top_of_scale([np.full((3, 3), np.nan, dtype=np.float32)]) == 1.0
    assert top_of_scale([np.zeros((3, 3), dtype=np.float32)]) == 1.0
