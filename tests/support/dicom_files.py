"""DICOM files that tests write for themselves: small, fast, and wrong on demand."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    NuclearMedicineImageStorage,
    PositronEmissionTomographyImageStorage,
    RTStructureSetStorage,
)

FRAME = "1.2.3.4"
SERIES = "1.2.3.5"
Change = Mapping[str, Any]
"""Keyword → value; None deletes the attribute."""


def uid(number: int) -> str:
    """Return a UID of the tests' own."""
    return f"1.2.3.9.{number}"


def base(sop_class: str, modality: str, number: int = 0) -> Dataset:
    """Return what every file has: patient, study, series, frame of reference."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid(number))
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid(number)
    dataset.Modality = modality
    dataset.PatientName, dataset.PatientID = "ZZTOP^SECRET", "ZZTOP-1"
    dataset.PatientBirthDate, dataset.PatientSex = "19450917", "F"
    dataset.StudyDate, dataset.StudyTime = "20260302", "100000"
    dataset.SeriesDate, dataset.SeriesTime = "20260302", "101500"
    dataset.AcquisitionDate, dataset.AcquisitionTime = "20260302", "101500"
    dataset.TimezoneOffsetFromUTC = "+0100"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.6", SERIES
    dataset.FrameOfReferenceUID = FRAME
    dataset.AccessionNumber = dataset.StudyID = dataset.ReferringPhysicianName = ""
    dataset.SeriesNumber, dataset.InstanceNumber = 1, number + 1
    return dataset


def change(dataset: Dataset, changes: Change) -> None:
    """Set attributes by keyword; None deletes."""
    for keyword, value in changes.items():
        if value is None:
            if keyword in dataset:
                del dataset[keyword]
        else:
            setattr(dataset, keyword, value)


def save(dataset: Dataset, path: Path) -> Path:
    """Write a dataset as a DICOM file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def put_pixels(dataset: Dataset, stored: NDArray[np.integer[Any]]) -> None:
    """Set the image pixel module for 16-bit values (row, column) or (frame, row, column)."""
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    if stored.ndim > 2:
        dataset.NumberOfFrames = len(stored)
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 1 if stored.dtype.kind == "i" else 0
    dataset.PixelData = np.ascontiguousarray(stored, dtype=f"<{stored.dtype.kind}2").tobytes()


