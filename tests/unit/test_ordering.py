"""Calendars over changes of the clock, combinations of vials, the nearest slots."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.order import instant_of
from opensirt.errors import InputError
from opensirt.physics.decay import decayed_activity_bq
from opensirt.physics.ordering import (
    Calendar,
    Supply,
    dispensed_for,
    instant_of_activity,
    lost_fraction,
    nearest_possible,
)
from opensirt.reference.radionuclide import radionuclide

NEW_YORK, AMSTERDAM = ZoneInfo("America/New_York"), ZoneInfo("Europe/Amsterdam")
Y90 = radionuclide("Y-90")
SUNDAYS = Calendar(weekdays=("sunday",), clock=time(12), time_zone="America/New_York")
EVERY_SIZE = tuple(gbq * 1e9 for gbq in (3, 5, 7, 10, 15, 20))

slots = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 - the strategy adds it
    datetime(2027, 1, 1),  # noqa: DTZ001 - the strategy adds it
    timezones=st.just(UTC),
)


def supply(**other: object) -> Supply:
    known = {
        "sizes_bq": EVERY_SIZE,
        "nuclide": Y90,
        "usable_before_calibration": timedelta(0),
        "shelf_life": timedelta(days=12),
        "calendar": SUNDAYS,
        "most_vials": 3,
        **other,
    }
    return Supply(**known)  # type: ignore[arg-type]  # tests name what they change


def test_noon_is_the_noon_of_the_wall_clock_on_both_sides_of_the_change() -> None:
    # Clocks go forward in New York on Sunday 2026-03-08 at 2:00 and back on 2026-11-01.
    march = SUNDAYS.instants(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 16, tzinfo=UTC))
    assert [one.hour for one in march] == [17, 16, 16]
    assert march[1] - march[0] == timedelta(hours=167)
    autumn = SUNDAYS.instants(datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    assert autumn[1] - autumn[0] == timedelta(hours=169)


def test_decay_over_the_change_counts_the_hours_that_passed() -> None:
    # 12:00 to 12:00 next day on the wall is 23 h when the clocks go forward.
    before = datetime(2026, 3, 28, 12, tzinfo=AMSTERDAM)
    after = datetime(2026, 3, 29, 12, tzinfo=AMSTERDAM)
    held = decayed_activity_bq(1.0, Y90, from_at=before, to_at=after)
    assert held == pytest.approx(2 ** (-23 * 3600 / Y90.half_life_s.value), rel=1e-12)
    utc = [one.astimezone(UTC) for one in (before, after)]
    assert held == decayed_activity_bq(1.0, Y90, from_at=utc[0], to_at=utc[1])


@given(slots)
def test_the_zone_in_which_a_slot_is_written_changes_nothing(at: datetime) -> None:
    made = supply()
    tokyo = at.astimezone(ZoneInfo("Asia/Tokyo"))
    assert made.usable_at(at) == made.usable_at(tokyo)
    assert made.most_at(at) == made.most_at(tokyo)


@given(slots)
def test_every_usable_calibration_is_a_sunday_noon_of_new_york_within_12_days(
    at: datetime,
) -> None:
    for one in supply().usable_at(at):
        local = one.astimezone(NEW_YORK)
        assert (local.weekday(), local.hour, local.minute) == (6, 12, 0)
        assert timedelta(0) <= at - one <= timedelta(days=12)


@given(slots, st.floats(0.1, 12.0))
def test_no_combination_has_negative_waste_or_a_vial_too_many(at: datetime, gbq: float) -> None:
    made = supply()
    found = list(made.enough(gbq * 1e9, at))
    assert bool(found) is (made.most_at(at) >= gbq * 1e9)
    for some in found:
        held = [made.activity_bq(one.size_bq, one.calibration_at, at) for one in some]
        assert sum(held) >= gbq * 1e9
        assert sum(held) - min(held) < gbq * 1e9


@given(st.floats(0.01, 20.0), st.floats(0.0, 0.9))
def test_what_is_dispensed_less_its_residual_is_what_was_prescribed(
    gbq: float, part: float
) -> None:
    assert dispensed_for(gbq, residual_fraction=part) * (1 - part) == pytest.approx(gbq)
    assert dispensed_for(gbq, residual_bq=part) - part == pytest.approx(gbq)


@given(slots, st.floats(1e8, 1e10), st.floats(1e8, 1e10))
def test_the_instant_of_an_activity_is_when_decay_has_reached_it(
    at: datetime, held: float, wanted: float
) -> None:
    then = instant_of_activity(held, at, wanted, Y90)
    reached = decayed_activity_bq(held, Y90, from_at=at, to_at=then)
    assert reached == pytest.approx(wanted, rel=1e-6)


@given(st.floats(0.1, 100.0), st.floats(0.1, 100.0))
def test_delays_multiply(first: float, second: float) -> None:
    one, two = (lost_fraction(Y90, timedelta(hours=hours)) for hours in (first, second))
    both = lost_fraction(Y90, timedelta(hours=first) + timedelta(hours=second))
    assert 1 - both == pytest.approx((1 - one) * (1 - two))


def test_the_nearest_slots_are_possible_and_none_nearer_is() -> None:
    made = supply(shelf_life=timedelta(days=2))
    friday = datetime(2026, 3, 6, 9, tzinfo=UTC)
    assert made.most_at(friday) == 0
    before, after = nearest_possible(made, [1e9], friday, timedelta(days=21))
    assert before == datetime(2026, 3, 3, 17, tzinfo=UTC)  # two days after Sunday 17:00 UTC
    assert after == datetime(2026, 3, 8, 16, tzinfo=UTC)  # the clocks have gone forward
    for hours in range(-15, 16):
        nearer = friday + timedelta(hours=hours)
        assert made.most_at(nearer) == 0
    assert nearest_possible(made, [1e12], friday, timedelta(days=3)) == (None, None)


def test_the_suppliers_own_calibrations_come_before_the_calendar() -> None:
    stated = datetime(2026, 3, 3, 12, tzinfo=AMSTERDAM)
    made = supply(calibrations=(stated,))
    assert made.usable_at(datetime(2026, 3, 4, tzinfo=UTC)) == (stated,)
    assert made.usable_at(datetime(2026, 4, 4, tzinfo=UTC)) == ()
    assert supply(calendar=None).usable_at(datetime(2026, 3, 4, tzinfo=UTC)) == ()


def test_vials_arrive_on_delivery_days_only() -> None:
    made = supply(delivery_days=("tuesday",), site_zone="Europe/Amsterdam")
    monday, tuesday = (datetime(2026, 3, day, 12, tzinfo=UTC) for day in (2, 3))
    assert len(made.usable_at(tuesday)) == 2
    # By Monday the vials of the Sunday before have not come, those of a week ago have.
    assert made.usable_at(monday) == (datetime(2026, 2, 22, 17, tzinfo=UTC),)


def test_a_time_without_a_zone_gets_that_of_the_site() -> None:
    naive = datetime(2026, 7, 1, 9)  # noqa: DTZ001 - the point
    assert instant_of(naive, "Europe/Amsterdam", where="x").utcoffset() == timedelta(hours=2)
    with pytest.raises(InputError, match="has no zone"):
        instant_of(naive, None, where="x")


@pytest.mark.parametrize(
    ("naive", "said"),
    [
        (datetime(2026, 3, 29, 2, 30), "skipped"),  # noqa: DTZ001 - the point
        (datetime(2026, 10, 25, 2, 30), "shown twice"),  # noqa: DTZ001 - the point
    ],
)
def test_an_hour_that_the_clocks_skip_or_repeat_is_refused(naive: datetime, said: str) -> None:
    with pytest.raises(InputError, match=f"planned_at: the time .* is {said}"):
        instant_of(naive, AMSTERDAM, where="planned_at")


def test_what_cannot_be_dispensed_is_refused() -> None:
    with pytest.raises(InputError, match="above zero"):
        dispensed_for(0.0)
    with pytest.raises(InputError, match="0.02 for 2 %"):
        dispensed_for(1.0, residual_fraction=2.0)
    with pytest.raises(InputError, match="not below zero"):
        dispensed_for(1.0, residual_bq=-1.0)
