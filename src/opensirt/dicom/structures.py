"""Structures out of DICOM: one door for segmentation objects and RT structure sets."""

from collections.abc import Callable
from pathlib import Path

from opensirt.dicom.file_reading import read_whole
from opensirt.dicom.getters import optional_text
from opensirt.dicom.segmentation_object import segmentation_segments
from opensirt.dicom.structure_set import require_same_frame, structure_set_segments
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadSegment, ReadVolume
from opensirt.errors import InputError, MissingInputError

DRAWN_ON = "image to lay its contours on"
"""What contours lack without their image, as `MissingInputError.fact`."""


def read_dicom_segments(
    path: Path,
    reference: ReadVolume | None = None,
    *,
    wanted: Callable[[str], bool] | None = None,
) -> tuple[ReadSegment, ...]:
    """Read a DICOM SEG on its own grid, or an RTSTRUCT on the grid of a reference image.

    Parameters
    ----------
    path
        One file.
    reference
        The image that contours were drawn on; an RTSTRUCT needs it, for a SEG only the frame of
        reference is compared.
    wanted
        Says by its name whether a structure is read; all are where it is not given. Structures
        that are not wanted are not checked either (couches and markers often fail).

    Raises
    ------
    MissingInputError
        When contours come without the image they were drawn on.
    GeometryError
        When file and reference lie in different frames of reference, or contours lie on no plane
        of the reference.
    InputError
        When there is no such file, or it is damaged or holds no structures.
    """
    dataset = read_whole(path)
    modality = optional_text(dataset, "Modality")
    choose = (lambda _: True) if wanted is None else wanted
    if modality == "SEG":
        frame = Missing.NOT_RECORDED if reference is None else reference.frame_of_reference_uid
        segments = segmentation_segments(path, dataset, choose)
        for segment in segments:
            require_same_frame(path, segment.name, segment.frame_of_reference_uid, frame)
        return segments
    if modality == "RTSTRUCT":
        if reference is None:
            raise MissingInputError(
                DRAWN_ON,
                where=path.name,
                remedy="name the series that the contours were drawn on",
            )
        return structure_set_segments(path, dataset, reference, choose)
    said = "no modality" if isinstance(modality, Missing) else f"modality {modality}"
    raise InputError(
        f"{path.name}: a DICOM file of {said}; wanted SEG or RTSTRUCT; name the file with the "
        "structures"
    )
