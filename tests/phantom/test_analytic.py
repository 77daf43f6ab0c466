"""Analytic phantoms state the exact truth of their voxels, wherever and however they are stored."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.dvh import Dvh
from opensirt.errors import GeometryError, InputError
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.phantom.analytic import (
    AnalyticPhantom,
    ball,
    centred_grid,
    flipped,
    permuted,
    ramp,
    shifted,
    sphere,
    turned,
    two_compartments,
    uniform_slab,
)

GRID = centred_grid((20, 22, 24), (3.0, 2.0, 2.5))
DENSITY = 0.00105


def compartments() -> AnalyticPhantom:
    return two_compartments(
        GRID,
        liver_diameter_mm=40.0,
        tumour_diameter_mm=16.0,
        normal_bq_per_ml=1000.0,
        tumour_to_normal_ratio=4.0,
        density_kg_per_ml=DENSITY,
    )


def ball_phantom() -> AnalyticPhantom:
    return sphere(
        GRID,
        diameter_mm=20.0,
        concentration_bq_per_ml=2048.0,
        density_kg_per_ml=DENSITY,
        centre_mm=(5.0, -3.0, 2.0),
    )


def slab() -> AnalyticPhantom:
    return uniform_slab(GRID, n_slices=7, concentration_bq_per_ml=512.0, density_kg_per_ml=DENSITY)


def stairs() -> AnalyticPhantom:
    grid = centred_grid((3, 4, 100), (3.0, 2.0, 2.5))
    return ramp(grid, step_bq_per_ml=1.0, density_kg_per_ml=DENSITY)


PHANTOMS = (compartments, ball_phantom, slab, stairs)


def check_truth(phantom: AnalyticPhantom) -> None:
    assert phantom.activity.total() == pytest.approx(phantom.true_activity_bq, rel=1e-6)
    for one in phantom.structures:
        assert one.volume_ml == pytest.approx(phantom.true_volume_ml[one.label], rel=1e-12)
        mean = voxel_weights(one.mask, phantom.grid).mean(phantom.activity)
        assert mean == pytest.approx(phantom.true_mean_bq_per_ml[one.label], rel=1e-6)


@pytest.mark.parametrize("make", PHANTOMS)
def test_the_stated_truth_is_that_of_the_voxels(make: Callable[[], AnalyticPhantom]) -> None:
    check_truth(make())


def test_a_slab_has_the_volume_of_its_slices() -> None:
    made = slab()
    assert made.true_volume_ml["slab"] == pytest.approx(7 * 22 * 24 * 15e-3)
    assert made.true_activity_bq == pytest.approx(512.0 * 7 * 22 * 24 * 15e-3)
    assert float(made.activity.values[7:].max()) == 0.0


def test_a_finely_sampled_ball_has_the_volume_of_a_sphere() -> None:
    grid = centred_grid((80, 80, 80), (1.0, 1.0, 1.0))
    assert ball(grid, (0.3, -0.2, 0.1), 60.0).volume_ml == pytest.approx(
        np.pi / 6 * 60**3 * 1e-3, rel=0.002
    )


def test_two_compartments_hold_the_ratio_and_fill_the_liver() -> None:
    made = compartments()
    volume = made.true_volume_ml
    assert volume["tumour"] + volume["normal liver"] == pytest.approx(volume["liver"])
    mean = made.true_mean_bq_per_ml
    assert mean["tumour"] / mean["normal liver"] == 4.0
    assert mean["liver"] * volume["liver"] == pytest.approx(made.true_activity_bq)


def test_quantiles_of_the_ramp_are_exact() -> None:
    made = stairs()
    curve = Dvh(made.activity.values.reshape(-1).astype(float), made.grid.voxel_volume_ml)
    assert [curve.dose_gy(part) for part in (0.95, 0.50, 0.05)] == [6, 51, 96]
    assert made.true_mean_bq_per_ml["ramp"] == 50.5


@given(st.tuples(*[st.floats(-300.0, 300.0)] * 3))
def test_moving_a_phantom_changes_no_figure_but_its_place(by: tuple[float, float, float]) -> None:
    moved = shifted(compartments(), by)
    check_truth(moved)
    np.testing.assert_allclose(
        moved.grid.lps_mm((0, 0, 0)) - compartments().grid.lps_mm((0, 0, 0)), by, atol=1e-9
    )


@given(st.floats(-180.0, 180.0), st.tuples(*[st.floats(0.1, 1.0)] * 3))
def test_an_oblique_phantom_keeps_distances_and_figures(
    degrees: float, about: tuple[float, float, float]
) -> None:
    made, oblique = compartments(), turned(compartments(), degrees, about)
    check_truth(oblique)
    assert oblique.grid.spacing_mm == pytest.approx(made.grid.spacing_mm)
    point = (3, 5, 7)
    assert np.linalg.norm(oblique.grid.lps_mm(point)) == pytest.approx(
        np.linalg.norm(made.grid.lps_mm(point))
    )


def test_a_quarter_turn_about_z_brings_left_to_the_back() -> None:
    oblique = turned(compartments(), 90.0, (0.0, 0.0, 1.0))
    index = compartments().grid.index_of((10.0, 0.0, 0.0))
    np.testing.assert_allclose(oblique.grid.lps_mm(index), (0.0, 10.0, 0.0), atol=1e-9)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_flipped_phantom_lies_in_the_same_place(axis: int) -> None:
    made, other = ball_phantom(), flipped(ball_phantom(), axis)
    check_truth(other)
    assert other.grid.affine[:3, axis].sum() == -made.grid.affine[:3, axis].sum()
    weights = voxel_weights(other.structure("sphere").mask, made.grid)
    assert weights.mean(made.activity) == 2048.0
    assert weights.volume_ml == pytest.approx(made.true_volume_ml["sphere"])


@given(st.permutations([0, 1, 2]))
def test_permuted_axes_lie_in_the_same_place(order: list[int]) -> None:
    made = ball_phantom()
    other = permuted(made, (order[0], order[1], order[2]))
    check_truth(other)
    assert voxel_weights(other.structure("sphere").mask, made.grid).mean(made.activity) == 2048.0


def test_the_centre_of_the_grid_is_the_origin() -> None:
    np.testing.assert_allclose(GRID.lps_mm((np.array(GRID.shape) - 1) / 2), 0.0, atol=1e-12)


def test_impossible_phantoms_are_refused() -> None:
    with pytest.raises(InputError, match="1 to 20 slices"):
        uniform_slab(GRID, n_slices=21, concentration_bq_per_ml=1.0, density_kg_per_ml=DENSITY)
    with pytest.raises(GeometryError, match="leaves the grid"):
        ball(GRID, (20.0, 0.0, 0.0), 30.0)
    with pytest.raises(GeometryError, match="holds no voxel centre"):
        ball(GRID, (0.0, 0.0, 0.0), 0.5)
    with pytest.raises(InputError, match="does not lie inside a liver"):
        two_compartments(
            GRID,
            liver_diameter_mm=20.0,
            tumour_diameter_mm=20.0,
            normal_bq_per_ml=1.0,
            tumour_to_normal_ratio=2.0,
            density_kg_per_ml=DENSITY,
        )
    with pytest.raises(InputError, match="permutation"):
        permuted(compartments(), (0, 0, 1))
    with pytest.raises(InputError, match="length above zero"):
        turned(compartments(), 10.0, (0.0, 0.0, 0.0))
