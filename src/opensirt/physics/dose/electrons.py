"""Electrons by superposition: one convolution where the density is even, rays elsewhere."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.dose.convolution import drop_round_off
from opensirt.physics.dose.engine import DEVICES
from opensirt.physics.dose.fourier import Block, convolve_even
from opensirt.physics.dose.outer_air import outer_air
from opensirt.physics.dose.ray_table import RayTable, ray_table
from opensirt.physics.dose.ray_ways import ways_of
from opensirt.physics.kernel import VoxelKernel, octant_total
from opensirt.reference.constant import constant

if TYPE_CHECKING:
    from opensirt.physics.dose.rays import Table, Ways

HEAVIEST = 1.01
"""A convolved source is weighted with at most this, to make up for small differences of density."""

N_PARTS = 32
"""Sources are shared out in so many parts, whatever the number of threads."""

GAP = 8
"""Sources in one row that are no farther apart are followed side by side."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Spread:
    """What electrons leave in a block of the image.

    Parameters
    ----------
    block
        Where `values` lie in the grid.
    values : (k, j, i)
        Σ decays × MeV/(g/mL), decays in Bq s/mL.
    inside, left
        Energy on voxels of the image, and beyond its edges, in Bq s/mL × MeV.
    n_by_rays
        Number of source voxels from which rays were followed.
    n_round_off
        Number of voxels whose round-off below zero was set to zero.
    reach_mm, longest_mm
        How far electrons go in the lightest voxels, and how far they are followed.
    """

    block: Block
    values: NDArray[np.float64]
    inside: float
    left: float
    n_by_rays: int
    n_round_off: int
    reach_mm: float = 0.0
    longest_mm: float = 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class _Field:
    """A block of the image with a rim, as wide as electrons go, that continues its edge."""

    core: Block
    decays: NDArray[np.float32]
    density_g_per_ml: NDArray[np.float32]
    inside: NDArray[np.bool_]


def spread_electrons(
    decays: NDArray[np.float32],
    density_g_per_ml: NDArray[np.float32],
    occupied: Block,
    kernel: VoxelKernel,
    *,
    workers: int,
    device: str,
    compiled: bool,
) -> Spread:
    """Return what electrons leave where.

    Parameters
    ----------
    decays : (k, j, i), Bq s/mL
    density_g_per_ml : (k, j, i)
    occupied
        The block outside which there are no decays.
    kernel
        Of the density in which most decays happen.
    workers
        Threads; −1 for all.
    device
        A name of `DEVICES`: where rays are followed.
    compiled
        Whether the loops of the processor run compiled.
    """
    uneven = _uneven(density_g_per_ml, kernel)
    table = None
    width = kernel.half_width
    if uneven.any():
        ends = float(density_g_per_ml.min()), float(density_g_per_ml.max())
        table = ray_table(
            kernel.nuclide, kernel.spacing_mm, densities_g_per_ml=ends, water=kernel.water
        )
        k, j, i = (max(pair) for pair in zip(width, table.half_width, strict=True))
        width = (k, j, i)
    block, field = _field(decays, density_g_per_ml, occupied, width)
    by_rays = np.zeros(field.decays.shape, dtype=bool)
    if table is not None:
        by_rays = _needs_rays(field, kernel, workers)
    values, inside, left, n_round_off = _by_convolution(field, kernel, by_rays, workers)
    n_by_rays = int(np.count_nonzero(by_rays))
    if table is not None and n_by_rays:
        along, more_inside, more_left = _by_rays(
            field, by_rays, table, workers=workers, device=device, compiled=compiled
        )
        values = values + along
        inside, left = inside + more_inside, left + more_left
    return Spread(
        block=block,
        values=values[field.core],
        inside=inside,
        left=left,
        n_by_rays=n_by_rays,
        n_round_off=n_round_off,
        reach_mm=table.reach_mm / table.lowest_g_per_ml if table is not None else 0.0,
        longest_mm=table.longest_mm if table is not None else 0.0,
    )


