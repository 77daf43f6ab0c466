"""Batches of histories: where decays happen, what they emit, and what it leaves behind."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.transport.compiled import inlined, kept
from opensirt.physics.transport.deposit import deposit
from opensirt.physics.transport.draw import uniform
from opensirt.physics.transport.electron import Ladder, Voxels, Waiting, follow_electron
from opensirt.physics.transport.photon import follow_photon
from opensirt.physics.transport.table import N_AZIMUTHS, Floats, Medium, Physics, Source

DIMENSIONS = 6
"""Energy, place in the voxel (3), direction (2)."""

_RATIO = 1.1127756842787055  # root of x⁷ = x + 1: even sequences in six dimensions
EVEN = _RATIO ** -np.arange(1.0, DIMENSIONS + 1.0)
"""Steps of the additive sequence that fills six dimensions most evenly (Roberts 2018)."""

Emission = tuple[Floats, NDArray[np.int64], Floats]
"""Energies of equally likely parts of the spectrum, their steps of the ladder, parts of these."""


@inlined
def follow_history(
    physics: Physics,
    medium: Medium,
    source: Source,
    ladder: Ladder,
    voxels: Voxels,
    emission: Emission,
    counter: NDArray[np.uint64],
    score_mev: NDArray[np.float64],
    waiting: Waiting,
    fill: NDArray[np.float64],
    voxel: int,
    counts: float,
) -> tuple[float, float]:
    """Follow one decay in a voxel and all that it emits.

    Parameters
    ----------
    physics, medium, source
        Tables.
    ladder, voxels, emission
        Their arrays on their own: reading a field of a tuple costs time in a loop.
    counter
        Of the random numbers.
    score_mev
        Energy × weight of each voxel; what is left there is added.
    waiting
        Room for electrons that wait.
    fill : (DIMENSIONS,)
        Numbers from 0 to 1 that choose energy, place and direction.
    voxel, counts
        Where it happens, and what it counts for.

    Returns
    -------
    emitted, escaped
        Energy × weight in MeV.
    """
    side_i_mm, side_j_mm, side_k_mm = medium.sides_mm
    electron_mev, electron_step, electron_part = emission
    azimuths = physics.azimuths
    which = int(fill[0] * electron_mev.shape[0])
    i, j, k = fill[1] * side_i_mm, fill[2] * side_j_mm, fill[3] * side_k_mm
    z = 2.0 * fill[4] - 1.0
    flat = math.sqrt(1.0 - z * z)
    azimuth = int(fill[5] * N_AZIMUTHS)
    x, y = flat * azimuths[azimuth, 0], flat * azimuths[azimuth, 1]
    weight = counts * source.electrons_per_decay
    deposit(score_mev, voxel, counts * source.local_mev)
    emitted = counts * source.local_mev + weight * electron_mev[which]
    escaped = follow_electron(
        physics, medium, ladder, voxels, counter, score_mev, waiting,
        voxel, i, j, k, x, y, z,
        electron_step[which], electron_part[which], weight,
    )  # fmt: skip
    if source.photons_per_decay > 0.0:
        chance = min(source.photons_per_decay, 1.0)
        if uniform(counter) < chance:
            weight = counts * source.photons_per_decay / chance
            line, chosen = 0, uniform(counter)
            while source.photon_summed[line] <= chosen and line < len(source.photon_summed) - 1:
                line += 1
            z = 2.0 * uniform(counter) - 1.0
            flat = math.sqrt(1.0 - z * z)
            azimuth = int(uniform(counter) * N_AZIMUTHS)
            x, y = flat * azimuths[azimuth, 0], flat * azimuths[azimuth, 1]
            emitted += weight * source.photon_mev[line]
            escaped += follow_photon(
                physics, medium, counter, score_mev, voxel, i, j, k, x, y, z,
                source.photon_mev[line], weight,
            )  # fmt: skip
    return emitted, escaped


def _run_batch(stamp: int) -> Callable[..., tuple[float, float]]:
    def run_batch(
        physics: Physics,
        medium: Medium,
        source: Source,
        counter: NDArray[np.uint64],
        n_histories: int,
        score_mev: NDArray[np.float64],
        waiting: Waiting,
        fill: NDArray[np.float64],
    ) -> tuple[float, float]:
        """Follow `n_histories` decays and add the energy × weight of each voxel to `score_mev`.

        Histories begin in the voxels in proportion to decays × emphasis, systematically; energy,
        place in the voxel and direction follow an even sequence that begins at random. So batches
        are independent of each other, and each one is right on average.

        Returns
        -------
        emitted, escaped
            Sums of energy × weight in MeV.
        """
        if stamp == 0:  # never: the sources are part of what is compiled
            return 0.0, 0.0
        ladder = (
            physics.energy_mev, physics.step_mm_g_per_ml, physics.range_mm_g_per_ml,
            physics.ratio_to_water, physics.hard_collisions, physics.hard_photons,
            physics.cosines, physics.azimuths,
        )  # fmt: skip
        voxels = (medium.density_g_per_ml, medium.material, medium.sides_mm, medium.strides)
        emission = (source.electron_mev, source.electron_step, source.electron_part)
        summed, voxel_of, weight_of = source.summed, source.voxel, source.weight
        first = uniform(counter)
        for axis in range(DIMENSIONS):
            fill[axis] = uniform(counter)
        total = summed[-1]
        emitted, escaped = 0.0, 0.0
        place = 0
        for history in range(n_histories):
            wanted = (history + first) / n_histories * total
            while summed[place] <= wanted and place < summed.shape[0] - 1:
                place += 1
            for axis in range(DIMENSIONS):
                fill[axis] += EVEN[axis]
                if fill[axis] >= 1.0:
                    fill[axis] -= 1.0
            more, less = follow_history(
                physics, medium, source, ladder, voxels, emission,
                counter, score_mev, waiting, fill, voxel_of[place], weight_of[place],
            )  # fmt: skip
            emitted += more
            escaped += less
        return emitted, escaped

    return run_batch


run_batch = kept(_run_batch)
"""Compiled `_run_batch`: see there."""
