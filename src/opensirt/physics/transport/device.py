"""The same histories on a CUDA graphics processor: its functions are those of the processor.

`numba.cuda` compiles the functions of this room as they stand. Two things differ: all threads
share one score, so that energy is added to it atomically; and every history has random numbers
of its own, since no thread follows one history after the other.
"""

from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import cuda
from numpy.typing import NDArray

from opensirt.physics.graphics_processor import on_device, require_device
from opensirt.physics.transport.deposit import deposit
from opensirt.physics.transport.draw import batch_counter, bits, uniform
from opensirt.physics.transport.electron import STACK
from opensirt.physics.transport.history import DIMENSIONS, EVEN, follow_history
from opensirt.physics.transport.table import Medium, Physics, Source

THREADS_PER_BLOCK = 128
WAITING_FIELDS = 8

_TOTALS = 3
_EMITTED, _ESCAPED, _STRUCTURE = range(_TOTALS)


def _add_shared(score_mev: Any, voxel: int, energy_mev: float) -> None:  # noqa: ANN401 - on device
    """Add to a score that many threads share."""
    cuda.atomic.add(score_mev, voxel, energy_mev)


_follow_history = on_device(follow_history, instead={deposit: _add_shared})
_bits, _uniform = on_device(bits), on_device(uniform)


def follow_histories(
    physics: Physics,
    medium: Medium,
    source: Source,
    start: NDArray[np.uint64],
    n_histories: int,
    score_mev: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> None:
    """Follow the histories of one batch, each with random numbers that its own number starts."""
    counter = cuda.local.array(1, numba.uint64)
    waiting = cuda.local.array((STACK, WAITING_FIELDS), numba.float64)
    fill = cuda.local.array(DIMENSIONS, numba.float64)
    shift = cuda.local.array(DIMENSIONS, numba.float64)
    ladder = (
        physics.energy_mev, physics.step_mm_g_per_ml, physics.range_mm_g_per_ml,
        physics.ratio_to_water, physics.hard_collisions, physics.hard_photons,
        physics.cosines, physics.azimuths,
    )  # fmt: skip
    voxels = (medium.density_g_per_ml, medium.material, medium.sides_mm, medium.strides)
    emission = (source.electron_mev, source.electron_step, source.electron_part)
    summed = source.summed
    counter[0] = start[0]
    first = _uniform(counter)
    for axis in range(DIMENSIONS):
        shift[axis] = _uniform(counter)
    last = summed.shape[0] - 1
    emitted, escaped = 0.0, 0.0
    for history in range(cuda.grid(1), n_histories, cuda.gridsize(1)):
        counter[0] = start[0] + numba.uint64(history + 1)
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
            fill[axis] = value - int(value)
        more, less = _follow_history(
            physics, medium, source, ladder, voxels, emission,
            counter, score_mev, waiting, fill, source.voxel[lower], source.weight[lower],
        )  # fmt: skip
        emitted += more
        escaped += less
    cuda.atomic.add(totals, _EMITTED, emitted)
    cuda.atomic.add(totals, _ESCAPED, escaped)


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
    totals: NDArray[np.float64],
) -> None:
    """Add up the mean dose of the chosen structure."""
    found = 0.0
    for one in range(cuda.grid(1), structure_voxel.shape[0], cuda.gridsize(1)):
        found += score_mev[structure_voxel[one]] * structure_gy_per_mev[one]
    cuda.atomic.add(totals, _STRUCTURE, found)


@cache
def _kernels() -> tuple[Any, Any, Any]:
    return cuda.jit(follow_histories), cuda.jit(add_up), cuda.jit(mean_inside)


def _moved(table: Any) -> Any:  # noqa: ANN401 - a NamedTuple of arrays and numbers
    """Return a table with its arrays on the device."""
    return type(table)(
        *(cuda.to_device(one) if isinstance(one, np.ndarray) else one for one in table)
    )


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
        self._tables = tuple(_moved(one) for one in (physics, medium, source))
        self._n_structure = structure_voxel.size
        self._voxel = cuda.to_device(structure_voxel)
        self._gy_per_mev = cuda.to_device(structure_gy_per_mev)
        self._score = cuda.to_device(np.zeros(summed_mev.size))
        self._summed = cuda.to_device(summed_mev)
        self._squared = cuda.to_device(squared_mev2)
        self._blocks = max(1, n_threads // THREADS_PER_BLOCK)

    def run(self, seed: int, batch: int, n_histories: int) -> BatchSums:
        """Follow one batch and add it to the sums, which stay on the device."""
        follow, add, inside = _kernels()
        totals = cuda.to_device(np.zeros(_TOTALS))
        start = cuda.to_device(batch_counter(seed, batch))
        blocks = min(self._blocks, -(-n_histories // THREADS_PER_BLOCK))
        follow[blocks, THREADS_PER_BLOCK](*self._tables, start, n_histories, self._score, totals)
        if self._n_structure:
            inside[1, THREADS_PER_BLOCK](self._score, self._voxel, self._gy_per_mev, totals)
        add[self._blocks, THREADS_PER_BLOCK](self._score, self._summed, self._squared)
        return BatchSums(*(float(one) for one in totals.copy_to_host()))

    def sums(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the sums over batches: of the energy of each voxel, and of its square."""
        summed: NDArray[np.float64] = self._summed.copy_to_host()
        squared: NDArray[np.float64] = self._squared.copy_to_host()
        return summed, squared
