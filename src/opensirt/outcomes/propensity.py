"""Comparing treatments that were not drawn by lot: weighting by the propensity to get them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, columns
from opensirt.outcomes.cox import CoxData, CoxFit, fit_cox
from opensirt.outcomes.logistic import LogisticFit, binary, fit_logistic
from opensirt.outcomes.times import EventTimes

BALANCED = 0.1
"""Standardised differences below this are customarily called balanced (Austin 2009)."""


class Estimand(Enum):
    """For whom the effect of the treatment is estimated."""

    EVERYBODY = "average effect in all patients (ATE)"
    TREATED = "average effect in the treated (ATT)"
    OVERLAP = "average effect where either treatment was likely (overlap weights)"


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """One column in both groups, before and after weighting."""

    name: str
    treated_mean: float
    control_mean: float
    difference: float
    """Standardised: difference of means over the pooled standard deviation before weighting."""
    treated_weighted: float
    control_weighted: float
    difference_weighted: float


@dataclass(frozen=True, eq=False, kw_only=True)
class PropensityWeights:
    """Weights with what shows whether they did their work."""

    estimand: Estimand
    propensity: Floats
    weight: Floats
    treated: Floats
    model: LogisticFit
    balance: tuple[BalanceRow, ...]
    effective_n: tuple[float, float]
    """(Σw)²/Σw² of the treated and of the others."""
    outside_overlap: tuple[int, int]
    """Treated (others) with a propensity beyond all of the other group."""
    largest_weight: float

    @property
    def balanced(self) -> bool:
        """Whether every column differs by less than `BALANCED` after weighting."""
        return all(abs(one.difference_weighted) < BALANCED for one in self.balance)


def propensity_weights(
    treated: ArrayLike,
    x: ArrayLike,
    names: Sequence[str],
    *,
    estimand: Estimand = Estimand.EVERYBODY,
) -> PropensityWeights:
    """Return weights by the inverse of the propensity, and the balance that they reach.

    Weights are scaled to mean 1 within each group. Nothing is trimmed: patients whom the other
    treatment would never have been given are counted, and are for the reader to judge.

    Parameters
    ----------
    treated : (n,)
        1 for the treatment of interest, 0 for the other.
    x : (n, p)
        What was known before treatment and influenced the choice.

    Raises
    ------
    InputError
        When columns have gaps, or one of them decides the treatment.

    References
    ----------
    .. [1] Rosenbaum and Rubin, Biometrika 70 (1983), 41; Li, Morgan and Zaslavsky, J. Am. Stat.
       Assoc. 113 (2018), 390: overlap weights.
    """
    where = "propensity model"
    matrix = columns(x, names, where=where)
    given = binary(treated, len(matrix), where=f"{where}, treatment")
    model = fit_logistic(matrix, given, names, where=where)
    e = model.fitted
    raw = {
        Estimand.EVERYBODY: given / e + (1 - given) / (1 - e),
        Estimand.TREATED: given + (1 - given) * e / (1 - e),
        Estimand.OVERLAP: given * (1 - e) + (1 - given) * e,
    }[estimand]
    weight = raw.copy()
    for group in (0.0, 1.0):
        rows = given == group
        weight[rows] /= weight[rows].mean()
    one, other = given == 1, given == 0
    return PropensityWeights(
        estimand=estimand,
        propensity=e,
        weight=weight,
        treated=given,
        model=model,
        balance=balance_table(given, matrix, names, weight),
        effective_n=(_effective(weight[one]), _effective(weight[other])),
        outside_overlap=(
            int(np.sum((e[one] > e[other].max()) | (e[one] < e[other].min()))),
            int(np.sum((e[other] > e[one].max()) | (e[other] < e[one].min()))),
        ),
        largest_weight=float(weight.max()),
    )


def _effective(weight: Floats) -> float:
    return float(weight.sum() ** 2 / (weight**2).sum())


def balance_table(
    treated: Floats, x: Floats, names: Sequence[str], weight: Floats
) -> tuple[BalanceRow, ...]:
    """Return each column's means and standardised difference, before and after weighting."""
    one, other = treated == 1, treated == 0
    made = []
    for j, name in enumerate(names):
        values = x[:, j]
        spread = np.sqrt(0.5 * (values[one].var(ddof=1) + values[other].var(ddof=1)))
        if not spread > 0:
            raise InputError(f"balance: column {name} does not vary within the groups")
        plain = values[one].mean(), values[other].mean()
        weighted = (
            np.average(values[one], weights=weight[one]),
            np.average(values[other], weights=weight[other]),
        )
        made.append(
            BalanceRow(
                name=name,
                treated_mean=float(plain[0]),
                control_mean=float(plain[1]),
                difference=float((plain[0] - plain[1]) / spread),
                treated_weighted=float(weighted[0]),
                control_weighted=float(weighted[1]),
                difference_weighted=float((weighted[0] - weighted[1]) / spread),
            )
        )
    return tuple(made)


def weighted_hazard_ratio(times: EventTimes, weights: PropensityWeights, name: str) -> CoxFit:
    """Return the marginal hazard ratio of the treatment, with robust errors.

    The errors take the weights as known, which makes intervals a little too wide for the effect
    in all patients (Lunceford and Davidian, Stat. Med. 23 (2004), 2937).
    """
    return fit_cox(CoxData.of(times, weights.treated, (name,), weight=weights.weight))
