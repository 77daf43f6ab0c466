"""Landmark analysis: groups known at one day, times counted from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Ints, vector
from opensirt.outcomes.endpoint import from_landmark
from opensirt.outcomes.times import EventTimes


@dataclass(frozen=True, eq=False, kw_only=True)
class Landmark:
    """Those still under observation without any event at the landmark, counted from there."""

    landmark: float
    times: EventTimes
    rows: Ints
    """Places of those who stay, in the original rows."""
    earlier_events: int
    earlier_censored: int


def at_landmark(times: EventTimes, landmark: float, *, known_at: ArrayLike) -> Landmark:
    """Return the rows still observed after the landmark, with the times that remain.

    A group that becomes known during follow-up (response, say) must be known by the landmark for
    all that stay; else who lives longer has more time to become a responder (immortal time).

    Parameters
    ----------
    landmark
        In the unit of the endpoint, from its origin.
    known_at : (n,)
        When each row's group was known; NaN where it never was.

    Raises
    ------
    InputError
        When a row that stays has a group known later than the landmark, or never, or nobody stays.

    References
    ----------
    .. [1] Anderson, Cain and Gelber, J. Clin. Oncol. 1 (1983), 710.
    """
    known = np.asarray(known_at, dtype=np.float64)
    if known.shape != times.time.shape:
        raise InputError(f"{known.shape} days of knowledge for {times.n} rows")
    vector([landmark], 1, where="landmark")
    if not landmark > 0:
        raise InputError(f"the landmark is {landmark:g}; wanted a time after the origin")
    stays = times.time > landmark
    late = stays & ~(known <= landmark)
    if late.any():
        raise InputError(
            f"{int(late.sum())} of {int(stays.sum())} rows at the landmark {landmark:g} have a "
            f"group that was known only later, or never: comparing them would count time that "
            f"could not end as survival (immortal time). Choose a later landmark, or give those "
            f"rows the group that they had by then"
        )
    if not stays.any():
        raise InputError(f"nobody is under observation after the landmark {landmark:g}")
    rows = np.flatnonzero(stays)
    return Landmark(
        landmark=landmark,
        times=EventTimes(
            endpoint=from_landmark(times.endpoint, landmark),
            time=times.time[rows] - landmark,
            code=times.code[rows],
            competing=times.competing,
        ),
        rows=rows,
        earlier_events=int((~stays & (times.code > 0)).sum()),
        earlier_censored=int((~stays & (times.code == 0)).sum()),
    )
