"""What lies in a folder or file: images, geometry, what they declare, what is missing for what."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from opensirt.app.case_image import MAGNETIC_RESONANCE
from opensirt.app.image_file import is_dicom_path, require_there
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadSegment, ReadVolume
from opensirt.errors import InputError
from opensirt.units import ML_PER_MM3, ImageUnit

if TYPE_CHECKING:
    from opensirt.dicom.series import FolderContent

_N_LABELS_AT_MOST = 32
"""A file of whole numbers with no more different ones than this is taken for a label map."""

_CONCENTRATIONS = (ImageUnit.BQ_PER_ML, ImageUnit.KBQ_PER_ML, ImageUnit.MBQ_PER_ML)


@dataclass(frozen=True, kw_only=True)
class SegmentFacts:
    """One segment of a segmentation file."""

    name: str
    volume_ml: float | Missing
    """`Missing` where the contours need an image to become a volume."""
    label_value: int | Missing = Missing.NOT_RECORDED
    """Where the file is a label map that names nothing."""


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """One image or segmentation, with what it declares and what it leaves open.

    `missing` lists the facts that a case has to state; `problem` is empty for a file that can be
    read.
    """

    name: str
    """File name, or the DICOM series UID."""
    path: Path
    kind: str
    """``image``, ``structures``, ``dose`` or ``other``."""
    file_format: str
    modality: str = ""
    shape: tuple[int, ...] = ()
    """(k, j, i)."""
    spacing_mm: tuple[float, ...] = ()
    frame_of_reference_uid: str | Missing = Missing.NOT_RECORDED
    unit: str | Missing = Missing.NOT_RECORDED
    radionuclide: str | Missing = Missing.NOT_RECORDED
    value_range: tuple[float, float] | Missing = Missing.NOT_DONE
    segments: tuple[SegmentFacts, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """Everything found at a path."""

    path: Path
    files: tuple[FoundFile, ...]
    n_other_files: int
    damaged: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What is to be said of all files together."""
    for_steps: tuple[tuple[str, str], ...] = field(default=())
    """Step → what it would still need, in words."""


def inspect_path(path: Path) -> Inspection:
    """Return what a file, or a folder with its folders, holds.

    Raises
    ------
    InputError
        When there is nothing at `path`, or nothing in it that can be read.
    """
    from opensirt.dicom.series import folder_content

    require_there(path)
    found: list[FoundFile] = []
    n_other = 0
    damaged: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    others = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    if path.is_dir() or is_dicom_path(path):
        content = folder_content(path)
        dicom, damaged = _dicom_series(content), content.damaged
        if content.n_patients > 1:
            note = (
                f"the DICOM files are of {content.n_patients} patients by their IDs; a case is of "
                "one: sort them first"
            )
            notes = (note,)
        found += dicom
        taken = {file for one in dicom for file in _files_of(path, one)}
        others = [one for one in others if one not in taken]
    for one in others:
        if any(text.startswith(f"{one.name}: ") for text in damaged):
            continue
        made = _other_file(one, alone=path.is_file())
        if made is None:
            n_other += 1
        else:
            found.append(made)
    of_case = _of_case(path)
    if not found and not damaged and not of_case:
        raise InputError(
            f"{path.name} holds no image, segmentation or dose that can be read ({n_other} other "
            "files); wanted DICOM, NIfTI, NRRD, MetaImage or Interfile; check the path"
        )
    return Inspection(
        path=path,
        files=tuple(found),
        n_other_files=n_other,
        damaged=damaged,
        notes=notes,
        for_steps=of_case or _steps(found),
    )


def _of_case(path: Path) -> tuple[tuple[str, str], ...]:
    """Return what each step would still need of a case folder; nothing for other paths."""
    from opensirt.app.read_case import read_case
    from opensirt.app.readiness import lacking
    from opensirt.app.site import site_in_force
    from opensirt.files.case_file import CASE_FILE_NAME

    if not (path / CASE_FILE_NAME).is_file():
        return ()
    try:
        needs = lacking(read_case(path, zone=site_in_force(case_folder=path).zone))
    except InputError as error:
        return (("every step", str(error)),)
    return tuple((step, "; ".join(found)) for step, found in needs.items())


