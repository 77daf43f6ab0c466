"""Small digital patients by the hundred: a liver and a few tumours, each patient another.

They are made for batches and their timing: a course that every step can read, on a small grid,
without noise. The doses are not meant to be those of real patients.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.image import ActivityMap, Event
from opensirt.domain.structure import Structure, StructureKind
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti
from opensirt.phantom.analytic import ball, centred_grid
from opensirt.units import BQ_PER_MBQ
from opensirt.whole_file import whole_file

_SHAPE = (28, 28, 28)
_SPACING_MM = (5.0, 5.0, 5.0)
_LIVER_MM = 110.0
_ADMINISTERED_MBQ = (800.0, 2200.0)
_TUMOUR_MM = (15.0, 40.0)
_RATIO = (2.0, 8.0)

_CASE = """schema = "opensirt/case/1"
key = "{key}"

[[images]]
id = "pet"
role = "verification"
path = "pet.nii.gz"
unit = "Bq/mL"
radionuclide = "Y-90"
reference = "administration"
frame = "small-patient"

[[structures]]
path = "drawn.seg.nrrd"
frame = "small-patient"
labels = {{ "Liver" = "liver", "Tumour *" = "tumour" }}

[tissue]
liver_density_g_per_ml = 1.05

[administration]
device = "resin"
administered_activity_mbq = {administered_mbq!r}
administered_at = 2026-03-02T12:00:00+01:00
"""


def write_small_case(folder: Path, *, seed: int) -> Path:
    """Write the case of one seed and return its folder; the same seed gives the same bytes.

    One to four tumours of 15 to 40 mm, with 2 to 8 times the concentration of the liver.
    """
    rng = np.random.default_rng(seed)
    grid = centred_grid(_SHAPE, _SPACING_MM, "small-patient")
    liver = ball(grid, (0.0, 0.0, 0.0), _LIVER_MM)
    values: NDArray[np.float64] = np.where(liver.values, 1.0, 0.0)
    structures = [Structure("Liver", StructureKind.LIVER, liver)]
    for number in range(int(rng.integers(1, 5))):
        diameter_mm = float(rng.uniform(*_TUMOUR_MM))
        direction = rng.normal(size=3)
        reach_mm = rng.uniform(0.0, (_LIVER_MM - diameter_mm) / 2)
        at = tuple(float(one) for one in direction / np.linalg.norm(direction) * reach_mm)
        tumour = ball(grid, (at[0], at[1], at[2]), diameter_mm)
        values[tumour.values] = rng.uniform(*_RATIO)
        structures.append(Structure(f"Tumour {number + 1}", StructureKind.TUMOUR, tumour))
    administered_mbq = float(np.round(rng.uniform(*_ADMINISTERED_MBQ)))
    total = values.sum() * grid.voxel_volume_ml
    folder.mkdir(parents=True)
    write_nifti(
        folder / "pet.nii.gz",
        ActivityMap(
            grid=grid,
            values=(values * (administered_mbq * BQ_PER_MBQ / total)).astype(np.float32),
            radionuclide="Y-90",
            reference_at=Event.ADMINISTRATION,
        ),
    )
    write_label_map_seg_nrrd(folder / "drawn.seg.nrrd", structures)
    with whole_file(folder / "case.toml") as part:
        text = _CASE.format(key=f"small-patient-{seed:04d}", administered_mbq=administered_mbq)
        part.write_text(text, encoding="utf-8")
    return folder
