"""Patient 2 with two territories, an example: the perfused volume split between its tumours."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.structure import Mask, StructureKind, StructureSet
from opensirt.errors import InputError

SEGMENTS = "patient_2_Segmentation.seg.nrrd"
FIRST, SECOND = "half of Tumor 1", "half of Tumor 2"


def split_mask(perfused: Mask, first: Mask, second: Mask) -> tuple[Mask, Mask]:
    """Return the parts of a volume on either side of the plane midway between two centroids.

    Raises
    ------
    InputError
        When both have the same centroid.
    """
    grid = perfused.grid
    from_mm, to_mm = _centroid(first), _centroid(second)
    if np.allclose(from_mm, to_mm):
        raise InputError("the two tumours have one centroid: no plane lies between them")
    index = np.argwhere(perfused.values)
    beyond = (grid.lps_mm(index) - (from_mm + to_mm) / 2) @ (to_mm - from_mm) >= 0
    parts = []
    for kept in (~beyond, beyond):
        values = np.zeros(grid.shape, dtype=bool)
        values[tuple(index[kept].T)] = True
        parts.append(perfused.with_values(values))
    return parts[0], parts[1]


def _centroid(mask: Mask) -> NDArray[np.float64]:
    found: NDArray[np.float64] = mask.grid.lps_mm(np.argwhere(mask.values)).mean(axis=0)
    return found


def split_structures(structures: StructureSet) -> StructureSet:
    """Return patient 2's structures with two perfused volumes in place of one.

    The perfused normal liver is left out: it is derived for each half.
    """
    perfused = structures.labelled("perfused volume")
    halves = split_mask(
        perfused.mask,
        structures.labelled("Tumor 1").mask,
        structures.labelled("Tumor 2").mask,
    )
    kept = tuple(
        one
        for one in structures
        if one.kind not in (StructureKind.PERFUSED_VOLUME, StructureKind.PERFUSED_NORMAL_LIVER)
    )
    made = tuple(
        replace(perfused, label=label, mask=mask, source="plane midway between the tumours")
        for label, mask in zip((FIRST, SECOND), halves, strict=True)
    )
    return StructureSet((*kept, *made))


def write_two_territories(folder: Path) -> Path:
    """Turn a case folder of patient 2 into one with two territories and return its case.toml.

    The halves are marked as assumed: an example, not two injection sites of this patient.
    """
    from opensirt.app.read_case import read_case
    from opensirt.files.write import write_label_map_seg_nrrd
    from opensirt.whole_file import whole_file

    path = folder / "case.toml"
    text = path.read_text(encoding="utf-8")
    halves = [
        one
        for one in split_structures(read_case(folder).structures)
        if one.label in (FIRST, SECOND)
    ]
    write_label_map_seg_nrrd(folder / "two_territories.seg.nrrd", halves)
    text = text.replace('key = "patient-2"', 'key = "patient-2-two-territories"')
    text = text.replace(', "perfused volume" = "perfused_volume"', "").replace(
        ', "perfused normal" = "perfused_normal_liver"', ""
    )
    start, end = text.index("[[territories]]"), text.index("[prescription]")
    blocks = (
        "[[structures]]                       # an example: the perfused volume in two halves\n"
        'path = "two_territories.seg.nrrd"\nframe = "patient-2-spect"\n'
        'labels = { "half of *" = "perfused_volume" }\nassumed = ["labels"]\n\n'
    )
    for name, label in (("first", FIRST), ("second", SECOND)):
        blocks += (
            f'[[territories]]\nname = "{name}"\nperfused_volume = "{label}"\n'
            'assumed = ["perfused_volume"]\n\n'
        )
    with whole_file(path) as part:
        part.write_text(text[:start] + blocks + text[end:], encoding="utf-8")
    return path
