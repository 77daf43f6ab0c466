"""Decay data of ICRP Publication 107, read from the package `icrp107_database`."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.constant import Constant
from opensirt.units import HOURS_PER_DAY, SECONDS_PER_HOUR

_PACKAGE = "icrp107_database"
_SECONDS = {
    "s": 1.0,
    "m": SECONDS_PER_HOUR / 60.0,
    "h": SECONDS_PER_HOUR,
    "d": SECONDS_PER_HOUR * HOURS_PER_DAY,
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Icrp107Decay:
    """What ICRP-107 tabulates of one nuclide.

    Parameters
    ----------
    beta_spectrum : (n, 2)
        Energy in MeV and beta particles for each MeV and decay, on the table's own points.
    electron_lines, photon_lines : (n, 2)
        Energy in MeV and number for each decay: conversion and Auger electrons; gamma and X rays.
    """

    half_life_s: Constant
    beta_energy_mev_per_decay: float
    electron_energy_mev_per_decay: Constant
    photon_energy_mev_per_decay: Constant
    beta_spectrum: NDArray[np.float64]
    electron_lines: NDArray[np.float64]
    photon_lines: NDArray[np.float64]


def _lines(emissions: dict[str, Any], *kinds: str) -> NDArray[np.float64]:
    rows = [np.array(emissions[kind], dtype=np.float64).reshape(-1, 2) for kind in kinds]
    return np.concatenate(rows)


def _energy_mev(lines: NDArray[np.float64]) -> float:
    return float(np.sum(lines[:, 0] * lines[:, 1]))


@cache
def read_icrp107(name: str) -> Icrp107Decay:
    """Return the decay data of a nuclide such as ``"Y-90"``.

    Raises
    ------
    UnknownNameError
        When ICRP-107 has no such nuclide.
    InputError
        When the half-life has a unit that is not handled here.
    """
    room = files(_PACKAGE) / "icrp107"
    path = room / f"{name}.json"
    if not path.is_file():
        known = sorted(one.name.removesuffix(".json") for one in room.iterdir())
        raise UnknownNameError("radionuclide of ICRP-107", name, known)
    stored = json.loads(path.read_text(encoding="utf-8"))
    decay = json.loads(stored)  # each file holds one JSON text written as a JSON string
    if decay["time_unit"] not in _SECONDS:
        raise InputError(f"ICRP-107 half-life of {name} has the unit {decay['time_unit']!r}")
    emissions = decay["emissions"]
    beta = _lines(emissions, "beta-")
    lines = _lines(emissions, "IE", "auger")
    photons = _lines(emissions, "gamma", "X")
    source = f"ICRP Publication 107, supplemental data, {name} (package {_PACKAGE} "
    source += f"{version(_PACKAGE)})"

    def figure(value: float, unit: str) -> Constant:
        return Constant(value=value, unit=unit, source=source, status="verified")

    beta_mev = _energy_mev(beta)
    return Icrp107Decay(
        half_life_s=figure(decay["half_life"] * _SECONDS[decay["time_unit"]], "s"),
        beta_energy_mev_per_decay=beta_mev,
        electron_energy_mev_per_decay=figure(beta_mev + _energy_mev(lines), "MeV"),
        photon_energy_mev_per_decay=figure(_energy_mev(photons), "MeV"),
        beta_spectrum=np.array(emissions["b-spectra"], dtype=np.float64).reshape(-1, 2),
        electron_lines=lines,
        photon_lines=photons,
    )
