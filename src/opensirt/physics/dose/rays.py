"""The compiled loop of the superposition; imported only where one begins.

Sources that lie next to each other in memory are followed side by side: every step is taken for
all of them before the next, so that the processor works on many at once.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from opensirt.physics.target import remade

LONGEST_RUN = 32
"""At most so many sources side by side: what is remembered of their ways fits into the cache."""

BATCH = 16
"""Sources that the processor works on at once."""

ENDED = np.float32(1e6)
"""Density, in g/mL, that ends every way."""

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
"""For each offset its place in memory, row of the table and the mean density at which electrons
end there; where the shells of offsets with one largest component begin; and for each offset the
four offsets of the shell before around the point where its line crosses that, with their weights.
For the nearest offsets instead: where the list of crossed voxels begins; these voxels; and their
parts of the way."""
Table = tuple[NDArray[np.float32], np.float32, np.float32]
"""Values, lowest density, and number of densities in each g/mL."""
Room = tuple[
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.bool_],
    NDArray[np.int32],
    NDArray[np.float32],
    NDArray[np.float64],
    NDArray[np.float32],
    NDArray[np.int32],
]
"""Room to work in: mean density on the ways of this shell and of the one before (2, offsets of a
shell, sources), negative where a way has ended; what sources give, (offsets, sources); whether the
ways of all sources to an offset have ended; the offsets that are reached; and for each source what
it gives in a shell and in all, its weight, and whether it is a source."""
P = ParamSpec("P")
R = TypeVar("R")


def _compiled(function: Callable[P, R]) -> Callable[P, R]:
    return cast("Callable[P, R]", numba.njit(nogil=True, cache=True, error_model="numpy")(function))


def plain(function: Callable[P, R]) -> Callable[P, R]:
    """Return the plain Python twin of a compiled function."""
    return cast("Callable[P, R]", remade(function, lambda one: one))


@_compiled
def follow_run(  # noqa: C901, PLR0912, PLR0915 - one loop: calls in it cost
    source: int,
    length: int,
    n_sources: int,
    decays: NDArray[np.float32],
    density_g_per_ml: NDArray[np.float32],
    ways: Ways,
    table: Table,
    electron_mev: float,
    room: Room,
) -> tuple[int, float]:
    """Find out what the source voxels of one run give to the voxels around them.

    Sources are only followed together: what becomes of one does not depend on its neighbours, but
    for traces (10⁻⁷ of the maximum) behind a shell that none of its own ways reaches.

    Parameters
    ----------
    source, n_sources
        Where the run begins in memory, and how many voxels it has.
    length
        How many are followed: `n_sources`, filled up to whole batches of the processor.
    decays, density_g_per_ml, ways, table, electron_mev
        As in `superpose`.
    room
        To work in. On return its first rows hold what every source gives for a weight of one, the
        offsets it gives it to, and the weights, decays among them.

    Returns
    -------
    n_rows, energy
        Number of those rows, and the energy that the sources gave, in Bq s/mL × MeV.
    """
    targets, rows, ends_at, shells, before, weights, starts, crossed, parts_of_way = ways
    values, lowest, per_g_per_ml = table
    mean, gives, ended, alive, in_shell, would_give, share, is_source = room
    n_exact = len(starts) - 1
    last = np.float32(values.shape[1] - 1.001)
    half, nothing, one_whole = np.float32(0.5), np.float32(0.0), np.float32(1.0)
    lanes = np.uint64(length)
    begins = np.uint64(source)
    for one in range(lanes):
        is_source[one] = 0
        would_give[one] = 0.0
        share[one] = nothing
    for one in range(np.uint64(n_sources)):
        is_source[one] = decays[begins + one] != nothing
    n_alive = 0
    for shell in range(len(shells) - 1):
        n_before = n_alive
        nearer = np.float32(1.0 - 1.0 / max(shell, 1))
        rest = np.float32(1.0 / max(shell, 1)) * half
        for one in range(lanes):
            in_shell[one] = nothing
        now, then = np.uint64(shell % 2), np.uint64((shell + 1) % 2)
        first_before = shells[max(shell - 1, 0)]
        for offset in range(shells[shell], shells[shell + 1]):
            here = np.uint64(source + targets[offset])
            own = np.uint64(offset - shells[shell])
            if offset < n_exact:
                for one in range(lanes):
                    mean[now, own, one] = nothing
                for number in range(starts[offset], starts[offset + 1]):
                    part = parts_of_way[number]
                    through = np.uint64(source + targets[crossed[number]])
                    for one in range(lanes):
                        mean[now, own, one] += part * density_g_per_ml[through + one]
            else:
                a, b = before[offset, 0], before[offset, 1]
                c, d = before[offset, 2], before[offset, 3]
                ended[offset] = ended[a] and ended[b] and ended[c] and ended[d]
                if ended[offset]:
                    for one in range(lanes):
                        mean[now, own, one] = -ENDED
                    continue
                at_a, at_b = np.uint64(source + targets[a]), np.uint64(source + targets[b])
                at_c, at_d = np.uint64(source + targets[c]), np.uint64(source + targets[d])
                a, b = np.uint64(a - first_before), np.uint64(b - first_before)
                c, d = np.uint64(c - first_before), np.uint64(d - first_before)
                of_a, of_b = weights[offset, 0], weights[offset, 1]
                of_c, of_d = weights[offset, 2], weights[offset, 3]
                for one in range(lanes):
                    by_a, by_b = mean[then, a, one], mean[then, b, one]
                    by_c, by_d = mean[then, c, one], mean[then, d, one]
                    along = nearer * (
                        of_a * abs(by_a) + of_b * abs(by_b) + of_c * abs(by_c) + of_d * abs(by_d)
                    ) + rest * (
                        density_g_per_ml[here + one]
                        + of_a * density_g_per_ml[at_a + one]
                        + of_b * density_g_per_ml[at_b + one]
                        + of_c * density_g_per_ml[at_c + one]
                        + of_d * density_g_per_ml[at_d + one]
                    )
                    one_goes_on = max(by_a, by_b, by_c, by_d) >= nothing
                    mean[now, own, one] = along if one_goes_on else ENDED
            limit = ends_at[offset]
            n_reached = 0
            for one in range(lanes):
                goes_on = mean[now, own, one] <= limit
                n_reached += is_source[one] & goes_on
                mean[now, own, one] *= one_whole if goes_on else -one_whole
            ended[offset] = n_reached == 0
            if ended[offset]:
                continue
            row = rows[offset]
            for one in range(lanes):
                at = (mean[now, own, one] - lowest) * per_g_per_ml
                at = min(max(at, nothing), last)
                below = np.uint32(at)
                value = values[row, below]
                value += (at - np.float32(below)) * (values[row, below + np.uint32(1)] - value)
                value = value if mean[now, own, one] >= nothing else nothing
                gives[n_alive, one] = value
                in_shell[one] += value * density_g_per_ml[here + one]
            alive[n_alive] = targets[offset]
            n_alive += 1
        if n_alive == n_before:
            break
        for one in range(lanes):
            would_give[one] += in_shell[one]
    given = 0.0
    for one in range(np.uint64(n_sources)):
        most = min(1.0, electron_mev / would_give[one]) * decays[begins + one]
        share[one] = most
        given += most * would_give[one]
    return n_alive, given


@_compiled
def superpose(
    runs: NDArray[np.int64],
    decays: NDArray[np.float32],
    density_g_per_ml: NDArray[np.float32],
    ways: Ways,
    table: Table,
    electron_mev: float,
    dose: NDArray[np.float32],
    first_voxel: int,
) -> float:
    """Add up what every source voxel of some runs gives to the voxels around it.

    Parameters
    ----------
    runs : (n, 2)
        Where runs of sources begin in memory, and their lengths, at most `LONGEST_RUN`.
    decays : (voxels,)
        Bq s/mL.
    density_g_per_ml : (voxels,)
        Of the image with a rim that no ray leaves.
    ways, table
        See `Ways` and `Table`.
    electron_mev
        Energy of a decay; no source may give more.
    dose : (some voxels,)
        Σ decays × MeV/(g/mL), added to in place.
    first_voxel
        Where `dose` begins among all voxels.

    Returns
    -------
    float
        Energy that the sources gave, in Bq s/mL × MeV.
    """
    targets, shells = ways[0], ways[3]
    n_offsets, n_in_shell = len(targets), np.diff(shells).max()
    mean = np.zeros((2, n_in_shell, LONGEST_RUN), dtype=np.float32)
    gives = np.zeros((n_offsets, LONGEST_RUN), dtype=np.float32)
    ended = np.zeros(n_offsets, dtype=np.bool_)
    alive = np.zeros(n_offsets, dtype=np.int32)
    in_shell = np.zeros(LONGEST_RUN, dtype=np.float32)
    would_give = np.zeros(LONGEST_RUN, dtype=np.float64)
    share = np.zeros(LONGEST_RUN, dtype=np.float32)
    is_source = np.zeros(LONGEST_RUN, dtype=np.int32)
    room = (mean, gives, ended, alive, in_shell, would_give, share, is_source)
    given = 0.0
    for run in range(len(runs)):
        source, n_sources = runs[run, 0], runs[run, 1]
        length = -(-n_sources // BATCH) * BATCH
        n_alive, more = follow_run(
            source, length, n_sources, decays, density_g_per_ml, ways, table, electron_mev, room
        )
        given += more
        for number in range(n_alive):
            here = np.uint64(source + alive[number] - first_voxel)
            for one in range(np.uint64(length)):
                dose[here + one] += share[one] * gives[number, one]
    return given
