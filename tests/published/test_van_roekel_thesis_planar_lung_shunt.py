"""Planar lung shunt by the geometric mean: van Roekel, PhD thesis Utrecht, chapter 2, p. 30.

Constructed counts, recomputed independently; lung masses after Kao, EJNMMI Res 2014;4:33.
Tolerance: half the last printed digit.
"""

import numpy as np
import pytest
from builders import centred_grid

from opensirt.domain.image import CtImage
from opensirt.domain.missing import Missing
from opensirt.domain.structure import Mask
from opensirt.imaging.lung_mass import lung_mass_kg
from opensirt.imaging.lung_shunt import RegionCounts, planar_lung_shunt


@pytest.mark.parametrize(
    ("lungs", "liver", "percent"),
    [
        ((52_000, 61_000), (820_000, 640_000), 7.21),
        ((9_000, 8_000), (410_000, 380_000), 2.10),
    ],
)
def test_planar_examples(
    lungs: tuple[float, float], liver: tuple[float, float], percent: float
) -> None:
    shunt = planar_lung_shunt(
        RegionCounts(anterior=lungs[0], posterior=lungs[1]),
        RegionCounts(anterior=liver[0], posterior=liver[1]),
    )
    assert not isinstance(shunt.fraction, Missing)
    assert shunt.fraction * 100 == pytest.approx(percent, abs=0.005)


@pytest.mark.parametrize(
    ("volume_ml", "hu", "grams"), [(3400, -790, 714), (4200, -850, 630), (2600, -700, 780)]
)
def test_lung_masses_by_densitovolumetry(volume_ml: int, hu: float, grams: float) -> None:
    grid = centred_grid((volume_ml // 200, 20, 10), (10.0, 10.0, 10.0))
    values = np.full(grid.shape, hu, dtype=np.float32)
    values[0, 0, :2] = (-1000.0, 40.0)  # air and soft tissue, as on every CT, beside the mask
    lungs = np.ones(grid.shape, dtype=bool)
    lungs[0, 0, :2] = False
    mass = lung_mass_kg(CtImage(grid=grid, values=values), [Mask(grid, lungs)])
    assert not isinstance(mass, Missing)
    whole = mass * volume_ml / (volume_ml - 2)
    assert whole * 1000 == pytest.approx(grams, abs=0.5)
