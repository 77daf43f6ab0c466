"""Survival as Kaplan and Meier estimate it, with intervals on the log(−log) scale."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, normal_quantile
from opensirt.outcomes.risk_table import RiskTable, rows_of

_SAME = 1e-9
"""Survivals that differ by less are one step, so that 0.5 reached by round-off counts."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its two-sided interval; each may be beyond what was observed."""

    estimate: float | Missing
    low: float | Missing
    high: float | Missing
    level: float = 0.95


@dataclass(frozen=True, eq=False, kw_only=True)
class KaplanMeier:
    """Survival just after each time of the risk table.

    `low` and `high` are NaN once S is 0.
    """

    table: RiskTable
    survival: Floats
    low: Floats
    high: Floats
    level: float

    @property
    def last_time(self) -> float:
        """The last time at which anybody was observed."""
        return float(self.table.time[-1])

    def at(self, time: float) -> Interval:
        """Return survival at a time; beyond the last observation there is none.

        A curve that has reached zero stays there.
        """
        if time < 0:
            raise InputError(f"survival at {time:g} is asked for, before the origin")
        if time > self.last_time and self.survival[-1] > 0:
            gone = Missing.NOT_EVALUABLE
            return Interval(gone, gone, gone, self.level)
        place = int(np.searchsorted(self.table.time, time, side="right")) - 1
        if place < 0:
            return Interval(1.0, 1.0, 1.0, self.level)
        bounds = (_known(self.low[place]), _known(self.high[place]))
        return Interval(float(self.survival[place]), *bounds, self.level)

    def at_risk(self, time: ArrayLike) -> Floats:
        """Return how many are under observation just before each time."""
        place = np.searchsorted(self.table.time, np.asarray(time, dtype=np.float64))
        return np.append(self.table.at_risk, 0.0)[place]

    def quantile(self, fraction: float = 0.5) -> Interval:
        """Return the time by which a fraction had the event, and its interval.

        The interval inverts the one of the curve (Brookmeyer and Crowley on the log(−log) scale);
        where the curve is level at the quantile, the middle of that step is taken.

        Raises
        ------
        InputError
            When the fraction is not between 0 and 1.
        """
        if not 0.0 < fraction < 1.0:
            raise InputError(f"the quantile {fraction} is not between 0 and 1")
        rest = 1.0 - fraction
        return Interval(
            _crossing(self.table.time, self.survival, rest),
            _crossing(self.table.time, self.low, rest),
            _crossing(self.table.time, self.high, rest),
            self.level,
        )


def _known(value: float) -> float | Missing:
    return Missing.NOT_EVALUABLE if np.isnan(value) else float(value)


def _crossing(time: Floats, curve: Floats, rest: float) -> float | Missing:
    """Return the first time at which a falling curve is below `rest`, the middle of a tie."""
    # A bound that is not defined (S = 0) is below everything.
    filled = np.where(np.isnan(curve), -1.0, curve)
    reached = np.flatnonzero(filled <= rest + _SAME)
    if not len(reached) or np.isnan(curve[reached[0]]):
        return Missing.NOT_EVALUABLE
    first = int(reached[0])
    if abs(filled[first] - rest) > _SAME:
        return float(time[first])
    below = np.flatnonzero(filled < rest - _SAME)
    after = float(time[below[0]]) if len(below) else float(time[-1])
    return 0.5 * (float(time[first]) + after)


def kaplan_meier(table: RiskTable, *, level: float = 0.95) -> KaplanMeier:
    """Return the Kaplan–Meier estimate of a risk table, by lifelines.

    S(t) = Π (1 − d/n); the interval is S^exp(±z se/log S), with Greenwood's sum for the variance.

    Raises
    ------
    InputError
        When nobody is at risk, or the level is not between 0 and 1.

    References
    ----------
    .. [1] Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958), 457.
    .. [2] Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data (2002), 1.4.
    """
    normal_quantile(level)  # refuses what is no level
    if not len(table.time) or not table.at_risk[0] > 0:
        raise InputError("nobody is at risk; a survival curve needs at least one unit")
    from lifelines import KaplanMeierFitter
    from lifelines.exceptions import StatisticalWarning

    durations, observed, weights = rows_of(table)
    with warnings.catch_warnings():
        # Weights of an inverse probability are no counts: the interval is then that of R's survfit.
        warnings.simplefilter("ignore", StatisticalWarning)
        fitted = KaplanMeierFitter(alpha=1.0 - level).fit(durations, observed, weights=weights)
    at = np.searchsorted(fitted.survival_function_.index.to_numpy(), table.time)
    survival = fitted.survival_function_.to_numpy()[at, 0].copy()
    # Sums of weights leave a round-off of those at risk: where all have the event, none is left.
    all_have_it = (table.events > 0) & (table.events >= table.at_risk * (1.0 - _SAME))
    survival[np.cumsum(all_have_it) > 0] = 0.0
    bounds = fitted.confidence_interval_survival_function_.to_numpy()[at].copy()
    bounds[survival >= 1.0] = 1.0
    bounds[survival <= 0.0] = np.nan
    return KaplanMeier(
        table=table, survival=survival, low=bounds[:, 0], high=bounds[:, 1], level=level
    )
