"""Simulated cohorts of neuroendocrine liver metastases with known truth, by seed.

Every patient, lesion, dose, response, laboratory value, toxicity, progression and death is drawn
from the figures of ``nelm_cohort.toml``; nothing is drawn one by one, so that a hundred thousand
patients take seconds.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from opensirt.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.str_]
_YEAR_DAYS = 365.25
_LN2 = float(np.log(2.0))
LEVELS = ("PD", "SD", "PR", "CR")


@cache
def cohort_design() -> dict[str, Any]:
    """Return the figures of ``nelm_cohort.toml``; they are not to be changed."""
    text = (files("opensirt.phantom") / "nelm_cohort.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulatedPatients:
    """One row for each patient; days count from the first treatment, NaN: did not happen."""

    age_years: Floats
    female: Floats
    grade: Texts
    primary: Texts
    device: Texts
    prior_prrt: Floats
    extrahepatic: Floats
    whole_liver: Floats
    ecog: Ints
    tumour_burden: Floats
    liver_volume_ml: Floats
    normal_liver_gy: Floats
    responding_fraction: Floats
    toxicity_day: Floats
    hepatic_progression_day: Floats
    progression_day: Floats
    next_treatment_day: Floats
    death_day: Floats
    last_contact_day: Floats
    last_imaging_day: Floats

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.age_years)


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulatedLesions:
    """One row for each lesion."""

    patient: Ints
    diameter_mm: Floats
    later_diameter_mm: Floats
    true_dose_gy: Floats
    dose_gy: Mapping[str, Floats]
    """By engine, and as planned."""
    level: Ints
    """0 PD, 1 SD, 2 PR, 3 CR; −1 where no later image was taken."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulatedVisits:
    """One row for each visit that took place."""

    patient: Ints
    day: Floats
    values: Mapping[str, Floats]


