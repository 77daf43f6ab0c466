"""The superposition on a CUDA graphics processor, by the loop of the processor.

Every thread follows one source after the other, each as a run of one voxel (`follow_run`); all of
them add to one dose, in double precision. What a thread works in lies side by side with that of
its neighbours, whose sources are neighbours too, so that they read and write together.
"""

from functools import cache
from typing import Any

import numba
import numpy as np
from numba import cuda
from numpy.typing import NDArray

from opensirt.physics.dose.rays import Table, Ways, follow_run
from opensirt.physics.graphics_processor import few_threads_are_meant, on_device
from opensirt.reference.constant import constant

THREADS_PER_BLOCK = 64

DeviceRoom = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], NDArray[np.int32]]
"""The first four of `Room`, the last axis of each being that of the threads."""

_follow_run = on_device(follow_run)


def superpose_each(
    sources: NDArray[np.int64],
    decays: NDArray[np.float32],
    density_g_per_ml: NDArray[np.float32],
    ways: Ways,
    table: Table,
    electron_mev: float,
    room: DeviceRoom,
    dose: NDArray[np.float64],
    given: NDArray[np.float64],
) -> None:
    """Add up what every source voxel gives to the voxels around it, and the energy of all."""
    thread, n_threads = cuda.grid(1), cuda.gridsize(1)
    mean, gives, ended, alive = room
    in_shell = cuda.local.array(1, numba.float32)
    would_give = cuda.local.array(1, numba.float64)
    share = cuda.local.array(1, numba.float32)
    is_source = cuda.local.array(1, numba.int32)
    own = (
        mean[:, :, thread : thread + 1], gives[:, thread : thread + 1],
        ended[:, thread], alive[:, thread], in_shell, would_give, share, is_source,
    )  # fmt: skip
    energy = 0.0
    for number in range(thread, sources.shape[0], n_threads):
        source = sources[number]
        n_alive, more = _follow_run(
            source, 1, 1, decays, density_g_per_ml, ways, table, electron_mev, own
        )
        energy += more
        for row in range(n_alive):
            cuda.atomic.add(dose, source + alive[row, thread], share[0] * gives[row, thread])
    cuda.atomic.add(given, 0, energy)


@cache
def _kernel() -> Any:  # noqa: ANN401 - numba's own types
    return cuda.jit(superpose_each)


def superpose_on_device(
    decays: NDArray[np.float32],
    density_g_per_ml: NDArray[np.float32],
    ways: Ways,
    table: Table,
    electron_mev: float,
) -> tuple[NDArray[np.float64], float]:
    """Return Σ decays × MeV/(g/mL) of all voxels, and the energy that the sources gave.

    Parameters
    ----------
    decays, density_g_per_ml : (voxels,)
    ways, table, electron_mev
        As in `superpose`.
    """
    sources = np.flatnonzero(decays)
    room = _room(ways, sources.size)
    n_blocks = room[0].shape[2] // THREADS_PER_BLOCK
    dose = cuda.to_device(np.zeros(decays.size))
    given = cuda.to_device(np.zeros(1))
    with few_threads_are_meant():
        _kernel()[n_blocks, THREADS_PER_BLOCK](
            cuda.to_device(sources),
            cuda.to_device(decays),
            cuda.to_device(density_g_per_ml),
            tuple(cuda.to_device(one) for one in ways),
            (cuda.to_device(table[0]), table[1], table[2]),
            electron_mev,
            room,
            dose,
            given,
        )
    values: NDArray[np.float64] = dose.copy_to_host()
    return values, float(given.copy_to_host()[0])


def _room(ways: Ways, n_sources: int) -> Any:  # noqa: ANN401 - arrays on the device
    """Return the room of as many threads as there are sources, fewer where memory is short."""
    n_offsets, n_in_shell = len(ways[0]), int(np.diff(ways[3]).max())
    bytes_each = 2 * 4 * n_in_shell + (4 + 1 + 4) * n_offsets
    part = constant("dose_engines", "rays", "device_memory_fraction_at_most").value
    most = constant("dose_engines", "rays", "threads_on_device_at_most").value
    free, _ = cuda.current_context().get_memory_info()
    n_blocks = -(-n_sources // THREADS_PER_BLOCK)
    n_blocks = int(min(n_blocks, min(most, part * free / bytes_each) // THREADS_PER_BLOCK))
    n_threads = max(1, n_blocks) * THREADS_PER_BLOCK
    return (
        cuda.device_array((2, n_in_shell, n_threads), np.float32),
        cuda.device_array((n_offsets, n_threads), np.float32),
        cuda.device_array((n_offsets, n_threads), np.bool_),
        cuda.device_array((n_offsets, n_threads), np.int32),
    )
