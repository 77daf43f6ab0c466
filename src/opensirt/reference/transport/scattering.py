"""Multiple scattering of electrons after Goudsmit and Saunderson."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from opensirt.reference.constant import constant
from opensirt.reference.transport.collision import primary_cosine_squared
from opensirt.reference.transport.material import Material, speed_squared

ORDERS = 900
"""Legendre orders that are summed; after one step the last ones have decayed to nothing."""

_SMALLEST, _CELLS, _ANGLES = 1e-11, 2400, 3000


def legendre(cosine: NDArray[np.float64], highest: int) -> NDArray[np.float64]:
    """Return the Legendre polynomials 0 to `highest`, (highest + 1, n)."""
    values = np.empty((highest + 1, cosine.size))
    values[0], values[1] = 1.0, cosine
    for order in range(1, highest):
        values[order + 1] = (
            (2 * order + 1) * cosine * values[order] - order * values[order - 1]
        ) / (order + 1)
    return values


@cache
def _cells() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return edges of (1 − cos θ)/2, and 1 − P of every order in the middle of each cell."""
    edges = np.append(0.0, np.geomspace(_SMALLEST, 1.0, _CELLS))
    middle = (edges[1:] + edges[:-1]) / 2.0
    lost = 1.0 - legendre(1.0 - 2.0 * middle, ORDERS)
    small = middle < 1e-7  # noqa: PLR2004 - where the difference above has lost its digits
    order = np.arange(ORDERS + 1)[:, None]
    lost[:, small] = order * (order + 1) * middle[small]
    return edges, lost


def transport_moments(of: Material, energy_mev: float, hard_mev: float) -> NDArray[np.float64]:
    """Return how fast the Legendre moments of the direction decay, for each g/cm²; (orders + 1,).

    Nuclei: Rutherford's cross section with Molière's screening and the spin factor of McKinley
    and Feshbach. Electrons: the same form, up to the angle of a collision that gives `hard_mev`.

    References
    ----------
    .. [1] S. Goudsmit, J. L. Saunderson, Phys. Rev. 57 (1940) 24.
    .. [2] W. A. McKinley, H. Feshbach, Phys. Rev. 74 (1948) 1759.
    """
    names = ("electron_mass", "fine_structure", "electron_radius_squared", "avogadro")
    mass, alpha, radius_squared, number = (constant("transport", name).value for name in names)
    screening = constant("transport", "screening_factor").value
    closer = constant("transport", "electron_screening_factor").value
    edges, lost = _cells()
    tau = energy_mev / mass
    momentum_squared = tau * (tau + 2.0)
    beta_squared = speed_squared(np.array([energy_mev])).item()
    sine = np.sqrt((edges[1:] + edges[:-1]) / 2.0)  # of half the angle
    given_mev = min(hard_mev, energy_mev / 2.0)
    widest = (1.0 - np.sqrt(primary_cosine_squared(energy_mev, given_mev))) / 2.0
    soft = edges[1:] <= widest
    summed = np.zeros(sine.size)
    for z, fraction, weight in zip(of.atomic_numbers, of.fractions, of.weights, strict=True):
        atom = 0.88534 * z ** (-1.0 / 3.0) / alpha  # Thomas–Fermi radius in Compton wavelengths
        eta = (
            screening
            * (1.13 + 3.76 * (alpha * z) ** 2 / beta_squared)
            / (4.0 * momentum_squared * atom**2)
        )
        beta = np.sqrt(beta_squared)
        spin = 1.0 - beta_squared * sine**2 + np.pi * alpha * z * beta * sine * (1.0 - sine)
        nuclei = 1.0 / (edges[:-1] + eta) - 1.0 / (edges[1:] + eta)
        near = eta / closer
        electrons = (1.0 / (edges[:-1] + near) - 1.0 / (edges[1:] + near)) * soft
        summed += number * fraction / weight * (z**2 * nuclei * spin + z * electrons)
    factor = np.pi * radius_squared / (momentum_squared * beta_squared)
    moments: NDArray[np.float64] = lost @ summed * factor
    return moments


@cache
def _angles() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return cosines of fine steps of angle, and the integral of every P from each of them to 1."""
    theta = np.append(0.0, np.geomspace(1e-5, np.pi, _ANGLES))
    cosine = np.cos(theta)
    values = legendre(cosine, ORDERS + 1)
    integral = np.zeros((ORDERS + 1, cosine.size))
    integral[0] = 1.0 - cosine
    integral[1:] = values[:ORDERS] - values[2 : ORDERS + 2]
    return cosine, integral


def equal_parts(moments: NDArray[np.float64], n_parts: int) -> NDArray[np.float64]:
    """Return the mean cosine of each of `n_parts` equally likely ranges of the angle.

    Parameters
    ----------
    moments : (orders + 1,)
        What is left of each Legendre moment of the direction after the step.
    n_parts
        Number of ranges; their mean is the first moment exactly.
    """
    cosine, integral = _angles()
    inside = (moments @ integral) / 2.0
    inside = np.maximum.accumulate(np.clip(inside, 0.0, 1.0))
    inside[-1] = 1.0
    middle = (cosine[1:] + cosine[:-1]) / 2.0
    summed = np.append(0.0, np.cumsum(middle * np.diff(inside)))
    parts = np.diff(np.interp(np.linspace(0.0, 1.0, n_parts + 1), inside, summed)) * n_parts
    shifted: NDArray[np.float64] = np.clip(parts + (moments[1] - parts.mean()), -1.0, 1.0)
    return shifted
