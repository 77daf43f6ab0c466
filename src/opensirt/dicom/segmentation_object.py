"""DICOM SEG in: binary, fractional and overlapping segments."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from opensirt.dicom.facts import patient_digests
from opensirt.dicom.file_reading import DAMAGE, quiet
from opensirt.dicom.getters import optional_text
from opensirt.domain.reading import ReadSegment
from opensirt.errors import InputError

_INSIDE_FROM = 0.5
"""A fractional voxel belongs to the segment from this part on."""


def segmentation_segments(
    path: Path, dataset: Dataset, wanted: Callable[[str], bool]
) -> tuple[ReadSegment, ...]:
    """Return the wanted segments of a SEG on its own grid, slices along row × column.

    Slices between the first and the last that the file leaves out are empty, as the standard
    allows. Fractional segments are cut at one half, with a note.

    Raises
    ------
    InputError
        When the object is damaged or no regular volume.
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
    except DAMAGE as error:
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
    notes: list[str] = []
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
