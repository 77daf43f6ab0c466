"""RTSTRUCT in: contours become masks on the grid of the image they were drawn on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from opensirt.dicom.facts import patient_digests
from opensirt.dicom.getters import (
    items,
    optional_floats,
    optional_int,
    optional_text,
    required_int,
)
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadSegment, ReadVolume
from opensirt.errors import GeometryError, InputError, MissingInputError
from opensirt.units import ML_PER_MM3

_FILLED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_OFF_PLANE = 0.1
"""Part of a slice step that a contour may lie off the plane of its image slice."""

_ON_EDGE = (2, 3)
"""Labels of `grid_points_in_poly` for points on a vertex and on an edge."""

_SAME_POINT = 1e-3
"""Corners closer than this many voxels are one corner (coordinates are rounded text)."""

_CROSSING_AT_MOST = 0.01
"""Part of a structure that may lie where its contours cross; more has two readings too different
for one volume."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Contour:
    """One closed contour in voxel indices: its plane and its corners (n, 2) as (j, i)."""

    plane: int
    corners: NDArray[np.float64]


def structure_set_segments(
    path: Path, dataset: Dataset, reference: ReadVolume, wanted: Callable[[str], bool]
) -> tuple[ReadSegment, ...]:
    """Return one segment for each wanted region of interest, on the grid of `reference`.

    A voxel is inside when its centre is inside an odd number of the contours of its plane, so
    that holes and keyholes stay open; a centre on a contour is inside. A contour that is there
    twice counts once, with a note. Points and open contours make no volume: they are left out
    with a note.

    Raises
    ------
    MissingInputError
        When the reference has no geometry.
    GeometryError
        When the frames of reference differ, or contours lie on no plane of the reference, outside
        it, or only on every second (third, …) plane, or cross each other.
    InputError
        When the file has no region of interest.
    """
    if isinstance(reference.affine, Missing):
        raise MissingInputError(
            "affine", where=reference.source, remedy="name an image with geometry"
        )
    frame = _one_frame(path, dataset)
    by_number = {
        optional_int(item, "ReferencedROINumber"): item
        for item in items(dataset, "ROIContourSequence")
    }
    digests = patient_digests([dataset])
    rois = items(dataset, "StructureSetROISequence")
    segments = []
    for roi in rois:
        number = required_int(roi, "ROINumber")
        name = optional_text(roi, "ROIName")
        label = f"ROI {number}" if isinstance(name, Missing) else name
        if not wanted(label):
            continue
        own_frame = optional_text(roi, "ReferencedFrameOfReferenceUID")
        its_frame = frame if isinstance(own_frame, Missing) else own_frame
        require_same_frame(path, label, its_frame, reference.frame_of_reference_uid)
        mask, notes = _mask(path, label, by_number.get(number), reference, reference.affine)
        segments.append(
            ReadSegment(
                name=label,
                label_value=number,
                values=mask,
                affine=reference.affine,
                source=path.name,
                frame_of_reference_uid=its_frame,
                patient_digests=digests,
                notes=notes,
            )
        )
    if not rois:
        raise InputError(
            f"{path.name}: the structure set has no region of interest; wanted one at least; name "
            "another file"
        )
    return tuple(segments)


def require_same_frame(path: Path, name: str, found: str | Missing, wanted: str | Missing) -> None:
    """Raise `GeometryError` when a structure and the image name different frames."""
    if isinstance(found, Missing) or isinstance(wanted, Missing) or found == wanted:
        return
    raise GeometryError(
        f"{path.name}: {name!r} lies in the frame of reference {found}, the image in {wanted}; "
        "wanted one; name the image that was segmented, or register the two"
    )


def frames_of_reference(dataset: Dataset) -> set[str]:
    """Return the frames of reference that a structure set refers to."""
    return {
        uid
        for item in (dataset, *items(dataset, "ReferencedFrameOfReferenceSequence"))
        if not isinstance(uid := optional_text(item, "FrameOfReferenceUID"), Missing)
    }


def _one_frame(path: Path, dataset: Dataset) -> str | Missing:
    found = frames_of_reference(dataset)
    if len(found) > 1:
        raise GeometryError(
            f"{path.name}: the structure set refers to {len(found)} frames of reference; wanted "
            "one; export the structures of each image on their own"
        )
    return found.pop() if found else Missing.NOT_RECORDED


