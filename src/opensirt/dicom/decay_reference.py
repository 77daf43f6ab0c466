"""Which instant the values of a series are decay-corrected to."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from pydicom.dataset import Dataset

from opensirt.dicom.getters import common_text, optional_float, optional_floats, optional_text
from opensirt.dicom.instant import (
    acquisition,
    date_time,
    earliest,
    in_zone,
    injection,
    local_time,
    spread_too_far,
)
from opensirt.domain.missing import Missing

_MS_PER_S = 1000.0


def decay_reference(
    headers: Sequence[Dataset], zone: tzinfo | None, half_life_s: float | Missing
) -> tuple[datetime | str | Missing, tuple[str, ...]]:
    """Return what the values are decay-corrected to, and what there is to say about it.

    Correction to the start is taken to the series time, which the standard makes the acquisition
    start; a series time after the acquisition is that of a later processing, one half a day or
    more before it contradicts it, and then the earliest acquisition time is taken. The file's own
    decay factor is compared with that.
    """
    how = common_text(headers, "DecayCorrection")
    if isinstance(how, Missing) and "DecayCorrected" in headers[0]:
        return _enhanced(headers[0], zone)
    if how == "ADMIN":
        return "administration", _injection_notes(headers, zone, half_life_s)
    if how == "NONE":
        return "acquisition", _spread(headers)
    if how != "START":
        said = "no DecayCorrection" if isinstance(how, Missing) else f"DecayCorrection {how}"
        return Missing.NOT_RECORDED, (f"the files state {said}; the case has to state it",)
    acquired = earliest([acquisition(header) for header in headers])
    series = _series_time(headers)
    chosen = acquired
    comparable = (
        isinstance(series, datetime)
        and isinstance(acquired, datetime)
        and (series.tzinfo is None) == (acquired.tzinfo is None)
        and not spread_too_far([series, acquired])
    )
    if comparable and series <= acquired:  # type: ignore[operator]  # both are datetimes
        chosen = series
    notes = _decay_factor_notes(headers, chosen, "the acquisition start", half_life_s)
    instant = in_zone(chosen, zone)
    if isinstance(instant, Missing):
        return "acquisition", (*notes, "values are corrected to the start of the acquisition")
    return instant, notes


def _series_time(headers: Sequence[Dataset]) -> datetime | Missing:
    return earliest(
        [local_time(header, day="SeriesDate", clock="SeriesTime") for header in headers]
    )


def _injection_notes(
    headers: Sequence[Dataset], zone: tzinfo | None, half_life_s: float | Missing
) -> tuple[str, ...]:
    """Say what hinders comparing the injection that the scanner corrected to with the case's."""
    injected = injection(headers[0])
    if isinstance(in_zone(injected, zone), Missing):
        why = "no date" if isinstance(injected, Missing) else "no time zone"
        note = (
            f"values are corrected to the injection, of which the header gives {why}: whether it "
            "is the administration of the case was not checked"
        )
        return (note,)
    return _decay_factor_notes(headers, injected, "the injection", half_life_s)


def _enhanced(
    header: Dataset, zone: tzinfo | None
) -> tuple[datetime | str | Missing, tuple[str, ...]]:
    """Return the instant that an enhanced (multi-frame) PET names outright."""
    if optional_text(header, "DecayCorrected") == "NO":
        return "acquisition", ()
    instant = in_zone(date_time(header, "DecayCorrectionDateTime"), zone)
    if isinstance(instant, Missing):
        note = "the decay correction names no instant with a time zone; the case has to state it"
        return instant, (note,)
    return instant, ()


def _spread(headers: Sequence[Dataset]) -> tuple[str, ...]:
    known = [one for one in map(acquisition, headers) if isinstance(one, datetime)]
    if len({one.tzinfo is None for one in known}) != 1:
        return ()
    spread_s = (max(known) - min(known)).total_seconds()
    if spread_s == 0:
        return ()
    note = (
        f"without decay correction the slices refer to times up to {spread_s:.0f} s apart; they "
        "were taken as one"
    )
    return (note,)


_SAME_FACTOR = 0.01
"""Decay factors that agree to this are one."""


def _decay_factor_notes(
    headers: Sequence[Dataset],
    chosen: datetime | Missing,
    event: str,
    half_life_s: float | Missing,
) -> tuple[str, ...]:
    """Check the chosen instant against DecayFactor and FrameReferenceTime of the first slice."""
    series = _series_time(headers)
    factors = optional_floats(headers[0], "DecayFactor")
    frame_ms = optional_float(headers[0], "FrameReferenceTime")
    if (
        isinstance(factors, Missing)
        or isinstance(frame_ms, Missing)
        or isinstance(half_life_s, Missing)
        or isinstance(series, Missing)
        or isinstance(chosen, Missing)
        or (series.tzinfo is None) != (chosen.tzinfo is None)
    ):
        return ()
    counted = series + timedelta(seconds=frame_ms / _MS_PER_S)
    expected = 2.0 ** ((counted - chosen).total_seconds() / half_life_s)
    if abs(factors[0] / expected - 1) <= _SAME_FACTOR:
        return ()
    note = (
        f"the file's decay factor is {factors[0]:.4g}, but correction to {event} "
        f"needs {expected:.4g}: find out which instant the values refer to"
    )
    return (note,)
