"""What the compiled loops read: tables of the physics, the voxels, and what is emitted."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from opensirt.reference.constant import constant
from opensirt.reference.kernel_file import read_kernel_file

N_AZIMUTHS = 1024

Floats = NDArray[np.float64]


class Physics(NamedTuple):
    """Tables of `opensirt.reference.transport`; s counts steps of the ladder, m materials."""

    energy_mev: Floats
    """(s + 1,) rungs."""
    step_mm_g_per_ml: Floats
    """(s,) length of a step in water."""
    range_mm_g_per_ml: Floats
    """(s + 1,) path in water that is left on a rung."""
    ratio_to_water: Floats
    """(s, m) stopping power by mass, over that of water."""
    hard_collisions: Floats
    """(s, m) chance in one step."""
    hard_photons: Floats
    """(s, m) chance in one step."""
    cosines: NDArray[np.float32]
    """(s, m, 256, 2) cosine and sine of equally likely angles."""
    azimuths: Floats
    """(1024, 2) cosine and sine."""
    stay_step: int
    """First step in which an electron that cannot leave its voxel is stopped."""
    short_fraction: float
    """An electron whose path left is shorter than this part of a voxel's side goes straight on."""
    straight_part: float
    """How far it then comes, as part of its path."""
    hard_mev: float
    photon_mev: float
    photon_slope: float
    mass_mev: float
    log_lowest_photon_mev: float
    log_step: float
    attenuation: Floats
    """(m, e) per mm in a density of 1 g/mL, on energies evenly spaced in the logarithm."""
    photoelectric: Floats
    """(m, e) part of the attenuation that absorbs."""
    cut_off_mev: float


class Medium(NamedTuple):
    """Voxels in C order with a rim of one voxel around them, whose density is below zero."""

    density_g_per_ml: NDArray[np.float32]
    material: NDArray[np.uint8]
    sides_mm: tuple[float, float, float]
    """Sides of a voxel along the axes i, j and k."""
    strides: tuple[int, int]
    """From a voxel to the next one along j and along k."""


class Source(NamedTuple):
    """Where decays happen and what they emit."""

    voxel: NDArray[np.int64]
    """(v,) index with the rim."""
    summed: Floats
    """(v,) decays × emphasis up to and with this voxel, all taken as positive."""
    weight: Floats
    """(v,) what a history that begins here counts for; its sign is that of the decays."""
    electron_mev: Floats
    """(q,) mean energies of equally likely parts of the spectrum."""
    electron_step: NDArray[np.int64]
    electron_part: Floats
    """(q,) step of the ladder in which an energy lies, and the part of it that is over."""
    electrons_per_decay: float
    local_mev: float
    """Energy per decay that stays where it starts."""
    photon_mev: Floats
    """(p,) lines."""
    photon_summed: Floats
    """(p,) chance of a line or one before it."""
    photons_per_decay: float


@cache
def physics() -> Physics:
    """Return the tables of the physics."""
    stored = read_kernel_file("transport")
    cosines = stored["cosines"].astype(np.float64)
    angle = (np.arange(N_AZIMUTHS) + 0.5) * (2.0 * np.pi / N_AZIMUTHS)
    photon_mev = np.log(stored["photon_energy_mev"])
    attenuation = stored["compton_cm2_per_g"] + stored["photoelectric_cm2_per_g"]
    stay = constant("transport", "stay_below").value
    return Physics(
        energy_mev=stored["energy_mev"].copy(),
        step_mm_g_per_ml=stored["step_mm_g_per_ml"].copy(),
        range_mm_g_per_ml=stored["range_mm_g_per_ml"].copy(),
        ratio_to_water=stored["ratio_to_water"].copy(),
        hard_collisions=stored["hard_collisions"].copy(),
        hard_photons=stored["hard_photons"].copy(),
        cosines=np.stack((cosines, np.sqrt(1.0 - cosines**2)), axis=-1).astype(np.float32),
        azimuths=np.stack((np.cos(angle), np.sin(angle)), axis=-1),
        stay_step=int(np.searchsorted(-stored["energy_mev"], -stay)),
        short_fraction=constant("transport", "short_range").value,
        straight_part=constant("transport", "straight_part").value,
        hard_mev=constant("transport", "hard_collision").value,
        photon_mev=constant("transport", "hard_photon").value,
        photon_slope=constant("transport", "bremsstrahlung_slope").value,
        mass_mev=constant("transport", "electron_mass").value,
        log_lowest_photon_mev=float(photon_mev[0]),
        log_step=float(photon_mev[1] - photon_mev[0]),
        attenuation=attenuation / 10.0,  # per cm into per mm
        photoelectric=stored["photoelectric_cm2_per_g"] / attenuation,
        cut_off_mev=constant("transport", "photon_cut_off").value,
    )
