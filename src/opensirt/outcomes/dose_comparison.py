"""Which dose metric or engine explains response best, and what changes the effect of dose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, vector
from opensirt.outcomes.likelihood import Coefficients
from opensirt.outcomes.log_rank import ChiSquareTest
from opensirt.outcomes.logistic import binary
from opensirt.outcomes.mixed_logistic import MixedLogisticFit, fit_mixed_logistic
from opensirt.outcomes.roc import drawn_patients, roc


@dataclass(frozen=True, eq=False, kw_only=True)
class MetricRow:
    """One dose metric (or engine) on the same lesions as the others."""

    name: str
    odds_ratio_per_doubling: float
    odds_ratio_interval: tuple[float, float]
    log_likelihood: float
    akaike_difference: float
    """Of −2 log-likelihood to the best metric; all have as many parameters."""
    area: float
    area_minus_best: float
    """Area under the ROC curve minus that of the metric with the largest likelihood."""
    area_minus_best_interval: tuple[float, float]


@dataclass(frozen=True, eq=False, kw_only=True)
class MetricComparison:
    """Metrics, the best first, with what they were compared on."""

    rows: tuple[MetricRow, ...]
    n: int
    n_patients: int
    n_events: int
    left_out: int
    """Lesions that lack one of the doses: all metrics see the same lesions."""


def compare_metrics(
    doses_gy: Mapping[str, ArrayLike],
    outcome: ArrayLike,
    patient: ArrayLike,
    *,
    draws: int = 300,
    rng: np.random.Generator,
) -> MetricComparison:
    """Fit the same mixed logistic model to each metric of the same lesions.

    Differences of the area come with percentile intervals from drawing patients.

    Raises
    ------
    InputError
        When there are fewer than two metrics, or a dose is not above 0.
    """
    if len(doses_gy) < 2:  # noqa: PLR2004 - a comparison needs two
        raise InputError("a comparison of dose metrics needs two or more")
    seen = np.asarray(outcome, dtype=np.float64)
    table = np.column_stack([np.asarray(one, dtype=np.float64) for one in doses_gy.values()])
    whole = np.isfinite(table).all(axis=1) & np.isfinite(seen)
    table, seen, who = table[whole], seen[whole], np.asarray(patient)[whole]
    if np.any(table <= 0):
        raise InputError(f"dose metrics: {int(np.sum(table <= 0))} values are not above 0 Gy")
    binary(seen, len(seen), where="dose metrics, outcome")
    fits = [
        fit_mixed_logistic(np.log2(table[:, j]), seen, ("log2 dose",), who)
        for j in range(table.shape[1])
    ]
    best = int(np.argmax([one.log_likelihood for one in fits]))
    areas = [roc(table[:, j], seen).area for j in range(table.shape[1])]
    drawn = []
    for rows in drawn_patients(who, len(seen), draws, rng):
        if seen[rows].min() < seen[rows].max():
            each = [roc(table[rows, j], seen[rows]).area for j in range(table.shape[1])]
            drawn.append(np.array(each) - each[best])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    made = [
        MetricRow(
            name=name,
            odds_ratio_per_doubling=float(np.exp(one.coefficients.estimate[1])),
            odds_ratio_interval=_odds(one),
            log_likelihood=one.log_likelihood,
            akaike_difference=2.0 * (fits[best].log_likelihood - one.log_likelihood),
            area=areas[j],
            area_minus_best=areas[j] - areas[best],
            area_minus_best_interval=(float(low[j]), float(high[j])),
        )
        for j, (name, one) in enumerate(zip(doses_gy, fits, strict=True))
    ]
    return MetricComparison(
        rows=tuple(sorted(made, key=lambda row: row.akaike_difference)),
        n=len(seen),
        n_patients=fits[0].n_patients,
        n_events=int(seen.sum()),
        left_out=int(np.sum(~whole)),
    )


def _odds(fit: MixedLogisticFit) -> tuple[float, float]:
    low, high = np.exp(fit.coefficients.interval()[1])
    return float(low), float(high)


@dataclass(frozen=True, eq=False, kw_only=True)
class EffectModification:
    """Whether groups (devices, activity scales) differ at one dose, and in the effect of dose."""

    groups: tuple[str, ...]
    shift: ChiSquareTest
    """Likelihood ratio of group beside dose."""
    interaction: ChiSquareTest
    """Likelihood ratio of group × dose beside both."""
    d50_gy: Mapping[str, float]
    """By group, from the model with interaction."""
    coefficients: Coefficients
    n: Mapping[str, int]


def effect_modification(
    dose_gy: ArrayLike, outcome: ArrayLike, patient: ArrayLike, group: Sequence[str]
) -> EffectModification:
    """Compare the models of dose, dose + group, and dose × group (mixed logistic, ln dose).

    Raises
    ------
    InputError
        When there are fewer than two groups, doses are not above 0, or a group separates.
    """
    dose = vector(dose_gy, where="effect modification, dose")
    if np.any(dose <= 0):
        raise InputError("effect modification: a dose is not above 0 Gy")
    labels = np.asarray(group)
    names = tuple(str(one) for one in np.unique(labels))
    if len(names) < 2:  # noqa: PLR2004 - a comparison needs two
        raise InputError(f"effect modification: one group only, {names[0]}")
    x = np.log(dose)
    centre = float(x.mean())
    member = [np.asarray(labels == one, dtype=np.float64) for one in names[1:]]
    main = [x - centre, *member]
    crossed = [(x - centre) * one for one in member]
    titles = ("ln dose", *names[1:], *(f"ln dose × {one}" for one in names[1:]))
    without = fit_mixed_logistic(main[0], outcome, titles[:1], patient)
    shifted = fit_mixed_logistic(np.column_stack(main), outcome, titles[: len(main)], patient)
    full = fit_mixed_logistic(np.column_stack([*main, *crossed]), outcome, titles, patient)
    degrees = len(member)
    estimate = full.coefficients.estimate
    return EffectModification(
        groups=names,
        shift=_ratio("group beside dose", without, shifted, degrees),
        interaction=_ratio("group × dose", shifted, full, degrees),
        d50_gy={name: _half(estimate, j, degrees, centre) for j, name in enumerate(names)},
        coefficients=full.coefficients,
        n={name: int(np.sum(labels == name)) for name in names},
    )


def _ratio(
    name: str, less: MixedLogisticFit, more: MixedLogisticFit, degrees: int
) -> ChiSquareTest:
    statistic = max(0.0, 2.0 * (more.log_likelihood - less.log_likelihood))
    return ChiSquareTest(name=name, statistic=statistic, degrees=degrees)


def _half(estimate: Floats, group: int, degrees: int, centre: float) -> float:
    """Return the dose of half the chance of a group; NaN where its chance falls with dose."""
    intercept = estimate[0] + (estimate[1 + group] if group else 0.0)
    slope = estimate[1] + (estimate[1 + degrees + group] if group else 0.0)
    return float(np.exp(centre - intercept / slope)) if slope > 0 else float("nan")
