"""Compositions of the materials, and the density effect that follows from them."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import UnknownNameError
from opensirt.reference.constant import constant
from opensirt.reference.table import read_table

_PLASMA_EV = 28.816
"""ħω of the plasma of a density of 1 g/cm³ with Z/A = 1, from the constants of nature."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Material:
    """One material by mass.

    Parameters
    ----------
    atomic_numbers, fractions, weights : (n,)
        Of the elements; fractions by mass, atomic weights.
    shells : (m, 2)
        Electrons for each g of all shells, in mol, and binding energies in eV.
    """

    name: str
    mean_excitation_mev: float
    density_g_per_ml: float
    atomic_numbers: NDArray[np.float64]
    fractions: NDArray[np.float64]
    weights: NDArray[np.float64]
    shells: NDArray[np.float64]

    @property
    def electrons_mol_per_g(self) -> float:
        """Z/A of the mixture."""
        return float(np.sum(self.fractions * self.atomic_numbers / self.weights))

    @property
    def radiation_per_g(self) -> float:
        """Z (Z + 1)/A of the mixture: bremsstrahlung is proportional to it."""
        charge = self.atomic_numbers * (self.atomic_numbers + 1.0)
        return float(np.sum(self.fractions * charge / self.weights))


def material_names() -> tuple[str, ...]:
    """Return the materials in the order of the tables."""
    return tuple(read_table("materials")["order"])


@cache
def material(name: str) -> Material:
    """Return one material.

    Raises
    ------
    UnknownNameError
        When there is no such material.
    """
    table = read_table("materials")
    if name not in table["materials"]:
        raise UnknownNameError("material", name, table["materials"])
    entry = table["materials"][name]
    numbers = list(entry["fractions"])
    elements = [table["elements"][number] for number in numbers]
    fractions = np.array(list(entry["fractions"].values()), dtype=np.float64)
    weights = np.array([one["weight"] for one in elements], dtype=np.float64)
    shells = [
        (fraction / element["weight"] * count, binding_ev)
        for fraction, element in zip(fractions, elements, strict=True)
        for count, binding_ev in element["shells"]
    ]
    return Material(
        name=name,
        mean_excitation_mev=entry["mean_excitation_ev"] * 1e-6,
        density_g_per_ml=entry["density_g_per_ml"],
        atomic_numbers=np.array([float(number) for number in numbers]),
        fractions=fractions,
        weights=weights,
        shells=np.array(shells),
    )


def speed_squared(energy_mev: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return β² of an electron."""
    tau = energy_mev / constant("transport", "electron_mass").value
    squared: NDArray[np.float64] = tau * (tau + 2.0) / (tau + 1.0) ** 2
    return squared


def density_effect(of: Material, energy_mev: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the density-effect correction δ of the stopping power.

    Every shell is an oscillator; its frequency is the binding energy, scaled so that the mean
    excitation energy comes out.

    References
    ----------
    .. [1] R. M. Sternheimer, S. M. Seltzer, M. J. Berger, Phys. Rev. B 26 (1982) 6067.
    """
    from scipy.optimize import brentq

    plasma_ev = _PLASMA_EV * np.sqrt(of.density_g_per_ml * of.electrons_mol_per_g)
    share = of.shells[:, 0] / of.electrons_mol_per_g
    frequency = of.shells[:, 1] / plasma_ev
    log_excitation = np.log(of.mean_excitation_mev * 1e6 / plasma_ev)

    def excess(scale: float) -> float:
        return float(
            np.sum(share * np.log((frequency * scale) ** 2 + share * 2.0 / 3.0)) / 2.0
            - log_excitation
        )

    scale = brentq(excess, 0.1, 20.0)
    squared = (frequency * scale) ** 2
    level_squared = squared + 2.0 / 3.0 * share
    correction = np.zeros(energy_mev.shape)
    for index, beta_squared in enumerate(speed_squared(energy_mev)):
        wanted = 1.0 / beta_squared - 1.0
        if np.sum(share / squared) <= wanted:
            continue
        root = brentq(lambda x, y=wanted: float(np.sum(share / (squared + x))) - y, 0.0, 1e7)
        correction[index] = np.sum(share * np.log1p(root / level_squared)) - root * (
            1.0 - beta_squared
        )
    return correction
