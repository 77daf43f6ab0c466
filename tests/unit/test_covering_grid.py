"""A grid made to cover masks."""

import numpy as np
import pytest
from builders import FRAME, affine, ball, centred_grid, turned_about_z

from opensirt.domain.grid import Grid
from opensirt.domain.structure import Mask
from opensirt.errors import GeometryError
from opensirt.imaging.covering_grid import covering_grid
from opensirt.imaging.voxel_weights import voxel_weights

FINE = centred_grid((60, 60, 60), (1.5, 1.2, 1.1))


def test_the_grid_covers_every_mask_with_the_margin() -> None:
    other = Grid((20, 20, 20), turned_about_z(30) @ affine((3, 3, 3), (10, 10, -20)), FRAME)
    masks = [ball(FINE, (5, 0, 3), 20), Mask(other, np.ones(other.shape, dtype=bool))]
    grid = covering_grid(masks, spacing_mm_at_least=2.0, margin_mm=15.0)
    assert grid.spacing_mm == pytest.approx((2.0, 2.0, 2.0))
    for mask in masks:
        assert voxel_weights(mask, grid).volume_outside_ml == 0.0
        index = grid.index_of(mask.grid.lps_mm(np.argwhere(mask.values)))
        room = np.minimum(index.min(axis=0), np.array(grid.shape) - 1 - index.max(axis=0))
        assert (room * 2.0 >= 14.0).all()


def test_voxels_that_are_large_enough_keep_their_size() -> None:
    grid = covering_grid([ball(FINE, (0, 0, 0), 10)], spacing_mm_at_least=1.0, margin_mm=0.0)
    assert grid.spacing_mm == pytest.approx(FINE.spacing_mm)
    assert max(grid.shape) <= 21


def test_no_mask_and_another_frame_are_refused() -> None:
    with pytest.raises(GeometryError, match="no mask"):
        covering_grid([], spacing_mm_at_least=2.0, margin_mm=15.0)
    stranger = ball(centred_grid(frame="2.25.9"), (0, 0, 0), 10)
    with pytest.raises(GeometryError, match="frames of reference differ"):
        covering_grid(
            [ball(FINE, (0, 0, 0), 10), stranger], spacing_mm_at_least=2.0, margin_mm=15.0
        )
