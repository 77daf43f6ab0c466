"""Voxel S values as a table."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opensirt.domain.nuclide_name import canonical_nuclide
from opensirt.physics.kernel import VoxelKernel, voxel_kernel
from opensirt.reference.radionuclide import DEFAULT_DATA_SET, radionuclide
from opensirt.whole_file import whole_file

COLUMNS = (
    "i",
    "j",
    "k",
    "s_mgy_per_mbq_s",
    "s_electron",
    "s_bremsstrahlung",
    "s_photon",
)

_MGY_PER_MBQ_S = 1e9
"""mGy/(MBq s) in one Gy/(Bq s)."""


@dataclass(frozen=True, kw_only=True)
class KernelRequest:
    """What the `kernel` command was asked."""

    nuclide: str
    spacing_mm: tuple[float, float, float]
    """Along x, y, z."""
    density_g_per_ml: float = 1.0
    data_set: str = DEFAULT_DATA_SET
    water: str = "I75"


def kernel_of(request: KernelRequest) -> VoxelKernel:
    """Return the voxel kernel that was asked for.

    Raises
    ------
    UnknownNameError
        When there is no such nuclide, data set or water.
    InputError
        When a spacing or the density is not above zero.
    """
    x, y, z = request.spacing_mm
    nuclide = radionuclide(canonical_nuclide(request.nuclide) or request.nuclide, request.data_set)
    nuclide.require_dosimetry()
    return voxel_kernel(
        nuclide,
        (z, y, x),
        density_g_per_ml=request.density_g_per_ml,
        water=request.water,
    )


def write_kernel_csv(path: Path, kernel: VoxelKernel) -> int:
    """Write the whole kernel, one offset a row, and return the number of rows.

    Offsets `i`, `j`, `k` run along x, y, z; the total is the sum of the three parts, all in
    mGy/(MBq s).
    """
    parts = [
        kernel.s_values(octant) * _MGY_PER_MBQ_S
        for octant in (kernel.electron_mev, kernel.bremsstrahlung_mev, kernel.photon_mev)
    ]
    half = np.array(kernel.half_width)
    n_rows = 0
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for index in np.ndindex(parts[0].shape):
            k, j, i = (int(one) for one in np.array(index) - half)
            values = [float(one[index]) for one in parts]
            writer.writerow((i, j, k, *(f"{value:.8g}" for value in (sum(values), *values))))
            n_rows += 1
    return n_rows
