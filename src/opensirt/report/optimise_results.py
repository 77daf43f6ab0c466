"""Optimised plans and second checks as plain values of results.json."""

from typing import Any

from opensirt.domain.delivery_error import ErrorDistribution
from opensirt.domain.optimised_plan import GoalChance, OptimisedPlan, RobustResult
from opensirt.domain.second_check import SecondCheck
from opensirt.report.result_values import NO_VALUE, number, status_word


def second_check_data(one: SecondCheck) -> dict[str, Any]:
    """Return one activity with its recomputation."""
    return {
        "device": one.device,
        "model": one.model,
        "territory": one.territory,
        "quantity": one.quantity,
        "stated_bq": number(one.stated_bq),
        "recomputed_bq": number(one.recomputed_bq),
        "difference_fraction": number(one.difference_fraction),
        "from": one.how,
    }


def optimised_data(plan: OptimisedPlan) -> dict[str, Any]:
    """Return one device's optimised plan."""
    made: dict[str, Any] = {
        "device": plan.device,
        "model": plan.model,
        "objective": plan.objective.value,
        "objective_value": number(plan.objective_value),
        "continuous_objective_value": number(plan.continuous_objective),
        "administered_activity_bq": number(plan.total_bq),
        "territories": [
            {
                "territory": name,
                "administered_activity_bq": number(plan.administered_bq[index]),
                "reaching_liver_bq": number(plan.reaching_bq[index]),
                "vials_gbq": list(plan.vials_gbq[index]) if plan.vials_gbq else [],
                "perfused_normal_liver_gy": number(plan.perfused_normal_doses_gy[name]),
            }
            for index, name in enumerate(plan.territories)
        ],
        "tumour_doses_gy": {key: number(gy) for key, gy in plan.tumour_doses_gy.items()},
        "normal_liver_gy": number(plan.normal_liver_gy),
        "perfused_normal_liver_gy": number(plan.perfused_normal_liver_gy),
        "lung_gy": number(plan.lung_gy),
        "limits": [
            {
                "limit": one.key,
                "text": one.words,
                "territory": one.territory,
                "value": number(one.value),
                "at_most": number(one.at_most),
                "unit": one.unit,
                "binding": one.binding,
                "reached": one.reached,
                "price": number(one.price),
                "source": one.source,
                "status": status_word(verified=one.verified),
            }
            for one in plan.limits
        ],
        "next_vials": [
            {
                "territory": one.territory,
                "vials_gbq": list(one.vial_gbq),
                "administered_activity_bq": number(one.administered_bq),
                "objective_value": number(one.objective),
                "exceeded": [
                    {"text": words, "value": number(value), "at_most": at_most, "unit": unit}
                    for words, value, at_most, unit in one.exceeded
                ],
            }
            for one in plan.next_vials
        ],
        "trade_off": [
            {
                "limit_gy": number(one.limit_gy),
                "normal_liver_gy": number(one.normal_liver_gy),
                "perfused_normal_liver_gy": number(one.perfused_normal_liver_gy),
                "least_tumour_gy": number(one.least_tumour_gy),
                "mean_tumour_gy": number(one.mean_tumour_gy),
                "objective_value": number(one.objective),
                "administered_activity_bq": number(one.administered_bq),
                "liver_limit_binds": one.liver_binds,
            }
            for one in plan.trade_off
        ],
        "refusal": plan.refusal or NO_VALUE,
        "relaxations": [
            {
                "text": one.words,
                "at_most": number(one.at_most),
                "needed": number(one.needed),
                "unit": one.unit,
            }
            for one in plan.relaxations
        ],
        "dose_constant_gy_kg_per_gbq": number(plan.dose_constant_gy_kg_per_gbq),
        "status": status_word(verified=plan.verified),
        "sources": list(plan.sources),
        "notes": list(plan.notes),
    }
    if plan.robust is not None:
        made["robust"] = _robust(plan.robust)
    return made


def _robust(one: RobustResult) -> dict[str, Any]:
    return {
        "scenario_count": one.n_scenarios,
        "seed": one.seed,
        "chosen_by_chance": dict(one.chosen_by_chance),
        "goals": [_goal(goal) for goal in one.goals],
        "doses": [
            {
                "text": row.words,
                "planned": number(row.planned),
                "median": number(row.median),
                "percentile_5": number(row.percentile_5),
                "percentile_95": number(row.percentile_95),
                "unit": row.unit,
            }
            for row in one.doses
        ],
        "errors": [_error(each) for each in one.errors],
        "not_varied": {key.value: why.value for key, why in one.not_varied.items()},
        "calibration": [
            {
                "quantity": each.quantity.value,
                "case_count": each.n_cases,
                "inside_50_percent_interval_fraction": number(each.inside_50),
                "inside_80_percent_interval_fraction": number(each.inside_80),
                "inside_95_percent_interval_fraction": number(each.inside_95),
            }
            for each in one.calibration
        ],
        "status": status_word(verified=one.verified),
    }


def _goal(one: GoalChance) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "text": one.words,
        "planned": number(one.planned),
        "bound": number(one.bound),
        "unit": one.unit,
        "chance": number(one.chance),
        "chance_interval": {"low": number(one.low), "high": number(one.high)},
        "median": number(one.median),
        "percentile_5": number(one.percentile_5),
        "percentile_95": number(one.percentile_95),
    }


def _error(one: ErrorDistribution) -> dict[str, Any]:
    return {
        "quantity": one.quantity.value,
        "origin": one.origin.value,
        "median_of_logarithm": number(one.log_median),
        "between_cases": number(one.between_cases),
        "within_case": number(one.within_case),
        "case_count": one.n_cases,
        "source": one.source,
        "status": status_word(verified=one.verified),
        "note": one.note,
    }
