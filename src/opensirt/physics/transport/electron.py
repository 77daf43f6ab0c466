"""Electrons: a ladder of energies, one turn at a random place in every step.

Between two rungs of the ladder an electron loses energy steadily by soft collisions and turns
once, at a random place of the step, by the multiple scattering of the whole step. At the same
place a hard collision or a hard photon may happen; the electron then goes on from a place
between two rungs. Where a step is begun in its middle, its turn happens only if it lies ahead,
so that scattering and hard events are right on average for every part of a step.
"""

import math

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.transport.compiled import compiled, inlined
from opensirt.physics.transport.deposit import deposit
from opensirt.physics.transport.draw import bits, part_of, uniform
from opensirt.physics.transport.flight import Sides, Strides, fly, turn
from opensirt.physics.transport.photon import follow_photon
from opensirt.physics.transport.table import Medium, Physics

_ANGLE, _AZIMUTH = np.uint64(0xFF), np.uint64(0x3FF)
_EIGHT = np.uint64(8)
_AZIMUTH_SHIFT = np.uint64(54)

Floats = NDArray[np.float64]
Ladder = tuple[Floats, Floats, Floats, Floats, Floats, Floats, NDArray[np.float32], Floats]
"""Rungs, steps, ranges, ratios, chances of collisions and photons, cosines, azimuths."""
Voxels = tuple[NDArray[np.float32], NDArray[np.uint8], Sides, Strides]

Waiting = tuple[NDArray[np.int64], Floats]
"""Electrons that wait: their voxels (STACK,); their places, directions and energies (STACK, 7)."""

STACK = 64
"""Electrons that can wait; an electron of 2.4 MeV sets free 47 of 0.05 MeV at most."""
WAITING_FIELDS = 7


def room_to_wait() -> Waiting:
    """Return room for electrons that wait."""
    return np.empty(STACK, np.int64), np.empty((STACK, WAITING_FIELDS))


@inlined
def step_of(energy_mev: NDArray[np.float64], at_mev: float, step: int) -> tuple[int, float]:
    """Return the step of the ladder that holds an energy, and the part of it that is over."""
    while energy_mev[step + 1] > at_mev:
        step += 1
    return step, (energy_mev[step] - at_mev) / (energy_mev[step] - energy_mev[step + 1])


@compiled
def given_energy(counter: NDArray[np.uint64], physics: Physics, energy_mev: float) -> float:
    """Return the energy that a hard collision gives away, by Møller."""
    tau = energy_mev / physics.mass_mev
    constant = (tau / (tau + 1.0)) ** 2
    mixed = (2.0 * tau + 1.0) / (tau + 1.0) ** 2
    highest = max(1.0, 2.0 + constant / 4.0 - mixed)
    span = 1.0 - 2.0 * physics.hard_mev / energy_mev
    while True:
        given = physics.hard_mev / (1.0 - span * uniform(counter))
        ratio = given / (energy_mev - given)
        shape = 1.0 + ratio * ratio + constant * (given / energy_mev) ** 2 - mixed * ratio
        if uniform(counter) * highest < shape:
            return float(given)


@compiled
def photon_energy(counter: NDArray[np.uint64], physics: Physics, energy_mev: float) -> float:
    """Return the energy of a hard photon of bremsstrahlung."""
    while True:
        energy = physics.photon_mev * (energy_mev / physics.photon_mev) ** uniform(counter)
        if uniform(counter) < math.exp(-physics.photon_slope * energy / energy_mev):
            return float(energy)


