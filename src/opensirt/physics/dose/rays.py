"""Compiled loops of the superposition; imported only where one begins.

Each compiled function carries its plain Python twin as ``.py_func``, which tests run.
"""

from collections.abc import Callable
from math import log
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ways = tuple[
    NDArray[np.int32],
    NDArray[np.int32],
    NDArray[np.float32],
    NDArray[np.int32],
    NDArray[np.int32],
    NDArray[np.float32],
    NDArray[np.int32],
    NDArray[np.int32],
    NDArray[np.float32],
]
"""For each offset its place in memory, row of the table and distance in mm; where the shells of
offsets with one largest component begin; and for each offset the four offsets of the shell before
around the point where its line crosses that, with their weights. For the nearest offsets instead:
where the list of crossed voxels begins; these voxels; and their parts of the way."""
P = ParamSpec("P")
R = TypeVar("R")


def _compiled_parallel(function: Callable[P, R]) -> Callable[P, R]:
    return cast(
        "Callable[P, R]", numba.njit(parallel=True, cache=True, error_model="numpy")(function)
    )


def plain(function: Callable[P, R]) -> Callable[P, R]:
    """Return the plain Python twin of a compiled function."""
    return cast("Callable[P, R]", function.py_func)  # type: ignore[attr-defined]  # of numba


@_compiled_parallel
def superpose(  # noqa: C901, PLR0912, PLR0915 - one loop: calls in it cost
    sources: NDArray[np.int64],
    decays: NDArray[np.float32],
    density_g_per_ml: NDArray[np.float32],
    inside: NDArray[np.bool_],
    ways: Ways,
    table: tuple[NDArray[np.float32], float, float],
    electron_mev: float,
    reach_mm: float,
    n_parts: int,
) -> tuple[Floats, Floats, Floats]:
    """Add up what every source voxel gives to the voxels around it.

    Parameters
    ----------
    sources : (n,)
        Where they lie in memory.
    decays : (n,)
        Bq s/mL of the sources.
    density_g_per_ml, inside : (voxels,)
        Of the image with a rim that no ray leaves; whether a voxel is one of the image.
    ways
        See `Ways`.
    table
        Values, lowest density, step of its logarithm.
    electron_mev
        Energy of a decay; no source may give more.
    reach_mm
        In water of 1 g/mL.
    n_parts
        Sources are shared out among so many threads.

    Returns
    -------
    (voxels,), (n_parts,), (n_parts,)
        Σ decays × MeV/(g/mL), and the energy inside and outside the image, in Bq s/mL × MeV.
    """
    targets, rows, distance_mm, shells, before, weights, starts, crossed, parts_of_way = ways
    values, lowest, log_step = table
    n_voxels, n_offsets, n_last = len(density_g_per_ml), len(targets), values.shape[1] - 2
    n_exact = len(starts) - 1
    dose = np.zeros((n_parts, n_voxels))
    kept, left = np.zeros(n_parts), np.zeros(n_parts)
    per_log_step, log_lowest = 1.0 / log_step, log(lowest)
    for part in numba.prange(n_parts):
        here = np.zeros(n_offsets, dtype=np.float32)
        mean = np.zeros(n_offsets, dtype=np.float32)
        ended = np.zeros(n_offsets, dtype=np.bool_)
        alive = np.zeros(n_offsets, dtype=np.int32)
        gives = np.zeros(n_offsets, dtype=np.float32)
        for number in range(part, len(sources), n_parts):
            source = sources[number]
            n_alive, in_mev, out_mev = 0, 0.0, 0.0
            for offset in range(n_exact):
                here[offset] = density_g_per_ml[source + targets[offset]]
            for shell in range(len(shells) - 1):
                n_before = n_alive
                nearer = 1.0 - 1.0 / max(shell, 1)
                for offset in range(shells[shell], shells[shell + 1]):
                    first, second = before[offset, 0], before[offset, 1]
                    third, fourth = before[offset, 2], before[offset, 3]
                    if offset >= n_exact and ended[first] and ended[second] and ended[fourth]:
                        ended[offset] = True
                        here[offset] = here[first]
                        mean[offset] = mean[first]
                        continue
                    target = source + targets[offset]
                    there = density_g_per_ml[target]
                    here[offset] = there
                    if offset < n_exact:
                        along = 0.0
                        for one_crossed in range(starts[offset], starts[offset + 1]):
                            along += parts_of_way[one_crossed] * here[crossed[one_crossed]]
                    else:
                        one, two = weights[offset, 0], weights[offset, 1]
                        three, four = weights[offset, 2], weights[offset, 3]
                        along = nearer * (
                            one * mean[first]
                            + two * mean[second]
                            + three * mean[third]
                            + four * mean[fourth]
                        ) + (1.0 - nearer) * 0.5 * (
                            there
                            + one * here[first]
                            + two * here[second]
                            + three * here[third]
                            + four * here[fourth]
                        )
                    mean[offset] = along
                    ended[offset] = along * distance_mm[offset] > reach_mm
                    if ended[offset]:
                        continue
                    at = (log(max(along, lowest)) - log_lowest) * per_log_step
                    below = min(int(at), n_last)
                    row = rows[offset]
                    value = values[row, below]
                    value += (at - below) * (values[row, below + 1] - value)
                    energy = value * there
                    if inside[target]:
                        in_mev += energy
                    else:
                        out_mev += energy
                    alive[n_alive] = target
                    gives[n_alive] = value
                    n_alive += 1
                if n_alive == n_before:
                    break
            share = min(1.0, electron_mev / (in_mev + out_mev)) * decays[number]
            kept[part] += share * in_mev
            left[part] += share * out_mev
            for one_alive in range(n_alive):
                dose[part, alive[one_alive]] += share * gives[one_alive]
    return dose.sum(axis=0), kept, left
