"""Image and segmentation files of any format, with the digest of what was read."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from opensirt.domain.reading import ReadSegment, ReadVolume
from opensirt.errors import InputError
from opensirt.provenance import sha256_of_file

_DATA_FILE = re.compile(
    rb"^\s*!?(?:ElementDataFile|data ?file|name of data file)\s*:?=?\s*(.+?)\s*$",
    re.IGNORECASE | re.MULTILINE,
)
"""How headers of MetaImage, NRRD and Interfile name the file that holds their voxels."""

_HEADER_BYTES = 1 << 16


def require_there(path: Path) -> None:
    """Raise `InputError` when there is nothing at `path`."""
    if not path.exists():
        raise InputError(
            f"there is no {path.name}; wanted an image file or a DICOM folder; check the path"
        )


def is_dicom_path(path: Path) -> bool:
    """Whether a path is a folder (read as DICOM) or a DICOM file."""
    from opensirt.files.file_format import FileFormat, file_format

    return path.is_dir() or file_format(path) is FileFormat.DICOM


def read_image_file(path: Path, *, series: str | None = None) -> ReadVolume:
    """Return one volume: a DICOM series of a folder or file, or any other image file.

    Raises
    ------
    InputError
        When there is nothing there, or it cannot be read.
    """
    require_there(path)
    if is_dicom_path(path):
        from opensirt.dicom.series import read_series

        return read_series(path, series)
    if series is not None:
        raise InputError(f"{path.name} is no DICOM series; leave out series")
    from opensirt.files.volume import read_volume

    return read_volume(path)


def read_segment_file(
    path: Path, *, reference: ReadVolume | None = None, names: Mapping[int, str] | None = None
) -> tuple[ReadSegment, ...]:
    """Return the segments of a DICOM SEG or RTSTRUCT, a `.seg.nrrd` or a label map.

    Parameters
    ----------
    path
        The file.
    reference
        The image that contours without voxels of their own (RTSTRUCT) are drawn on.
    names
        Label value → name, for label maps.

    Raises
    ------
    InputError
        When there is nothing there, or it cannot be read.
    """
    require_there(path)
    if is_dicom_path(path):
        from opensirt.dicom.structures import read_dicom_segments

        return read_dicom_segments(path, reference)
    from opensirt.files.segmentation import read_segments

    return read_segments(path, names=names)


def sha256_of_path(path: Path) -> str:
    """Return the sha256 of a file, with the data file that it names, or of a folder's files.

    Several files have the sha256 of their sorted digests, one a line.
    """
    if path.is_dir():
        files = [one for one in path.rglob("*") if one.is_file()]
    else:
        files = [path, *_data_files(path)]
    digests = sorted(sha256_of_file(one) for one in files)
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _data_files(path: Path) -> list[Path]:
    with path.open("rb") as stream:
        head = stream.read(_HEADER_BYTES).split(b"\n\n")[0]
    names = {match.decode("utf-8", "replace") for match in _DATA_FILE.findall(head)}
    beside = [path.parent / name for name in sorted(names) if "\0" not in name]
    return [one for one in beside if one.is_file() and one != path]
