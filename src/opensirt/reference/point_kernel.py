"""Where the energy of a decay goes around a point in water."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import MissingInputError, UnknownNameError
from opensirt.reference.constant import Constant
from opensirt.reference.electron_spectrum import electron_spectrum
from opensirt.reference.kernel_file import read_kernel_file
from opensirt.reference.radionuclide import radionuclide

WATERS = ("I75", "I78")
"""Water of 1.0 g/cm³ with a mean excitation energy of 75 eV, or of 78 eV (ICRU 90)."""

SOURCE = (
    "point kernels computed for this project with EGSnrc (commit 9edee3eb, re-derived spin table)"
)


@dataclass(frozen=True, eq=False, kw_only=True)
class PointKernel:
    """Energy that one decay leaves in concentric shells of water of 1.0 g/cm³.

    Parameters
    ----------
    radius_edges_mm : (n + 1,)
        Edges of the shells.
    electron_mev, bremsstrahlung_mev, photon_mev : (n,)
        Energy for each decay that electrons leave on their own tracks, by way of bremsstrahlung,
        and that the nuclide's own photons leave.
    emitted_mev
        Energy of all electrons and photons of one decay.
    """

    name: str
    data_set: str
    water: str
    radius_edges_mm: NDArray[np.float64]
    electron_mev: NDArray[np.float64]
    bremsstrahlung_mev: NDArray[np.float64]
    photon_mev: NDArray[np.float64]
    emitted_mev: Constant

    def reach_mm(self, fraction_beyond: float) -> float:
        """Return the radius beyond which electrons leave at most this part of their energy."""
        inside = np.cumsum(self.electron_mev) / self.electron_mev.sum()
        shell = int(np.searchsorted(inside, 1.0 - fraction_beyond))
        return float(self.radius_edges_mm[shell + 1])


@cache
def point_kernel(name: str, data_set: str = "icrp107", water: str = "I75") -> PointKernel:
    """Return the point kernel of one nuclide, folded from the response to single energies.

    Raises
    ------
    UnknownNameError
        When there is no such nuclide, data set or water.
    MissingInputError
        When no absorbed dose can be computed from the nuclide.
    """
    if water not in WATERS:
        raise UnknownNameError("water", water, WATERS)
    nuclide = radionuclide(name, data_set)
    nuclide.require_dosimetry()
    response = read_kernel_file(f"electron_response_{water}")
    # Energy, not number, is folded: what starts in a bin is spread as the response of that bin,
    # so that nothing is lost where the spectrum slopes within it.
    started_mev = electron_spectrum(name, data_set).energy_between(response["energy_edges_mev"])
    share = started_mev / response["energy_mean_mev"]
    photons = read_kernel_file("photon_kernels")
    photon_mev = np.zeros(len(response["radius_edges_mm"]) - 1)
    if nuclide.photons == "kernel":
        photon_mev = photons[f"{name}_mev"].astype(np.float64)
    elif nuclide.photons != "none":
        raise MissingInputError(
            f"photon kernel of {name}", where="the reference room", remedy="use another nuclide"
        )
    electrons, own_photons = (
        nuclide.electron_energy_mev_per_decay,
        nuclide.photon_energy_mev_per_decay,
    )
    return PointKernel(
        name=name,
        data_set=data_set,
        water=water,
        radius_edges_mm=response["radius_edges_mm"].astype(np.float64),
        electron_mev=share @ response["charged_mev"].astype(np.float64),
        bremsstrahlung_mev=share @ response["photon_borne_mev"].astype(np.float64),
        photon_mev=photon_mev,
        emitted_mev=Constant(
            value=electrons.value + own_photons.value,
            unit="MeV",
            source=f"electrons and photons of {name}, data set {data_set}",
            status="computed",
        ),
    )
