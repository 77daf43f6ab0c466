"""Superposition: seconds on a phantom and on a real CT, against a naive loop, and how cost grows.

What is asked for: the phantom of 40³ voxels under 3 s and the CT of a patient under 60 s on two
cores; the phantom under 1 s on a CUDA graphics processor. Run as ``python bench/superposition.py
[cpu|cuda|curve FILE.png]``; the exit status says whether all was reached. With
``OPENSIRT_TEST_DATA`` set, the real CT is timed too. The processor's seconds tell what other work
on the machine hides from the clock. The naive loop walks every line from face to face, as one
would write it first, for a sample of the sources on one core.
"""

import os
import sys
import time
from math import ceil
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.phantom.commission.phantom40 import phantom40
from opensirt.physics.dose import DoseModel, dose_engine
from opensirt.physics.dose.ray_table import ray_table
from opensirt.physics.dose.superposition import Superposition
from opensirt.reference.radionuclide import radionuclide

WORKERS = 2
REPEATS = 3
MAX_PHANTOM_S, MAX_CT_S, MAX_ON_DEVICE_S = 3.0, 60.0, 1.0
MAX_DIFFERENCE = 1e-5  # of the maximum, between processor and graphics processor
EGSNRC_CORE_S = 113.0  # 2 % above half maximum, one core
EVERY = 40
Case = tuple[TimeIntegratedActivityMap, DensityMap]


def case_of(grid: Grid, decays: NDArray[np.floating], g_per_ml: NDArray[np.floating]) -> Case:
    """Return decays in Bq s/mL and densities of one grid."""
    return (
        TimeIntegratedActivityMap(grid=grid, values=decays.astype(np.float32), radionuclide="Y-90"),
        DensityMap(grid=grid, values=(g_per_ml / 1e3).astype(np.float32)),
    )


def ball(n_voxels: int) -> Case:
    """Return about `n_voxels` active voxels of 2 mm in tissue with the noise of a CT."""
    radius = (n_voxels * 3.0 / (4.0 * np.pi)) ** (1.0 / 3.0)
    side = 2 * int(radius + 8) + 1
    grid = Grid((side, side, side), np.diag((2.0, 2.0, 2.0, 1.0)), "2.25.7")
    index = np.indices(grid.shape) - side // 2
    inside = np.linalg.norm(index, axis=0) <= radius
    noise = np.random.default_rng(0).normal(1.05, 0.02, grid.shape)
    return case_of(grid, np.where(inside, 1e9, 0.0), noise)


def shortest(model: DoseModel, case: Case) -> tuple[float, float]:
    """Return the seconds of the clock and of the processor of the quickest of some runs."""
    model.dose(*case)  # tables and compilation
    runs = []
    for _ in range(REPEATS):
        wall, processor = time.perf_counter(), time.process_time()
        model.dose(*case)
        runs.append((time.perf_counter() - wall, time.process_time() - processor))
    return min(runs)


@numba.njit(error_model="numpy")
def naive(  # noqa: C901 - one loop
    sources: NDArray[np.int64],
    decays: NDArray[np.float32],
    density: NDArray[np.float32],
    values: NDArray[np.float32],
    lowest: float,
    step: float,
    side_mm: float,
    reach_mm: float,
    longest_mm: float,
) -> NDArray[np.float64]:
    """Add up what sources give, every line walked from face to face on its own."""
    dose = np.zeros(density.shape)
    half = values.shape[0] - 1
    for number in range(len(sources)):
        k, j, i = sources[number]
        for dk in range(-min(half, k), min(half, density.shape[0] - 1 - k) + 1):
            for dj in range(-min(half, j), min(half, density.shape[1] - 1 - j) + 1):
                for di in range(-min(half, i), min(half, density.shape[2] - 1 - i) + 1):
                    length = np.sqrt(float(dk * dk + dj * dj + di * di)) * side_mm
                    if length > longest_mm:
                        continue
                    at_k, at_j, at_i, here, way = k, j, i, 0.0, 0.0
                    next_k = 0.5 / abs(dk) if dk != 0 else 2.0
                    next_j = 0.5 / abs(dj) if dj != 0 else 2.0
                    next_i = 0.5 / abs(di) if di != 0 else 2.0
                    while here < 1.0 and way * length <= reach_mm:
                        there = min(1.0, next_k, next_j, next_i)
                        way += (there - here) * density[at_k, at_j, at_i]
                        here = there
                        if next_k <= there:
                            at_k += 1 if dk > 0 else -1
                            next_k += 1.0 / abs(dk) if dk != 0 else 0.0
                        if next_j <= there:
                            at_j += 1 if dj > 0 else -1
                            next_j += 1.0 / abs(dj) if dj != 0 else 0.0
                        if next_i <= there:
                            at_i += 1 if di > 0 else -1
                            next_i += 1.0 / abs(di) if di != 0 else 0.0
                    if way * length > reach_mm:
                        continue
                    place = max(0.0, (way - lowest) / step)
                    below = min(int(place), values.shape[3] - 2)
                    row = values[abs(dk), abs(dj), abs(di)]
                    value = row[below] + (place - below) * (row[below + 1] - row[below])
                    dose[k + dk, j + dj, i + di] += decays[k, j, i] * value
    return dose


