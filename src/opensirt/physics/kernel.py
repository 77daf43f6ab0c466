"""Voxel S values for any voxel and density, from the point kernel.

A decay lies anywhere in its voxel, a target point anywhere in its own: averaged over both, the
point kernel is weighted with a triangle along each axis. That weight is also the share of a
voxel in cloud-in-cell deposition. So the energy of every shell of the point kernel is
dropped in many directions and shared out among the eight nearest voxel centres: this is
the exact average of a voxel pair, and as the shares add up to one, no energy is lost or made.
Nothing is normalised afterwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from math import ceil

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import InputError
from opensirt.reference.constant import constant
from opensirt.reference.point_kernel import PointKernel, point_kernel
from opensirt.reference.radionuclide import Radionuclide
from opensirt.units import GRAMS_PER_KG, J_PER_MEV, ML_PER_MM3

_POLAR, _AZIMUTHAL = 24, 24
_GOLDEN = (5**0.5 - 1.0) / 2.0
_SUBSHELL = 0.05
"""Shells are cut into pieces no thicker than this part of the thinnest voxel."""

_DIGITS = 6
"""Spacings and densities that agree to so many decimals share one kernel."""


@dataclass(frozen=True, eq=False, kw_only=True)
class VoxelKernel:
    """Energy that one decay, anywhere in a voxel, leaves in the voxels around it.

    Parameters
    ----------
    spacing_mm : (k, j, i)
    density_g_per_ml
        Of the water that fills the surroundings.
    electron_mev, bremsstrahlung_mev, photon_mev : (nk + 1, nj + 1, ni + 1)
        Energy for each decay at the offsets 0 to n along each axis; the other seven octants are
        mirror images.
    emitted_mev
        Energy of all electrons and photons of one decay.
    """

    nuclide: Radionuclide
    water: str
    spacing_mm: tuple[float, float, float]
    density_g_per_ml: float
    electron_mev: NDArray[np.float64]
    bremsstrahlung_mev: NDArray[np.float64]
    photon_mev: NDArray[np.float64]
    emitted_mev: float

    @property
    def half_width(self) -> tuple[int, int, int]:
        """Number of voxels from the centre to the edge along (k, j, i)."""
        k, j, i = (n - 1 for n in self.electron_mev.shape)
        return k, j, i

    @property
    def octant_mev(self) -> NDArray[np.float64]:
        """Energy of all three parts at the offsets 0 to n along each axis."""
        summed: NDArray[np.float64] = self.electron_mev + self.bremsstrahlung_mev + self.photon_mev
        return summed

    @property
    def inside_mev(self) -> float:
        """Energy for each decay that the whole kernel holds."""
        return octant_total(self.octant_mev)

    @property
    def outside_fraction(self) -> float:
        """Part of the emitted energy that falls outside the kernel."""
        return 1.0 - self.inside_mev / self.emitted_mev

    def s_values(self, octant_mev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Gy for each Bq s over the whole kernel from one part's octant."""
        mass_kg = float(np.prod(self.spacing_mm)) * ML_PER_MM3 * self.density_g_per_ml
        mass_kg /= GRAMS_PER_KG
        return whole(octant_mev) * (J_PER_MEV / mass_kg)


