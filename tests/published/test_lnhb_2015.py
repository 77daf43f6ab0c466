"""LNHB/DDEP evaluation of Y-90, 2015: half-life 2.6684(13) d, mean beta energy 0.9267(8) MeV."""

import numpy as np
import pytest

from opensirt.reference.electron_spectrum import electron_spectrum
from opensirt.reference.point_kernel import point_kernel
from opensirt.reference.radionuclide import radionuclide

LNHB = radionuclide("Y-90", "lnhb2015")


def test_the_dose_constant_is_49_38() -> None:
    found = LNHB.dose_constant_gy_kg_per_gbq
    assert found.value == pytest.approx(49.38, abs=0.0051)
    # 0.0008/0.9267 and 0.0013/2.6684 in quadrature
    assert found.standard_uncertainty == pytest.approx(49.38 * 0.000991, rel=5e-3)


def test_the_mean_life_is_332_613_s() -> None:
    assert LNHB.mean_life_s == pytest.approx(332_613, abs=0.6)


def test_the_spectrum_has_the_stated_mean_one_particle_and_the_end_point_of_icrp_107() -> None:
    spectrum, shape = electron_spectrum("Y-90", "lnhb2015"), electron_spectrum("Y-90")
    assert spectrum.mean_energy_mev_per_decay == pytest.approx(0.9267, rel=1e-9)
    assert float(spectrum.beta_per_decay.sum()) == pytest.approx(1.0, rel=1e-9)
    np.testing.assert_array_equal(spectrum.edges_mev, shape.edges_mev)
    bend = spectrum.beta_per_decay[:-5] / shape.beta_per_decay[:-5]
    assert np.all(np.diff(bend) < 0)  # a little more of the slow ones
    assert np.abs(bend - 1).max() < 0.05


def test_its_kernel_keeps_less_energy_than_that_of_icrp_107_by_the_ratio_of_means() -> None:
    ratio = (
        point_kernel("Y-90", "lnhb2015").electron_mev.sum()
        / point_kernel("Y-90").electron_mev.sum()
    )
    assert ratio == pytest.approx(0.9267 / 0.93311, rel=1e-4)
