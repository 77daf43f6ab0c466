"""Run by test_graphics_processor.py in a process of its own, on numba's simulator of a GPU.

Prints, for each nuclide, the sums of two batches beside those of the processor's own function,
history by history with the same random numbers; and for each case of `superposition` its dose
beside that of the processor.
"""

import json
import os
import sys
from typing import Any

os.environ["NUMBA_ENABLE_CUDASIM"] = "1"

import numpy as np
from builders import FRAME, affine
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.physics.dose.batches import GraphicsProcessor, Job, fresh_state
from opensirt.physics.dose.superposition import Superposition
from opensirt.physics.transport.draw import batch_counter, bits, uniform
from opensirt.physics.transport.electron import room_to_wait
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
    counter, waiting = start.copy(), room_to_wait()
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


def rays_case(name: str) -> tuple[TimeIntegratedActivityMap, DensityMap]:
    """Return a small case in which every source is followed by rays."""
    rng = np.random.default_rng(3)
    if name == "uneven, long voxels":  # a source in the corner of the grid, one below zero
        grid = Grid((5, 6, 4), affine((4.0, 3.0, 5.0)), FRAME)
        g_per_ml = rng.choice([0.26, 1.0, 1.05, 1.85], grid.shape)
        decays = np.zeros(grid.shape)
        decays[0, 0, 0] = 1.0
        decays[2:4, 2, 1:3] = ((0.7, 0.9), (-0.2, 0.6))
    elif name == "all but even":
        grid = Grid((7, 7, 7), affine((3.0, 3.0, 3.0)), FRAME)
        g_per_ml, decays = np.full(grid.shape, 1.05), np.zeros(grid.shape)
        g_per_ml[3, 3, 3], decays[3, 3, 2:5] = 1.2, 1.0
    else:  # ways through air go far, with interpolation between shells; others end in the wall
        grid = Grid((5, 5, 12), affine((5.0, 5.0, 5.0)), FRAME)
        g_per_ml, decays = np.full(grid.shape, 1.0), np.zeros(grid.shape)
        g_per_ml[1:4, 1:4, 2:10], decays[2, 2, 1] = 0.0012, 1.0
    return (
        TimeIntegratedActivityMap(
            grid=grid, values=(decays * 1e11).astype(np.float32), radionuclide="Y-90"
        ),
        DensityMap(grid=grid, values=(g_per_ml / 1e3).astype(np.float32)),
    )


def superpositions() -> dict[str, Any]:
    """Return doses and energies on the simulator and on the processor."""
    told = {}
    for name in ("uneven, long voxels", "all but even", "through air"):
        case = rays_case(name)
        found, wanted = (
            Superposition(nuclide=radionuclide("Y-90"), device=one, workers=1).dose(*case)
            for one in ("cuda", "cpu")
        )
        told[name] = {
            "dose_gy": found.dose.values.tolist(),
            "wanted_gy": wanted.dose.values.tolist(),
            "lost": found.energy.outside_kernel_fraction,
            "wanted_lost": wanted.energy.outside_kernel_fraction,
            "rules": [one.rule for one in found.findings],
        }
    return told


def main() -> int:
    """Print the sums as JSON."""
    told: dict[str, Any] = {"superposition": superpositions()}
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
