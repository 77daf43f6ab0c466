"""Radionuclides as a named data set knows them."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from math import log
from typing import Any

from opensirt.errors import MissingInputError, UnknownNameError
from opensirt.reference.constant import Constant, constant
from opensirt.reference.icrp107 import read_icrp107
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_GBQ, J_PER_MEV

DEFAULT_DATA_SET = "icrp107"


@dataclass(frozen=True, slots=True, kw_only=True)
class Radionuclide:
    """Half-life and mean energies of one nuclide, all of one data set.

    `electron_energy_mev_per_decay` holds beta particles, conversion and Auger electrons;
    `photon_energy_mev_per_decay` gamma and X rays. `refused` says why no absorbed dose is
    computed from this nuclide; it is empty where it is.
    """

    name: str
    data_set: str
    data_set_version: str
    half_life_s: Constant
    electron_energy_mev_per_decay: Constant
    photon_energy_mev_per_decay: Constant
    photons: str
    """``none``, ``kernel`` (a point kernel exists) or ``missing``."""
    refused: str = ""

    @property
    def mean_life_s(self) -> float:
        """Half-life / ln 2: decays for each becquerel of a permanent implant."""
        return self.half_life_s.value / log(2.0)

    @property
    def electron_energy_j(self) -> float:
        """Energy of the electrons of one decay."""
        return self.electron_energy_mev_per_decay.value * J_PER_MEV

    @property
    def photon_energy_j(self) -> float:
        """Energy of the photons of one decay."""
        return self.photon_energy_mev_per_decay.value * J_PER_MEV

    @property
    def dose_constant_gy_kg_per_gbq(self) -> Constant:
        """Dose × mass of a permanent implant of 1 GBq whose electrons stay where they start."""
        energy, half_life = self.electron_energy_mev_per_decay, self.half_life_s
        value = self.electron_energy_j * self.mean_life_s * BQ_PER_GBQ
        spreads = [
            one.standard_uncertainty / one.value
            for one in (energy, half_life)
            if one.standard_uncertainty is not None
        ]
        both_known = len(spreads) == 2  # noqa: PLR2004 - energy and half-life
        return Constant(
            value=value,
            unit="Gy kg/GBq",
            source=f"electron energy × mean life of {self.name}, data set {self.data_set}",
            status="computed" if energy.verified and half_life.verified else "second-hand",
            standard_uncertainty=(
                value * sum(spread**2 for spread in spreads) ** 0.5 if both_known else None
            ),
        )

    def require_dosimetry(self) -> None:
        """Raise `MissingInputError` when no absorbed dose can be computed from this nuclide."""
        if self.refused:
            raise MissingInputError(
                f"data for an absorbed dose from {self.name}",
                where=f"data set {self.data_set}",
                remedy=f"{self.refused}; name the nuclide that is or will be in the patient",
            )


def known_data_sets() -> tuple[str, ...]:
    """Return the names of the nuclear data sets."""
    return tuple(read_table("radionuclides")["data_sets"])


def known_radionuclides(data_set: str = DEFAULT_DATA_SET) -> tuple[str, ...]:
    """Return the nuclides of one data set.

    Raises
    ------
    UnknownNameError
        When there is no such data set.
    """
    table = read_table("radionuclides")
    _require_data_set(data_set)
    return tuple(table["nuclides"] if data_set == DEFAULT_DATA_SET else table[data_set])


def _require_data_set(data_set: str) -> None:
    if data_set not in known_data_sets():
        raise UnknownNameError("nuclear data set", data_set, known_data_sets())


def data_set_entry(name: str, data_set: str) -> dict[str, Any]:
    """Return the raw table entry of a nuclide in a data set that is not read from a package."""
    entry: dict[str, Any] = read_table("radionuclides")[data_set][name]
    return entry


@cache
def radionuclide(name: str, data_set: str = DEFAULT_DATA_SET) -> Radionuclide:
    """Return one nuclide of one data set; nothing is ever put in its place.

    Raises
    ------
    UnknownNameError
        When there is no such data set, or it does not hold the nuclide.

    >>> y90 = radionuclide("Y-90")
    >>> f"{y90.dose_constant_gy_kg_per_gbq.value:.2f} {y90.dose_constant_gy_kg_per_gbq.unit}"
    '49.77 Gy kg/GBq'
    """
    known = known_radionuclides(data_set)
    if name not in known:
        raise UnknownNameError(f"radionuclide of data set {data_set}", name, known)
    table = read_table("radionuclides")
    general = table["nuclides"][name]
    if data_set == DEFAULT_DATA_SET:
        decay = read_icrp107(name)
        half_life, electrons, photons = (
            decay.half_life_s,
            decay.electron_energy_mev_per_decay,
            decay.photon_energy_mev_per_decay,
        )
    else:
        half_life, electrons, photons = (
            constant("radionuclides", data_set, name, key)
            for key in (
                "half_life_s",
                "electron_energy_mev_per_decay",
                "photon_energy_mev_per_decay",
            )
        )
    described = table["data_sets"][data_set]
    package = described.get("package")
    return Radionuclide(
        name=name,
        data_set=data_set,
        data_set_version=f"{package} {version(package)}" if package else described["version"],
        half_life_s=half_life,
        electron_energy_mev_per_decay=electrons,
        photon_energy_mev_per_decay=photons,
        photons=general["photons"],
        refused=general.get("refused", ""),
    )
