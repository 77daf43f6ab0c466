"""Dose by photons and bremsstrahlung: on the image's grid nearby, on a coarse grid far away.

Photons travel decimetres; a kernel that reaches so far on the image's own grid costs more than
everything else together. Far from the source their dose is smooth. So the point kernel is
split by a smooth window: the near part is convolved as it is; for the far part the decays are
shared out to the nodes of a coarse grid, convolved there, and the result is interpolated back.
Both steps blur by a known amount, which is taken off the coarse kernel beforehand. Where only
bremsstrahlung is left, a few parts in a thousand of the energy, the near part ends with the
electrons' kernel, and the coarse grid may be coarser (`split_bremsstrahlung`).

The medium is taken as even. The dose (not the energy) of the even medium is given to every
voxel, since the photons' fluence in a voxel hardly depends on the voxel's own density.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.physics.dose.fourier import convolve_even, kept_inside
from opensirt.physics.dose.mass import VoxelMasses, masses
from opensirt.physics.kernel import VoxelKernel, deposit_shells
from opensirt.reference.constant import constant
from opensirt.reference.point_kernel import point_kernel
from opensirt.reference.radionuclide import Radionuclide
from opensirt.units import GRAMS_PER_KG, J_PER_MEV

_SUBSHELL = 0.1
"""Thickness of the shells of the near part, in thinnest voxels."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PhotonDose:
    """Dose by photons, and where their energy went.

    Parameters
    ----------
    dose_gy : (k, j, i), float32
        On the whole grid.
    scored_j
        Σ dose × mass.
    left_j
        Energy that an even medium without end would hold outside the image.
    """

    dose_gy: NDArray[np.float32]
    scored_j: float
    left_j: float


@dataclass(frozen=True, eq=False, kw_only=True)
class _Window:
    """The point kernel of photons, split in two; radii in water of 1 g/mL."""

    near_radius_mm: NDArray[np.float64]
    near_mev: NDArray[np.float64]
    near_to_mm: float
    far_radius_mm: NDArray[np.float64]
    far_mev_per_mm: NDArray[np.float64]
    held_mev: float


def _near_and_far_mm(sides_mm: NDArray[np.float64]) -> tuple[float, float]:
    """Return where the far part begins and the near part ends, for photons."""
    start, stop = (
        max(
            constant("dose_engines", "photons", f"{end}_mm").value,
            constant("dose_engines", "photons", f"{end}_voxels").value * float(sides_mm.max()),
        )
        for end in ("near", "far")
    )
    return start, stop


def _window(
    nuclide: Radionuclide, water: str, thickness_mm: float, start: float, stop: float
) -> _Window:
    point = point_kernel(nuclide.name, nuclide.data_set, water)
    edges = point.radius_edges_mm
    energy = point.bremsstrahlung_mev + point.photon_mev
    pieces = np.maximum(1, np.ceil(np.diff(edges) / thickness_mm)).astype(int)
    pieces[edges[:-1] > stop] = 1
    owner = np.repeat(np.arange(len(energy)), pieces)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    width = (np.diff(edges) / pieces)[owner]
    radius = edges[owner] + (place + 0.5) * width
    rises = np.clip((radius - start) / (stop - start), 0.0, 1.0)
    far = rises**2 * (3.0 - 2.0 * rises)
    shell = energy[owner] / pieces[owner]
    near = far < 1.0
    return _Window(
        near_radius_mm=radius[near],
        near_mev=((1.0 - far) * shell)[near],
        near_to_mm=stop,
        far_radius_mm=radius,
        far_mev_per_mm=far * shell / width,
        held_mev=float(energy.sum()),
    )


@lru_cache(maxsize=8)
def _near_octant_mev(
    nuclide: Radionuclide,
    water: str,
    spacing_mm: tuple[float, float, float],
    density_g_per_ml: float,
    most: tuple[int, int, int],
) -> NDArray[np.float64]:
    """Return the near part in voxels; offsets that no image of this shape holds are left out."""
    order = np.argsort(spacing_mm, kind="stable")
    sides = np.array(spacing_mm)[order] * density_g_per_ml
    window = _window(nuclide, water, _SUBSHELL * float(sides.min()), *_near_and_far_mm(sides))
    reaches = [int(np.ceil(window.near_to_mm / side - 1e-9)) for side in sides]
    n_k, n_j, n_i = (max(1, min(n, most[axis] - 1)) for n, axis in zip(reaches, order, strict=True))
    octant = deposit_shells(
        window.near_radius_mm, window.near_mev[None, :], sides, (n_k, n_j, n_i)
    )[0]
    return np.transpose(octant, np.argsort(order))


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Nodes of the coarse grid along one axis, placed evenly about the middle of the image.

    `share` says what part of a voxel belongs to a node, (nodes, voxels); `variance_mm2` by how
    much sharing out, and interpolating, blurs on average.
    """

    share: NDArray[np.float32]
    apart_mm: float
    variance_mm2: float


def _nodes(n_voxels: int, side_mm: float, block_mm: float) -> _Nodes:
    block = max(1, int(block_mm / side_mm))
    n_nodes = -(-(n_voxels - 1) // block) + 1
    start = ((n_voxels - 1) - (n_nodes - 1) * block) / 2.0
    at = (np.arange(n_voxels) - start) / block
    away = np.abs(at[None, :] - np.arange(n_nodes)[:, None])
    share = np.maximum(0.0, 1.0 - away)
    part = at - np.floor(at)
    apart_mm = block * side_mm
    blur = float(np.mean(part * (1.0 - part))) * apart_mm**2
    return _Nodes(share.astype(np.float32), apart_mm, blur)


def _apply(
    matrices: tuple[NDArray[np.float32], ...], values: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Multiply an array along (k, j, i) with one matrix for each axis."""
    over_i = values @ matrices[2].T
    over_j = matrices[1] @ over_i
    over_k = np.tensordot(matrices[0], over_j, axes=1)
    return np.ascontiguousarray(over_k, dtype=np.float32)


