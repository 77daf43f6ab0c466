"""Every format puts the same voxel in the same place, or says why it cannot."""

import gzip
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK
from builders import FRAME, affine, axis_orders, axis_signs, offsets_mm, spacings_mm
from files import numbers, placed
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import CtImage
from opensirt.domain.missing import Missing
from opensirt.errors import GeometryError, InputError, MissingInputError
from opensirt.files.file_format import FileFormat, file_format
from opensirt.files.volume import read_volume
from opensirt.files.write import write_nifti, write_nrrd

SHAPE = (3, 4, 5)


def some_values(dtype: str = "int16") -> NDArray[np.generic]:
    return np.arange(60).reshape(SHAPE).astype(dtype)


def oblique_affine() -> NDArray[np.float64]:
    """Return an affine with three different spacings, turned about two axes."""
    a, b = np.deg2rad(20), np.deg2rad(-35)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    made = np.eye(4)
    made[:3, :3] = (about_z @ about_x)[:, [2, 1, 0]] * (4.0, 2.5, 1.5)
    made[:3, 3] = (-120.0, 35.0, 810.0)
    return made


def image(grid_affine: NDArray[np.float64]) -> CtImage:
    return CtImage(grid=Grid(SHAPE, grid_affine, FRAME), values=some_values("float32"))  # type: ignore[arg-type]  # float32 as asked


def write_mha(path: Path, values: NDArray[np.generic], lps: NDArray[np.float64]) -> None:
    made = SimpleITK.GetImageFromArray(values)
    spacing = np.linalg.norm(lps[:3, :3], axis=0)[::-1]
    made.SetSpacing([float(one) for one in spacing])
    made.SetDirection([float(one) for one in (lps[:3, [2, 1, 0]] / spacing).ravel()])
    made.SetOrigin([float(one) for one in lps[:3, 3]])
    SimpleITK.WriteImage(made, str(path))


WRITERS: dict[str, Callable[[Path, NDArray[np.float64]], None]] = {
    "image.nii": lambda path, lps: write_nifti(path, image(lps)),
    "image.nii.gz": lambda path, lps: write_nifti(path, image(lps)),
    "image.nrrd": lambda path, lps: write_nrrd(path, image(lps)),
    "image.mha": lambda path, lps: write_mha(path, some_values("float32"), lps),
    "image.mhd": lambda path, lps: write_mha(path, some_values("float32"), lps),
}


class TestGeometry:
    @pytest.mark.parametrize("name", WRITERS)
    def test_an_oblique_anisotropic_image_comes_back_in_its_place(
        self, tmp_path: Path, name: str
    ) -> None:
        WRITERS[name](tmp_path / name, oblique_affine())
        read = read_volume(tmp_path / name)
        np.testing.assert_array_equal(read.values, some_values("float32"))
        np.testing.assert_allclose(placed(read), oblique_affine(), atol=1e-4)
        assert read.frame_of_reference_uid is Missing.NOT_RECORDED
        assert read.unit is Missing.NOT_RECORDED

    @given(spacings_mm, offsets_mm, axis_orders, axis_signs, st.sampled_from(sorted(WRITERS)))
    def test_flipped_and_permuted_axes_come_back_in_their_place(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        spacing: tuple[float, float, float],
        offset: tuple[float, float, float],
        order: list[int],
        sign: tuple[float, float, float],
        name: str,
    ) -> None:
        wanted = affine(spacing, offset, order, sign)
        path = tmp_path_factory.mktemp("image") / name
        WRITERS[name](path, wanted)
        np.testing.assert_allclose(placed(read_volume(path)), wanted, atol=1e-3)

    def test_simpleitk_sees_the_same_points_in_what_is_written(self, tmp_path: Path) -> None:
        write_nifti(tmp_path / "a.nii.gz", image(oblique_affine()))
        seen = SimpleITK.ReadImage(str(tmp_path / "a.nii.gz"))
        point = seen.TransformIndexToPhysicalPoint((4, 2, 1))
        np.testing.assert_allclose(point, (oblique_affine() @ (1, 2, 4, 1))[:3], atol=0.01)
        assert seen.GetPixel((4, 2, 1)) == some_values()[1, 2, 4]

    @pytest.mark.parametrize(
        ("space", "signs"),
        [
            ("left-posterior-superior", (1, 1, 1)),
            ("RAS", (-1, -1, 1)),
            ("left-anterior-superior", (1, -1, 1)),
        ],
    )
    def test_nrrd_spaces_are_turned_to_lps(
        self, tmp_path: Path, space: str, signs: tuple[int, int, int]
    ) -> None:
        header = {
            "space": space,
            "space directions": np.diag([1.0, 2.0, 3.0]),
            "space origin": [10.0, 20.0, 30.0],
        }
        write_raw_nrrd(tmp_path / "a.nrrd", header)
        lps = placed(read_volume(tmp_path / "a.nrrd"))
        expected = np.diag([*signs, 1.0]) @ affine((3.0, 2.0, 1.0), (10.0, 20.0, 30.0))
        np.testing.assert_allclose(lps, expected)


