"""Where energy is left: one line, since many threads share a score on a graphics processor."""

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.transport.compiled import inlined


@inlined
def deposit(score_mev: NDArray[np.float64], voxel: int, energy_mev: float) -> None:
    """Add energy × weight to the score of a voxel, which belongs to this thread alone."""
    score_mev[voxel] += energy_mev
