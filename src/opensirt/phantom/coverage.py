"""How often intervals hold the truth, on simulated cohorts whose truth is known."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.cox import CoxData, fit_cox
from opensirt.outcomes.cumulative_incidence import cumulative_incidence
from opensirt.outcomes.design import endpoint_times
from opensirt.outcomes.dose_curve_fit import (
    d50_interval_holds,
    fit_complication,
    fit_tumour_control,
)
from opensirt.outcomes.kaplan_meier import Interval, kaplan_meier
from opensirt.outcomes.logistic import fit_logistic
from opensirt.outcomes.mixed_logistic import fit_mixed_logistic
from opensirt.outcomes.mixed_ordinal import ClusteredOutcomes, fit_mixed_ordinal
from opensirt.outcomes.proportion import Proportion, clopper_pearson, proportion, wilson
from opensirt.outcomes.restricted_mean import restricted_mean
from opensirt.outcomes.risk_table import risk_table
from opensirt.outcomes.times import EventTimes
from opensirt.phantom.cohort import (
    LEVELS,
    Floats,
    SimulatedCohort,
    cohort_design,
    hazard_columns,
    simulated_cohort,
)
from opensirt.phantom.cohort_tables import patient_table

PATIENTS = 150
DAY = 730.0
HORIZON = 1000.0
_LARGE = 200_000
_LARGE_SEED = 987_654_321
_LN2 = float(np.log(2.0))

Bounds = tuple[float | Missing, float | Missing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many of so many intervals held the truth; an open bound holds everything."""

    method: str
    truth: float
    held: Proportion
    failed: int
    """Replicates in which the method refused to estimate."""


@cache
def coverage_design() -> dict[str, Any]:
    """Return the design of the cohorts: one device, no lesion unread, all else as in the file.

    With three devices there would be no one D50; lesions unread because of early death would be
    missing for a reason, which is another question than whether an interval is right.
    """
    design = copy.deepcopy(cohort_design())
    design["patient"]["device_fractions"] = {"resin": 1.0}
    design["response"]["large_lesion"] = 0.0
    design["progression"]["imaging_days"] = 1
    return design


def _cohort(seed: int) -> SimulatedCohort:
    return simulated_cohort(PATIENTS, seed=seed, design=coverage_design())


@cache
def _everybody() -> SimulatedCohort:
    return simulated_cohort(_LARGE, seed=_LARGE_SEED, design=coverage_design())


def true_survival(day: Floats | float) -> Floats:
    """Return the part of all patients alive on days, without loss, by the design."""
    alive = coverage_design()["survival"]
    x, names = hazard_columns(_everybody().patients)
    slopes = _everybody().truth.log_hazard_ratio
    risk = np.exp(x @ np.array([slopes[name] for name in names]))
    days = np.atleast_1d(np.asarray(day, dtype=np.float64))
    # Recorded days are whole: who dies on day 730.4 dies on day 730.
    moved = np.floor(days) + 1.0
    grown = _LN2 * (moved / alive["median_days"]) ** alive["shape"]
    return np.array([float(np.exp(-one * risk).mean()) for one in grown])


def true_restricted_mean() -> float:
    """Return the mean of the whole days lived up to the horizon."""
    return float(true_survival(np.arange(0.0, HORIZON)).sum())


def _survival_times(cohort: SimulatedCohort) -> EventTimes:
    return endpoint_times(patient_table(cohort), "overall_survival")


def _kaplan_meier(cohort: SimulatedCohort) -> Bounds:
    times = _survival_times(cohort)
    found = kaplan_meier(risk_table(times.time, times.event)).at(DAY)
    return found.low, found.high


def _restricted_mean(cohort: SimulatedCohort) -> Bounds:
    times = _survival_times(cohort)
    return restricted_mean(kaplan_meier(risk_table(times.time, times.event)), HORIZON).interval()


def _cox(cohort: SimulatedCohort) -> Bounds:
    x, names = hazard_columns(cohort.patients)
    fit = fit_cox(CoxData.of(_survival_times(cohort), x, names))
    low, high = fit.coefficients.interval()[names.index("burden_tenths")]
    return float(low), float(high)


def _incidence(cohort: SimulatedCohort) -> Bounds:
    """Death with a censoring that is itself a competing event: two Weibull times by design."""
    rng = np.random.default_rng(cohort.seed)
    first, second = rng.exponential(3.0, PATIENTS), rng.exponential(4.0, PATIENTS)
    lost = rng.uniform(0.0, 8.0, PATIENTS)
    latent = np.vstack([lost, first, second])
    times = EventTimes(
        endpoint=_survival_times(cohort).endpoint,
        time=latent.min(axis=0),
        code=latent.argmin(axis=0),
        competing=("death",),
    )
    found: Interval = cumulative_incidence(times).at(2.0)
    return found.low, found.high


def _responses(cohort: SimulatedCohort) -> tuple[Floats, Floats, Floats, Floats]:
    one = cohort.lesions
    read = one.level >= 0
    level = one.level[read].astype(np.float64)
    responded = (level >= LEVELS.index("PR")).astype(np.float64)
    return one.true_dose_gy[read], responded, one.patient[read].astype(np.float64), level


def _mixed_slope(cohort: SimulatedCohort) -> Bounds:
    dose, responded, patient, _ = _responses(cohort)
    fit = fit_mixed_logistic(np.log(dose), responded, ("ln dose",), patient)
    low, high = fit.coefficients.interval()[1]
    return float(low), float(high)