def put_plane(dataset: Dataset, affine: NDArray[np.float64], k: int = 0) -> None:
    """Set position, orientation and spacings of slice k of a (k, j, i, 1) → LPS affine."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    directions = affine[:3, :3] / spacing
    dataset.ImagePositionPatient = decimals(affine[:3, 3] + affine[:3, 0] * k)
    dataset.ImageOrientationPatient = decimals([*directions[:, 2], *directions[:, 1]])
    dataset.PixelSpacing = decimals(spacing[1:])
    dataset.SliceThickness = decimals([spacing[0] * 1.5])[0]  # overlapping: not the spacing


def decimals(numbers: ArrayLike) -> list[str]:
    """Return numbers as the decimal strings of DICOM, at most 16 characters."""
    return [f"{float(one):.10g}"[:16] for one in np.ravel(np.asarray(numbers))]


def write_slices(
    folder: Path,
    dataset_of: Callable[[int], Dataset],
    stored: NDArray[np.integer[Any]],
    affine: NDArray[np.float64],
    changes: Change | Callable[[int], Change] | None = None,
    suffix: str = ".dcm",
) -> list[Path]:
    """Write one file for each slice; names and instance numbers say nothing about the order."""
    paths = []
    for k, plane in enumerate(stored):
        dataset = dataset_of(k)
        dataset.InstanceNumber = (k * 7) % len(stored) + 1
        put_plane(dataset, affine, k)
        put_pixels(dataset, plane)
        change(dataset, changes(k) if callable(changes) else changes or {})
        paths.append(save(dataset, folder / f"{(k * 5 + 3) % 97:02d}-{k}{suffix}"))
    return paths


def write_ct(
    folder: Path,
    stored: NDArray[np.integer[Any]],
    affine: NDArray[np.float64],
    changes: Change | Callable[[int], Change] | None = None,
    suffix: str = ".dcm",
) -> list[Path]:
    """Write a CT series with slope 1 and intercept −1024."""

    def one(k: int) -> Dataset:
        dataset = base(CTImageStorage, "CT", k)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "1", "-1024", "HU"
        return dataset

    return write_slices(folder, one, stored, affine, changes, suffix)


def write_mr(
    folder: Path, stored: NDArray[np.integer[Any]], affine: NDArray[np.float64]
) -> list[Path]:
    """Write a magnetic resonance series: no slope, no unit."""

    def one(k: int) -> Dataset:
        dataset = base(MRImageStorage, "MR", k)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "M"]
        return dataset

    return write_slices(folder, one, stored, affine, None, ".dcm")


def radiopharmaceutical(meaning: str, half_life_s: float, dose: float) -> list[Dataset]:
    """Return a RadiopharmaceuticalInformationSequence."""
    code, item = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "X", "99TEST", meaning
    item.RadionuclideCodeSequence = [code]
    item.RadionuclideHalfLife, item.RadionuclideTotalDose = half_life_s, dose
    return [item]


def write_pet(
    folder: Path,
    stored: NDArray[np.integer[Any]],
    affine: NDArray[np.float64],
    changes: Change | Callable[[int], Change] | None = None,
) -> list[Path]:
    """Write a Y-90 PET in Bq/mL whose slope differs from slice to slice: k + 2."""

    def one(k: int) -> Dataset:
        dataset = base(PositronEmissionTomographyImageStorage, "PT", k)
        dataset.ImageType = ["ORIGINAL", "PRIMARY"]
        dataset.RescaleSlope, dataset.RescaleIntercept = str(k + 2), "0"
        dataset.Units, dataset.DecayCorrection = "BQML", "START"
        dataset.ActualFrameDuration = 900000
        dataset.RadiopharmaceuticalInformationSequence = radiopharmaceutical(
            "^90^Yttrium", 230760.0, 1.4e9
        )
        return dataset

    return write_slices(folder, one, stored, affine, changes)


def write_nm(
    path: Path,
    stored: NDArray[np.integer[Any]],
    affine: NDArray[np.float64],
    changes: Change | None = None,
    detector_changes: Change | None = None,
) -> Path:
    """Write a reconstructed SPECT: all slices in one file, place in the detector item."""
    dataset = base(NuclearMedicineImageStorage, "NM")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    detector = Dataset()
    put_plane(detector, affine)
    dataset.PixelSpacing = detector.PixelSpacing
    for keyword in ("PixelSpacing", "SliceThickness"):
        del detector[keyword]
    change(detector, detector_changes or {})
    dataset.DetectorInformationSequence = [detector]
    normal = np.cross(affine[:3, 2], affine[:3, 1])
    step = float(np.linalg.norm(affine[:3, 0])) * np.sign(float(affine[:3, 0] @ normal))
    dataset.SpacingBetweenSlices = decimals([step])[0]
    dataset.SliceVector = list(range(1, len(stored) + 1))
    dataset.RadiopharmaceuticalInformationSequence = radiopharmaceutical(
        "^99m^Technetium", 21624.0, 150.0
    )
    rotation = Dataset()
    rotation.ActualFrameDuration, rotation.NumberOfFramesInRotation = 20000, 60
    dataset.RotationInformationSequence = [rotation]
    put_pixels(dataset, stored)
    change(dataset, changes or {})
    return save(dataset, path)


def write_enhanced_ct(
    path: Path,
    stored: NDArray[np.integer[Any]],
    affine: NDArray[np.float64],
    order: Sequence[int] | None = None,
) -> Path:
    """Write an enhanced CT: all slices in one file, each with its own place."""
    dataset = base(EnhancedCTImageStorage, "CT")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    shared, measures, orientation, mapping = Dataset(), Dataset(), Dataset(), Dataset()
    plane = Dataset()
    put_plane(plane, affine)
    measures.PixelSpacing, measures.SliceThickness = plane.PixelSpacing, plane.SliceThickness
    orientation.ImageOrientationPatient = plane.ImageOrientationPatient
    mapping.RescaleSlope, mapping.RescaleIntercept, mapping.RescaleType = "2", "-1000", "HU"
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [orientation]
    shared.PixelValueTransformationSequence = [mapping]
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for k in order if order is not None else range(len(stored)):
        put_plane(plane, affine, k)
        group, position = Dataset(), Dataset()
        position.ImagePositionPatient = plane.ImagePositionPatient
        group.PlanePositionSequence = [position]
        frames.append(group)
    dataset.PerFrameFunctionalGroupsSequence = frames
    put_pixels(dataset, stored if order is None else stored[list(order)])
    return save(dataset, path)


def write_rtstruct(
    path: Path,
    contours: Mapping[str, Sequence[ArrayLike]],
    *,
    frame: str = FRAME,
    kind: str = "CLOSED_PLANAR",
    changes: Change | None = None,
) -> Path:
    """Write a structure set; each contour is (n, 3) in LPS millimetres."""
    dataset = base(RTStructureSetStorage, "RTSTRUCT")
    del dataset.FrameOfReferenceUID
    dataset.StructureSetLabel = "test"
    referenced = Dataset()
    referenced.FrameOfReferenceUID = frame
    dataset.ReferencedFrameOfReferenceSequence = [referenced]
    rois, drawn = [], []
    for number, (name, polygons) in enumerate(contours.items(), start=1):
        roi, lines = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ROIGenerationAlgorithm = number, name, "MANUAL"
        roi.ReferencedFrameOfReferenceUID = frame
        lines.ReferencedROINumber = number
        lines.ContourSequence = []
        for polygon in polygons:
            contour = Dataset()
            points = np.asarray(polygon, np.float64)
            contour.ContourGeometricType = kind
            contour.NumberOfContourPoints = len(points)
            contour.ContourData = decimals(points)
            lines.ContourSequence.append(contour)
        rois.append(roi)
        drawn.append(lines)
    dataset.StructureSetROISequence, dataset.ROIContourSequence = rois, drawn
    change(dataset, changes or {})
    return save(dataset, path)
