"""The same histories on a CUDA graphics processor: its functions are those of the processor.

`numba.cuda` compiles the functions of this room. Three things differ. All threads share one
score, so that energy is added to it atomically. Every history has random numbers of its own,
since no thread follows one history after the other. And histories are followed in single
precision, of which a graphics processor has far more; what they leave is added up in double.
"""

from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import cuda
from numpy.typing import NDArray

from opensirt.physics.graphics_processor import few_threads_are_meant, on_device, require_device
from opensirt.physics.transport.deposit import deposit
from opensirt.physics.transport.draw import batch_counter, bits, part_of, uniform
from opensirt.physics.transport.electron import STACK, WAITING_FIELDS
from opensirt.physics.transport.history import DIMENSIONS, EVEN, follow_history
from opensirt.physics.transport.table import Medium, Physics, Source

THREADS_PER_BLOCK = 128

_TOTALS = 3
_EMITTED, _ESCAPED, _STRUCTURE = range(_TOTALS)
_SLOTS = 512
"""Threads add up what a batch emits in so many places, so that they seldom wait for each other."""

_32, _40 = np.uint64(32), np.uint64(40)
_OF_32_BITS, _OF_24_BITS = np.float32(2.0**-32), np.float32(2.0**-24)
_BELOW_ONE = np.float32(1.0 - 2.0**-24)
_24_BITS = 16777216.0


def _add_shared(score_mev: Any, voxel: int, energy_mev: float) -> None:  # noqa: ANN401 - on device
    """Add to a score that many threads share."""
    cuda.atomic.add(score_mev, voxel, energy_mev)


def _part_of(random: np.uint64) -> np.float32:
    """Return the number, 0 ≤ u < 1, that the upper 32 of 64 bits make."""
    return min(np.float32(random >> _32) * _OF_32_BITS, _BELOW_ONE)


_bits = on_device(bits)
_part = cuda.jit(device=True)(_part_of)


def _uniform_single(counter: NDArray[np.uint64]) -> np.float32:
    """Return the next random number, 0 ≤ u < 1."""
    found: np.float32 = _part(_bits(counter))
    return found


_uniform = on_device(uniform)
_follow_history = on_device(
    follow_history,
    instead={deposit: _add_shared, part_of: _part_of, uniform: _uniform_single},
    single=True,
)


