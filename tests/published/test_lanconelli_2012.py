"""Voxel S values of Y-90, Lanconelli et al., Phys. Med. Biol. 57 (2012) 517, shared data."""

from pathlib import Path

import numpy as np
from lanconelli import lanconelli_sizes, lanconelli_table, our_table

from opensirt.reference.table import read_table


def test_voxels_with_a_hundredth_of_the_hottest_agree_in_tissue(shared_data: Path) -> None:
    scale = read_table("dose_engines")["range_scale"]["soft_tissue"]["value"]
    sizes = lanconelli_sizes(shared_data)
    assert len(sizes) == 10
    for side_mm in sizes:
        theirs, ours = lanconelli_table(shared_data, side_mm), our_table(side_mm, scale)
        near = theirs > 0.01 * theirs[0, 0, 0]
        assert np.abs(ours[near] / theirs[near] - 1).max() < 0.02
        assert ours[0, 0, 0] / theirs[0, 0, 0] - 1 < 0.001


def test_water_of_their_density_is_right_nearby_and_too_low_in_the_tail(shared_data: Path) -> None:
    theirs, water = lanconelli_table(shared_data, 4.0), our_table(4.0)
    ratio = [water[at] / theirs[at] for at in ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3))]
    assert np.abs(np.array(ratio[:2]) - 1).max() < 0.003
    assert 0.92 < ratio[2] < 0.96
    assert 0.79 < ratio[3] < 0.84
