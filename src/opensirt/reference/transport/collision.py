"""Collisions of electrons with electrons: stopping power and hard collisions."""

import numpy as np
from numpy.typing import NDArray

from opensirt.reference.constant import constant
from opensirt.reference.transport.material import Material, density_effect, speed_squared

_NODES = 400


def _per_electron() -> float:
    """Return 2π r² m c² N in MeV cm²/mol."""
    radius, mass, number = (
        constant("transport", name).value
        for name in ("electron_radius_squared", "electron_mass", "avogadro")
    )
    return 2.0 * np.pi * radius * mass * number


def stopping_power(
    of: Material, energy_mev: NDArray[np.float64], hard_mev: float = np.inf
) -> NDArray[np.float64]:
    """Return the mass stopping power in MeV cm²/g by collisions that give less than `hard_mev`.

    References
    ----------
    .. [1] ICRU Report 37 (1984): Bethe's formula with the cross section of Møller, restricted.
    """
    tau = energy_mev / constant("transport", "electron_mass").value
    slow = 1.0 - speed_squared(energy_mev)
    part = np.minimum(hard_mev / energy_mev, 0.5)
    loss = (
        slow
        - 2.0
        + np.log(4.0 * (1.0 - part) * part)
        + 1.0 / (1.0 - part)
        + slow * (tau**2 * part**2 / 2.0 + (2.0 * tau + 1.0) * np.log1p(-part))
    )
    loss += np.log((energy_mev / of.mean_excitation_mev) ** 2 * (1.0 + tau / 2.0))
    loss -= density_effect(of, energy_mev)
    power: NDArray[np.float64] = _per_electron() * of.electrons_mol_per_g / (1.0 - slow) * loss
    return power


def moller(energy_mev: float, given_mev: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Møller's cross section for giving `given_mev` to an electron, but for its factor."""
    tau = energy_mev / constant("transport", "electron_mass").value
    left = energy_mev - given_mev
    both: NDArray[np.float64] = (
        1.0 / given_mev**2
        + 1.0 / left**2
        + (tau / (tau + 1.0)) ** 2 / energy_mev**2
        - (2.0 * tau + 1.0) / (tau + 1.0) ** 2 / (given_mev * left)
    )
    return both


def hard_collisions(of: Material, energy_mev: float, hard_mev: float) -> float:
    """Return the hard collisions for each g/cm² of path."""
    if energy_mev <= 2.0 * hard_mev:
        return 0.0
    given = np.geomspace(hard_mev, energy_mev / 2.0, _NODES)
    factor = _per_electron() * of.electrons_mol_per_g / speed_squared(np.array([energy_mev])).item()
    return float(factor * np.trapezoid(moller(energy_mev, given), given))


def primary_cosine_squared(energy_mev: float, given_mev: float) -> float:
    """Return cos² of the angle by which an electron turns that gives `given_mev` away."""
    mass = constant("transport", "electron_mass").value
    left = energy_mev - given_mev
    return left * (energy_mev + 2.0 * mass) / (energy_mev * (left + 2.0 * mass))