def _plain_slope(cohort: SimulatedCohort) -> Bounds:
    dose, responded, _, _ = _responses(cohort)
    low, high = fit_logistic(np.log(dose), responded, ("ln dose",)).coefficients.interval()[1]
    return float(low), float(high)


def _ordinal_slope(cohort: SimulatedCohort) -> Bounds:
    dose, _, patient, level = _responses(cohort)
    data = ClusteredOutcomes.of(np.log(dose), ("ln dose",), level, LEVELS, patient)
    low, high = fit_mixed_ordinal(data).coefficients.interval()[len(LEVELS) - 1]
    return float(low), float(high)


def _tumour_control(cohort: SimulatedCohort) -> bool:
    """Tell it by one constrained fit, which is what the profile interval is made of."""
    dose, responded, patient, _ = _responses(cohort)
    fit = fit_tumour_control(dose, responded, patient=patient, profiles=False)
    return d50_interval_holds(fit, dose, responded, _true_d50(), patient=patient)


def _tumour_control_ignoring(cohort: SimulatedCohort) -> Bounds:
    dose, responded, _, _ = _responses(cohort)
    found = fit_tumour_control(dose, responded, patient=None).d50_gy
    return found.low, found.high


def _complication(cohort: SimulatedCohort) -> Bounds:
    """Toxicity of 400 patients over a wide range of dose."""
    rng = np.random.default_rng(cohort.seed)
    harm = cohort_design()["toxicity"]
    dose = rng.uniform(20.0, 100.0, 2 * PATIENTS)
    from scipy.special import ndtr

    td50 = harm["td50_gy"]["resin"]
    harmed = rng.random(len(dose)) < ndtr((dose - td50) / (harm["m"] * td50))
    found = fit_complication(dose, harmed).d50_gy
    return found.low, found.high


def _any_response(cohort: SimulatedCohort) -> tuple[int, int]:
    """Patients of whom more than half of the lesions responded."""
    part = cohort.patients.responding_fraction
    return int((part > 0.5).sum()), len(part)  # noqa: PLR2004 - more than half


def _wilson(cohort: SimulatedCohort) -> Bounds:
    return wilson(*_any_response(cohort))


def _exact(cohort: SimulatedCohort) -> Bounds:
    return clopper_pearson(*_any_response(cohort))


def _true_response() -> float:
    count, of = _any_response(_everybody())
    return count / of


def _true_slope() -> float:
    return 4.0 * float(coverage_design()["response"]["gamma50"])


def _true_d50() -> float:
    return float(coverage_design()["response"]["d50_gy"]["resin"])


METHODS: Mapping[str, tuple[Callable[[SimulatedCohort], Bounds | bool], Callable[[], float]]] = {
    "Kaplan–Meier at 730 d, log(−log)": (_kaplan_meier, lambda: float(true_survival(DAY)[0])),
    "restricted mean to 1000 d": (_restricted_mean, true_restricted_mean),
    "Cox, log hazard ratio of tumour burden": (
        _cox,
        lambda: float(coverage_design()["survival"]["burden_per_tenth"]),
    ),
    "Aalen–Johansen incidence": (
        _incidence,
        lambda: (4.0 / 7.0) * (1.0 - float(np.exp(-2.0 * (1 / 3 + 1 / 4)))),
    ),
    "response rate, Wilson": (_wilson, _true_response),
    "response rate, Clopper–Pearson (exact)": (_exact, _true_response),
    "mixed logistic, slope of ln dose": (_mixed_slope, _true_slope),
    "mixed ordinal, slope of ln dose": (_ordinal_slope, _true_slope),
    "tumour control D50, profile": (_tumour_control, _true_d50),
    "complication TD50, profile": (
        _complication,
        lambda: float(cohort_design()["toxicity"]["td50_gy"]["resin"]),
    ),
    "logistic slope, patients ignored": (_plain_slope, _true_slope),
    "tumour control D50, patients ignored": (_tumour_control_ignoring, _true_d50),
}
"""Name → how its interval is made from a cohort, and the truth that it should hold."""


def interval_coverage(method: str, seeds: range) -> Coverage:
    """Return how many intervals of a method held the truth, one cohort for each seed.

    Raises
    ------
    InputError
        When there is no such method, or it refused every cohort.
    """
    if method not in METHODS:
        raise InputError(f"no method {method!r}; there are {', '.join(METHODS)}")
    bounds, truth_of = METHODS[method]
    truth = truth_of()
    held, made, failed = 0, 0, 0
    for found in _each(bounds, seeds):
        if found is None:
            failed += 1
            continue
        if isinstance(found, bool):
            held, made = held + int(found), made + 1
            continue
        low, high = found
        above = isinstance(low, Missing) or low <= truth
        below = isinstance(high, Missing) or truth <= high
        held, made = held + int(above and below), made + 1
    if not made:
        raise InputError(f"{method}: refused in each of {failed} cohorts")
    return Coverage(method=method, truth=truth, held=proportion(held, made), failed=failed)


def _each(
    bounds: Callable[[SimulatedCohort], Bounds | bool], seeds: range
) -> Iterator[Bounds | bool | None]:
    for seed in seeds:
        try:
            yield bounds(_cohort(seed))
        except InputError:
            yield None
