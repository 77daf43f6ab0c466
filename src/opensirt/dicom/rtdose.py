"""RTDOSE out (and in, by the module beside): a dose map that other programs open."""

import hashlib
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, RTDoseStorage
from pydicom.valuerep import DSfloat

from opensirt.dicom.rtdose_reading import read_rtdose
from opensirt.domain.grid import Grid
from opensirt.domain.image import DoseMap
from opensirt.errors import GeometryError, InputError
from opensirt.whole_file import whole_file

__all__ = ["read_rtdose", "write_rtdose"]

_NAMESPACE = uuid.UUID("0b8f5f5e-7c1d-5c33-9a0e-6c1a5d7e7c55")
_IMPLEMENTATION_UID = f"2.25.{uuid.uuid5(_NAMESPACE, 'implementation').int}"
_MANUFACTURER = "OpenSIRT"

_HIGHEST_STORED = {16: 2**16 - 1, 32: 2**31 - 1}
"""Bits → highest stored number; of 32 bits, readers that take them as signed see the same."""

_PLANES_MM = 1e-3
"""Positions are written to this many millimetres or better."""

_TEXT_LENGTHS = {"LO": 64, "SH": 16, "ST": 1024}


def write_rtdose(
    path: Path,
    dose: DoseMap,
    *,
    case_key: str,
    made_at: datetime,
    software_version: str,
    plan_label: str = "radioembolization",
    negatives_to_zero: bool = False,
    study_instance_uid: str | None = None,
    bits: Literal[16, 32] = 16,
) -> int:
    """Write an absorbed dose in Gy as DICOM RT Dose, whole or not at all.

    The frame of reference is the dose map's. Grids of any direction and spacing are kept: where
    (k, j, i) is left-handed the slices are written in reverse order, which moves no voxel. The
    patient is the case key and nothing else. Equal arguments give equal bytes.

    Parameters
    ----------
    path
        The file to write.
    dose
        In Gy.
    case_key
        Pseudonym; becomes patient name and ID.
    made_at
        When the dose was made, with its zone.
    software_version
        Version of this package.
    plan_label
        What the dose is of, in one or two words.
    negatives_to_zero
        RT Dose holds no negative dose. Where voxels are negative (those of the image carried
        over) they are refused, unless the caller sets them to zero by this and says so.
    study_instance_uid
        Of the study that the dose belongs to; made from the case key where it is not given.
    bits
        Of each stored number. 16 keep a dose to 8e-6 of the maximum and are what every reader
        and validator takes; 32 keep it to 3e-10 (but `dciodvfy` of 2022 stops at such files).

    Returns
    -------
    int
        Number of negative voxels that were written as zero.

    Raises
    ------
    InputError
        When a dose is negative and not to be set to zero, the instant has no zone, or the case
        key is empty or longer than DICOM allows.
    GeometryError
        When the axes are not at right angles.
    """
    if made_at.tzinfo is None or made_at.utcoffset() is None:
        raise InputError("made_at has no time zone; give an instant with one")
    if not 0 < len(case_key) <= _TEXT_LENGTHS["LO"]:
        raise InputError(
            f"a case key of {len(case_key)} characters; RT Dose wants 1 to {_TEXT_LENGTHS['LO']}"
        )
    values, n_negative = _not_negative(dose, negatives_to_zero=negatives_to_zero)
    values, affine = _right_handed(values, dose.grid)
    stored, scaling = _scaled(values, bits)
    comment = f"Engine {dose.engine}, radionuclide {dose.radionuclide}, data {dose.data_set}"
    if n_negative:
        comment += f"; {n_negative} negative voxels were written as zero"
    content = _content_digest(
        stored, affine, dose.grid.frame_of_reference_uid, case_key, comment, made_at.isoformat()
    )
    dataset = Dataset()
    _add_identity(dataset, case_key, made_at, software_version)
    dataset.StudyInstanceUID = study_instance_uid or _uid("study", case_key)
    dataset.SeriesInstanceUID = _uid("series", content)
    dataset.SOPInstanceUID = _uid("instance", content, software_version)
    dataset.SeriesDescription = f"Dose: {plan_label}"[: _TEXT_LENGTHS["LO"]]
    dataset.FrameOfReferenceUID = dose.grid.frame_of_reference_uid
    dataset.PositionReferenceIndicator = ""
    _add_planes(dataset, affine, values.shape)
    _add_dose(dataset, stored, scaling, comment, plan_label)
    dataset.file_meta = _file_meta(dataset)
    with whole_file(path) as part:
        dataset.save_as(part, enforce_file_format=True)
    return n_negative


def _not_negative(dose: DoseMap, *, negatives_to_zero: bool) -> tuple[NDArray[np.float32], int]:
    negative = dose.values < 0
    n_negative = int(np.count_nonzero(negative))
    if n_negative and not negatives_to_zero:
        raise InputError(
            f"{n_negative} voxels of the dose are negative (lowest {float(dose.values.min()):.3g} "
            "Gy); RT Dose holds none; find out why, or have them written as zero"
        )
    if not n_negative:
        return dose.values, 0
    return np.where(negative, np.float32(0), dose.values), n_negative


