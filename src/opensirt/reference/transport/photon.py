"""Photons: attenuation by the photoelectric effect and by Compton scattering of free electrons."""

import numpy as np
from numpy.typing import NDArray

from opensirt.reference.constant import constant
from opensirt.reference.table import read_table
from opensirt.reference.transport.material import Material

_HIGHEST_TABULATED_MEV = 0.8


def compton(of: Material, energy_mev: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Klein–Nishina attenuation in cm²/g."""
    radius_squared = constant("transport", "electron_radius_squared").value
    number = constant("transport", "avogadro").value
    k = energy_mev / constant("transport", "electron_mass").value
    wide = 1.0 + 2.0 * k
    section = (1.0 + k) / k**2 * (2.0 * (1.0 + k) / wide - np.log(wide) / k)
    section += np.log(wide) / (2.0 * k) - (1.0 + 3.0 * k) / wide**2
    attenuation: NDArray[np.float64] = (
        2.0 * np.pi * radius_squared * section * number * of.electrons_mol_per_g
    )
    return attenuation


def photoelectric(of: Material, energy_mev: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the photoelectric attenuation in cm²/g, after Elam, Ravel and Sieber.

    Above their tables it goes on as the straight line of logarithms between 0.4 and 0.8 MeV,
    where it is a hundred-thousandth of the whole.

    References
    ----------
    .. [1] W. T. Elam, B. D. Ravel, J. R. Sieber, Radiat. Phys. Chem. 63 (2002) 121; read from
       the package xraydb, which only this derivation needs.
    """
    import xraydb

    elements = read_table("materials")["elements"]
    tabulated = np.minimum(energy_mev, _HIGHEST_TABULATED_MEV)
    total = np.zeros(energy_mev.shape)
    for z, fraction in zip(of.atomic_numbers, of.fractions, strict=True):
        symbol = elements[str(int(z))]["symbol"]
        low, high = xraydb.mu_elam(symbol, np.array([0.4e6, 0.8e6]), kind="photo")
        slope = np.log(high / low) / np.log(2.0)
        part = xraydb.mu_elam(symbol, tabulated * 1e6, kind="photo")
        total += fraction * part * (energy_mev / tabulated) ** slope
    return total