def _dicom_series(content: "FolderContent") -> list[FoundFile]:
    kinds = {"SEG": "structures", "RTSTRUCT": "structures", "RTDOSE": "dose"}
    found = []
    for one in content.series:
        is_image = not isinstance(one.shape, Missing)
        kind = kinds.get(one.modality, "image" if is_image or one.problem else "other")
        unit = one.unit.symbol if isinstance(one.unit, ImageUnit) else one.unit
        missing = []
        if kind == "image" and not one.problem:
            missing = _left_open(
                unit=one.unit,
                nuclide=one.radionuclide,
                modality=one.modality,
                has_reference=not isinstance(one.decay_correction, Missing),
                has_instant=one.has_acquisition_time and one.has_time_zone,
                has_frame=not isinstance(one.frame_of_reference_uid, Missing),
            )
        found.append(
            FoundFile(
                name=one.series_uid or "(series without UID)",
                path=one.paths[0].parent,
                kind=kind,
                file_format=f"DICOM {one.sop_class}, {one.n_files} files",
                modality=one.modality,
                shape=() if isinstance(one.shape, Missing) else one.shape,
                spacing_mm=() if isinstance(one.spacing_mm, Missing) else one.spacing_mm,
                frame_of_reference_uid=one.frame_of_reference_uid,
                unit=unit,
                radionuclide=one.radionuclide,
                segments=tuple(
                    SegmentFacts(name=label, volume_ml=Missing.NOT_DONE) for label in one.labels
                ),
                missing=tuple(missing),
                notes=one.notes,
                problem=one.problem,
            )
        )
    return found


def _files_of(path: Path, series: FoundFile) -> set[Path]:
    from opensirt.dicom.series import list_series

    if path.is_file():
        return {path}
    return {
        file
        for one in list_series(path)
        if (one.series_uid or "(series without UID)") == series.name
        for file in one.paths
    }


def _left_open(
    *,
    unit: ImageUnit | Missing,
    nuclide: str | Missing,
    modality: str,
    has_reference: bool,
    has_instant: bool,
    has_frame: bool,
) -> list[str]:
    """Return the keys that a case has to state for an image."""
    missing = []
    of_anatomy = modality == MAGNETIC_RESONANCE or (
        modality == "CT" and unit in (ImageUnit.HU, Missing.NOT_RECORDED)
    )
    if isinstance(unit, Missing) and not of_anatomy:
        missing.append("unit")
    if isinstance(nuclide, Missing) and unit is not ImageUnit.HU and not of_anatomy:
        missing.append("radionuclide")
    activity = unit in _CONCENTRATIONS or (isinstance(unit, Missing) and not of_anatomy)
    if activity and not has_reference:
        missing.append("reference")
    if activity and has_reference and not has_instant:
        missing.append("acquired_at")
    if not has_frame:
        missing.append("frame")
    return missing


def _other_file(path: Path, *, alone: bool) -> FoundFile | None:
    """Return one file that is not DICOM, or None when it is no image at all."""
    from opensirt.files.file_format import file_format
    from opensirt.files.segmentation import read_segments
    from opensirt.files.volume import READERS, read_volume

    try:
        known = file_format(path)
    except InputError as error:
        if alone:
            raise
        return FoundFile(
            name=path.name, path=path, kind="other", file_format="unreadable", problem=str(error)
        )
    if known is None or known not in READERS:
        if alone:
            read_volume(path)  # says why it is refused
        return None
    try:
        if path.name.endswith(".seg.nrrd"):
            return _segmentation(path, known.value, read_segments(path))
        read = read_volume(path)
        if not isinstance(read.affine, Missing) and _is_label_map(read):
            return _segmentation(path, f"{known.value} label map", read_segments(path))
        return _volume(path, known.value, read)
    except InputError as error:
        if alone:
            raise
        return FoundFile(
            name=path.name, path=path, kind="image", file_format=known.value, problem=str(error)
        )


