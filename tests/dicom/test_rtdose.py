"""RT Dose: the same dose at the same points for every reader, or no file at all."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from builders import affine, axis_orders, axis_signs, offsets_mm, spacings_mm
from files import numbers, placed
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from opensirt.dicom.rtdose import read_rtdose, write_rtdose
from opensirt.domain.grid import Grid, frame_of_reference_uid
from opensirt.domain.image import DoseMap
from opensirt.errors import GeometryError, InputError, MissingInputError
from opensirt.files.write import write_nifti
from opensirt.units import ImageUnit

SHAPE = (5, 6, 7)
FRAME = frame_of_reference_uid("patient-1-pet")
MADE_AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def oblique(handedness: float = 1.0) -> NDArray[np.float64]:
    a, b = np.deg2rad(17), np.deg2rad(-41)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    made = np.eye(4)
    made[:3, :3] = (about_z @ about_x)[:, [2, 1, 0]] * (2.78 * handedness, 2.34375, 1.1)
    made[:3, 3] = (-301.9461364746, -284.99313354492, -108.31300354002998)
    return made


GRIDS = {
    "plain": affine((2.78, 2.34375, 2.34375), (-301.9461364746, -284.993133, -108.313003)),
    "negative z step": affine((2.5, 4.4, 4.4), (-280.5, -280.5, 1332.8), sign=(-1, 1, 1)),
    "permuted": affine((2.5, 4.4, 1.4), (-28.5, -80.5, 132.8), (1, 2, 0), (1, -1, 1)),
    "oblique": oblique(),
    "oblique, left-handed": oblique(-1.0),
}


def dose(grid_affine: NDArray[np.float64], seed: int = 1, highest_gy: float = 163.5) -> DoseMap:
    values = np.random.default_rng(seed).random(SHAPE, np.float32) * np.float32(highest_gy)
    return DoseMap(
        grid=Grid(SHAPE, grid_affine, FRAME),
        values=values,
        engine="kernel",
        radionuclide="Y-90",
        data_set="icrp107",
    )


def write(path: Path, made: DoseMap, **changes: object) -> int:
    given_: dict[str, object] = {
        "case_key": "patient-1",
        "made_at": MADE_AT,
        "software_version": "0.1.0",
    }
    return write_rtdose(path, made, **{**given_, **changes})  # type: ignore[arg-type]  # tests


def itk_points(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return positions (n, 3) and values (n,) of all voxels as SimpleITK reads them.

    It gives the stored numbers of an RT Dose; the dose is these times DoseGridScaling.
    """
    image = SimpleITK.ReadImage(str(path))
    values = SimpleITK.GetArrayFromImage(image).astype(np.float64)
    if image.HasMetaDataKey("3004|000e"):
        values = values * float(image.GetMetaData("3004|000e"))
    index = np.moveaxis(np.indices(values.shape), 0, -1).reshape(-1, 3)
    directions = np.array(image.GetDirection()).reshape(3, 3)
    points = index[:, ::-1] * np.array(image.GetSpacing()) @ directions.T
    return points + np.array(image.GetOrigin()), values.ravel()


def in_order(
    points: NDArray[np.float64], values: NDArray[np.float64], grid: Grid
) -> NDArray[np.float64]:
    """Return the values in (k, j, i) of a grid; each point must lie on a voxel to 0.01 mm."""
    index = grid.index_of(points)
    nearest = np.rint(index).astype(int)
    assert np.abs(grid.lps_mm(nearest) - points).max() < 0.01
    made = np.full(grid.shape, np.nan)
    made[tuple(nearest.T)] = values
    assert np.isfinite(made).all()
    return made


