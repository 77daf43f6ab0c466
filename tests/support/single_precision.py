"""Histories in single precision, as on a graphics processor, compiled for the processor."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from opensirt.physics.target import remade
from opensirt.physics.transport import device
from opensirt.physics.transport.deposit import deposit
from opensirt.physics.transport.draw import batch_counter, bits, part_of, uniform
from opensirt.physics.transport.electron import STACK, WAITING_FIELDS
from opensirt.physics.transport.history import DIMENSIONS, follow_history
from opensirt.physics.transport.table import Medium, Physics, Source

Batch = tuple[NDArray[np.float64], float, float]
"""Energy of each voxel, and what was emitted and what left, in MeV."""


def _single(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(np.float32) if value.dtype == np.float64 else value
    if isinstance(value, tuple):
        return tuple(_single(one) for one in value)
    return np.float32(value) if isinstance(value, float) else value


@cache
def _loop() -> Callable[..., tuple[float, float]]:
    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        made: Callable[..., Any] = numba.njit(error_model="numpy")(function)
        return made

    part = compiled(device._part_of)

    @compiled
    def one_uniform(counter: NDArray[np.uint64]) -> np.float32:
        drawn: np.float32 = part(bits(counter))
        return drawn

    @compiled
    def add(score: NDArray[np.float64], voxel: int, energy_mev: float) -> None:
        score[voxel] += energy_mev

    instead = {deposit: add, part_of: part, uniform: one_uniform}
    follow = remade(follow_history, compiled, instead=instead, single=True)

    @compiled
    def loop(
        physics: Physics,
        medium: Medium,
        source: Source,
        start: np.uint64,
        n_histories: int,
        score: NDArray[np.float64],
    ) -> tuple[float, float]:
        counter, fill = np.zeros(1, np.uint64), np.zeros(DIMENSIONS, np.float32)
        room = (np.zeros(STACK, np.int64), np.zeros((STACK, WAITING_FIELDS), np.float32))
        ladder = (
            physics.energy_mev, physics.step_mm_g_per_ml, physics.range_mm_g_per_ml,
            physics.ratio_to_water, physics.hard_collisions, physics.hard_photons,
            physics.cosines, physics.azimuths,
        )  # fmt: skip
        voxels = (medium.density_g_per_ml, medium.material, medium.sides_mm, medium.strides)
        emission = (source.electron_mev, source.electron_step, source.electron_part)
        emitted, escaped = 0.0, 0.0
        for history in range(n_histories):
            counter[0] = start + np.uint64(history)
            counter[0] = bits(counter)
            place = np.searchsorted(source.summed, uniform(counter) * source.summed[-1], "right")
            for axis in range(DIMENSIONS):
                fill[axis] = one_uniform(counter)
            more, less = follow(
                physics, medium, source, ladder, voxels, emission,
                counter, score, room, fill, source.voxel[place], source.weight[place],
            )  # fmt: skip
            emitted += more
            escaped += less
        return emitted, escaped

    return loop


def in_single_precision(
    physics: Physics, medium: Medium, source: Source, *, n_batches: int, n_histories: int
) -> list[Batch]:
    """Return batches of histories that are followed in single precision."""
    loop, made = _loop(), []
    tables = [type(one)(*(_single(field) for field in one)) for one in (physics, medium)]
    where = Source(*(_single(field) for field in source))._replace(summed=source.summed)
    for batch in range(n_batches):
        score = np.zeros(medium.density_g_per_ml.size)
        emitted, escaped = loop(*tables, where, batch_counter(9, batch)[0], n_histories, score)
        made.append((score, emitted, escaped))
    return made
