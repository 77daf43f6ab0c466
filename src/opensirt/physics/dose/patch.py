"""Dose on a small patch of even tissue, computed again and again."""

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import InputError
from opensirt.physics.kernel import voxel_kernel, whole
from opensirt.reference.radionuclide import Radionuclide
from opensirt.units import GRAMS_PER_KG, J_PER_MEV

Array = NDArray[np.float64]


class PatchDose:
    """From concentrations on a patch to its dose, by one kernel or in place.

    The patch repeats itself beyond its borders, so that doses within a kernel's half-width of
    one are not to be used. What far photons bring is not in it.

    Parameters
    ----------
    nuclide
        Nuclide and data set.
    shape, spacing_mm
        Of the patch, along k, j, i.
    density_kg_per_ml
        Of its tissue.
    in_place
        Leave the energy of the electrons in the voxel of the decay, as local deposition does.

    Raises
    ------
    InputError
        When the kernel is wider than the patch.
    """

    def __init__(
        self,
        nuclide: Radionuclide,
        shape: tuple[int, int, int],
        spacing_mm: tuple[float, float, float],
        *,
        density_kg_per_ml: float,
        in_place: bool = False,
    ) -> None:
        from scipy.fft import rfftn

        self._shape = shape
        gy_per_j = nuclide.mean_life_s / density_kg_per_ml
        if in_place:
            self._factor: Array | float = nuclide.electron_energy_j * gy_per_j
            return
        kernel = voxel_kernel(
            nuclide, spacing_mm, density_g_per_ml=density_kg_per_ml * GRAMS_PER_KG
        )
        if any(2 * n + 1 > length for n, length in zip(kernel.half_width, shape, strict=True)):
            raise InputError(
                f"a kernel of half-widths {kernel.half_width} does not fit a patch of {shape} "
                "voxels; take a wider margin"
            )
        around = np.zeros(shape)
        index = [np.arange(-n, n + 1) for n in kernel.half_width]
        around[np.ix_(*index)] = whole(kernel.octant_mev)
        self._factor = rfftn(around).real * (J_PER_MEV * gy_per_j)

    def dose_gy(self, bq_per_ml: Array) -> Array:
        """Return the dose of a permanent implant of these concentrations at administration."""
        from scipy.fft import irfftn, rfftn

        if isinstance(self._factor, float):
            return bq_per_ml * self._factor
        return np.asarray(irfftn(rfftn(bq_per_ml) * self._factor, self._shape))
