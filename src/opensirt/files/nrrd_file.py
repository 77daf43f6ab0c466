"""NRRD in: plain volumes, and the raw layers that `.seg.nrrd` is made of."""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.reading import ReadVolume
from opensirt.errors import InputError, MissingInputError
from opensirt.files.refusal import EXPORT_AGAIN, refusal, unreadable

_DAMAGE = (
    OSError,
    EOFError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    TypeError,
    ValueError,
    zlib.error,
)
"""What pynrrd raises on damaged or truncated files."""

_TO_LPS = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}


def read_nrrd(path: Path) -> ReadVolume:
    """Read a three-dimensional NRRD image (.nrrd, .nhdr) as LPS millimetres.

    Raises
    ------
    MissingInputError
        When the header has no space, no space directions or no origin.
    InputError
        When the file is damaged, has other than three axes, or an unknown space or unit.
    """
    values, header = load_nrrd(path)
    if values.ndim != 3:  # noqa: PLR2004 - three axes
        raise refusal(
            path,
            f"the image has {values.ndim} axes ({'×'.join(map(str, values.shape))})",
            wanted="one three-dimensional image",
            remedy="split or stack it into one volume per file, or read it as a segmentation",
        )
    affine = nrrd_affine(path, header, spatial_axes=(0, 1, 2))
    return ReadVolume(values=np.ascontiguousarray(values.T), affine=affine, source=path.name)


def load_nrrd(path: Path) -> tuple[NDArray[Any], Mapping[str, Any]]:
    """Return values (i, j, k) or (…, i, j, k) in file order, fastest axis first, and the header.

    Raises
    ------
    InputError
        When the file, or the data file that its header names, is damaged or absent.
    """
    import nrrd

    try:
        with path.open("rb") as stream:
            header = nrrd.read_header(stream)
            detached = header.pop("data file", header.pop("datafile", None))
            if detached is None:
                values = nrrd.read_data(header, stream)
            else:
                # Opened here, so that it is closed whatever the library makes of it.
                with _data_file(path, str(detached)).open("rb") as data:
                    values = nrrd.read_data(header, data)
    except (nrrd.NRRDError, *_DAMAGE) as error:
        if isinstance(error, InputError):
            raise
        raise unreadable(path, "NRRD", error) from error
    return values.astype(values.dtype.newbyteorder("="), copy=False), header


def _data_file(path: Path, name: str) -> Path:
    if name.split(maxsplit=1)[:1] == ["LIST"] or "%" in name:
        raise refusal(
            path,
            "the voxels are spread over several data files",
            wanted="one data file",
            remedy="save the volume as one .nrrd file",
        )
    data_path = path.parent / name
    if not name.strip() or not data_path.is_file():
        raise refusal(
            path,
            f"its data file {data_path.name if name.strip() else '(none named)'} is not there",
            wanted="header and data file side by side",
            remedy="copy both, or save the volume as one .nrrd file",
        )
    return data_path


def nrrd_affine(
    path: Path, header: Mapping[str, Any], *, spatial_axes: tuple[int, int, int]
) -> NDArray[np.float64]:
    """Return (k, j, i, 1) → LPS mm from the header; `spatial_axes` are the file's i, j, k axes.

    Raises
    ------
    MissingInputError
        When the header has no space, no space directions or no origin.
    InputError
        When the space or its unit is not one that is known here.
    """
    facts: dict[str, Any] = {
        "space": header.get("space"),
        "space directions": header.get("space directions"),
        "space origin": header.get("space origin"),
    }
    for fact, value in facts.items():
        if value is None:
            raise MissingInputError(
                f"affine (the header has no {fact!r})",
                where=path.name,
                remedy="export it again with its orientation; nothing is assumed",
            )
    signs = _TO_LPS.get(str(facts["space"]).strip().lower())
    if signs is None:
        raise refusal(
            path,
            f"the space is {facts['space']!r}",
            wanted="left-posterior-superior, right-anterior-superior or left-anterior-superior",
            remedy="export it in one of these",
        )
    units = [str(unit).strip().lower() for unit in header.get("space units", ())]
    if any(unit not in ("mm", "") for unit in units):
        raise refusal(
            path, f"lengths in {'/'.join(units)}", wanted="mm", remedy="convert the file to mm"
        )
    if len(facts["space directions"]) <= max(spatial_axes) or np.shape(facts["space origin"]) != (
        3,
    ):
        raise refusal(
            path,
            f"{len(facts['space directions'])} space directions and an origin of "
            f"{np.size(facts['space origin'])} numbers",
            wanted="a direction for each axis, and an origin of three numbers",
            remedy=EXPORT_AGAIN,
        )
    rows = [np.asarray(facts["space directions"][axis], np.float64) for axis in spatial_axes]
    affine = np.eye(4)
    for column, row in enumerate(reversed(rows)):
        if row.shape != (3,) or not np.isfinite(row).all():
            raise MissingInputError(
                "direction of an image axis",
                where=path.name,
                remedy="export it again with its orientation; nothing is assumed",
            )
        affine[:3, column] = row * signs
    affine[:3, 3] = np.asarray(facts["space origin"], np.float64) * signs
    return affine