@inlined
def follow_electron(  # noqa: C901, PLR0912, PLR0915 - one loop, for its speed
    physics: Physics,
    medium: Medium,
    ladder: Ladder,
    voxels: Voxels,
    counter: NDArray[np.uint64],
    score_mev: NDArray[np.float64],
    waiting: Waiting,
    voxel: int,
    i: float,
    j: float,
    k: float,
    x: float,
    y: float,
    z: float,
    step: int,
    over: float,
    weight: float,
) -> float:
    """Follow an electron and all that it sets free; return the energy × weight that leaves.

    Parameters
    ----------
    physics, medium
        Tables.
    counter
        Of the random numbers.
    score_mev
        Energy × weight of each voxel; what is left there is added.
    ladder, voxels
        Their arrays on their own: reading a field of a tuple costs time in a loop.
    waiting
        Room for electrons that wait; see `Waiting`.
    voxel, i, j, k, x, y, z
        Where it starts and in which direction.
    step, over
        Its energy: step of the ladder, and the part of it that is over.
    weight
        What it counts for.
    """
    mass = physics.mass_mev
    rungs, steps, ranges, ratio, collisions, photons, cosines, azimuths = ladder
    density, materials, sides, strides = voxels
    waiting_in, waits = waiting
    side_i_mm, side_j_mm, side_k_mm = sides
    short_mm = physics.short_fraction * min(side_i_mm, side_j_mm, side_k_mm)
    n_steps = len(rungs) - 1
    n_waiting = 0
    escaped = 0.0
    while True:
        length = 0.0
        energy = 0.0
        while True:
            random = bits(counter)
            place = part_of(random)
            path = steps[step]
            loss = rungs[step] - rungs[step + 1]
            if place <= over or step == n_steps - 1:  # no turn ahead in this step
                length += (1.0 - over) * path
                energy += (1.0 - over) * loss
                step += 1
                over = 0.0
                if step < n_steps:
                    continue
                voxel, i, j, k, left = fly(
                    density, materials, sides, strides, ratio, step - 1, score_mev,
                    voxel, i, j, k, x, y, z, length, energy, weight,
                )  # fmt: skip
                escaped += weight * left
                break
            length += (place - over) * path
            energy += (place - over) * loss
            voxel, i, j, k, left = fly(
                density, materials, sides, strides, ratio, step, score_mev,
                voxel, i, j, k, x, y, z, length, energy, weight,
            )  # fmt: skip
            at_mev = rungs[step] - place * loss
            if density[voxel] < 0.0:
                escaped += weight * (left + at_mev)
                break
            material = materials[voxel]
            if step >= physics.stay_step:
                range_left = ranges[step + 1] + (1.0 - place) * (ranges[step] - ranges[step + 1])
                near = min(i, side_i_mm - i, j, side_j_mm - j, k, side_k_mm - k)
                rate = density[voxel] * ratio[step, material]
                if range_left < near * rate:
                    deposit(score_mev, voxel, weight * at_mev)
                    break
                if range_left < short_mm * rate:
                    voxel, i, j, k, left = fly(
                        density, materials, sides, strides, ratio, step, score_mev,
                        voxel, i, j, k, x, y, z, physics.straight_part * range_left, at_mev, weight,
                    )  # fmt: skip
                    escaped += weight * left
                    break
            angle, azimuth = random & _ANGLE, (random >> _EIGHT) & _AZIMUTH
            cosine = cosines[step, material, angle, 0]
            sine = cosines[step, material, angle, 1]
            along, across = azimuths[azimuth, 0], azimuths[azimuth, 1]
            hard = collisions[step, material]
            chance = uniform(counter)
            if chance < hard + photons[step, material]:
                given = 0.0
                if chance < hard:
                    if at_mev > 2.0 * physics.hard_mev:
                        given = given_energy(counter, physics, at_mev)
                        left_mev = at_mev - given
                        own = math.sqrt(
                            left_mev * (at_mev + 2.0 * mass) / (at_mev * (left_mev + 2.0 * mass))
                        )
                        other = math.sqrt(
                            given * (at_mev + 2.0 * mass) / (at_mev * (given + 2.0 * mass))
                        )
                        round_ = int(bits(counter) >> _AZIMUTH_SHIFT)
                        aside, athwart = azimuths[round_, 0], azimuths[round_, 1]
                        to_x, to_y, to_z = turn(
                            x, y, z, other, math.sqrt(1.0 - other * other), aside, athwart
                        )
                        waiting_in[n_waiting] = voxel
                        waits[n_waiting, 0] = i
                        waits[n_waiting, 1] = j
                        waits[n_waiting, 2] = k
                        waits[n_waiting, 3] = to_x
                        waits[n_waiting, 4] = to_y
                        waits[n_waiting, 5] = to_z
                        waits[n_waiting, 6] = given
                        n_waiting += 1
                        x, y, z = turn(x, y, z, own, math.sqrt(1.0 - own * own), -aside, -athwart)
                elif at_mev > 2.0 * physics.photon_mev:
                    given = photon_energy(counter, physics, at_mev)
                    tau = at_mev / mass
                    beta = math.sqrt(tau * (tau + 2.0)) / (tau + 1.0)
                    even = 2.0 * uniform(counter) - 1.0
                    ahead = (even + beta) / (1.0 + beta * even)
                    round_ = int(bits(counter) >> _AZIMUTH_SHIFT)
                    to_x, to_y, to_z = turn(
                        x, y, z, ahead, math.sqrt(max(0.0, 1.0 - ahead * ahead)),
                        azimuths[round_, 0], azimuths[round_, 1],
                    )  # fmt: skip
                    escaped += follow_photon(
                        physics, medium, counter, score_mev,
                        voxel, i, j, k, to_x, to_y, to_z, given, weight,
                    )  # fmt: skip
                if given > 0.0:
                    # Of this step's turn only the part before the event is due.
                    if uniform(counter) * (1.0 - over) < place - over:
                        x, y, z = turn(x, y, z, cosine, sine, along, across)
                    step, over = step_of(rungs, at_mev - given, step)
                    length = 0.0
                    energy = 0.0
                    continue
            x, y, z = turn(x, y, z, cosine, sine, along, across)
            length = (1.0 - place) * path
            energy = (1.0 - place) * loss
            step += 1
            over = 0.0
        if n_waiting == 0:
            return escaped
        n_waiting -= 1
        voxel = waiting_in[n_waiting]
        i, j, k = waits[n_waiting, 0], waits[n_waiting, 1], waits[n_waiting, 2]
        x, y, z = waits[n_waiting, 3], waits[n_waiting, 4], waits[n_waiting, 5]
        step, over = step_of(rungs, waits[n_waiting, 6], 0)
