"""A series becomes a volume in the right place with the right numbers, or a clear refusal."""

import os
import warnings
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pydicom
import pytest
from builders import affine, axis_orders, axis_signs, offsets_mm, spacings_mm
from dicom_files import (
    FRAME,
    SERIES,
    Change,
    base,
    change,
    put_pixels,
    put_plane,
    save,
    uid,
    write_ct,
    write_enhanced_ct,
    write_nm,
    write_pet,
    write_rtstruct,
)
from files import numbers, placed, spacing_kji_mm
from hypothesis import given
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import (
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from opensirt.dicom.series import folder_content, list_series, read_series
from opensirt.domain.missing import Missing
from opensirt.errors import GeometryError, InputError, MissingInputError, UnknownNameError
from opensirt.units import ImageUnit

SHAPE = (5, 3, 4)
STORED: NDArray[np.int16] = (np.arange(60, dtype=np.int16) * 3).reshape(SHAPE)
PLAIN = affine((2.5, 1.5, 1.0), (-100.0, -80.0, 600.0))

PATIENT_POSITIONS = {
    "HFS": (1, 1, 1),
    "FFS": (-1, 1, -1),
    "HFP": (-1, -1, 1),
    "FFP": (1, -1, -1),
}
"""How the image's x, y, z run in the patient; decubitus positions swap x and y as well."""


def oblique(spacing: tuple[float, float, float] = (3.0, 2.0, 1.2)) -> NDArray[np.float64]:
    """Return a right-handed affine turned about all three axes."""
    quaternion = np.array([0.9, 0.2, -0.3, 0.25]) / np.linalg.norm([0.9, 0.2, -0.3, 0.25])
    w, x, y, z = quaternion
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    made = np.eye(4)
    made[:3, :3] = turn[:, [2, 1, 0]] * spacing
    made[:3, 3] = (-50.0, 40.0, 1000.0)
    return made


def value_at(read: Any, lps_mm: NDArray[np.float64]) -> float:
    """Return the value of the voxel whose centre lies at a point."""
    index = np.linalg.inv(placed(read)) @ (*lps_mm, 1.0)
    nearest = np.rint(index[:3]).astype(int)
    np.testing.assert_allclose(index[:3], nearest, atol=1e-3)
    return float(read.values[tuple(nearest)])


class TestPlace:
    @pytest.mark.parametrize("wanted", [PLAIN, oblique()])
    def test_a_ct_comes_back_in_its_place_whatever_the_file_order(
        self, tmp_path: Path, wanted: NDArray[np.float64]
    ) -> None:
        write_ct(tmp_path, STORED, wanted)
        read = read_series(tmp_path)
        np.testing.assert_array_equal(read.values, STORED - 1024)
        np.testing.assert_allclose(placed(read), wanted, atol=1e-5)
        assert read.frame_of_reference_uid == FRAME
        assert (read.unit, read.modality) == (ImageUnit.HU, "CT")

    @given(spacings_mm, offsets_mm, axis_orders, axis_signs)
    def test_every_flip_and_order_of_axes_keeps_every_voxel_in_its_place(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        spacing: tuple[float, float, float],
        offset: tuple[float, float, float],
        order: list[int],
        sign: tuple[float, float, float],
    ) -> None:
        wanted = affine(spacing, offset, order, sign)
        folder = tmp_path_factory.mktemp("ct")
        write_ct(folder, STORED, wanted)
        read = read_series(folder)
        for index in ((0, 0, 0), (4, 2, 3), (1, 2, 0)):
            point = (wanted @ (*index, 1.0))[:3]
            assert value_at(read, point) == STORED[index] - 1024

    @pytest.mark.parametrize("position", PATIENT_POSITIONS)
    @pytest.mark.parametrize("decubitus", [False, True])
    def test_all_eight_patient_positions(
        self, tmp_path: Path, *, position: str, decubitus: bool
    ) -> None:
        order = (2, 0, 1) if decubitus else (2, 1, 0)
        x, y, z = PATIENT_POSITIONS[position]
        wanted = affine((2.5, 1.5, 1.0), (10.0, 20.0, 30.0), order, (z, y, x))
        name = position.replace("P", "DR").replace("S", "DL") if decubitus else position
        write_ct(tmp_path, STORED, wanted, {"PatientPosition": name})
        read = read_series(tmp_path)
        assert value_at(read, (wanted @ (3, 1, 2, 1.0))[:3]) == STORED[3, 1, 2] - 1024

    def test_spacing_comes_from_positions_not_from_thickness(self, tmp_path: Path) -> None:
        write_ct(tmp_path, STORED, PLAIN, {"SliceThickness": "5", "SpacingBetweenSlices": "1"})
        assert spacing_kji_mm(read_series(tmp_path)) == pytest.approx([2.5, 1.5, 1.0])

    def test_an_enhanced_ct_is_read_frame_by_frame(self, tmp_path: Path) -> None:
        write_enhanced_ct(tmp_path / "a", STORED, oblique(), order=(3, 0, 4, 1, 2))
        read = read_series(tmp_path)
        np.testing.assert_array_equal(read.values, STORED * 2.0 - 1000)
        np.testing.assert_allclose(placed(read), oblique(), atol=1e-5)
        assert read.unit is ImageUnit.HU

    @pytest.mark.parametrize("sign", [1.0, -1.0])
    def test_a_spect_stacks_along_the_sign_of_its_spacing(
        self, tmp_path: Path, sign: float
    ) -> None:
        wanted = affine((4.4, 3.0, 3.0), (-10.0, 5.0, 700.0), sign=(sign, 1, 1))
        write_nm(tmp_path / "a", STORED, wanted)
        read = read_series(tmp_path)
        np.testing.assert_allclose(placed(read), wanted, atol=1e-6)
        np.testing.assert_array_equal(read.values, STORED)

    def test_spect_frames_follow_their_slice_numbers(self, tmp_path: Path) -> None:
        order = [3, 1, 5, 2, 4]
        write_nm(tmp_path / "a", STORED[np.array(order) - 1], PLAIN, {"SliceVector": order})
        np.testing.assert_array_equal(read_series(tmp_path).values, STORED)

    def test_a_single_slice_takes_its_thickness_and_says_so(self, tmp_path: Path) -> None:
        write_ct(tmp_path, STORED[:1], PLAIN, {"SliceThickness": "4"})
        read = read_series(tmp_path)
        assert spacing_kji_mm(read)[0] == 4
        assert any("single slice" in note for note in read.notes)

    def test_a_ct_without_frame_of_reference_has_none(self, tmp_path: Path) -> None:
        write_ct(tmp_path, STORED, PLAIN, {"FrameOfReferenceUID": None})
        assert read_series(tmp_path).frame_of_reference_uid is Missing.NOT_RECORDED


class TestNumbers:
    def test_each_slice_has_its_own_slope(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, PLAIN)
        read = read_series(tmp_path)
        np.testing.assert_array_equal(numbers(read), STORED * np.arange(2, 7)[:, None, None])
        assert read.unit is ImageUnit.BQ_PER_ML

    def test_unsigned_and_signed_pixels(self, tmp_path: Path) -> None:
        unsigned = np.full(SHAPE, 65000, np.uint16)
        write_ct(tmp_path / "u", unsigned, PLAIN)
        assert float(numbers(read_series(tmp_path / "u")).max()) == 65000 - 1024
        write_ct(tmp_path / "s", -STORED, PLAIN)
        np.testing.assert_array_equal(read_series(tmp_path / "s").values, -STORED - 1024)

    def test_overlays_in_unused_high_bits_are_no_part_of_the_value(self, tmp_path: Path) -> None:
        marked = (STORED.astype(np.uint16)) | 0x8000
        write_ct(tmp_path, marked, PLAIN, {"BitsStored": 12, "HighBit": 11})
        np.testing.assert_array_equal(read_series(tmp_path).values, STORED - 1024)

    @pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
    def test_compressed_pixels(self, tmp_path: Path, syntax: pydicom.uid.UID) -> None:
        if syntax == JPEG2000Lossless:
            pytest.importorskip("openjpeg", reason="only this plugin writes JPEG 2000")
        stored = np.zeros((5, 32, 32), np.int16)
        stored[:, 4:20, 8:24] = np.arange(256, dtype=np.int16).reshape(16, 16)
        for path in write_ct(tmp_path, stored, PLAIN):
            dataset = pydicom.dcmread(path)
            if syntax == JPEGLSLossless:
                change(dataset, {"PixelRepresentation": 0})
            dataset.compress(syntax, generate_instance_uid=False)
            dataset.save_as(path)
        np.testing.assert_array_equal(read_series(tmp_path).values, stored - 1024.0)

    def test_spect_is_in_counts_unless_it_says_otherwise(self, tmp_path: Path) -> None:
        write_nm(tmp_path / "a", STORED, PLAIN)
        assert read_series(tmp_path).unit is ImageUnit.COUNTS
        write_nm(tmp_path / "a", STORED, PLAIN, {"Units": "BQML", "DecayCorrection": "START"})
        assert read_series(tmp_path).unit is ImageUnit.BQ_PER_ML

    def test_a_real_world_value_mapping_gives_activity(self, tmp_path: Path) -> None:
        write_nm(tmp_path / "a", STORED, PLAIN, {"RealWorldValueMappingSequence": [mapping()]})
        read = read_series(tmp_path)
        assert read.unit is ImageUnit.BQ_PER_ML
        np.testing.assert_allclose(numbers(read), STORED * 2.5 + 1)

    def test_a_mapping_to_standard_uptake_is_no_activity(self, tmp_path: Path) -> None:
        suv = mapping(unit="{SUVbw}g/ml")
        write_nm(tmp_path / "a", STORED, PLAIN, {"RealWorldValueMappingSequence": [suv]})
        assert read_series(tmp_path).unit is ImageUnit.COUNTS

    def test_a_picture_of_a_ct_declares_no_unit(self, tmp_path: Path) -> None:
        changes = {"SOPClassUID": SecondaryCaptureImageStorage, "RescaleType": "US"}
        write_ct(tmp_path, STORED, PLAIN, changes)
        read = read_series(tmp_path)
        assert read.unit is Missing.NOT_RECORDED
        assert any("declare no unit" in note for note in read.notes)


def mapping(unit: str = "Bq/ml", **changes: Any) -> Dataset:
    code, item = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    item.MeasurementUnitsCodeSequence = [code]
    item.RealWorldValueSlope, item.RealWorldValueIntercept = 2.5, 1.0
    item.add_new("RealWorldValueFirstValueMapped", "US", 0)
    item.add_new("RealWorldValueLastValueMapped", "US", 1000)
    change(item, changes)
    return item


class TestFacts:
    def test_nuclide_activity_duration_and_instant_of_a_pet(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, PLAIN)
        read = read_series(tmp_path)
        start = datetime(2026, 3, 2, 10, 15, tzinfo=timezone(timedelta(hours=1)))
        assert (read.radionuclide, read.administered_activity_bq) == ("Y-90", 1.4e9)
        assert (read.duration_s, read.acquired_at) == (900.0, start)
        assert read.decay_corrected_to == start
        assert read.notes == ()

    def test_nuclear_medicine_gives_its_activity_in_megabecquerel(self, tmp_path: Path) -> None:
        write_nm(tmp_path / "a", STORED, PLAIN)
        read = read_series(tmp_path)
        assert (read.radionuclide, read.administered_activity_bq) == ("Tc-99m", 150e6)
        assert read.duration_s == 1200.0
        assert read.decay_corrected_to is Missing.NOT_RECORDED

    @pytest.mark.parametrize(
        ("correction", "refers_to"), [("ADMIN", "administration"), ("NONE", "acquisition")]
    )
    def test_what_decay_was_corrected_to(
        self, tmp_path: Path, correction: str, refers_to: str
    ) -> None:
        write_pet(tmp_path, STORED, PLAIN, {"DecayCorrection": correction})
        assert read_series(tmp_path).decay_corrected_to == refers_to

    def test_a_series_time_before_the_acquisition_is_its_start(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, PLAIN, lambda k: {"AcquisitionTime": f"10{20 + k}00"})
        read = read_series(tmp_path)
        assert isinstance(read.decay_corrected_to, datetime)
        assert read.decay_corrected_to.astimezone(UTC).hour == 9
        assert read.decay_corrected_to.minute == 15
        assert isinstance(read.acquired_at, datetime)
        assert read.acquired_at.minute == 20

    def test_a_series_time_after_the_acquisition_is_a_later_processing(
        self, tmp_path: Path
    ) -> None:
        write_pet(tmp_path, STORED, PLAIN, {"SeriesTime": "180000"})
        read = read_series(tmp_path)
        assert read.decay_corrected_to == read.acquired_at

    def test_a_decay_factor_that_contradicts_the_start_is_said(self, tmp_path: Path) -> None:
        fitting = {"FrameReferenceTime": "3600000", "DecayFactor": f"{2 ** (3600 / 230760):.6f}"}
        write_pet(tmp_path / "a", STORED, PLAIN, fitting)
        assert read_series(tmp_path / "a").notes == ()
        write_pet(tmp_path / "b", STORED, PLAIN, {**fitting, "DecayFactor": "2.0"})
        assert any("decay factor is 2" in note for note in read_series(tmp_path / "b").notes)

    def test_without_a_time_zone_there_is_no_instant(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, PLAIN, {"TimezoneOffsetFromUTC": None})
        read = read_series(tmp_path)
        assert read.acquired_at is Missing.NOT_RECORDED
        assert read.decay_corrected_to == "acquisition"
        assert any("carries no time zone" in note for note in read.notes)

    def test_the_zone_of_the_site_may_stand_in_and_is_said(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, PLAIN, {"TimezoneOffsetFromUTC": None})
        read = read_series(tmp_path, zone=ZoneInfo("Europe/Amsterdam"))
        assert isinstance(read.acquired_at, datetime)
        assert read.acquired_at.astimezone(UTC) == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
        assert any("time zone Europe/Amsterdam of the site" in note for note in read.notes)

    def test_slices_of_several_beds_without_decay_correction_are_said(self, tmp_path: Path) -> None:
        write_pet(
            tmp_path,
            STORED,
            PLAIN,
            lambda k: {"DecayCorrection": "NONE", "AcquisitionTime": f"10{20 + k}00"},
        )
        assert any("up to 240 s apart" in note for note in read_series(tmp_path).notes)

    def test_a_nuclide_is_told_by_its_half_life_alone(self, tmp_path: Path) -> None:
        item = Dataset()
        item.RadionuclideHalfLife = "96480"
        write_pet(tmp_path, STORED, PLAIN, {"RadiopharmaceuticalInformationSequence": [item]})
        read = read_series(tmp_path)
        assert read.radionuclide == "Ho-166"
        assert read.administered_activity_bq is Missing.NOT_RECORDED
        assert any("by its half-life" in note for note in read.notes)

    @pytest.mark.parametrize(
        ("items", "words"),
        [
            ([{"Radiopharmaceutical": "Y90"}, {"Radiopharmaceutical": "Tc-99m MAA"}], "name sever"),
            ([{"RadionuclideHalfLife": "1000"}], "names no one radionuclide"),
        ],
    )
    def test_a_nuclide_that_is_not_clear_is_left_to_the_case(
        self, tmp_path: Path, items: list[Change], words: str
    ) -> None:
        sequence = [Dataset() for _ in items]
        for item, changes in zip(sequence, items, strict=True):
            change(item, changes)
        write_pet(tmp_path, STORED, PLAIN, {"RadiopharmaceuticalInformationSequence": sequence})
        read = read_series(tmp_path)
        assert read.radionuclide is Missing.NOT_RECORDED
        assert any(words in note for note in read.notes)

    def test_the_radiopharmaceutical_names_the_nuclide_where_no_code_does(
        self, tmp_path: Path
    ) -> None:
        item, code = Dataset(), Dataset()
        code.CodeMeaning, code.CodeValue, code.CodingSchemeDesignator = (
            "166Ho microspheres",
            "1",
            "X",
        )
        item.RadiopharmaceuticalCodeSequence = [code]
        write_pet(tmp_path, STORED, PLAIN, {"RadiopharmaceuticalInformationSequence": [item]})
        assert read_series(tmp_path).radionuclide == "Ho-166"

    @pytest.mark.parametrize("correction", [None, "SOMETIME"])
    def test_a_decay_correction_that_is_not_stated_is_left_to_the_case(
        self, tmp_path: Path, correction: str | None
    ) -> None:
        write_pet(tmp_path, STORED, PLAIN, {"DecayCorrection": correction})
        read = read_series(tmp_path)
        assert read.decay_corrected_to is Missing.NOT_RECORDED
        assert any("DecayCorrection" in note for note in read.notes)

    @pytest.mark.parametrize(
        ("changes", "refers_to"),
        [
            ({"DecayCorrected": "NO"}, "acquisition"),
            (
                {"DecayCorrected": "YES", "DecayCorrectionDateTime": "20260302090000+0000"},
                datetime(2026, 3, 2, 9, tzinfo=UTC),
            ),
            ({"DecayCorrected": "YES"}, Missing.NOT_RECORDED),
        ],
    )
    def test_an_enhanced_pet_names_its_instant_outright(
        self, tmp_path: Path, changes: Change, refers_to: object
    ) -> None:
        write_pet(tmp_path, STORED, PLAIN, {"DecayCorrection": None, **changes})
        assert read_series(tmp_path).decay_corrected_to == refers_to

    def test_a_pet_without_units_may_have_a_mapping_to_activity(self, tmp_path: Path) -> None:
        changes = {"Units": None, "RealWorldValueMappingSequence": [mapping("kBq/ml")]}
        write_pet(tmp_path, STORED, PLAIN, changes)
        read = read_series(tmp_path)
        assert read.unit is ImageUnit.KBQ_PER_ML
        np.testing.assert_allclose(numbers(read), STORED * 2.5 + 1)

    def test_a_private_factor_to_activity_is_not_used_and_said(self, tmp_path: Path) -> None:
        for path in write_pet(tmp_path, STORED, PLAIN, {"Units": "CNTS"}):
            dataset = pydicom.dcmread(path)
            dataset.add_new((0x7053, 0x0010), "LO", "Philips PET Private Group")
            dataset.add_new((0x7053, 0x1009), "DS", "1.5")
            dataset.save_as(path)
        assert any("private factor" in note for note in read_series(tmp_path).notes)

    def test_the_frame_durations_of_beds_that_differ_make_no_duration(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, PLAIN, lambda k: {"ActualFrameDuration": 1000 * (k + 1)})
        assert read_series(tmp_path).duration_s is Missing.NOT_RECORDED

    def test_a_spect_picture_declares_no_unit(self, tmp_path: Path) -> None:
        write_nm(tmp_path / "a", STORED, PLAIN, {"SOPClassUID": SecondaryCaptureImageStorage})
        read = read_series(tmp_path)
        assert read.unit is Missing.NOT_RECORDED
        assert any("secondary captures" in note for note in read.notes)

    def test_an_absent_unit_is_missing_and_said(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, PLAIN, {"Units": None})
        read = read_series(tmp_path)
        assert read.unit is Missing.NOT_RECORDED
        assert any("declares no Units" in note for note in read.notes)

    def test_counts_in_a_pet_are_counts(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, PLAIN, {"Units": "CNTS"})
        assert read_series(tmp_path).unit is ImageUnit.COUNTS

    def test_the_patient_is_known_by_digests_only(self, tmp_path: Path) -> None:
        write_ct(tmp_path / "a", STORED, PLAIN)
        write_ct(tmp_path / "b", STORED, PLAIN, {"PatientID": "other", "PatientSex": ""})
        a, b = (read_series(tmp_path / name).patient_digests for name in "ab")
        assert set(a) == {"id", "birth_date", "sex"}
        assert set(b) == {"id", "birth_date"}
        assert a["birth_date"] == b["birth_date"]
        assert a["id"] != b["id"]
        assert "ZZTOP" not in repr((a, list_series(tmp_path / "a")))


class TestFolders:
    def test_a_mixed_folder_is_sorted_by_series(self, tmp_path: Path) -> None:
        write_ct(tmp_path / "mixed", STORED, PLAIN, suffix="")
        write_pet(tmp_path / "mixed" / "deeper", STORED, PLAIN, {"SeriesInstanceUID": uid(77)})
        write_rtstruct(
            tmp_path / "mixed" / "rs", {"Liver": []}, changes={"SeriesInstanceUID": "1.9"}
        )
        (tmp_path / "mixed" / "notes.txt").write_text("not DICOM")
        (tmp_path / "mixed" / "DICOMDIR").write_bytes(
            next((tmp_path / "mixed").glob("*-0")).read_bytes()
        )
        content = folder_content(tmp_path / "mixed")
        found = {one.modality: (one.n_files, one.n_frames) for one in content.series}
        assert found == {"CT": (5, 5), "PT": (5, 5), "RTSTRUCT": (1, 1)}
        assert content.n_other_files == 2
        (drawn,) = (one for one in content.series if one.modality == "RTSTRUCT")
        assert (drawn.labels, drawn.frame_of_reference_uid) == (("Liver",), FRAME)
        assert read_series(tmp_path / "mixed", SERIES).modality == "CT"
        assert read_series(tmp_path / "mixed", uid(77)).modality == "PT"

    def test_one_image_series_among_other_objects_needs_no_name(self, tmp_path: Path) -> None:
        write_ct(tmp_path, STORED, PLAIN)
        write_rtstruct(tmp_path / "rs", {"Liver": []}, changes={"SeriesInstanceUID": uid(5)})
        assert read_series(tmp_path).modality == "CT"

    def test_a_summary_says_what_is_there_and_what_is_not(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, PLAIN, {"TimezoneOffsetFromUTC": None})
        (only,) = list_series(tmp_path)
        assert only.shape == SHAPE
        assert only.spacing_mm == pytest.approx((2.5, 1.5, 1.0))
        assert (only.unit, only.units_text) == (ImageUnit.BQ_PER_ML, "BQML")
        assert (only.radionuclide, only.decay_correction) == ("Y-90", "START")
        assert only.has_acquisition_time
        assert not only.has_time_zone
        assert only.has_administered_activity
        assert only.problem == ""

    def test_a_summary_says_why_a_series_is_no_volume(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, PLAIN, {"Units": "PROPCPS"})
        (only,) = list_series(tmp_path)
        assert "Units are PROPCPS" in only.problem

    def test_localizers_are_left_out_and_said(self, tmp_path: Path) -> None:
        paths = write_ct(tmp_path, STORED, PLAIN)
        scout = pydicom.dcmread(paths[0])
        scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
        scout.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        save(scout, tmp_path / "scout")
        read = read_series(tmp_path)
        assert read.values.shape == SHAPE
        assert "1 localizer images" in read.notes[0]

    def test_a_file_without_preamble_is_still_dicom(self, tmp_path: Path) -> None:
        for path in write_ct(tmp_path, STORED, PLAIN):
            dataset = pydicom.dcmread(path)
            dataset.preamble = None
            del dataset.file_meta
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                dataset.save_as(path, implicit_vr=True, little_endian=True)
            assert path.read_bytes()[:2] == b"\x08\x00"
        np.testing.assert_array_equal(read_series(tmp_path).values, STORED - 1024)


def change_slice(folder: Path, k: int, changes: Change) -> None:
    path = next(folder.glob(f"*-{k}.dcm"))
    dataset = pydicom.dcmread(path)
    change(dataset, changes)
    dataset.save_as(path)


class TestRefusals:
    @pytest.fixture
    def ct(self, tmp_path: Path) -> Path:
        write_ct(tmp_path / "ct", STORED, PLAIN)
        return tmp_path / "ct"

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"there is no DICOM file \(0 other files\)"):
            read_series(tmp_path)

    def test_a_folder_without_dicom(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("no")
        with pytest.raises(InputError, match=r"there is no DICOM file \(1 other files\)"):
            read_series(tmp_path)

    def test_no_such_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no such folder or file"):
            list_series(tmp_path / "gone")

    def test_a_folder_without_images(self, tmp_path: Path) -> None:
        write_rtstruct(tmp_path / "rs", {"Liver": []})
        with pytest.raises(InputError, match=r"no image series \(1 RTSTRUCT\)"):
            read_series(tmp_path)
        with pytest.raises(InputError, match="is RTSTRUCT; wanted an image series"):
            read_series(tmp_path, SERIES)

    def test_two_image_series_without_a_choice(self, ct: Path) -> None:
        write_pet(ct / "pet", STORED, PLAIN, {"SeriesInstanceUID": uid(77)})
        with pytest.raises(InputError, match="2 image series .*CT of 5 files.*name it by its"):
            read_series(ct)

    def test_an_unknown_series(self, ct: Path) -> None:
        with pytest.raises(UnknownNameError, match="unknown series"):
            read_series(ct, "1.1.1")

    @pytest.mark.parametrize("k", [0, 2, 4])
    def test_a_file_truncated_anywhere(self, ct: Path, k: int) -> None:
        path = next(ct.glob(f"*-{k}.dcm"))
        content = path.read_bytes()
        for kept in (*range(0, len(content), 13), len(content) - 1):
            path.write_bytes(content[:kept])
            with pytest.raises(InputError):
                read_series(ct)

    def test_a_truncated_file_is_named(self, ct: Path) -> None:
        path = next(ct.glob("*-2.dcm"))
        path.write_bytes(path.read_bytes()[:-9])
        with pytest.raises(InputError, match=f"{path.name}: the pixels cannot be decoded"):
            read_series(ct)
        path.write_bytes(b"not DICOM")
        with pytest.raises(InputError, match=f"{path.name}: .*truncated or damaged"):
            read_series(ct)

    def test_a_missing_slice(self, ct: Path) -> None:
        next(ct.glob("*-2.dcm")).unlink()
        with pytest.raises(GeometryError, match="slices are missing: 1 gaps, the first of 5.00 mm"):
            read_series(ct)

    def test_a_folder_that_cannot_be_opened(
        self, ct: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (ct / "more").mkdir()
        opened = os.scandir

        def scandir(path: str) -> Any:
            if str(path).endswith("more"):
                raise PermissionError(13, "Permission denied", path)
            return opened(path)

        monkeypatch.setattr("os.scandir", scandir)
        with pytest.raises(InputError, match=r"a folder in it cannot be opened \(Permission den"):
            read_series(ct)

    def test_a_doubled_slice(self, ct: Path) -> None:
        (ct / "copy").write_bytes(next(ct.glob("*-2.dcm")).read_bytes())
        with pytest.raises(GeometryError, match="1 slices lie at the position of another"):
            read_series(ct)

    def test_unequal_steps(self, ct: Path) -> None:
        change_slice(ct, 2, {"ImagePositionPatient": ["-100", "-80", "605.5"]})
        with pytest.raises(GeometryError, match="0.50 mm from its place on a regular grid"):
            read_series(ct)

    def test_two_frames_of_reference(self, ct: Path) -> None:
        change_slice(ct, 2, {"FrameOfReferenceUID": uid(3)})
        with pytest.raises(GeometryError, match="its images lie in 2 frames of reference"):
            read_series(ct)

    def test_two_orientations(self, ct: Path) -> None:
        change_slice(ct, 2, {"ImageOrientationPatient": [0, 1, 0, 1, 0, 0]})
        with pytest.raises(GeometryError, match="different orientations"):
            read_series(ct)

    def test_two_pixel_spacings(self, ct: Path) -> None:
        change_slice(ct, 2, {"PixelSpacing": [2, 2]})
        with pytest.raises(GeometryError, match="different pixel spacings"):
            read_series(ct)

    def test_two_sizes(self, ct: Path) -> None:
        dataset = base(pydicom.uid.CTImageStorage, "CT", 9)
        put_plane(dataset, PLAIN, 6)
        put_pixels(dataset, np.zeros((2, 2), np.int16))
        save(dataset, ct / "other")
        with pytest.raises(GeometryError, match=r"different sizes \(2×2, 3×4\)"):
            read_series(ct)

    def test_a_tilted_gantry(self, tmp_path: Path) -> None:
        tilted = PLAIN.copy()
        tilted[1, 0] = 0.4
        write_ct(tmp_path, STORED, tilted)
        with pytest.raises(GeometryError, match="tilted gantry"):
            read_series(tmp_path)

    def test_directions_that_are_no_unit_vectors(self, tmp_path: Path) -> None:
        write_ct(tmp_path, STORED, PLAIN, {"ImageOrientationPatient": [1, 0, 0, 0.5, 1, 0]})
        with pytest.raises(GeometryError, match="two unit vectors at right angles"):
            read_series(tmp_path)

    @pytest.mark.parametrize("spacing", [["0", "1"], ["-1", "1"]])
    def test_pixels_without_a_size(self, tmp_path: Path, spacing: list[str]) -> None:
        write_ct(tmp_path, STORED, PLAIN, {"PixelSpacing": spacing})
        with pytest.raises(GeometryError, match="wanted sizes above zero"):
            read_series(tmp_path)

    def test_two_patients_in_one_series(self, ct: Path) -> None:
        change_slice(ct, 2, {"PatientID": "SOMEBODY-ELSE"})
        with pytest.raises(InputError, match="2 different values of PatientID") as caught:
            read_series(ct)
        assert "SOMEBODY" not in str(caught.value)

    @pytest.mark.parametrize(
        "keyword",
        ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "RescaleSlope"],
    )
    @pytest.mark.parametrize("how", ["absent", "empty"])
    def test_an_attribute_that_is_needed(self, tmp_path: Path, keyword: str, how: str) -> None:
        write_ct(tmp_path, STORED, PLAIN)
        for k in range(5):
            path = next(tmp_path.glob(f"*-{k}.dcm"))
            dataset = pydicom.dcmread(path)
            change(dataset, {keyword: None})
            if how == "empty":
                dataset.add_new(keyword, "US" if keyword == "Rows" else "DS", None)
            dataset.save_as(path)
        with pytest.raises(MissingInputError, match=f"records no {keyword}"):
            read_series(tmp_path)

    def test_a_number_that_is_none(self, ct: Path) -> None:
        for path in ct.glob("*.dcm"):
            path.write_bytes(path.read_bytes().replace(b"-1024 ", b"-10x4 "))
        with pytest.raises(InputError, match="RescaleIntercept holds no number"):
            read_series(ct)

    def test_a_slope_of_zero(self, tmp_path: Path) -> None:
        write_ct(tmp_path, STORED, PLAIN, {"RescaleSlope": "0"})
        with pytest.raises(InputError, match="RescaleSlope is 0"):
            read_series(tmp_path)

    @pytest.mark.parametrize("units", ["PROPCPS", "GML", "CM2ML"])
    def test_pet_units_that_are_no_activity(self, tmp_path: Path, units: str) -> None:
        write_pet(tmp_path, STORED, PLAIN, {"Units": units})
        with pytest.raises(InputError, match=f"Units are {units}; wanted BQML or CNTS"):
            read_series(tmp_path)

    def test_units_that_differ_between_slices(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, PLAIN, lambda k: {"Units": "BQML" if k else "CNTS"})
        with pytest.raises(InputError, match=r"differ in Units \(BQML, CNTS\)"):
            read_series(tmp_path)

    def test_a_half_life_of_another_nuclide(self, tmp_path: Path) -> None:
        def wrong(_: int) -> Change:
            item, code = Dataset(), Dataset()
            code.CodeMeaning, code.CodeValue, code.CodingSchemeDesignator = "^90^Yttrium", "1", "X"
            item.RadionuclideCodeSequence, item.RadionuclideHalfLife = [code], "6586.2"
            return {"RadiopharmaceuticalInformationSequence": [item]}

        write_pet(tmp_path, STORED, PLAIN, wrong)
        with pytest.raises(InputError, match="radionuclide is Y-90 but RadionuclideHalfLife"):
            read_series(tmp_path)

    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            ("STATIC", "a planar image"),
            ("WHOLE BODY", "whole-body"),
            ("TOMO", "projections before reconstruction"),
            ("RECON GATED TOMO", "a gated reconstruction"),
        ],
    )
    def test_nuclear_images_that_are_no_volume(self, tmp_path: Path, kind: str, words: str) -> None:
        write_nm(
            tmp_path / "a", STORED, PLAIN, {"ImageType": ["ORIGINAL", "PRIMARY", kind, "EMISSION"]}
        )
        with pytest.raises(InputError, match=words):
            read_series(tmp_path)

    def test_two_energy_windows_in_one_volume(self, tmp_path: Path) -> None:
        write_nm(tmp_path / "a", STORED, PLAIN, {"EnergyWindowVector": [1, 1, 1, 2, 2]})
        with pytest.raises(InputError, match="of 2 energy windows; wanted one volume"):
            read_series(tmp_path)

    def test_slice_numbers_that_leave_one_out(self, tmp_path: Path) -> None:
        write_nm(tmp_path / "a", STORED, PLAIN, {"SliceVector": [1, 2, 3, 4, 4]})
        with pytest.raises(GeometryError, match="SliceVector does not number them 1 to 5"):
            read_series(tmp_path)

    def test_two_reconstructions_in_one_series_are_chosen_by_file(self, tmp_path: Path) -> None:
        write_nm(tmp_path / "corrected", STORED, PLAIN)
        write_nm(tmp_path / "uncorrected", STORED, PLAIN, {"SOPInstanceUID": uid(4)})
        with pytest.raises(InputError, match="2 reconstructed volumes in one series"):
            read_series(tmp_path)
        assert read_series(tmp_path / "corrected").values.shape == SHAPE

    @pytest.mark.parametrize("keyword", ["SpacingBetweenSlices", "PixelSpacing"])
    def test_a_spect_without_spacing(self, tmp_path: Path, keyword: str) -> None:
        write_nm(tmp_path / "a", STORED, PLAIN, {keyword: None})
        with pytest.raises(MissingInputError, match=f"records no {keyword}"):
            read_series(tmp_path)

    def test_a_spect_with_slices_in_one_place(self, tmp_path: Path) -> None:
        write_nm(tmp_path / "a", STORED, PLAIN, {"SpacingBetweenSlices": "0"})
        with pytest.raises(GeometryError, match="SpacingBetweenSlices is 0"):
            read_series(tmp_path)

    def test_spect_units_that_are_no_activity(self, tmp_path: Path) -> None:
        write_nm(tmp_path / "a", STORED, PLAIN, {"Units": "PROPCPS"})
        with pytest.raises(InputError, match="Units are PROPCPS; wanted counts or BQML"):
            read_series(tmp_path)

    def test_a_series_of_localizers_only(self, tmp_path: Path) -> None:
        write_ct(tmp_path, STORED, PLAIN, {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]})
        with pytest.raises(InputError, match="only localizers; wanted slices"):
            read_series(tmp_path)

    def test_values_behind_a_lookup_table(self, tmp_path: Path) -> None:
        write_ct(tmp_path, STORED, PLAIN, {"ModalityLUTSequence": [Dataset()]})
        with pytest.raises(InputError, match="need a lookup table"):
            read_series(tmp_path)

    def test_a_single_slice_without_thickness(self, tmp_path: Path) -> None:
        write_ct(tmp_path, STORED[:1], PLAIN, {"SliceThickness": None})
        with pytest.raises(InputError, match="one single slice without a thickness"):
            read_series(tmp_path)

    def test_colour_pictures(self, ct: Path) -> None:
        for k in range(5):
            change_slice(ct, k, {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3})
        with pytest.raises(InputError, match="wanted one grey value for each pixel"):
            read_series(ct)

    def test_frames_without_places(self, tmp_path: Path) -> None:
        dataset = base(pydicom.uid.CTImageStorage, "CT")
        put_plane(dataset, PLAIN)
        put_pixels(dataset, STORED)
        save(dataset, tmp_path / "a")
        with pytest.raises(InputError, match="5 frames in one file without the place of each"):
            read_series(tmp_path)

    def test_a_mapping_that_leaves_values_out(self, tmp_path: Path) -> None:
        narrow = mapping()
        narrow["RealWorldValueLastValueMapped"].value = 10
        write_nm(tmp_path / "a", STORED, PLAIN, {"RealWorldValueMappingSequence": [narrow]})
        with pytest.raises(InputError, match="mapping covers 0 to 10"):
            read_series(tmp_path)

    def test_a_table_or_two_mappings(self, tmp_path: Path) -> None:
        table = mapping(RealWorldValueSlope=None)
        write_nm(tmp_path / "a", STORED, PLAIN, {"RealWorldValueMappingSequence": [table]})
        with pytest.raises(InputError, match="is a table"):
            read_series(tmp_path)
        two = [mapping(), mapping()]
        write_nm(tmp_path / "a", STORED, PLAIN, {"RealWorldValueMappingSequence": two})
        with pytest.raises(InputError, match="2 real-world value mappings"):
            read_series(tmp_path)

    def test_no_message_names_the_patient(self, ct: Path) -> None:
        change_slice(ct, 2, {"FrameOfReferenceUID": uid(3)})
        with pytest.raises(InputError) as caught:
            read_series(ct)
        for secret in ("ZZTOP", "SECRET", "1945"):
            assert secret not in str(caught.value)
