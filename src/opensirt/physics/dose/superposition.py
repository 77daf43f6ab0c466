"""Superposition of kernels that follow the density along straight lines."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DensityMap, DoseMap, TimeIntegratedActivityMap
from opensirt.domain.record import EnergyBalance
from opensirt.physics.dose.composition import range_scale
from opensirt.physics.dose.convolution import middle_density_kg_per_ml, round_off
from opensirt.physics.dose.electrons import Spread, spread_electrons
from opensirt.physics.dose.engine import (
    DEVICES,
    EngineResult,
    require_device_name,
    require_fit,
    require_materials,
)
from opensirt.physics.dose.findings import (
    activity_near_edge,
    coarse_voxels,
    negative_decays,
    photons_as_in_even_tissue,
    require_balance,
)
from opensirt.physics.dose.fourier import occupied_block
from opensirt.physics.dose.mass import masses
from opensirt.physics.dose.photons import photon_dose
from opensirt.physics.kernel import voxel_kernel
from opensirt.reference.constant import constant
from opensirt.reference.point_kernel import point_kernel
from opensirt.reference.radionuclide import Radionuclide
from opensirt.units import GRAMS_PER_KG, J_PER_MEV


@dataclass(frozen=True, kw_only=True)
class Superposition:
    """Dose from every source voxel by the mean density on the straight way to each voxel.

    The dose that a decay gives at a distance is taken from the kernel of an infinite medium of
    that mean density. Densities count as those of the water in which electrons go as far (see
    `range_scale`). Where the density around a source is even, all of this is one convolution;
    rays are followed elsewhere. No source gives more than its energy. Photons and bremsstrahlung
    spread as in an even medium.

    Parameters
    ----------
    nuclide
        Nuclide and data set.
    water
        ``I75`` or ``I78``: mean excitation energy in eV of the water of the point kernel.
    materials : (k, j, i)
        Numbers of `material_names`; without it the material follows from the density, and an
        image of one density is of water.
    workers
        Threads; −1 for all. Their number changes no digit.
    device
        ``cpu``, or ``cuda`` to follow rays on a graphics processor: the same dose within the
        round-off of single precision.
    compiled
        False runs the loops of the processor in plain Python: thousands of times slower, for
        comparison.

    Raises
    ------
    UnknownNameError
        When there is no such device.
    """

    name: ClassVar[str] = "superposition"

    nuclide: Radionuclide
    water: str = "I75"
    materials: NDArray[np.uint8] | None = None
    workers: int = -1
    device: str = DEVICES[0]
    compiled: bool = True

    def __post_init__(self) -> None:
        require_device_name(self.device)

    def dose(self, decays: TimeIntegratedActivityMap, density: DensityMap) -> EngineResult:
        """Return the absorbed dose on the grid of the decays.

        Raises
        ------
        InputError
            When the decays are of another nuclide, or lie in air, or materials are no numbers of
            `material_names`, or no graphics processor can be used that was asked for.
        GeometryError
            When density or materials lie on another grid.
        MissingInputError
            When no dose can be computed from the nuclide.
        """
        require_fit(decays, density, self.nuclide)
        if self.device != DEVICES[0]:
            from opensirt.physics.graphics_processor import require_device

            require_device()
        materials = self.materials
        if materials is not None:
            materials = require_materials(materials, decays.grid.shape)
        mass = masses(density)
        occupied = occupied_block(decays.values)
        middle_kg_per_ml = middle_density_kg_per_ml(
            decays.values if occupied is None else decays.values[occupied],
            density.values if occupied is None else density.values[occupied],
        )
        middle = middle_kg_per_ml * GRAMS_PER_KG
        photons = photon_dose(
            decays,
            density,
            self.nuclide,
            density_g_per_ml=middle,
            water=self.water,
            workers=self.workers,
        )
        values = photons.dose_gy
        inside_j, left_j = photons.scored_j, photons.left_j
        findings: tuple[Finding, ...] = negative_decays(decays.values)
        released_j, emitted_mev = self._released(decays)
        if occupied is not None:
            density_g_per_ml = mass.density_kg_per_ml * np.float32(GRAMS_PER_KG)
            scale = range_scale(density_g_per_ml, materials)
            of_water = density_g_per_ml * scale
            middle_of_water = middle_density_kg_per_ml(
                decays.values[occupied], of_water[occupied] / np.float32(GRAMS_PER_KG)
            )
            kernel = voxel_kernel(
                self.nuclide,
                decays.grid.spacing_mm,
                density_g_per_ml=middle_of_water * GRAMS_PER_KG,
                water=self.water,
            )
            electrons = spread_electrons(
                decays.values,
                of_water,
                occupied,
                kernel,
                workers=self.workers,
                device=self.device,
                compiled=self.compiled,
            )
            in_gy = electrons.values * scale[electrons.block] * (J_PER_MEV * GRAMS_PER_KG)
            values[electrons.block] += in_gy.astype(np.float32)
            voxel_j = J_PER_MEV * mass.voxel_volume_ml
            inside_j += electrons.inside * voxel_j
            left_j += electrons.left * voxel_j
            share_left = electrons.left * voxel_j / released_j if released_j else 0.0
            findings += (
                *activity_near_edge(share_left),
                *round_off(electrons.n_round_off),
                *_straight_lines(electrons, of_water, materials),
                *coarse_voxels(self.nuclide, decays.grid.spacing_mm),
            )
        balance = EnergyBalance(
            mean_energy_mev_per_decay=emitted_mev,
            released_j=released_j,
            scored_j=mass.energy_j(values),
            outside_kernel_fraction=(1.0 - (left_j + inside_j) / released_j if released_j else 0.0),
            outside_grid_fraction=left_j / released_j if released_j else 0.0,
        )
        allowed = constant("dose_engines", "balance", "energy_fraction_at_most").value
        require_balance(balance, allowed * abs(released_j))
        dose = DoseMap(
            grid=decays.grid,
            values=values,
            engine=self.name,
            radionuclide=self.nuclide.name,
            data_set=self.nuclide.data_set,
        )
        findings += (
            *mass.in_air(values, balance.scored_j),
            *photons_as_in_even_tissue(self.nuclide, middle, photons.scored_j, released_j),
        )
        return EngineResult(dose=dose, energy=balance, findings=findings)

    def _released(self, decays: TimeIntegratedActivityMap) -> tuple[float, float]:
        """Return the energy released in J, and that of one decay in MeV."""
        point = point_kernel(self.nuclide.name, self.nuclide.data_set, self.water)
        emitted_mev = point.emitted_mev.value
        return decays.total() * emitted_mev * J_PER_MEV, emitted_mev


def _straight_lines(
    electrons: Spread, of_water_g_per_ml: NDArray[np.float32], materials: NDArray[np.uint8] | None
) -> tuple[Finding, ...]:
    """Return what is to be known where rays were followed: detours, cut rays, materials."""
    if electrons.n_by_rays == 0:
        return ()
    made = [
        Finding(
            Severity.NOTE,
            "superposition_straight_lines",
            f"the density around {electrons.n_by_rays} voxels with activity is not even: electrons "
            "go straight there. Within 12 mm of a plane between liver and lung or bone that is up "
            "to 3 % of the equilibrium dose too little or too much; in gas and air it can be more",
            electrons.n_by_rays,
        )
    ]
    if electrons.reach_mm > electrons.longest_mm:
        made.append(
            Finding(
                Severity.NOTE,
                "superposition_cut_rays",
                f"in the lightest voxels ({float(of_water_g_per_ml.min()):.3g} g/mL) electrons "
                f"would go {electrons.reach_mm:.0f} mm; they are followed for "
                f"{electrons.longest_mm:.0f} mm, and what is left then is counted as outside the "
                "kernel",
                electrons.longest_mm,
            )
        )
    if materials is None:
        made.append(
            Finding(
                Severity.NOTE,
                "superposition_materials",
                "materials of the voxels follow from their density (air, lung, soft tissue, "
                "cortical bone): metal, contrast agent and iodised oil are taken as bone",
            )
        )
    return tuple(made)