def write_raw_nrrd(path: Path, header: Mapping[str, object], dtype: str = "int16") -> None:
    """Write NRRD with exactly these geometry fields."""
    lines = ["NRRD0005", f"type: {dtype}", "dimension: 3", "sizes: 5 4 3", "endian: little"]
    for key, value in header.items():
        if key == "space directions":
            text = " ".join(f"({a},{b},{c})" for a, b, c in np.asarray(value))
        elif key == "space origin":
            text = f"({','.join(str(one) for one in np.asarray(value))})"
        else:
            text = str(value)
        lines.append(f"{key}: {text}")
    lines.append("encoding: raw\n\n")
    path.write_bytes("\n".join(lines).encode() + some_values(dtype).tobytes())


LPS_HEADER: Mapping[str, object] = {
    "space": "left-posterior-superior",
    "space directions": np.eye(3),
    "space origin": [0, 0, 0],
}


class TestValues:
    def test_nifti_slope_and_intercept_are_applied(self, tmp_path: Path) -> None:
        made = nibabel.Nifti1Image(some_values("int16").T, np.eye(4))
        made.header.set_slope_inter(0.5, -10)
        made.header.set_xyzt_units("mm")
        nibabel.save(made, tmp_path / "a.nii")
        stored = numbers(read_volume(tmp_path / "a.nii"))
        raw = np.fromfile(tmp_path / "a.nii", "<i2", offset=352).reshape(SHAPE)
        np.testing.assert_allclose(stored, raw * 0.5 - 10)

    def test_big_endian_values_are_the_same_numbers(self, tmp_path: Path) -> None:
        made = nibabel.Nifti1Image(
            some_values("int16").T, np.diag([-1, -1, 1, 1]), nibabel.Nifti1Header(endianness=">")
        )
        nibabel.save(made, tmp_path / "a.nii")
        read = read_volume(tmp_path / "a.nii")
        assert read.values.dtype.isnative
        np.testing.assert_array_equal(read.values, some_values())

    def test_nan_is_left_for_the_image_types_to_refuse(self, tmp_path: Path) -> None:
        values = some_values("float32").copy()
        values[0, 0, 0] = np.nan
        write_mha(tmp_path / "a.mha", values, np.eye(4)[:, [2, 1, 0, 3]])
        assert np.isnan(numbers(read_volume(tmp_path / "a.mha"))).sum() == 1

    def test_an_axis_of_length_one_after_the_third_is_no_fourth_axis(self, tmp_path: Path) -> None:
        made = nibabel.Nifti1Image(some_values("int16").T[..., None], np.diag([-1, -1, 1, 1]))
        nibabel.save(made, tmp_path / "a.nii")
        np.testing.assert_array_equal(read_volume(tmp_path / "a.nii").values, some_values())

    def test_detached_nrrd_data_are_found_beside_the_header(self, tmp_path: Path) -> None:
        write_raw_nrrd(tmp_path / "a.nrrd", LPS_HEADER)
        head, data = (tmp_path / "a.nrrd").read_bytes().split(b"\n\n", 1)
        (tmp_path / "a.nhdr").write_bytes(head + b"\ndata file: a.raw\n")
        (tmp_path / "a.raw").write_bytes(data)
        np.testing.assert_array_equal(read_volume(tmp_path / "a.nhdr").values, some_values())

    def test_an_unknown_unit_of_length_is_noted(self, tmp_path: Path) -> None:
        nibabel.save(nibabel.Nifti1Image(some_values("int16").T, np.eye(4)), tmp_path / "a.nii")
        assert "no unit of length" in read_volume(tmp_path / "a.nii").notes[0]


