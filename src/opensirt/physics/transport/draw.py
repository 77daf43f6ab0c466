"""Random numbers for compiled loops: one counter for each batch, mixed into 64 bits."""

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.transport.compiled import inlined

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 1.0 / 9007199254740992.0  # 2⁻⁵³
_PLACE, _PLACE_UNIT = np.uint64(24), 1.0 / 1099511627776.0  # 2⁻⁴⁰


@inlined
def bits(counter: NDArray[np.uint64]) -> np.uint64:
    """Return the next 64 random bits.

    References
    ----------
    .. [1] G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014: splitmix64.
    """
    counter[0] += _STEP
    mixed = counter[0]
    mixed = (mixed ^ (mixed >> _30)) * _FIRST
    mixed = (mixed ^ (mixed >> _27)) * _SECOND
    last: np.uint64 = mixed ^ (mixed >> _31)
    return last


@inlined
def uniform(counter: NDArray[np.uint64]) -> float:
    """Return the next random number, 0 ≤ u < 1."""
    return float(bits(counter) >> _11) * _UNIT


@inlined
def part_of(random: np.uint64) -> float:
    """Return the random number, 0 ≤ u < 1, that the upper 40 of 64 bits make."""
    return float(random >> _PLACE) * _PLACE_UNIT


def batch_counter(seed: int, batch: int) -> NDArray[np.uint64]:
    """Return the counter with which a batch starts; batches of all seeds are far apart."""
    state = np.random.SeedSequence((seed, batch)).generate_state(1, np.uint64)
    return state.astype(np.uint64)
