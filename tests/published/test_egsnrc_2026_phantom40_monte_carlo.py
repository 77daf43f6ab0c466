"""A phantom with liver, tumours, lung, bone and gas, computed with EGSnrc (data/README.md)."""

from functools import cache

import numpy as np
import pytest
from monte_carlo_cases import decays_of, density_of, grid_of, run
from numpy.typing import NDArray

from opensirt.physics.dose.monte_carlo import MonteCarloResult
from opensirt.reference.commissioning import reference_tables

STORED = reference_tables("phantom40_egsnrc")
SOFT, LIVER, LUNG, BONE, TUMOUR_1, TUMOUR_2 = 1, 2, 3, 4, 6, 7
MGY_PER_MBQ_S = 1e9
ALLOWED = {SOFT: 0.01, LIVER: 0.01, LUNG: 0.02, BONE: 0.01, TUMOUR_1: 0.01, TUMOUR_2: 0.01}


@cache
def computed() -> MonteCarloResult:
    grid = grid_of((40, 40, 40), (3.0, 3.0, 3.0))
    per_ml = STORED["activity_fraction"] * 1e9 / grid.voxel_volume_ml
    return run(
        decays_of(grid, per_ml),
        density_of(grid, STORED["density_g_per_ml"]),
        data_set="egsnrc",
        n_histories=6_000_000,
        seed=1,
    )


def wanted() -> NDArray[np.float64]:
    reference: NDArray[np.float64] = STORED["dose_mgy_per_mbq_s"].astype(np.float64)
    return reference


@pytest.mark.slow
@pytest.mark.parametrize("label", sorted(ALLOWED))
def test_means_of_the_organs(label: int) -> None:
    inside = STORED["label"] == label
    found = computed().dose.values[inside].mean(dtype=np.float64)
    assert found / wanted()[inside].mean() == pytest.approx(1.0, abs=ALLOWED[label])


@pytest.mark.slow
def test_voxels_above_half_of_the_maximum_differ_by_noise_alone() -> None:
    result, reference = computed(), wanted()
    above = reference > reference.max() / 2
    difference = result.dose.values[above] / reference[above] - 1
    own = result.uncertainty.values[above] / result.dose.values[above]
    noise = np.sqrt(np.mean(own**2 + STORED["relative_sigma"][above].astype(np.float64) ** 2))
    assert np.sqrt(np.mean(difference**2)) < noise + 0.01
    assert np.mean(difference) == pytest.approx(0.0, abs=0.002)
    # the noise is honest: what differs is neither more nor less than it
    assert np.mean(difference**2) / noise**2 == pytest.approx(1.0, abs=0.2)


@pytest.mark.slow
def test_what_leaves_the_phantom_is_accounted_for() -> None:
    energy = computed().energy
    left = energy.released_j * (1 - energy.outside_grid_fraction)
    assert energy.scored_j == pytest.approx(left, rel=1e-5)
