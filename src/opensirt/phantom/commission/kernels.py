"""Voxel S values against those that EGSnrc scored in voxels."""

from collections.abc import Iterator

import numpy as np

from opensirt.domain.acceptance import Check
from opensirt.physics.kernel import voxel_kernel
from opensirt.reference.commissioning import reference_tables
from opensirt.reference.constant import constant
from opensirt.reference.radionuclide import radionuclide

GROUP = "voxel S values"
SOURCE = "EGSnrc, scored in voxels for this project: reference/commissioning/README.md"

_NUCLIDES = {"Y90": "Y-90", "Ho166": "Ho-166", "Lu177": "Lu-177", "Re188": "Re-188"}
_SIDES_MM = {
    "2mm": (2.0, 2.0, 2.0),
    "3mm": (3.0, 3.0, 3.0),
    "4mm": (4.0, 4.0, 4.0),
    "4p8mm": (4.8, 4.8, 4.8),
    "4p0728x4p0728x3": (3.0, 4.07283, 4.07283),
}
_TOTAL = 3
_MGY_PER_MBQ_S = 1e9


def kernel_checks() -> Iterator[Check]:
    """Yield, for each nuclide and voxel, the source voxel and the largest deviations."""
    near_allowed = constant("commissioning", "voxel_s_values", "near").value
    far_allowed = constant("commissioning", "voxel_s_values", "far").value
    down_to = constant("commissioning", "voxel_s_values", "far_down_to").value
    for table, rows in sorted(reference_tables("voxel_s_values_egsnrc").items()):
        short, size = table.split("_")
        nuclide = _NUCLIDES[short]
        kernel = voxel_kernel(radionuclide(nuclide), _SIDES_MM[size])
        covered = rows[(rows[:, [2, 1, 0]] <= np.array(kernel.half_width)).all(axis=1)]
        wanted = covered[:, _TOTAL].astype(np.float64)
        place = (kernel.half_width + covered[:, [2, 1, 0]].astype(int)).T
        found = kernel.s_values(kernel.octant_mev)[tuple(place)] * _MGY_PER_MBQ_S
        deviation = np.abs(found / wanted - 1.0)
        near = covered[:, :3].sum(axis=1) <= 1
        far = wanted >= down_to * wanted[0]
        name = f"voxel_s_value/{nuclide}/{size}"
        sides = "×".join(f"{side:g}" for side in reversed(_SIDES_MM[size]))
        voxel = f"{nuclide}, voxel of {sides} mm"
        yield Check(
            name=f"{name}/source",
            group=GROUP,
            quantity=f"{voxel}: source voxel",
            unit="mGy/(MBq s)",
            found=float(found[0]),
            wanted=float(wanted[0]),
            tolerance=near_allowed * float(wanted[0]),
            source=SOURCE,
        )
        for part, chosen, allowed, words in (
            ("near", near, near_allowed, "source voxel and face neighbours"),
            ("far", far, far_allowed, f"down to {down_to:g} of the source voxel"),
        ):
            yield Check(
                name=f"{name}/{part}",
                group=GROUP,
                quantity=f"{voxel}: largest deviation, {words}",
                unit="1",
                found=float(deviation[chosen].max()),
                wanted=0.0,
                tolerance=allowed,
                source=SOURCE,
            )
