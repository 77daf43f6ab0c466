"""Tumour partition with a tumour-to-lung shunt: Kao 2013, 10.1007/s00270-013-0783-z.

The inputs are constructed; the constant is the 50 Gy kg/GBq of the paper. Tolerance: half the last
printed digit.
"""

import pytest

from opensirt.physics.analytic import tumour_shunt_activities


@pytest.mark.parametrize(
    ("ratio", "shunt", "normal_gbq", "lung_gbq", "total_gbq", "normal_gy", "lung_gy"),
    [
        (1.25, 0.08, 0.576, 0.063, 1.359, 24.0, 3.1),
        (2.0, 0.08, 0.360, 0.063, 1.143, 15.0, 3.1),
        (1.25, 0.20, 0.576, 0.180, 1.476, 24.0, 9.0),
    ],
)
def test_f8_examples(
    ratio: float,
    shunt: float,
    normal_gbq: float,
    lung_gbq: float,
    total_gbq: float,
    normal_gy: float,
    lung_gy: float,
) -> None:
    found = tumour_shunt_activities(
        120,
        tumour_mass_kg=0.3,
        tumour_to_normal_activity_ratio=ratio,
        tumour_lung_shunt_fraction=shunt,
        dose_constant_gy_kg_per_gbq=50,
    )
    assert found.tumour_bq / 1e9 == pytest.approx(0.720, abs=0.0005)
    assert found.normal_bq / 1e9 == pytest.approx(normal_gbq, abs=0.0005)
    assert found.lung_bq / 1e9 == pytest.approx(lung_gbq, abs=0.0005)
    assert found.total_bq / 1e9 == pytest.approx(total_gbq, abs=0.0005)
    assert 50 * found.normal_bq / 1e9 / 1.2 == pytest.approx(normal_gy, abs=0.05)
    assert 50 * found.lung_bq / 1e9 / 1.0 == pytest.approx(lung_gy, abs=0.05)
