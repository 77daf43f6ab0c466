"""One door for image files that are not DICOM."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from opensirt.domain.reading import ReadVolume
from opensirt.files.file_format import FileFormat, file_format
from opensirt.files.interfile import read_interfile
from opensirt.files.meta_image import read_meta_image
from opensirt.files.nifti_file import read_nifti
from opensirt.files.nrrd_file import read_nrrd
from opensirt.files.refusal import refusal

READERS: Mapping[FileFormat, Callable[[Path], ReadVolume]] = MappingProxyType(
    {
        FileFormat.NIFTI: read_nifti,
        FileFormat.NRRD: read_nrrd,
        FileFormat.META_IMAGE: read_meta_image,
        FileFormat.INTERFILE: read_interfile,
    }
)


def read_volume(path: Path) -> ReadVolume:
    """Read a NIfTI, NRRD, MetaImage or Interfile volume, told apart by content.

    The format's own scale is applied and its axes are turned to LPS; nothing is assumed about
    what the numbers mean.

    Raises
    ------
    MissingInputError
        When the file does not say where its voxels lie.
    InputError
        When there is no such file, it is empty, truncated, damaged or of another format, or it
        is not one real-valued three-dimensional image.
    """
    found = file_format(path)
    if found is None or found not in READERS:
        raise refusal(
            path,
            "the format is not one that is read here" if found is None else f"{found.value}",
            wanted=", ".join(one.value for one in READERS),
            remedy=_REMEDIES.get(found, "export the image in one of these formats"),
        )
    return READERS[found](path)


_REMEDIES: Mapping[FileFormat | None, str] = MappingProxyType(
    {
        FileFormat.DICOM: "read it, or the folder it lies in, as a DICOM series",
        FileFormat.ANALYZE: "Analyze 7.5 has no orientation: export the image as NIfTI",
    }
)
