"""Which format a file has, by its content first and its name second."""

import gzip
import zlib
from enum import Enum
from pathlib import Path

from opensirt.errors import InputError
from opensirt.files.refusal import EXPORT_AGAIN, refusal, unreadable

_HEAD_BYTES = 1024
_NIFTI_MAGIC = (b"n+1\0", b"ni1\0", b"n+2\0", b"ni2\0")
_NIFTI_1_SIZE, _NIFTI_2_SIZE = 348, 540
_DICOM_MAGIC_AT = 128


class FileFormat(Enum):
    """The formats told apart; only the first four hold an image that is read here."""

    NIFTI = "NIfTI"
    NRRD = "NRRD"
    META_IMAGE = "MetaImage (MHA/MHD)"
    INTERFILE = "Interfile"
    ANALYZE = "Analyze 7.5"
    DICOM = "DICOM"


def file_format(path: Path) -> FileFormat | None:
    """Return the format of a file, or None when it is none of those known here.

    Raises
    ------
    InputError
        When there is no such file, it is a folder, it is empty, or its gzip layer is damaged.
    """
    head = _head(path)
    size = int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big")
    found: FileFormat | None = None
    if head[_DICOM_MAGIC_AT : _DICOM_MAGIC_AT + 4] == b"DICM":
        found = FileFormat.DICOM
    elif head.startswith(b"NRRD"):
        found = FileFormat.NRRD
    elif _NIFTI_2_SIZE in size and head[4:8] in _NIFTI_MAGIC:
        found = FileFormat.NIFTI
    elif _NIFTI_1_SIZE in size:
        found = FileFormat.NIFTI if head[344:348] in _NIFTI_MAGIC else FileFormat.ANALYZE
    else:
        text = head.decode("latin-1").lstrip("\ufeff \t\r\n").replace(" ", "").lower()
        if text.startswith(("!interfile", "interfile")):
            found = FileFormat.INTERFILE
        elif text.startswith(("objecttype=", "ndims=", "comment=")) and "ndims=" in text:
            found = FileFormat.META_IMAGE
    return found


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise refusal(
            path,
            "this is a folder",
            wanted="one image file",
            remedy="name the file, or read the folder as DICOM series",
        )
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path, "rb") as unpacked:
                head = unpacked.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise InputError(
            f"{path.name}: there is no such file; wanted an image file; check the path"
        ) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise unreadable(path, "gzip", error) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise refusal(
            path, f"it cannot be opened ({reason})", wanted="a readable file", remedy="check it"
        ) from error
    if not head:
        raise refusal(path, "the file is empty", wanted="an image file", remedy=EXPORT_AGAIN)
    return head
