"""Headers that contradict themselves, or leave out what matters: said, never guessed."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from builders import affine
from dicom_files import (
    SERIES,
    change,
    radiopharmaceutical,
    write_ct,
    write_enhanced_ct,
    write_nm,
    write_pet,
)
from pydicom.dataset import Dataset

from opensirt.dicom.series import read_series
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadVolume
from opensirt.errors import InputError, MissingInputError

STORED = np.arange(60, dtype=np.int16).reshape(5, 4, 3) + 100


class TestSeries:
    """One series."""

    def test_slices_left_out_at_the_ends_are_told_by_their_number(self, tmp_path: Path) -> None:
        paths = write_pet(tmp_path, STORED, affine(), {"NumberOfSlices": 5})
        assert read_series(tmp_path).notes == ()
        paths[-1].unlink()
        (note,) = read_series(tmp_path).notes
        assert note.startswith("the series declares 5 slices, 4 are here")

    def test_an_enhanced_ct_without_rescale_has_no_ct_numbers(self, tmp_path: Path) -> None:
        path = write_enhanced_ct(tmp_path / "a", STORED, affine())
        dataset = pydicom.dcmread(path)
        del dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence
        dataset.save_as(path)
        with pytest.raises(MissingInputError, match="records no RescaleSlope"):
            read_series(tmp_path)

    def test_a_header_with_a_value_of_no_type_is_refused(self, tmp_path: Path) -> None:
        path = write_enhanced_ct(tmp_path / "a", STORED, affine())
        dataset = pydicom.dcmread(path)
        dataset.SeriesNumber = 1234567
        dataset.save_as(path)
        content = path.read_bytes()
        assert content.count(b"1234567 ") == 1
        path.write_bytes(content.replace(b"1234567 ", b"1e400   "))
        with pytest.raises(InputError, match="a value in its header cannot be read"):
            read_series(tmp_path)

    def test_libraries_warn_of_no_value_of_a_patient(
        self, tmp_path: Path, recwarn: pytest.WarningsRecorder
    ) -> None:
        for path in write_ct(tmp_path, STORED, affine()):
            content = path.read_bytes()
            assert content.count(b"1.2.3.4\0") == 1
            path.write_bytes(content.replace(b"1.2.3.4\0", b"1.ZZTOP\0"))
        read_series(tmp_path)
        assert not [one for one in recwarn if "ZZTOP" in str(one.message)]

    def test_values_that_begin_above_the_lowest_bit_are_refused(self, tmp_path: Path) -> None:
        write_ct(tmp_path, STORED, affine(), {"BitsStored": 12, "HighBit": 15})
        with pytest.raises(InputError, match="HighBit is 15 for 12 BitsStored"):
            read_series(tmp_path)

    def test_rows_beyond_the_pixels_are_refused_before_room_is_made(self, tmp_path: Path) -> None:
        write_ct(tmp_path, STORED, affine(), {"Rows": 65535, "Columns": 65535})
        with pytest.raises(InputError, match="the pixels cannot be decoded"):
            read_series(tmp_path)

    def test_a_map_of_attenuation_is_no_activity(self, tmp_path: Path) -> None:
        kind = ["ORIGINAL", "PRIMARY", "RECON TOMO", "TRANSMISSION"]
        write_nm(tmp_path / "a", STORED, affine(), {"ImageType": kind})
        with pytest.raises(InputError, match="TRANSMISSION: a map of attenuation"):
            read_series(tmp_path)

    def test_spect_without_orientation_names_its_series(self, tmp_path: Path) -> None:
        write_nm(tmp_path / "a", STORED, affine(), None, {"ImageOrientationPatient": None})
        with pytest.raises(MissingInputError, match=rf"NM series {SERIES} records no ImageOrient"):
            read_series(tmp_path)

    def test_a_pet_without_attenuation_correction_is_refused(self, tmp_path: Path) -> None:
        write_pet(tmp_path / "a", STORED, affine(), {"CorrectedImage": ["DECY", "ATTN", "SCAT"]})
        assert read_series(tmp_path / "a").notes == ()
        write_pet(tmp_path / "b", STORED, affine(), {"CorrectedImage": ["DECY", "NORM"]})
        with pytest.raises(InputError, match=r"not corrected for attenuation .* DECY, NORM\)"):
            read_series(tmp_path / "b")
        mixed = lambda k: {"CorrectedImage": ["DECY", "ATTN"] if k else ["DECY"]}  # noqa: E731
        write_pet(tmp_path / "c", STORED, affine(), mixed)
        with pytest.raises(InputError, match="not corrected for attenuation"):
            read_series(tmp_path / "c")

        write_pet(tmp_path / "d", STORED, affine(), {"AttenuationCorrected": "NO"})
        with pytest.raises(InputError, match=r"not corrected for attenuation \(it says so\)"):
            read_series(tmp_path / "d")

    def test_spect_without_attenuation_correction_is_said(self, tmp_path: Path) -> None:
        write_nm(tmp_path / "a", STORED, affine(), {"CorrectedImage": ["UNIF", "ATTN"]})
        assert read_series(tmp_path / "a").notes == ()
        write_nm(tmp_path / "b", STORED, affine(), {"CorrectedImage": ["UNIF", "COR"]})
        assert "not corrected for attenuation" in read_series(tmp_path / "b").notes[0]

    def test_mappings_to_two_units_are_refused(self, tmp_path: Path) -> None:
        def mapping(k: int) -> dict[str, object]:
            item, code = Dataset(), Dataset()
            code.CodeValue = "Bq/ml" if k else "kBq/ml"
            item.MeasurementUnitsCodeSequence = [code]
            item.RealWorldValueSlope, item.RealWorldValueIntercept = 2.0, 0.0
            return {"Units": None, "RealWorldValueMappingSequence": [item]}

        write_pet(tmp_path, STORED, affine(), mapping)
        with pytest.raises(InputError, match=r"different units \(Bq/mL, kBq/mL\)"):
            read_series(tmp_path)

    def test_a_date_that_stayed_behind_at_midnight_gives_no_instant(self, tmp_path: Path) -> None:
        times = ("235800", "235900", "000100", "000200", "000300")
        write_pet(tmp_path, STORED, affine(), lambda k: {"AcquisitionTime": times[k]})
        read = read_series(tmp_path)
        assert (read.decay_corrected_to, read.acquired_at) == ("acquisition", Missing.NOT_RECORDED)
        assert "contradict each other (a date stayed behind at midnight?)" in read.notes[0]

    def test_a_series_over_midnight_begins_the_evening_before(self, tmp_path: Path) -> None:
        def over_midnight(k: int) -> dict[str, str]:
            first = k < 2
            return {
                "AcquisitionDate": "20260302" if first else "20260303",
                "AcquisitionTime": "235900" if first else "000500",
                "SeriesTime": "235900",
            }

        write_pet(tmp_path, STORED, affine(), over_midnight)
        wanted = datetime.fromisoformat("2026-03-02T23:59:00+01:00")
        read = read_series(tmp_path)
        assert (read.decay_corrected_to, read.acquired_at) == (wanted, wanted)

    def test_a_series_time_of_another_day_is_not_the_start(self, tmp_path: Path) -> None:
        write_pet(tmp_path, STORED, affine(), {"SeriesDate": "20010101"})
        wanted = datetime.fromisoformat("2026-03-02T10:15:00+01:00")
        assert read_series(tmp_path).decay_corrected_to == wanted


class TestInjection:
    """The instant that a header gives for the injection."""

    def read(self, folder: Path, item_changes: dict[str, str], **changes: object) -> ReadVolume:
        (item,) = radiopharmaceutical("^90^Yttrium", 230760.0, 1.4e9)
        change(item, item_changes)
        also = {"DecayCorrection": "ADMIN", "RadiopharmaceuticalInformationSequence": [item]}
        write_pet(folder, STORED, affine(), {**also, **changes})
        return read_series(folder)

    def test_with_its_date(self, tmp_path: Path) -> None:
        read = self.read(tmp_path, {"RadiopharmaceuticalStartDateTime": "20260301113000"})
        assert read.administered_at == datetime.fromisoformat("2026-03-01T11:30:00+01:00")
        assert (read.decay_corrected_to, read.notes) == ("administration", ())

    def test_a_time_alone_is_of_no_known_day(self, tmp_path: Path) -> None:
        read = self.read(tmp_path, {"RadiopharmaceuticalStartTime": "090000"})
        assert read.administered_at is Missing.NOT_RECORDED
        assert "of which the header gives no date" in read.notes[0]

    def test_without_any_it_is_said_that_it_was_not_compared(self, tmp_path: Path) -> None:
        read = self.read(tmp_path, {})
        assert read.administered_at is Missing.NOT_RECORDED
        assert "of which the header gives no date" in read.notes[0]

    def test_the_decay_factor_is_held_against_it(self, tmp_path: Path) -> None:
        started = {"RadiopharmaceuticalStartDateTime": "20260301101500"}
        factor = 2 ** (24 * 3600 / 230760)
        also = {"FrameReferenceTime": "0", "DecayFactor": f"{factor:.5f}"}
        assert self.read(tmp_path / "a", started, **also).notes == ()
        read = self.read(tmp_path / "b", started, **also | {"DecayFactor": "1.0"})
        assert "but correction to the injection needs 1.296" in read.notes[0]
