"""Images and spectra as the compiled loops want them."""

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import InputError
from opensirt.physics.transport.table import Floats, Medium, Source, physics
from opensirt.reference.constant import constant
from opensirt.reference.electron_spectrum import electron_spectrum
from opensirt.reference.icrp107 import read_icrp107
from opensirt.reference.radionuclide import Radionuclide
from opensirt.reference.table import read_table
from opensirt.reference.transport.material import material_names

N_ENERGIES = 8192
"""Equally likely parts of a spectrum."""


def material_by_density(density_g_per_ml: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the number of the material that a density stands for, as in `materials.toml`."""
    rule = read_table("materials")["by_density"]
    names = material_names()
    numbers = np.array([names.index(name) for name in rule["materials"]], dtype=np.uint8)
    bounds = np.array(rule["upper_g_per_ml"])
    chosen: NDArray[np.uint8] = numbers[np.searchsorted(bounds, density_g_per_ml, "right")]
    return chosen


def rimmed(values: NDArray[np.generic], rim: float) -> NDArray[np.generic]:
    """Return the values with one voxel of `rim` around them."""
    return np.pad(values, 1, constant_values=rim)


def medium_of(
    density_g_per_ml: NDArray[np.floating],
    material: NDArray[np.uint8],
    spacing_mm: tuple[float, float, float],
) -> Medium:
    """Return the voxels of a density map (k, j, i) with their rim."""
    n_j, n_i = density_g_per_ml.shape[1] + 2, density_g_per_ml.shape[2] + 2
    return Medium(
        density_g_per_ml=rimmed(density_g_per_ml.astype(np.float32), -1.0)
        .reshape(-1)
        .astype(np.float32),
        material=rimmed(material, 0).reshape(-1).astype(np.uint8),
        sides_mm=(spacing_mm[2], spacing_mm[1], spacing_mm[0]),
        strides=(n_i, n_i * n_j),
    )


def equal_energies(energy_mev: Floats, number: Floats, n_parts: int) -> Floats:
    """Return the mean energies of equally likely parts of a spectrum; their mean is its own."""
    order = np.argsort(energy_mev, kind="stable")
    sorted_mev, share = energy_mev[order], number[order] / number.sum()
    summed = np.append(0.0, np.cumsum(share))
    energy = np.append(0.0, np.cumsum(share * sorted_mev))
    grid = np.linspace(0.0, summed[-1], n_parts + 1)
    parts: Floats = np.diff(np.interp(grid, summed, energy)) * n_parts
    return parts


def source_of(
    nuclide: Radionuclide,
    decays: NDArray[np.floating],
    emphasis: NDArray[np.float64] | None = None,
) -> Source:
    """Return where the decays of an image (k, j, i) happen, and what they emit.

    Parameters
    ----------
    nuclide
        Nuclide and data set.
    decays : (k, j, i)
        In any unit; a history counts for their sum.
    emphasis : (k, j, i)
        How many times more histories begin in a voxel than its decays ask for.

    Raises
    ------
    InputError
        When there are no decays at all.
    """
    padded = rimmed(decays.astype(np.float64), 0.0).reshape(-1).astype(np.float64)
    voxel = np.flatnonzero(padded)
    if voxel.size == 0:
        raise InputError(
            "there are no decays in the image: Monte Carlo has nothing to follow; check the "
            "activity image and its unit"
        )
    amount = np.abs(padded[voxel])
    more = np.ones(voxel.size)
    if emphasis is not None:
        more = rimmed(emphasis, 1.0).reshape(-1)[voxel].astype(np.float64)
    spectrum = electron_spectrum(nuclide.name, nuclide.data_set)
    filled = spectrum.beta_per_decay > 0
    beta_mev = spectrum.beta_mev_per_decay[filled] / spectrum.beta_per_decay[filled]
    energy_mev = np.concatenate((beta_mev, spectrum.lines[:, 0]))
    number = np.concatenate((spectrum.beta_per_decay[filled], spectrum.lines[:, 1]))
    followed = energy_mev >= constant("transport", "local_electron").value
    followed[: beta_mev.size] = True  # the beta spectrum stays whole
    parts_mev = equal_energies(energy_mev[followed], number[followed], N_ENERGIES)
    rungs = physics().energy_mev
    if parts_mev[-1] > rungs[0]:
        raise InputError(
            f"{nuclide.name} emits electrons of {parts_mev[-1]:.3g} MeV; the tables of the Monte "
            f"Carlo engine end at {rungs[0]} MeV: use another engine"
        )
    step = np.clip(np.searchsorted(-rungs, -parts_mev, "right") - 1, 0, len(rungs) - 2)
    local_mev = float(np.sum((energy_mev * number)[~followed]))
    lines, soft_mev = _photon_lines(nuclide)
    photons = float(lines[:, 1].sum())
    return Source(
        voxel=voxel.astype(np.int64),
        summed=np.cumsum(amount * more),
        weight=np.sign(padded[voxel]) * (np.sum(amount * more) / amount.sum()) / more,
        electron_mev=parts_mev,
        electron_step=step.astype(np.int64),
        electron_part=(rungs[step] - parts_mev) / (rungs[step] - rungs[step + 1]),
        electrons_per_decay=float(number[followed].sum()),
        local_mev=local_mev + soft_mev,
        photon_mev=lines[:, 0].copy(),
        photon_summed=np.cumsum(lines[:, 1]) / photons if photons else np.ones(1),
        photons_per_decay=photons,
    )


def _photon_lines(nuclide: Radionuclide) -> tuple[Floats, float]:
    """Return energy and number of the photons that are followed, and the energy of the others.

    Lines are those of ICRP-107; where another data set gives another energy per decay, their
    numbers are scaled to it.
    """
    none = np.zeros((1, 2))
    wanted_mev = nuclide.photon_energy_mev_per_decay.value
    if nuclide.photons == "none" or wanted_mev <= 0:
        return none, 0.0
    lines = read_icrp107(nuclide.name).photon_lines.copy()
    lines[:, 1] *= wanted_mev / float(np.prod(lines, axis=1).sum())
    hard = lines[:, 0] >= constant("transport", "hard_photon").value
    soft_mev = float(np.prod(lines[~hard], axis=1).sum())
    return lines[hard] if hard.any() else none, soft_mev
