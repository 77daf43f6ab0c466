"""A course of scores as JSON: numbers with their definitions."""

from typing import Any

from opensirt.outcomes.score_analysis import ScoreAnalysis
from opensirt.report.plain import plain
from opensirt.report.score_document import ABSENT

SCORE_SCHEMA = "opensirt/cohort-quality-of-life/1"


def score_results(found: ScoreAnalysis) -> dict[str, Any]:
    """Return the analysis as plain values."""
    course, fitted = found.course, found.course.coefficients
    return {
        "schema": SCORE_SCHEMA,
        "population": found.population,
        "unit_of_analysis": "visit",
        "n": course.n,
        "n_patients": found.n_patients,
        "score": found.title,
        "score_unit": found.score_unit,
        "criterion": found.criterion,
        "time": {"column": found.time_column, "meaning": found.origin, "unit": found.time_unit},
        "group_column": found.group_column,
        "covariates": list(found.covariates),
        "left_out": found.left_out,
        "missing": plain(found.missing),
        "level": found.level,
        "notes": [ABSENT, *found.notes],
        "columns": [
            {
                "name": name,
                "estimate": float(b),
                "standard_error": float(error),
                "low": float(low),
                "high": float(high),
                "p": float(p),
            }
            for name, b, error, (low, high), p in zip(
                fitted.names,
                fitted.estimate,
                fitted.standard_error,
                fitted.interval(found.level),
                fitted.p,
                strict=True,
            )
        ],
        "sd_between_patients": course.intercept_spread,
        "sd_of_slopes": "one slope for all" if course.slope_spread is None else course.slope_spread,
        "sd_within_patients": course.residual_spread,
        "log_likelihood_reml": course.log_likelihood,
        "visits": [
            {
                "group": one.group,
                "time": one.time,
                "n": one.n,
                "mean": one.mean,
                "sd": "one answer" if one.standard_deviation is None else one.standard_deviation,
            }
            for one in found.visits
        ],
    }
