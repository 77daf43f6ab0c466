"""NIfTI in."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.reading import ReadVolume
from opensirt.errors import GeometryError, MissingInputError
from opensirt.files.refusal import refusal, unreadable

_DAMAGE = (OSError, EOFError, ValueError, OverflowError, MemoryError, zlib.error)
"""What nibabel raises on damaged or truncated files."""

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

_CONTRADICTION_MM = 0.1
"""Corners that sform and qform put farther apart than this are two different places."""


def read_nifti(path: Path) -> ReadVolume:
    """Read a NIfTI image (.nii, .nii.gz, .hdr with .img) as LPS millimetres.

    Slope and intercept are applied. The header's unit of length must be millimetres; where it
    says "unknown", as many writers do, millimetres are taken and a note says so.

    Raises
    ------
    MissingInputError
        When neither sform nor qform is set: the file does not say where its voxels lie.
    GeometryError
        When sform and qform are both set and contradict each other.
    InputError
        When the file is damaged, not three-dimensional, holds colours or complex numbers, or
        is not in millimetres.
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError

    try:
        image = nibabel.load(path)
        shape = tuple(int(n) for n in image.shape)
        dtype = image.get_data_dtype()
    except (ImageFileError, HeaderDataError, *_DAMAGE) as error:
        raise unreadable(path, "NIfTI", error) from error
    _require_volume(path, shape, dtype)
    affine, notes = _affine(path, image.header, shape)
    try:
        values = np.asanyarray(image.dataobj)
    except _DAMAGE as error:
        raise unreadable(path, "NIfTI", error) from error
    if values.dtype.kind == "f" and dtype.kind != "f":
        values = values.astype(np.float32)  # a slope was applied; keep what an image can hold
    values = values.reshape(shape[:3]).astype(values.dtype.newbyteorder("="), copy=False)
    return ReadVolume(
        values=np.ascontiguousarray(values.T), affine=affine, source=path.name, notes=tuple(notes)
    )


def _require_volume(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    # Trailing axes of length one are how some writers store a plain volume.
    if len(shape) < 3 or any(n > 1 for n in shape[3:]):  # noqa: PLR2004 - three axes
        raise refusal(
            path,
            f"the image has {len(shape)} axes ({'×'.join(map(str, shape))})",
            wanted="one three-dimensional image",
            remedy="split or stack the image into one volume per file",
        )
    if dtype.kind not in "iufb":
        raise refusal(
            path,
            f"voxels of type {dtype} (colour or complex)",
            wanted="real numbers",
            remedy="export the image as plain grey values",
        )


def _affine(
    path: Path,
    header: Any,  # noqa: ANN401 - nibabel has no types
    shape: tuple[int, ...],
) -> tuple[NDArray[np.float64], list[str]]:
    notes: list[str] = []
    sform = np.asarray(header.get_sform(), np.float64) if int(header["sform_code"]) > 0 else None
    qform = None
    if int(header["qform_code"]) > 0:
        try:
            qform = np.asarray(header.get_qform(), np.float64)
        except ValueError:
            raise refusal(
                path,
                "the qform holds no rotation (its quaternion is longer than 1)",
                wanted="a place for each voxel",
                remedy="find out how the image lies, and export it again with its orientation",
            ) from None
    if sform is None and qform is None:
        raise MissingInputError(
            "affine (neither sform nor qform is set)",
            where=path.name,
            remedy="export it again with its orientation; nothing is assumed",
        )
    if sform is not None and qform is not None:
        corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(shape[:3]) - 1.0)
        gap = corners @ (sform - qform)[:3, :3].T + (sform - qform)[:3, 3]
        gap_mm = float(np.linalg.norm(gap, axis=1).max())
        if not gap_mm <= _CONTRADICTION_MM:
            raise GeometryError(
                f"{path.name}: sform and qform put a corner {gap_mm:.3g} mm apart; wanted one "
                "place for each voxel; find out which is right and export the file with it alone"
            )
    unit = str(header.get_xyzt_units()[0])
    if unit == "unknown":
        notes.append("the NIfTI header states no unit of length; millimetres were taken")
    elif unit != "mm":
        raise refusal(
            path, f"lengths in {unit}", wanted="millimetres", remedy="convert the file to mm"
        )
    ras = sform if sform is not None else qform
    assert ras is not None  # noqa: S101 - one of the two is set, see above
    lps = _RAS_TO_LPS @ ras
    return lps[:, [2, 1, 0, 3]], notes