class TestFormats:
    @pytest.mark.parametrize("name", WRITERS)
    def test_content_tells_the_format_whatever_the_name(self, tmp_path: Path, name: str) -> None:
        WRITERS[name](tmp_path / name, oblique_affine())
        content = (tmp_path / name).read_bytes()
        (tmp_path / "mystery").write_bytes(content)
        assert file_format(tmp_path / "mystery") is file_format(tmp_path / name) is not None

    def test_dicom_is_told_apart(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(bytes(128) + b"DICM" + bytes(10))
        assert file_format(tmp_path / "a") is FileFormat.DICOM
        with pytest.raises(InputError, match="as a DICOM series"):
            read_volume(tmp_path / "a")

    def test_equal_images_give_equal_bytes(self, tmp_path: Path) -> None:
        for name in ("a.nii.gz", "a.nrrd"):
            WRITERS[f"image.{name[2:]}"](tmp_path / name, oblique_affine())
            WRITERS[f"image.{name[2:]}"](tmp_path / f"again-{name}", oblique_affine())
            again = (tmp_path / f"again-{name}").read_bytes()
            assert (tmp_path / name).read_bytes() == again

    def test_nothing_half_written_stays_behind(self, tmp_path: Path) -> None:
        write_nifti(tmp_path / "a.nii.gz", image(oblique_affine()))
        assert [one.name for one in tmp_path.iterdir()] == ["a.nii.gz"]


class TestRefusals:
    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no such file"):
            read_volume(tmp_path / "a.nii")

    def test_an_empty_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.nii").touch()
        with pytest.raises(InputError, match="the file is empty"):
            read_volume(tmp_path / "a.nii")

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="this is a folder.*as DICOM series"):
            read_volume(tmp_path)

    def test_an_unknown_format(self, tmp_path: Path) -> None:
        (tmp_path / "a.nii").write_text("not an image at all")
        with pytest.raises(InputError, match="not one that is read here; wanted NIfTI, NRRD"):
            read_volume(tmp_path / "a.nii")

    def test_analyze_has_no_orientation(self, tmp_path: Path) -> None:
        made = nibabel.AnalyzeImage(some_values("int16").T, np.eye(4))
        nibabel.save(made, tmp_path / "a.img")
        with pytest.raises(InputError, match=r"Analyze 7\.5 has no orientation"):
            read_volume(tmp_path / "a.hdr")

    @pytest.mark.parametrize("name", WRITERS)
    def test_a_truncated_file(self, tmp_path: Path, name: str) -> None:
        WRITERS[name](tmp_path / name, oblique_affine())
        data = tmp_path / (name if name != "image.mhd" else "image.raw")
        data.write_bytes(data.read_bytes()[:-40])
        with pytest.raises(InputError, match="truncated or damaged"):
            read_volume(tmp_path / name)

    @pytest.mark.parametrize("name", ["image.nii.gz", "image.nrrd"])
    def test_damaged_compressed_data(self, tmp_path: Path, name: str) -> None:
        WRITERS[name](tmp_path / name, oblique_affine())
        content = bytearray((tmp_path / name).read_bytes())
        content[-30:-20] = b"\xff" * 10
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="truncated or damaged"):
            read_volume(tmp_path / name)

    def test_a_nifti_without_affine(self, tmp_path: Path) -> None:
        made = nibabel.Nifti1Image(some_values("int16").T, None)
        made.header["sform_code"] = made.header["qform_code"] = 0
        nibabel.save(made, tmp_path / "a.nii")
        with pytest.raises(MissingInputError, match="neither sform nor qform is set"):
            read_volume(tmp_path / "a.nii")

    def test_a_nifti_that_contradicts_itself(self, tmp_path: Path) -> None:
        made = nibabel.Nifti1Image(some_values("int16").T, np.eye(4))
        made.set_sform(np.diag([1, 1, 1, 1]), code=1)
        made.set_qform(np.diag([-1, 1, 1, 1]), code=1)
        nibabel.save(made, tmp_path / "a.nii")
        with pytest.raises(GeometryError, match="sform and qform put a corner 8 mm apart"):
            read_volume(tmp_path / "a.nii")

    def test_lengths_in_metres(self, tmp_path: Path) -> None:
        made = nibabel.Nifti1Image(some_values("int16").T, np.eye(4))
        made.header.set_xyzt_units("meter")
        nibabel.save(made, tmp_path / "a.nii")
        with pytest.raises(InputError, match="lengths in meter; wanted millimetres"):
            read_volume(tmp_path / "a.nii")

    @pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3, 2)])
    def test_a_nifti_of_two_or_four_axes(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        nibabel.save(nibabel.Nifti1Image(np.zeros(shape, np.int16), np.eye(4)), tmp_path / "a.nii")
        with pytest.raises(InputError, match=f"has {len(shape)} axes"):
            read_volume(tmp_path / "a.nii")

    def test_complex_voxels(self, tmp_path: Path) -> None:
        made = nibabel.Nifti1Image(some_values("complex64").T, np.eye(4))
        nibabel.save(made, tmp_path / "a.nii")
        with pytest.raises(InputError, match="colour or complex"):
            read_volume(tmp_path / "a.nii")

    @pytest.mark.parametrize("absent", LPS_HEADER)
    def test_a_nrrd_without_its_geometry(self, tmp_path: Path, absent: str) -> None:
        header = {key: value for key, value in LPS_HEADER.items() if key != absent}
        if absent == "space":
            header["space dimension"] = 3
        write_raw_nrrd(tmp_path / "a.nrrd", header)
        with pytest.raises(MissingInputError, match=f"has no '{absent}'"):
            read_volume(tmp_path / "a.nrrd")

    def test_a_nrrd_in_scanner_coordinates(self, tmp_path: Path) -> None:
        write_raw_nrrd(tmp_path / "a.nrrd", {**LPS_HEADER, "space": "scanner-xyz"})
        with pytest.raises(InputError, match="the space is 'scanner-xyz'"):
            read_volume(tmp_path / "a.nrrd")

    def test_a_nrrd_in_centimetres(self, tmp_path: Path) -> None:
        write_raw_nrrd(tmp_path / "a.nrrd", {**LPS_HEADER, "space units": '"cm" "cm" "cm"'})
        with pytest.raises(InputError, match="lengths in cm/cm/cm; wanted mm"):
            read_volume(tmp_path / "a.nrrd")

    def test_a_nrrd_of_four_axes(self, tmp_path: Path) -> None:
        header = {
            "space": "left-posterior-superior",
            "space directions": np.vstack([np.full((1, 3), np.nan), np.eye(3)]),
            "space origin": np.zeros(3),
            "kinds": ["vector", "domain", "domain", "domain"],
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # pynrrd's, on newer Pythons
            nrrd.write(str(tmp_path / "a.nrrd"), np.zeros((2, 5, 4, 3)), header)
        with pytest.raises(InputError, match="has 4 axes"):
            read_volume(tmp_path / "a.nrrd")

    def test_a_header_whose_data_file_is_gone(self, tmp_path: Path) -> None:
        write_raw_nrrd(tmp_path / "a.nrrd", {**LPS_HEADER, "data file": "gone.raw"})
        with pytest.raises(InputError, match=r"data file gone\.raw is not there"):
            read_volume(tmp_path / "a.nrrd")
        write_mha(tmp_path / "b.mhd", some_values(), np.eye(4)[:, [2, 1, 0, 3]])
        (tmp_path / "b.raw").unlink()
        with pytest.raises(InputError, match=r"data file b\.raw is not there"):
            read_volume(tmp_path / "b.mhd")

    @pytest.mark.parametrize("key", ["TransformMatrix", "Offset", "ElementSpacing"])
    def test_a_meta_image_without_its_geometry(self, tmp_path: Path, key: str) -> None:
        write_mha(tmp_path / "a.mhd", some_values(), np.eye(4)[:, [2, 1, 0, 3]])
        lines = (tmp_path / "a.mhd").read_text().splitlines()
        kept = [line for line in lines if not line.startswith(key)]
        (tmp_path / "a.mhd").write_text("\n".join(kept) + "\n")
        with pytest.raises(MissingInputError, match=key):
            read_volume(tmp_path / "a.mhd")

    def test_a_meta_image_of_vectors(self, tmp_path: Path) -> None:
        made = SimpleITK.GetImageFromArray(np.zeros((3, 4, 5, 3), np.float32), isVector=True)
        SimpleITK.WriteImage(made, str(tmp_path / "a.mha"))
        with pytest.raises(InputError, match="each voxel holds 3 numbers"):
            read_volume(tmp_path / "a.mha")

    def test_a_flat_meta_image(self, tmp_path: Path) -> None:
        made = SimpleITK.GetImageFromArray(np.zeros((4, 5), np.float32))
        SimpleITK.WriteImage(made, str(tmp_path / "a.mha"))
        with pytest.raises(InputError, match="has 2 axes"):
            read_volume(tmp_path / "a.mha")

    def test_a_damaged_gzip_layer(self, tmp_path: Path) -> None:
        (tmp_path / "a.nii.gz").write_bytes(gzip.compress(b"x" * 400)[:15])
        with pytest.raises(InputError, match="truncated or damaged"):
            read_volume(tmp_path / "a.nii.gz")

    def test_no_message_names_the_folder(self, tmp_path: Path) -> None:
        folder = tmp_path / "ZZTOP^SECRET"
        folder.mkdir()
        (folder / "a.nii").touch()
        with pytest.raises(InputError) as caught:
            read_volume(folder / "a.nii")
        assert "ZZTOP" not in str(caught.value)
