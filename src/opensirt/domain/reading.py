"""What a file holds before the case says what it means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.missing import Missing
from opensirt.units import ImageUnit


@dataclass(frozen=True, eq=False, kw_only=True)
class ReadVolume:
    """Voxels, geometry and the facts that the file itself declares; nothing is assumed.

    Parameters
    ----------
    values : (k, j, i)
        As stored, rescaled where the format says so.
    affine : (4, 4)
        (k, j, i, 1) → LPS mm; `Missing` when the file carries no geometry.
    decay_corrected_to
        What the values refer to where the file says so: ``"administration"``,
        ``"acquisition"``, or an instant with its zone (a DICOM time without a zone is not one).
    administered_at
        Instant of the injection that the file gives.
    patient_digests
        Field (``id``, ``birth_date``, ``sex``) → sha256 of its content, to compare patients
        without keeping who they are.
    """

    values: NDArray[np.generic]
    affine: NDArray[np.float64] | Missing
    source: str
    modality: str = ""
    frame_of_reference_uid: str | Missing = Missing.NOT_RECORDED
    unit: ImageUnit | Missing = Missing.NOT_RECORDED
    radionuclide: str | Missing = Missing.NOT_RECORDED
    decay_corrected_to: datetime | str | Missing = Missing.NOT_RECORDED
    acquired_at: datetime | Missing = Missing.NOT_RECORDED
    duration_s: float | Missing = Missing.NOT_RECORDED
    administered_activity_bq: float | Missing = Missing.NOT_RECORDED
    administered_at: datetime | Missing = Missing.NOT_RECORDED
    patient_digests: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What a reader noticed: shown as findings."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "patient_digests", MappingProxyType(dict(self.patient_digests)))


@dataclass(frozen=True, eq=False, kw_only=True)
class ReadPlanar:
    """Two planar views and the facts that their files declare; fields as of `ReadVolume`.

    Parameters
    ----------
    anterior, posterior : (row, column)
    pixel_spacing_mm
        Between rows, between columns.
    """

    anterior: NDArray[np.float32]
    posterior: NDArray[np.float32]
    pixel_spacing_mm: tuple[float, float] | Missing
    source: str
    unit: ImageUnit | Missing = Missing.NOT_RECORDED
    radionuclide: str | Missing = Missing.NOT_RECORDED
    acquired_at: datetime | Missing = Missing.NOT_RECORDED
    duration_s: float | Missing = Missing.NOT_RECORDED
    patient_digests: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "patient_digests", MappingProxyType(dict(self.patient_digests)))


@dataclass(frozen=True, eq=False, kw_only=True)
class ReadSegment:
    """One segment of a segmentation file, on its native grid."""

    name: str
    label_value: int | Missing
    values: NDArray[np.bool_]
    affine: NDArray[np.float64]
    source: str
    frame_of_reference_uid: str | Missing = Missing.NOT_RECORDED
    patient_digests: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "patient_digests", MappingProxyType(dict(self.patient_digests)))
