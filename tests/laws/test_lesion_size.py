"""Sizes of outlined lesions against spheres, ellipsoids and oblique grids of known size."""

import numpy as np
import pytest
from builders import FRAME, affine, centred_grid
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.structure import Mask
from opensirt.errors import InputError
from opensirt.imaging.lesion_size import lesion_size

ANGLES = st.floats(-180.0, 180.0)


def turned(about: str, degrees: float) -> NDArray[np.float64]:
    """Return a rotation about one axis of LPS space."""
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[about]
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = cosine
    turn[first, second], turn[second, first] = -sine, sine
    return turn


def oblique_grid(
    half_mm: float, spacing_mm: tuple[float, float, float], turn: NDArray[np.float64]
) -> Grid:
    """Return a grid around the origin whose k, j, i were z, y, x before they were turned."""
    shape = tuple(int(2 * half_mm / one) + 8 for one in spacing_mm)
    made = affine(spacing_mm)
    made[:3, :3] = turn @ made[:3, :3]
    made[:3, 3] = -(made[:3, :3] @ (np.array(shape) - 1.0)) / 2
    return Grid((shape[0], shape[1], shape[2]), made, FRAME)


def ellipsoid(
    grid: Grid,
    semi_axes_mm: ArrayLike,
    centre_mm: ArrayLike = (0.0, 0.0, 0.0),
    turn: NDArray[np.float64] | None = None,
) -> Mask:
    index = np.moveaxis(np.indices(grid.shape), 0, -1)
    points = (grid.lps_mm(index) - np.asarray(centre_mm)) @ (np.eye(3) if turn is None else turn)
    return Mask(grid, ((points / np.asarray(semi_axes_mm)) ** 2).sum(axis=-1) <= 1.0)


@settings(deadline=None, max_examples=10)
@given(
    radius_mm=st.floats(6.0, 30.0),
    centre_mm=st.tuples(*[st.floats(-0.5, 0.5)] * 3),
    spacing_mm=st.sampled_from([(1.0, 1.0, 1.0), (3.0, 0.8, 0.8), (2.5, 0.9, 0.9)]),
)
def test_a_sphere_has_its_diameter_within_a_pixel_and_its_volume(
    radius_mm: float,
    centre_mm: tuple[float, float, float],
    spacing_mm: tuple[float, float, float],
) -> None:
    grid = oblique_grid(radius_mm, spacing_mm, np.eye(3))
    made = lesion_size(ellipsoid(grid, [radius_mm] * 3, centre_mm))
    # A plane may miss the middle by half its distance, which takes so much off the diameter.
    missed = 2 * (radius_mm - np.sqrt(radius_mm**2 - (spacing_mm[0] / 2) ** 2))
    assert -spacing_mm[1] - missed <= made.longest_diameter_mm - 2 * radius_mm <= spacing_mm[1]
    assert made.perpendicular_mm == pytest.approx(2 * radius_mm, abs=1.5 * spacing_mm[1] + missed)
    assert made.volume_ml == pytest.approx(4e-3 / 3 * np.pi * radius_mm**3, rel=0.08)
    assert len(made.pieces) == 1
    assert made.plane_spacing_mm == spacing_mm[0]
    assert made.tilt_degrees == pytest.approx(0.0)


@settings(deadline=None, max_examples=10)
@given(lie=ANGLES, roll=ANGLES, tilt_degrees=st.floats(-25.0, 25.0))
def test_an_ellipsoid_in_any_position_on_an_oblique_grid_has_the_axes_of_its_largest_section(
    lie: float, roll: float, tilt_degrees: float
) -> None:
    semi_axes_mm = np.array([20.0, 12.0, 9.0])
    pose = turned("z", lie) @ turned("y", roll)
    turn = turned("x", tilt_degrees)
    grid = oblique_grid(20.0, (1.5, 0.8, 0.8), turn)
    made = lesion_size(ellipsoid(grid, semi_axes_mm, turn=pose))
    # Planes through the middle, at right angles to the third axis of the grid, cut an ellipse.
    shape = pose @ np.diag(1 / semi_axes_mm**2) @ pose.T
    plane = turn[:, :2]
    flattest, steepest = np.linalg.eigvalsh(plane.T @ shape @ plane)
    assert made.longest_diameter_mm == pytest.approx(2 / np.sqrt(flattest), abs=1.0)
    assert made.perpendicular_mm == pytest.approx(2 / np.sqrt(steepest), abs=1.2)
    assert made.tilt_degrees == pytest.approx(abs(tilt_degrees), abs=1e-6)
    assert made.volume_ml == pytest.approx(4e-3 / 3 * np.pi * 20 * 12 * 9, rel=0.02)


@pytest.mark.parametrize("order", [(2, 1, 0), (0, 1, 2), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("sign", [(1, 1, 1), (-1, 1, -1), (1, -1, -1)])
def test_the_order_in_which_voxels_are_stored_changes_nothing(
    order: tuple[int, int, int], sign: tuple[float, float, float]
) -> None:
    grid = centred_grid((50, 50, 50), (1.0, 1.0, 1.0))
    body = ellipsoid(grid, [18.0, 10.0, 14.0], (0.3, -0.2, 0.4))
    meant = lesion_size(body)
    made = affine((1.0, 1.0, 1.0), order=order, sign=sign)
    made[:3, 3] = -(made[:3, :3] @ np.full(3, 24.5))
    stored = lesion_size(
        ellipsoid(Grid((50, 50, 50), made, FRAME), [18.0, 10.0, 14.0], (0.3, -0.2, 0.4))
    )
    assert stored.longest_diameter_mm == pytest.approx(meant.longest_diameter_mm, abs=1e-6)
    assert stored.perpendicular_mm == pytest.approx(meant.perpendicular_mm, abs=1e-6)
    assert stored.volume_ml == meant.volume_ml


def test_the_longest_diameter_lies_in_a_plane_and_not_along_the_body() -> None:
    grid = oblique_grid(30.0, (2.0, 1.0, 1.0), np.eye(3))
    standing = lesion_size(ellipsoid(grid, [8.0, 8.0, 28.0]))
    assert standing.longest_diameter_mm == pytest.approx(16.0, abs=1.0)


def test_pieces_are_measured_one_by_one_the_largest_first() -> None:
    grid = oblique_grid(40.0, (1.0, 1.0, 1.0), np.eye(3))
    left = ellipsoid(grid, [6.0] * 3, (-20.0, 0.0, 0.0))
    right = ellipsoid(grid, [10.0] * 3, (15.0, 0.0, 5.0))
    both = lesion_size(Mask(grid, left.values | right.values))
    assert [round(one.longest_diameter_mm) for one in both.pieces] == [20, 12]
    assert both.longest_diameter_mm == both.pieces[0].longest_diameter_mm
    assert both.volume_ml == pytest.approx(left.volume_ml + right.volume_ml)


def test_one_voxel_has_about_its_own_size() -> None:
    values = np.zeros((8, 8, 8), dtype=bool)
    values[4, 4, 4] = True
    made = lesion_size(Mask(oblique_grid(0.5, (2.0, 2.0, 2.0), np.eye(3)), values))
    assert 1.0 < made.longest_diameter_mm < 3.5
    assert made.volume_ml == 0.008


def test_an_empty_outline_is_refused() -> None:
    grid = centred_grid((5, 5, 5))
    with pytest.raises(InputError, match="enter an absent lesion as absent"):
        lesion_size(Mask(grid, np.zeros((5, 5, 5), dtype=bool)))
