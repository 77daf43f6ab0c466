"""All about a series but its pixels: order, place, scale and facts, or why it is no volume."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    EnhancedPETImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedPETImageStorage,
    PositronEmissionTomographyImageStorage,
)

from opensirt.dicom.facts import SeriesFacts, patient_digests, series_facts
from opensirt.dicom.file_reading import require_grey
from opensirt.dicom.functional_groups import flat_headers
from opensirt.dicom.getters import (
    optional_float,
    optional_text,
    required_floats,
    required_int,
    where,
)
from opensirt.dicom.nuclear_frames import nuclear_affine, require_tomographic
from opensirt.dicom.planes import Plane, plane, stacked
from opensirt.dicom.real_world import ValueMapping, activity_mapping, rescale
from opensirt.domain.missing import Missing
from opensirt.errors import GeometryError, InputError

_RESCALED = (
    CTImageStorage,
    PositronEmissionTomographyImageStorage,
    EnhancedCTImageStorage,
    EnhancedPETImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedPETImageStorage,
)
"""Images whose stored values mean nothing without slope and intercept."""


@dataclass(frozen=True, eq=False, kw_only=True)
class HeaderFile:
    """The header of one DICOM file and where it lies."""

    path: Path
    header: Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class SeriesPlan:
    """Where every frame of a volume comes from.

    Parameters
    ----------
    frames
        (file, frame in the file, mapping of its values), in the order of k.
    """

    frames: tuple[tuple[Path, int, ValueMapping], ...]
    rows: int
    columns: int
    affine: NDArray[np.float64]
    frame_of_reference_uid: str | Missing
    facts: SeriesFacts
    patient_digests: dict[str, str]
    notes: tuple[str, ...] = field(default=())


def plan_series(files: Sequence[HeaderFile], zone: tzinfo | None = None) -> SeriesPlan:
    """Put the frames of one series in order.

    Localizers in the series are left out with a note.

    Raises
    ------
    MissingInputError
        When an attribute that place or value need is absent.
    GeometryError
        When the frames are no regular stack in one frame of reference.
    InputError
        When facts contradict each other, or the series is planar, gated or in colour.
    """
    images = [one for one in files if not _is_localizer(one.header)]
    notes: list[str] = []
    if not images:
        raise InputError(
            f"{where(files[0].header)}: only localizers; wanted slices; name another series"
        )
    if len(images) < len(files):
        notes.append(f"{len(files) - len(images)} localizer images of the series were left out")
    headers = [one.header for one in images]
    first = headers[0]
    if isinstance(optional_text(first, "SeriesInstanceUID"), Missing):
        notes.append("the files carry no SeriesInstanceUID; all files without one are one series")
    for header in headers:
        require_grey(header)
    rows, columns = _size(headers)
    frame_uid = _frame_of_reference(headers)
    if optional_text(first, "Modality") == "NM":
        require_tomographic(first)
    is_nuclear_stack = "DetectorInformationSequence" in first and "NumberOfFrames" in first
    if is_nuclear_stack:
        frames, affine, facts = _nuclear(images, zone)
    else:
        frames, affine, facts, more = _planes(images, zone)
        notes += more
    return SeriesPlan(
        frames=tuple(frames),
        rows=rows,
        columns=columns,
        affine=affine,
        frame_of_reference_uid=frame_uid,
        facts=facts,
        patient_digests=dict(patient_digests(headers)),
        notes=(*notes, *facts.notes),
    )


def _is_localizer(header: Dataset) -> bool:
    kind = optional_text(header, "ImageType")
    return isinstance(kind, str) and "LOCALIZER" in kind.split("\\")


def _size(headers: Sequence[Dataset]) -> tuple[int, int]:
    sizes = {(required_int(one, "Rows"), required_int(one, "Columns")) for one in headers}
    if len(sizes) > 1:
        listed = ", ".join(f"{rows}×{columns}" for rows, columns in sorted(sizes))
        raise GeometryError(
            f"{where(headers[0])}: its images have different sizes ({listed}); wanted one; sort "
            "the files into series again"
        )
    return sizes.pop()


def _frame_of_reference(headers: Sequence[Dataset]) -> str | Missing:
    found = {optional_text(one, "FrameOfReferenceUID") for one in headers}
    if len(found) > 1:
        raise GeometryError(
            f"{where(headers[0])}: its images lie in {len(found)} frames of reference; wanted one; "
            "name one series, or register the images to one frame first"
        )
    return found.pop()


def _mapping(header: Dataset) -> ValueMapping:
    to_activity = activity_mapping(header)
    if to_activity is not None and isinstance(optional_text(header, "Units"), Missing):
        return to_activity[0]
    return rescale(header, required=header.get("SOPClassUID") in _RESCALED)


def _nuclear(
    images: Sequence[HeaderFile], zone: tzinfo | None
) -> tuple[list[tuple[Path, int, ValueMapping]], NDArray[np.float64], SeriesFacts]:
    if len(images) > 1:
        names = ", ".join(one.path.name for one in images)
        raise InputError(
            f"{where(images[0].header)}: {len(images)} reconstructed volumes in one series "
            f"({names}); wanted one; name the file instead of the folder"
        )
    (only,) = images
    order, affine = nuclear_affine(only.header)
    mapping = _mapping(only.header)
    frames = [(only.path, frame, mapping) for frame in order]
    return frames, affine, series_facts([only.header], zone)


def _planes(
    images: Sequence[HeaderFile], zone: tzinfo | None
) -> tuple[list[tuple[Path, int, ValueMapping]], NDArray[np.float64], SeriesFacts, tuple[str, ...]]:
    files = [(one.path, frame, header) for one in images for frame, header in _flat(one.header)]
    planes = [_plane(header) for _, _, header in files]
    lone_mm, notes = _lone_step_mm(files[0][2]) if len(files) == 1 else (None, ())
    order, affine = stacked(planes, where=where(images[0].header), lone_step_mm=lone_mm)
    frames = [(files[n][0], files[n][1], _mapping(files[n][2])) for n in order]
    facts = series_facts([files[n][2] for n in order], zone)
    return frames, affine, facts, notes


def _flat(header: Dataset) -> list[tuple[int, Dataset]]:
    """Return frame and header; an enhanced file gives one flat header for each of its frames."""
    flat = flat_headers(header)
    if flat:
        return list(enumerate(flat))
    n_frames = optional_float(header, "NumberOfFrames")
    if not isinstance(n_frames, Missing) and n_frames > 1:
        raise InputError(
            f"{where(header)}: {n_frames:g} frames in one file without the place of each frame; "
            "wanted single slices or an enhanced multi-frame image; export it as such"
        )
    return [(0, header)]


def _plane(header: Dataset) -> Plane:
    return plane(
        required_floats(header, "ImagePositionPatient", n=3),
        required_floats(header, "ImageOrientationPatient", n=6),
        required_floats(header, "PixelSpacing", n=2),
        where=where(header),
    )


def _lone_step_mm(header: Dataset) -> tuple[float | None, tuple[str, ...]]:
    """Return the size along k of a single slice, which has no neighbour to measure it by."""
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        value = optional_float(header, keyword)
        if not isinstance(value, Missing) and value > 0:
            note = f"a single slice: its {keyword} of {value:g} mm was taken as the voxel size"
            return value, (note,)
    return None, ()
