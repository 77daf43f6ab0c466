"""Interfile 3.3 in. No maintained library reads it, and the header is a list of keys."""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.missing import Missing
from opensirt.domain.nuclide_name import canonical_nuclide
from opensirt.domain.reading import ReadVolume
from opensirt.errors import MissingInputError
from opensirt.files.refusal import EXPORT_AGAIN, refusal

_PIXELS_AT_MOST = 2.0
"""A slice thickness labelled "(pixels)" above this is millimetres under the wrong label."""

_MODALITIES = {"nucmed": "NM", "nm": "NM", "pt": "PT", "pet": "PT", "ct": "CT"}
_KINDS = {
    "unsigned integer": "u",
    "signed integer": "i",
    "short float": "f",
    "long float": "f",
    "float": "f",
}
_ONE_ONLY = (
    "number of energy windows",
    "number of time frames",
    "number of time windows",
    "number of frame groups",
    "number of detector heads",
    "number of image data types",
)
_SCALES = ("quantification units", "image scale factor", "rescale slope", "global scale factor")
_HEADER_BYTES = 1 << 16


class _Header(Mapping[str, str]):
    """Keys without "!", case and repeated spaces; a typed getter says what is wrong."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path = path
        self._values: dict[str, str] = {}
        for line in lines:
            key, separator, value = line.partition(":=")
            if separator:
                plain = re.sub(r"[\s_!]+", " ", key).strip().lower()
                self._values[re.sub(r"\s*(\[\d+\])", r" \1", plain)] = value.split(";")[0].strip()

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def number(self, *keys: str) -> float | None:
        """Return the number under the first of the keys that has one."""
        for key in keys:
            text = self.get(key, "")
            if not text:
                continue
            try:
                value = float(text)
            except ValueError:
                value = math.nan
            if not math.isfinite(value):
                raise refusal(
                    self.path, f"{key} := {text}", wanted="a number", remedy="correct the header"
                )
            return value
        return None

    def required(self, *keys: str) -> float:
        """Return the number under the first of the keys that has one, or refuse."""
        value = self.number(*keys)
        if value is None:
            raise MissingInputError(
                " or ".join(repr(key) for key in keys),
                where=self.path.name,
                remedy="add it to the header, or export the image in another format",
            )
        return value

    def required_count(self, *keys: str) -> int:
        """Return a whole number above zero, or refuse."""
        value = self.required(*keys)
        if value != int(value) or value < 1:
            raise refusal(
                self.path,
                f"{keys[0]} := {value:g}",
                wanted="a whole number above zero",
                remedy="correct the header",
            )
        return int(value)


def read_interfile(path: Path) -> ReadVolume:
    """Read a transverse Interfile volume (.h33, .hdr, .hs, .hv with its data file).

    The format carries neither an origin nor the direction in which slices and rows were stored.
    Voxels are laid out along +x (left), +y (back) and +z (head) from (0, 0, 0), and a note says
    that this is not in the file: volumes hold, but the image lies in no known place and may be
    mirrored.

    Raises
    ------
    MissingInputError
        When matrix size, pixel size, slice spacing, number format or data file is not stated.
    InputError
        When the data are truncated, are not one transverse volume, or carry a scale factor
        whose meaning Interfile leaves open.
    """
    with path.open("rb") as stream:
        header = _Header(path, stream.read(_HEADER_BYTES).decode("latin-1").splitlines())
    _require_one_volume(header)
    columns = header.required_count("matrix size [1]")
    rows = header.required_count("matrix size [2]")
    slices = header.required_count("matrix size [3]", "number of slices", "total number of images")
    total = header.number("total number of images")
    if total is not None and total != slices:
        raise refusal(
            path,
            f"{slices} slices but {total:g} images in total",
            wanted="one volume in one file",
            remedy="split the file into one volume each",
        )
    spacing_mm, notes = _spacing_mm(header)
    values = _values(header, (slices, rows, columns))
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    for column, axis in enumerate((2, 1, 0)):
        affine[axis, column] = spacing_mm[column]
    notes.append(
        "Interfile stores no origin and no direction of rows and slices: voxels were laid out "
        "from (0, 0, 0) towards left, back and head; the image may be mirrored and matches no "
        "other image until its orientation is checked"
    )
    nuclide = canonical_nuclide(header.get("isotope name", header.get("isotope name [1]", "")))
    modality = header.get("exam type", "").lower(), header.get("imaging modality", "").lower()
    return ReadVolume(
        values=values,
        affine=affine,
        source=path.name,
        modality=next((_MODALITIES[one] for one in modality if one in _MODALITIES), ""),
        radionuclide=nuclide or Missing.NOT_RECORDED,
        notes=tuple(notes),
    )


def _require_one_volume(header: _Header) -> None:
    for key in _ONE_ONLY:
        if (header.number(key) or 1) > 1:
            raise refusal(
                header.path,
                f"{key} := {header[key]}",
                wanted="one volume",
                remedy="split the file into one volume each",
            )
    orientation = header.get("slice orientation", "transverse").lower()
    if orientation not in ("transverse", "transaxial", ""):
        raise refusal(
            header.path,
            f"slice orientation := {orientation}",
            wanted="transverse slices",
            remedy="reformat the image to transverse slices",
        )
    for key in header:
        scale = key.split(" [")[0]
        if scale in _SCALES and header.number(key) not in (None, 1.0):
            raise refusal(
                header.path,
                f"{key} := {header[key]}, a scale that Interfile does not define",
                wanted="voxels that need no further scale (1)",
                remedy="multiply the voxels by it and set the key to 1",
            )


def _spacing_mm(header: _Header) -> tuple[tuple[float, float, float], list[str]]:
    x_mm = header.required("scaling factor (mm/pixel) [1]")
    y_mm = header.required("scaling factor (mm/pixel) [2]")
    notes: list[str] = []
    z_mm = header.number("scaling factor (mm/pixel) [3]")
    if z_mm is None:
        key = "centre-centre slice separation (pixels)"
        pixels = header.number(key)
        if pixels is None:
            key = "slice thickness (pixels)"
            pixels = header.required("scaling factor (mm/pixel) [3]", key)
        if pixels > _PIXELS_AT_MOST:
            z_mm = pixels
            notes.append(
                f"{key!r} is {pixels:g}: as pixels it would be {pixels * x_mm:.1f} mm, so it was "
                f"taken as {pixels:g} mm under the wrong label; check the slice spacing"
            )
        else:
            z_mm = pixels * (x_mm + y_mm) / 2
            notes.append(
                f"{key!r} is {pixels:g}: taken as {z_mm:.3g} mm (pixels × pixel size), as "
                "Interfile defines it; check the slice spacing"
            )
    if min(x_mm, y_mm, z_mm) <= 0:
        raise refusal(
            header.path,
            f"a voxel of {x_mm:g}×{y_mm:g}×{z_mm:g} mm",
            wanted="sizes above zero",
            remedy="correct the header",
        )
    return (z_mm, y_mm, x_mm), notes


def _values(header: _Header, shape: tuple[int, int, int]) -> NDArray[np.generic]:
    path = header.path
    kind = _KINDS.get(header.get("number format", "").lower())
    n_bytes = header.required_count("number of bytes per pixel")
    if kind is None or n_bytes not in (1, 2, 4, 8) or (kind == "f" and n_bytes < 4):  # noqa: PLR2004 - no half floats
        raise refusal(
            path,
            f"number format {header.get('number format', '')!r} of {n_bytes} bytes",
            wanted=f"one of {', '.join(_KINDS)} of 1, 2, 4 or 8 bytes",
            remedy=EXPORT_AGAIN,
        )
    order = header.get("imagedata byte order", "").replace(" ", "").lower()
    if n_bytes > 1 and order not in ("littleendian", "bigendian"):
        raise MissingInputError(
            "'imagedata byte order' (LITTLEENDIAN or BIGENDIAN)",
            where=path.name,
            remedy="add it to the header",
        )
    dtype = np.dtype(f"{'<' if order == 'littleendian' else '>'}{kind}{n_bytes}")
    name = header.get("name of data file", "")
    data_path = path.parent / name
    if not name or not data_path.is_file():
        raise refusal(
            path,
            f"its data file {Path(name).name or '(none named)'} is not there",
            wanted="header and data file side by side",
            remedy="copy both files",
        )
    blocks = header.number("data starting block")
    offset = int(header.number("data offset in bytes") or (blocks or 0) * 2048)
    wanted = offset + math.prod(shape) * dtype.itemsize
    size = data_path.stat().st_size
    if size != wanted:
        raise refusal(
            path,
            f"its data file {data_path.name} has {size} bytes",
            wanted=f"{wanted} bytes ({'×'.join(map(str, shape))} voxels of {n_bytes} bytes)",
            remedy="the data are truncated or the header is that of another image; "
            f"{EXPORT_AGAIN} or correct the header",
        )
    values = np.fromfile(data_path, dtype, offset=offset).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)