def whole(octant: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an even function on all eight octants, (2n + 1) offsets along each axis."""
    index = (np.abs(np.arange(1 - n, n)) for n in octant.shape)
    mirrored: NDArray[np.float64] = octant[np.ix_(*index)]
    return mirrored


def octant_total(octant: NDArray[np.float64]) -> float:
    """Return the sum of an even function over all eight octants."""
    return float(np.sum(octant * multiplicity(octant.shape)))


def multiplicity(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return how many mirror images each offset of an octant has, itself included."""
    k, j, i = (np.where(np.arange(n) == 0, 1.0, 2.0) for n in shape)
    counts: NDArray[np.float64] = k[:, None, None] * j[None, :, None] * i[None, None, :]
    return counts


def voxel_kernel(
    nuclide: Radionuclide,
    spacing_mm: tuple[float, float, float],
    *,
    density_g_per_ml: float = 1.0,
    water: str = "I75",
) -> VoxelKernel:
    """Return the voxel kernel for voxels of any shape in water of any density.

    In water of density ρ all distances of the point kernel shrink by ρ, so that the energy in a
    voxel of side h is that of a voxel of side h ρ in water of 1 g/mL: S(h, ρ) = ρ² S(h ρ, 1).

    Parameters
    ----------
    nuclide
        Nuclide and data set.
    spacing_mm : (k, j, i)
        Sides of a voxel.
    density_g_per_ml
        Density of the medium, taken as water in its composition.
    water
        ``I75`` or ``I78``, mean excitation energy of the water in eV.

    Raises
    ------
    InputError
        When a side or the density is not above zero, or so small that electrons cross more
        voxels than a kernel may hold.
    MissingInputError
        When no absorbed dose can be computed from the nuclide.
    UnknownNameError
        When there is no such water.

    References
    ----------
    .. [1] W. E. Bolch et al., MIRD Pamphlet No. 17, J. Nucl. Med. 40 (1999), 11S.
    """
    if not all(np.isfinite(mm) and mm > 0 for mm in spacing_mm):
        raise InputError(f"a voxel has sides above zero, found {spacing_mm} mm")
    if not (np.isfinite(density_g_per_ml) and density_g_per_ml > 0):
        raise InputError(f"a density is above zero, found {density_g_per_ml} g/mL")
    k, j, i = (round(float(mm), _DIGITS) for mm in spacing_mm)
    rounded = round(float(density_g_per_ml), _DIGITS)
    return _voxel_kernel(nuclide.name, nuclide.data_set, water, (k, j, i), rounded, nuclide)


@lru_cache(maxsize=32)
def _voxel_kernel(
    name: str,
    data_set: str,
    water: str,
    spacing_mm: tuple[float, float, float],
    density_g_per_ml: float,
    nuclide: Radionuclide,
) -> VoxelKernel:
    point = point_kernel(name, data_set, water)
    # Axes are sorted before and put back after, so that every order gives the same numbers.
    order = np.argsort(spacing_mm, kind="stable")
    sides = np.array(spacing_mm)[order] * density_g_per_ml
    parts = _even_out(_deposit(point, sides), sides)
    back = np.argsort(order)
    electron, bremsstrahlung, photon = (np.transpose(part, back) for part in parts)
    return VoxelKernel(
        nuclide=nuclide,
        water=water,
        spacing_mm=spacing_mm,
        density_g_per_ml=density_g_per_ml,
        electron_mev=electron,
        bremsstrahlung_mev=bremsstrahlung,
        photon_mev=photon,
        emitted_mev=point.emitted_mev.value,
    )


def half_widths(point: PointKernel, sides_mm: NDArray[np.float64]) -> tuple[int, int, int]:
    """Return how many voxels an electron can cross along each axis, at least one.

    Parameters
    ----------
    point
    sides_mm
        Sides of a voxel, scaled to water of 1 g/mL.

    Raises
    ------
    InputError
        When that is more than the largest kernel allowed.
    """
    beyond = constant("dose_engines", "reach", "fraction_beyond").value
    reach_mm = point.reach_mm(beyond)
    k, j, i = (max(1, ceil(reach_mm / side - 1e-9)) for side in sides_mm)
    allowed = constant("dose_engines", "largest_kernel", "half_width").value
    if max(k, j, i) > allowed:
        raise InputError(
            f"electrons of {point.name} cross {max(k, j, i)} voxels of {min(sides_mm):.3g} mm of "
            f"water, at most {allowed:.0f} are allowed; is the activity in air, is the density in "
            "g/mL, are the voxels in mm?"
        )
    return k, j, i


def _subshells(
    point: PointKernel, thickest_mm: float, farthest_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the radii of thin shells and the energy of the three parts in each, (3, n).

    Within a shell of the point kernel as much energy is left in every millimetre of radius.
    """
    edges = point.radius_edges_mm
    used = int(np.searchsorted(edges, farthest_mm))
    n_shells = min(used, len(edges) - 1)
    inner, width = edges[:n_shells], np.diff(edges)[:n_shells]
    pieces = np.maximum(1, np.ceil(width / thickest_mm)).astype(int)
    owner = np.repeat(np.arange(n_shells), pieces)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    radius = inner[owner] + (place + 0.5) * (width / pieces)[owner]
    energies = np.stack((point.electron_mev, point.bremsstrahlung_mev, point.photon_mev))
    return radius, energies[:, owner] / pieces[owner]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Points:
    """Points on one octant of shells: weights, voxel below and place in it along each axis."""

    weight: NDArray[np.float64]
    lower: list[NDArray[np.intp]]
    rest: list[NDArray[np.float64]]


def _on_shells(radius_mm: NDArray[np.float64], sides_mm: NDArray[np.float64]) -> _Points:
    """Return points in many directions on every shell, (shells × directions,) each."""
    cosine, polar_weight = np.polynomial.legendre.leggauss(_POLAR)
    cosine, polar_weight = (cosine + 1.0) / 2.0, polar_weight / 2.0
    # The azimuths of each shell are turned against those of the last: their errors cancel.
    turn = np.arange(len(radius_mm)) * _GOLDEN % 1.0
    azimuth = (np.arange(_AZIMUTHAL) + turn[:, None]) * (np.pi / 2.0 / _AZIMUTHAL)
    sine = np.sqrt(1.0 - cosine**2)
    shape = (len(radius_mm), _POLAR, _AZIMUTHAL)
    across = radius_mm[:, None, None] * sine[None, :, None]
    places = (
        np.broadcast_to((radius_mm[:, None] * cosine)[:, :, None], shape),
        across * np.cos(azimuth)[:, None, :],
        across * np.sin(azimuth)[:, None, :],
    )
    lower, rest = [], []
    for place, side in zip(places, sides_mm, strict=True):
        index, remainder = np.divmod(place.reshape(-1) / side, 1.0)
        lower.append(index.astype(np.intp))
        rest.append(remainder)
    weight = np.broadcast_to(polar_weight[None, :, None] / _AZIMUTHAL, shape)
    return _Points(weight=weight.reshape(-1), lower=lower, rest=rest)


def _corners(
    points: _Points, half_width: tuple[int, ...]
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.float64]]]:
    """Yield, for each of the eight voxels around a point: which are inside, where, the share."""
    for corner in np.ndindex(2, 2, 2):
        index = [low + up for low, up in zip(points.lower, corner, strict=True)]
        inside = np.logical_and.reduce(
            [one <= top for one, top in zip(index, half_width, strict=True)]
        )
        share = points.weight * np.prod(
            [r if up else 1.0 - r for r, up in zip(points.rest, corner, strict=True)], axis=0
        )
        shape = tuple(n + 1 for n in half_width)
        yield inside, np.ravel_multi_index([one[inside] for one in index], shape), share[inside]


def _deposit(point: PointKernel, sides_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share the energy of all shells out among the voxels of one octant, (3, nk+1, nj+1, ni+1)."""
    n = half_widths(point, sides_mm)
    farthest_mm = float(np.linalg.norm((np.array(n) + 1) * sides_mm))
    radius_mm, energy_mev = _subshells(point, _SUBSHELL * sides_mm.min(), farthest_mm)
    return deposit_shells(radius_mm, energy_mev, sides_mm, n)


def deposit_shells(
    radius_mm: NDArray[np.float64],
    energy_mev: NDArray[np.float64],
    sides_mm: NDArray[np.float64],
    half_width: tuple[int, int, int],
) -> NDArray[np.float64]:
    """Share the energy of thin shells out among the voxels of one octant.

    Parameters
    ----------
    radius_mm : (shells,)
    energy_mev : (rows, shells)
    sides_mm : (k, j, i)
        Of a voxel, in the medium of the shells.
    half_width : (nk, nj, ni)
        What falls on voxels farther away is left out.

    Returns
    -------
    (rows, nk + 1, nj + 1, ni + 1)
        Energy in one voxel at each offset.
    """
    points = _on_shells(radius_mm, sides_mm)
    per_shell = _POLAR * _AZIMUTHAL
    parts = [np.repeat(one, per_shell) for one in energy_mev]
    shape = tuple(n + 1 for n in half_width)
    dropped = np.zeros((len(parts), int(np.prod(shape))))
    for inside, flat, share in _corners(points, half_width):
        for row, part in enumerate(parts):
            dropped[row] += np.bincount(flat, part[inside] * share, minlength=dropped.shape[1])
    octants = dropped.reshape(-1, *shape)
    return octants / multiplicity(shape)


def shares_of_shells(
    radius_mm: NDArray[np.float64],
    sides_mm: NDArray[np.float64],
    half_width: tuple[int, int, int],
) -> NDArray[np.float64]:
    """Return the share of each thin shell that falls on one voxel, (shells, offsets).

    It is a matter of geometry alone: energies of any medium are folded with it. Offsets are
    those of one octant in memory order.
    """
    order = np.argsort(sides_mm, kind="stable")
    points = _on_shells(radius_mm, sides_mm[order])
    sorted_width = tuple(half_width[axis] for axis in order)
    shape = tuple(n + 1 for n in sorted_width)
    n_offsets = int(np.prod(shape))
    first = np.repeat(np.arange(len(radius_mm)) * n_offsets, _POLAR * _AZIMUTHAL)
    dropped = np.zeros(len(radius_mm) * n_offsets)
    for inside, flat, share in _corners(points, sorted_width):
        dropped += np.bincount(first[inside] + flat, share, minlength=dropped.size)
    octants = dropped.reshape(-1, *shape) / multiplicity(shape)
    octants = _even_out(octants, sides_mm[order])
    back = np.transpose(octants, (0, *(1 + axis for axis in np.argsort(order))))
    shares: NDArray[np.float64] = back.reshape(len(radius_mm), n_offsets)
    return shares


def _even_out(octants: NDArray[np.float64], sides_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over the exchanges of axes whose voxel sides are equal."""
    same = [
        order
        for order in permutations(range(3))
        if all(abs(sides_mm[a] - sides_mm[b]) < 10.0**-_DIGITS for a, b in enumerate(order))
    ]
    moved = [np.transpose(octants, (0, *(axis + 1 for axis in order))) for order in same]
    averaged: NDArray[np.float64] = np.mean(moved, axis=0)
    return averaged
