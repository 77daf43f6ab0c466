"""A comparison of treatments as JSON: numbers with their definitions."""

from typing import Any

from opensirt.outcomes.cox import CoxFit
from opensirt.outcomes.propensity import BALANCED
from opensirt.outcomes.treatment_comparison import Arm, TreatmentComparison
from opensirt.report.comparison_document import remarks
from opensirt.report.outcome_results import interval_data
from opensirt.report.plain import plain

COMPARISON_SCHEMA = "opensirt/cohort-compare/1"


def comparison_results(found: TreatmentComparison) -> dict[str, Any]:
    """Return the comparison as plain values."""
    return {
        "schema": COMPARISON_SCHEMA,
        "endpoint": plain(found.endpoint),
        "unit_of_analysis": "patient",
        "n": found.n,
        "left_out": found.left_out,
        "missing": plain(found.missing),
        "other_treatments": found.other_treatments,
        "treatment_column": found.treatment_column,
        "covariates": list(found.covariates),
        "estimand": found.weights.estimand.value,
        "level": found.level,
        "notes": list(remarks(found)),
        "balance": plain(found.weights.balance),
        "balanced_below": BALANCED,
        "balanced": found.weights.balanced,
        "largest_weight": found.weights.largest_weight,
        "treated": _arm(found.treated),
        "control": _arm(found.control),
        "hazard_ratio_as_it_was": _ratio(found.crude, found.level),
        "hazard_ratio_weighted": _ratio(found.weighted, found.level),
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        "name": arm.name,
        "n": arm.n,
        "n_events": arm.n_events,
        "effective_n": arm.effective_n,
        "outside_overlap": arm.outside_overlap,
        "median_weighted": interval_data(arm.median),
        "at": [
            {
                "time": time,
                "as_it_was": interval_data(plain_one),
                "weighted": interval_data(weighted),
            }
            for time, (plain_one, weighted) in arm.at.items()
        ],
    }


def _ratio(fit: CoxFit, level: float) -> dict[str, Any]:
    ((low, high),) = fit.hazard_ratio_interval(level)
    return {
        "estimate": float(fit.hazard_ratio[0]),
        "low": float(low),
        "high": float(high),
        "p": float(fit.coefficients.p[0]),
        "robust": fit.robust,
    }
