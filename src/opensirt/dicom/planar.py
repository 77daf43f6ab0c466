"""Planar NM images in: the frames of two opposite heads as an anterior and a posterior view."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from opensirt.dicom.facts import patient_digests, series_facts
from opensirt.dicom.file_reading import frames, require_grey
from opensirt.dicom.getters import items, optional_floats, optional_int, optional_text, where
from opensirt.dicom.real_world import rescale
from opensirt.dicom.series import series_headers
from opensirt.dicom.series_plan import HeaderFile
from opensirt.domain.missing import Missing
from opensirt.domain.planar import PlanarView
from opensirt.domain.reading import ReadPlanar
from opensirt.errors import InputError

PLANAR_KINDS = ("STATIC", "WHOLE BODY")
"""Third value of ImageType of the images that are read here."""

_VIEW_CODES = {"399321004": PlanarView.ANTERIOR, "399001007": PlanarView.POSTERIOR}
"""SNOMED CT codes of DICOM PS3.16 CID 26, nuclear medicine projections."""


@dataclass(frozen=True, eq=False)
class _Frame:
    file: HeaderFile
    index: int
    view: PlanarView | Missing


def read_planar(
    path: Path,
    series_uid: str | None = None,
    *,
    anterior_frame: int | None = None,
    posterior_frame: int | None = None,
    zone: tzinfo | None = None,
) -> ReadPlanar:
    """Read an anterior and a posterior view of one NM series (a file, or one file per view).

    Which frame is which view is what the file's view code says, or else what the caller states;
    the angle of a head alone does not tell, for its zero depends on the camera.

    Parameters
    ----------
    anterior_frame, posterior_frame
        Numbers of the frames, from 1, over the files of the series by instance number.

    Raises
    ------
    InputError
        When the series is no planar image, the frames of the two views are not known, are the
        same or contradict the file, or a file is damaged.
    UnknownNameError
        When there is no series with that UID.
    """
    files = sorted(series_headers(path, series_uid), key=_instance_number)
    first = files[0].header
    kind = _kind(first)
    if optional_text(first, "Modality") != "NM" or kind not in PLANAR_KINDS:
        raise InputError(
            f"{where(first)}: ImageType says {kind or 'nothing'}; wanted a planar NM image "
            f"({' or '.join(PLANAR_KINDS)}); correct the role, or name another series"
        )
    for one in files:
        require_grey(one.header)
    found = [frame for one in files for frame in _frames(one)]
    chosen = {
        view: _chosen(found, view, stated, first)
        for view, stated in (
            (PlanarView.ANTERIOR, anterior_frame),
            (PlanarView.POSTERIOR, posterior_frame),
        )
    }
    if chosen[PlanarView.ANTERIOR] is chosen[PlanarView.POSTERIOR]:
        raise InputError(
            f"{where(first)}: one frame is given as both views; name anterior_frame and "
            "posterior_frame, each its own"
        )
    headers = [one.header for one in files]
    facts = series_facts(headers, zone)
    spacing = optional_floats(first, "PixelSpacing")
    return ReadPlanar(
        anterior=_counts(chosen[PlanarView.ANTERIOR]),
        posterior=_counts(chosen[PlanarView.POSTERIOR]),
        pixel_spacing_mm=spacing if isinstance(spacing, Missing) else (spacing[0], spacing[-1]),
        source=f"NM series {optional_text(first, 'SeriesInstanceUID')}",
        unit=facts.unit,
        radionuclide=facts.radionuclide,
        acquired_at=facts.acquired_at,
        duration_s=facts.duration_s,
        patient_digests=dict(patient_digests(headers)),
        notes=facts.notes,
    )


def _instance_number(file: HeaderFile) -> tuple[int, str]:
    number = optional_int(file.header, "InstanceNumber")
    return (0 if isinstance(number, Missing) else number), file.path.name


def _kind(header: Dataset) -> str:
    text = optional_text(header, "ImageType")
    kinds = [] if isinstance(text, Missing) else text.split("\\")
    return kinds[2] if len(kinds) > 2 else ""  # noqa: PLR2004 - the third value


def _frames(file: HeaderFile) -> list[_Frame]:
    header = file.header
    n_frames = optional_int(header, "NumberOfFrames")
    n = 1 if isinstance(n_frames, Missing) else n_frames
    detectors = items(header, "DetectorInformationSequence")
    vector = optional_floats(header, "DetectorVector")
    made = []
    for index in range(n):
        view: PlanarView | Missing = Missing.NOT_RECORDED
        if not isinstance(vector, Missing) and len(vector) == n:
            number = round(vector[index])
            if 1 <= number <= len(detectors):
                view = _view(detectors[number - 1])
        made.append(_Frame(file, index, view))
    return made


def _view(detector: Dataset) -> PlanarView | Missing:
    for item in items(detector, "ViewCodeSequence"):
        code = optional_text(item, "CodeValue")
        if isinstance(code, str) and code in _VIEW_CODES:
            return _VIEW_CODES[code]
        meaning = optional_text(item, "CodeMeaning")
        words = "" if isinstance(meaning, Missing) else meaning.lower()
        if "oblique" in words:
            continue
        for view in PlanarView:
            if words in (view.value, f"{view.value} projection", f"{view.value} view"):
                return view
    return Missing.NOT_RECORDED


def _chosen(
    found: Sequence[_Frame], view: PlanarView, stated: int | None, header: Dataset
) -> _Frame:
    if stated is not None:
        if not 1 <= stated <= len(found):
            raise InputError(
                f"{where(header)}: {view.value}_frame is {stated}; the series has frames 1 to "
                f"{len(found)}; correct the number"
            )
        frame = found[stated - 1]
        if not isinstance(frame.view, Missing) and frame.view is not view:
            raise InputError(
                f"{where(header)}: {view.value}_frame is {stated}, which the file calls "
                f"{frame.view.value}; correct the number, or leave it out"
            )
        return frame
    matching = [one for one in found if one.view is view]
    if len(matching) != 1:
        raise InputError(
            f"{where(header)}: {len(matching)} of {len(found)} frames carry the code of the "
            f"{view.value} view; wanted one: look at the frames and state {view.value}_frame "
            "(from 1) in the image's block"
        )
    return matching[0]


def _counts(frame: _Frame) -> NDArray[np.float32]:
    decoded = frames(frame.file.path)
    if not frame.index < len(decoded):
        raise InputError(
            f"{frame.file.path.name}: {len(decoded)} frames of pixels; wanted at least "
            f"{frame.index + 1}; copy or export the file again"
        )
    mapping = rescale(frame.file.header, required=False)
    return np.asarray(mapping.applied(decoded[frame.index]), dtype=np.float32)
