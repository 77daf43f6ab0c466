"""Convolution of an image with an even kernel, on the part of the grid that needs it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Block = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False, kw_only=True)
class Reach:
    """The block of a grid that a kernel can carry something to.

    `shape` is that of the transform: large enough that what wraps around never comes back into
    the block. `block` is empty (None) where the image is zero everywhere.
    """

    block: Block | None
    shape: tuple[int, int, int]


def reach(values: NDArray[np.float32], half_width: tuple[int, int, int]) -> Reach:
    """Return the block of voxels within a kernel's half-width of any value that is not zero."""
    from scipy.fft import next_fast_len

    filled = values != 0
    rows = filled.any(axis=2)
    along = (rows.any(axis=1), rows.any(axis=0), filled.any(axis=(0, 1)))
    if not along[0].any():
        return Reach(block=None, shape=(1, 1, 1))
    slices, sizes = [], []
    for axis, (occupied, n) in enumerate(zip(along, half_width, strict=True)):
        places = np.flatnonzero(occupied)
        first, last = int(places[0]), int(places[-1])
        start, stop = max(0, first - n), min(values.shape[axis], last + 1 + n)
        slices.append(slice(start, stop))
        # A value at `first` may wrap to the far end and one at `last` to the near end.
        sizes.append(max(stop - first, last + 1 - start) + n)
    longest = [next_fast_len(size, real=axis == len(sizes) - 1) for axis, size in enumerate(sizes)]
    return Reach(
        block=(slices[0], slices[1], slices[2]), shape=(longest[0], longest[1], longest[2])
    )


def _cosines(n_offsets: int, length: int, n_waves: int) -> NDArray[np.float32]:
    """Return the transform of unit impulses at ±d for each wave, (waves, offsets)."""
    waves, offsets = np.arange(n_waves)[:, None], np.arange(n_offsets)[None, :]
    # The product is taken modulo the length first: the cosine of a large angle loses digits.
    angle = 2.0 * np.pi * (waves * offsets % length) / length
    values: NDArray[np.float32] = (np.where(offsets == 0, 1.0, 2.0) * np.cos(angle)).astype(
        np.float32
    )
    return values


def convolve_even(
    values: NDArray[np.float32],
    octant: NDArray[np.float64],
    shape: tuple[int, int, int],
    *,
    workers: int = -1,
) -> NDArray[np.float32]:
    """Return the circular convolution of `values`, padded to `shape`, with an even kernel.

    The transform of an even kernel is a sum of cosines over one octant: real, small, and made
    slab by slab, so that the kernel costs neither a transform nor an array of its own.

    Parameters
    ----------
    values : (k, j, i)
        At most of size `shape`.
    octant : (nk + 1, nj + 1, ni + 1)
        Kernel at the offsets 0 to n.
    shape
        Lengths of the transform.
    workers
        Threads; −1 for all.

    Returns
    -------
    (k, j, i)
        The part of the result that lies over `values`.
    """
    from scipy.fft import irfftn, rfftn

    scale = float(np.abs(octant).max()) or 1.0  # single precision: keep away from its small end
    spectrum = rfftn(values, shape, workers=workers)
    along_k = _cosines(octant.shape[0], shape[0], shape[0])
    along_j = _cosines(octant.shape[1], shape[1], shape[1])
    along_i = _cosines(octant.shape[2], shape[2], shape[2] // 2 + 1)
    unit_octant = (octant / scale).astype(np.float32)
    for wave in range(shape[0]):
        plane = np.tensordot(along_k[wave], unit_octant, axes=1)
        spectrum[wave] *= along_j @ plane @ along_i.T
    convolved = irfftn(spectrum, shape, workers=workers, overwrite_x=True)
    k, j, i = values.shape
    kept: NDArray[np.float32] = convolved[:k, :j, :i]
    kept *= np.float32(scale)
    return kept


def inside_grid(values: NDArray[np.float32], octant: NDArray[np.float64]) -> float:
    """Return the sum over the grid of the convolution of `values`, without convolving.

    What a voxel keeps inside depends on its distance from the six faces only. So the values
    are first added up, in double precision, over voxels at the same distances.
    """
    sums: NDArray[Any] = values
    kept: NDArray[np.float64] = octant
    for axis, length in enumerate(values.shape):
        offsets = np.arange(octant.shape[axis])
        below = np.minimum(np.arange(length), offsets[-1])
        above = below[::-1]
        changes = (np.diff(below) != 0) | (np.diff(above) != 0)
        starts = np.append(0, np.flatnonzero(changes) + 1)
        # How often each offset of the octant, with its mirror image, stays within the faces.
        stays = (offsets <= above[starts, None]) * 1.0
        stays += (offsets <= below[starts, None]) & (offsets > 0)
        kept = np.moveaxis(np.tensordot(stays, kept, axes=(1, axis)), 0, axis)
        sums = np.add.reduceat(sums, starts, axis=axis, dtype=np.float64)
    return float(np.sum(sums * kept))
