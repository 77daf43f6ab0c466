"""Stated chances of robust planning against what came out, on simulated patients.

Three worlds: the errors are those of the published prior and the treatment errs around the scout;
the same errors, with scout and treatment as two noisy views of one patient; a site whose errors are
half as wide again and biased, planned by the published prior, and by its own ledger of 40 cases.
What is asked for: an expected calibration error under 5 points where the planner's errors are the
true ones. Run as ``python bench/robust_calibration.py [patients] [picture.png]``.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from opensirt.domain.delivery_error import (
    DeliveryErrors,
    ErrorQuantity,
    delivery_errors_in_force,
    published_delivery_errors,
)
from opensirt.domain.site_defaults import default_site_profile
from opensirt.phantom.planning_trial import Reliability, planning_trial, reliability

DEVICE = "resin"
MOST_POINTS = 5.0
SITE_CASES = 40


def wider(errors: DeliveryErrors, factor: float, bias: float) -> DeliveryErrors:
    """Return errors with larger spreads and, on ratio and uptake, a bias."""
    biased = (ErrorQuantity.TUMOUR_TO_NORMAL_RATIO, ErrorQuantity.LUNG_SHUNT_FRACTION)
    return replace(
        errors,
        distributions={
            quantity: replace(
                one,
                between_cases=one.between_cases * factor,
                within_case=one.within_case * factor,
                log_median=one.log_median + (bias if quantity in biased else 0.0),
            )
            for quantity, one in errors.distributions.items()
            if quantity is not ErrorQuantity.RESIDUAL_FRACTION
        },
    )


def site_history(
    errors: DeliveryErrors, n_cases: int, rng: np.random.Generator
) -> dict[ErrorQuantity, list[list[float]]]:
    """Return what a ledger of so many cases would hold."""
    history: dict[ErrorQuantity, list[list[float]]] = {}
    for quantity, one in errors.distributions.items():
        of_lesions = quantity is ErrorQuantity.TUMOUR_TO_NORMAL_RATIO
        cases = []
        for _ in range(n_cases):
            n = int(rng.integers(1, 4)) if of_lesions else 1
            middle = rng.normal(one.log_median, one.between_cases)
            cases.append(np.exp(rng.normal(middle, one.within_case, n)).tolist())
        history[quantity] = cases
    return history


def picture(found: dict[str, Reliability], path: Path) -> None:
    """Draw stated against met for every world."""
    from opensirt.report.figures.canvas import png, sheet, style
    from opensirt.report.figures.palette import SOFT_INK, curve

    with style():
        figure = sheet(3.4)
        axes = figure.add_axes((0.08, 0.14, 0.44, 0.80))
        axes.plot([0, 100], [0, 100], color=SOFT_INK, linewidth=0.8)
        for number, (name, one) in enumerate(found.items()):
            colour, dashes = curve(number)
            stated = np.array([100 * each.stated for each in one.bins])
            met = np.array([100 * each.met for each in one.bins])
            spread = np.array(
                [100 * np.sqrt(each.met * (1 - each.met) / each.n) for each in one.bins]
            )
            axes.errorbar(
                stated,
                met,
                yerr=1.96 * spread,
                color=colour,
                linestyle=dashes,
                marker="o",
                markersize=3,
                linewidth=1.2,
                elinewidth=0.6,
                label=f"{name}\nECE {100 * one.expected_calibration_error:.1f} points",
            )
        axes.set_xlabel("Stated chance (%)")
        axes.set_ylabel("Goal met (%)")
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 100)
        axes.set_aspect("equal")
        axes.legend(loc="center left", bbox_to_anchor=(1.05, 0.5), labelspacing=1.1)
        path.write_bytes(png(figure))


def main(n_patients: int, path: Path | None) -> int:
    """Print the calibration of each world; 0 when the honest ones are under 5 points."""
    site = default_site_profile()
    prior = published_delivery_errors(DEVICE)
    other = wider(prior, 1.5, np.log(0.75))
    own = delivery_errors_in_force(
        DEVICE,
        history=site_history(other, SITE_CASES, np.random.default_rng(7)),
        source=f"simulated ledger, {SITE_CASES} cases",
    )
    worlds = {
        "prior true, treatment errs around the scout": (prior, prior, False),
        "prior true, two noisy views of one patient": (prior, prior, True),
        "another site, planned by the prior": (other, prior, False),
        f"another site, planned by its {SITE_CASES} cases": (other, own, False),
    }
    found, honest = {}, []
    for name, (true, believed, exchangeable) in worlds.items():
        started = time.process_time()
        judged = planning_trial(
            n_patients,
            site,
            device_name=DEVICE,
            true_errors=true,
            believed_errors=believed,
            rng=np.random.default_rng(1),
            exchangeable=exchangeable,
        )
        one = reliability(judged)
        found[name] = one
        points = 100 * one.expected_calibration_error
        if believed is not prior or true is prior:
            honest.append(points)
        print(
            f"{name}: {n_patients} patients, {one.n} chances, expected calibration error "
            f"{points:.1f} points ({time.process_time() - started:.0f} s of CPU)"
        )
        for each in one.bins:
            print(
                f"  stated {each.low:.0%} to {each.high:.0%}: {each.n:5d} chances, on average "
                f"{each.stated:.1%}, met {each.met:.1%}"
            )
    if path is not None:
        picture(found, path)
    return int(max(honest) >= MOST_POINTS)


if __name__ == "__main__":
    sys.exit(
        main(
            int(sys.argv[1]) if len(sys.argv) > 1 else 1000,
            Path(sys.argv[2]) if len(sys.argv) > 2 else None,
        )
    )
