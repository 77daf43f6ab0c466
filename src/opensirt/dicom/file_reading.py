"""Bytes to datasets and pixels, with one kind of error for everything that is wrong with them."""

import struct
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.pixels.utils import pixel_array
from pydicom.uid import MediaStorageDirectoryStorage

from opensirt.dicom.getters import optional_int, optional_text, quiet, required_int, where
from opensirt.domain.missing import Missing
from opensirt.errors import InputError

_MAGIC_AT = 128
_BARE_START = b"\x08\x00"
"""Group 0008, little endian: how a dataset without the file header begins."""

_SUFFIXES = (".dcm", ".ima", ".dicom")
"""Files so named that are not DICOM are damaged, not something else."""

DAMAGE = (
    AttributeError,
    BytesLengthException,
    EOFError,
    IndexError,
    InvalidDicomError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
"""What pydicom and its decoders raise on damaged, truncated or unsupported content."""


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM does, with or without the 128-byte preamble."""
    head = _head(path)
    return _has_preamble(head) or _looks_bare(head)


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_MAGIC_AT + 4)


def _has_preamble(head: bytes) -> bool:
    return head[_MAGIC_AT:] == b"DICM"


def _looks_bare(head: bytes) -> bool:
    """Whether a dataset begins without preamble: group 0008, an element below 0x0100."""
    return head[:2] == _BARE_START and len(head) > _MAGIC_AT and head[3:4] == b"\0"


def read_header(path: Path) -> Dataset | None:
    """Return everything but the pixels of a DICOM file; None for files that are not DICOM.

    DICOMDIR is an index of other files and counts as none.

    Raises
    ------
    InputError
        When the file is DICOM by its beginning or its suffix, but is damaged or cannot be opened.
    """
    try:
        head = _head(path)
        if not (_has_preamble(head) or _looks_bare(head)):
            if path.suffix.lower() in _SUFFIXES:
                raise _damaged(path, "not DICOM inside")
            return None
        with quiet():
            dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            media = getattr(dataset, "file_meta", Dataset()).get("MediaStorageSOPClassUID")
    except DAMAGE as error:
        if isinstance(error, InputError):
            raise
        raise _damaged(path, type(error).__name__) from error
    if media == MediaStorageDirectoryStorage or path.name.upper() == "DICOMDIR":
        return None
    if any(keyword in dataset for keyword in ("SOPClassUID", "Modality")):
        return dataset
    if _has_preamble(head):
        raise _damaged(path, "it ends before it says what it is")
    return None


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(
        f"{path.name}: the DICOM file is truncated or damaged ({reason}); wanted a whole file; "
        "copy or export it again"
    )


def read_whole(path: Path) -> Dataset:
    """Return a DICOM file with everything in it.

    Raises
    ------
    InputError
        When there is no such file, or it is not DICOM or is damaged.
    """
    if not path.is_file():
        raise InputError(f"{path.name}: there is no such file; wanted a DICOM file; check the path")
    if read_header(path) is None:
        raise InputError(f"{path.name}: this is not a DICOM file; wanted one; check the path")
    try:
        with quiet():
            dataset = pydicom.dcmread(path, force=True)
    except DAMAGE as error:
        raise _damaged(path, type(error).__name__) from error
    return dataset


def require_grey(dataset: Dataset) -> None:
    """Raise `InputError` unless the pixels are one grey value each, without a lookup table."""
    samples = optional_int(dataset, "SamplesPerPixel")
    meaning = optional_text(dataset, "PhotometricInterpretation")
    grey = meaning in ("MONOCHROME1", "MONOCHROME2", Missing.NOT_RECORDED)
    if not grey or samples not in (1, Missing.NOT_RECORDED):
        raise InputError(
            f"{where(dataset)}: the pixels are {meaning} with {samples} samples; wanted one grey "
            "value for each pixel; export the measured image, not a picture of it"
        )
    if dataset.get("ModalityLUTSequence"):
        raise InputError(
            f"{where(dataset)}: the pixels need a lookup table (Modality LUT); wanted a rescale "
            "slope and intercept; export it with those"
        )


def frames(path: Path) -> NDArray[np.generic]:
    """Return the stored values of a file as (frame, row, column).

    Raises
    ------
    InputError
        When there are no pixels, they are truncated, or no decoder knows their compression.
    """
    dataset = read_whole(path)
    require_grey(dataset)
    rows, columns = required_int(dataset, "Rows"), required_int(dataset, "Columns")
    syntax = getattr(dataset.file_meta.get("TransferSyntaxUID"), "name", "unknown")
    try:
        with quiet():
            if "TransferSyntaxUID" not in dataset.file_meta:
                dataset.file_meta.TransferSyntaxUID = _bare_syntax(dataset)
                syntax = dataset.file_meta.TransferSyntaxUID.name
            values = pixel_array(dataset, raw=True)
    except DAMAGE as error:
        raise InputError(
            f"{path.name}: the pixels cannot be decoded ({type(error).__name__}, transfer syntax "
            f"{syntax}); wanted whole pixel data; copy the file again, or export it uncompressed"
        ) from error
    return _stored_bits(dataset, values).reshape(-1, rows, columns)


def _stored_bits(dataset: Dataset, values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the values without what old scanners kept in the unused high bits (overlays)."""
    stored, allocated = optional_int(dataset, "BitsStored"), values.dtype.itemsize * 8
    highest = optional_int(dataset, "HighBit")
    if isinstance(stored, int) and isinstance(highest, int) and highest != stored - 1:
        raise InputError(
            f"{where(dataset)}: HighBit is {highest} for {stored} BitsStored: the values do not "
            f"begin at the lowest bit, and are not read here; wanted HighBit {stored - 1}; export "
            "the series again"
        )
    if values.dtype.kind not in "iu" or isinstance(stored, Missing) or stored >= allocated:
        return values
    spare = values.dtype.type(allocated - stored)
    shifted: NDArray[np.generic] = np.right_shift(np.left_shift(values, spare), spare)
    return shifted


def _bare_syntax(dataset: Dataset) -> pydicom.uid.UID:
    implicit, little = dataset.original_encoding
    if not little:
        return pydicom.uid.ExplicitVRBigEndian
    return pydicom.uid.ImplicitVRLittleEndian if implicit else pydicom.uid.ExplicitVRLittleEndian
