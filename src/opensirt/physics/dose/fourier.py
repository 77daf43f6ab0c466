"""Convolution of an image with an even kernel, on the part of the grid that needs it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Block = tuple[slice, slice, slice]

_SLABS_VALUES = 1 << 19
"""Values of the kernel's transform that exist at a time."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Reach:
    """The block of a grid that a kernel can carry something to.

    `shape` is that of the transform: large enough that what wraps around never comes back into
    the block.
    """

    block: Block
    shape: tuple[int, int, int]


def occupied_block(values: NDArray[np.float32]) -> Block | None:
    """Return the smallest block outside which every value is zero; None when all are."""
    bits = np.ascontiguousarray(values).view(np.uint32)  # whole numbers are looked at faster
    if _all_faces_filled(bits):
        whole_k, whole_j, whole_i = (slice(0, length) for length in values.shape)
        return whole_k, whole_j, whole_i
    k = np.flatnonzero(np.bitwise_or.reduce(bits.reshape(len(bits), -1), axis=1))
    if k.size == 0:
        return None
    over_k = np.bitwise_or.reduce(bits[k[0] : k[-1] + 1], axis=0)
    j, i = (np.flatnonzero(over_k.any(axis=axis)) for axis in (1, 0))
    first, second, third = (slice(int(at[0]), int(at[-1]) + 1) for at in (k, j, i))
    return first, second, third


def _all_faces_filled(bits: NDArray[np.uint32]) -> bool:
    faces = (bits[0], bits[-1], bits[:, 0], bits[:, -1], bits[:, :, 0], bits[:, :, -1])
    return all(face.any() for face in faces)


def reach(occupied: Block, half_width: tuple[int, int, int], shape: tuple[int, int, int]) -> Reach:
    """Return the block of a grid within a kernel's half-width of an occupied block."""
    from scipy.fft import next_fast_len

    slices, sizes = [], []
    for filled, n, length in zip(occupied, half_width, shape, strict=True):
        start, stop = max(0, filled.start - n), min(length, filled.stop + n)
        slices.append(slice(start, stop))
        # The first value may wrap to the far end and the last one to the near end.
        sizes.append(max(stop - filled.start, filled.stop - start) + n)
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
    factor: float = 1.0,
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
    factor
        The result is multiplied with it.
    workers
        Threads; −1 for all.

    Returns
    -------
    (k, j, i)
        The part of the result that lies over `values`.
    """
    from scipy.fft import fft, ifft, irfft, rfft

    scale = float(np.abs(octant).max()) or 1.0  # single precision: keep away from its small end
    n_k, n_j, n_i = values.shape
    # Axis by axis, so that rows of nothing but padding are never transformed.
    waves = rfft(values, shape[2], axis=2, workers=workers)
    waves = fft(waves, shape[1], axis=1, workers=workers, overwrite_x=True)
    spectrum = fft(waves, shape[0], axis=0, workers=workers, overwrite_x=True)
    along_k = _cosines(octant.shape[0], shape[0], shape[0])
    along_j = _cosines(octant.shape[1], shape[1], shape[1])
    along_i = np.repeat(_cosines(octant.shape[2], shape[2], shape[2] // 2 + 1), 2, axis=0)
    both_parts = spectrum.view(np.float32)  # real and imaginary part take the same real factor
    over_j_i = np.tensordot(along_k, (octant / scale).astype(np.float32), axes=1)
    some = max(1, _SLABS_VALUES // (shape[1] * len(along_i)))
    for first in range(0, shape[0], some):
        slabs = slice(first, first + some)
        both_parts[slabs] *= (along_j @ over_j_i[slabs]) @ along_i.T
    waves = ifft(spectrum, axis=0, workers=workers, overwrite_x=True)[:n_k]
    waves = ifft(waves, axis=1, workers=workers, overwrite_x=True)[:, :n_j]
    convolved = irfft(waves, shape[2], axis=2, workers=workers, overwrite_x=True)
    kept: NDArray[np.float32] = convolved[:, :, :n_i] * np.float32(scale * factor)
    return kept


@dataclass(frozen=True, slots=True)
class Kept:
    """Sum of the values, and sum over the grid of their convolution."""

    total: float
    inside: float


def row_sums(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sums along the last axis, to be added up further in double precision.

    Within one row, a few hundred values, numpy adds pairwise: single precision keeps seven
    digits there, and takes a third of the time of double.
    """
    sums: NDArray[np.float64] = values.sum(axis=-1).astype(np.float64)
    return sums


def _by_distance(values: NDArray[Any], starts: NDArray[np.intp], axis: int) -> NDArray[np.float64]:
    """Add up the runs of indices that begin at `starts` along one axis."""
    stops = np.append(starts[1:], values.shape[axis])
    view = np.moveaxis(values, axis, -1)
    runs = [row_sums(view[..., start:stop]) for start, stop in zip(starts, stops, strict=True)]
    return np.moveaxis(np.stack(runs), 0, axis)


def kept_inside(
    values: NDArray[np.float32],
    octant: NDArray[np.float64],
    block: Block,
    shape: tuple[int, ...],
) -> Kept:
    """Return what a convolution leaves on a grid, without convolving.

    What a voxel keeps inside depends on its distance from the six faces only. So the values
    are first added up over voxels at the same distances.

    Parameters
    ----------
    values : (k, j, i)
        Of the voxels of `block`; zero elsewhere.
    octant : (nk + 1, nj + 1, ni + 1)
        Kernel at the offsets 0 to n.
    block
        Where `values` lie in the grid.
    shape
        Of the grid.
    """
    sums: NDArray[Any] = values
    kept: NDArray[np.float64] = octant
    for axis in (2, 1, 0):  # the axis without gaps in memory first
        offsets = np.arange(octant.shape[axis])
        index = np.arange(block[axis].start, block[axis].stop)
        below = np.minimum(index, offsets[-1])
        above = np.minimum(shape[axis] - 1 - index, offsets[-1])
        changes = (np.diff(below) != 0) | (np.diff(above) != 0)
        starts = np.append(0, np.flatnonzero(changes) + 1)
        # How often each offset of the octant, with its mirror image, stays within the faces.
        stays = (offsets <= above[starts, None]) * 1.0
        stays += (offsets <= below[starts, None]) & (offsets > 0)
        kept = np.moveaxis(np.tensordot(stays, kept, axes=(1, axis)), 0, axis)
        sums = _by_distance(sums, starts, axis)
    return Kept(float(sums.sum()), float(np.sum(sums * kept)))
