"""How many have had an event by a time when another can come first (Aalen and Johansen)."""

from dataclasses import dataclass

import numpy as np

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, normal_quantile, tally
from opensirt.outcomes.kaplan_meier import Interval
from opensirt.outcomes.times import CENSORED, EventTimes


@dataclass(frozen=True, eq=False, kw_only=True)
class CauseTable:
    """Counts by distinct time: at risk, and with each event (c, k), the event of interest first."""

    time: Floats
    at_risk: Floats
    events: Floats
    left: Floats

    @property
    def survival_before(self) -> Floats:
        """Part without any event just before each time."""
        steps = np.cumprod(1.0 - self.events.sum(axis=0) / self.at_risk)
        return np.append(1.0, steps[:-1])


def cause_table(times: EventTimes) -> CauseTable:
    """Return the counts of times with competing events."""
    distinct, place = np.unique(times.time, return_inverse=True)
    k = len(distinct)
    causes = range(1, 2 + len(times.competing))
    events = np.vstack([tally(place[times.code == c], k) for c in causes])
    left = tally(place[times.code == CENSORED], k)
    leaving = events.sum(axis=0) + left
    return CauseTable(
        time=distinct,
        at_risk=np.asarray(np.cumsum(leaving[::-1])[::-1]),
        events=events,
        left=left,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class CumulativeIncidence:
    """Cumulative incidence just after each time of the table, with its standard error."""

    name: str
    table: CauseTable
    incidence: Floats
    standard_error: Floats
    low: Floats
    high: Floats
    level: float

    def at(self, time: float) -> Interval:
        """Return the incidence at a time; beyond the last observation there is none.

        Raises
        ------
        InputError
            When the time is before the origin.
        """
        if time < 0:
            raise InputError(f"incidence at {time:g} is asked for, before the origin")
        last = self.table
        everybody_left = last.survival_before[-1] * (
            1.0 - last.events[:, -1].sum() / last.at_risk[-1]
        )
        if time > last.time[-1] and everybody_left > 0:
            gone = Missing.NOT_EVALUABLE
            return Interval(gone, gone, gone, self.level)
        place = int(np.searchsorted(last.time, time, side="right")) - 1
        if place < 0:
            return Interval(0.0, 0.0, 0.0, self.level)
        return Interval(
            float(self.incidence[place]),
            float(self.low[place]),
            float(self.high[place]),
            self.level,
        )


def cumulative_incidence(
    times: EventTimes, *, cause: int = 1, level: float = 0.95
) -> CumulativeIncidence:
    """Return the Aalen–Johansen estimate of one of the events, by its code.

    F(t) = Σ S(u−) d/n. The variance is that of the delta method with multinomial counts at each
    time; the interval is F^exp(±z se / (F log F)), on the log(−log) scale of F.

    Raises
    ------
    InputError
        When there is no event of that code among the possible ones.

    References
    ----------
    .. [1] Aalen and Johansen, Scand. J. Stat. 5 (1978), 141.
    .. [2] Marubini and Valsecchi, Analysing Survival Data (1995), chapter 10: variance.
    """
    names = (times.endpoint.event, *times.competing)
    if not 1 <= cause <= len(names):
        raise InputError(f"event code {cause} is asked for; there are 1 to {len(names)}")
    z = normal_quantile(level)
    table = cause_table(times)
    n, d = table.at_risk, table.events[cause - 1]
    every = table.events.sum(axis=0)
    before = table.survival_before
    steps = before * d / n
    incidence = np.cumsum(steps)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.where(every > 0, every / (n * (n - every)), 0.0)
    # Where everybody left has an event there is nothing after it that the term could multiply.
    drawn[~np.isfinite(drawn)] = 0.0
    crossed = before * d / n**2
    own = before**2 * (n - d) * d / n**3
    # Σ (F(t) − F(u))² a(u) and Σ (F(t) − F(u)) b(u), by their powers of F(t).
    a0, a1, a2 = (np.cumsum(drawn * incidence**power) for power in range(3))
    b0, b1 = (np.cumsum(crossed * incidence**power) for power in range(2))
    variance = incidence**2 * a0 - 2.0 * incidence * a1 + a2
    variance += np.cumsum(own) - 2.0 * (incidence * b0 - b1)
    error = np.sqrt(np.maximum(variance, 0.0))
    with np.errstate(all="ignore"):
        spread = z * error / (incidence * np.log(incidence))
        low, high = incidence ** np.exp(-spread), incidence ** np.exp(spread)
    for bound in (low, high):
        bound[incidence <= 0.0] = 0.0
        bound[incidence >= 1.0] = 1.0
    return CumulativeIncidence(
        name=names[cause - 1],
        table=table,
        incidence=np.asarray(incidence),
        standard_error=np.asarray(error),
        low=np.asarray(np.minimum(low, high)),
        high=np.asarray(np.maximum(low, high)),
        level=level,
    )
