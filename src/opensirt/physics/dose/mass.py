"""Energy to dose through the density of each voxel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DensityMap
from opensirt.physics.dose.fourier import row_sums
from opensirt.reference.constant import constant
from opensirt.units import GRAMS_PER_KG


@dataclass(frozen=True, eq=False, kw_only=True)
class VoxelMasses:
    """Densities that energy is divided by; nothing is lighter than air.

    Parameters
    ----------
    density_kg_per_ml : (k, j, i), float32
        The density map with its lightest voxels raised to that of air.
    voxel_volume_ml
    uniform
        Whether all voxels have one density.
    lightest_kg_per_ml
        Before anything was raised.
    n_raised
        Number of voxels that were lighter than air.
    """

    density_kg_per_ml: NDArray[np.float32]
    voxel_volume_ml: float
    uniform: bool
    lightest_kg_per_ml: float
    n_raised: int

    def energy_j(self, dose_gy: NDArray[np.float32]) -> float:
        """Return the energy that a dose means: the sum of dose × mass, in double precision."""
        if self.uniform:
            summed = float(row_sums(dose_gy).sum()) * float(self.density_kg_per_ml.flat[0])
        else:
            summed = float(np.einsum("kji,kji->", dose_gy, self.density_kg_per_ml, dtype=float))
        return summed * self.voxel_volume_ml

    def in_air(self, dose_gy: NDArray[np.float32], scored_j: float) -> tuple[Finding, ...]:
        """Return a finding when energy falls on voxels of air or gas."""
        limit_g_per_ml = constant("dose_engines", "air", "density_g_per_ml").value
        if self.lightest_kg_per_ml >= limit_g_per_ml / GRAMS_PER_KG:
            return ()
        light = self.density_kg_per_ml < limit_g_per_ml / GRAMS_PER_KG
        n_light = int(np.count_nonzero(light & (dose_gy != 0)))
        if n_light == 0 or scored_j <= 0:
            return ()
        in_light_j = float(
            np.sum(dose_gy[light].astype(np.float64) * self.density_kg_per_ml[light])
            * self.voxel_volume_ml
        )
        share = in_light_j / scored_j
        raised = f"; {self.n_raised} of them were taken as air" if self.n_raised else ""
        text = (
            f"{share:.2%} of the energy falls on {n_light} voxels lighter than "
            f"{limit_g_per_ml} g/mL (air, gas){raised}: the dose there is not that of a tissue"
        )
        allowed = constant("dose_engines", "density_contrast", "energy_fraction_at_most").value
        severity = Severity.WARN if share > allowed else Severity.NOTE
        return (Finding(severity, "dose_in_air", text, share, allowed),)


def masses(density: DensityMap, block: tuple[slice, slice, slice] | None = None) -> VoxelMasses:
    """Return the densities by which an engine divides energy, of a block or of all voxels."""
    lowest = constant("dose_engines", "lightest_density", "density_g_per_ml").value / GRAMS_PER_KG
    floor = np.float32(lowest)
    values = density.values if block is None else np.ascontiguousarray(density.values[block])
    least, most = float(values.min()), float(values.max())
    n_raised = 0
    if least < floor:
        n_raised = int(np.count_nonzero(values < floor))
        values = np.maximum(values, floor)
    return VoxelMasses(
        density_kg_per_ml=values,
        voxel_volume_ml=density.grid.voxel_volume_ml,
        uniform=least == most,
        lightest_kg_per_ml=least,
        n_raised=n_raised,
    )