def _is_label_map(read: ReadVolume) -> bool:
    """Whether the values look like labels: few different whole numbers from 0 on."""
    if not isinstance(read.unit, Missing):
        return False
    found: set[float] = set()
    for plane in read.values:
        found.update(np.unique(plane).tolist())
        if len(found) > _N_LABELS_AT_MOST + 1:
            return False
    return 0 in found and len(found) > 1 and all(one >= 0 and one == int(one) for one in found)


def _segmentation(path: Path, format_name: str, segments: Sequence[ReadSegment]) -> FoundFile:
    first = segments[0]
    voxel_ml = abs(float(np.linalg.det(first.affine[:3, :3]))) * ML_PER_MM3
    has_frame = not isinstance(first.frame_of_reference_uid, Missing)
    return FoundFile(
        name=path.name,
        path=path,
        kind="structures",
        file_format=format_name,
        shape=first.values.shape,
        spacing_mm=tuple(float(mm) for mm in np.linalg.norm(first.affine[:3, :3], axis=0)),
        frame_of_reference_uid=first.frame_of_reference_uid,
        segments=tuple(
            SegmentFacts(
                name=one.name,
                volume_ml=int(np.count_nonzero(one.values)) * voxel_ml,
                label_value=(
                    one.label_value
                    if one.name == f"label {one.label_value}"
                    else Missing.NOT_RECORDED
                ),
            )
            for one in segments
        ),
        missing=("labels",) if has_frame else ("frame", "labels"),
        notes=tuple(note for one in segments for note in one.notes),
    )


def _volume(path: Path, format_name: str, read: ReadVolume) -> FoundFile:
    has_geometry = not isinstance(read.affine, Missing)
    spacing: tuple[float, ...] = ()
    if not isinstance(read.affine, Missing):
        spacing = tuple(float(mm) for mm in np.linalg.norm(read.affine[:3, :3], axis=0))
    missing = _left_open(
        unit=read.unit,
        nuclide=read.radionuclide,
        modality=read.modality,
        has_reference=not isinstance(read.decay_corrected_to, Missing),
        has_instant=not isinstance(read.acquired_at, Missing),
        has_frame=not isinstance(read.frame_of_reference_uid, Missing),
    )
    finite = np.isfinite(read.values)
    problem = "" if finite.all() else f"{int(np.count_nonzero(~finite))} voxels are not finite"
    return FoundFile(
        name=path.name,
        path=path,
        kind="image",
        file_format=format_name,
        modality=read.modality,
        shape=read.values.shape,
        spacing_mm=spacing,
        frame_of_reference_uid=read.frame_of_reference_uid,
        unit=read.unit.symbol if isinstance(read.unit, ImageUnit) else read.unit,
        radionuclide=read.radionuclide,
        value_range=(float(read.values.min()), float(read.values.max())),
        missing=tuple(missing),
        notes=read.notes if has_geometry else (*read.notes, "the file says not where it lies"),
        problem=problem,
    )


def _steps(found: Sequence[FoundFile]) -> tuple[tuple[str, str], ...]:
    """Say what each step would still need of a folder with these files."""
    images = [one for one in found if one.kind == "image" and not one.problem]
    has_structures = any(one.kind == "structures" for one in found)
    emission = [
        one
        for one in images
        if one.modality not in ("CT", MAGNETIC_RESONANCE) and one.unit != ImageUnit.HU.symbol
    ]
    lacking = []
    if not emission:
        lacking.append("an image of the activity (PET or SPECT)")
    if not has_structures:
        lacking.append("contours (SEG, RTSTRUCT, .seg.nrrd or a label map)")
    open_facts = sorted({key for one in (*images, *found) for key in one.missing})
    if open_facts:
        lacking.append(f"facts that the case states: {', '.join(open_facts)}")
    images_lack = "; ".join(lacking)
    plan = [images_lack, "perfused volume, lung shunt fraction, body measures, prescription"]
    verify = [images_lack, "tissue density, administered activity"]
    return (
        ("work-up and plan", "; ".join(one for one in plan if one)),
        ("verify", "; ".join(one for one in verify if one)),
    )
