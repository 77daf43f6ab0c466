"""How well a dose tells responders apart, and thresholds without the optimism of choosing them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, Ints, vector
from opensirt.outcomes.logistic import binary

_FEWEST_DRAWS = 50


@dataclass(frozen=True, eq=False, kw_only=True)
class Roc:
    """Sensitivity and false-positive fraction at falling thresholds, which themselves count."""

    threshold: Floats
    sensitivity: Floats
    false_positive: Floats
    area: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Threshold:
    """The threshold with the largest sensitivity + specificity, as found and corrected.

    The corrected figures are what a new cohort is expected to show; the others are those of the
    cohort in which the threshold was chosen.
    """

    value: float
    interval: tuple[float, float]
    """Percentiles of the thresholds that resampled cohorts choose."""
    sensitivity: float
    specificity: float
    sensitivity_corrected: float
    specificity_corrected: float
    area: float
    area_interval: tuple[float, float]
    draws: int
    roc: Roc


def roc(score: ArrayLike, outcome: ArrayLike) -> Roc:
    """Return the curve and the area under it (ties count half).

    Raises
    ------
    InputError
        When there are gaps, or only one kind of outcome.
    """
    marks = vector(score, where="ROC, score")
    seen = binary(outcome, len(marks), where="ROC, outcome")
    return _roc(marks, seen)


def _roc(marks: Floats, seen: Floats) -> Roc:
    threshold, place = np.unique(-marks, return_inverse=True)
    hits = np.cumsum(np.bincount(place, seen))
    false = np.cumsum(np.bincount(place, 1.0 - seen))
    n_with, n_without = float(hits[-1]), float(false[-1])
    ranks = rankdata(marks)
    area = (ranks[seen == 1].sum() - 0.5 * n_with * (n_with + 1.0)) / (n_with * n_without)
    return Roc(
        threshold=-threshold,
        sensitivity=hits / n_with,
        false_positive=false / n_without,
        area=float(area),
    )


def _best(curve: Roc) -> float:
    return float(curve.threshold[int(np.argmax(curve.sensitivity - curve.false_positive))])


def _at(threshold: float, marks: Floats, seen: Floats) -> tuple[float, float]:
    above = marks >= threshold
    return float(above[seen == 1].mean()), float((~above)[seen == 0].mean())


def optimism_corrected_threshold(
    score: ArrayLike,
    outcome: ArrayLike,
    patient: ArrayLike,
    *,
    draws: int = 500,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Threshold:
    """Return Youden's threshold with sensitivity and specificity corrected by the bootstrap.

    Patients, not lesions, are drawn. In each drawn cohort a threshold is chosen; what it shows
    there minus what it shows in the real cohort is the optimism, whose mean is taken off.

    Raises
    ------
    InputError
        When there are gaps, only one kind of outcome, or too few draws hold both kinds.

    References
    ----------
    .. [1] Efron and Tibshirani, An Introduction to the Bootstrap (1993), 17.6; Harrell,
       Regression Modeling Strategies (2015), 5.3.
    """
    marks = vector(score, where="ROC, score")
    seen = binary(outcome, len(marks), where="ROC, outcome")
    curve = _roc(marks, seen)
    chosen = _best(curve)
    apparent = np.array(_at(chosen, marks, seen))
    optimism, thresholds, areas = [], [], []
    for rows in drawn_patients(patient, len(marks), draws, rng):
        one, other = marks[rows], seen[rows]
        if other.min() == other.max():
            continue
        drawn = _roc(one, other)
        threshold = _best(drawn)
        there = np.array(_at(threshold, one, other))
        optimism.append(there - np.array(_at(threshold, marks, seen)))
        thresholds.append(threshold)
        areas.append(drawn.area)
    if len(thresholds) < _FEWEST_DRAWS:
        raise InputError(
            f"ROC: {len(thresholds)} of {draws} drawn cohorts have both kinds of outcome; at "
            f"least {_FEWEST_DRAWS} are wanted: draw more, or collect more patients"
        )
    corrected = np.clip(apparent - np.mean(optimism, axis=0), 0.0, 1.0)
    tail = 0.5 * (1.0 - level)
    low, high = np.quantile(thresholds, [tail, 1.0 - tail])
    area_low, area_high = np.quantile(areas, [tail, 1.0 - tail])
    return Threshold(
        value=chosen,
        interval=(float(low), float(high)),
        sensitivity=float(apparent[0]),
        specificity=float(apparent[1]),
        sensitivity_corrected=float(corrected[0]),
        specificity_corrected=float(corrected[1]),
        area=curve.area,
        area_interval=(float(area_low), float(area_high)),
        draws=len(thresholds),
        roc=curve,
    )


def drawn_patients(patient: ArrayLike, n: int, draws: int, rng: np.random.Generator) -> list[Ints]:
    """Return the rows of each drawn cohort: patients with replacement, with all their lesions.

    Raises
    ------
    InputError
        When there is not one patient for each row.
    """
    number = np.unique(np.asarray(patient), return_inverse=True)[1]
    if number.shape != (n,):
        raise InputError(f"{number.shape} patients for {n} rows")
    order = np.argsort(number, kind="stable")
    count = np.bincount(number)
    first = np.cumsum(count) - count
    made = []
    for _ in range(draws):
        drawn = rng.integers(0, len(count), len(count))
        sizes = count[drawn]
        inside = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        made.append(order[np.repeat(first[drawn], sizes) + inside])
    return made
