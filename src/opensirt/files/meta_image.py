"""MetaImage (MHA, MHD with RAW) in."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.reading import ReadVolume
from opensirt.errors import MissingInputError
from opensirt.files.refusal import refusal, unreadable

_HEADER_BYTES = 1 << 16
_ELEMENT_BYTES = {
    "MET_CHAR": 1,
    "MET_UCHAR": 1,
    "MET_SHORT": 2,
    "MET_USHORT": 2,
    "MET_INT": 4,
    "MET_UINT": 4,
    "MET_FLOAT": 4,
    "MET_DOUBLE": 8,
}
_NEEDED = {
    "direction (TransformMatrix)": ("transformmatrix", "rotation", "orientation"),
    "origin (Offset)": ("offset", "position", "origin"),
    "voxel spacing (ElementSpacing)": ("elementspacing", "elementsize"),
}


def read_meta_image(path: Path) -> ReadVolume:
    """Read a three-dimensional MetaImage; the format is in LPS millimetres by definition.

    Raises
    ------
    MissingInputError
        When the header lacks direction, origin or spacing (the library would make them up).
    InputError
        When the file or its data file is damaged or absent, is not three-dimensional, or holds
        more than one number for each voxel.
    """
    import SimpleITK

    header = _header(path)
    for fact, keys in _NEEDED.items():
        if not any(key in header for key in keys):
            raise MissingInputError(
                fact,
                where=path.name,
                remedy="export it again with its orientation; nothing is assumed",
            )
    data_name = header.get("elementdatafile", "")
    if data_name.upper() not in ("LOCAL", "") and not (path.parent / data_name).is_file():
        raise refusal(
            path,
            f"its data file {Path(data_name).name} is not there (or it is a list of files)",
            wanted="header and one data file side by side",
            remedy="copy both, or save the volume as one .mha file",
        )
    if data_name.upper() not in ("LOCAL", ""):
        _require_size(path, header, path.parent / data_name)
    try:
        reader = SimpleITK.ImageFileReader()
        reader.SetImageIO("MetaImageIO")
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        n_axes, n_components = reader.GetDimension(), reader.GetNumberOfComponents()
        if n_axes != 3:  # noqa: PLR2004 - three axes
            raise refusal(
                path,
                f"the image has {n_axes} axes",
                wanted="one three-dimensional image",
                remedy="split or stack it into one volume per file",
            )
        image = reader.Execute()
    except RuntimeError as error:
        raise unreadable(path, "MetaImage", error) from error
    values = SimpleITK.GetArrayFromImage(image)
    if n_components != 1 or np.iscomplexobj(values):
        raise refusal(
            path,
            f"each voxel holds {max(n_components, 2)} numbers (colour, vector or complex)",
            wanted="one real number for each voxel",
            remedy="export one component as plain grey values",
        )
    return ReadVolume(
        values=values, affine=affine_of_itk(image), source=path.name, modality=_modality(header)
    )


def _require_size(path: Path, header: Mapping[str, str], data_path: Path) -> None:
    """Refuse a data file of another length than the header says: it is that of another image."""
    n_bytes = _ELEMENT_BYTES.get(header.get("elementtype", ""))
    packed = header.get("compresseddata", "false").lower() == "true"
    counts = [*header.get("dimsize", "").split(), header.get("elementnumberofchannels", "1")]
    if n_bytes is None or packed or header.get("headersize", "0") != "0":
        return
    if not all(count.isdecimal() for count in counts):
        return  # the library says what is wrong with them
    wanted = n_bytes * math.prod(int(count) for count in counts)
    found = data_path.stat().st_size
    if found != wanted:
        raise refusal(
            path,
            f"its data file {data_path.name} has {found} bytes",
            wanted=f"{wanted} bytes ({'×'.join(counts[:-1])} voxels of {n_bytes} bytes)",
            remedy="the data are truncated or damaged, or those of another image; copy both again",
        )


def affine_of_itk(image: object) -> NDArray[np.float64]:
    """Return (k, j, i, 1) → LPS mm of a three-dimensional SimpleITK image."""
    directions = np.array(image.GetDirection(), np.float64).reshape(3, 3)  # type: ignore[attr-defined]  # SimpleITK has no types
    spacing = np.array(image.GetSpacing(), np.float64)  # type: ignore[attr-defined]  # as above
    affine = np.eye(4)
    affine[:3, :3] = (directions * spacing)[:, ::-1]
    affine[:3, 3] = image.GetOrigin()  # type: ignore[attr-defined]  # as above
    return affine


def _header(path: Path) -> dict[str, str]:
    with path.open("rb") as stream:
        head = stream.read(_HEADER_BYTES).decode("latin-1")
    header: dict[str, str] = {}
    for line in head.splitlines():
        key, separator, value = line.partition("=")
        if not separator:
            continue
        header[key.strip().lower()] = value.strip()
        if key.strip().lower() == "elementdatafile":
            break  # what follows is data
    return header


def _modality(header: dict[str, str]) -> str:
    known = {"MET_MOD_CT": "CT", "MET_MOD_MR": "MR", "MET_MOD_NM": "NM", "MET_MOD_PET": "PT"}
    return known.get(header.get("modality", ""), "")
