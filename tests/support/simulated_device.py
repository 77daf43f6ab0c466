"""Run by test_graphics_processor.py in a process of its own, on numba's simulator of a GPU.

Prints, for each nuclide, the sums of two batches beside those of the processor's own function,
history by history with the same random numbers.
"""

import json
import os
import sys

os.environ["NUMBA_ENABLE_CUDASIM"] = "1"

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.dose.batches import GraphicsProcessor, Job, fresh_state
from opensirt.physics.transport.draw import batch_counter, bits, uniform
from opensirt.physics.transport.electron import STACK
from opensirt.physics.transport.history import DIMENSIONS, EVEN, follow_history
from opensirt.physics.transport.prepare import material_by_density, medium_of, source_of
from opensirt.physics.transport.table import physics
from opensirt.reference.radionuclide import radionuclide

SHAPE, SPACING_MM = (5, 6, 7), (3.0, 2.0, 4.0)
N_HISTORIES, N_BATCHES, SEED = 150, 2, 3


def job_of(nuclide: str) -> Job:
    """Return decays here and there in lung, liver and bone."""
    rng = np.random.default_rng(0)
    g_per_ml = rng.choice([0.26, 1.05, 1.6], SHAPE)
    decays = rng.random(SHAPE) * (rng.random(SHAPE) > 0.3)
    medium = medium_of(g_per_ml, material_by_density(g_per_ml), SPACING_MM)
    inside = np.flatnonzero(medium.density_g_per_ml > 1.0)
    return Job(
        physics=physics(),
        medium=medium,
        source=source_of(radionuclide(nuclide), decays),
        seed=SEED,
        structure_voxel=inside,
        structure_gy_per_mev=np.linspace(1.0, 2.0, inside.size),
    )


def one_by_one(job: Job, batch: int) -> NDArray[np.float64]:
    """Return the score of a batch, followed by the processor's function."""
    tables, medium, source = job.physics, job.medium, job.source
    ladder = (
        tables.energy_mev, tables.step_mm_g_per_ml, tables.range_mm_g_per_ml,
        tables.ratio_to_water, tables.hard_collisions, tables.hard_photons,
        tables.cosines, tables.azimuths,
    )  # fmt: skip
    voxels = (medium.density_g_per_ml, medium.material, medium.sides_mm, medium.strides)
    emission = (source.electron_mev, source.electron_step, source.electron_part)
    score = np.zeros(job.n_voxels)
    start = batch_counter(SEED, batch)
    counter, waiting = start.copy(), np.empty((STACK, 8))
    first = uniform(counter)
    shift = np.array([uniform(counter) for _ in range(DIMENSIONS)])
    for history in range(N_HISTORIES):
        counter[0] = start[0] + np.uint64(history + 1)
        counter[0] = bits(counter)
        wanted = (history + first) / N_HISTORIES * source.summed[-1]
        place = int(np.searchsorted(source.summed, wanted, side="right"))
        fill = (shift + (history + 1) * EVEN) % 1.0
        follow_history(
            tables, medium, source, ladder, voxels, emission,
            counter, score, waiting, fill, source.voxel[place], source.weight[place],
        )  # fmt: skip
    return score


def main() -> int:
    """Print the sums as JSON."""
    told = {}
    runner = GraphicsProcessor(n_threads=256, batches_per_look=N_BATCHES)
    for nuclide in ("Y-90", "Ho-166"):
        job = job_of(nuclide)
        state = fresh_state("simulated", N_HISTORIES, job.n_voxels)
        with np.errstate(over="ignore"):  # counters wrap around
            *_, made = runner(job, state, n_batches=N_BATCHES, enough=lambda _: False)
            scores = [one_by_one(job, batch) for batch in range(N_BATCHES)]
        told[nuclide] = {
            "summed_mev": made.summed_mev.tolist(),
            "squared_mev2": made.squared_mev2.tolist(),
            "wanted_mev": np.sum(scores, axis=0).tolist(),
            "wanted_mev2": np.sum(np.square(scores), axis=0).tolist(),
            "emitted_mev": made.emitted_mev,
            "escaped_mev": made.escaped_mev,
            "structure_gy": made.structure_gy,
            "wanted_gy": sum(job.structure_mean_gy(one) for one in scores) / N_HISTORIES,
        }
    print(json.dumps(told))  # noqa: T201 - read by the test
    return 0


if __name__ == "__main__":
    sys.exit(main())
