"""Histories where the target needs them."""

import numpy as np
import pytest
from monte_carlo_cases import decays_of, density_of, grid_of, run

from opensirt.domain.structure import VoxelWeights
from opensirt.physics.dose.emphasis import emphasis, even_emphasis
from opensirt.physics.dose.monte_carlo_statistics import Target
from opensirt.reference.radionuclide import radionuclide

GRID = grid_of((16, 17, 18), (3.0, 3.0, 3.0))
Y90 = radionuclide("Y-90")
ACTIVITY = np.ones(GRID.shape, np.float32) * 1e8
ACTIVITY[3:7, 3:7, 3:7] = 1e9
DECAYS = decays_of(GRID, ACTIVITY)
G_PER_ML = np.ones(GRID.shape)


def of_voxel(k: int, j: int, i: int) -> VoxelWeights:
    index = np.array([np.ravel_multi_index((k, j, i), GRID.shape)], dtype=np.int64)
    return VoxelWeights(grid=GRID, flat_index=index, fraction=np.ones(1))


def test_hot_voxels_and_their_neighbours_are_emphasised() -> None:
    factor = emphasis(DECAYS, G_PER_ML, Y90, None)
    assert set(np.unique(factor)) == {1.0, 4.0}
    assert np.all(factor[4:6, 4:6, 3:7] == 4.0)
    assert np.all(factor[12:, 12:, 12:] == 1.0)


def test_a_structure_and_its_neighbours_are_emphasised() -> None:
    factor = emphasis(DECAYS, G_PER_ML, Y90, of_voxel(12, 12, 12))
    assert factor[12, 12, 12] == factor[12, 12, 13] == factor[12, 13, 13] == 4.0
    assert factor[4, 4, 4] == factor[12, 12, 14] == 1.0


def test_lung_and_gas_are_not_taken_for_hot() -> None:
    g_per_ml = G_PER_ML.copy()
    g_per_ml[12, 12, 12] = 0.001
    assert emphasis(DECAYS, g_per_ml, Y90, None)[12, 12, 12] == 1.0


def test_nothing_hot_nothing_emphasised() -> None:
    assert np.all(emphasis(decays_of(GRID, 0.0), G_PER_ML, Y90, None) == 1.0)


@pytest.mark.parametrize(
    ("inside", "each_voxel"),
    [(None, False), (of_voxel(12, 12, 12), False), (of_voxel(12, 12, 12), True)],
)
def test_emphasis_changes_no_dose_but_within_its_uncertainty(
    inside: VoxelWeights | None, *, each_voxel: bool
) -> None:
    density = density_of(GRID, 1.05)
    plain = run(DECAYS, density, n_histories=400_000)
    target = Target(relative=1e-6, inside=inside, each_voxel=each_voxel)
    emphasised = run(DECAYS, density, n_histories=400_000, histories_per_batch=8000, target=target)
    difference = emphasised.dose.values - plain.dose.values
    spread = np.hypot(emphasised.uncertainty.values, plain.uncertainty.values)
    assert np.sqrt(np.mean((difference / spread) ** 2)) == pytest.approx(1.0, abs=0.1)
    assert np.mean(difference / spread) == pytest.approx(0.0, abs=0.15)
    assert emphasised.energy.released_j == pytest.approx(plain.energy.released_j, rel=2e-3)


def test_emphasis_makes_the_structure_surer() -> None:
    density = density_of(GRID, 1.05)
    block = np.zeros(GRID.shape, dtype=bool)
    block[10:14, 10:14, 10:14] = True
    index = np.flatnonzero(block)
    inside = VoxelWeights(grid=GRID, flat_index=index, fraction=np.ones(index.size))
    plain = run(DECAYS, density, n_histories=400_000)
    target = Target(relative=1e-6, inside=inside)
    emphasised = run(DECAYS, density, n_histories=400_000, histories_per_batch=8000, target=target)
    before, after = (
        inside.mean(one.uncertainty) / inside.mean(one.dose) for one in (plain, emphasised)
    )
    assert after < 0.7 * before


def test_histories_begin_as_often_in_faint_voxels_of_the_structure_as_in_hot_ones() -> None:
    everything = VoxelWeights(
        grid=GRID, flat_index=np.arange(GRID.n_voxels), fraction=np.ones(GRID.n_voxels)
    )
    activity = np.full(GRID.shape, 2e8)
    activity[:7] = 1e9
    begun = even_emphasis(decays_of(GRID, activity), G_PER_ML, Y90, everything) * activity
    assert begun[2:4, 4:12, 4:12].mean() == pytest.approx(begun[12:14, 4:12, 4:12].mean(), rel=1e-3)


def test_no_history_counts_for_much_more_than_another() -> None:
    factor = even_emphasis(DECAYS, G_PER_ML, Y90, of_voxel(12, 12, 12))
    assert factor.min() == 1.0
    assert factor[12, 12, 13] >= 5.0
    assert np.all(even_emphasis(decays_of(GRID, 0.0), G_PER_ML, Y90, of_voxel(2, 2, 2)) == 1.0)


def test_the_voxels_of_a_structure_get_surer_together() -> None:
    block = np.zeros(GRID.shape, dtype=bool)
    block[4:14, 4:14, 4:14] = True  # hot and faint
    index = np.flatnonzero(block)
    inside = VoxelWeights(grid=GRID, flat_index=index, fraction=np.ones(index.size))
    sure = {}
    for each_voxel in (False, True):
        target = Target(relative=1e-6, inside=inside, each_voxel=each_voxel)
        made = run(
            DECAYS, density_of(GRID, 1.05), n_histories=400_000, histories_per_batch=8000,
            target=target,
        )  # fmt: skip
        sure[each_voxel] = (made.uncertainty.values / made.dose.values).reshape(-1)[index]
    assert np.median(sure[True]) < 0.9 * np.median(sure[False])
    assert np.mean(sure[True] ** 2) < 0.9 * np.mean(sure[False] ** 2)
