"""Whether the stated intervals of a tumour's mean dose and D70 hold, on the digital patient.

    python bench/uncertainty.py [DRAWS] [--seed N] [--patient N] [--nuclide Y-90]

Every draw takes another image (counting noise), scale (calibration, 5 %), stated resolution
(10 %), edge of every tumour (the standard uncertainty that its voxels give it), place of the voxels
that it is drawn on and shift of the contours (±5 mm along each axis, taken as aligned), and is
verified as any case is. The truth has voxels of half the side and smooth tumours. Printed for each
tumour: how often the true dose lies in the stated 95 % interval, and the median width of that over
the width that holds 95 % of the estimates. Exits 1 when a dose is covered in less than 90 % or an
interval is wider than 1.5 times.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

import numpy as np

from opensirt.app.site import site_in_force
from opensirt.phantom.fine_truth import FineTruth, fine_truth
from opensirt.phantom.patient import digital_patient
from opensirt.phantom.redrawn import Stated, around_the_liver, compared, stated_intervals

COVERED_AT_LEAST, WIDTH_AT_MOST = 0.90, 1.5


@cache
def _truth(seed: int, nuclide: str) -> FineTruth:
    return fine_truth(around_the_liver(digital_patient(seed=seed, nuclide=nuclide)))


def one_draw(
    seed: int, nuclide: str, child: np.random.SeedSequence
) -> tuple[dict[tuple[str, str], Stated], float]:
    """Return what one draw states, and the processor seconds that it took."""
    truth, before_s = _truth(seed, nuclide), time.process_time()
    made = stated_intervals(truth, site_in_force().profile, np.random.default_rng(child))
    return made, time.process_time() - before_s


def main() -> int:
    """Print the table; return 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("draws", nargs="?", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patient", type=int, default=1)
    parser.add_argument("--nuclide", default="Y-90")
    asked = parser.parse_args()
    children = np.random.SeedSequence(asked.seed).spawn(asked.draws)
    n = asked.draws
    # One thread for each process: the matrices are small, and threads would only wait.
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    fresh = get_context("spawn")
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1), mp_context=fresh) as pool:
        made = list(pool.map(one_draw, [asked.patient] * n, [asked.nuclide] * n, children))
    stated, seconds = zip(*made, strict=True)
    found = compared(_truth(asked.patient, asked.nuclide), stated)
    print(
        f"{n} draws, {asked.nuclide}, digital patient of seed {asked.patient}; "
        f"{sum(seconds):.0f} processor seconds"
    )
    print(
        "tumour mm | quantity | true Gy | estimate Gy (spread) | width Gy | covered | width/spread"
    )
    broken = False
    for one in found:
        kept = one.covered >= COVERED_AT_LEAST and one.width_ratio <= WIDTH_AT_MOST
        broken |= not kept
        print(
            f"{one.diameter_mm:9.0f} | {one.quantity:8} | {one.true_gy:7.1f} | "
            f"{one.estimate_gy:7.1f} ({one.spread_gy:5.1f})      | {one.width_gy:8.1f} | "
            f"{one.covered:7.0%} | {one.width_ratio:5.2f}{'' if kept else '  missed'}"
        )
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