@pytest.mark.parametrize("name", GRIDS)
class TestOtherReaders:
    def test_simpleitk_reads_dicom_and_nifti_at_the_same_points(
        self, tmp_path: Path, name: str
    ) -> None:
        made = dose(GRIDS[name])
        write(tmp_path / "RTDOSE.dcm", made)
        write_nifti(tmp_path / "dose.nii.gz", made)
        step = float(made.values.max()) / 65535
        for path in ("RTDOSE.dcm", "dose.nii.gz"):
            read = in_order(*itk_points(tmp_path / path), made.grid)
            assert np.abs(read - made.values).max() <= step * 0.51

    def test_pydicom_reads_it_at_the_same_points(self, tmp_path: Path, name: str) -> None:
        made = dose(GRIDS[name])
        write(tmp_path / "RTDOSE.dcm", made)
        dataset = pydicom.dcmread(tmp_path / "RTDOSE.dcm")
        row, column = np.array(dataset.ImageOrientationPatient, float).reshape(2, 3)
        down_mm, along_mm = (float(mm) for mm in dataset.PixelSpacing)
        stored = dataset.pixel_array
        points = [
            np.array(dataset.ImagePositionPatient, float)
            + np.cross(row, column) * float(dataset.GridFrameOffsetVector[k])
            + column * down_mm * j
            + row * along_mm * i
            for k, j, i in np.ndindex(stored.shape)
        ]
        values = stored.ravel() * float(dataset.DoseGridScaling)
        read = in_order(np.array(points), values, made.grid)
        assert np.abs(read - made.values).max() <= float(made.values.max()) / 65535 * 0.51

    @pytest.mark.parametrize("bits", [16, 32])
    def test_it_comes_back_here(self, tmp_path: Path, name: str, bits: int) -> None:
        made = dose(GRIDS[name])
        write(tmp_path / "a.dcm", made, bits=bits)
        read = read_rtdose(tmp_path / "a.dcm")
        grid = Grid(SHAPE, placed(read), FRAME)
        index = np.moveaxis(np.indices(SHAPE), 0, -1).reshape(-1, 3)
        back = in_order(grid.lps_mm(index), numbers(read).ravel(), made.grid)
        highest = float(made.values.max())
        within = {16: 0.51 / 65535, 32: 2e-7}[bits]  # of 32 bits, float32 is what limits
        assert np.abs(back - made.values).max() <= highest * within
        assert (read.unit, read.frame_of_reference_uid) == (ImageUnit.GY, FRAME)

    def test_dciodvfy_finds_no_error(self, tmp_path: Path, name: str) -> None:
        validator = shutil.which("dciodvfy")
        if validator is None:
            pytest.skip("dciodvfy (dicom3tools) is not installed")
        write(tmp_path / "a.dcm", dose(GRIDS[name]))
        done = subprocess.run(  # noqa: S603 - a fixed program on a file of this test
            [validator, str(tmp_path / "a.dcm")], capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert "Error" not in said
        assert "RTDose" in said
        assert done.returncode == 0


@given(spacings_mm, offsets_mm, axis_orders, axis_signs, st.integers(0, 99))
def test_any_right_angled_grid_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    spacing: tuple[float, float, float],
    offset: tuple[float, float, float],
    order: list[int],
    sign: tuple[float, float, float],
    seed: int,
) -> None:
    made = dose(affine(spacing, offset, order, sign), seed)
    path = tmp_path_factory.mktemp("dose") / "a.dcm"
    write(path, made)
    read = read_rtdose(path)
    grid = Grid(SHAPE, placed(read), FRAME)
    index = np.moveaxis(np.indices(SHAPE), 0, -1).reshape(-1, 3)
    back = in_order(grid.lps_mm(index), numbers(read).ravel(), made.grid)
    np.testing.assert_allclose(back, made.values, atol=163.5 / 65535)