def follow_histories(
    physics: Physics,
    medium: Medium,
    source: Source,
    starts: NDArray[np.uint64],
    batch: int,
    n_histories: int,
    score_mev: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> None:
    """Follow the histories of one batch, each with random numbers that its own number starts.

    Parameters
    ----------
    physics, medium, source
        Tables in single precision; but for the sums over the voxels of the source.
    starts, batch
        Where random numbers start in each of some batches, and which of them this is.
    n_histories
        Of the batch.
    score_mev
        Energy × weight of each voxel, in double precision; added to.
    totals : (batches, _SLOTS, _TOTALS)
        What the histories emit and what leaves the voxels; added to.
    """
    counter = cuda.local.array(1, numba.uint64)
    waiting_in = cuda.local.array(STACK, numba.int64)
    waits = cuda.local.array((STACK, WAITING_FIELDS), numba.float32)
    fill = cuda.local.array(DIMENSIONS, numba.float32)
    shift = cuda.local.array(DIMENSIONS, numba.float64)
    ladder = (
        physics.energy_mev, physics.step_mm_g_per_ml, physics.range_mm_g_per_ml,
        physics.ratio_to_water, physics.hard_collisions, physics.hard_photons,
        physics.cosines, physics.azimuths,
    )  # fmt: skip
    voxels = (medium.density_g_per_ml, medium.material, medium.sides_mm, medium.strides)
    emission = (source.electron_mev, source.electron_step, source.electron_part)
    summed = source.summed
    counter[0] = starts[batch]
    first = _uniform(counter)
    for axis in range(DIMENSIONS):
        shift[axis] = _uniform(counter)
    last = summed.shape[0] - 1
    emitted, escaped = 0.0, 0.0
    for history in range(cuda.grid(1), n_histories, cuda.gridsize(1)):
        counter[0] = starts[batch] + numba.uint64(history + 1)
        counter[0] = _bits(counter)
        wanted = (history + first) / n_histories * summed[last]
        lower, upper = 0, last  # the first place whose sum is above what is wanted
        while lower < upper:
            middle = (lower + upper) // 2
            if summed[middle] <= wanted:
                lower = middle + 1
            else:
                upper = middle
        for axis in range(DIMENSIONS):
            value = shift[axis] + (history + 1) * EVEN[axis]
            # Cut off, not rounded.
            part = np.float32(int((value - int(value)) * _24_BITS)) * _OF_24_BITS
            fill[axis] = min(part, _BELOW_ONE)
        more, less = _follow_history(
            physics, medium, source, ladder, voxels, emission,
            counter, score_mev, (waiting_in, waits), fill,
            source.voxel[lower], source.weight[lower],
        )  # fmt: skip
        emitted += more
        escaped += less
    slot = cuda.grid(1) % _SLOTS
    cuda.atomic.add(totals, (batch, slot, _EMITTED), emitted)
    cuda.atomic.add(totals, (batch, slot, _ESCAPED), escaped)


def add_up(
    score_mev: NDArray[np.float64],
    summed_mev: NDArray[np.float64],
    squared_mev2: NDArray[np.float64],
) -> None:
    """Add a batch and its square to the sums, and empty it."""
    for voxel in range(cuda.grid(1), score_mev.shape[0], cuda.gridsize(1)):
        value = score_mev[voxel]
        summed_mev[voxel] += value
        squared_mev2[voxel] += value * value
        score_mev[voxel] = 0.0


def mean_inside(
    score_mev: NDArray[np.float64],
    structure_voxel: NDArray[np.int64],
    structure_gy_per_mev: NDArray[np.float64],
    batch: int,
    totals: NDArray[np.float64],
) -> None:
    """Add up the mean dose of the chosen structure in one batch."""
    found = 0.0
    for one in range(cuda.grid(1), structure_voxel.shape[0], cuda.gridsize(1)):
        found += score_mev[structure_voxel[one]] * structure_gy_per_mev[one]
    cuda.atomic.add(totals, (batch, cuda.grid(1) % _SLOTS, _STRUCTURE), found)


@cache
def _kernels() -> tuple[Any, Any, Any]:
    return cuda.jit(follow_histories, fastmath=True), cuda.jit(add_up), cuda.jit(mean_inside)


def _in_single(value: Any) -> Any:  # noqa: ANN401 - arrays, numbers, and tuples of them
    """Return a field of a table in single precision, unless it counts; arrays on the device."""
    if isinstance(value, np.ndarray):
        single = value.astype(np.float32) if value.dtype == np.float64 else value
        return cuda.to_device(single)
    if isinstance(value, tuple):
        return tuple(_in_single(one) for one in value)
    return np.float32(value) if isinstance(value, float) else value


def _moved(table: Any) -> Any:  # noqa: ANN401 - a NamedTuple of arrays and numbers
    """Return a table on the device, in single precision."""
    return type(table)(*(_in_single(one) for one in table))


def _n_blocks(n: int) -> int:
    return -(-n // THREADS_PER_BLOCK)


class BatchSums(NamedTuple):
    """What one batch adds to the sums over batches."""

    emitted_mev: float
    escaped_mev: float
    structure_gy: float
    """Energies of the structure's voxels, each times what 1 MeV in it adds to the mean dose."""


class Device:
    """Tables, score and sums of one run, held on the graphics processor.

    Parameters
    ----------
    physics, medium, source
        As the processor's `run_batch` takes them.
    structure_voxel, structure_gy_per_mev : (n,)
        See `Job`.
    summed_mev, squared_mev2 : (v,)
        Sums over earlier batches, to go on from.
    n_threads
        Threads of one launch.

    Raises
    ------
    InputError
        Where no CUDA graphics processor can be used.
    """

    def __init__(
        self,
        physics: Physics,
        medium: Medium,
        source: Source,
        *,
        structure_voxel: NDArray[np.int64],
        structure_gy_per_mev: NDArray[np.float64],
        summed_mev: NDArray[np.float64],
        squared_mev2: NDArray[np.float64],
        n_threads: int,
    ) -> None:
        require_device()
        # Sums over millions of voxels stay in double precision.
        where = _moved(source)._replace(summed=cuda.to_device(source.summed))
        self._tables = (_moved(physics), _moved(medium), where)
        self._n_structure = structure_voxel.size
        self._voxel = cuda.to_device(structure_voxel)
        self._gy_per_mev = cuda.to_device(structure_gy_per_mev)
        self._score = cuda.to_device(np.zeros(summed_mev.size))
        self._summed = cuda.to_device(summed_mev)
        self._squared = cuda.to_device(squared_mev2)
        self._blocks = max(1, n_threads // THREADS_PER_BLOCK)

    def run(self, seed: int, first: int, n_batches: int, n_histories: int) -> list[BatchSums]:
        """Follow batches with the numbers from `first` on and add them to the sums.

        The sums stay on the device, which is waited for only at the end.
        """
        follow, add, inside = _kernels()
        totals = cuda.to_device(np.zeros((n_batches, _SLOTS, _TOTALS)))
        counters = [batch_counter(seed, first + one) for one in range(n_batches)]
        starts = cuda.to_device(np.concatenate(counters))
        blocks = min(self._blocks, _n_blocks(n_histories))
        blocks_inside = min(self._blocks, _n_blocks(self._n_structure))
        with few_threads_are_meant():
            for batch in range(n_batches):
                follow[blocks, THREADS_PER_BLOCK](
                    *self._tables, starts, batch, n_histories, self._score, totals
                )
                if self._n_structure:
                    inside[blocks_inside, THREADS_PER_BLOCK](
                        self._score, self._voxel, self._gy_per_mev, batch, totals
                    )
                add[self._blocks, THREADS_PER_BLOCK](self._score, self._summed, self._squared)
        found = totals.copy_to_host().sum(axis=1)
        return [BatchSums(*(float(one) for one in row)) for row in found]

    def sums(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the sums over batches: of the energy of each voxel, and of its square."""
        summed: NDArray[np.float64] = self._summed.copy_to_host()
        squared: NDArray[np.float64] = self._squared.copy_to_host()
        return summed, squared
