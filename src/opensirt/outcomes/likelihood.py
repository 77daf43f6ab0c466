"""A log-likelihood with its first and second derivatives, and how its maximum is found.

Terms of disjoint groups of patients add up: that is what centres share instead of rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, normal_quantile
from opensirt.outcomes.log_rank import ChiSquareTest

_ENOUGH = 1e-10
"""Newton stops when the squared step, measured by the information, is below this."""

_SMALL_STEP = 1e-3
"""Where the estimate runs to infinity the gain vanishes, the step of a standardised column not."""

_ROUND_OFF = 1e-12
_STEPS = 60
_HALVINGS = 30
LARGEST = 30.0
"""A standardised coefficient beyond this runs off to infinity."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LikelihoodTerms:
    """Log-likelihood, score (p,) and observed information (p, p) at given parameters."""

    log_likelihood: float
    score: Floats
    information: Floats


def add_terms(parts: Sequence[LikelihoodTerms]) -> LikelihoodTerms:
    """Return the terms of all groups together.

    Raises
    ------
    InputError
        When there is none.
    """
    if not parts:
        raise InputError("no likelihood terms to add")
    return LikelihoodTerms(
        log_likelihood=float(sum(one.log_likelihood for one in parts)),
        score=np.sum([one.score for one in parts], axis=0),
        information=np.sum([one.information for one in parts], axis=0),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Coefficients:
    """Estimates with their covariance; intervals and tests are Wald's."""

    names: tuple[str, ...]
    estimate: Floats
    covariance: Floats

    @property
    def standard_error(self) -> Floats:
        """Square roots of the diagonal of the covariance."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def interval(self, level: float = 0.95) -> Floats:
        """Return (p, 2): low and high of each coefficient."""
        half = normal_quantile(level) * self.standard_error
        return np.column_stack([self.estimate - half, self.estimate + half])

    @property
    def p(self) -> Floats:
        """Two-sided p of each coefficient being 0."""
        return np.array(
            [
                ChiSquareTest(name=name, statistic=float((b / s) ** 2), degrees=1).p
                for name, b, s in zip(self.names, self.estimate, self.standard_error, strict=True)
            ]
        )

    def place(self, name: str) -> int:
        """Return the position of a coefficient.

        Raises
        ------
        InputError
            When there is none of this name.
        """
        if name not in self.names:
            raise InputError(f"no coefficient {name!r}; there are {', '.join(self.names)}")
        return self.names.index(name)


def require_full_rank(design: Floats, names: Sequence[str], *, where: str) -> None:
    """Refuse columns that do not vary, or that repeat what others say.

    Parameters
    ----------
    design : (n, p)
        Without a column of ones.

    Raises
    ------
    InputError
        Naming the column.
    """
    centred = design - design.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    for number, name in enumerate(names):
        if not spread[number] > 1e-12 * max(1.0, float(np.abs(design[:, number]).max())):
            raise InputError(f"{where}: column {name} has one value only; leave it out")
    scaled = centred / spread
    for number, name in enumerate(names):
        if np.linalg.matrix_rank(scaled[:, : number + 1], tol=1e-8 * len(design)) <= number:
            raise InputError(
                f"{where}: column {name} repeats what the columns before it say; leave one out"
            )


def maximise(
    terms: Callable[[Floats], LikelihoodTerms], start: Floats, names: Sequence[str], *, where: str
) -> tuple[Floats, LikelihoodTerms]:
    """Return the parameters at which the score is zero, by Newton with halved steps.

    The parameters are meant to be of order one (standardised columns).

    Raises
    ------
    InputError
        When a parameter runs off to infinity (complete separation), or no maximum is found.
    """
    here = np.array(start, dtype=np.float64)
    now = terms(here)
    for _ in range(_STEPS):
        try:
            step = np.linalg.solve(now.information, now.score)
        except np.linalg.LinAlgError:
            break
        gain = float(step @ now.score)
        if abs(gain) < _ENOUGH and np.abs(step).max() < _SMALL_STEP:
            return here + step, terms(here + step)
        shorter, least = 1.0, now.log_likelihood - _ROUND_OFF * abs(now.log_likelihood)
        for _ in range(_HALVINGS):
            there = here + shorter * step
            then = terms(there)
            if np.isfinite(then.log_likelihood) and then.log_likelihood >= least:
                break
            shorter *= 0.5
        else:
            break
        here, now = there, then
        if np.abs(here).max() > LARGEST:
            break
    raise not_finite(where, names[int(np.abs(here).argmax())])


def not_finite(where: str, name: str) -> InputError:
    """Return the error that says that a coefficient runs off to infinity."""
    return InputError(
        f"{where}: no finite estimate of {name}; it separates those with the event from those "
        f"without. Join its classes, leave it out, or collect more events"
    )
