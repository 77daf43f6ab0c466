"""What the engines have to say about their input and their validity."""

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.record import EnergyBalance
from opensirt.errors import OpenSirtError
from opensirt.reference.constant import constant
from opensirt.reference.point_kernel import point_kernel
from opensirt.reference.radionuclide import Radionuclide


def negative_decays(decays: NDArray[np.float32]) -> tuple[Finding, ...]:
    """Return a finding that counts the voxels with negative activity, which are carried through."""
    if float(decays.min()) >= 0:
        return ()
    negative = decays < 0
    n_negative = int(np.count_nonzero(negative))
    lost = float(decays[negative].sum(dtype=np.float64))
    total = float(decays.sum(dtype=np.float64))
    text = (
        f"{n_negative} voxels have negative activity, {abs(lost / total):.2g} of the total: kept "
        "as they are, so that means stay right; dose in single voxels there may be negative"
        if total
        else f"{n_negative} voxels have negative activity, and the total is zero"
    )
    return (Finding(Severity.NOTE, "negative_activity", text, n_negative),)


def activity_near_edge(outside_grid_fraction: float) -> tuple[Finding, ...]:
    """Return a finding when energy leaves the image."""
    allowed = constant("dose_engines", "outside_grid", "energy_fraction_at_most")
    if outside_grid_fraction <= allowed.value:
        return ()
    text = (
        f"{outside_grid_fraction:.2%} of the emitted energy leaves the image: activity lies close "
        "to its edge, and the dose of tissue outside the image is not known"
    )
    return (
        Finding(
            Severity.WARN,
            "activity_near_edge",
            text,
            outside_grid_fraction,
            allowed.value,
            allowed.source,
        ),
    )


def coarse_voxels(
    nuclide: Radionuclide, spacing_mm: tuple[float, float, float]
) -> tuple[Finding, ...]:
    """Return a finding when a voxel is larger than the way of most electrons."""
    share = constant("dose_engines", "local_range", "energy_fraction_inside")
    radius_mm = point_kernel(nuclide.name, nuclide.data_set).reach_mm(1.0 - share.value)
    if min(spacing_mm) <= radius_mm:
        return ()
    text = (
        f"electrons of {nuclide.name} leave {share.value:.0%} of their energy within "
        f"{radius_mm:.2g} mm, voxels are {min(spacing_mm):.2g} mm or more: an image of such voxels "
        "is blurred by more than the electrons' way already, and spreading them adds to that; "
        "compare with local deposition"
    )
    return (Finding(Severity.NOTE, "coarse_voxels", text, min(spacing_mm), radius_mm),)


def photons_as_in_even_tissue(
    nuclide: Radionuclide, density_g_per_ml: float, scored_j: float, released_j: float
) -> tuple[Finding, ...]:
    """Return a finding on how much of the photons' energy stays, and how it was computed."""
    if nuclide.photons == "none" or released_j <= 0:
        return ()
    photons = nuclide.photon_energy_mev_per_decay.value
    share = photons / (photons + nuclide.electron_energy_mev_per_decay.value)
    text = (
        f"photons of {nuclide.name} carry {share:.1%} of the energy of a decay and travel "
        f"centimetres; {scored_j / released_j:.2%} stays in the image by photons and "
        f"bremsstrahlung, spread as in even tissue of {density_g_per_ml:.3g} g/mL without end"
    )
    return (Finding(Severity.NOTE, "photons_outside_kernel", text, share),)


def require_balance(balance: EnergyBalance, tolerance_j: float) -> None:
    """Raise when the scored energy is not the one predicted: the result would be wrong.

    Raises
    ------
    OpenSirtError
        When scored and predicted energy differ by more than `tolerance_j`.
    """
    lost = balance.outside_kernel_fraction + balance.outside_grid_fraction
    predicted_j = balance.released_j * (1.0 - lost)
    if abs(balance.scored_j - predicted_j) > tolerance_j:
        raise OpenSirtError(
            f"energy balance: {balance.scored_j:.6g} J were scored, {predicted_j:.6g} J expected "
            f"of {balance.released_j:.6g} J released; the dose is refused. Report this as a "
            "defect, with the size of the image and its spacing"
        )
