"""Vials for a treatment slot: calendars, decay, combinations, the nearest slots."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import combinations_with_replacement
from math import exp2, log2
from zoneinfo import ZoneInfo

from opensirt.domain.image import require_zone
from opensirt.errors import InputError
from opensirt.physics.decay import decayed_activity_bq
from opensirt.reference.radionuclide import Radionuclide
from opensirt.units import SECONDS_PER_HOUR

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """When vials are calibrated: a wall-clock time on days of the week in one zone."""

    weekdays: tuple[str, ...]
    clock: time
    time_zone: str

    def instants(self, earliest_at: datetime, latest_at: datetime) -> tuple[datetime, ...]:
        """Return the calibrations between two instants, in UTC.

        The clock on the wall decides: over a change to or from daylight-saving time two
        successive Sunday noons are 167 or 169 h apart.
        """
        zone = ZoneInfo(self.time_zone)
        earliest, latest = earliest_at.astimezone(UTC), latest_at.astimezone(UTC)
        day = earliest.astimezone(zone).date()
        last = latest.astimezone(zone).date()
        found = []
        while day <= last:
            if WEEKDAYS[day.weekday()] in self.weekdays:
                instant = datetime.combine(day, self.clock, tzinfo=zone).astimezone(UTC)
                if earliest <= instant <= latest:
                    found.append(instant)
            day += timedelta(days=1)
        return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Vial:
    """One vial: its activity at calibration."""

    size_bq: float
    calibration_at: datetime


@dataclass(frozen=True, kw_only=True)
class Supply:
    """What can be delivered: sizes at calibration, calibrations, and how long a vial is good."""

    sizes_bq: tuple[float, ...]
    nuclide: Radionuclide
    usable_before_calibration: timedelta
    shelf_life: timedelta
    calendar: Calendar | None = None
    calibrations: tuple[datetime, ...] = ()
    """In place of the calendar where the supplier has stated them."""
    delivery_days: tuple[str, ...] = ()
    """Days of the week on which vials arrive; any day where empty."""
    site_zone: str = "UTC"
    most_vials: int

    def usable_at(self, treatment_at: datetime) -> tuple[datetime, ...]:
        """Return the calibrations whose vials have arrived and are good at an instant, in UTC."""
        at = treatment_at.astimezone(UTC)
        earliest, latest = at - self.shelf_life, at + self.usable_before_calibration
        if self.calibrations:
            given = sorted(one.astimezone(UTC) for one in self.calibrations)
            found = [one for one in given if earliest <= one <= latest]
        elif self.calendar is not None:
            found = list(self.calendar.instants(earliest, latest))
        else:
            found = []
        return tuple(one for one in found if self._arrives(one, at))

    def _arrives(self, calibration_at: datetime, at: datetime) -> bool:
        """Whether a delivery day lies between the first possible use and the treatment."""
        if not self.delivery_days:
            return True
        zone = ZoneInfo(self.site_zone)
        day = (calibration_at - self.usable_before_calibration).astimezone(zone).date()
        last = at.astimezone(zone).date()
        while day <= last:
            if WEEKDAYS[day.weekday()] in self.delivery_days:
                return True
            day += timedelta(days=1)
        return False

    def most_at(self, treatment_at: datetime) -> float:
        """Return the largest activity in Bq that can be there at an instant; 0 without any."""
        each = [
            self.activity_bq(max(self.sizes_bq), calibration, treatment_at)
            for calibration in self.usable_at(treatment_at)
        ]
        return self.most_vials * max(each, default=0.0)

    def activity_bq(self, size_bq: float, calibration_at: datetime, at: datetime) -> float:
        """Return what a vial of a size holds at an instant."""
        return decayed_activity_bq(size_bq, self.nuclide, from_at=calibration_at, to_at=at)

    def enough(self, wanted_bq: float, treatment_at: datetime) -> Iterator[tuple[Vial, ...]]:
        """Yield every combination of vials that holds at least so much at an instant."""
        kinds = [
            Vial(size_bq=size, calibration_at=calibration)
            for calibration in self.usable_at(treatment_at)
            for size in self.sizes_bq
        ]
        held = {
            one: self.activity_bq(one.size_bq, one.calibration_at, treatment_at) for one in kinds
        }
        for n_vials in range(1, self.most_vials + 1):
            for some in combinations_with_replacement(kinds, n_vials):
                total_bq = sum(held[one] for one in some)
                # A vial without which the others are enough is of no use.
                if total_bq >= wanted_bq > total_bq - min(held[one] for one in some):
                    yield some


def dispensed_for(
    prescribed_bq: float, *, residual_fraction: float | None = None, residual_bq: float = 0.0
) -> float:
    """Return what to dispense so that the prescribed activity enters the patient.

    A / (1 − R) where the residual is a part of the dispensed activity; A + residual where it is
    the same activity for every dose.

    Raises
    ------
    InputError
        When the prescribed activity is not above zero, or the residual not from 0 to below all.

    >>> round(dispensed_for(2.3, residual_fraction=0.02), 3)
    2.347
    """
    if not prescribed_bq > 0:
        raise InputError(f"the prescribed activity is {prescribed_bq:g} Bq; it is above zero")
    if residual_fraction is None:
        if residual_bq < 0:
            raise InputError(f"the residual is {residual_bq:g} Bq; it is not below zero")
        return prescribed_bq + residual_bq
    if not 0 <= residual_fraction < 1:
        raise InputError(
            f"the residual fraction is {residual_fraction:g}; it is from 0 to below 1, 0.02 for 2 %"
        )
    return prescribed_bq / (1 - residual_fraction)


def lost_fraction(nuclide: Radionuclide, delay: timedelta) -> float:
    """Return the part of an activity that a delay costs."""
    return 1.0 - exp2(-delay.total_seconds() / nuclide.half_life_s.value)


def instant_of_activity(
    activity_bq: float, at: datetime, wanted_bq: float, nuclide: Radionuclide
) -> datetime:
    """Return when an activity of an instant has decayed to another one, in UTC."""
    require_zone(at, where="decay to an activity")
    half_lives = log2(activity_bq / wanted_bq)
    return at.astimezone(UTC) + timedelta(seconds=half_lives * nuclide.half_life_s.value)


def nearest_possible(
    supply: Supply, wanted_bq: Sequence[float], treatment_at: datetime, search: timedelta
) -> tuple[datetime | None, datetime | None]:
    """Return the last slot before and the first after an impossible one, in whole hours of UTC.

    A slot is possible when each of the activities can be delivered for it; None where there is
    no such slot within `search`.
    """
    most = max(wanted_bq)
    start = treatment_at.astimezone(UTC)
    n_hours = int(search.total_seconds() // SECONDS_PER_HOUR)

    def first(sign: int) -> datetime | None:
        for hours in range(1, n_hours + 1):
            at = start + timedelta(hours=sign * hours)
            if supply.most_at(at) >= most:
                return at
        return None

    return first(-1), first(+1)
