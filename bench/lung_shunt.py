"""Lung shunts that are known against their estimates and 95 % intervals.

Run: python bench/lung_shunt.py [draws of each fraction] [activity spread over the body]
"""

import sys
import time

import numpy as np

from opensirt.domain.missing import Missing
from opensirt.domain.structure import Structure, StructureKind, StructureSet
from opensirt.imaging.lung_shunt import spect_lung_shunt
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.phantom.shunt_scout import ShuntScout, shunt_scout
from opensirt.workflow.focus_findings import extrahepatic_foci

FRACTIONS = (0.02, 0.05, 0.10, 0.20, 0.30)
COVERAGE_FACTOR = 1.96


def spot_named(scout: ShuntScout) -> bool:
    """Whether the spot is the one focus that is found, and named by the organ drawn around it."""
    right, left = scout.lungs
    structures = StructureSet(
        (
            Structure("liver", StructureKind.LIVER, scout.liver),
            Structure("right lung", StructureKind.LUNG, right),
            Structure("left lung", StructureKind.LUNG, left),
            Structure("stomach", StructureKind.STOMACH, scout.spot),
        )
    )
    weights = voxel_weights(scout.liver, scout.image.grid)
    foci = extrahepatic_foci(
        scout.image,
        structures,
        liver=scout.liver,
        normal_mean=weights.mean(scout.image) / 2,
        normalising=float(weights.values_of(scout.image) @ weights.fraction),
    )
    return [one.site for one in foci] == ["stomach"]


def main(n_draws: int, background: float) -> None:
    """Print every draw and, for each fraction, how many intervals hold the truth."""
    started = time.perf_counter()
    print("true %  draw  cover %  FWHM  found %  +- (95 %)  held")
    summary = []
    named = drawn = 0
    for fraction in FRACTIONS:
        widths, held, errors = [], 0, []
        for number in range(n_draws):
            rng = np.random.default_rng((7, round(fraction * 100), number))
            scout = shunt_scout(fraction, rng, background=background)
            found = spect_lung_shunt(
                scout.image, lungs=scout.lungs, liver=scout.liver, resolution_fwhm_mm=scout.fwhm_mm
            ).shunt
            if isinstance(found.fraction, Missing) or isinstance(
                found.standard_uncertainty, Missing
            ):
                print(f"{fraction:6.0%}  {number:4d}  not evaluable")
                continue
            named += spot_named(scout)
            drawn += 1
            half = COVERAGE_FACTOR * found.standard_uncertainty
            inside = abs(found.fraction - fraction) <= half
            held += inside
            widths.append(half)
            errors.append(found.fraction / fraction - 1)
            print(
                f"{fraction:6.0%}  {number:4d}  {scout.lung_coverage:7.0%}  {scout.fwhm_mm:4.1f}  "
                f"{found.fraction:7.2%}  {half:9.2%}  {'yes' if inside else 'NO'}"
            )
        summary.append((fraction, held, len(widths), np.median(widths), errors))
    print()
    for fraction, held, n, width, errors in summary:
        print(
            f"{fraction:.0%}: {held} of {n} held, median half-width {width * 100:.2f} points "
            f"(allowed {max(1.5, fraction * 25):.2f}), relative error mean {np.mean(errors):+.1%}, "
            f"standard deviation {np.std(errors):.1%}"
        )
    total, n = sum(one[1] for one in summary), sum(one[2] for one in summary)
    print(f"the spot is found, alone, and named in {named} of {drawn}")
    print(f"all: {total} of {n}; {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    given = [float(one) for one in sys.argv[1:]] + [20.0, 0.0][len(sys.argv) - 1 :]
    main(int(given[0]), given[1])
