"""A small course of treatment on disk, right as it stands and easy to spoil."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from builders import activity, ball, centred_grid, counts, structure
from numpy.typing import NDArray

from opensirt.domain.image import Image3D
from opensirt.domain.structure import Structure, StructureKind
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti

GRID = centred_grid((24, 24, 24), (5.0, 5.0, 5.0), "named")
LIVER_AT, LIVER_MM = (-12.0, 0.0, 0.0), 40.0
TUMOUR_AT, TUMOUR_MM = (-24.0, 6.0, 0.0), 12.0

CASE = """schema = "opensirt/case/1"
key = "phantom"

[patient]
height_cm = 175
weight_kg = 78

[[images]]
id = "pet"
role = "verification"
path = "pet.nii"
unit = "Bq/mL"
radionuclide = "Y-90"
reference = "administration"
acquired_at = 2026-03-02T16:00:00+01:00
frame = "one"
assumed = ["frame"]

[[images]]
id = "maa"
role = "scout"
path = "maa.nii"
unit = "counts"
radionuclide = "Tc-99m"
frame = "one"

[[structures]]
path = "drawn.seg.nrrd"
frame = "one"
labels = { "Liver" = "liver", "Tumour *" = "tumour", "Perfused" = "perfused_volume" }

[tissue]
liver_density_g_per_ml = 1.05
lung_mass_kg = 1.0

[work_up]
lung_shunt_fraction = 0.05
lung_shunt_method = "planar"

[[territories]]
name = "whole"
perfused_volume = "Perfused"

[prescription]
device = "resin"
model = "partition"
limits = { perfused_normal_liver_gy = 40, lung_gy = 30 }

[administration]
device = "resin"
administered_activity_mbq = 100
administered_at = 2026-03-02T12:00:00+01:00
"""

WITHOUT_SCOUT = (
    CASE[: CASE.index('[[images]]\nid = "maa"')]
    + CASE[CASE.index("[[structures]]") : CASE.index("[work_up]")].replace(
        ', "Perfused" = "perfused_volume"', ""
    )
    + CASE[CASE.index("[administration]") :]
)

Spoil = Callable[[Path], None]


def uptake() -> NDArray[np.float32]:
    """Return relative uptake: 1 in the liver, 5 in the tumour, nothing outside."""
    values = np.zeros(GRID.shape, dtype=np.float32)
    values[ball(GRID, LIVER_AT, LIVER_MM).values] = 1.0
    values[ball(GRID, TUMOUR_AT, TUMOUR_MM).values] = 5.0
    return values


def drawn() -> tuple[Structure, ...]:
    """Return liver, one tumour and the perfused volume, which is the liver."""
    liver = ball(GRID, LIVER_AT, LIVER_MM)
    return (
        structure("Liver", StructureKind.LIVER, liver),
        structure("Tumour 1", StructureKind.TUMOUR, ball(GRID, TUMOUR_AT, TUMOUR_MM)),
        structure("Perfused", StructureKind.PERFUSED_VOLUME, liver),
    )


def pet(total_bq: float = 1e8) -> Image3D:
    """Return a Y-90 image that holds so much in all."""
    values = uptake()
    return activity(GRID, values * (total_bq / (values.sum() * GRID.voxel_volume_ml)))


def write_case(folder: Path, text: str = CASE) -> Path:
    """Write the course with a case.toml of this text and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_nifti(folder / "pet.nii", pet())
    write_nifti(folder / "maa.nii", counts(GRID, uptake() * 100))
    write_label_map_seg_nrrd(folder / "drawn.seg.nrrd", drawn())
    (folder / "case.toml").write_text(text, encoding="utf-8")
    return folder


def restated(old: str, new: str) -> Spoil:
    """Return what changes one passage of case.toml."""

    def spoil(folder: Path) -> None:
        path = folder / "case.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text, old
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil
