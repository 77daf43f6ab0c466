"""Solid shapes have the size, place and direction that was asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.phantom.analytic import centred_grid
from opensirt.phantom.shapes import (
    cut,
    cylinder,
    joined,
    rotation,
    space_of,
    superquadric,
    tube,
)
from opensirt.phantom.texture import texture

GRID = centred_grid((40, 44, 48), (2.0, 2.0, 2.0))
SPACE = space_of(GRID)
BALL = {
    "centre_mm": [3.0, -2.0, 4.0],
    "semi_axes_mm": [20.0, 20.0, 20.0],
    "exponent": 2.0,
    "turned_deg": [0.0, 0.0, 0.0],
}


def volume_ml(inside: np.ndarray) -> float:
    return float(np.count_nonzero(inside)) * GRID.voxel_volume_ml


def test_coordinates_of_a_space_are_those_of_the_grid() -> None:
    for index in ((0, 0, 0), (7, 5, 3), (39, 43, 47)):
        k, j, i = index
        found = (SPACE.x[0, 0, i], SPACE.y[0, j, 0], SPACE.z[k, 0, 0])
        np.testing.assert_allclose(found, GRID.lps_mm(index))


def test_a_box_holds_the_voxels_between_its_corners() -> None:
    part = space_of(GRID, (-10.0, -6.0, 0.0), (10.0, 8.0, 30.0))
    assert part.x.min() >= -10
    assert part.y.max() <= 8
    assert part.z.min() >= 0
    whole = np.zeros(GRID.shape, dtype=bool)
    whole[part.box] = True
    assert whole.sum() == np.prod(part.shape) == 10 * 7 * 15


def test_a_ball_is_as_far_away_as_it_is() -> None:
    away = np.sqrt((SPACE.x - 3) ** 2 + (SPACE.y + 2) ** 2 + (SPACE.z - 4) ** 2) - 20
    np.testing.assert_allclose(superquadric(SPACE, BALL), away, atol=1e-3)


@given(st.tuples(*[st.floats(-90.0, 90.0)] * 3))
def test_turning_keeps_the_volume(turned_deg: tuple[float, float, float]) -> None:
    shape = {
        **BALL,
        "semi_axes_mm": [26.0, 14.0, 18.0],
        "exponent": 2.4,
        "turned_deg": list(turned_deg),
    }
    straight = superquadric(SPACE, {**shape, "turned_deg": [0.0, 0.0, 0.0]}) <= 0
    turned = superquadric(SPACE, shape) <= 0
    assert volume_ml(turned) == pytest.approx(volume_ml(straight), rel=0.03)


def test_rotations_are_right_handed() -> None:
    np.testing.assert_allclose(rotation([0, 0, 90]) @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(rotation([90, 0, 0]) @ [0, 1, 0], [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(rotation([0, 90, 0]) @ [0, 0, 1], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(
        rotation([10, 20, 30]) @ rotation([10, 20, 30]).T, np.eye(3), atol=1e-12
    )


def test_a_long_axis_turned_about_z_points_to_the_back() -> None:
    shape = {
        **BALL,
        "centre_mm": [0, 0, 0],
        "semi_axes_mm": [30.0, 6.0, 6.0],
        "turned_deg": [0, 0, 90],
    }
    inside = superquadric(SPACE, shape) <= 0
    reach = np.flatnonzero(inside.any(axis=(0, 2)))
    assert np.ptp(SPACE.y[0, reach, 0]) > 50
    assert np.ptp(SPACE.x[0, 0, np.flatnonzero(inside.any(axis=(0, 1)))]) < 15


def test_a_cylinder_is_an_upright_ellipse() -> None:
    inside = cylinder(SPACE, (0.0, 0.0), 20.0, 10.0) <= 0
    area_mm2 = np.count_nonzero(inside) * 4.0
    assert area_mm2 == pytest.approx(np.pi * 200, rel=0.02)


def test_a_tube_has_its_length_and_radius() -> None:
    made = tube(SPACE, [[-20.3, 0.4, 0.6], [0.1, 0.4, 0.6], [19.7, 0.4, 0.6]], [9.0, 9.0, 9.0])
    wanted_ml = (np.pi * 81 * 40 + 4 / 3 * np.pi * 729) * 1e-3
    assert volume_ml(made <= 0) == pytest.approx(wanted_ml, rel=0.03)


def test_a_tube_grows_thinner_along_its_way() -> None:
    made = tube(SPACE, [[-30.0, 0.0, 0.0], [30.0, 0.0, 0.0]], [10.0, 2.0]) <= 0
    left = made[:, :, SPACE.x[0, 0] > 10].sum()
    right = made[:, :, SPACE.x[0, 0] < -10].sum()
    assert right > 2 * left > 0


def test_a_union_holds_both_and_a_fillet_and_a_cut_holds_nothing_of_the_other() -> None:
    first = superquadric(SPACE, BALL)
    second = superquadric(SPACE, {**BALL, "centre_mm": [-20.0, -2.0, 4.0]})
    both = joined(first, second, 8.0) <= 0
    assert both[(first <= 0) | (second <= 0)].all()
    assert both.sum() > ((first <= 0) | (second <= 0)).sum()
    left = cut(first, second, 8.0) <= 0
    assert not (left & (second <= 0)).any()
    assert not (left & (first > 0)).any()


@given(st.integers(0, 2**32 - 1), st.floats(0.5, 4.0))
def test_a_texture_has_mean_zero_and_spread_one(seed: int, length: float) -> None:
    made = texture((16, 18, 20), length, np.random.default_rng(seed))
    assert float(made.mean()) == pytest.approx(0.0, abs=1e-4)
    assert float(made.std()) == pytest.approx(1.0, abs=1e-4)


def test_a_longer_texture_is_smoother() -> None:
    rough, smooth = (
        float(np.abs(np.diff(texture((40, 40, 40), length, np.random.default_rng(3)))).mean())
        for length in (0.5, 3.0)
    )
    assert smooth < rough / 3