def _field(
    decays: NDArray[np.float32],
    density_g_per_ml: NDArray[np.float32],
    occupied: Block,
    width: tuple[int, int, int],
) -> tuple[Block, _Field]:
    """Return the block within reach of the decays, and its field."""
    k, j, i = (
        slice(max(0, filled.start - n), min(length, filled.stop + n))
        for filled, n, length in zip(occupied, width, decays.shape, strict=True)
    )
    block = (k, j, i)
    rim = tuple((n, n) for n in width)
    core_k, core_j, core_i = (
        slice(n, n + part.stop - part.start) for n, part in zip(width, block, strict=True)
    )
    values = np.pad(decays[block], rim)
    inside = np.zeros(values.shape, dtype=bool)
    inside[core_k, core_j, core_i] = True
    field = _Field(
        core=(core_k, core_j, core_i),
        decays=values,
        density_g_per_ml=np.pad(density_g_per_ml[block], rim, mode="edge"),
        inside=inside,
    )
    return block, field


def _uneven(density_g_per_ml: NDArray[np.float32], kernel: VoxelKernel) -> NDArray[np.bool_]:
    differs = constant("dose_engines", "rays", "even_difference_at_most").value
    ratio = density_g_per_ml / np.float32(kernel.density_g_per_ml)
    uneven: NDArray[np.bool_] = np.abs(ratio - 1.0) > differs
    return uneven


def _convolved(
    values: NDArray[np.float32], octant: NDArray[np.float64], workers: int
) -> NDArray[np.float32]:
    """Convolve a field; right within its core, for the rim is as wide as the kernel."""
    from scipy.fft import next_fast_len

    k, j, i = (
        next_fast_len(n, real=axis == 2)  # noqa: PLR2004 - the last axis
        for axis, n in enumerate(values.shape)
    )
    return convolve_even(values, octant, (k, j, i), workers=workers)


def _needs_rays(field: _Field, kernel: VoxelKernel, workers: int) -> NDArray[np.bool_]:
    """Return the sources that are not faint and would put energy on voxels of other density."""
    faint = constant("dose_engines", "rays", "faint_fraction_of_maximum").value
    allowed = constant("dose_engines", "rays", "uneven_energy_fraction_at_most").value
    uneven = _uneven(field.density_g_per_ml, kernel).astype(np.float32)
    share = _convolved(uneven, kernel.electron_mev, workers) / octant_total(kernel.electron_mev)
    strength = np.abs(field.decays)
    needed: NDArray[np.bool_] = (share > allowed) & (strength > faint * float(strength.max()))
    return needed


def _by_convolution(
    field: _Field, kernel: VoxelKernel, by_rays: NDArray[np.bool_], workers: int
) -> tuple[NDArray[np.float64], float, float, int]:
    """Return values, energies inside and left, and the number of voxels with round-off.

    The kernel gives dose, as in even density. Each source is weighted so that dose × mass of all
    voxels around it is its energy: small differences of density do not change what it gives.
    """
    energy_mev = octant_total(kernel.electron_mev)
    sources = np.where(by_rays, np.float32(0.0), field.decays)
    if not sources.any():
        return np.zeros(field.decays.shape), 0.0, 0.0, 0
    octant = kernel.electron_mev / kernel.density_g_per_ml
    would_give = _convolved(field.density_g_per_ml, octant, workers).astype(np.float64)
    weight = energy_mev / np.maximum(would_give, 1e-3 * energy_mev)
    # In air a source leaves less than its energy nearby: the rest is lost, not made up for.
    weight[_uneven(field.density_g_per_ml, kernel) | (weight > HEAVIEST)] = 1.0
    weighted = sources * weight
    given = float(np.sum(weighted[field.core] * would_give[field.core]))
    values = _convolved(weighted.astype(np.float32), octant, workers)
    n_round_off = drop_round_off(values, all_positive=float(sources.min()) >= 0)
    inside = float(
        np.einsum(
            "kji,kji->", values[field.core], field.density_g_per_ml[field.core], dtype=np.float64
        )
    )
    return values.astype(np.float64), inside, given - inside, n_round_off


