"""Photons: Compton scattering of free electrons and the photoelectric effect.

The electrons that a photon sets free leave their energy where they start: nearly all have less
than 0.5 MeV and travel under 2 mm of water. Coherent scattering is left out.
"""

import math

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.transport.compiled import compiled
from opensirt.physics.transport.deposit import deposit
from opensirt.physics.transport.draw import bits, uniform
from opensirt.physics.transport.flight import cross, turn
from opensirt.physics.transport.table import Medium, Physics

_AZIMUTH_SHIFT = np.uint64(54)


@compiled
def attenuation(physics: Physics, energy_mev: float, material: int) -> tuple[float, float]:
    """Return the attenuation per mm in a density of 1 g/mL, and the part that absorbs."""
    place = (math.log(energy_mev) - physics.log_lowest_photon_mev) / physics.log_step
    cell = min(max(int(place), 0), physics.attenuation.shape[1] - 2)
    part = min(max(place - float(cell), 0.0), 1.0)
    lower, upper = physics.attenuation[material, cell], physics.attenuation[material, cell + 1]
    first, second = physics.photoelectric[material, cell], physics.photoelectric[material, cell + 1]
    return lower + part * (upper - lower), first + part * (second - first)


@compiled
def scattered_part(counter: NDArray[np.uint64], energy: float) -> float:
    """Return scattered over incoming energy of a photon, by Klein and Nishina.

    Parameters
    ----------
    counter
        Of the random numbers.
    energy
        Of the photon, in units of the electron mass.
    """
    least = 1.0 / (1.0 + 2.0 * energy)
    first = -math.log(least)
    second = (1.0 - least * least) / 2.0
    while True:
        if uniform(counter) * (first + second) < first:
            part = least ** uniform(counter)
        else:
            part = math.sqrt(least * least + (1.0 - least * least) * uniform(counter))
        turned = (1.0 - part) / (energy * part)
        sine_squared = turned * (2.0 - turned)
        if uniform(counter) >= part * sine_squared / (1.0 + part * part):
            return float(part)


@compiled
def follow_photon(
    physics: Physics,
    medium: Medium,
    counter: NDArray[np.uint64],
    score_mev: NDArray[np.float64],
    voxel: int,
    i: float,
    j: float,
    k: float,
    x: float,
    y: float,
    z: float,
    energy_mev: float,
    weight: float,
) -> float:
    """Follow one photon until it is absorbed; return the energy × weight that leaves the voxels."""
    while True:
        depth = -math.log(1.0 - uniform(counter))
        while True:
            per_mm, absorbed = attenuation(physics, energy_mev, medium.material[voxel])
            per_mm *= medium.density_g_per_ml[voxel]
            way, behind, to_i, to_j, to_k = cross(
                medium.sides_mm, medium.strides, voxel, i, j, k, x, y, z
            )
            if depth < per_mm * way:
                way = depth / per_mm
                i, j, k = i + x * way, j + y * way, k + z * way
                break
            depth -= per_mm * way
            voxel, i, j, k = behind, to_i, to_j, to_k
            if medium.density_g_per_ml[voxel] < 0.0:
                return weight * energy_mev
        if uniform(counter) < absorbed:
            deposit(score_mev, voxel, weight * energy_mev)
            return 0.0
        energy = energy_mev / physics.mass_mev
        part = scattered_part(counter, energy)
        left_mev = part * energy_mev
        if left_mev < physics.cut_off_mev:
            deposit(score_mev, voxel, weight * energy_mev)
            return 0.0
        deposit(score_mev, voxel, weight * (energy_mev - left_mev))
        cosine = 1.0 - (1.0 - part) / (energy * part)
        sine = math.sqrt(max(0.0, 1.0 - cosine * cosine))
        azimuth = int(bits(counter) >> _AZIMUTH_SHIFT)
        along, across = physics.azimuths[azimuth, 0], physics.azimuths[azimuth, 1]
        x, y, z = turn(x, y, z, cosine, sine, along, across)
        energy_mev = left_mev
