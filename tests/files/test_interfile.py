"""Interfile: what its header can say, what it cannot, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from files import placed, spacing_kji_mm
from numpy.typing import NDArray

from opensirt.errors import InputError, MissingInputError
from opensirt.files.volume import read_volume

HEADER = {
    "!imaging modality": "nucmed",
    "!name of data file": "a.i33",
    "!data offset in bytes": "0",
    "imagedata byte order": "LITTLEENDIAN",
    "!total number of images": "3",
    "!matrix size [1]": "5",
    "!matrix size [2]": "4",
    "!number format": "unsigned integer",
    "!number of bytes per pixel": "2",
    "scaling factor (mm/pixel) [1]": "4.0",
    "scaling factor (mm/pixel) [2]": "4.0",
    "!number of slices": "3",
    "slice thickness (pixels)": "1",
    "slice orientation": "Transverse",
}
VALUES: NDArray[np.uint16] = np.arange(60, dtype="<u2").reshape(3, 4, 5)


def write(folder: Path, /, **changes: str | None) -> Path:
    """Write header and data; a keyword's underscores stand for spaces, None leaves a key out."""
    header: dict[str, str | None] = dict(HEADER)
    for key, value in changes.items():
        wanted = key.replace("_", " ")
        known = [one for one in header if one.lstrip("!").replace("[", "").startswith(wanted)]
        header[known[0] if known else wanted] = value
    lines = [f"{key} := {value}" for key, value in header.items() if value is not None]
    text = "\n".join(["!INTERFILE :=", "; a comment", *lines, "!END OF INTERFILE :="])
    (folder / "a.h33").write_text(text)
    (folder / "a.i33").write_bytes(VALUES.tobytes())
    return folder / "a.h33"


def test_values_and_spacing_are_read_and_the_absent_orientation_is_said(tmp_path: Path) -> None:
    read = read_volume(write(tmp_path))
    np.testing.assert_array_equal(read.values, VALUES)
    np.testing.assert_allclose(placed(read), np.diag([4.0] * 3 + [1])[[2, 1, 0, 3]])
    assert read.modality == "NM"
    assert any("no origin and no direction" in note for note in read.notes)


def test_a_slice_thickness_of_one_pixel_is_one_pixel(tmp_path: Path) -> None:
    read = read_volume(write(tmp_path, slice_thickness="1"))
    assert any("taken as 4 mm" in note for note in read.notes)


def test_a_slice_thickness_in_millimetres_under_the_wrong_label_is_noticed(tmp_path: Path) -> None:
    read = read_volume(write(tmp_path, slice_thickness="4.42"))
    assert spacing_kji_mm(read)[0] == pytest.approx(4.42)
    assert any("taken as 4.42 mm under the wrong label" in note for note in read.notes)


def test_a_third_scaling_factor_wins_over_the_thickness(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text() + "\nscaling factor (mm/pixel) [3] := 2.5\n")
    read = read_volume(path)
    assert spacing_kji_mm(read)[0] == pytest.approx(2.5)


def test_big_endian_floats_and_an_offset_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        imagedata="BIGENDIAN",
        data_offset="16",
        number_format="short float",
        number_of_bytes="4",
    )
    (tmp_path / "a.i33").write_bytes(b"\0" * 16 + VALUES.astype(">f4").tobytes())
    np.testing.assert_array_equal(read_volume(path).values, VALUES)


def test_an_isotope_name_is_spelt_the_one_way(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text() + "\nisotope name := Tc99m\n")
    assert read_volume(path).radionuclide == "Tc-99m"


def test_truncated_data_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "a.i33").write_bytes(VALUES.tobytes()[:100])
    with pytest.raises(InputError, match="has 100 bytes; wanted 120 bytes"):
        read_volume(path)


def test_an_absent_data_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "a.i33").unlink()
    with pytest.raises(InputError, match=r"data file a\.i33 is not there"):
        read_volume(path)


@pytest.mark.parametrize(
    "key", ["matrix size 1", "scaling factor (mm/pixel) 2", "imagedata", "slice thickness"]
)
def test_a_fact_that_is_needed_and_absent_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(MissingInputError, match="records no"):
        read_volume(write(tmp_path, **{key: None}))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("slice orientation", "Coronal", "wanted transverse slices"),
        ("number of energy windows", "2", "wanted one volume"),
        ("quantification units", "0.5", "a scale that Interfile does not define"),
        ("number format", "ASCII", "number format 'ASCII'"),
        ("matrix size 1", "5.5", "wanted a whole number"),
        ("matrix size 1", "many", "wanted a number"),
        ("scaling factor (mm/pixel) 1", "0", "wanted sizes above zero"),
        ("total number of images", "6", "wanted one volume in one file"),
    ],
)
def test_what_is_not_one_plain_volume_is_refused(
    tmp_path: Path, key: str, value: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_volume(write(tmp_path, **{key: value}))
