"""A small course on disk with two territories, one tumour in each."""

from pathlib import Path

import numpy as np
from builders import activity, ball, counts, structure
from case_folder import CASE, GRID, LIVER_AT, LIVER_MM, TUMOUR_AT, TUMOUR_MM
from numpy.typing import NDArray

from opensirt.domain.structure import Mask, StructureKind
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti

SECOND_AT, SECOND_MM = (8.0, -6.0, 0.0), 11.0
TOTAL_BQ = 2.9e8
"""What the image after treatment holds."""

ADMINISTERED = """[administration]
device = "resin"
administered_at = 2026-03-02T12:00:00+01:00
"""

TEXT = (
    CASE.replace(
        '"Perfused" = "perfused_volume"',
        '"Right lobe" = "perfused_volume", "Left lobe" = "perfused_volume"',
    )
    .replace(
        'name = "whole"\nperfused_volume = "Perfused"',
        'name = "right"\nperfused_volume = "Right lobe"\n\n'
        '[[territories]]\nname = "left"\nperfused_volume = "Left lobe"',
    )
    .split("[administration]", maxsplit=1)[0]
    + ADMINISTERED
)


def lobes() -> tuple[Mask, Mask]:
    """Return the liver in two parts, cut by the sagittal plane through its middle."""
    liver = ball(GRID, LIVER_AT, LIVER_MM)
    index = np.moveaxis(np.indices(GRID.shape), 0, -1)
    right = GRID.lps_mm(index)[..., 0] < LIVER_AT[0]
    return Mask(GRID, liver.values & right), Mask(GRID, liver.values & ~right)


def uptake() -> NDArray[np.float32]:
    """Return relative uptake: 1 in the liver, 5 and 3 in the tumours."""
    values = np.zeros(GRID.shape, dtype=np.float32)
    values[ball(GRID, LIVER_AT, LIVER_MM).values] = 1.0
    values[ball(GRID, TUMOUR_AT, TUMOUR_MM).values] = 5.0
    values[ball(GRID, SECOND_AT, SECOND_MM).values] = 3.0
    return values


def write_two_lobes(folder: Path, text: str = TEXT) -> Path:
    """Write the course and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    values = uptake()
    right, left = lobes()
    scale = TOTAL_BQ / (values.sum() * GRID.voxel_volume_ml)
    write_nifti(folder / "pet.nii", activity(GRID, values * scale))
    write_nifti(folder / "maa.nii", counts(GRID, values * 100))
    write_label_map_seg_nrrd(
        folder / "drawn.seg.nrrd",
        (
            structure("Liver", StructureKind.LIVER, ball(GRID, LIVER_AT, LIVER_MM)),
            structure("Tumour 1", StructureKind.TUMOUR, ball(GRID, TUMOUR_AT, TUMOUR_MM)),
            structure("Tumour 2", StructureKind.TUMOUR, ball(GRID, SECOND_AT, SECOND_MM)),
            structure("Right lobe", StructureKind.PERFUSED_VOLUME, right),
            structure("Left lobe", StructureKind.PERFUSED_VOLUME, left),
        ),
    )
    (folder / "case.toml").write_text(text, encoding="utf-8")
    return folder
