"""The straight lines from a source to the voxels around it, as the loop of the rays wants them."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.dose.ray_table import RayTable

if TYPE_CHECKING:
    from opensirt.physics.dose.rays import Ways

_EXACT_SHELLS = 6
"""So many voxels around a source are reached along lines cut at every voxel's face."""

_NOTHING = 1e-9
"""Parts of a way smaller than this are round-off."""


def ways_of(table: RayTable, shape: tuple[int, ...]) -> "Ways":
    """Return the offsets within the longest ray, shell by shell, and how their lines run.

    The line to an offset crosses the shell before at a point between four of its offsets. The
    mean density up to there is taken as theirs, weighted; the rest of the way adds half of the
    density there and half of the target's.
    """
    grids = np.meshgrid(*(np.arange(-n, n + 1) for n in table.half_width), indexing="ij")
    offsets = np.stack([one.reshape(-1) for one in grids], axis=1)
    distance_mm = np.linalg.norm(offsets * np.array(table.spacing_mm), axis=1)
    shell = np.abs(offsets).max(axis=1)
    # A shell is whole as far as the lines of the next one need it.
    kept = distance_mm <= table.longest_mm + float(np.linalg.norm(table.spacing_mm))
    # Mirror images follow each other: what they look up in the table lies in the cache then.
    width = np.array(table.half_width)
    rows = np.ravel_multi_index(tuple(np.abs(offsets.T)), tuple(width + 1))
    order = np.lexsort((rows[kept], shell[kept]))
    offsets, shell, table_rows = (one[kept][order] for one in (offsets, shell, rows))
    number = np.zeros(tuple(2 * width + 1), np.int32)
    number[tuple((offsets + width).T)] = np.arange(len(offsets))
    nearer = offsets * ((shell - 1) / np.maximum(shell, 1))[:, None]
    # Rounded towards the source voxel's planes, so that turned and flipped images agree.
    lower = np.trunc(nearer + np.copysign(_NOTHING, nearer))
    rest = np.abs(nearer - lower)
    rest[rest < 10.0 * _NOTHING] = 0.0
    upward = np.where(rest > 0, np.sign(offsets), 0)
    leading = np.abs(offsets) == shell[:, None]
    before, weights = [], []
    cross = np.argsort(leading, axis=1, kind="stable")[:, :2]  # the two axes that do not lead
    rows = np.arange(len(offsets))
    for up in ((0, 0), (1, 0), (0, 1), (1, 1)):
        corner, weight = lower.copy(), np.ones(len(offsets))
        for axis, one in zip(cross.T, up, strict=True):
            share = rest[rows, axis]
            corner[rows, axis] += one * upward[rows, axis]
            weight *= share if one else 1.0 - share
        before.append(number[tuple((corner.astype(np.int64) + width).T)])
        weights.append(weight)
    starts = np.searchsorted(shell, np.arange(int(shell.max()) + 2))
    strides = np.array((shape[1] * shape[2], shape[2], 1))
    return (
        (offsets @ strides).astype(np.int32),
        table_rows.astype(np.int32),
        table.ends_at_g_per_ml[table_rows],
        starts.astype(np.int32),
        np.ascontiguousarray(np.stack(before, axis=1), dtype=np.int32),
        np.ascontiguousarray(np.stack(weights, axis=1), dtype=np.float32),
        *_exact(offsets[: starts[min(_EXACT_SHELLS + 1, len(starts) - 1)]], number, width),
    )


def _exact(
    offsets: NDArray[np.int64], number: NDArray[np.int32], width: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Return the voxels that the lines to the nearest offsets cross, and the parts of the way."""
    ends, crossed, parts = [0], [], []
    for offset in offsets:
        cuts = [np.array([0.0, 1.0])]
        cuts += [(np.arange(n) + 0.5) / n for n in np.abs(offset) if n]
        at = np.sort(np.concatenate(cuts))
        way = np.diff(at)
        real = way > _NOTHING  # through an edge or a corner: no way in between
        middle = ((at[1:] + at[:-1]) / 2.0)[real, None]
        crossed.append(number[tuple((np.rint(middle * offset).astype(np.int64) + width).T)])
        parts.append(way[real])
        ends.append(ends[-1] + int(np.count_nonzero(real)))
    return (
        np.array(ends, np.int32),
        np.concatenate(crossed).astype(np.int32),
        np.concatenate(parts).astype(np.float32),
    )
