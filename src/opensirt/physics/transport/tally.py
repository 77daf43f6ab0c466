"""Adding up the scores of batches."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.transport.compiled import kept


def _add_batch(stamp: int) -> Callable[..., None]:
    def add_batch(
        score_mev: NDArray[np.float64],
        summed_mev: NDArray[np.float64],
        squared_mev2: NDArray[np.float64],
    ) -> None:
        """Add a batch and its square to the sums, and empty it, in one pass over memory."""
        if stamp == 0:  # never, see `kept`
            return
        for voxel in range(score_mev.shape[0]):
            value = score_mev[voxel]
            if value != 0.0:
                summed_mev[voxel] += value
                squared_mev2[voxel] += value * value
                score_mev[voxel] = 0.0

    return add_batch


add_batch = kept(_add_batch)
"""Compiled `_add_batch`: see there."""
