"""Convolution with the voxel kernel: the energy of a decay is spread as in even water."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DensityMap, DoseMap, TimeIntegratedActivityMap
from opensirt.domain.record import EnergyBalance
from opensirt.errors import OpenSirtError
from opensirt.physics.dose.engine import EngineResult, require_fit
from opensirt.physics.dose.findings import (
    activity_near_edge,
    negative_decays,
    photons_as_in_even_tissue,
    require_balance,
)
from opensirt.physics.dose.fourier import (
    Block,
    Kept,
    convolve_even,
    kept_inside,
    occupied_block,
    reach,
)
from opensirt.physics.dose.mass import VoxelMasses, masses
from opensirt.physics.dose.photons import PhotonDose, photon_dose, split_bremsstrahlung
from opensirt.physics.kernel import VoxelKernel, octant_total, voxel_kernel
from opensirt.reference.constant import constant
from opensirt.reference.radionuclide import Radionuclide
from opensirt.units import GRAMS_PER_KG, J_PER_MEV


@dataclass(frozen=True, kw_only=True)
class KernelConvolution:
    """Energy by the kernel of one even density, dose by the mass of each voxel.

    The kernel is that of the density in which the middle decay happens (the median weighted with
    activity), so that it is exact where the density is even. At the edge of lung or bone the
    spread of energy is that of the kernel's density, and the dose is wrong by tens of per cent.
    Photons and bremsstrahlung of a nuclide that emits photons spread as in an even medium, over
    the whole image; the bremsstrahlung of other nuclides over the block that electrons reach.

    Parameters
    ----------
    nuclide
        Nuclide and data set.
    water
        ``I75`` or ``I78``: mean excitation energy in eV of the water of the point kernel.
    workers
        Threads of the Fourier transform; −1 for all.
    """

    name: ClassVar[str] = "kernel"

    nuclide: Radionuclide
    water: str = "I75"
    workers: int = -1

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
        occupied = occupied_block(decays.values) or _everything(decays.values.shape)
        mass = masses(density, occupied)
        step = constant("dose_engines", "density_step", "density_g_per_ml").value / GRAMS_PER_KG
        middle_kg_per_ml = (
            max(mass.lightest_kg_per_ml, step)
            if mass.uniform
            else middle_density_kg_per_ml(decays.values[occupied], density.values[occupied])
        )
        kernel = voxel_kernel(
            self.nuclide,
            decays.grid.spacing_mm,
            density_g_per_ml=middle_kg_per_ml * GRAMS_PER_KG,
            water=self.water,
        )
        far = self._photons(decays, density, kernel)
        split = split_bremsstrahlung(kernel) if far is None else None
        near_mev = kernel.electron_mev if split is None else kernel.electron_mev + split.near_mev
        octant_j = near_mev * J_PER_MEV
        part = reach(occupied, kernel.half_width, decays.grid.shape)
        inside = np.ascontiguousarray(decays.values[part.block])
        if part.block != occupied:
            mass = masses(density, part.block)
        even = float(mass.density_kg_per_ml.flat[0]) if mass.uniform else 1.0
        in_block = convolve_even(
            inside, octant_j, part.shape, factor=1.0 / even, workers=self.workers
        )
        n_round_off = drop_round_off(in_block, all_positive=float(inside.min()) >= 0)
        if not mass.uniform:
            np.divide(in_block, mass.density_kg_per_ml, out=in_block)
        kept = kept_inside(inside, octant_j, part.block, decays.grid.shape)
        close = self._balance(kept, kernel, near_mev, mass.energy_j(in_block), mass.voxel_volume_ml)
        values, balance, laid_into = in_block, close, None
        if split is not None:
            more_j = split.add_far(in_block, inside, mass)
            balance = with_more(close, more_j)
        if far is not None:
            values = far.dose_gy
            values[part.block] += in_block
            balance = with_photons(close, far)
        elif in_block.shape != decays.grid.shape:
            values, laid_into = np.zeros(decays.grid.shape, dtype=np.float32), part.block
            values[laid_into] = in_block
        dose = DoseMap(
            grid=decays.grid,
            values=values,
            engine=self.name,
            radionuclide=self.nuclide.name,
            data_set=self.nuclide.data_set,
            zero_outside=laid_into,
        )
        findings = (
            *negative_decays(inside),
            *activity_near_edge(close.outside_grid_fraction),
            *round_off(n_round_off),
            *mass.in_air(in_block, close.scored_j),
            *density_contrast(in_block, mass, kernel.density_g_per_ml, close.scored_j),
            *(
                ()
                if far is None
                else photons_as_in_even_tissue(
                    self.nuclide, kernel.density_g_per_ml, far.scored_j, balance.released_j
                )
            ),
        )
        return EngineResult(dose=dose, energy=balance, findings=findings)

    def _photons(
        self, decays: TimeIntegratedActivityMap, density: DensityMap, kernel: VoxelKernel
    ) -> PhotonDose | None:
        """Return the dose by photons of a nuclide that emits them; they leave the kernel."""
        if self.nuclide.photons == "none":
            return None
        return photon_dose(
            decays,
            density,
            self.nuclide,
            density_g_per_ml=kernel.density_g_per_ml,
            water=self.water,
            workers=self.workers,
        )

    def _balance(
        self,
        kept: Kept,
        kernel: VoxelKernel,
        near_mev: NDArray[np.float64],
        scored_j: float,
        voxel_volume_ml: float,
    ) -> EnergyBalance:
        released_j = kept.total * kernel.emitted_mev * J_PER_MEV * voxel_volume_ml
        inside_j = kept.inside * voxel_volume_ml
        held = octant_total(near_mev) / kernel.emitted_mev
        left_j = released_j * held - inside_j
        balance = EnergyBalance(
            mean_energy_mev_per_decay=kernel.emitted_mev,
            released_j=released_j,
            scored_j=scored_j,
            outside_kernel_fraction=1.0 - held,
            outside_grid_fraction=left_j / released_j if released_j else 0.0,
        )
        allowed = constant("dose_engines", "balance", "energy_fraction_at_most").value
        require_balance(balance, allowed * abs(released_j))
        return balance


def with_more(close: EnergyBalance, scored_j: float) -> EnergyBalance:
    """Return the balance with energy that was counted as outside the kernel before."""
    if not close.released_j:
        return close
    return EnergyBalance(
        mean_energy_mev_per_decay=close.mean_energy_mev_per_decay,
        released_j=close.released_j,
        scored_j=close.scored_j + scored_j,
        outside_kernel_fraction=close.outside_kernel_fraction - scored_j / close.released_j,
        outside_grid_fraction=close.outside_grid_fraction,
    )


def with_photons(close: EnergyBalance, photons: PhotonDose) -> EnergyBalance:
    """Return the balance of electrons and photons together.

    What leaves the image by photons counts as outside the grid; what they carry beyond the point
    kernel, or past voxels lighter than the even medium, as outside the kernel.
    """
    released_j = close.released_j
    if not released_j:
        return close
    return EnergyBalance(
        mean_energy_mev_per_decay=close.mean_energy_mev_per_decay,
        released_j=released_j,
        scored_j=close.scored_j + photons.scored_j,
        outside_kernel_fraction=close.outside_kernel_fraction
        - (photons.scored_j + photons.left_j) / released_j,
        outside_grid_fraction=close.outside_grid_fraction + photons.left_j / released_j,
    )


def _everything(shape: tuple[int, ...]) -> Block:
    k, j, i = (slice(0, length) for length in shape)
    return k, j, i


def middle_density_kg_per_ml(
    decays: NDArray[np.float32], density_kg_per_ml: NDArray[np.float32]
) -> float:
    """Return the density below and above which half of the decays happen.

    It is that of the tissue which holds most of the activity, whatever noise lies in the air
    around the patient.
    """
    lowest, highest = float(density_kg_per_ml.min()), float(density_kg_per_ml.max())
    step = constant("dose_engines", "density_step", "density_g_per_ml").value / GRAMS_PER_KG
    if lowest == highest:
        return max(lowest, step)
    bins = np.rint(density_kg_per_ml / np.float32(step)).astype(np.int32).reshape(-1)
    summed = np.cumsum(np.bincount(bins, np.maximum(decays, 0.0).reshape(-1)))
    if summed[-1] <= 0:
        return max(float(np.median(density_kg_per_ml)), step)
    return max(1, int(np.searchsorted(summed, summed[-1] / 2.0))) * step


def drop_round_off(energy: NDArray[np.float32], *, all_positive: bool) -> int:
    """Set negatives that are round-off of the transform to zero, in place, and count them.

    Raises
    ------
    OpenSirtError
        When nothing negative went in and more than round-off came out.
    """
    lowest = float(energy.min())
    if lowest >= 0:
        return 0
    fraction = constant("dose_engines", "round_off", "fraction_of_maximum").value
    limit = fraction * float(energy.max())
    if all_positive and lowest < -limit:
        raise OpenSirtError(
            f"the convolution gave {lowest / float(energy.max()):.2g} of its maximum where nothing "
            "negative went in; the dose is refused. Report this as a defect"
        )
    if lowest >= -limit:  # as nearly always: all that is negative is round-off
        n_below = int(np.count_nonzero(energy < 0))
        np.maximum(energy, np.float32(0.0), out=energy)
        return n_below
    below_zero = (energy < 0) & (energy >= -limit)
    energy[below_zero] = 0.0
    return int(np.count_nonzero(below_zero))


def round_off(n_voxels: int) -> tuple[Finding, ...]:
    """Return a finding that counts the voxels whose round-off was set to zero."""
    if n_voxels == 0:
        return ()
    text = (
        f"{n_voxels} voxels far from the activity had a dose below zero by round-off of the "
        "Fourier transform; set to zero"
    )
    return (Finding(Severity.NOTE, "round_off", text, n_voxels),)


def density_contrast(
    dose_gy: NDArray[np.float32], mass: VoxelMasses, density_g_per_ml: float, scored_j: float
) -> tuple[Finding, ...]:
    """Return a finding when much of the energy falls where the kernel's density does not hold."""
    if mass.uniform or scored_j <= 0:
        return ()
    differs = constant("dose_engines", "density_contrast", "difference_at_most").value
    allowed = constant("dose_engines", "density_contrast", "energy_fraction_at_most")
    ratio = mass.density_kg_per_ml / np.float32(density_g_per_ml / GRAMS_PER_KG)
    uneven = np.abs(ratio - 1.0) > differs
    share = mass.energy_j(np.where(uneven, dose_gy, np.float32(0.0))) / scored_j
    if share <= allowed.value:
        return ()
    text = (
        f"{share:.1%} of the energy falls on voxels whose density differs by more than "
        f"{differs:.0%} from {density_g_per_ml:.3g} g/mL, the kernel's: the dose there (lung, "
        "bone, gas, their edges) can be wrong by tens of per cent; use an engine that follows the "
        "density"
    )
    return (
        Finding(
            Severity.WARN, "kernel_density_contrast", text, share, allowed.value, allowed.source
        ),
    )
