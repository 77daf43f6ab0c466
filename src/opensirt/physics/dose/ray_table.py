"""Electron dose to a voxel at any offset, in water of any density."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.kernel import multiplicity, shares_of_shells
from opensirt.reference.constant import constant
from opensirt.reference.point_kernel import PointKernel, point_kernel
from opensirt.reference.radionuclide import Radionuclide

_EVERY = 5
"""Of so many densities one is looked at to find out which offsets count."""

_SHELLS = ((4.0, 0.05), (12.0, 0.1), (np.inf, 0.2))
"""Up to how many voxels from the source shells are how thick, in voxels."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RayTable:
    """Energy over density that one decay leaves at an offset, by the mean density on the way.

    Parameters
    ----------
    spacing_mm : (k, j, i)
    half_width : (k, j, i)
        Offsets run from 0 to this.
    lowest_g_per_ml, step_g_per_ml
        The densities are lowest + step × n.
    values : (offsets, densities), float32
        MeV / (g/mL), offsets of one octant in memory order.
    ends_at_g_per_ml : (offsets,), float32
        The highest density through which more than a negligible part of the energy gets there.
    electron_mev
        Energy that the electrons of one decay leave on their tracks.
    reach_mm
        In water of 1 g/mL: the way that electrons are followed.
    longest_mm
        Offsets farther than this are left out.
    """

    spacing_mm: tuple[float, float, float]
    half_width: tuple[int, int, int]
    lowest_g_per_ml: float
    step_g_per_ml: float
    values: NDArray[np.float32]
    ends_at_g_per_ml: NDArray[np.float32]
    electron_mev: float
    reach_mm: float
    longest_mm: float


def ray_table(
    nuclide: Radionuclide,
    spacing_mm: tuple[float, float, float],
    *,
    densities_g_per_ml: tuple[float, float],
    water: str = "I75",
) -> RayTable:
    """Return the table for voxels of one shape and the densities of one image.

    Parameters
    ----------
    nuclide
    spacing_mm : (k, j, i)
    densities_g_per_ml
        Lowest and highest of the image.
    water
        ``I75`` or ``I78``.
    """
    step = constant("dose_engines", "rays", "density_step_g_per_ml").value
    # Ends of the table lie on one ladder, so that images alike share a table.
    lowest = max(1, int(densities_g_per_ml[0] / step))
    highest = max(lowest, ceil(densities_g_per_ml[1] / step))
    k, j, i = (round(float(mm), 6) for mm in spacing_mm)
    return _ray_table(nuclide.name, nuclide.data_set, water, (k, j, i), (lowest, highest + 1))


@lru_cache(maxsize=2)
def _ray_table(
    name: str,
    data_set: str,
    water: str,
    spacing_mm: tuple[float, float, float],
    steps: tuple[int, int],
) -> RayTable:
    point = point_kernel(name, data_set, water)
    step = constant("dose_engines", "rays", "density_step_g_per_ml").value
    densities = step * np.arange(steps[0], steps[1] + 1, dtype=np.float64)
    reach_mm = point.reach_mm(constant("dose_engines", "rays", "fraction_beyond").value)
    sides = np.array(spacing_mm)
    longest_mm = min(
        reach_mm / float(densities[0]) + float(sides.max()),
        constant("dose_engines", "rays", "longest_mm").value,
        constant("dose_engines", "rays", "half_width").value * float(sides.min()),
    )
    longest_mm = max(longest_mm, float(sides.max()))
    n_k, n_j, n_i = (max(1, int(longest_mm / side + 1e-9)) for side in sides)
    edges_mm = _shell_edges_mm(float(sides.min()), float(np.linalg.norm((n_k, n_j, n_i) * sides)))
    radius_mm = (edges_mm[1:] + edges_mm[:-1]) / 2.0
    share = shares_of_shells(radius_mm, sides, (n_k, n_j, n_i))
    energy = _between(point, densities[:, None] * edges_mm) @ share
    return RayTable(
        spacing_mm=spacing_mm,
        half_width=(n_k, n_j, n_i),
        lowest_g_per_ml=float(densities[0]),
        step_g_per_ml=step,
        values=np.ascontiguousarray((energy / densities[:, None]).T, dtype=np.float32),
        ends_at_g_per_ml=_ends_at(energy, densities, (n_k, n_j, n_i)),
        electron_mev=float(point.electron_mev.sum()),
        reach_mm=reach_mm,
        longest_mm=longest_mm,
    )


def _ends_at(
    energy_mev: NDArray[np.float64],
    densities: NDArray[np.float64],
    half_width: tuple[int, int, int],
) -> NDArray[np.float32]:
    """Return the density up to which an offset counts, (offsets,).

    In each density the offsets with the least energy are left out that together hold no more
    than a negligible part.
    """
    share = constant("dose_engines", "rays", "fraction_beyond").value
    images = multiplicity(tuple(n + 1 for n in half_width)).reshape(-1)
    ends = np.zeros(energy_mev.shape[1])
    chosen = np.append(np.arange(0, len(densities) - 1, _EVERY), len(densities) - 1)
    for row, density in zip(energy_mev[chosen], densities[chosen], strict=True):
        order = np.argsort(row, kind="stable")
        summed = np.cumsum((row * images)[order])
        least = row[order[np.searchsorted(summed, share * summed[-1], "right")]]
        # Mirror images and exchanges of axes have one energy, but for round-off: all or none.
        ends[row >= least * (1.0 - 1e-9)] = density + _EVERY * (densities[1] - densities[0])
    return ends.astype(np.float32)


def _shell_edges_mm(side_mm: float, farthest_mm: float) -> NDArray[np.float64]:
    """Return edges of thin shells near the source and thicker ones far from it."""
    edges, start = [np.zeros(1)], 0.0
    for stop, thickness in _SHELLS:
        end = min(stop * side_mm, farthest_mm + side_mm)
        if end > start:
            n_shells = ceil((end - start) / (thickness * side_mm))
            edges.append(np.linspace(start, end, n_shells + 1)[1:])
            start = end
    return np.concatenate(edges)


def _between(point: PointKernel, edges_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the electrons' energy in MeV between radii in water of 1 g/mL."""
    summed = np.append(0.0, np.cumsum(point.electron_mev))
    energy: NDArray[np.float64] = np.diff(np.interp(edges_mm, point.radius_edges_mm, summed))
    return energy
