"""Pack the tables of the Monte Carlo runs made for this project into the files beside this one.

Run as ``python pack.py FOLDER`` with the folder that holds ``dpk/`` and ``spectra/``. What the
tables are and how they were made stands in README.md beside this file.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opensirt.units import J_PER_MEV

_HERE = Path(__file__).parent
_KG_PER_MM3_OF_WATER = 1e-6
_RADIOACTIVE_WITH_PHOTONS = {"Ho-166": "Ho166", "Lu-177": "Lu177", "Re-188": "Re188"}
_INNER, _OUTER, _GAMMA_GY, _GAMMA_PERCENT = 0, 1, 8, 9


def _read(path: Path, header_lines: int) -> NDArray[np.float64]:
    return np.genfromtxt(path, delimiter=",", skip_header=header_lines, dtype=np.float64)


def pack_electrons(folder: Path, water: str) -> None:
    """Keep the energy-resolved response of one water, without its uncertainties."""
    stored = np.load(folder / "dpk" / f"electron_response_water_{water}.npz")
    np.savez_compressed(
        _HERE / f"electron_response_{water}.npz",
        energy_edges_mev=stored["E_edges_MeV"],
        energy_mean_mev=stored["E_mean_MeV"],
        radius_edges_mm=stored["r_edges_mm"],
        charged_mev=stored["edep_charged_MeV_per_electron"].astype(np.float32),
        photon_borne_mev=stored["edep_photonborne_MeV_per_electron"].astype(np.float32),
    )


def pack_photons(folder: Path) -> None:
    """Turn the photon dose of each shell back into energy for each decay."""
    kept: dict[str, NDArray[np.float64]] = {}
    for name, short in _RADIOACTIVE_WITH_PHOTONS.items():
        table = _read(folder / "dpk" / f"DPK_{short}_icrp107_water_I75.csv", 2)
        inner, outer = table[:, _INNER], table[:, _OUTER]
        mass_kg = 4.0 / 3.0 * np.pi * (outer**3 - inner**3) * _KG_PER_MM3_OF_WATER
        kept["radius_edges_mm"] = np.append(inner, outer[-1])
        kept[f"{name}_mev"] = (table[:, _GAMMA_GY] * mass_kg / J_PER_MEV).astype(np.float32)
        kept[f"{name}_sigma_percent"] = table[:, _GAMMA_PERCENT].astype(np.float32)
    np.savez_compressed(_HERE / "photon_kernels.npz", **kept)  # type: ignore[arg-type] # one kind


def pack_spectra(folder: Path) -> None:
    """Keep the beta spectra that EGSnrc samples from."""
    kept: dict[str, NDArray[np.float64]] = {}
    for name, short in {"Y-90": "Y90", "Ho-166": "Ho166"}.items():
        table = _read(folder / "spectra" / f"{short}_egsnrc_lnhb.csv", 2)
        kept[f"egsnrc_{name}"] = table.astype(np.float32)
    np.savez_compressed(_HERE / "spectra.npz", **kept)  # type: ignore[arg-type] # one kind


if __name__ == "__main__":
    source = Path(sys.argv[1])
    for one in ("I75", "I78"):
        pack_electrons(source, one)
    pack_photons(source)
    pack_spectra(source)
