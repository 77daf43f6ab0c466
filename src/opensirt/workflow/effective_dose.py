"""BED and EQD2 of every voxel."""

from collections.abc import Iterable

import numpy as np

from opensirt.domain.image import DoseMap, EffectiveDoseMap
from opensirt.domain.structure import Structure, StructureKind
from opensirt.imaging.mask_algebra import on_grid
from opensirt.physics.radiobiology import (
    biologically_effective_dose_gy,
    eqd2_gy,
    tissue_parameters,
)


def effective_dose_maps(
    dose: DoseMap, structures: Iterable[Structure], *, half_life_s: float
) -> tuple[EffectiveDoseMap, EffectiveDoseMap]:
    """Return the BED and the EQD2 map of a permanent implant.

    Voxels of which at least half lies in a tumour have the parameters of tumours, all others those
    of the liver, which mean nothing outside it.

    Parameters
    ----------
    half_life_s
        Physical half-life of the nuclide.

    Raises
    ------
    GeometryError
        When a tumour lies in another frame of reference than the dose.
    """
    tumour = np.zeros(dose.grid.shape, dtype=np.bool_)
    for one in structures:
        if one.kind is StructureKind.TUMOUR:
            tumour |= on_grid(one.mask, dose.grid).values
    bed, equivalent = (np.empty(dose.grid.shape, dtype=np.float32) for _ in range(2))
    for name, inside in (("liver", ~tumour), ("tumour", tumour)):
        tissue = tissue_parameters(name)
        ratio = tissue.alpha_beta_ratio_gy.value
        found = biologically_effective_dose_gy(
            dose.values[inside],
            alpha_beta_ratio_gy=ratio,
            repair_half_life_s=tissue.repair_half_life_s,
            physical_half_life_s=half_life_s,
        )
        bed[inside] = found
        equivalent[inside] = eqd2_gy(found, alpha_beta_ratio_gy=ratio)
    return (
        EffectiveDoseMap(grid=dose.grid, values=bed, quantity="BED"),
        EffectiveDoseMap(grid=dose.grid, values=equivalent, quantity="EQD2"),
    )