def naive_s(case: Case) -> float:
    """Return the seconds that the naive loop would take for all sources on one core."""
    decays, density = case[0].values, case[1].values * np.float32(1e3)
    ends = float(density.min()), float(density.max())
    nuclide = radionuclide("Y-90", "egsnrc")
    table = ray_table(nuclide, case[0].grid.spacing_mm, densities_g_per_ml=ends)
    sources = np.argwhere(decays > 1e-4 * decays.max())
    values = table.values.reshape(*(n + 1 for n in table.half_width), -1)
    rest = (table.lowest_g_per_ml, table.step_g_per_ml, 3.0, table.reach_mm, table.longest_mm)
    naive(sources[:1], decays, density, values, *rest)
    start = time.thread_time()
    naive(sources[::EVERY], decays, density, values, *rest)
    used_s = time.thread_time() - start
    return used_s * len(sources) / ceil(len(sources) / EVERY)


def real_ct() -> Case | None:
    """Return the SPECT and CT of the shared data, where they are."""
    folder = os.environ.get("OPENSIRT_TEST_DATA")
    if not folder:
        return None
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
    from penred_case import penred_case

    return penred_case(Path(folder))


def told(name: str, found: float, most: float, unit: str = "s") -> bool:
    """Print one line and return whether the figure is as low as asked for."""
    print(
        f"{'ok  ' if found <= most else 'MISS'} {name:44s} {found:10.3g} {unit} ({most:g} at most)"
    )
    return found <= most


def on_device() -> int:
    """Measure a CUDA graphics processor and compare it with the processor."""
    nuclide = radionuclide("Y-90", "egsnrc")
    there, here = Superposition(nuclide=nuclide, device="cuda"), Superposition(nuclide=nuclide)
    case = phantom40()
    start = time.perf_counter()
    found = there.dose(*case).dose.values
    print(f"first call, with tables and compilation: {time.perf_counter() - start:.1f} s")
    wall_s, processor_s = shortest(there, case)
    wanted = here.dose(*case).dose.values
    apart = float(np.abs(found - wanted).max() / wanted.max())
    reached = [
        told("phantom of 40³ voxels", wall_s, MAX_ON_DEVICE_S),
        told("largest difference, of the maximum", apart, MAX_DIFFERENCE, ""),
    ]
    print(f"phantom: of that on the processor {processor_s:.2f} s")
    real = real_ct()
    if real is not None:
        wall_s, _ = shortest(there, real)
        reached.append(told("real CT", wall_s, MAX_CT_S))
    print("\nactive voxels        seconds    microseconds for each")
    for n_voxels in (1_000, 10_000, 100_000, 1_000_000):
        sources = ball(n_voxels)
        wall_s, _ = shortest(there, sources)
        n_active = int(np.count_nonzero(sources[0].values))
        print(f"{n_active:13,d} {wall_s:14.3f} {wall_s / n_active * 1e6:23.1f}")
    return 0 if all(reached) else 1


def main() -> int:
    """Measure, print and return 0 when all was reached."""
    nuclide = radionuclide("Y-90", "egsnrc")
    engine = Superposition(nuclide=nuclide, workers=WORKERS)
    case = phantom40()
    wall_s, processor_s = shortest(engine, case)
    slow_s = naive_s(case)
    kernel_s, _ = shortest(dose_engine("kernel", nuclide), case)
    rows = [("phantom of 40³ voxels", wall_s, MAX_PHANTOM_S)]
    real = real_ct()
    if real is not None:
        engine.dose(*real)
        start, used = time.perf_counter(), time.process_time()
        engine.dose(*real)
        rows.append(("real CT", time.perf_counter() - start, MAX_CT_S))
        ct_used_s = time.process_time() - used
    failed = sum(not told(*row) for row in rows)
    print(f"phantom: processor {processor_s:.2f} s")
    if real is not None:
        print(f"real CT: processor {ct_used_s:.2f} s, {real[0].values.size:,d} voxels")
    print(
        f"phantom: naive loop {slow_s:.1f} s on one core, {slow_s / processor_s:.1f} times as long"
    )
    print(f"phantom: EGSnrc {EGSNRC_CORE_S / processor_s:.0f} times as long, to 2 %")
    print(f"phantom: kernel {kernel_s:.3f} s, superposition {wall_s / kernel_s:.0f} times as long")
    cost(engine)
    return 1 if failed else 0


def cost(engine: DoseModel) -> list[tuple[int, float]]:
    """Print and return the processor's seconds for more and more active voxels."""
    print("\nactive voxels    processor s    microseconds for each")
    rows = []
    for n_voxels in (1_000, 10_000, 100_000, 1_000_000):
        sources = ball(n_voxels)
        _, used_s = shortest(engine, sources)
        n_active = int(np.count_nonzero(sources[0].values))
        print(f"{n_active:13,d} {used_s:14.2f} {used_s / n_active * 1e6:23.1f}")
        rows.append((n_active, used_s))
    return rows


def draw(rows: list[tuple[int, float]], path: Path) -> None:
    """Draw seconds over active voxels, beside the line on which twice the voxels take twice."""
    from opensirt.report.figures.canvas import png, sheet, style

    n_active, used_s = (np.array(one) for one in zip(*rows, strict=True))
    with style():
        figure = sheet(2.6)
        axes = figure.subplots()
        axes.loglog(n_active, used_s, "o-", label="superposition")
        axes.loglog(
            n_active, used_s[-1] * n_active / n_active[-1], ":", label="in proportion to voxels"
        )
        axes.set_xlabel("active voxels of 2 mm in uneven tissue")
        axes.set_ylabel("processor's seconds")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.legend()
        figure.tight_layout()
        path.write_bytes(png(figure))


def curve() -> int:
    """Measure and draw how cost grows."""
    engine = Superposition(nuclide=radionuclide("Y-90", "egsnrc"), workers=WORKERS)
    draw(cost(engine), Path(sys.argv[2]))
    return 0


if __name__ == "__main__":
    which = {"cpu": main, "cuda": on_device, "curve": curve}
    sys.exit(which[sys.argv[1] if len(sys.argv) > 1 else "cpu"]())
