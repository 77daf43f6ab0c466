"""Chances over scenarios, and activities chosen so that limits are kept with a stated chance.

In each scenario a dose is linear in the activities with factors of its own. For one territory the
largest activity that keeps a limit with a chance is a quantile of limit / factor, exactly. For
several the set of such activities is not convex: the search starts at several mixes of activities,
scales each to where the first chance is used up (exact along that ray), raises one territory after
the other as far as its chance allows (exact along that line), and keeps the best. The answer keeps
every chance; that no better mix exists is not proven for several territories.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import InputError
from opensirt.physics.optimise.program import ActivityProgram, Matrix, Vector

_Z_95 = 1.959963984540054
_ROUNDS = 20
_MOST_CHOICES = 20_000


@dataclass(frozen=True, eq=False, kw_only=True)
class ScenarioRow:
    """One limit over all scenarios.

    Parameters
    ----------
    per_gbq : (n_scenarios, n_territories)
        Its dose per GBq administered.
    at_most
        The limit.
    chance
        With which it is to be kept, 0 to 1.
    """

    key: str
    words: str
    per_gbq: Matrix
    at_most: float
    chance: float


def chance_interval(n_met: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of Wilson for a part n_met of n.

    References
    ----------
    .. [1] E. B. Wilson, J. Am. Stat. Assoc. 22 (1927), 209.

    >>> [round(one, 4) for one in chance_interval(143, 162)]
    [0.8241, 0.9236]
    """
    if not 0 <= n_met <= n or n == 0:
        raise InputError(f"{n_met} of {n} scenarios: no part of a whole")
    part, square = n_met / n, _Z_95**2
    centre = (part + square / (2 * n)) / (1 + square / n)
    half = _Z_95 / (1 + square / n) * np.sqrt(part * (1 - part) / n + square / (4 * n * n))
    low = 0.0 if n_met == 0 else float(centre - half)
    high = 1.0 if n_met == n else float(centre + half)
    return low, high


def kept_chance(row: ScenarioRow, activity_gbq: Vector) -> float:
    """Return the part of the scenarios in which a limit is kept."""
    return float(np.mean(row.per_gbq @ activity_gbq <= row.at_most * (1 + 1e-12)))


def _largest_factor(per_unit: Vector, room: Vector, chance: float) -> float:
    """Return the largest u with u × per_unit ≤ room in a part `chance` of the scenarios."""
    with np.errstate(divide="ignore", invalid="ignore"):
        most = np.where(per_unit > 0, room / per_unit, np.where(room >= 0, np.inf, -np.inf))
    needed = int(np.ceil(chance * len(most) - 1e-9))
    return float(np.sort(most)[::-1][needed - 1])


def _scaled(rows: Sequence[ScenarioRow], mix: Vector) -> Vector:
    """Return the mix scaled to where the first chance is used up."""
    factor = min(
        _largest_factor(row.per_gbq @ mix, np.full(len(row.per_gbq), row.at_most), row.chance)
        for row in rows
    )
    scaled: Vector = mix * max(0.0, factor)
    return scaled


def _raised(rows: Sequence[ScenarioRow], activity: Vector) -> Vector:
    """Raise one territory after the other as far as every chance allows."""
    activity = activity.copy()
    for _ in range(_ROUNDS):
        before = activity.copy()
        for index in range(len(activity)):
            others = activity.copy()
            others[index] = 0.0
            most = min(
                _largest_factor(
                    row.per_gbq[:, index], row.at_most - row.per_gbq @ others, row.chance
                )
                for row in rows
            )
            activity[index] = max(activity[index], most)
        if np.allclose(activity, before, rtol=1e-9):
            break
    return activity


def activities_by_chance(
    program: ActivityProgram, rows: Sequence[ScenarioRow], starts: Iterable[Vector]
) -> Vector:
    """Return activities that keep every limit with its chance and make the objective large.

    Parameters
    ----------
    program
        Gives the objective, of the plan as reckoned without errors.
    rows
        The limits over the scenarios.
    starts
        Mixes of activities to start from.

    Raises
    ------
    InputError
        When there are no limits.
    """
    if not rows:
        raise InputError("no limit is to be kept by chance; there is nothing to choose by")
    n = len(program.territories)
    mixes = [np.ones(n), *np.eye(n), *starts]
    if n == 2:  # noqa: PLR2004 - every mix of two can be tried
        mixes += [np.array([part, 1 - part]) for part in np.linspace(0.05, 0.95, 19)]
    best: Vector | None = None
    for mix in mixes:
        if not mix.sum() > 0:
            continue
        found = _raised(rows, _scaled(rows, np.asarray(mix, dtype=np.float64)))
        if best is None or program.objective(found) > program.objective(best):
            best = found
    assert best is not None  # noqa: S101 - the equal mix was tried
    return best


def best_choice_by_chance(
    program: ActivityProgram, rows: Sequence[ScenarioRow], choices: Sequence[Sequence[float]]
) -> NDArray[np.int64] | None:
    """Return, for each territory, which of its possible activities to take; None where none keeps.

    Every combination is tried.

    Raises
    ------
    InputError
        When there are too many combinations to try.
    """
    shape = tuple(len(one) for one in choices)
    n = int(np.prod(shape))
    if n > _MOST_CHOICES:
        raise InputError(
            f"{n} combinations of vials for {len(choices)} territories are too many to judge by "
            "chance; allow fewer vials for each territory, or plan without vials"
        )
    places = np.array(np.unravel_index(np.arange(n), shape)).T
    activities = np.array([[choices[t][place[t]] for t in range(len(choices))] for place in places])
    kept = np.ones(n, dtype=bool)
    for row in rows:
        needed = np.ceil(row.chance * len(row.per_gbq) - 1e-9)
        for start in range(0, n, 500):
            some = slice(start, start + 500)
            doses = row.per_gbq @ activities[some].T
            kept[some] &= (doses <= row.at_most * (1 + 1e-12)).sum(axis=0) >= needed
    if not kept.any():
        return None
    values = np.array(
        [
            program.objective(one) if good else -np.inf
            for one, good in zip(activities, kept, strict=True)
        ]
    )
    best: NDArray[np.int64] = places[int(np.argmax(values))]
    return best
