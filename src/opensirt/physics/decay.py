"""Activity from one instant to another, and the decays of a permanent implant."""

from datetime import UTC, datetime
from math import exp2

import numpy as np

from opensirt.domain.image import ActivityMap, Event, TimeIntegratedActivityMap, require_zone
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, MissingInputError
from opensirt.reference.radionuclide import Radionuclide


def decayed_activity_bq(
    activity_bq: float, nuclide: Radionuclide, *, from_at: datetime, to_at: datetime
) -> float:
    """Return the activity of the same atoms at another instant, earlier or later.

    Raises
    ------
    InputError
        When an instant has no time zone.

    >>> from datetime import timedelta
    >>> from opensirt.reference.radionuclide import radionuclide
    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> round(decayed_activity_bq(
    ...     3e9, radionuclide("Y-90"), from_at=noon, to_at=noon + timedelta(hours=64.1)
    ... ))
    1500000000
    """
    require_zone(from_at, where="decay, first instant")
    require_zone(to_at, where="decay, second instant")
    # Two times of one zone are subtracted as the clock on the wall shows them, an hour wrong over
    # a change to or from daylight-saving time; in UTC they are instants.
    elapsed_s = (to_at.astimezone(UTC) - from_at.astimezone(UTC)).total_seconds()
    return activity_bq * exp2(-elapsed_s / nuclide.half_life_s.value)


def _at_administration(
    activity: ActivityMap, nuclide: Radionuclide, administered_at: datetime | Missing
) -> float:
    """Return the factor from the image's instant to the administration."""
    reference_at = activity.reference_at
    if reference_at is Event.ADMINISTRATION:
        return 1.0
    if reference_at is Event.ACQUISITION:
        if isinstance(activity.acquired_at, Missing):
            raise MissingInputError(
                f"instant of the acquisition ({activity.acquired_at.value})",
                where="an activity map that refers to its acquisition",
                remedy="give the instant with its zone, or say that the activity refers to the "
                "administration",
            )
        reference_at = activity.acquired_at
    if isinstance(administered_at, Missing):
        raise MissingInputError(
            f"instant of the administration ({administered_at.value})",
            where=f"the course of an activity map that refers to {reference_at}",
            remedy="give it with its zone under [administration]",
        )
    return decayed_activity_bq(1.0, nuclide, from_at=reference_at, to_at=administered_at)


def permanent_implant(
    activity: ActivityMap, nuclide: Radionuclide, *, administered_at: datetime | Missing
) -> TimeIntegratedActivityMap:
    """Return the decays of spheres that stay where they are: activity × half-life / ln 2.

    The activity is first brought to the instant of administration. An activity that refers to
    the administration needs no instant at all.

    Parameters
    ----------
    activity : Bq/mL
    nuclide
        The nuclide of the map, from the data set in force.
    administered_at
        Instant of the administration, or why it is not known.

    Raises
    ------
    InputError
        When the map is of another nuclide, or an instant has no zone.
    MissingInputError
        When the activity refers to an instant that was not recorded, or to another instant than
        the administration and that one was not recorded.

    References
    ----------
    .. [1] MIRD Pamphlet No. 21, J. Nucl. Med. 50 (2009): time-integrated activity.
    """
    if activity.radionuclide != nuclide.name:
        raise InputError(
            f"the activity map is of {activity.radionuclide}, the decay data of {nuclide.name}; "
            "use the data of the nuclide in the image"
        )
    seconds = _at_administration(activity, nuclide, administered_at) * nuclide.mean_life_s
    return TimeIntegratedActivityMap(
        grid=activity.grid,
        values=activity.values * np.float32(seconds),
        radionuclide=activity.radionuclide,
    )