class TestContent:
    def test_the_frame_of_reference_is_kept(self, tmp_path: Path) -> None:
        write(tmp_path / "a.dcm", dose(GRIDS["plain"]))
        assert pydicom.dcmread(tmp_path / "a.dcm").FrameOfReferenceUID == FRAME

    def test_the_patient_is_the_case_key_and_nothing_else(self, tmp_path: Path) -> None:
        write(tmp_path / "a.dcm", dose(GRIDS["plain"]))
        dataset = pydicom.dcmread(tmp_path / "a.dcm")
        assert (dataset.PatientID, dataset.PatientBirthDate) == ("patient-1", "")
        assert (dataset.PatientSex, dataset.ReferringPhysicianName) == ("", "")

    def test_equal_arguments_give_equal_bytes(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            write(tmp_path / name, dose(GRIDS["oblique"]))
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    def test_another_dose_is_another_instance_of_the_same_study(self, tmp_path: Path) -> None:
        write(tmp_path / "a", dose(GRIDS["plain"], seed=1))
        write(tmp_path / "b", dose(GRIDS["plain"], seed=2))
        a, b = (pydicom.dcmread(tmp_path / name) for name in "ab")
        assert a.StudyInstanceUID == b.StudyInstanceUID
        assert a.SOPInstanceUID != b.SOPInstanceUID

    def test_a_dose_of_zero_is_written(self, tmp_path: Path) -> None:
        write(tmp_path / "a", dose(GRIDS["plain"], highest_gy=0.0))
        assert float(numbers(read_rtdose(tmp_path / "a")).max()) == 0

    def test_a_single_slice_comes_back(self, tmp_path: Path) -> None:
        made = DoseMap(
            grid=Grid((1, 6, 7), oblique(-1.0), FRAME),
            values=np.ones((1, 6, 7), np.float32),
            engine="local",
        )
        write(tmp_path / "a", made)
        np.testing.assert_allclose(
            np.abs(np.linalg.det(placed(read_rtdose(tmp_path / "a"))[:3, :3])),
            np.abs(np.linalg.det(oblique()[:3, :3])),
        )

    def test_negative_doses_are_written_as_zero_when_the_caller_says_so(
        self, tmp_path: Path
    ) -> None:
        made = with_negatives(3)
        assert write(tmp_path / "a", made, negatives_to_zero=True) == 3
        assert float(numbers(read_rtdose(tmp_path / "a")).min()) == 0
        assert float(made.values.min()) < 0


def with_negatives(n: int) -> DoseMap:
    made = dose(GRIDS["plain"])
    values = made.values.copy()
    values.flat[:n] = -1.0
    return DoseMap(grid=made.grid, values=values, engine="local")


class TestRefusals:
    def test_negative_doses(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="3 voxels of the dose are negative"):
            write(tmp_path / "a.dcm", with_negatives(3))
        assert not list(tmp_path.iterdir())

    def test_a_naive_instant(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no time zone"):
            write(tmp_path / "a.dcm", dose(GRIDS["plain"]), made_at=MADE_AT.replace(tzinfo=None))

    @pytest.mark.parametrize("key", ["", "x" * 65])
    def test_a_case_key_that_does_not_fit(self, tmp_path: Path, key: str) -> None:
        with pytest.raises(InputError, match="1 to 64"):
            write(tmp_path / "a.dcm", dose(GRIDS["plain"]), case_key=key)

    def test_axes_that_are_not_at_right_angles(self, tmp_path: Path) -> None:
        sheared = GRIDS["plain"].copy()
        sheared[0, 0] = 0.002
        with pytest.raises(GeometryError, match="not at right angles"):
            write(tmp_path / "a.dcm", dose(sheared))

    @pytest.mark.parametrize(
        ("keyword", "value", "message"),
        [
            ("DoseUnits", "RELATIVE", "DoseUnits are RELATIVE; wanted GY"),
            ("DoseType", "ERROR", "DoseType is ERROR"),
            ("Modality", "CT", "of modality CT; wanted RTDOSE"),
            ("GridFrameOffsetVector", ["0", "1"], "has 2 values for 5 planes"),
            ("GridFrameOffsetVector", list("56789"), "neither 0 nor the z"),
            ("GridFrameOffsetVector", ["0", "1", "2", "3", "7"], "slices are missing"),
        ],
    )
    def test_what_is_no_dose_in_gray_on_a_grid(
        self, tmp_path: Path, keyword: str, value: object, message: str
    ) -> None:
        write(tmp_path / "a.dcm", dose(GRIDS["plain"]))
        dataset = pydicom.dcmread(tmp_path / "a.dcm")
        setattr(dataset, keyword, value)
        dataset.save_as(tmp_path / "a.dcm")
        with pytest.raises(InputError, match=message):
            read_rtdose(tmp_path / "a.dcm")

    @pytest.mark.parametrize("keyword", ["DoseUnits", "DoseGridScaling", "ImagePositionPatient"])
    def test_a_fact_that_is_needed(self, tmp_path: Path, keyword: str) -> None:
        write(tmp_path / "a.dcm", dose(GRIDS["plain"]))
        dataset = pydicom.dcmread(tmp_path / "a.dcm")
        del dataset[keyword]
        dataset.save_as(tmp_path / "a.dcm")
        with pytest.raises(MissingInputError, match=f"records no {keyword}"):
            read_rtdose(tmp_path / "a.dcm")


class TestOtherWriters:
    def test_offsets_may_be_z_coordinates(self, tmp_path: Path) -> None:
        made = dose(GRIDS["plain"])
        write(tmp_path / "a.dcm", made)
        dataset = pydicom.dcmread(tmp_path / "a.dcm")
        first = float(dataset.ImagePositionPatient[2])
        dataset.GridFrameOffsetVector = [
            f"{first + float(one):.6f}" for one in dataset.GridFrameOffsetVector
        ]
        dataset.save_as(tmp_path / "a.dcm")
        read = read_rtdose(tmp_path / "a.dcm")
        np.testing.assert_allclose(placed(read), GRIDS["plain"], atol=1e-4)

    def test_z_coordinates_want_transverse_planes(self, tmp_path: Path) -> None:
        write(tmp_path / "a.dcm", dose(GRIDS["plain"]))
        dataset = pydicom.dcmread(tmp_path / "a.dcm")
        first = float(dataset.ImagePositionPatient[2])
        offsets = [float(one) for one in dataset.GridFrameOffsetVector]
        dataset.GridFrameOffsetVector = [f"{first + one:.6f}" for one in offsets]
        dataset.ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]  # stacked towards the feet
        dataset.save_as(tmp_path / "a.dcm")
        with pytest.raises(InputError, match="on planes that are not transverse"):
            read_rtdose(tmp_path / "a.dcm")

    def test_planes_may_run_backwards(self, tmp_path: Path) -> None:
        made = dose(GRIDS["plain"])
        write(tmp_path / "a.dcm", made)
        dataset = pydicom.dcmread(tmp_path / "a.dcm")
        dataset.ImagePositionPatient[2] += dataset.GridFrameOffsetVector[-1]
        dataset.GridFrameOffsetVector = [-one for one in dataset.GridFrameOffsetVector]
        dataset.PixelData = dataset.pixel_array[::-1].tobytes()
        dataset.save_as(tmp_path / "a.dcm")
        read = read_rtdose(tmp_path / "a.dcm")
        np.testing.assert_allclose(placed(read), GRIDS["plain"], atol=1e-4)
        np.testing.assert_allclose(numbers(read), made.values, atol=163.5 / 65535)

    def test_a_weighted_dose_is_said_to_be_one(self, tmp_path: Path) -> None:
        write(tmp_path / "a.dcm", dose(GRIDS["plain"]))
        dataset = pydicom.dcmread(tmp_path / "a.dcm")
        dataset.DoseType = "EFFECTIVE"
        dataset.save_as(tmp_path / "a.dcm")
        assert "EFFECTIVE" in read_rtdose(tmp_path / "a.dcm").notes[0]
