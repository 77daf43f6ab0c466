"""A dose map in the format that its file name asks for."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from opensirt.domain.image import Image3D
from opensirt.errors import UnknownNameError


def _nifti(path: Path, dose: Image3D) -> None:
    from opensirt.files.write import write_nifti

    write_nifti(path, dose)


def _nrrd(path: Path, dose: Image3D) -> None:
    from opensirt.files.write import write_nrrd

    write_nrrd(path, dose)


WRITERS: Mapping[str, Callable[[Path, Image3D], None]] = MappingProxyType(
    {".nii.gz": _nifti, ".nii": _nifti, ".nrrd": _nrrd}
)
"""Suffix → writer. DICOM doses belong to a case: `run` writes them."""


def _writer(path: Path) -> Callable[[Path, Image3D], None]:
    for suffix, writer in WRITERS.items():
        if path.name.lower().endswith(suffix):
            return writer
    raise UnknownNameError("format of a dose file", path.name, WRITERS)


def require_dose_name(path: Path) -> None:
    """Raise `UnknownNameError` unless a dose can be written under this name."""
    _writer(path)


def write_dose(path: Path, dose: Image3D) -> None:
    """Write a dose map in Gy, or an image on its grid, whole or not at all.

    Raises
    ------
    UnknownNameError
        When the suffix is that of no format.
    """
    _writer(path)(path, dose)
