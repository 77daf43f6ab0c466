"""ICRP Publication 107 (Ann. ICRP 38(3), 2008), as read from the package icrp107_database.

Wanted figures: half-lives of the publication's table; energies as an independent reading of the
same data gave them when the Monte Carlo tables of this project were made.
"""

import numpy as np
import pytest

from opensirt.reference.electron_spectrum import electron_spectrum
from opensirt.reference.radionuclide import radionuclide

HOUR_S, DAY_S = 3600.0, 86400.0

HALF_LIVES_S = {
    "Y-90": 64.10 * HOUR_S,
    "Ho-166": 26.80 * HOUR_S,
    "Lu-177": 6.647 * DAY_S,
    "Re-188": 17.004 * HOUR_S,
    "Tc-99m": 6.015 * HOUR_S,
}
BETA_AND_OTHER_ELECTRONS_MEV = {
    "Y-90": (0.93291, 0.00020),
    "Ho-166": (0.66499, 0.03135),
    "Lu-177": (0.13327, 0.01465),
    "Re-188": (0.76262, 0.01673),
}
ELECTRON_MJ_PER_MBQ = {"Y-90": 49.77, "Ho-166": 15.53, "Lu-177": 19.64, "Re-188": 11.03}


@pytest.mark.parametrize("name", HALF_LIVES_S)
def test_half_lives_are_those_of_the_table(name: str) -> None:
    assert radionuclide(name).half_life_s.value == pytest.approx(HALF_LIVES_S[name], rel=1e-12)


@pytest.mark.parametrize("name", BETA_AND_OTHER_ELECTRONS_MEV)
def test_mean_electron_energies_agree_to_their_digits(name: str) -> None:
    beta_mev, other_mev = BETA_AND_OTHER_ELECTRONS_MEV[name]
    spectrum = electron_spectrum(name)
    assert float(spectrum.beta_mev_per_decay.sum()) == pytest.approx(beta_mev, abs=5.1e-6)
    assert float(np.prod(spectrum.lines, axis=1).sum()) == pytest.approx(other_mev, abs=5.1e-6)
    total = radionuclide(name).electron_energy_mev_per_decay.value
    assert total == pytest.approx(beta_mev + other_mev, abs=1e-5)
    assert spectrum.mean_energy_mev_per_decay == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("name", ELECTRON_MJ_PER_MBQ)
def test_dose_constants_agree_to_their_digits(name: str) -> None:
    found = radionuclide(name).dose_constant_gy_kg_per_gbq
    assert found.value == pytest.approx(ELECTRON_MJ_PER_MBQ[name], abs=0.0051)
    assert found.unit == "Gy kg/GBq"


def test_y90_has_a_mean_life_of_332_916_s() -> None:
    assert radionuclide("Y-90").mean_life_s == pytest.approx(332_916, abs=0.6)


def test_ho166_with_x_and_gamma_gives_16_20_mj_per_mbq() -> None:
    ho166 = radionuclide("Ho-166")
    energy_j = ho166.electron_energy_j + ho166.photon_energy_j
    assert energy_j * ho166.mean_life_s * 1e9 == pytest.approx(16.20, abs=0.006)


@pytest.mark.parametrize(
    ("name", "end_point_mev"), [("Y-90", 2.2801), ("Ho-166", 1.8539), ("Re-188", 2.1204)]
)
def test_spectra_end_at_the_end_point_and_hold_one_beta_particle(
    name: str, end_point_mev: float
) -> None:
    spectrum = electron_spectrum(name)
    assert spectrum.edges_mev[-1] == pytest.approx(end_point_mev, abs=1e-6)
    assert float(spectrum.beta_per_decay.sum()) == pytest.approx(1.0, abs=1.5e-3)
    assert float(spectrum.beta_per_decay.min()) >= 0
