"""Voxel S values of Lanconelli et al. (Phys. Med. Biol. 57 (2012) 517) out of the shared files."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opensirt.physics.kernel import voxel_kernel, whole
from opensirt.reference.radionuclide import radionuclide

DENSITY_G_PER_ML = 1.04
N_OFFSETS = 6


def lanconelli_sizes(shared_data: Path) -> tuple[float, ...]:
    """Return the voxel sides in mm for which there is a table of Y-90 in soft tissue."""
    names = (shared_data / "data" / "kernels" / "lanconelli_vsv").glob("90Y*mmsoft.txt")
    return tuple(sorted(float(re.sub(r"^90Y|mmsoft$", "", one.stem)) for one in names))


def lanconelli_table(shared_data: Path, side_mm: float) -> NDArray[np.float64]:
    """Return S values in mGy/(MBq s) at the offsets 0 to 5 along each axis."""
    folder = shared_data / "data" / "kernels" / "lanconelli_vsv"
    rows = np.loadtxt(folder / f"90Y{side_mm:g}mmsoft.txt", skiprows=2, encoding="latin-1")
    made = np.zeros((N_OFFSETS,) * 3)
    made[tuple(rows[:, :3].astype(int).T)] = rows[:, 3]
    return made


def our_table(side_mm: float, scale: float = 1.0) -> NDArray[np.float64]:
    """Return our S values at the same offsets, for a medium in which electrons go `scale` as far.

    The density is theirs; a scale below one is that of water in which electrons go as far.
    """
    density = DENSITY_G_PER_ML * scale
    kernel = voxel_kernel(
        radionuclide("Y-90"), (side_mm, side_mm, side_mm), density_g_per_ml=density
    )
    values = whole(kernel.octant_mev)
    middle = tuple(n // 2 for n in values.shape)
    made = np.zeros((N_OFFSETS,) * 3)
    inside = tuple(
        slice(m, min(m + N_OFFSETS, n)) for m, n in zip(middle, values.shape, strict=True)
    )
    octant = kernel.s_values(kernel.octant_mev)[inside] * 1e9 * scale
    made[tuple(slice(0, n) for n in octant.shape)] = octant
    return made