def _mask(
    path: Path,
    label: str,
    roi: Dataset | None,
    reference: ReadVolume,
    affine: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    k, j, i = reference.values.shape
    mask = np.zeros((k, j, i), dtype=bool)
    notes: list[str] = []
    by_plane: dict[int, list[_Contour]] = {}
    n_left_out = 0
    for item in items(roi, "ContourSequence") if roi is not None else ():
        if optional_text(item, "ContourGeometricType") not in _FILLED:
            n_left_out += 1
            continue
        contour = _contour(path, label, item, affine, (k, j, i))
        by_plane.setdefault(contour.plane, []).append(contour)
    if n_left_out:
        notes.append(f"{n_left_out} points or open contours of {label!r} enclose nothing")
    n_twice = n_crossing = 0
    for plane, contours in by_plane.items():
        once = _once([one.corners for one in contours])
        n_twice += len(contours) - len(once)
        mask[plane], crossing = _filled(once, (j, i))
        n_crossing += crossing
    if n_twice:
        notes.append(f"{n_twice} contours of {label!r} are there twice; they were counted once")
    if n_crossing:
        notes.append(_crossing_note(path, label, n_crossing, int(mask.sum()), affine))
    _require_neighbouring_planes(path, label, by_plane)
    if by_plane and not mask.any():
        notes.append(f"the contours of {label!r} enclose no voxel centre")
    if not by_plane:
        notes.append(f"{label!r} has no closed contour")
    absent = _planes_between(by_plane)
    if absent:
        notes.append(f"{label!r} has no contour on {len(absent)} planes between its ends")
    return mask, tuple(notes)


def _contour(
    path: Path,
    label: str,
    item: Dataset,
    affine: NDArray[np.float64],
    shape: tuple[int, int, int],
) -> _Contour:
    try:
        found = optional_floats(item, "ContourData")
    except InputError:
        found = (float("nan"),)
    numbers = np.array([] if isinstance(found, Missing) else found, np.float64)
    if numbers.size == 0 or numbers.size % 3 or not np.isfinite(numbers).all():
        raise InputError(
            f"{path.name}: a contour of {label!r} has {numbers.size} coordinates; wanted three "
            "finite numbers for each point; export the structure set again"
        )
    points = numbers.reshape(-1, 3)
    index = (points - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    plane = int(np.rint(np.median(index[:, 0])))
    off = float(np.abs(index[:, 0] - plane).max())
    if off > _OFF_PLANE:
        step_mm = float(np.linalg.norm(affine[:3, 0]))
        raise GeometryError(
            f"{path.name}: a contour of {label!r} lies {off * step_mm:.2f} mm off the nearest "
            "slice of the image; wanted contours on its slices; name the series they were drawn on"
        )
    if not 0 <= plane < shape[0]:
        raise GeometryError(
            f"{path.name}: a contour of {label!r} lies outside the {shape[0]} slices of the image; "
            "wanted it within; name the whole series that the contours were drawn on"
        )
    corners = index[:, 1:]
    if (corners < -1).any() or (corners > np.array(shape[1:])).any():
        raise GeometryError(
            f"{path.name}: a contour of {label!r} reaches beyond the slices of the image; wanted "
            "it within; name the series that the contours were drawn on"
        )
    return _Contour(plane=plane, corners=corners)


def _once(contours: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Leave out contours that repeat another one, whatever corner or way round they begin with.

    Two equal contours would otherwise cancel each other and leave an empty slice.
    """
    kept: list[NDArray[np.float64]] = []
    for one in contours:
        if not any(_same_corners(one, other) for other in kept):
            kept.append(one)
    return kept


def _same_corners(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    if one.shape != other.shape or np.abs(one.mean(axis=0) - other.mean(axis=0)).max() > (
        _SAME_POINT
    ):
        return False
    starts = np.flatnonzero(np.abs(other - one[0]).max(axis=1) <= _SAME_POINT)
    turned = (np.roll(way, -shift, axis=0) for way, shift in _turns(other, starts))
    return any(bool((np.abs(one - each) <= _SAME_POINT).all()) for each in turned)


def _turns(
    corners: NDArray[np.float64], starts: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.float64], int]]:
    """Yield both ways round, with the corner that comes first."""
    for start in starts:
        yield corners, int(start)
        yield corners[::-1], len(corners) - 1 - int(start)


def _filled(
    contours: list[NDArray[np.float64]], shape: tuple[int, int]
) -> tuple[NDArray[np.bool_], int]:
    """Return what the contours of one plane hold, and how many voxels have two readings.

    Where two contours cross, they may be islands that overlap or a hole drawn past the edge: the
    voxels in dispute are the fewer of those in both and those of the smaller in it alone.
    """
    from skimage.measure import grid_points_in_poly

    odd = np.zeros(shape, dtype=bool)
    edge = np.zeros(shape, dtype=bool)
    insides: list[NDArray[np.bool_]] = []
    n_crossing = 0
    for corners in contours:
        low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, shape)
        if (high <= low).any():
            continue
        box = slice(low[0], high[0]), slice(low[1], high[1])
        where = grid_points_in_poly(tuple(high - low), corners - low, binarize=False)
        odd[box] ^= where == 1
        edge[box] |= np.isin(where, _ON_EDGE)
        inside = np.zeros(shape, dtype=bool)
        inside[box] = where == 1
        for other in insides:
            n_both = int((inside & other).sum())
            n_crossing += min(n_both, min(int(inside.sum()), int(other.sum())) - n_both)
        insides.append(inside)
    return odd | edge, n_crossing


def _crossing_note(
    path: Path, label: str, n_crossing: int, n_inside: int, affine: NDArray[np.float64]
) -> str:
    """Return what to say of crossing contours; refuse them where they matter."""
    volume_ml = n_crossing * abs(float(np.linalg.det(affine[:3, :3]))) * ML_PER_MM3
    text = f"contours of {label!r} cross each other: {volume_ml:.2g} mL lie inside two of them"
    if n_crossing > _CROSSING_AT_MOST * n_inside:
        raise GeometryError(
            f"{path.name}: {text} in part; wanted contours that lie apart or one within the other; "
            "merge them where they were drawn"
        )
    return f"{text}, and were taken as a hole"


def _planes_between(by_plane: Mapping[int, object]) -> set[int]:
    if not by_plane:
        return set()
    return set(range(min(by_plane), max(by_plane) + 1)) - set(by_plane)


def _require_neighbouring_planes(path: Path, label: str, by_plane: Mapping[int, object]) -> None:
    """Refuse contours on every second plane: half of the volume would be missing."""
    steps = np.diff(sorted(by_plane))
    if steps.size >= 2 and np.median(steps) > 1:  # noqa: PLR2004 - three planes make a habit
        raise GeometryError(
            f"{path.name}: the contours of {label!r} lie on every {int(np.median(steps))}. slice "
            "only; wanted one on each; interpolate them where they were drawn, or name the series "
            "they were drawn on"
        )
