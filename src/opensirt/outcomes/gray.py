"""Whether cumulative incidence differs between groups (Gray's test)."""

from collections.abc import Sequence

import numpy as np

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats
from opensirt.outcomes.cumulative_incidence import CauseTable, cause_table
from opensirt.outcomes.log_rank import ChiSquareTest
from opensirt.outcomes.times import EventTimes


def gray_test(groups: Sequence[EventTimes], *, cause: int = 1) -> ChiSquareTest:
    """Return Gray's test that the incidence of one event is the same in all groups.

    The groups' subdistribution hazards are compared with weight 1 (ρ = 0). The variance is that
    of the martingale representation of the incidences under equality, with hypergeometric
    factors at ties.

    Raises
    ------
    InputError
        When there are fewer than two groups, or the event was never seen.

    References
    ----------
    .. [1] Gray, Ann. Stat. 16 (1988), 1141.
    """
    if len(groups) < 2:  # noqa: PLR2004 - a comparison needs two
        raise InputError("Gray's test compares two or more groups")
    made = [cause_table(one) for one in groups]
    time = np.unique(np.concatenate([one.time for one in made]))
    n, own, other, before, after, incidence = _on_common_times(made, time, cause)
    if not own.sum() > 0:
        raise InputError("Gray's test: the event was never seen")
    at_risk = n > 0
    # h: those at risk over the part without any event; the risk set of the subdistribution.
    with np.errstate(divide="ignore", invalid="ignore"):
        h = np.where(at_risk, n / before, 0.0)
    everybody = h.sum(axis=0)
    share = np.where(everybody > 0, h / np.where(everybody > 0, everybody, 1.0), 0.0)
    events = own.sum(axis=0)
    step = np.where(everybody > 0, events / np.where(everybody > 0, everybody, 1.0), 0.0)
    pooled_before = np.append(0.0, np.cumsum(step)[:-1])
    adjusted = h * (1.0 - incidence)
    whole = adjusted.sum(axis=0)
    score = (
        own - events * np.where(whole > 0, adjusted / np.where(whole > 0, whole, 1.0), 0.0)
    ).sum(axis=1)
    count = len(groups)
    variance = np.zeros((count, count))
    rest = 1.0 - pooled_before
    for r in range(count):
        # How the events of group r move the score of each group.
        direct = h * ((np.arange(count) == r)[:, None] - share[r])
        later = np.cumsum(direct * step / rest, axis=1)
        later = later[:, -1:] - later
        # Once nobody of the group is left nothing of it comes later: `later` is 0 there.
        gone = np.where(after[r] > 0, (rest - step) / np.where(after[r] > 0, after[r], 1.0), 0.0)
        own_move = direct + later * (1.0 - gone)
        other_move = -later * gone
        with np.errstate(divide="ignore", invalid="ignore"):
            own_tie = 1.0 - np.where(events > 1, (events - 1) / (everybody * before[r] - 1.0), 0.0)
            other_tie = 1.0 - np.where(other[r] > 1, (other[r] - 1) / (n[r] - 1.0), 0.0)
            own_scale = own_tie * before[r] * events / (everybody * n[r])
            other_scale = other_tie * (before[r] / n[r]) ** 2 * other[r]
        own_used = at_risk[r] & (events > 0)
        other_used = at_risk[r] & (other[r] > 0)
        one, two = own_move[:, own_used], other_move[:, other_used]
        variance += (one * own_scale[own_used]) @ one.T
        variance += (two * other_scale[other_used]) @ two.T
    kept = np.flatnonzero(np.diag(variance) > 0)[:-1]
    if not len(kept):
        raise InputError("Gray's test: no event at a time when two groups are at risk")
    statistic = score[kept] @ np.linalg.solve(variance[np.ix_(kept, kept)], score[kept])
    return ChiSquareTest(name="Gray", statistic=float(statistic), degrees=len(kept))


def _on_common_times(
    tables: Sequence[CauseTable], time: Floats, cause: int
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Return (g, t): at risk, own and other events, survival before, after, incidence before."""
    shape = (len(tables), len(time))
    n, own, other = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    before, after, incidence = np.ones(shape), np.ones(shape), np.zeros(shape)
    for g, table in enumerate(tables):
        place = np.searchsorted(time, table.time)
        leaving = np.zeros(len(time))
        leaving[place] = table.events.sum(axis=0) + table.left
        n[g] = np.cumsum(leaving[::-1])[::-1]
        own[g, place] = table.events[cause - 1]
        other[g, place] = table.events.sum(axis=0) - table.events[cause - 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            left = np.where(n[g] > 0, 1.0 - (own[g] + other[g]) / n[g], 1.0)
        after[g] = np.cumprod(left)
        before[g] = np.append(1.0, after[g][:-1])
        steps = np.where(n[g] > 0, before[g] * own[g] / np.maximum(n[g], 1.0), 0.0)
        incidence[g] = np.append(0.0, np.cumsum(steps)[:-1])
    return n, own, other, before, after, incidence
