"""How often 95 % intervals of pooled proportions hold the truth, by number of studies.

Studies of 15 to 60 patients; log odds normal about that of 0.88 or 0.45, standard deviation 0.5.
Truth is the proportion of a typical study. usage: python bench/evidence_coverage.py [REPLICATES]
"""

import sys
import time

import numpy as np
from scipy.special import expit, logit

from opensirt.outcomes.evidence.binomial_model import pool_binomial
from opensirt.outcomes.evidence.effect import double_arcsine_proportions, logit_proportions
from opensirt.outcomes.evidence.pooling import pool

TAU = 0.5


def main(replicates: int) -> None:
    """Print coverage of the mean by three methods, and of a new study by prediction intervals."""
    rng = np.random.default_rng(20261128)
    began = time.process_time()
    print(f"{replicates} replicates, τ = {TAU}")
    print("truth  k   GLMM  logit HKSJ  arcsine HKSJ  | new study: GLMM  logit HKSJ")
    for truth in (0.88, 0.45):
        for k in (3, 5, 10, 20):
            held = np.zeros(5)
            for _ in range(replicates):
                held += one_replicate(rng, truth, k)
            share = 100.0 * held / replicates
            print(
                f"{truth:.2f}  {k:3d}  {share[0]:5.1f}  {share[1]:9.1f}  {share[2]:11.1f}  "
                f"| {share[3]:14.1f}  {share[4]:9.1f}"
            )
    print(f"{time.process_time() - began:.0f} s of CPU")


def one_replicate(rng: np.random.Generator, truth: float, k: int) -> np.ndarray:
    """Return which of the five intervals hold what they should."""
    sizes = rng.integers(15, 61, k)
    studies = expit(rng.normal(logit(truth), TAU, k))
    new = float(expit(rng.normal(logit(truth), TAU)))
    events = rng.binomial(sizes, studies)
    if events.sum() in {0, sizes.sum()}:
        return np.zeros(5)
    labels = [str(one) for one in range(k)]
    glmm = pool_binomial(labels, events, sizes, nodes=9, profile=False)
    by_logit = pool(logit_proportions(labels, events, sizes))
    by_angle = pool(double_arcsine_proportions(labels, events, sizes))
    low, high = (by_angle.back(one) for one in (by_angle.pooled.low, by_angle.pooled.high))
    return np.array(
        [
            glmm.low <= logit(truth) <= glmm.high,
            by_logit.pooled.low <= logit(truth) <= by_logit.pooled.high,
            low <= truth <= high,
            glmm.prediction[0] <= logit(new) <= glmm.prediction[1],
            by_logit.prediction[0] <= logit(new) <= by_logit.prediction[1],
        ],
        dtype=np.float64,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
