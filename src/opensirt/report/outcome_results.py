"""Survival and dose–response analyses as JSON: numbers with their definitions."""

from typing import Any

import numpy as np

from opensirt.domain.missing import Missing
from opensirt.outcomes.dose_response_analysis import DoseResponseAnalysis
from opensirt.outcomes.kaplan_meier import Interval
from opensirt.outcomes.likelihood import Coefficients
from opensirt.outcomes.log_rank import ChiSquareTest
from opensirt.outcomes.survival_analysis import GroupSurvival, SurvivalAnalysis
from opensirt.report.plain import plain

SURVIVAL_SCHEMA = "opensirt/cohort-survival/1"
DOSE_RESPONSE_SCHEMA = "opensirt/cohort-dose-response/1"


def survival_results(found: SurvivalAnalysis) -> dict[str, Any]:
    """Return the analysis as plain values; curves at the times at which they step."""
    made: dict[str, Any] = {
        "schema": SURVIVAL_SCHEMA,
        "endpoint": plain(found.endpoint),
        "unit_of_analysis": found.unit_of_analysis,
        "n": found.n,
        "n_events": found.n_events,
        "n_competing": plain(found.n_competing),
        "left_out": found.left_out,
        "missing": plain(found.missing),
        "level": found.level,
        "horizon": found.horizon,
        "group_column": found.group_column,
        "strata_column": found.strata_column,
        "notes": list(found.notes),
        "groups": [_group(one, found.level) for one in found.groups],
    }
    if found.landmark is not None:
        made["landmark"] = {"at": found.landmark, "before": plain(found.before_landmark)}
    if found.comparison is not None:
        made["comparison"] = test_data(found.comparison)
    if found.cox is not None and found.proportionality is not None:
        made["cox"] = {
            **_ratios(found.cox.coefficients, found.level),
            "ties": "Efron",
            "robust": found.cox.robust,
            "n": found.cox.n,
            "n_events": found.cox.n_events,
            "n_strata": found.cox.n_strata,
            "log_likelihood": found.cox.log_likelihood,
            "likelihood_ratio": test_data(found.cox.likelihood_ratio_test),
            "proportionality": {
                "transform": found.proportionality.transform,
                "tests": [test_data(one) for one in found.proportionality.tests],
                "overall": test_data(found.proportionality.overall),
            },
        }
    if found.fine_gray is not None:
        made["fine_gray"] = _ratios(found.fine_gray.coefficients, found.level)
    return made


def interval_data(one: Interval) -> dict[str, Any]:
    """Return an estimate with its ends; what is not defined is a reason."""
    return {"estimate": plain(one.estimate), "low": plain(one.low), "high": plain(one.high)}


def test_data(one: ChiSquareTest) -> dict[str, Any]:
    """Return a test with its statistic and p value."""
    return {"name": one.name, "statistic": one.statistic, "degrees": one.degrees, "p": one.p}


def _known(values: np.ndarray) -> list[float | str]:
    return [Missing.NOT_EVALUABLE.value if np.isnan(one) else float(one) for one in values]


def _ratios(fitted: Coefficients, level: float) -> dict[str, Any]:
    bounds = np.exp(fitted.interval(level))
    return {
        "columns": [
            {
                "name": name,
                "coefficient": float(b),
                "standard_error": float(s),
                "hazard_ratio": {
                    "estimate": float(np.exp(b)),
                    "low": float(low),
                    "high": float(high),
                },
                "p": float(p),
            }
            for name, b, s, (low, high), p in zip(
                fitted.names, fitted.estimate, fitted.standard_error, bounds, fitted.p, strict=True
            )
        ]
    }


def _group(one: GroupSurvival, level: float) -> dict[str, Any]:
    steps = one.curve.table.events > 0
    made: dict[str, Any] = {
        "name": one.name,
        "n": one.n,
        "n_events": one.n_events,
        "median": interval_data(one.median),
        "at": [{"time": time, **interval_data(found)} for time, found in one.at.items()],
        "curve": {
            "time": one.curve.table.time[steps].tolist(),
            "at_risk": one.curve.table.at_risk[steps].tolist(),
            "survival": one.curve.survival[steps].tolist(),
            "low": _known(one.curve.low[steps]),
            "high": _known(one.curve.high[steps]),
        },
    }
    if isinstance(one.mean, Missing):
        made["restricted_mean"] = one.mean.value
    else:
        low, high = one.mean.interval(level)
        made["restricted_mean"] = {
            "horizon": one.mean.horizon,
            "estimate": one.mean.estimate,
            "low": low,
            "high": high,
        }
    if one.incidence:
        made["incidence"] = [
            {
                "event": found.name,
                "time": found.table.time.tolist(),
                "incidence": found.incidence.tolist(),
                "low": found.low.tolist(),
                "high": found.high.tolist(),
            }
            for found in one.incidence
        ]
    return made


def dose_response_results(found: DoseResponseAnalysis) -> dict[str, Any]:
    """Return the analysis as plain values."""
    curve = found.fit.curve
    made: dict[str, Any] = {
        "schema": DOSE_RESPONSE_SCHEMA,
        "title": found.title,
        "outcome": found.outcome,
        "criterion": found.criterion,
        "dose_column": found.dose_column,
        "dose_meaning": found.dose_meaning,
        "population": found.population,
        "unit_of_analysis": found.unit_of_analysis,
        "n": found.n,
        "n_events": found.n_events,
        "n_patients": found.n_patients,
        "left_out": found.left_out,
        "missing": plain(found.missing),
        "notes": list(found.notes),
        "curve": {
            "formula": curve.form.value,
            "d50_gy": interval_data(found.fit.d50_gy),
            "steepness": {"name": curve.form.steepness, **interval_data(found.fit.steepness)},
            "sd_between_patients": curve.spread,
            "dose_range_gy": list(curve.dose_range_gy),
            "log_likelihood": curve.log_likelihood,
            "dose_matters_statistic": found.fit.dose_matters_statistic,
        },
        "dose_groups": [plain(one) for one in found.dose_groups],
        "threshold": {
            name: plain(getattr(found.threshold, name))
            for name in (
                "value",
                "interval",
                "sensitivity",
                "specificity",
                "sensitivity_corrected",
                "specificity_corrected",
                "area",
                "area_interval",
                "draws",
            )
        },
        "calibration": {
            "intercept": float(found.calibration.line.estimate[0]),
            "slope": float(found.calibration.line.estimate[1]),
            "brier": found.calibration.brier,
            "observed_to_expected": found.calibration.observed_to_expected,
        },
    }
    if found.ignoring_patients is not None:
        made["patients_ignored"] = {"d50_gy": interval_data(found.ignoring_patients.d50_gy)}
    if found.ordinal is not None:
        fitted = found.ordinal.coefficients
        made["ordinal"] = {
            "levels": list(found.ordinal.levels),
            "counts": list(found.ordinal.counts),
            "parameters": [
                {
                    "name": name,
                    "estimate": float(b),
                    "standard_error": "not estimated" if np.isnan(s) else float(s),
                }
                for name, b, s in zip(
                    fitted.names, fitted.estimate, fitted.standard_error, strict=True
                )
            ],
        }
    if found.metrics is not None:
        made["metrics"] = plain(found.metrics)
    if found.modification is not None:
        made["effect_modification"] = {
            "shift": test_data(found.modification.shift),
            "interaction": test_data(found.modification.interaction),
            "d50_gy": {
                name: "chance does not rise" if np.isnan(value) else value
                for name, value in found.modification.d50_gy.items()
            },
            "n": plain(found.modification.n),
        }
    return made
