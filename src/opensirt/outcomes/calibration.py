"""Whether predicted chances are the observed ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit

from opensirt.errors import InputError
from opensirt.outcomes.arrays import vector
from opensirt.outcomes.likelihood import Coefficients
from opensirt.outcomes.logistic import binary, fit_logistic
from opensirt.outcomes.proportion import Proportion, proportion

_FEWEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationGroup:
    """Rows of similar predicted chance."""

    predicted: float
    """Mean of the group."""
    observed: Proportion


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibration:
    """Observed against predicted: groups, the line on the logit scale, and the Brier score."""

    groups: tuple[CalibrationGroup, ...]
    line: Coefficients
    """Intercept (0 is right) and slope (1 is right) of the outcome on the logit of the chance."""
    observed_to_expected: float
    brier: float
    n: int


def calibration(chance: ArrayLike, outcome: ArrayLike, *, groups: int = 5) -> Calibration:
    """Return how predicted chances fit what was seen, in groups of equal size.

    Raises
    ------
    InputError
        When a chance is not between 0 and 1, or there are too few rows for the groups.

    References
    ----------
    .. [1] Cox, Biometrika 45 (1958), 562: intercept and slope.
    """
    predicted = vector(chance, where="calibration, chance")
    seen = binary(outcome, len(predicted), where="calibration, outcome")
    if predicted.min() <= 0.0 or predicted.max() >= 1.0:
        raise InputError("calibration: a predicted chance is not between 0 and 1")
    if groups < 2 or len(seen) < _FEWEST * groups:  # noqa: PLR2004
        raise InputError(f"calibration: {len(seen)} rows are too few for {groups} groups")
    order = np.argsort(predicted, kind="stable")
    made = [
        CalibrationGroup(
            predicted=float(predicted[rows].mean()),
            observed=proportion(int(seen[rows].sum()), len(rows)),
        )
        for rows in np.array_split(order, groups)
    ]
    fit = fit_logistic(logit(predicted), seen, ("logit of chance",), where="calibration")
    return Calibration(
        groups=tuple(made),
        line=fit.coefficients,
        observed_to_expected=float(seen.sum() / predicted.sum()),
        brier=float(np.mean((predicted - seen) ** 2)),
        n=len(seen),
    )