def _by_rays(
    field: _Field,
    by_rays: NDArray[np.bool_],
    table: RayTable,
    *,
    workers: int,
    device: str,
    compiled: bool,
) -> tuple[NDArray[np.float64], float, float]:
    """Return values, and energies inside and left."""
    from opensirt.physics.dose.rays import ENDED

    shape = field.decays.shape
    look_up = (
        table.values,
        np.float32(table.lowest_g_per_ml),
        np.float32(1.0 / table.step_g_per_ml),
    )
    decays = np.where(by_rays, field.decays, np.float32(0.0))
    walled = np.where(
        outer_air(field.density_g_per_ml, table.spacing_mm), ENDED, field.density_g_per_ml
    )
    ways = ways_of(table, shape)
    if device == DEVICES[0]:
        summed, given = _on_threads(
            decays, walled, ways, look_up, table, workers=workers, compiled=compiled
        )
    else:
        from opensirt.physics.dose.rays_on_device import superpose_on_device

        summed, given = superpose_on_device(
            decays.reshape(-1), walled.reshape(-1), ways, look_up, table.electron_mev
        )
    values = summed.reshape(shape)
    inside = float(np.sum(values[field.core] * field.density_g_per_ml[field.core]))
    return values, inside, given - inside


def _on_threads(
    decays: NDArray[np.float32],
    density_g_per_ml: NDArray[np.float32],
    ways: "Ways",
    look_up: "Table",
    table: RayTable,
    *,
    workers: int,
    compiled: bool,
) -> tuple[NDArray[np.float64], float]:
    """Return values of all voxels in one row, and the energy that the sources gave.

    Planes of sources are shared out among threads, always the same ones together: the order in
    which contributions are added up does not depend on the number of threads.
    """
    from opensirt.physics.dose import rays

    superpose = rays.superpose if compiled else rays.plain(rays.superpose)
    _, n_j, n_i = decays.shape
    in_plane = n_j * n_i
    row, density = decays.reshape(-1), density_g_per_ml.reshape(-1)
    half_width = table.half_width[0]

    def one_part(planes: tuple[int, int]) -> tuple[slice, NDArray[np.float32], float]:
        start, stop = (plane * in_plane for plane in planes)
        first, last = start - half_width * in_plane, stop + half_width * in_plane
        made = np.zeros(last - first, np.float32)
        runs = _runs(row[start:stop], start, n_i, rays.LONGEST_RUN)
        given = superpose(runs, row, density, ways, look_up, table.electron_mev, made, first)
        return slice(first, last), made, given

    summed, given = np.zeros(row.size), 0.0
    with ThreadPoolExecutor(None if workers < 0 else workers) as pool:
        for where, made, gave in pool.map(one_part, _parts(decays)):
            summed[where] += made
            given += gave
    return summed, given


def _parts(decays: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Return first and last plane of each part, of about as many sources each."""
    in_plane = np.count_nonzero(decays, axis=(1, 2))
    summed = np.cumsum(in_plane)
    filled = np.flatnonzero(in_plane)
    ends = [int(filled[0])]
    for number in range(1, N_PARTS + 1):
        end = int(np.searchsorted(summed, summed[-1] * number / N_PARTS)) + 1
        if end > ends[-1]:
            ends.append(end)
    return list(pairwise(ends))


def _runs(decays: NDArray[np.float32], start: int, row: int, longest: int) -> NDArray[np.int64]:
    """Return where runs of sources begin and how long they are; no run leaves its row."""
    at = np.flatnonzero(decays)
    if at.size == 0:
        return np.zeros((0, 2), np.int64)
    new = np.append(True, (np.diff(at) > GAP) | (np.diff(at // row) > 0))
    number = np.cumsum(new) - 1
    first = at[new]
    piece = (at - first[number]) // longest
    begins = np.append(True, (np.diff(number) > 0) | (np.diff(piece) > 0))
    heads = np.flatnonzero(begins)
    tails = np.append(heads[1:], at.size) - 1
    return np.stack((at[heads] + start, at[tails] - at[heads] + 1), axis=1)
