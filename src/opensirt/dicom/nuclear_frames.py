"""Nuclear medicine multi-frame images: which are volumes, and where their slices lie."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from opensirt.dicom.getters import (
    items,
    optional_floats,
    optional_text,
    required_float,
    required_floats,
    required_int,
    where,
)
from opensirt.dicom.planes import affine_of, plane
from opensirt.domain.missing import Missing
from opensirt.errors import GeometryError, InputError

_VOLUME = "RECON TOMO"
_OTHER_KINDS = {
    "STATIC": "a planar image",
    "WHOLE BODY": "a planar whole-body image",
    "DYNAMIC": "a planar dynamic study",
    "GATED": "a gated planar study",
    "TOMO": "projections before reconstruction",
    "GATED TOMO": "gated projections before reconstruction",
    "RECON GATED TOMO": "a gated reconstruction (several volumes)",
}
_OTHER_VECTORS = {
    "EnergyWindowVector": "energy windows",
    "RRIntervalVector": "heart phases",
    "TimeSlotVector": "time slots",
    "PhaseVector": "phases",
    "TimeSliceVector": "time slices",
}


def require_tomographic(header: Dataset) -> None:
    """Raise `InputError` unless ImageType says RECON TOMO or nothing, and not TRANSMISSION."""
    text = optional_text(header, "ImageType")
    kinds = [] if isinstance(text, Missing) else text.split("\\")
    kind = kinds[2] if len(kinds) > 2 else ""  # noqa: PLR2004 - the third value
    if kind in _OTHER_KINDS:
        raise InputError(
            f"{where(header)}: ImageType says {kind}: {_OTHER_KINDS[kind]}; wanted a reconstructed "
            f"volume ({_VOLUME}); name the reconstructed series"
        )
    if "TRANSMISSION" in kinds[3:]:
        raise InputError(
            f"{where(header)}: ImageType says TRANSMISSION: a map of attenuation, not of activity; "
            "wanted EMISSION; name the series of the emission"
        )


def nuclear_affine(header: Dataset) -> tuple[list[int], NDArray[np.float64]]:
    """Return the frames in slice order and (k, j, i, 1) → LPS mm.

    The sign of SpacingBetweenSlices says whether slices follow along row × column or against it
    (DICOM PS3.3, NM Reconstruction module).

    Raises
    ------
    MissingInputError
        When position, orientation, pixel spacing or the spacing between slices is absent.
    InputError
        When the frames are more than the slices of one volume.
    GeometryError
        When the slice numbers are not 1 to the number of frames.
    """
    n_frames = required_int(header, "NumberOfFrames")
    for keyword, what in _OTHER_VECTORS.items():
        numbers = optional_floats(header, keyword)
        if not isinstance(numbers, Missing) and len(set(numbers)) > 1:
            raise InputError(
                f"{where(header)}: the frames are of {len(set(numbers))} {what}; wanted one "
                "volume; export each as a series of its own"
            )
    order = list(range(n_frames))
    slices = optional_floats(header, "SliceVector")
    if not isinstance(slices, Missing):
        order = [int(n) for n in np.argsort(slices, kind="stable")]
        if sorted(slices) != list(range(1, n_frames + 1)):
            raise GeometryError(
                f"{where(header)}: {n_frames} frames, but SliceVector does not number them 1 to "
                f"{n_frames}; wanted each slice once; export the series again"
            )
    placed = header
    for detector in items(header, "DetectorInformationSequence"):
        if "ImagePositionPatient" in detector:
            placed = detector
            break
    turned = placed if "ImageOrientationPatient" in placed else header
    first = plane(
        required_floats(placed, "ImagePositionPatient", n=3),
        required_floats(turned, "ImageOrientationPatient", n=6),
        required_floats(header, "PixelSpacing", n=2),
        where=where(header),
    )
    step_mm = required_float(header, "SpacingBetweenSlices")
    if step_mm == 0:
        raise GeometryError(
            f"{where(header)}: SpacingBetweenSlices is 0; wanted the distance between slice "
            "centres; export the series again"
        )
    return order, affine_of(first, first.position_mm, first.normal * step_mm)
