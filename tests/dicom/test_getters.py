"""Getters give a value of its type, a `Missing`, or a refusal; never None or a wrong type."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from opensirt.dicom.getters import (
    common_text,
    items,
    optional_float,
    optional_floats,
    optional_int,
    optional_text,
    required_float,
    required_floats,
    required_int,
    required_text,
)
from opensirt.dicom.instant import date_time, earliest, file_zone, in_zone, local_time
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, MissingInputError


def dataset(**values: object) -> Dataset:
    made = Dataset()
    made.Modality, made.SeriesInstanceUID = "PT", "1.2.3"
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


class TestValues:
    def test_what_is_there_is_given(self) -> None:
        made = dataset(Units=" BQML ", RescaleSlope="1.5", Rows=7, PixelSpacing=["2", "3"])
        assert required_text(made, "Units") == "BQML"
        assert required_float(made, "RescaleSlope") == 1.5
        assert required_int(made, "Rows") == 7
        assert required_floats(made, "PixelSpacing", n=2) == (2.0, 3.0)
        assert optional_floats(made, "RescaleSlope") == (1.5,)

    def test_several_texts_are_one_as_the_file_has_them(self) -> None:
        made = dataset(ImageType=["ORIGINAL", "PRIMARY"])
        assert optional_text(made, "ImageType") == "ORIGINAL\\PRIMARY"

    @pytest.mark.parametrize("value", [None, ""])
    def test_what_is_absent_or_empty_is_missing(self, value: str | None) -> None:
        for made in (dataset(), dataset(Units=value, RescaleSlope=value, Rows=None)):
            assert optional_text(made, "Units") is Missing.NOT_RECORDED
            assert optional_float(made, "RescaleSlope") is Missing.NOT_RECORDED
            assert optional_int(made, "Rows") is Missing.NOT_RECORDED
            with pytest.raises(MissingInputError, match=r"PT series 1\.2\.3 records no Units"):
                required_text(made, "Units")

    def test_numbers_that_are_none_are_refused(self) -> None:
        made = dataset()
        made.add_new("RescaleSlope", "DS", "1")
        made["RescaleSlope"]._value = "ten"
        with pytest.raises(InputError, match="RescaleSlope holds no number"):
            required_float(made, "RescaleSlope")
        made["RescaleSlope"]._value = float("inf")
        with pytest.raises(InputError, match="wanted finite numbers"):
            required_float(made, "RescaleSlope")

    def test_too_few_numbers_are_refused(self) -> None:
        with pytest.raises(InputError, match="holds 2 numbers; wanted 3"):
            required_floats(dataset(PixelSpacing=["2", "3"]), "PixelSpacing", n=3)

    def test_a_keyword_that_dicom_does_not_have_is_a_slip(self) -> None:
        with pytest.raises(KeyError, match="PixelSpacings"):
            optional_text(dataset(), "PixelSpacings")

    def test_an_absent_sequence_has_no_items(self) -> None:
        assert items(dataset(), "SegmentSequence") == ()
        assert len(items(dataset(SegmentSequence=Sequence([Dataset()])), "SegmentSequence")) == 1

    def test_what_slices_share_is_one_text(self) -> None:
        assert common_text([dataset(Units="BQML"), dataset(Units="BQML")], "Units") == "BQML"
        with pytest.raises(InputError, match=r"differ in Units \(BQML, none\)"):
            common_text([dataset(Units="BQML"), dataset()], "Units")


class TestInstants:
    def at(self, **values: object) -> datetime | Missing:
        return local_time(
            dataset(**values),
            day="AcquisitionDate",
            clock="AcquisitionTime",
            both="AcquisitionDateTime",
        )

    def test_date_and_time_meet_in_the_zone_of_the_file(self) -> None:
        found = self.at(
            AcquisitionDate="20260302",
            AcquisitionTime="101500.250",
            TimezoneOffsetFromUTC="-0330",
        )
        zone = timezone(-timedelta(hours=3, minutes=30))
        assert found == datetime(2026, 3, 2, 10, 15, 0, 250000, tzinfo=zone)

    def test_without_a_zone_it_is_a_clock_time_until_one_is_given(self) -> None:
        found = self.at(AcquisitionDate="20260302", AcquisitionTime="1015")
        assert isinstance(found, datetime)
        assert found.tzinfo is None
        assert in_zone(found, None) is Missing.NOT_RECORDED
        assert in_zone(found, UTC) == datetime(2026, 3, 2, 10, 15, tzinfo=UTC)

    def test_a_whole_instant_wins_and_may_carry_its_zone(self) -> None:
        found = self.at(
            AcquisitionDate="20200101",
            AcquisitionTime="000000",
            AcquisitionDateTime="20260302101500+0200",
        )
        assert found == datetime(2026, 3, 2, 8, 15, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("date", "time"),
        [("20260302", None), (None, "101500"), ("20261302", "101500"), ("20260302", "10")],
    )
    def test_half_a_date_or_a_wrong_one_is_none(self, date: str | None, time: str | None) -> None:
        made = dataset()
        for keyword, vr, value in (
            ("AcquisitionDate", "DA", date),
            ("AcquisitionTime", "TM", time),
        ):
            if value is not None:
                made.add_new(keyword, vr, "")
                made[keyword]._value = value
        found = local_time(made, day="AcquisitionDate", clock="AcquisitionTime")
        assert found is Missing.NOT_RECORDED

    def test_a_day_alone_is_no_instant(self) -> None:
        made = dataset()
        made.add_new("AcquisitionDateTime", "DT", "20260302")
        assert date_time(made, "AcquisitionDateTime") is Missing.NOT_RECORDED

    @pytest.mark.parametrize("text", ["0100", "+1", "+2500", "+0160", "CET"])
    def test_a_zone_that_is_none(self, text: str) -> None:
        made = dataset()
        made.add_new("TimezoneOffsetFromUTC", "SH", text)
        assert file_zone(made) is None

    def test_the_earliest_of_mixed_clocks_is_unknown(self) -> None:
        aware = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
        assert earliest([aware, aware + timedelta(hours=1)]) == aware
        assert earliest([aware, aware.replace(tzinfo=None)]) is Missing.NOT_RECORDED
        assert earliest([aware, Missing.NOT_RECORDED]) is Missing.NOT_RECORDED
        assert earliest([]) is Missing.NOT_RECORDED
