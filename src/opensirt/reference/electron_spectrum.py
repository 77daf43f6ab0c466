"""Energies with which the electrons of a decay start."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import UnknownNameError
from opensirt.reference.icrp107 import read_icrp107
from opensirt.reference.kernel_file import read_kernel_file
from opensirt.reference.radionuclide import (
    DEFAULT_DATA_SET,
    Radionuclide,
    data_set_entry,
    radionuclide,
)

_BIN_MEV = 1e-3
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)


@dataclass(frozen=True, eq=False, kw_only=True)
class ElectronSpectrum:
    """Beta particles in narrow bins of energy, and the lines of other electrons.

    Parameters
    ----------
    edges_mev : (n + 1,)
        Edges of the bins of the beta particles.
    beta_per_decay, beta_mev_per_decay : (n,)
        Number and energy of the beta particles of each bin.
    lines : (m, 2)
        Energy in MeV and number for each decay of conversion and Auger electrons.
    """

    edges_mev: NDArray[np.float64]
    beta_per_decay: NDArray[np.float64]
    beta_mev_per_decay: NDArray[np.float64]
    lines: NDArray[np.float64]

    @property
    def mean_energy_mev_per_decay(self) -> float:
        """Energy of all electrons of one decay."""
        return float(self.beta_mev_per_decay.sum() + np.prod(self.lines, axis=1).sum())

    def energy_between(self, edges_mev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the energy for each decay in MeV that starts in each coarser bin.

        Energy above the last edge is counted in the last bin, so that none is lost.
        """
        middles = (self.edges_mev[1:] + self.edges_mev[:-1]) / 2.0
        energies = np.concatenate((middles, self.lines[:, 0]))
        amounts = np.concatenate((self.beta_mev_per_decay, np.prod(self.lines, axis=1)))
        index = np.clip(np.searchsorted(edges_mev, energies, "right") - 1, 0, len(edges_mev) - 2)
        summed = np.bincount(index, amounts, minlength=len(edges_mev) - 1)
        return summed.astype(np.float64)


def _binned(
    points_mev: NDArray[np.float64], per_mev: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return edges, number and energy of each bin of a spectrum given on points.

    The tables are coarse at their upper end: a monotone cubic loses no energy there, while
    straight lines lose 0.2 %.
    """
    from scipy.interpolate import PchipInterpolator

    curve = PchipInterpolator(points_mev, per_mev, extrapolate=False)
    last_mev = float(points_mev[-1])
    edges = np.append(np.arange(0.0, last_mev, _BIN_MEV), last_mev)
    half = np.diff(edges) / 2.0
    energy = (edges[:-1] + half)[:, None] + half[:, None] * _NODES
    density = np.nan_to_num(curve(energy), nan=0.0)  # below the first point there is nothing
    number = half * (density @ _WEIGHTS)
    return edges, number, half * ((density * energy) @ _WEIGHTS)


def _tilted(
    edges: NDArray[np.float64],
    number: NDArray[np.float64],
    energy: NDArray[np.float64],
    mean_mev: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return one particle whose spectrum is bent by exp(−a E) until it has a given mean.

    Of all spectra with this mean it is the one nearest to the tabulated shape (least relative
    entropy); the end point stays.
    """
    from scipy.optimize import brentq

    middles = (edges[1:] + edges[:-1]) / 2.0

    def weight(slope: float) -> NDArray[np.float64]:
        bent: NDArray[np.float64] = np.exp(-slope * middles)
        return bent / float(np.sum(number * bent))

    slope = brentq(lambda a: float(np.sum(energy * weight(a))) - mean_mev, -1.0, 1.0, xtol=1e-12)
    return number * weight(slope), energy * weight(slope)


@cache
def electron_spectrum(name: str, data_set: str = DEFAULT_DATA_SET) -> ElectronSpectrum:
    """Return the electrons of one nuclide in one data set; their mean is the data set's.

    Raises
    ------
    UnknownNameError
        When the data set does not hold the nuclide, or holds no spectrum for it.
    """
    nuclide: Radionuclide = radionuclide(name, data_set)
    decay = read_icrp107(name)
    if data_set == DEFAULT_DATA_SET:
        edges, number, energy = _binned(*decay.beta_spectrum.T)
        scale = decay.beta_energy_mev_per_decay / energy.sum()
        return ElectronSpectrum(
            edges_mev=edges,
            beta_per_decay=number * scale,
            beta_mev_per_decay=energy * scale,
            lines=decay.electron_lines,
        )
    entry = data_set_entry(name, data_set)
    no_lines = np.empty((0, 2))
    lines = decay.electron_lines if entry.get("lines") == DEFAULT_DATA_SET else no_lines
    beta_mev = nuclide.electron_energy_mev_per_decay.value - float(np.prod(lines, axis=1).sum())
    if entry["shape"] == DEFAULT_DATA_SET:
        edges, number, energy = _binned(*decay.beta_spectrum.T)
        number, energy = _tilted(edges, number, energy, beta_mev)
    elif entry["shape"] == "spectra":
        points_mev, per_mev = read_kernel_file("spectra")[f"{data_set}_{name}"].T
        edges, number, energy = _binned(points_mev.astype(np.float64), per_mev.astype(np.float64))
        scale = beta_mev / energy.sum()
        number, energy = number * scale, energy * scale
    else:
        raise UnknownNameError("shape of a beta spectrum", entry["shape"], ("icrp107", "spectra"))
    return ElectronSpectrum(
        edges_mev=edges, beta_per_decay=number, beta_mev_per_decay=energy, lines=lines
    )
