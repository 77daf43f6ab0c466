"""Local deposition: every electron stays in the voxel where it starts."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DensityMap, DoseMap, TimeIntegratedActivityMap
from opensirt.domain.record import EnergyBalance
from opensirt.physics.dose.engine import EngineResult, require_fit
from opensirt.physics.dose.findings import negative_decays
from opensirt.physics.dose.mass import masses
from opensirt.reference.constant import constant
from opensirt.reference.point_kernel import point_kernel
from opensirt.reference.radionuclide import Radionuclide
from opensirt.units import BQ_PER_GBQ, J_PER_MEV


@dataclass(frozen=True, kw_only=True)
class LocalDeposition:
    """Dose = decays × mean electron energy / density, voxel by voxel.

    Right where the image already blurs more than the electrons travel, and for means over
    structures that are large against the range; wrong at the edge of hot voxels otherwise.
    The nuclide's photons are left out: they leave.

    Parameters
    ----------
    nuclide
        Nuclide and data set.
    dose_constant_gy_kg_per_gbq
        Dose × mass of a permanent implant of 1 GBq, in place of the data set's.
    """

    name: ClassVar[str] = "local"

    nuclide: Radionuclide
    dose_constant_gy_kg_per_gbq: float | None = None

    @property
    def energy_j_per_decay(self) -> float:
        """Energy that a decay leaves in its voxel."""
        if self.dose_constant_gy_kg_per_gbq is None:
            return self.nuclide.electron_energy_j
        return self.dose_constant_gy_kg_per_gbq / (BQ_PER_GBQ * self.nuclide.mean_life_s)

    def dose(self, decays: TimeIntegratedActivityMap, density: DensityMap) -> EngineResult:
        """Return the absorbed dose on the grid of the decays.

        Raises
        ------
        InputError
            When the decays are of another nuclide.
        GeometryError
            When the density lies on another grid.
        MissingInputError
            When no dose can be computed from the nuclide.
        """
        require_fit(decays, density, self.nuclide)
        mass = masses(density)
        energy_j = self.energy_j_per_decay
        values = decays.values * np.float32(energy_j) / mass.density_kg_per_ml
        dose = DoseMap(
            grid=decays.grid,
            values=values,
            engine=self.name,
            radionuclide=self.nuclide.name,
            data_set=self.nuclide.data_set,
        )
        released_j = decays.total() * energy_j
        balance = EnergyBalance(
            mean_energy_mev_per_decay=energy_j / J_PER_MEV,
            released_j=released_j,
            scored_j=mass.energy_j(values),
            outside_kernel_fraction=0.0,
            outside_grid_fraction=0.0,
        )
        findings = (
            *negative_decays(decays.values),
            *mass.in_air(values, balance.scored_j),
            *self._small_voxels(max(decays.grid.spacing_mm)),
            *self._photons_left_out(),
        )
        return EngineResult(dose=dose, energy=balance, findings=findings)

    def _small_voxels(self, spacing_mm: float) -> tuple[Finding, ...]:
        share = constant("dose_engines", "local_range", "energy_fraction_inside")
        kernel = point_kernel(self.nuclide.name, self.nuclide.data_set)
        radius_mm = kernel.reach_mm(1.0 - share.value)
        if spacing_mm >= radius_mm:
            return ()
        text = (
            f"local deposition: the electrons of {self.nuclide.name} leave {share.value:.0%} of "
            f"their energy within {radius_mm:.1f} mm, voxels are {spacing_mm:.2g} mm; right as far "
            "as the image itself is blurred by more than that"
        )
        return (Finding(Severity.NOTE, "local_small_voxels", text, spacing_mm, radius_mm),)

    def _photons_left_out(self) -> tuple[Finding, ...]:
        photons = self.nuclide.photon_energy_mev_per_decay.value
        share = photons / (photons + self.nuclide.electron_energy_mev_per_decay.value)
        if self.nuclide.photons == "none":
            return ()
        text = (
            f"local deposition leaves out the photons of {self.nuclide.name}, {share:.1%} of the "
            "energy of its decay: they travel centimetres"
        )
        return (Finding(Severity.NOTE, "photons_left_out", text, share),)
