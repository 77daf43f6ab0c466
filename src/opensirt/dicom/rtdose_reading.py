"""RTDOSE in: a dose in Gy with its place."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from opensirt.dicom.facts import patient_digests
from opensirt.dicom.file_reading import frames, read_whole
from opensirt.dicom.getters import (
    optional_float,
    optional_floats,
    optional_text,
    required_float,
    required_floats,
    required_text,
)
from opensirt.dicom.planes import Plane, plane, stacked
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadVolume
from opensirt.errors import InputError
from opensirt.units import ImageUnit

_SAME_OFFSET_MM = 0.01

_ALONG_Z = 1 - 1e-6
"""Cosine with the long axis from which a plane is transverse and stacked towards the head."""


def read_rtdose(path: Path) -> ReadVolume:
    """Read a DICOM RT Dose as Gy in LPS millimetres, slices along row × column.

    Raises
    ------
    MissingInputError
        When units, scaling or geometry are absent.
    InputError
        When the file is damaged, is no RT Dose, or its values are not an absorbed dose in Gy.
    GeometryError
        When the planes are not equally spaced.
    """
    dataset = read_whole(path)
    modality = optional_text(dataset, "Modality")
    if modality != "RTDOSE":
        said = "no modality" if isinstance(modality, Missing) else f"modality {modality}"
        raise InputError(f"{path.name}: a DICOM file of {said}; wanted RTDOSE; name the dose file")
    units = required_text(dataset, "DoseUnits")
    if units != "GY":
        raise InputError(f"{path.name}: DoseUnits are {units}; wanted GY; export the absolute dose")
    kind = required_text(dataset, "DoseType")
    if kind not in ("PHYSICAL", "EFFECTIVE"):
        raise InputError(
            f"{path.name}: DoseType is {kind}; wanted PHYSICAL; export the absorbed dose"
        )
    scaling = required_float(dataset, "DoseGridScaling")
    stored = frames(path)
    first = plane(
        required_floats(dataset, "ImagePositionPatient", n=3),
        required_floats(dataset, "ImageOrientationPatient", n=6),
        required_floats(dataset, "PixelSpacing", n=2),
        where=path.name,
    )
    offsets = _offsets_mm(path, dataset, len(stored), first)
    planes = [
        plane(
            tuple(first.position_mm + first.normal * offset),
            (*first.row, *first.column),
            (first.row_spacing_mm, first.column_spacing_mm),
            where=path.name,
        )
        for offset in offsets
    ]
    thickness = optional_float(dataset, "SliceThickness")
    order, affine = stacked(
        planes,
        where=path.name,
        lone_step_mm=None if isinstance(thickness, Missing) else thickness,
    )
    notes = ("a dose weighted for its effect (EFFECTIVE), not an absorbed dose",)
    return ReadVolume(
        values=(np.asarray(stored[order], np.float64) * scaling).astype(np.float32),
        affine=affine,
        source=path.name,
        modality="RTDOSE",
        frame_of_reference_uid=optional_text(dataset, "FrameOfReferenceUID"),
        unit=ImageUnit.GY,
        patient_digests=patient_digests([dataset]),
        notes=notes if kind == "EFFECTIVE" else (),
    )


def _offsets_mm(path: Path, dataset: Dataset, n_frames: int, first: Plane) -> list[float]:
    """Return the distance of each plane from the first along the normal.

    The standard allows offsets that begin with 0, or (transverse planes) z coordinates.
    """
    first_z_mm = float(first.position_mm[2])
    if n_frames == 1:
        return [0.0]
    offsets = optional_floats(dataset, "GridFrameOffsetVector")
    if isinstance(offsets, Missing) or len(offsets) != n_frames:
        found = 0 if isinstance(offsets, Missing) else len(offsets)
        raise InputError(
            f"{path.name}: GridFrameOffsetVector has {found} values for {n_frames} planes; wanted "
            "one each; export the dose again"
        )
    relative = abs(offsets[0]) <= _SAME_OFFSET_MM
    if not relative and float(first.normal[2]) < _ALONG_Z:
        raise InputError(
            f"{path.name}: GridFrameOffsetVector begins with {offsets[0]:g} mm on planes that are "
            "not transverse; wanted offsets from the first plane, beginning with 0; export the "
            "dose again"
        )
    if not relative and abs(offsets[0] - first_z_mm) > _SAME_OFFSET_MM:
        raise InputError(
            f"{path.name}: GridFrameOffsetVector begins with {offsets[0]:g} mm, which is neither 0 "
            f"nor the z of the first plane ({first_z_mm:g} mm); wanted one of these; export the "
            "dose again"
        )
    return [offset - offsets[0] for offset in offsets]
