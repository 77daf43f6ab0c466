"""Laws and refusals of the grid."""

from dataclasses import replace

import numpy as np
import pytest
from builders import (
    FRAME,
    affine,
    axis_orders,
    axis_signs,
    centred_grid,
    offsets_mm,
    spacings_mm,
    turned_about_z,
)
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.grid import Grid, frame_of_reference_uid
from opensirt.errors import GeometryError


@given(spacings_mm, offsets_mm, axis_orders, axis_signs, st.floats(-180, 180))
def test_index_to_millimetres_and_back_is_nothing(
    spacing: tuple[float, ...],
    offset: tuple[float, ...],
    order: list[int],
    sign: tuple[float, ...],
    degrees: float,
) -> None:
    grid = Grid((4, 5, 6), turned_about_z(degrees) @ affine(spacing, offset, order, sign), FRAME)
    index = np.array([[0, 0, 0], [3, 4, 5], [1.5, 2.25, 0.5]])
    np.testing.assert_allclose(grid.index_of(grid.lps_mm(index)), index, atol=1e-9)
    np.testing.assert_allclose(grid.spacing_mm, spacing, rtol=1e-12)
    assert grid.voxel_volume_ml == pytest.approx(np.prod(spacing) / 1000)


def test_the_first_axis_is_k_and_maps_to_z() -> None:
    grid = Grid((2, 3, 4), affine((5.0, 3.0, 2.0), (10, 20, 30)), FRAME)
    np.testing.assert_allclose(grid.lps_mm([1, 0, 0]), [10, 20, 35])
    np.testing.assert_allclose(grid.lps_mm([0, 0, 1]), [12, 20, 30])


def test_grids_that_differ_only_in_the_frame_of_reference_are_refused() -> None:
    first = centred_grid()
    second = replace(first, frame_of_reference_uid="2.25.8")
    with pytest.raises(GeometryError, match="frames of reference differ"):
        first.require_same(second)


def test_grids_that_differ_in_shape_are_refused() -> None:
    with pytest.raises(GeometryError, match="shapes differ"):
        centred_grid().require_same(centred_grid((40, 40, 39)))


def test_grids_a_tenth_of_a_millimetre_apart_are_refused_and_a_micrometre_is_not() -> None:
    first = centred_grid()
    for gap_mm, same in ((1e-4, True), (0.1, False)):
        moved = first.affine.copy()
        moved[0, 3] += gap_mm
        second = replace(first, affine=moved)
        if same:
            first.require_same(second)
        else:
            with pytest.raises(GeometryError, match=r"corners lie 0\.1 mm apart"):
                first.require_same(second)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (np.eye(3), "4×4"),
        (np.full((4, 4), np.nan), "not finite"),
        (np.diag([1.0, 1.0, 0.0, 1.0]), "singular"),
        (np.array([[1, 0.2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), "sheared"),
        (np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1.0]]), "last row"),
    ],
)
def test_an_affine_that_is_no_grid_is_refused(made: np.ndarray, message: str) -> None:
    with pytest.raises(GeometryError, match=message):
        Grid((2, 2, 2), made, FRAME)


def test_a_grid_without_frame_of_reference_is_refused() -> None:
    with pytest.raises(GeometryError, match="no frame of reference"):
        Grid((2, 2, 2), np.eye(4), "")


def test_a_grid_without_voxels_is_refused() -> None:
    with pytest.raises(GeometryError, match="at least one voxel"):
        Grid((2, 0, 2), np.eye(4), FRAME)


@given(st.text(min_size=1))
def test_a_named_frame_always_has_the_same_valid_uid(name: str) -> None:
    uid = frame_of_reference_uid(name)
    assert uid == frame_of_reference_uid(name)
    assert len(uid) <= 64
    assert all(part.isdigit() for part in uid.split("."))


def test_a_uid_stays_itself_and_names_differ() -> None:
    assert frame_of_reference_uid("1.2.840.1") == "1.2.840.1"
    assert frame_of_reference_uid("pet") != frame_of_reference_uid("ct")
