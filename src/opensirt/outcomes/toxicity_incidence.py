"""How many have had a toxicity by a day, where death can come first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.cumulative_incidence import CumulativeIncidence, cumulative_incidence
from opensirt.outcomes.endpoint import Endpoint
from opensirt.outcomes.kaplan_meier import Interval
from opensirt.outcomes.proportion import Proportion, proportion
from opensirt.outcomes.times import EventTimes

DEATH = "death without it"


@dataclass(frozen=True, eq=False, kw_only=True)
class ToxicityIncidence:
    """Incidence of one term at a grade or more, with death as the competing event."""

    term: str
    grade: int
    version: str
    """CTCAE version: grades of different versions are not the same grades."""
    times: EventTimes
    ever: Proportion
    """Of all patients, whatever their follow-up: a lower bound."""
    incidence: CumulativeIncidence
    at: dict[float, Interval]
    n_deaths_before: int
    n_lost_before: int


def toxicity_incidence(
    toxicity_day: ArrayLike,
    death_day: ArrayLike,
    last_known_day: ArrayLike,
    *,
    term: str,
    grade: int,
    version: str,
    source: str,
    origin: str = "first radioembolization",
    at: Sequence[float] = (30.0, 90.0, 180.0),
    level: float = 0.95,
) -> ToxicityIncidence:
    """Return the incidence of a toxicity from the days since the first treatment.

    Parameters
    ----------
    toxicity_day, death_day : (n,)
        NaN where it did not happen until the last day known.
    last_known_day : (n,)
        Last day on which laboratory or clinic would have shown it.

    Raises
    ------
    InputError
        When a patient has no last day known, or a toxicity comes after death.
    """
    toxic, dead, last = (
        np.asarray(one, dtype=np.float64) for one in (toxicity_day, death_day, last_known_day)
    )
    if np.isnan(last).any():
        raise InputError(
            f"{term}: {int(np.isnan(last).sum())} patients have no last day on which it could have "
            f"been seen; leave them out and say so"
        )
    if np.any(toxic > dead):
        raise InputError(f"{term}: {int(np.sum(toxic > dead))} toxicities come after death")
    seen, died = ~np.isnan(toxic), np.isnan(toxic) & ~np.isnan(dead)
    time = np.where(seen, toxic, np.where(died, dead, last))
    code = np.where(seen, 1, np.where(died, 2, 0)).astype(np.int64)
    words = Endpoint(
        name=f"{term}_grade_{grade}",
        title=f"{term}, grade {grade} or more",
        event=f"{term} of grade {grade} or more",
        origin=origin,
        censoring="at the last day on which it could have been seen; death is a competing event",
        criterion=f"CTCAE {version}",
        source=source,
    )
    times = EventTimes(endpoint=words, time=time, code=code, competing=(DEATH,))
    found = cumulative_incidence(times, level=level)
    return ToxicityIncidence(
        term=term,
        grade=grade,
        version=version,
        times=times,
        ever=proportion(int(seen.sum()), len(seen), level=level),
        incidence=found,
        at={day: _told(found, day) for day in at},
        n_deaths_before=int(died.sum()),
        n_lost_before=int((code == 0).sum()),
    )


def _told(found: CumulativeIncidence, day: float) -> Interval:
    """Return the incidence; where none was seen yet the estimate has no interval."""
    one = found.at(day)
    if isinstance(one.estimate, Missing) or one.estimate > 0.0:
        return one
    return Interval(0.0, Missing.NOT_ESTIMATED, Missing.NOT_ESTIMATED, one.level)


def not_followed(found: ToxicityIncidence) -> tuple[float, ...]:
    """Return the asked days to which nobody was followed."""
    return tuple(day for day, one in found.at.items() if isinstance(one.estimate, Missing))
