"""Whole vials: the mixed-integer program, and the step to the next vial."""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from opensirt.errors import InputError
from opensirt.physics.optimise.program import (
    ActivityProgram,
    LinearLimit,
    Vector,
    first_tangents,
    standard,
)

_GAP = 1e-6
_REL_GAP = 1e-9
_PRESOLVE = False
"""Undoing it, HiGHS prints to standard output, which is the user's."""

_MOST_CUTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class VialKind:
    """One size: its activity at calibration, and what of it enters the patient in GBq."""

    size_gbq: float
    given_gbq: float


@dataclass(frozen=True, kw_only=True)
class VialRule:
    """How vials make an activity.

    Raises
    ------
    InputError
        When there is no size, or nothing of one enters the patient.
    """

    kinds: tuple[VialKind, ...]
    most_per_territory: int
    whole: bool
    """A vial is given as it is; else any part of it can be drawn."""

    def __post_init__(self) -> None:
        if not self.kinds or min(one.given_gbq for one in self.kinds) <= 0:
            raise InputError("vials need at least one size of which something enters the patient")

    def attainable(self) -> list[tuple[float, tuple[float, ...]]]:
        """Return (GBq in the patient, sizes) of every choice of whole vials, none included."""
        found = [(0.0, ())] + [
            (sum(one.given_gbq for one in some), tuple(one.size_gbq for one in some))
            for n in range(1, self.most_per_territory + 1)
            for some in combinations_with_replacement(self.kinds, n)
        ]
        return sorted(found, key=lambda one: (one[0], len(one[1])))


@dataclass(frozen=True, eq=False, kw_only=True)
class VialOptimum:
    """A solution in vials."""

    activity_gbq: Vector
    objective: float
    vials_gbq: tuple[tuple[float, ...], ...]
    """Sizes at calibration for each territory."""


@dataclass(frozen=True, eq=False, kw_only=True)
class NextVials:
    """The next larger choice of one territory, the others as they are."""

    territory: str
    index: int
    """Place of the territory in the program."""
    vials_gbq: tuple[float, ...]
    activity_gbq: float
    objective: float
    exceeded: tuple[tuple[LinearLimit, float], ...]
    """Each limit that it would exceed, with the value it would have."""

    def with_activity(self, activity_gbq: Vector) -> Vector:
        """Return the activities of all territories with this one's."""
        changed = activity_gbq.copy()
        changed[self.index] = self.activity_gbq
        return changed


def vial_optimum(program: ActivityProgram, rule: VialRule) -> VialOptimum | None:
    """Return the best choice of vials, of equally good ones that with the fewest; or None.

    References
    ----------
    .. [1] HiGHS by `scipy.optimize.milp`: branch and cut.
    """
    tangents = first_tangents(program)
    n = len(program.territories)
    solved: Vector | None = None
    for _ in range(_MOST_CUTS):
        solved = _solve(program, rule, tangents)
        if solved is None:
            return None
        if program.control is None:
            break
        activity = np.maximum(solved[:n], 0.0)
        doses = program.rows @ activity
        level = solved[n : n + len(program.rows)]
        if (level - program.control.log_probability(doses)).max() < _GAP:
            break
        tangents.append(doses)
    assert solved is not None  # noqa: S101 - the loop ran
    counts = np.rint(solved[-n * len(rule.kinds) :]).astype(int).reshape(n, len(rule.kinds))
    given = np.array([one.given_gbq for one in rule.kinds])
    activity = counts @ given if rule.whole else np.maximum(solved[:n], 0.0)
    return VialOptimum(
        activity_gbq=activity.astype(np.float64),
        objective=program.objective(activity),
        vials_gbq=tuple(
            tuple(
                kind.size_gbq
                for kind, number in zip(rule.kinds, row, strict=True)
                for _ in range(number)
            )
            for row in counts
        ),
    )


def _solve(program: ActivityProgram, rule: VialRule, tangents: list[Vector]) -> Vector | None:
    """Return all variables: activities, levels, then the number of vials of each kind."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    rows = standard(program, tangents)
    n, n_kinds = len(program.territories), len(rule.kinds)
    n_before = len(rows.c)
    n_counts = n * n_kinds
    given = np.array([one.given_gbq for one in rule.kinds])
    link = np.zeros((n, n_before + n_counts))
    few = np.zeros((n, n_before + n_counts))
    for index in range(n):
        own = slice(n_before + index * n_kinds, n_before + (index + 1) * n_kinds)
        link[index, index] = 1.0
        link[index, own] = -given
        few[index, own] = 1.0
    a = np.hstack([rows.a, np.zeros((len(rows.a), n_counts))])
    constraints = [
        LinearConstraint(a, -np.inf, rows.b),
        LinearConstraint(link, 0.0 if rule.whole else -np.inf, 0.0),
        LinearConstraint(few, 0.0, rule.most_per_territory),
    ]
    integrality = np.concatenate([np.zeros(n_before), np.ones(n_counts)])
    bounds = Bounds(
        np.concatenate([rows.lower, np.zeros(n_counts)]),
        np.concatenate([np.full(n_before, np.inf), np.full(n_counts, rule.most_per_territory)]),
    )
    c = np.concatenate([rows.c, np.zeros(n_counts)])
    best = milp(
        -c,
        constraints=constraints,
        integrality=integrality,
        bounds=bounds,
        options={"mip_rel_gap": _REL_GAP, "presolve": _PRESOLVE},
    )
    if not best.success:
        return None
    # Of equal objectives the larger second one, then the fewest vials.
    keep = LinearConstraint(c[None, :], c @ best.x - abs(c @ best.x) * 1e-9 - 1e-12, np.inf)
    tie = np.concatenate([np.zeros(n_before), np.ones(n_counts)])
    if program.second is not None:
        scale = float(program.second.max()) or 1.0
        tie[:n] -= program.second / scale * 1e3
    equal = milp(
        tie,
        constraints=[*constraints, keep],
        integrality=integrality,
        bounds=bounds,
        options={"mip_rel_gap": _REL_GAP, "presolve": _PRESOLVE},
    )
    solved: Vector = equal.x if equal.success else best.x
    return solved


def next_vials(
    program: ActivityProgram, rule: VialRule, chosen: VialOptimum
) -> tuple[NextVials, ...]:
    """Return, for each territory, the next larger choice of whole vials and what it would break."""
    if not rule.whole:
        return ()
    steps = []
    for index, name in enumerate(program.territories):
        now = chosen.activity_gbq[index]
        larger = [one for one in rule.attainable() if one[0] > now * (1 + 1e-9) + 1e-12]
        if not larger:
            continue
        given, sizes = larger[0]
        activity = chosen.activity_gbq.copy()
        activity[index] = given
        steps.append(
            NextVials(
                territory=name,
                index=index,
                vials_gbq=sizes,
                activity_gbq=given,
                objective=program.objective(activity),
                exceeded=tuple((one, one.value(activity)) for one in program.exceeded(activity)),
            )
        )
    return tuple(steps)