def _coarse_octant_mev(
    window: _Window,
    nodes: tuple[_Nodes, ...],
    spacing_mm: tuple[float, float, float],
    density_g_per_ml: float,
) -> NDArray[np.float64]:
    """Return the far part at the offsets of nodes: energy in one voxel of the image."""
    squares = [
        (np.arange(one.share.shape[0] + 1) * one.apart_mm * density_g_per_ml) ** 2 for one in nodes
    ]
    radius = np.sqrt(
        squares[0][:, None, None] + squares[1][None, :, None] + squares[2][None, None, :]
    )
    per_mm = np.interp(radius, window.far_radius_mm, window.far_mev_per_mm, left=0.0, right=0.0)
    volume_mm3 = float(np.prod(spacing_mm)) * density_g_per_ml**3
    octant = per_mm * volume_mm3 / (4.0 * np.pi * np.maximum(radius, 1e-9) ** 2)
    for axis, (one, side) in enumerate(zip(nodes, spacing_mm, strict=True)):
        # Blurred by sharing out and interpolating; a voxel pair is blurred by its own size.
        excess = (2.0 * one.variance_mm2 - side**2 / 6.0) / one.apart_mm**2
        values = np.moveaxis(octant, axis, 0)
        below = np.concatenate((values[1:2], values[:-2]))
        sharpened = values[:-1] - excess / 2.0 * (below - 2.0 * values[:-1] + values[1:])
        octant = np.moveaxis(sharpened, 0, axis)
    return np.ascontiguousarray(octant)


def photon_dose(
    decays: TimeIntegratedActivityMap,
    density: DensityMap,
    nuclide: Radionuclide,
    *,
    density_g_per_ml: float,
    water: str = "I75",
    workers: int = -1,
) -> PhotonDose:
    """Return the dose by photons and bremsstrahlung, in a medium of one density.

    Parameters
    ----------
    decays : Bq s/mL
    density
        Masses of the voxels, for the energy scored.
    nuclide
    density_g_per_ml
        Of the even medium.
    water
        ``I75`` or ``I78``.
    workers
        Threads of the Fourier transform.
    """
    from scipy.fft import next_fast_len

    shape, spacing_mm = decays.grid.shape, decays.grid.spacing_mm
    k_mm, j_mm, i_mm = (round(float(mm), 6) for mm in spacing_mm)
    octant = _near_octant_mev(nuclide, water, (k_mm, j_mm, i_mm), density_g_per_ml, shape)
    padded = [next_fast_len(n + m - 1) for n, m in zip(shape, octant.shape, strict=True)]
    near = convolve_even(decays.values, octant, (padded[0], padded[1], padded[2]), workers=workers)
    everything = (slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2]))
    kept = kept_inside(decays.values, octant, everything, shape)
    sides = np.array(spacing_mm) * density_g_per_ml
    window = _window(nuclide, water, float(sides.min()), *_near_and_far_mm(sides))
    block_mm = constant("dose_engines", "photons", "block_mm").value
    nodes = tuple(_nodes(n, mm, block_mm) for n, mm in zip(shape, spacing_mm, strict=True))
    coarse = _coarse_octant_mev(window, nodes, spacing_mm, density_g_per_ml)
    shared = _apply(tuple(one.share for one in nodes), decays.values)
    padded = [next_fast_len(2 * n) for n in shared.shape]
    far = convolve_even(shared, coarse, (padded[0], padded[1], padded[2]), workers=workers)
    far_fine = _apply(tuple(np.ascontiguousarray(one.share.T) for one in nodes), far)
    voxel_ml = decays.grid.voxel_volume_ml
    inside_mev = kept.inside + float(far_fine.sum(dtype=np.float64))
    dose_gy = (near + far_fine) * np.float32(J_PER_MEV * GRAMS_PER_KG / density_g_per_ml)
    return PhotonDose(
        dose_gy=dose_gy,
        scored_j=masses(density).energy_j(dose_gy),
        left_j=(kept.total * window.held_mev - inside_mev) * voxel_ml * J_PER_MEV,
    )


