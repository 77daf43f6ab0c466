"""The linear program behind a plan: doses are linear in the activities of the territories.

Variables are the activities in GBq to administer to each territory. Mean doses, spheres per mL and
the lung dose are linear in them, so that every limit is one row. The objectives:

* mean tumour dose: linear;
* the least-dosed tumour, by mean or D70: the largest level below all of them, linear with one more
  variable;
* the probability that all tumours are controlled: the sum of log P over tumours, with P logistic
  in dose. log P is concave, so that the tangents at any doses bound it from above; the program
  takes the least tangent of each tumour and adds tangents at its own solution until they meet it.

Solved by HiGHS (`scipy.optimize.linprog` and `milp`).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import InputError, MissingInputError

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_TOLERANCE = 1e-7
"""Relative: a limit closer than this is reached."""

_GAP = 1e-6
"""Of log P: tangents this close to the curve are close enough."""

_MOST_CUTS = 60


@dataclass(frozen=True, eq=False, kw_only=True)
class LinearLimit:
    """already + Σ per_gbq × activity ≤ at_most."""

    key: str
    words: str
    territory: str
    per_gbq: Vector
    at_most: float
    already: float = 0.0
    """What earlier treatments gave."""
    unit: str = "Gy"
    source: str = ""
    verified: bool = True

    @property
    def room(self) -> float:
        """What is left for this treatment."""
        return self.at_most - self.already

    def value(self, activity_gbq: Vector) -> float:
        """Return what activities would give, with what earlier treatments gave."""
        return self.already + float(self.per_gbq @ activity_gbq)


@dataclass(frozen=True, eq=False, kw_only=True)
class LinearTarget:
    """Σ per_gbq × activity ≥ at_least, required."""

    words: str
    per_gbq: Vector
    at_least: float
    unit: str = "Gy"


@dataclass(frozen=True, eq=False, kw_only=True)
class Logistic:
    """P = 1 / (1 + exp(−slope (D − d50)))."""

    d50_gy: float
    slope_per_gy: float

    def log_probability(self, dose_gy: Vector) -> Vector:
        """Return log P, concave in dose."""
        found: Vector = -np.logaddexp(0.0, -self.slope_per_gy * (dose_gy - self.d50_gy))
        return found

    def log_slope(self, dose_gy: Vector) -> Vector:
        """Return d log P / dD = slope (1 − P)."""
        found: Vector = self.slope_per_gy * -np.expm1(self.log_probability(dose_gy))
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class ActivityProgram:
    """What is to be made large under which limits.

    Parameters
    ----------
    territories
        Names, in the order of the activities.
    rows : (n_tumours, n_territories)
        Gy per GBq of what the objective is made of: mean doses, or D70.
    weights : (n_tumours,)
        For a mean over them; None for the least of them, or with `control` for the product of
        control probabilities.
    second : (n_territories,)
        Gy per GBq of what is made large among equal solutions.
    """

    territories: tuple[str, ...]
    rows: Matrix
    limits: tuple[LinearLimit, ...]
    weights: Vector | None = None
    control: Logistic | None = None
    second: Vector | None = None
    targets: tuple[LinearTarget, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.territories)
        if self.rows.ndim != 2 or self.rows.shape[1] != n or not len(self.rows):  # noqa: PLR2004 - a matrix
            raise InputError(
                f"an objective over tumours has the shape {self.rows.shape}; wanted at least one "
                f"tumour and {n} territories"
            )
        for index, name in enumerate(self.territories):
            if not any(one.per_gbq[index] > 0 for one in self.limits):
                raise MissingInputError(
                    f"limit that bounds the activity of territory {name}",
                    where="the prescription or the site profile",
                    remedy="state one for the normal liver or the perfused normal liver",
                )

    def objective(self, activity_gbq: Vector) -> float:
        """Return the objective of activities: Gy, or a probability."""
        doses = self.rows @ activity_gbq
        if self.control is not None:
            return float(np.exp(self.control.log_probability(doses).sum()))
        if self.weights is not None:
            return float(self.weights @ doses)
        return float(doses.min())

    def with_limits(self, limits: tuple[LinearLimit, ...]) -> "ActivityProgram":
        """Return the same program under other limits."""
        return replace(self, limits=limits)

    def exceeded(self, activity_gbq: Vector, *, slack: float = _TOLERANCE) -> list[LinearLimit]:
        """Return the limits that activities exceed."""
        return [one for one in self.limits if one.value(activity_gbq) > one.at_most * (1 + slack)]


@dataclass(frozen=True, eq=False, kw_only=True)
class Optimum:
    """A solution of the continuous program."""

    activity_gbq: Vector
    objective: float
    prices: Vector
    """Of each limit: gain of the objective per unit of the limit."""
    reached: tuple[bool, ...]
    """Of each limit."""

    def binding(self, number: int) -> bool:
        """Whether a limit is reached and has a price."""
        return self.reached[number] and bool(self.prices[number] > 0)


@dataclass(frozen=True, eq=False)
class Standard:
    """max c·x with A x ≤ b and x ≥ 0; the first variables are the activities."""

    c: Vector
    a: Matrix
    b: Vector
    lower: Vector
    n_limits: int
    """The first rows are the limits."""


def standard(program: ActivityProgram, tangent_doses: list[Vector]) -> Standard:
    """Return the program in rows, with tangents at the given doses of every tumour."""
    n = len(program.territories)
    limits = np.array([one.per_gbq for one in program.limits]).reshape(-1, n)
    bounds = np.array([one.room for one in program.limits])
    floors = np.array([-one.per_gbq for one in program.targets]).reshape(-1, n)
    floor_bounds = np.array([-one.at_least for one in program.targets])
    if program.weights is not None:
        a = np.vstack([limits, floors])
        return Standard(
            program.weights @ program.rows,
            a,
            np.concatenate([bounds, floor_bounds]),
            np.zeros(n),
            len(bounds),
        )
    if program.control is None:
        extra = 1
        level_rows = np.hstack([-program.rows, np.ones((len(program.rows), 1))])
        level_bounds = np.zeros(len(program.rows))
    else:
        extra = len(program.rows)
        pieces, piece_bounds = [], []
        for doses in tangent_doses:
            slope = program.control.log_slope(doses)
            at = program.control.log_probability(doses)
            # t ≤ log P(D0) + slope (D − D0)
            pieces.append(np.hstack([-slope[:, None] * program.rows, np.eye(extra)]))
            piece_bounds.append(at - slope * doses)
        level_rows, level_bounds = np.vstack(pieces), np.concatenate(piece_bounds)
    above = np.vstack([limits, floors])
    a = np.vstack([np.hstack([above, np.zeros((len(above), extra))]), level_rows])
    c = np.concatenate([np.zeros(n), np.ones(extra)])
    lower = np.zeros(n + extra)
    if program.control is not None:
        lower[n:] = -np.inf
    return Standard(c, a, np.concatenate([bounds, floor_bounds, level_bounds]), lower, len(bounds))


def first_tangents(program: ActivityProgram) -> list[Vector]:
    """Return doses that span what each tumour can get, for the first tangents."""
    if program.control is None:
        return []
    n = len(program.territories)
    most = np.array(
        [
            min(one.room / one.per_gbq[index] for one in program.limits if one.per_gbq[index] > 0)
            for index in range(n)
        ]
    )
    reach = program.rows @ np.maximum(most, 0.0)
    return [reach * part for part in np.linspace(0.0, 1.0, 12)]


def optimum(program: ActivityProgram) -> Optimum | None:
    """Return the best activities of the continuous program, or None where nothing is feasible."""
    from scipy.optimize import linprog

    tangents = first_tangents(program)
    for _ in range(_MOST_CUTS):
        rows = standard(program, tangents)
        bounds = [(None if low == -np.inf else low, None) for low in rows.lower]
        found = linprog(-rows.c, A_ub=rows.a, b_ub=rows.b, bounds=bounds, method="highs")
        if not found.success or found.x is None or found.fun is None:
            return None
        n = len(program.territories)
        activity: Vector = np.maximum(found.x[:n], 0.0)
        if program.control is None:
            break
        doses = program.rows @ activity
        gap = found.x[n:] - program.control.log_probability(doses)
        if gap.max() < _GAP:
            break
        tangents.append(doses)
    assert found.fun is not None  # noqa: S101 - solved just above
    prices = np.maximum(-found.ineqlin.marginals[: rows.n_limits], 0.0)
    if program.control is not None:
        prices = prices * program.objective(activity)  # d P = P d log P
    activity = _among_equals(program, rows, float(found.fun), activity)
    return Optimum(
        activity_gbq=activity,
        objective=program.objective(activity),
        prices=prices,
        reached=reached(program, activity),
    )


def _among_equals(
    program: ActivityProgram, rows: Standard, value: float, activity: Vector
) -> Vector:
    """Return, of the solutions with this objective, the one that makes `second` largest."""
    from scipy.optimize import linprog

    alone = len(program.territories) == 1
    if program.second is None or program.weights is not None or alone:
        return activity
    n = len(program.territories)
    keep = value + abs(value) * 1e-9 + 1e-12
    second = np.concatenate([program.second, np.zeros(len(rows.c) - n)])
    bounds = [(None if low == -np.inf else low, None) for low in rows.lower]
    found = linprog(
        -second,
        A_ub=np.vstack([rows.a, -rows.c]),
        b_ub=np.concatenate([rows.b, [keep]]),
        bounds=bounds,
        method="highs",
    )
    if not found.success or found.x is None:
        return activity
    best: Vector = np.maximum(found.x[:n], 0.0)
    return best


def reached(program: ActivityProgram, activity_gbq: Vector) -> tuple[bool, ...]:
    """Return for each limit whether activities reach it."""
    return tuple(
        bool(one.value(activity_gbq) >= one.at_most - _TOLERANCE * abs(one.at_most))
        for one in program.limits
    )


def least_relaxations(program: ActivityProgram, wanted_gbq: float = 0.0) -> list[tuple[int, float]]:
    """Return (limit, value it needs) for each limit that, raised alone, lets the rest be met.

    "The rest" are the other limits, the required targets and a total activity of at least
    `wanted_gbq`. Empty where no single limit is enough.
    """
    from scipy.optimize import linprog

    n = len(program.territories)
    rows = np.array([one.per_gbq for one in program.limits]).reshape(-1, n)
    bounds = np.array([one.room for one in program.limits])
    floors = np.array([-one.per_gbq for one in program.targets] + [-np.ones(n)]).reshape(-1, n)
    floor_bounds = np.array([-one.at_least for one in program.targets] + [-wanted_gbq])
    found = []
    for number in range(len(bounds)):
        others = np.arange(len(bounds)) != number
        least = linprog(
            rows[number],
            A_ub=np.vstack([rows[others], floors]),
            b_ub=np.concatenate([bounds[others], floor_bounds]),
            bounds=[(0.0, None)] * n,
            method="highs",
        )
        if least.success and least.fun is not None:
            found.append((number, program.limits[number].already + float(least.fun)))
    return found
