"""Image and segmentation files of any format, with the digest of what was read."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from opensirt.domain.image import Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadSegment, ReadVolume
from opensirt.errors import GeometryError, InputError
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


def read_image_file(
    path: Path, *, series: str | None = None, zone: tzinfo | None = None
) -> ReadVolume:
    """Return one volume: a DICOM series of a folder or file, or any other image file.

    Parameters
    ----------
    path
        File or folder.
    series
        Which series of a DICOM folder; may be left out when there is one image series only.
    zone
        Of the site, for DICOM files that state no time zone.

    Raises
    ------
    InputError
        When there is nothing there, or it cannot be read.
    """
    require_there(path)
    if is_dicom_path(path):
        from opensirt.dicom.series import read_series

        return read_series(path, series, zone=zone)
    if series is not None:
        raise InputError(f"{path.name} is no DICOM series; leave out series")
    from opensirt.files.volume import read_volume

    return read_volume(path)


def geometry_of(image: Image3D, source: str) -> ReadVolume:
    """Return an image as contours see it: where its voxels lie."""
    return ReadVolume(
        values=image.values,
        affine=image.grid.affine,
        source=source,
        frame_of_reference_uid=image.grid.frame_of_reference_uid,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class SegmentFile:
    """The segments that were asked for, and the names of all that the file holds."""

    segments: tuple[ReadSegment, ...]
    names: tuple[str, ...]


def read_segment_file(
    path: Path,
    *,
    drawn_on: Sequence[ReadVolume] = (),
    names: Mapping[int, str] | None = None,
    wanted: Callable[[str], bool] = lambda _: True,
) -> SegmentFile:
    """Return the segments of a DICOM SEG or RTSTRUCT, a `.seg.nrrd` or a label map.

    Parameters
    ----------
    path
        The file, or a folder with one DICOM SEG or RTSTRUCT.
    drawn_on
        Images that contours without voxels of their own (RTSTRUCT) may have been drawn on: the
        first in their frame of reference on whose slices they all lie is taken.
    names
        Label value → name, for label maps.
    wanted
        Whether a segment is to be read, by its name.

    Raises
    ------
    InputError
        When there is nothing there, or it cannot be read.
    """
    require_there(path)
    if is_dicom_path(path):
        return _dicom_segments(path, drawn_on, wanted)
    from opensirt.files.segmentation import read_segments

    every = read_segments(path, names=names)
    return SegmentFile(
        segments=tuple(one for one in every if wanted(one.name)),
        names=tuple(one.name for one in every),
    )


def _dicom_segments(
    path: Path, drawn_on: Sequence[ReadVolume], wanted: Callable[[str], bool]
) -> SegmentFile:
    from opensirt.dicom.series import list_series
    from opensirt.dicom.structures import read_dicom_segments

    found = [one for one in list_series(path) if one.modality in ("SEG", "RTSTRUCT")]
    files = [(one, file) for one in found for file in one.paths]
    if len(files) != 1:
        raise InputError(
            f"{path.name} holds {len(files)} DICOM files with structures (SEG, RTSTRUCT); wanted "
            "one: name the file"
        )
    about, file = files[0]
    frame = about.frame_of_reference_uid
    same = [one for one in drawn_on if frame in (one.frame_of_reference_uid, Missing.NOT_RECORDED)]
    references = [*same, *drawn_on[: 0 if same else 1]] if about.modality == "RTSTRUCT" else []
    refusals = []
    for reference in references:
        try:
            segments = read_dicom_segments(file, reference, wanted=wanted)
        except GeometryError as error:
            refusals.append(error)
            continue
        return SegmentFile(segments=segments, names=about.labels)
    if refusals:
        raise refusals[0]
    return SegmentFile(segments=read_dicom_segments(file, wanted=wanted), names=about.labels)


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
    # A NIfTI pair names its data file nowhere.
    pair = [path.with_suffix(".img")] if path.suffix.lower() == ".hdr" else []
    names = {match.decode("utf-8", "replace") for match in _DATA_FILE.findall(head)}
    beside = [path.parent / name for name in sorted(names) if "\0" not in name]
    return [one for one in (*beside, *pair) if one.is_file() and one != path]
