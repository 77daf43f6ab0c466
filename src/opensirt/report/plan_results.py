"""The plan in results.json."""

from typing import Any

from opensirt.domain.missing import Missing
from opensirt.domain.record import Plan, PlanRow
from opensirt.report.dose_results import dose_data, effect_data, sessions_data
from opensirt.report.optimise_results import optimised_data, second_check_data
from opensirt.report.result_values import number, numbers, status_word


def plan_data(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain values: rows, choice, doses, checks."""
    made: dict[str, Any] = {"rows": [_row(one) for one in plan.rows]}
    if plan.chosen is not None:
        made["chosen"] = _row(plan.chosen)
    if plan.choice is not None:
        made["choice"] = {
            "device": plan.choice.device,
            "model": plan.choice.model,
            "origin": plan.choice.origin,
            "administered_activity_bq": numbers(plan.choice.activities_bq),
        }
        if not isinstance(plan.choice.spheres_per_ml_at_most, Missing):
            made["choice"]["spheres_per_ml_at_most"] = plan.choice.spheres_per_ml_at_most
            made["choice"]["perfused_volume_ml"] = numbers(plan.choice.perfused_volumes_ml)
    if plan.cumulative is not None:
        made["all_sessions"] = sessions_data(plan.cumulative)
    made["doses"] = [
        {"device": device, "model": model, **dose_data(one)}
        for (device, model), one in plan.doses.items()
    ]
    made["second_checks"] = [second_check_data(one) for one in plan.second_checks]
    if plan.optimised:
        made["optimised"] = [optimised_data(one) for one in plan.optimised]
    if plan.effects:
        made["effects"] = [effect_data(one) for one in plan.effects]
    return made


def _row(one: PlanRow) -> dict[str, Any]:
    return {
        "device": one.device,
        "model": one.model,
        "territory": one.territory,
        "administered_activity_bq": number(one.administered_activity_bq),
        "reaching_liver_bq": number(one.reaching_liver_bq),
        "tumour_gy": number(one.tumour_gy),
        "normal_liver_gy": number(one.normal_liver_gy),
        "perfused_normal_liver_gy": number(one.perfused_normal_liver_gy),
        "perfused_volume_gy": number(one.perfused_volume_gy),
        "lung_gy": number(one.lung_gy),
        "sphere_count": number(one.sphere_count),
        "binding": one.binding,
        "lung_limit_binds_at_fraction": number(one.lung_limit_binds_at_fraction),
        "tumour_doses_gy": numbers(one.tumour_doses_gy),
        "extrahepatic_doses_gy": numbers(one.extrahepatic_doses_gy),
        "dose_constant_gy_kg_per_gbq": number(one.dose_constant_gy_kg_per_gbq),
        "status": status_word(verified=one.verified),
        "sources": list(one.sources),
        "note": one.note,
    }