@dataclass(frozen=True, eq=False)
class SplitBremsstrahlung:
    """Bremsstrahlung of a nuclide that emits no photons: what a kernel holds of it, and the rest.

    Parameters
    ----------
    kernel
        Of the electrons.
    near_mev : (nk + 1, nj + 1, ni + 1)
        The near part at the offsets of the kernel.
    """

    kernel: VoxelKernel
    near_mev: NDArray[np.float64]
    far: _Window

    def add_far(
        self,
        dose_gy: NDArray[np.float32],
        decays: NDArray[np.float32],
        mass: VoxelMasses,
    ) -> float:
        """Add the dose by the far part to a block, in place; return its Σ dose × mass in J.

        Parameters
        ----------
        dose_gy : (k, j, i)
        decays : (k, j, i), Bq s/mL
        mass
            Of the block.
        """
        density = self.kernel.density_g_per_ml
        coarse = _coarse_grid(self, decays.shape)
        shares = coarse.shares
        shared = _gathered(shares, decays)
        far = convolve_even(shared, coarse.octant_mev, coarse.padded, workers=1)
        far *= np.float32(J_PER_MEV * GRAMS_PER_KG / density)
        over_j = shares[1].T @ np.tensordot(shares[0].T, far, axes=1)
        for plane, at_nodes in enumerate(over_j):
            dose_gy[plane] += at_nodes @ shares[2]
        if mass.uniform:
            ends = [one.sum(axis=1, dtype=np.float64) for one in shares]
            summed = float(np.einsum("kji,k,j,i->", far.astype(np.float64), *ends))
            return summed * float(mass.density_kg_per_ml.flat[0]) * mass.voxel_volume_ml
        masses_at = _gathered(shares, mass.density_kg_per_ml)
        return float(np.sum(far.astype(np.float64) * masses_at)) * mass.voxel_volume_ml


@dataclass(frozen=True, eq=False)
class _CoarseGrid:
    """How voxels are shared out to nodes, (nodes, voxels), and the far part between nodes."""

    shares: tuple[NDArray[np.float32], ...]
    octant_mev: NDArray[np.float64]
    padded: tuple[int, int, int]


@lru_cache(maxsize=8)
def _coarse_grid(split: SplitBremsstrahlung, shape: tuple[int, ...]) -> _CoarseGrid:
    from scipy.fft import next_fast_len

    spacing_mm = split.kernel.spacing_mm
    longest_mm = max(n * mm for n, mm in zip(shape, spacing_mm, strict=True))
    block_mm = max(
        constant("dose_engines", "bremsstrahlung", "block_mm").value,
        longest_mm / constant("dose_engines", "bremsstrahlung", "most_blocks").value,
    )
    nodes = tuple(_nodes(n, mm, block_mm) for n, mm in zip(shape, spacing_mm, strict=True))
    octant = _coarse_octant_mev(split.far, nodes, spacing_mm, split.kernel.density_g_per_ml)
    n_k, n_j, n_i = (next_fast_len(2 * len(one.share)) for one in nodes)
    return _CoarseGrid(tuple(one.share for one in nodes), octant, (n_k, n_j, n_i))


def _gathered(
    shares: tuple[NDArray[np.float32], ...], values: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Share values out to the nodes, plane by plane.

    A plane of a liver is too small for BLAS to wake its threads, which would then wait in the way
    of those of the Fourier transform.
    """
    over_j = shares[1] @ (values @ shares[2].T)
    gathered: NDArray[np.float32] = np.tensordot(shares[0], over_j, axes=1)
    return gathered


@lru_cache(maxsize=8)
def split_bremsstrahlung(kernel: VoxelKernel) -> SplitBremsstrahlung:
    """Return the bremsstrahlung of a kernel, split where its electrons end."""
    order = np.argsort(kernel.spacing_mm, kind="stable")
    sides = np.array(kernel.spacing_mm)[order] * kernel.density_g_per_ml
    width = tuple(kernel.half_width[axis] for axis in order)
    stop = float(min(n * side for n, side in zip(width, sides, strict=True)))
    start = stop * constant("dose_engines", "bremsstrahlung", "near_part").value
    window = _window(kernel.nuclide, kernel.water, _SUBSHELL * float(sides.min()), start, stop)
    n_k, n_j, n_i = width
    octant = deposit_shells(
        window.near_radius_mm, window.near_mev[None, :], sides, (n_k, n_j, n_i)
    )[0]
    return SplitBremsstrahlung(kernel, np.transpose(octant, np.argsort(order)), window)
