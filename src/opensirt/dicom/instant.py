"""Dates and times of DICOM: an instant only when the zone is known."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone, tzinfo

from pydicom.dataset import Dataset
from pydicom.valuerep import DA, DT, TM

from opensirt.dicom.getters import items, optional_text
from opensirt.domain.missing import Missing

_MINUTES_PER_HOUR = 60

_ONE_SERIES = timedelta(hours=12)
"""Acquisition times of one series that lie farther apart than this contradict each other."""


def local_time(
    dataset: Dataset, *, day: str, clock: str, both: str | None = None
) -> datetime | Missing:
    """Return the clock time of an event, with the file's zone where it states one.

    `both` is the attribute that holds date and time together; it wins where it is filled. A
    value that is no date or time counts as absent.
    """
    whole = Missing.NOT_RECORDED if both is None else date_time(dataset, both)
    if isinstance(whole, datetime):
        return whole
    on, at = _day(optional_text(dataset, day)), _clock(optional_text(dataset, clock))
    if on is None or at is None:
        return Missing.NOT_RECORDED
    return datetime.combine(on, at, tzinfo=file_zone(dataset))


def date_time(dataset: Dataset, keyword: str) -> datetime | Missing:
    """Return the clock time of one date-and-time attribute, with its own or the file's zone."""
    whole = _datetime(optional_text(dataset, keyword))
    if whole is None:
        return Missing.NOT_RECORDED
    return whole if whole.tzinfo is not None else whole.replace(tzinfo=file_zone(dataset))


def acquisition(header: Dataset) -> datetime | Missing:
    """Return the clock time at which one image began to be acquired."""
    return local_time(
        header, day="AcquisitionDate", clock="AcquisitionTime", both="AcquisitionDateTime"
    )


def injection(header: Dataset) -> datetime | Missing:
    """Return the clock time of the injection that a header gives with its date.

    A time without a date (RadiopharmaceuticalStartTime alone) is none: implants are imaged on the
    day, or on a later one.
    """
    for item in items(header, "RadiopharmaceuticalInformationSequence"):
        whole = _datetime(optional_text(item, "RadiopharmaceuticalStartDateTime"))
        if whole is not None:
            return whole if whole.tzinfo is not None else whole.replace(tzinfo=file_zone(header))
    return Missing.NOT_RECORDED


def file_zone(dataset: Dataset) -> tzinfo | None:
    """Return the zone of TimezoneOffsetFromUTC (±HHMM), or None when the file states none."""
    text = optional_text(dataset, "TimezoneOffsetFromUTC")
    if isinstance(text, Missing):
        return None
    sign, digits = text[:1], text.lstrip("+-")
    if sign not in "+-" or len(digits) != 4 or not digits.isdigit():  # noqa: PLR2004 - HHMM
        return None
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes >= _MINUTES_PER_HOUR:  # noqa: PLR2004 - PS3.3 C.12.1.1.8
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if sign == "-" else offset)


def in_zone(instant: datetime | Missing, zone: tzinfo | None) -> datetime | Missing:
    """Return an instant: a clock time without zone is read in `zone`, or is `Missing`."""
    if isinstance(instant, Missing) or instant.tzinfo is not None:
        return instant
    return Missing.NOT_RECORDED if zone is None else instant.replace(tzinfo=zone)


def earliest(instants: Sequence[datetime | Missing]) -> datetime | Missing:
    """Return the first of some clock times.

    `Missing` when any is absent, zones are mixed, or they contradict each other: farther apart
    than a series lasts, as when midnight passed and the date stayed.
    """
    known = [one for one in instants if isinstance(one, datetime)]
    if not known or len(known) != len(instants):
        return Missing.NOT_RECORDED
    if len({one.tzinfo is None for one in known}) > 1:
        return Missing.NOT_RECORDED
    return Missing.NOT_RECORDED if spread_too_far(known) else min(known)


def spread_too_far(instants: Sequence[datetime | Missing]) -> bool:
    """Whether clock times cannot be of one series."""
    known = [one for one in instants if isinstance(one, datetime)]
    if len({one.tzinfo is None for one in known}) != 1:
        return False
    return max(known) - min(known) > _ONE_SERIES


def _datetime(text: str | Missing) -> datetime | None:
    """Return a DT value that is precise to the minute at least."""
    if isinstance(text, Missing) or not text[:12].isdigit() or len(text) < 12:  # noqa: PLR2004 - YYYYMMDDHHMM
        return None
    try:
        return datetime.fromisoformat(DT(text).isoformat())
    except (ValueError, TypeError, OverflowError):
        return None


def _day(text: str | Missing) -> date | None:
    try:
        return None if isinstance(text, Missing) else date.fromisoformat(DA(text).isoformat())
    except (ValueError, TypeError, OverflowError):
        return None


def _clock(text: str | Missing) -> time | None:
    """Return a TM value that is precise to the minute at least."""
    if isinstance(text, Missing):
        return None
    digits = text.replace(":", "")
    if len(digits) < 4:  # noqa: PLR2004 - HHMM
        return None
    try:
        return time.fromisoformat(TM(digits).isoformat())
    except (ValueError, TypeError, OverflowError):
        return None
