"""Response rates and toxicity as JSON: numbers with their definitions."""

from typing import Any

from opensirt.outcomes.proportion import Proportion
from opensirt.outcomes.response_analysis import ResponseAnalysis
from opensirt.outcomes.toxicity_analysis import ToxicityAnalysis
from opensirt.report.outcome_results import interval_data, test_data
from opensirt.report.plain import plain

RESPONSE_SCHEMA = "opensirt/cohort-response/1"
TOXICITY_SCHEMA = "opensirt/cohort-toxicity/1"

_CLUSTERED = (
    "objective_response",
    "disease_control",
    "objective_response_of_all_rows",
    "disease_control_of_all_rows",
)


def _proportion(one: Proportion) -> dict[str, Any]:
    return {
        "count": one.count,
        "of": one.of,
        "fraction": one.fraction,
        "exact": list(one.exact),
        "wilson": list(one.wilson),
    }


def response_results(found: ResponseAnalysis) -> dict[str, Any]:
    """Return the rates as plain values."""
    return {
        "schema": RESPONSE_SCHEMA,
        "population": found.population,
        "unit_of_analysis": found.unit_of_analysis,
        "n": found.n,
        "n_patients": found.n_patients,
        "group_column": found.group_column,
        "left_out": found.left_out,
        "time_origin": found.origin,
        "level": found.level,
        "notes": list(found.notes),
        "rates": [
            {
                "column": one.column,
                "group": one.group,
                "criterion": one.rates.criterion,
                "time_point": one.rates.time_point,
                "n_patients": one.n_patients,
                "all_rows": one.rates.treated,
                "evaluable": one.rates.evaluable,
                "counts": {key.value: count for key, count in one.rates.counts.items()},
                "absent": plain(one.absent),
                "of_evaluable": {
                    "objective_response": _proportion(one.rates.objective_response),
                    "disease_control": _proportion(one.rates.disease_control),
                },
                "of_all_rows": {
                    "objective_response": _proportion(one.rates.objective_response_of_treated),
                    "disease_control": _proportion(one.rates.disease_control_of_treated),
                },
                "clustered_by_patient": {
                    name: "does not apply" if limits is None else list(limits)
                    for name, limits in zip(_CLUSTERED, one.clustered, strict=True)
                },
            }
            for one in found.rates
        ],
    }


def toxicity_results(found: ToxicityAnalysis) -> dict[str, Any]:
    """Return the incidence as plain values; curves at every distinct time."""
    first = next(iter(found.groups.values()))
    made: dict[str, Any] = {
        "schema": TOXICITY_SCHEMA,
        "endpoint": plain(first.times.endpoint),
        "competing": list(first.times.competing),
        "term": found.asked.term,
        "grade": found.asked.grade,
        "ctcae_version": found.asked.version,
        "population": found.population,
        "unit_of_analysis": "patient",
        "n": found.n,
        "left_out": found.left_out,
        "missing": plain(found.missing),
        "group_column": found.group_column,
        "level": found.level,
        "notes": list(found.notes),
        "groups": [
            {
                "name": name,
                "n": one.times.n,
                "ever": _proportion(one.ever),
                "deaths_without_it": one.n_deaths_before,
                "censored": one.n_lost_before,
                "at": [{"day": day, **interval_data(value)} for day, value in one.at.items()],
                "curve": {
                    "time": one.incidence.table.time.tolist(),
                    "incidence": one.incidence.incidence.tolist(),
                },
            }
            for name, one in found.groups.items()
        ],
    }
    if found.comparison is not None:
        made["comparison"] = test_data(found.comparison)
    return made
