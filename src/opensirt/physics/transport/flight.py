"""Straight flights through voxels, and turns between them."""

import math

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.transport.compiled import compiled, inlined
from opensirt.physics.transport.deposit import deposit

_STRAIGHT_UP = 1e-12
_FAR_MM = 1e30

Direction = tuple[float, float, float]
Sides = tuple[float, float, float]
Strides = tuple[int, int]


@compiled
def turn(
    x: float, y: float, z: float, cosine: float, sine: float, along: float, across: float
) -> Direction:
    """Return a direction turned by a polar angle (cosine, sine) and an azimuth (along, across)."""
    flat = x * x + y * y
    if flat < _STRAIGHT_UP:
        return sine * along, sine * across, cosine * z
    root = math.sqrt(flat)
    part = sine / root
    return (
        x * cosine + part * (x * z * along - y * across),
        y * cosine + part * (y * z * along + x * across),
        z * cosine - sine * root * along,
    )


@inlined
def to_face(place_mm: float, side_mm: float, direction: float) -> float:
    """Return the way to the face of the voxel ahead along one axis."""
    if direction > 0.0:
        return (side_mm - place_mm) / direction
    if direction < 0.0:
        return -place_mm / direction
    return _FAR_MM


@compiled
def cross(
    sides: Sides,
    strides: Strides,
    voxel: int,
    i: float,
    j: float,
    k: float,
    x: float,
    y: float,
    z: float,
) -> tuple[float, int, float, float, float]:
    """Return the way to the next face, the voxel behind it and the place there.

    Places are millimetres from the lower corner of the voxel, along the axes i, j and k.
    """
    side_i_mm, side_j_mm, side_k_mm = sides
    stride_j, stride_k = strides
    way_i = to_face(i, side_i_mm, x)
    way_j = to_face(j, side_j_mm, y)
    way_k = to_face(k, side_k_mm, z)
    if way_i < way_j and way_i < way_k:
        ahead = 1 if x > 0.0 else -1
        entry = 0.0 if x > 0.0 else side_i_mm
        return way_i, voxel + ahead, entry, j + y * way_i, k + z * way_i
    if way_j < way_k:
        ahead = stride_j if y > 0.0 else -stride_j
        entry = 0.0 if y > 0.0 else side_j_mm
        return way_j, voxel + ahead, i + x * way_j, entry, k + z * way_j
    ahead = stride_k if z > 0.0 else -stride_k
    entry = 0.0 if z > 0.0 else side_k_mm
    return way_k, voxel + ahead, i + x * way_k, j + y * way_k, entry


@inlined
def fly(
    density: NDArray[np.float32],
    material: NDArray[np.uint8],
    sides: Sides,
    strides: Strides,
    ratio: NDArray[np.float64],
    step: int,
    score_mev: NDArray[np.float64],
    voxel: int,
    i: float,
    j: float,
    k: float,
    x: float,
    y: float,
    z: float,
    length: float,
    energy_mev: float,
    weight: float,
) -> tuple[int, float, float, float, float]:
    """Move straight on over `length` of water and leave `energy_mev` evenly along it.

    Parameters
    ----------
    density, material, sides, strides
        The voxels, as in `Medium`.
    ratio : (s, m)
        Stopping power of the materials by mass, over that of water, on each step.
    step
        The step of the ladder.
    score_mev
        Energy of each voxel; what is left in it is added.
    voxel, i, j, k, x, y, z
        Where and in which direction the flight begins.
    length
        In mm × g/mL of water.
    energy_mev, weight
        Energy, and what it counts for.

    Returns
    -------
    voxel, i, j, k, energy_mev
        Where the flight ends; outside the voxels (density below zero), with the energy left.
    """
    side_i_mm, side_j_mm, side_k_mm = sides
    while True:
        rate = density[voxel] * ratio[step, material[voxel]]
        if length < rate * _FAR_MM:
            way = length / rate
            to_i, to_j, to_k = i + x * way, j + y * way, k + z * way
            if 0.0 <= to_i <= side_i_mm and 0.0 <= to_j <= side_j_mm and 0.0 <= to_k <= side_k_mm:
                deposit(score_mev, voxel, weight * energy_mev)
                return voxel, to_i, to_j, to_k, 0.0
        way, behind, i, j, k = cross(sides, strides, voxel, i, j, k, x, y, z)
        used = min(rate * way, length)
        if length > 0.0:
            left = energy_mev * (used / length)
            deposit(score_mev, voxel, weight * left)
            energy_mev -= left
            length -= used
        voxel = behind
        if density[voxel] < 0.0:
            return voxel, i, j, k, energy_mev
