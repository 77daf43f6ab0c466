"""DICOM SEG in: binary, fractional and overlapping segments."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from opensirt.dicom.facts import patient_digests
from opensirt.dicom.file_reading import DAMAGE
from opensirt.dicom.functional_groups import flat_headers
from opensirt.dicom.getters import optional_float, optional_text, quiet
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadSegment
from opensirt.errors import GeometryError, InputError

_INSIDE_FROM = 0.5
"""A fractional voxel belongs to the segment from this part on."""

_ROUNDING = 1.01
"""A step up to this many thicknesses is one thickness: both are rounded decimal text."""


def segmentation_segments(
    path: Path, dataset: Dataset, wanted: Callable[[str], bool]
) -> tuple[ReadSegment, ...]:
    """Return the wanted segments of a SEG on its own grid, slices along row × column.

    Slices between the first and the last that the file leaves out are empty, as the standard
    allows. Fractional segments are cut at one half, with a note. Where the file states no
    SpacingBetweenSlices, a single slice is as thick as its SliceThickness, and slices farther
    apart than that are refused: whether empty ones lie between them cannot be told.

    Raises
    ------
    InputError
        When the object is damaged or no regular volume.
    GeometryError
        When the distance between its slices cannot be told.
    """
    try:
        import highdicom
    except ModuleNotFoundError:
        raise InputError(
            f"{path.name} is a DICOM SEG, and highdicom, which reads it, is not installed; install "
            "it, use Python 3.11 to 3.13, or export the segments as RTSTRUCT or .seg.nrrd"
        ) from None
    try:
        with quiet():
            segmentation = highdicom.seg.Segmentation.from_dataset(dataset)
            numbers = list(segmentation.segment_numbers)
            names = {number: _name(segmentation, number) for number in numbers}
            made = [
                _segment(path, dataset, segmentation, number, name)
                for number, name in names.items()
                if wanted(name)
            ]
    except (*DAMAGE, sqlite3.Error) as error:  # highdicom looks frames up in a table of its own
        if isinstance(error, InputError):
            raise
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path.name}: the segmentation cannot be read ({type(error).__name__}: {reason}); "
            "wanted a whole DICOM SEG on a regular grid; export it again"
        ) from error
    if not numbers:
        raise InputError(
            f"{path.name}: the segmentation has no segment; wanted one at least; name another file"
        )
    return tuple(made)


def _name(segmentation: Any, number: int) -> str:  # noqa: ANN401 - highdicom, see above
    label = segmentation.get_segment_description(number).segment_label
    return str(label).strip() or f"segment {number}"


def _segment(
    path: Path,
    dataset: Dataset,
    segmentation: Any,  # noqa: ANN401 - highdicom's types are not followed
    number: int,
    name: str,
) -> ReadSegment:
    volume = segmentation.get_volume(segment_numbers=[number])
    values = np.asarray(volume.array)[..., 0]
    affine = np.array(volume.affine, np.float64)
    notes = _step_by_thickness(path, dataset, affine, len(values))
    kind = str(dataset.get("SegmentationType", ""))
    if kind == "FRACTIONAL":
        meaning = str(dataset.get("SegmentationFractionalType", "")).lower() or "fraction"
        notes.append(f"a fractional segment ({meaning}): voxels of one half or more are inside")
    mask = np.asarray(values >= _INSIDE_FROM)
    if not mask.any():
        notes.append("the segment has no voxels")
    mask, affine = _along_normal(mask, affine)
    return ReadSegment(
        name=name,
        label_value=number,
        values=mask,
        affine=affine,
        source=path.name,
        frame_of_reference_uid=optional_text(dataset, "FrameOfReferenceUID"),
        patient_digests=patient_digests([dataset]),
        notes=tuple(notes),
    )


def _step_by_thickness(
    path: Path, dataset: Dataset, affine: NDArray[np.float64], n_slices: int
) -> list[str]:
    """Set or check the step along k of a file that does not state it; return what to say of it."""
    first = flat_headers(dataset)[0]
    if not isinstance(optional_float(first, "SpacingBetweenSlices"), Missing):
        return []
    thickness = optional_float(first, "SliceThickness")
    if isinstance(thickness, Missing) or thickness <= 0:
        raise GeometryError(
            f"{path.name}: the segmentation states neither SpacingBetweenSlices nor a "
            "SliceThickness; wanted the distance between its slices; export it again with that"
        )
    step_mm = float(np.linalg.norm(affine[:3, 0]))
    if n_slices == 1:
        # The library takes 1 mm where the file says nothing.
        affine[:3, 0] *= thickness / step_mm
        return [f"a single slice: its SliceThickness of {thickness:g} mm was taken as the step"]
    if step_mm > _ROUNDING * thickness:
        raise GeometryError(
            f"{path.name}: the slices of the segmentation are {step_mm:.4g} mm apart and "
            f"{thickness:g} mm thick, and it states no SpacingBetweenSlices: whether empty slices "
            "were left out between them cannot be told; wanted the spacing; export it again with "
            "that, or with its empty slices"
        )
    return []


def _along_normal(
    mask: NDArray[np.bool_], affine: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return the mask with k along row × column, as image series are read."""
    normal = np.cross(affine[:3, 2], affine[:3, 1])
    if float(normal @ affine[:3, 0]) > 0:
        return np.ascontiguousarray(mask), affine
    turned = affine.copy()
    turned[:3, 3] += affine[:3, 0] * (mask.shape[0] - 1)
    turned[:3, 0] = -affine[:3, 0]
    return np.ascontiguousarray(mask[::-1]), turned
