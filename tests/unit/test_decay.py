"""Activity at another instant, and decays of spheres that stay."""

from datetime import UTC, datetime, timedelta, timezone
from math import log

import numpy as np
import pytest
from builders import activity, centred_grid
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.image import ActivityMap, Event
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, MissingInputError
from opensirt.physics.decay import decayed_activity_bq, permanent_implant
from opensirt.reference.radionuclide import radionuclide

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Y90 = radionuclide("Y-90")
GRID = centred_grid((3, 4, 5))
HALF_LIFE = timedelta(seconds=Y90.half_life_s.value)


def image(
    reference_at: datetime | Event, acquired_at: datetime | Missing = Missing.NOT_RECORDED
) -> ActivityMap:
    return ActivityMap(
        grid=GRID,
        values=np.full(GRID.shape, 2e6, np.float32),
        radionuclide="Y-90",
        reference_at=reference_at,
        acquired_at=acquired_at,
    )


@given(st.floats(1.0, 1e12), st.floats(-2000.0, 2000.0))
def test_decay_there_and_back_is_nothing(start_bq: float, hours: float) -> None:
    later = NOON + timedelta(hours=hours)
    moved = decayed_activity_bq(start_bq, Y90, from_at=NOON, to_at=later)
    back = decayed_activity_bq(moved, Y90, from_at=later, to_at=NOON)
    assert back == pytest.approx(start_bq, rel=1e-9)


def test_half_is_left_after_a_half_life_and_zones_do_not_matter() -> None:
    later = (NOON + HALF_LIFE).astimezone(timezone(timedelta(hours=9)))
    assert decayed_activity_bq(3e9, Y90, from_at=NOON, to_at=later) == pytest.approx(1.5e9)


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 3, 2, 12)  # noqa: DTZ001 - that is the point
    with pytest.raises(InputError, match="first instant: the time .* has no zone"):
        decayed_activity_bq(1.0, Y90, from_at=naive, to_at=NOON)
    with pytest.raises(InputError, match="second instant: the time .* has no zone"):
        decayed_activity_bq(1.0, Y90, from_at=NOON, to_at=naive)


def test_an_activity_at_administration_needs_no_instant() -> None:
    decays = permanent_implant(
        image(Event.ADMINISTRATION), Y90, administered_at=Missing.NOT_RECORDED
    )
    np.testing.assert_allclose(decays.values, 2e6 * Y90.half_life_s.value / log(2), rtol=1e-6)
    assert decays.radionuclide == "Y-90"
    assert decays.grid is GRID


@pytest.mark.parametrize(
    "imaged",
    [image(NOON + HALF_LIFE), image(Event.ACQUISITION, acquired_at=NOON + HALF_LIFE)],
    ids=["instant", "acquisition"],
)
def test_an_image_of_half_the_activity_a_half_life_later_counts_double(imaged: ActivityMap) -> None:
    decays = permanent_implant(imaged, Y90, administered_at=NOON)
    np.testing.assert_allclose(decays.values, 2 * 2e6 * Y90.mean_life_s, rtol=1e-6)


@pytest.mark.parametrize(
    "imaged", [image(NOON), image(Event.ACQUISITION, acquired_at=NOON)], ids=["instant", "event"]
)
def test_an_unknown_administration_is_refused(imaged: ActivityMap) -> None:
    with pytest.raises(MissingInputError, match="records no instant of the administration"):
        permanent_implant(imaged, Y90, administered_at=Missing.NOT_RECORDED)


def test_an_unknown_acquisition_is_refused() -> None:
    with pytest.raises(MissingInputError, match="records no instant of the acquisition"):
        permanent_implant(image(Event.ACQUISITION), Y90, administered_at=NOON)


def test_an_administration_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 3, 2, 12)  # noqa: DTZ001 - that is the point
    with pytest.raises(InputError, match="has no zone"):
        permanent_implant(image(NOON), Y90, administered_at=naive)


def test_the_data_of_another_nuclide_are_refused() -> None:
    with pytest.raises(InputError, match="activity map is of Ho-166, the decay data of Y-90"):
        permanent_implant(activity(GRID, 1.0, "Ho-166"), Y90, administered_at=Missing.NOT_RECORDED)