def _right_handed(
    values: NDArray[np.float32], grid: Grid
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return values and affine with k along row × column, the only way that RT Dose stacks."""
    affine = grid.affine.copy()
    if float(np.linalg.det(affine[:3, [2, 1, 0]])) > 0:
        return values, affine
    affine[:3, 3] = grid.lps_mm((grid.shape[0] - 1, 0, 0))
    affine[:3, 0] *= -1
    return values[::-1], affine


def _scaled(
    values: NDArray[np.float32], bits: Literal[16, 32]
) -> tuple[NDArray[np.unsignedinteger[Any]], DSfloat]:
    """Return the stored integers and the Gy of one of them, as it is written."""
    highest = float(values.max())
    scaling = _number(highest / _HIGHEST_STORED[bits] if highest > 0 else 1.0)
    # Rounded decimal text may be a touch too small: the maximum must still fit.
    stored = np.minimum(np.rint(values / np.float64(scaling)), _HIGHEST_STORED[bits])
    return stored.astype(f"<u{bits // 8}"), scaling


def _number(value: float) -> DSfloat:
    """Return a decimal string of at most 16 characters that is a number again."""
    return DSfloat(DSfloat(value, auto_format=True).__str__())


def _uid(*parts: str) -> str:
    return f"2.25.{uuid.uuid5(_NAMESPACE, '|'.join(parts)).int}"


def _content_digest(
    stored: NDArray[np.unsignedinteger[Any]], affine: NDArray[np.float64], *words: str
) -> str:
    digest = hashlib.sha256(stored.tobytes())
    digest.update(affine.tobytes())
    digest.update("|".join(words).encode())
    return digest.hexdigest()


def _add_identity(
    dataset: Dataset, case_key: str, made_at: datetime, software_version: str
) -> None:
    day, clock = f"{made_at:%Y%m%d}", f"{made_at:%H%M%S}"
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = RTDoseStorage
    dataset.Modality = "RTDOSE"
    dataset.InstanceCreationDate = dataset.ContentDate = day
    dataset.InstanceCreationTime = dataset.ContentTime = clock
    dataset.StudyDate, dataset.StudyTime = day, clock
    dataset.SeriesDate, dataset.SeriesTime = day, clock
    dataset.TimezoneOffsetFromUTC = f"{made_at:%z}"[:5]
    dataset.PatientName = dataset.PatientID = case_key
    dataset.PatientBirthDate = dataset.PatientSex = ""
    dataset.ReferringPhysicianName = dataset.OperatorsName = ""
    dataset.StudyID, dataset.AccessionNumber = "1", ""
    dataset.Manufacturer = dataset.ManufacturerModelName = _MANUFACTURER
    dataset.SoftwareVersions = software_version[: _TEXT_LENGTHS["LO"]]
    dataset.SeriesNumber = dataset.InstanceNumber = 1


def _add_planes(dataset: Dataset, affine: NDArray[np.float64], shape: tuple[int, ...]) -> None:
    n_slices = shape[0]
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    directions = affine[:3, :3] / spacing
    offsets = [_number(float(spacing[0]) * n) for n in range(n_slices)]
    dataset.ImagePositionPatient = [_number(float(mm)) for mm in affine[:3, 3]]
    row_and_column = (*directions[:, 2], *directions[:, 1])
    dataset.ImageOrientationPatient = [_number(float(one)) for one in row_and_column]
    dataset.PixelSpacing = [_number(float(spacing[1])), _number(float(spacing[2]))]
    dataset.SliceThickness = _number(float(spacing[0]))
    dataset.Rows, dataset.Columns = shape[1], shape[2]
    if n_slices > 1:  # the standard has these for several planes only
        dataset.NumberOfFrames = n_slices
        dataset.FrameIncrementPointer = [tag_for_keyword("GridFrameOffsetVector")]
        dataset.GridFrameOffsetVector = offsets
    _require_same_places(dataset, affine, shape, float(offsets[-1]))


def _require_same_places(
    dataset: Dataset,
    affine: NDArray[np.float64],
    shape: tuple[int, ...],
    last_offset_mm: float,
) -> None:
    """Compare the corners as a reader will place them with those of the grid."""
    along = np.array(dataset.ImageOrientationPatient, np.float64).reshape(2, 3)
    normal = np.cross(along[0], along[1])
    row_mm, column_mm = (float(mm) for mm in dataset.PixelSpacing)
    last = np.array(shape) - 1
    for k, j, i in np.ndindex(2, 2, 2):
        index = last * (k, j, i)
        read = (
            np.array(dataset.ImagePositionPatient, np.float64)
            + normal * last_offset_mm * k
            + along[1] * row_mm * index[1]
            + along[0] * column_mm * index[2]
        )
        gap_mm = float(np.linalg.norm(read - (affine[:3, :3] @ index + affine[:3, 3])))
        if gap_mm > _PLANES_MM:
            raise GeometryError(
                f"a corner of the dose grid would be read {gap_mm:.3g} mm away: its axes are not "
                "at right angles; RT Dose wants right angles; resample the dose first"
            )


def _add_dose(
    dataset: Dataset,
    stored: NDArray[np.unsignedinteger[Any]],
    scaling: DSfloat,
    comment: str,
    plan_label: str,
) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = stored.dtype.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    dataset.DoseUnits = "GY"
    dataset.DoseType = "PHYSICAL"
    dataset.DoseSummationType = "PLAN_OVERVIEW"
    dataset.DoseComment = comment[: _TEXT_LENGTHS["LO"]]
    dataset.DoseGridScaling = scaling
    overview = Dataset()
    overview.PlanOverviewIndex = 1
    overview.RTPlanLabel = plan_label[: _TEXT_LENGTHS["SH"]]
    overview.ReferencedStructureSetSequence = []
    overview.NumberOfFractionsIncluded = 1
    overview.PrescriptionOverviewSequence = []
    dataset.PlanOverviewSequence = [overview]
    dataset.add_new("PixelData", "OW", stored.tobytes())


def _file_meta(dataset: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(_IMPLEMENTATION_UID)
    meta.ImplementationVersionName = _MANUFACTURER.upper()
    return meta
