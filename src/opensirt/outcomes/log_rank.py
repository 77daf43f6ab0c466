"""Whether survival differs between groups: log-rank, also stratified, from risk tables alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats
from opensirt.outcomes.risk_table import RiskTable


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ChiSquareTest:
    """A statistic that is χ²-distributed where there is no difference."""

    name: str
    statistic: float
    degrees: int

    @property
    def p(self) -> float:
        """Probability of a statistic at least as large without a difference."""
        return float(gammaincc(0.5 * self.degrees, 0.5 * self.statistic))


@dataclass(frozen=True, eq=False, kw_only=True)
class LogRank:
    """Observed and expected events of each group, and the test."""

    observed: Floats
    expected: Floats
    variance: Floats
    """(g, g) of observed − expected."""
    test: ChiSquareTest


def log_rank(groups: Sequence[RiskTable]) -> LogRank:
    """Return the log-rank test between the risk tables of two or more groups."""
    return stratified_log_rank([groups])


def stratified_log_rank(strata: Sequence[Sequence[RiskTable]]) -> LogRank:
    """Return the log-rank test between groups within strata (or centres).

    Parameters
    ----------
    strata
        For each stratum the tables of all groups, in the same order.

    Raises
    ------
    InputError
        When there are fewer than two groups, the strata have different ones, or nothing happened.

    References
    ----------
    .. [1] Mantel, Cancer Chemother. Rep. 50 (1966), 163; Peto and Peto, J. R. Stat. Soc. A 135
       (1972), 185. Hypergeometric variance at ties.
    """
    sizes = {len(groups) for groups in strata}
    if len(sizes) != 1 or min(sizes) < 2:  # noqa: PLR2004 - a comparison needs two
        raise InputError(f"log-rank compares two or more groups, the same in each stratum: {sizes}")
    count = sizes.pop()
    observed, expected = np.zeros(count), np.zeros(count)
    variance = np.zeros((count, count))
    for groups in strata:
        seen, due, spread = _one_stratum(groups)
        observed, expected, variance = observed + seen, expected + due, variance + spread
    usable = np.flatnonzero(np.diag(variance) > 0)
    if len(usable) < 2:  # noqa: PLR2004
        raise InputError("log-rank: no event at a time when two groups are at risk")
    kept = usable[:-1]
    difference = (observed - expected)[kept]
    inverse = np.linalg.solve(variance[np.ix_(kept, kept)], difference)
    return LogRank(
        observed=observed,
        expected=expected,
        variance=variance,
        test=ChiSquareTest(
            name="log-rank", statistic=float(difference @ inverse), degrees=len(kept)
        ),
    )


def _one_stratum(groups: Sequence[RiskTable]) -> tuple[Floats, Floats, Floats]:
    time = np.unique(np.concatenate([one.time for one in groups]))
    spread = [one.at(time) for one in groups]
    events = np.vstack([one.events for one in spread])
    at_risk = np.vstack([one.at_risk for one in spread])
    happened = events.sum(axis=0) > 0
    events, at_risk = events[:, happened], at_risk[:, happened]
    deaths, everybody = events.sum(axis=0), at_risk.sum(axis=0)
    share = at_risk / everybody
    with np.errstate(divide="ignore", invalid="ignore"):
        tied = np.where(everybody > 1, (everybody - deaths) / (everybody - 1.0), 0.0)
    scale = deaths * tied
    variance = np.diag((share * scale).sum(axis=1)) - (share * scale) @ share.T
    return events.sum(axis=1), (share * deaths).sum(axis=1), variance
