"""The measured dose in results.json, and how it stands beside the plan."""

from typing import Any

from opensirt.domain.delivery import ComparedPlan, Delivery
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number, Verification
from opensirt.report.dose_results import dose_data, effect_data, sessions_data, uncertainty_data
from opensirt.report.result_values import number, numbers
from opensirt.report.workup_results import lung_shunt_data


def verification_data(verification: Verification) -> dict[str, Any]:
    """Return the measured doses as plain values."""
    imaged, given = verification.imaged_activity_bq, verification.administered_activity_bq
    ratio: Number = Missing.NOT_EVALUABLE
    if not isinstance(imaged, Missing) and not isinstance(given, Missing):
        ratio = imaged / given
    made: dict[str, Any] = {
        "image": verification.image_id,
        "imaged_activity_bq": number(imaged),
        "administered_activity_bq": number(given),
        "imaged_over_administered_ratio": number(ratio),
        "normalising_volume": verification.normalising_volume,
        "primary": verification.primary,
        "doses": [dose_data(one) for one in verification.results],
        "planned_against_measured": _pairs(verification),
        "lung_shunt_seen": lung_shunt_data(verification.lung_shunt_seen),
    }
    if verification.delivery is not None:
        made["delivery"] = _delivery(verification.delivery)
    if verification.cumulative is not None:
        made["all_sessions"] = sessions_data(verification.cumulative)
    if verification.recovered:
        made["recovery"] = {
            "method": verification.recovery_method,
            "structures": [
                {
                    "label": one.label,
                    "uncorrected_gy": number(one.uncorrected_gy),
                    "corrected_gy": number(one.corrected_gy),
                    "recovery_coefficient": number(one.recovery_coefficient),
                }
                for one in verification.recovered
            ],
        }
    if verification.uncertainties:
        made["uncertainty"] = [uncertainty_data(one) for one in verification.uncertainties]
    if verification.effects:
        made["effects"] = [effect_data(one) for one in verification.effects]
    return made


def _pairs(verification: Verification) -> list[dict[str, Any]]:
    """Return planned against measured mean doses; measured is that of the primary result."""
    delivery = verification.delivery
    if delivery is None:
        return []
    measured = {one.label: one.mean_gy for one in verification.primary_result.structures}
    return [
        {
            "label": one.label,
            "planned_gy": number(one.planned_gy),
            "measured_gy": number(measured[one.label]),
            "difference_gy": number(_minus(measured[one.label], one.planned_gy)),
            "planned_for_given_activity_gy": number(one.planned_as_given_gy),
            "delivered_gy": number(one.delivered_gy),
            "delivered_over_planned_ratio": number(one.delivered_over_planned),
            "imaged_gy": number(one.imaged_gy),
            "imaged_over_planned_ratio": number(one.imaged_over_planned),
        }
        for one in delivery.planned_structures
    ]


def _minus(above: float, below: Number) -> Number:
    return below if isinstance(below, Missing) else above - below


def _compared_plan(plan: ComparedPlan) -> dict[str, Any]:
    """Return which plan a delivery was held against."""
    return {
        "standing": plan.standing.value,
        "record": plan.record,
        "sha256": plan.sha256,
        "named_by": plan.named_by,
        "device": plan.device,
        "model": plan.model,
        "engine": plan.engine,
        "administered_activity_bq": numbers(plan.administered_bq),
    }


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "engine": one.engine,
        "device": one.device,
        **({} if one.plan is None else {"plan": _compared_plan(one.plan)}),
        "territories_given_over_planned_ratio": dict(one.territories_given_over_planned),
        "given_over_planned_ratio": number(one.given_over_planned),
        "perfect_imaged_over_declared_ratio": number(one.perfect_ratio),
        "perfect_imaged_over_declared_standard_uncertainty": number(
            one.perfect_ratio_standard_uncertainty
        ),
        "perfect_source": one.perfect_ratio_source,
        "voxels": [
            {
                "label": part.label,
                "mean_difference_gy": number(part.mean_difference_gy),
                "root_mean_square_gy": number(part.root_mean_square_gy),
                "concordance": number(part.concordance),
                "within_fraction": number(part.within_fraction),
            }
            for part in one.voxels
        ],
        "top_ups": [
            {
                "territory": part.territory,
                "tumour": part.tumour,
                "goal_gy": number(part.goal_gy),
                "goal": part.goal,
                "delivered_gy": number(part.delivered_gy),
                "after_gy": number(part.after_gy),
                "reaching_liver_bq": number(part.reaching_liver_bq),
                "administered_activity_bq": number(part.administered_bq),
                "perfused_normal_liver_after_gy": number(part.perfused_normal_liver_after_gy),
                "normal_liver_after_gy": number(part.normal_liver_after_gy),
                "lung_added_gy": number(part.lung_added_gy),
                "binding": part.binding,
            }
            for part in one.top_ups
        ],
    }