@dataclass(frozen=True, eq=False, kw_only=True)
class CohortTruth:
    """What a perfect analysis would find."""

    d50_gy: Mapping[str, float]
    gamma50: float
    response_spread: float
    td50_gy: Mapping[str, float]
    m: float
    log_hazard_ratio: Mapping[str, float]
    """Of death: per unit of each column of the patients' table."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulatedCohort:
    """Patients, lesions, laboratory and quality-of-life visits, and the truth behind them."""

    seed: int
    patients: SimulatedPatients
    lesions: SimulatedLesions
    laboratory: SimulatedVisits
    quality_of_life: SimulatedVisits
    truth: CohortTruth


def simulated_cohort(
    n: int, *, seed: int, design: Mapping[str, Any] | None = None
) -> SimulatedCohort:
    """Return a cohort of n patients.

    Parameters
    ----------
    design
        Figures as in ``nelm_cohort.toml``; those of the file where not given.

    Raises
    ------
    InputError
        When n is below 1.
    """
    if n < 1:
        raise InputError(f"a cohort of {n} patients is asked for; wanted 1 or more")
    given = cohort_design() if design is None else design
    rng = np.random.default_rng(seed)
    base = _baseline(n, given["patient"], rng)
    lesions, fraction, log_relative = _lesions(n, base["device"], given, rng)
    entry = np.sort(rng.uniform(0.0, given["follow_up"]["accrual_days"], n))
    events = _events(base, fraction, log_relative, entry, given, rng)
    last = events["last_imaging_day"]
    level = np.where(
        last[lesions.patient] >= given["progression"]["imaging_days"], lesions.level, -1
    )
    patients = SimulatedPatients(**base, responding_fraction=fraction, **events)
    return SimulatedCohort(
        seed=seed,
        patients=patients,
        lesions=SimulatedLesions(
            patient=lesions.patient,
            diameter_mm=lesions.diameter_mm,
            later_diameter_mm=np.where(level < 0, np.nan, lesions.later_diameter_mm),
            true_dose_gy=lesions.true_dose_gy,
            dose_gy=lesions.dose_gy,
            level=level.astype(np.int64),
        ),
        laboratory=_laboratory(patients, given["laboratory"], rng),
        quality_of_life=_quality_of_life(patients, given["quality_of_life"], rng),
        truth=_truth(given),
    )


def _drawn(n: int, fractions: Mapping[str, float], rng: np.random.Generator) -> Texts:
    shares = np.array(list(fractions.values()))
    return np.array(list(fractions))[rng.choice(len(shares), n, p=shares / shares.sum())]


def _log_normal(n: int, figures: list[float], rng: np.random.Generator) -> Floats:
    return np.asarray(figures[0] * np.exp(figures[1] * rng.standard_normal(n)))


def _by(names: Texts, figures: Mapping[str, float]) -> Floats:
    made = np.zeros(len(names))
    for name, value in figures.items():
        made[names == name] = value
    return made


def _baseline(n: int, given: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    mean, spread = given["age_years"]
    first, second = (float(one) for one in given["tumour_burden_beta"])

    def flag(key: str) -> Floats:
        return (rng.random(n) < float(given[key])).astype(np.float64)

    return {
        "age_years": np.clip(mean + spread * rng.standard_normal(n), 20.0, 90.0),
        "female": flag("female_fraction"),
        "grade": _drawn(n, given["grade_fractions"], rng),
        "primary": _drawn(n, given["primary_fractions"], rng),
        "device": _drawn(n, given["device_fractions"], rng),
        "prior_prrt": flag("prior_prrt_fraction"),
        "extrahepatic": flag("extrahepatic_fraction"),
        "whole_liver": flag("whole_liver_fraction"),
        "ecog": _drawn(n, given["ecog_fractions"], rng).astype(np.int64),
        "tumour_burden": rng.beta(first, second, n),
        "liver_volume_ml": _log_normal(n, given["liver_volume_ml"], rng),
    }


def _lesions(
    n: int, device: Texts, given: Mapping[str, Any], rng: np.random.Generator
) -> tuple[SimulatedLesions, Floats, Floats]:
    """Return the lesions, the fraction that respond, and the mean ln(dose / D50), by patient."""
    figures, dose, response = given["lesion"], given["dose"], given["response"]
    count = np.minimum(rng.geometric(1.0 / figures["mean_count"], n), figures["most"])
    patient = np.repeat(np.arange(n), count)
    m = len(patient)
    diameter = np.maximum(_log_normal(m, figures["diameter_mm"], rng), 10.0)
    shared = dose["between_patients"] * rng.standard_normal(n)
    own = dose["within_patients"] * rng.standard_normal(m)
    true_gy = _by(device, dose["median_gy"])[patient] * np.exp(shared[patient] + own)
    log_relative = np.log(true_gy / _by(device, response["d50_gy"])[patient])
    eta = 4.0 * response["gamma50"] * log_relative
    eta += response["between_patients"] * rng.standard_normal(n)[patient]
    eta += np.where(diameter >= response["large_lesion_mm"], response["large_lesion"], 0.0)
    latent = eta + rng.logistic(size=m)
    cuts = np.array([-response["stable_above"], 0.0, -response["complete_below"]])
    level = np.searchsorted(cuts, latent)
    shrink = np.array([1.35, 0.95, 0.55, 0.0])[level]
    later = diameter * shrink * np.exp(response["size_noise"] * rng.standard_normal(m))
    engines = {
        name: true_gy * dose["engine_bias"][name] * np.exp(noise * rng.standard_normal(m))
        for name, noise in dose["engine_noise"].items()
    }
    fraction = np.bincount(patient, level >= LEVELS.index("PR")) / count
    mean_relative = np.bincount(patient, log_relative) / count
    made = SimulatedLesions(
        patient=patient,
        diameter_mm=diameter,
        later_diameter_mm=later,
        true_dose_gy=true_gy,
        dose_gy=engines,
        level=level.astype(np.int64),
    )
    return made, fraction, mean_relative


def _weibull(median: float, shape: float, log_hazard: Floats, rng: np.random.Generator) -> Floats:
    """Return times with hazard proportional to exp(log_hazard)."""
    return np.asarray(
        median
        * (rng.exponential(size=len(log_hazard)) / (_LN2 * np.exp(log_hazard))) ** (1 / shape)
    )


def _events(
    base: Mapping[str, Any],
    fraction: Floats,
    log_relative: Floats,
    entry: Floats,
    given: Mapping[str, Any],
    rng: np.random.Generator,
) -> dict[str, Any]:
    n = len(entry)
    alive, moves, ends = given["survival"], given["progression"], given["follow_up"]
    slopes = _slopes(alive)
    columns = np.column_stack([base_column(base, fraction, name) for name in slopes])
    log_hazard = columns @ np.array(list(slopes.values()))
    death = _weibull(alive["median_days"], alive["shape"], log_hazard, rng)
    grade = _by(base["grade"], moves["grade"])
    hepatic = _weibull(
        moves["hepatic_median_days"],
        moves["shape"],
        grade + moves["hepatic_per_log_relative_dose"] * log_relative,
        rng,
    )
    elsewhere = _weibull(
        moves["elsewhere_median_days"],
        moves["shape"],
        grade + moves["elsewhere_extrahepatic"] * base["extrahepatic"],
        rng,
    )
    dropout = rng.exponential(_YEAR_DAYS / ends["dropout_per_year"], n)
    last = np.minimum(np.minimum(dropout, ends["analysis_day"] - entry), death)
    last_contact = np.floor(last)
    step = moves["imaging_days"]
    seen_hepatic, seen_any = (
        np.ceil(one / step) * step for one in (hepatic, np.minimum(hepatic, elsewhere))
    )
    last_imaging = np.where(last_contact >= step, np.floor(last_contact / step) * step, np.nan)
    dose_gy = _by(base["device"], given["dose"]["normal_liver_gy"]) * np.exp(
        given["dose"]["normal_liver_spread"] * rng.standard_normal(n)
    )
    harm = given["toxicity"]
    td50 = _by(base["device"], harm["td50_gy"])
    harmed = rng.random(n) < ndtr((dose_gy - td50) / (harm["m"] * td50))
    toxicity = np.where(
        harmed, np.ceil(_log_normal(n, [harm["median_day"], harm["day_spread"]], rng)), np.inf
    )
    wait = rng.exponential(moves["next_treatment_median_days"] / _LN2, n)
    following = np.ceil(seen_any + wait)

    def until(day: Floats) -> Floats:
        return np.where(day <= last_contact, day, np.nan)

    return {
        "normal_liver_gy": dose_gy,
        "toxicity_day": until(toxicity),
        "hepatic_progression_day": until(seen_hepatic),
        "progression_day": until(seen_any),
        "next_treatment_day": until(following),
        "death_day": np.where(death <= last, np.floor(death), np.nan),
        "last_contact_day": last_contact,
        "last_imaging_day": last_imaging,
    }


def _slopes(alive: Mapping[str, Any]) -> dict[str, float]:
    return {
        "grade_G2": alive["grade"]["G2"],
        "grade_G3": alive["grade"]["G3"],
        "age_decades": alive["age_per_decade"],
        "burden_tenths": alive["burden_per_tenth"],
        "extrahepatic": alive["extrahepatic"],
        "ecog": alive["ecog_per_step"],
        "responding_fraction": alive["response_of_all_lesions"],
    }


def base_column(base: Mapping[str, Any], fraction: Floats, name: str) -> Floats:
    """Return a covariate of the true hazard of death; age counts from 60 years."""
    if name.startswith("grade_"):
        return np.asarray(base["grade"] == name.removeprefix("grade_"), dtype=np.float64)
    if name == "age_decades":
        return np.asarray((base["age_years"] - 60.0) / 10.0)
    if name == "burden_tenths":
        return np.asarray(10.0 * base["tumour_burden"])
    found = fraction if name == "responding_fraction" else base[name]
    return np.asarray(found, dtype=np.float64)


def hazard_columns(patients: SimulatedPatients) -> tuple[Floats, tuple[str, ...]]:
    """Return the covariates of the true hazard of death (n, 7) and their names."""
    names = tuple(_slopes(cohort_design()["survival"]))
    base = {name: getattr(patients, name) for name in SimulatedPatients.__dataclass_fields__}
    return (
        np.column_stack([base_column(base, patients.responding_fraction, one) for one in names]),
        names,
    )


def _visits(
    patients: SimulatedPatients, days: list[int], rng: np.random.Generator, missing: float = 0.0
) -> tuple[Ints, Floats]:
    day = np.tile(np.array(days, dtype=np.float64), patients.n)
    patient = np.repeat(np.arange(patients.n), len(days))
    held = day <= patients.last_contact_day[patient]
    held &= (day == 0) | (rng.random(len(day)) >= missing)
    return patient[held], day[held]


def _laboratory(
    patients: SimulatedPatients, given: Mapping[str, Any], rng: np.random.Generator
) -> SimulatedVisits:
    patient, day = _visits(patients, given["visit_days"], rng)
    n, m = patients.n, len(day)
    bilirubin = _log_normal(n, given["bilirubin_umol_per_l"], rng)
    mean, spread = given["albumin_g_per_l"]
    albumin = mean + spread * rng.standard_normal(n)
    harmed = np.nan_to_num(patients.toxicity_day[patient], nan=np.inf) <= day
    rise = given["bilirubin_rise_with_toxicity"] * harmed
    fall = given["albumin_fall_with_toxicity_g_per_l"] * harmed
    noise = given["bilirubin_noise"] * rng.standard_normal(m)
    return SimulatedVisits(
        patient=patient,
        day=day,
        values={
            "bilirubin_umol_per_l": bilirubin[patient] * np.exp(rise + noise),
            "albumin_g_per_l": albumin[patient]
            - fall
            + given["albumin_noise_g_per_l"] * rng.standard_normal(m),
        },
    )


def _quality_of_life(
    patients: SimulatedPatients, given: Mapping[str, Any], rng: np.random.Generator
) -> SimulatedVisits:
    patient, day = _visits(patients, given["visit_days"], rng, given["missing_fraction"])
    n = patients.n
    own = given["between_patients"] * rng.standard_normal(n)
    slope = given["slope_per_year"] + given["slope_spread_per_year"] * rng.standard_normal(n)
    score = (
        given["mean"]
        + own[patient]
        + slope[patient] * day / _YEAR_DAYS
        + given["response_gain"] * patients.responding_fraction[patient] * (day > 0)
        + given["within_patients"] * rng.standard_normal(len(day))
    )
    return SimulatedVisits(patient=patient, day=day, values={"global_score": score})


def _truth(given: Mapping[str, Any]) -> CohortTruth:
    return CohortTruth(
        d50_gy=dict(given["response"]["d50_gy"]),
        gamma50=given["response"]["gamma50"],
        response_spread=given["response"]["between_patients"],
        td50_gy=dict(given["toxicity"]["td50_gy"]),
        m=given["toxicity"]["m"],
        log_hazard_ratio=_slopes(given["survival"]),
    )


def chance_of_response(truth: CohortTruth, device: str, dose_gy: Floats) -> Floats:
    """Return the true chance that a lesion below 50 mm of the median patient responds."""
    return np.asarray(expit(4.0 * truth.gamma50 * np.log(dose_gy / truth.d50_gy[device])))
