"""How often 95 % intervals hold the truth in 1,000 simulated cohorts; prints a table.

Run: python bench/interval_coverage.py [REPLICATES [METHOD...]]. A quarter of an hour of one core.
"""

import sys
import time

from opensirt.phantom.coverage import METHODS, PATIENTS, interval_coverage


def main() -> None:
    """Print one row for each method."""
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"{replicates} cohorts of {PATIENTS} patients, seeds 1 to {replicates}")
    print("| method | truth | intervals that hold it | Wilson 95 % | refused | CPU s |")
    print("|---|---|---|---|---|---|")
    for method in sys.argv[2:] or METHODS:
        began = time.process_time()
        one = interval_coverage(method, range(1, replicates + 1))
        low, high = one.held.wilson
        print(
            f"| {method} | {one.truth:.4g} | {100 * one.held.fraction:.1f} % | "
            f"{100 * low:.1f} to {100 * high:.1f} | {one.failed} | "
            f"{time.process_time() - began:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
