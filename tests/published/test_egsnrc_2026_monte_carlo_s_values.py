"""Voxel S values by Monte Carlo against those of EGSnrc in water (data/README.md)."""

import numpy as np
import pytest
from monte_carlo_cases import one_voxel

from opensirt.reference.commissioning import reference_tables

TABLES = reference_tables("voxel_s_values_egsnrc")
MGY_PER_MBQ_S = 1e9
TOTAL = 3


@pytest.mark.parametrize(
    ("nuclide", "short", "allowed_neighbour"),
    [("Y-90", "Y90", 0.01), ("Ho-166", "Ho166", 0.01), ("Re-188", "Re188", 0.01),
     ("Lu-177", "Lu177", 0.02)],
)  # fmt: skip
def test_centre_and_face_neighbours(nuclide: str, short: str, allowed_neighbour: float) -> None:
    half = 9
    gy, sigma_gy = one_voxel(nuclide, "icrp107", (3.0, 3.0, 3.0), half, n_histories=1_000_000)
    table = TABLES[f"{short}_3mm"].astype(np.float64)
    row = {tuple(line[:3].astype(int)): line[TOTAL] / MGY_PER_MBQ_S for line in table}
    centre = gy[half, half, half]
    assert centre / row[0, 0, 0] == pytest.approx(1.0, abs=0.01)
    steps = np.concatenate((np.eye(3, dtype=int), -np.eye(3, dtype=int)))
    faces = [gy[tuple(half + step)] for step in steps]
    noise = sigma_gy[half - 1, half, half] / faces[0]
    assert np.mean(faces) / row[0, 0, 1] == pytest.approx(1.0, abs=allowed_neighbour + 2 * noise)


def test_y90_is_within_three_per_cent_down_to_a_hundredth_of_the_centre() -> None:
    half = 5
    gy, _ = one_voxel("Y-90", "icrp107", (3.0, 3.0, 3.0), half, n_histories=2_000_000)
    table = TABLES["Y90_3mm"].astype(np.float64)
    for line in table[table[:, TOTAL] > 0.01 * table[0, TOTAL]]:
        i, j, k = line[:3].astype(int)
        images = [
            gy[half + c * k, half + b * j, half + a * i]
            for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)
        ]  # fmt: skip
        assert np.mean(images) * MGY_PER_MBQ_S / line[TOTAL] == pytest.approx(1.0, abs=0.03)
