"""Where a colour scale ends."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SHOWN_QUANTILE = 0.998
"""The scale ends near this quantile of the values above a twentieth of the highest."""

_ROUND = np.array([1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10])


def top_of_scale(values: Sequence[NDArray[np.float32]]) -> float:
    """Return a round number near the highest values of some arrays; 1 where none is above zero.

    What lies above is drawn in the last colour, and the colour bar then ends in an arrow.
    """
    found = np.concatenate([one[np.isfinite(one)] for one in values])
    highest = float(found.max()) if found.size else 0.0
    if highest <= 0:
        return 1.0
    wanted = float(np.quantile(found[found > highest / 20], _SHOWN_QUANTILE))
    steps = _ROUND * 10.0 ** np.floor(np.log10(wanted))
    return float(steps[min(int(np.searchsorted(steps, wanted * 0.999)), steps.size - 1)])
