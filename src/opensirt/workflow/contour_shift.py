"""What a misplaced contour would do to the mean dose of its structure."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.grid import Grid
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, StructureDose
from opensirt.domain.structure import Mask, StructureKind, VoxelWeights
from opensirt.imaging.voxel_weights import cropped, voxel_weights
from opensirt.reference.table import read_table
from opensirt.workflow.structure_dose import LIVER_KINDS, WeightedStructure

IN_LIVER = LIVER_KINDS | {StructureKind.TUMOUR, StructureKind.GALLBLADDER}
"""Kinds of structures that lie in the liver."""


def _shifts() -> tuple[float, list[np.ndarray]]:
    shift_mm = float(read_table("geometry_rules")["contour_shift"]["shift_mm"])
    return shift_mm, [sign * shift_mm * axis for axis in np.eye(3) for sign in (-1.0, 1.0)]


def moved_weights(weights: Sequence[WeightedStructure], grid: Grid) -> list[list[VoxelWeights]]:
    """Return, for each structure, its weights when moved along each axis, both ways."""
    _, moves = _shifts()
    moved: list[list[VoxelWeights]] = []
    for one in weights:
        small = cropped(one.structure.mask)
        places = []
        for move in moves:
            affine = small.grid.affine.copy()
            affine[:3, 3] += move
            places.append(Mask(replace(small.grid, affine=affine), small.values))
        found = [voxel_weights(place, grid) for place in places]
        moved.append([at for at in found if at.fraction.size])
    return moved


def with_shifts(result: DoseResult, moved: Sequence[Sequence[VoxelWeights]]) -> DoseResult:
    """Add the range of each structure's mean when its contour is moved along each axis."""
    rows: list[StructureDose] = []
    for row, places in zip(result.structures, moved, strict=True):
        means = [row.mean_gy, *(at.mean(result.dose) for at in places)]
        rows.append(replace(row, mean_gy_under_shift=(min(means), max(means))))
    return replace(result, structures=tuple(rows))


def shift_finding(result: DoseResult, *, frame_assumed: bool) -> tuple[Finding, ...]:
    """Say how far the mean doses in the liver reach when the contours move.

    A warning when the contours were drawn on another image that is only taken as aligned.
    """
    shift_mm, _ = _shifts()
    parts = []
    for row in result.structures:
        if row.kind in IN_LIVER and not isinstance(row.mean_gy_under_shift, Missing):
            low, high = row.mean_gy_under_shift
            parts.append(f"{row.label} {row.mean_gy:.3g} Gy ({low:.3g}–{high:.3g})")
    why = (
        "the contours were drawn on another image and are taken as aligned; "
        if frame_assumed
        else ""
    )
    text = f"{why}mean doses when the contours move by ±{shift_mm:g} mm along each axis: "
    severity = Severity.WARN if frame_assumed else Severity.NOTE
    return (
        Finding(
            severity,
            "contour_shift",
            text + "; ".join(parts),
            shift_mm,
            None,
            read_table("geometry_rules")["contour_shift"]["source"],
        ),
    )
