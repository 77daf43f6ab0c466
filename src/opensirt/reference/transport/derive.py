"""Derive the tables of the Monte Carlo engine: ``python -m opensirt.reference.transport.derive``.

Writes ``kernels/transport.npz``. Needs the package xraydb beside those of OpenSIRT.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opensirt.reference.constant import constant
from opensirt.reference.kernel_file import read_kernel_file
from opensirt.reference.transport.collision import hard_collisions, stopping_power
from opensirt.reference.transport.material import Material, material, material_names
from opensirt.reference.transport.photon import compton, photoelectric
from opensirt.reference.transport.scattering import equal_parts, transport_moments

N_ANGLES = 256
MM_PER_CM = 10.0
_LOWEST_MEV, _ENERGIES = 1e-3, 3000
_PHOTON_LOWEST_MEV, _PHOTON_ENERGIES = 0.004, 129


def energy_grid() -> NDArray[np.float64]:
    """Return the energies between which stopping powers are integrated."""
    highest = constant("transport", "highest_energy").value
    grid: NDArray[np.float64] = np.geomspace(_LOWEST_MEV, highest, _ENERGIES)
    return grid


def ranges(of: Material, hard_mev: float) -> NDArray[np.float64]:
    """Return the path in g/cm² from each energy of the grid to rest, by soft collisions."""
    energy = energy_grid()
    slowness = 1.0 / stopping_power(of, energy, hard_mev)
    first = 0.55 * energy[0] * slowness[0]  # below the grid the range goes about as E^1.8
    steps = (slowness[1:] + slowness[:-1]) / 2.0 * np.diff(energy)
    path: NDArray[np.float64] = first + np.append(0.0, np.cumsum(steps))
    return path


def ladder(range_water: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rungs of energy, from the highest to zero."""
    energy = energy_grid()
    above, below, change, last = (
        constant("transport", name).value
        for name in ("step_above", "step_below", "step_change", "last_step")
    )
    rungs = [float(energy[-1])]
    left = float(range_water[-1])
    while rungs[-1] > last:
        left *= above if rungs[-1] > change else below
        rungs.append(float(np.interp(left, range_water, energy)))
    return np.append(rungs, 0.0)


def radiative_stopping_power(energy_mev: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return MeV cm²/g that electrons turn into photons in water.

    Smoothed derivative of the energy that is missing on electron tracks in the electron
    response of this project.
    """
    response = read_kernel_file("electron_response_I75")
    started = response["energy_mean_mev"].astype(np.float64)
    radiated = started - response["charged_mev"].astype(np.float64).sum(axis=1)
    used = started > 0.04  # noqa: PLR2004 - below, it is noise
    fit = np.polyfit(np.log(started[used]), np.log(radiated[used]), 2, w=np.sqrt(started[used]))
    log = np.log(energy_mev)
    slope = np.exp(np.polyval(fit, log)) / energy_mev * np.polyval(np.polyder(fit), log)
    power: NDArray[np.float64] = slope * stopping_power(material("water"), energy_mev)
    return power


def hard_photons(of: Material, energy_mev: float) -> float:
    """Return the photons above the cut-off for each g/cm² of path."""
    lowest = constant("transport", "hard_photon").value
    if energy_mev <= 2.0 * lowest:
        return 0.0
    slope = constant("transport", "bremsstrahlung_slope").value
    photon = np.geomspace(lowest, energy_mev, 200)
    per_g = radiative_stopping_power(np.array([energy_mev])).item()
    per_g *= of.radiation_per_g / material("water").radiation_per_g
    height = per_g * slope / (energy_mev * -np.expm1(-slope))
    return float(height * np.trapezoid(np.exp(-slope * photon / energy_mev) / photon, photon))


def _step_tables(of: Material, rungs: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    hard_mev = constant("transport", "hard_collision").value
    energy, ranged = energy_grid(), ranges(of, hard_mev)
    at_rung = np.interp(rungs, energy, ranged)
    at_rung[-1] = 0.0
    path = -np.diff(at_rung)
    n_steps = len(path)
    hard, photons, cosines = np.zeros(n_steps), np.zeros(n_steps), np.ones((n_steps, N_ANGLES))
    for step, (upper, lower) in enumerate(pairwise(rungs)):
        middle = (upper + lower) / 2.0
        hard[step] = hard_collisions(of, middle, hard_mev) * path[step]
        photons[step] = hard_photons(of, middle) * path[step]
        if step == n_steps - 1:
            continue  # the last step is straight: energy is then left 0.5 of the range away
        points = np.array([upper, middle, lower])
        slowness = (upper - lower) / stopping_power(of, points, hard_mev)
        decay = sum(
            weight / 6.0 * slow * transport_moments(of, float(point), hard_mev)
            for weight, slow, point in zip((1.0, 4.0, 1.0), slowness, points, strict=True)
        )
        cosines[step] = equal_parts(np.exp(-np.asarray(decay)), N_ANGLES)
    # At most one hard event in a step: with this chance their number is right on average.
    both = hard + photons
    chance = np.where(both > 0, -np.expm1(-both) / np.where(both > 0, both, 1.0), 0.0)
    return {"path": path, "hard": hard * chance, "photons": photons * chance, "cosines": cosines}


def derive() -> dict[str, NDArray[np.float64]]:
    """Return all tables."""
    hard_mev = constant("transport", "hard_collision").value
    rungs = ladder(ranges(material("water"), hard_mev))
    names = material_names()
    water = _step_tables(material("water"), rungs)
    photon_mev = np.geomspace(
        _PHOTON_LOWEST_MEV, constant("transport", "highest_energy").value, _PHOTON_ENERGIES
    )
    tables = [_step_tables(material(name), rungs) for name in names]
    ratio = np.stack([water["path"] / one["path"] for one in tables], axis=1)
    step = water["path"] * MM_PER_CM
    left = np.interp(rungs, energy_grid(), ranges(material("water"), hard_mev)) * MM_PER_CM
    left[-1] = 0.0
    return {
        "energy_mev": rungs,
        "step_mm_g_per_ml": step,
        "range_mm_g_per_ml": left,
        "ratio_to_water": ratio,
        "hard_collisions": np.stack([one["hard"] for one in tables], axis=1),
        "hard_photons": np.stack([one["photons"] for one in tables], axis=1),
        "cosines": np.stack([one["cosines"] for one in tables], axis=1).astype(np.float32),
        "photon_energy_mev": photon_mev,
        "compton_cm2_per_g": np.stack([compton(material(name), photon_mev) for name in names]),
        "photoelectric_cm2_per_g": np.stack(
            [photoelectric(material(name), photon_mev) for name in names]
        ),
    }


if __name__ == "__main__":
    folder = Path(__file__).parents[1] / "kernels"
    np.savez_compressed(folder / "transport.npz", **derive())  # type: ignore[arg-type] # arrays only
