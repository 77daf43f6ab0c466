"""Damaged and dishonest image files: one refusal each, and no folder's name in it."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK

from opensirt.app.image_file import sha256_of_path
from opensirt.errors import GeometryError, InputError, MissingInputError
from opensirt.files.volume import read_volume

VALUES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
NRRD = (
    "type: float",
    "dimension: 3",
    "sizes: 2 3 4",
    "space: left-posterior-superior",
    "space directions: (2,0,0) (0,2,0) (0,0,2)",
    "space origin: (0,0,0)",
    "endian: little",
    "encoding: raw",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that is named after a patient."""
    made = tmp_path / "ZZTOP^SECRET"
    made.mkdir()
    return made


def nifti(folder: Path, change: Callable[[bytearray], None], name: str = "a.nii") -> Path:
    """Write a NIfTI whose bytes are changed."""
    image = nibabel.Nifti1Image(VALUES, np.diag([2.0, 2.0, 2.0, 1.0]))
    image.set_qform(image.affine, code=1)
    image.set_sform(image.affine, code=1)
    content = bytearray(image.to_bytes())
    change(content)
    packed = gzip.compress(bytes(content)) if name.endswith(".gz") else bytes(content)
    (folder / name).write_bytes(packed)
    return folder / name


def packing(layout: str, at: int, *numbers: float) -> Callable[[bytearray], None]:
    return lambda content: struct.pack_into(layout, content, at, *numbers)


def nrrd(folder: Path, old: str = "", new: str = "", more: str = "", name: str = "a.nrrd") -> Path:
    """Write an NRRD with one word of its header replaced, or a line added."""
    header = "\n".join(("NRRD0004", *NRRD)).replace(old, new) + (f"\n{more}" if more else "")
    (folder / name).write_bytes(header.encode() + b"\n\n" + VALUES.tobytes())
    return folder / name


def meta(folder: Path, old: str, new: str) -> Path:
    """Write a MetaImage header with its data file beside it, one word replaced."""
    path = folder / "a.mhd"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(VALUES), str(path))
    path.write_text(path.read_text().replace(old, new))
    return path


def refused(path: Path, said: str, kind: type[InputError] = InputError) -> None:
    """Check the refusal, and that it holds the file's own name only."""
    with pytest.raises(kind, match=said) as caught:
        read_volume(path)
    text = str(caught.value)
    assert "ZZTOP" not in text
    assert "/" not in text.replace("and/or", "")
    assert "0x" not in text


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (packing("<8h", 40, 3, 32767, 32767, 32767, 1, 1, 1, 1), "more memory than there is"),
        (packing("<8h", 40, 3, -3, 3, 2, 1, 1, 1, 1), "truncated or damaged"),
        (packing("<h", 70, 999), "data code 999 not recognized"),
        (packing("<f", 108, 1e30), "truncated or damaged"),
        (packing("<3f", 256, 2.0, 2.0, 2.0), "the qform holds no rotation"),
        (lambda content: content.__delitem__(slice(-8, None)), "Expected 96 bytes, got 88"),
    ],
)
def test_damaged_nifti(
    folder: Path, name: str, change: Callable[[bytearray], None], said: str
) -> None:
    refused(nifti(folder, change, name), said)


def test_nifti_whose_forms_are_no_numbers(folder: Path) -> None:
    refused(nifti(folder, packing("<f", 280, float("nan"))), "nan mm apart", GeometryError)


def test_a_nifti_pair_without_its_second_file(folder: Path) -> None:
    pair = nibabel.Nifti1Pair(VALUES, np.diag([2.0, 2.0, 2.0, 1.0]))
    nibabel.save(pair, folder / "a.hdr")
    first = sha256_of_path(folder / "a.hdr")
    data = bytearray((folder / "a.img").read_bytes())
    data[3] ^= 1
    (folder / "a.img").write_bytes(data)
    assert sha256_of_path(folder / "a.hdr") != first, "the digest is of both files"
    (folder / "a.img").unlink()
    refused(folder / "a.hdr", r"No such file or directory: a\.img")


@pytest.mark.parametrize(
    ("old", "new", "more", "said"),
    [
        ("(2,0,0) (0,2,0) (0,0,2)", "(2,0) (0,2)", "", "2 space directions and an origin of 3"),
        ("(0,0,0)", "(0,0)", "", "an origin of 2 numbers"),
        ("2 3 4", "2 3 4000000000", "", "truncated or damaged"),
        ("2 3 4", "-2 3 4", "", "truncated or damaged"),
        ("2 3 4", "2 3 5", "", "truncated or damaged"),
        ("raw", "gzip", "", "truncated or damaged"),
        ("raw", "hex", "", "Unsupported encoding: hex"),
        ("left-posterior-superior", "scanner-xyz", "", "the space is 'scanner-xyz'"),
        ("", "", "data file:", r"its data file \(none named\) is not there"),
        ("", "", "data file: b.raw", r"its data file b\.raw is not there"),
        ("", "", 'space units: "cm" "cm" "cm"', "lengths in cm"),
    ],
)
def test_damaged_nrrd(folder: Path, old: str, new: str, more: str, said: str) -> None:
    if "cm" in more:
        with pytest.raises(InputError, match=said):
            read_volume(nrrd(folder, old, new, more))
        return
    refused(nrrd(folder, old, new, more), said)


def test_an_nrrd_axis_without_direction(folder: Path) -> None:
    refused(nrrd(folder, "(0,0,2)", "none"), "no direction of an image axis", MissingInputError)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("DimSize = 4 3 2", "DimSize = 4 3 3", "has 96 bytes; wanted 144 bytes"),
        ("DimSize = 4 3 2", "DimSize = 4 3 1", "has 96 bytes; wanted 48 bytes"),
        ("DimSize = 4 3 2", "DimSize = -4 3 2", "truncated or damaged"),
        ("ElementSpacing = 1 1 1", "ElementSpacing = 0 1 1", "Zero-valued spacing"),
        ("1 0 0 0 1 0 0 0 1", "1 0 0 0 0 0 0 0 1", "determinant is 0"),
        ("MET_FLOAT", "MET_NONSENSE", "Unknown PixelType"),
        ("ElementDataFile = a.raw", "ElementDataFile = b.raw", r"data file b\.raw is not there"),
    ],
)
def test_damaged_meta_image(folder: Path, old: str, new: str, said: str) -> None:
    path = meta(folder, old, new)
    with pytest.raises(InputError, match=said) as caught:
        read_volume(path)
    assert "ZZTOP" not in str(caught.value)
    assert "0x" not in str(caught.value)
