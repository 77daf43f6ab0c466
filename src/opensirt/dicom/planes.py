"""Image planes in space: which order, which affine, or why they make no volume."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import GeometryError, InputError

_SAME_DIRECTION = 1e-4
"""Direction cosines that differ by less are one direction."""

_RIGHT_ANGLE_COSINE = 1e-3
"""Row and column with a larger cosine than this are not at right angles."""

_SAME_PLACE_MM = 0.01
"""Planes closer than this lie at the same position."""

_OFF_GRID_MM = 0.1
"""Farthest that a plane may lie from its place on the regular grid (positions are rounded)."""

_GAP = 1.5
"""A step of more than this many median steps leaves out a plane."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Plane:
    """One image plane: centre of its first pixel, directions along a row and down a column."""

    position_mm: NDArray[np.float64]
    row: NDArray[np.float64]
    column: NDArray[np.float64]
    row_spacing_mm: float
    """Between neighbouring rows (down a column)."""
    column_spacing_mm: float
    """Between neighbouring columns (along a row)."""

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector row × column."""
        return np.cross(self.row, self.column)


def plane(
    position_mm: Sequence[float],
    orientation: Sequence[float],
    spacing_mm: Sequence[float],
    *,
    where: str,
) -> Plane:
    """Return a plane of ImagePositionPatient, ImageOrientationPatient and PixelSpacing.

    Raises
    ------
    GeometryError
        When the directions are no unit vectors at right angles, or a spacing is not positive.
    """
    cosines = np.array(orientation, np.float64).reshape(2, 3)
    off_unit = np.abs(np.linalg.norm(cosines, axis=1) - 1).max()
    if max(off_unit, abs(float(cosines[0] @ cosines[1]))) > _RIGHT_ANGLE_COSINE:
        raise GeometryError(
            f"{where}: ImageOrientationPatient is {list(orientation)}; wanted two unit vectors at "
            "right angles; export the series again"
        )
    if min(spacing_mm) <= 0:
        raise GeometryError(
            f"{where}: PixelSpacing is {list(spacing_mm)}; wanted sizes above zero; export the "
            "series again"
        )
    return Plane(
        position_mm=np.array(position_mm, np.float64),
        row=cosines[0],
        column=cosines[1],
        row_spacing_mm=spacing_mm[0],
        column_spacing_mm=spacing_mm[1],
    )


def stacked(
    planes: Sequence[Plane], *, where: str, lone_step_mm: float | None = None
) -> tuple[list[int], NDArray[np.float64]]:
    """Return the order of the planes along their normal, and (k, j, i, 1) → LPS mm.

    The step between planes is that of their positions, never a slice thickness.

    Parameters
    ----------
    planes
        In any order.
    where
        Words for messages.
    lone_step_mm
        Size along k of a volume that has one plane.

    Raises
    ------
    GeometryError
        When the planes are not parallel copies of each other on one regular grid: other
        orientation or spacing, a doubled or missing plane, a tilted gantry.
    """
    first = planes[0]
    _require_parallel(planes, where)
    positions = np.array([one.position_mm for one in planes])
    along = positions @ first.normal
    order = [int(n) for n in np.argsort(along, kind="stable")]
    positions, along = positions[order], along[order]
    if len(planes) == 1:
        if lone_step_mm is None or lone_step_mm <= 0:
            raise InputError(
                f"{where}: one single slice without a thickness; wanted a series of slices; export "
                "the whole series"
            )
        step = first.normal * lone_step_mm
    else:
        _require_regular(along, where)
        step = (positions[-1] - positions[0]) / (len(planes) - 1)
    wanted = positions[0] + np.outer(np.arange(len(planes)), step)
    off_mm = float(np.linalg.norm(positions - wanted, axis=1).max())
    if off_mm > _OFF_GRID_MM:
        raise GeometryError(
            f"{where}: a slice lies {off_mm:.2f} mm from its place on a regular grid; wanted "
            "equally spaced slices; reconstruct or resample the series to equal spacing"
        )
    tilt_mm = float(np.linalg.norm(step - (step @ first.normal) * first.normal))
    if tilt_mm * (len(planes) - 1) > _OFF_GRID_MM:
        raise GeometryError(
            f"{where}: each slice is shifted {tilt_mm:.3f} mm sideways against the one before "
            "(tilted gantry); wanted slices stacked along their normal; resample the series to a "
            "grid with right angles first"
        )
    return order, affine_of(first, positions[0], step)


def affine_of(
    first: Plane, origin_mm: NDArray[np.float64], step_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (k, j, i, 1) → LPS mm of planes like `first` that start at `origin_mm`."""
    affine = np.eye(4)
    affine[:3, 0] = step_mm
    affine[:3, 1] = first.column * first.row_spacing_mm
    affine[:3, 2] = first.row * first.column_spacing_mm
    affine[:3, 3] = origin_mm
    return affine


def _require_parallel(planes: Sequence[Plane], where: str) -> None:
    first = planes[0]
    for one in planes:
        turned = max(np.abs(one.row - first.row).max(), np.abs(one.column - first.column).max())
        if turned > _SAME_DIRECTION:
            raise GeometryError(
                f"{where}: its images have different orientations; wanted parallel slices; sort "
                "localizers and other reformats into series of their own"
            )
        sizes = one.row_spacing_mm, one.column_spacing_mm
        if not np.allclose(sizes, (first.row_spacing_mm, first.column_spacing_mm), rtol=1e-4):
            raise GeometryError(
                f"{where}: its images have different pixel spacings; wanted one; sort the files "
                "into series again"
            )


def _require_regular(along_mm: NDArray[np.float64], where: str) -> None:
    steps = np.diff(along_mm)
    n_same = int((steps < _SAME_PLACE_MM).sum())
    if n_same:
        raise GeometryError(
            f"{where}: {n_same} slices lie at the position of another one; wanted each position "
            "once; name one series, and one time point or reconstruction of it"
        )
    usual = float(np.median(steps))
    gaps = np.flatnonzero(steps > _GAP * usual)
    if gaps.size:
        at = int(gaps[0])
        raise GeometryError(
            f"{where}: slices are missing: {gaps.size} gaps, the first of {steps[at]:.2f} mm after "
            f"{along_mm[at]:.2f} mm along the normal, where {usual:.2f} mm is usual; wanted all "
            "slices; copy or export the whole series"
        )
