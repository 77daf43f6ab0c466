"""Mass of the lungs from a CT (densitovolumetry)."""

from collections.abc import Sequence

from opensirt.domain.image import CtImage
from opensirt.domain.missing import Missing
from opensirt.domain.structure import Mask
from opensirt.imaging.density import density_from_ct
from opensirt.imaging.voxel_weights import voxel_weights

_WHOLE = 1e-3
"""Lungs that lack more than this part of their volume on the CT have no mass here."""


def lung_mass_kg(ct: CtImage, lungs: Sequence[Mask]) -> float | Missing:
    """Return the mass of the lungs, or a reason when the CT does not cover them.

    The sum of density × volume over the lungs; breath hold and depth of breathing change both.

    Raises
    ------
    InputError
        When the CT does not hold CT numbers.
    GeometryError
        When CT and masks lie in different frames of reference.

    References
    ----------
    .. [1] Kao et al., EJNMMI Res 2014;4:33.
    """
    if not lungs:
        return Missing.NEEDS_STRUCTURE
    density = density_from_ct(ct)
    mass = 0.0
    for one in lungs:
        weights = voxel_weights(one, ct.grid)
        if weights.volume_outside_ml > _WHOLE * one.volume_ml:
            return Missing.NOT_EVALUABLE
        mass += weights.integral(density)
    return mass
