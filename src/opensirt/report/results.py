"""results.json: everything that a run found, for programs."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from opensirt.clinical.follow_up_record import FollowUp
from opensirt.domain.case import Case
from opensirt.domain.delivery import ComparedPlan, Delivery
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.record import (
    CaseResult,
    DoseResult,
    LungShunt,
    Number,
    Plan,
    PlanRow,
    StructureDose,
    StructureUptake,
    Territory,
    TruthRow,
    Verification,
    Workup,
)
from opensirt.domain.session_dose import CumulativeDose
from opensirt.domain.structure_effect import StructureEffect
from opensirt.domain.uncertainty import DoseInterval, DoseUncertainty, SampledDose
from opensirt.errors import InputError
from opensirt.provenance import Provenance
from opensirt.report.optimise_results import optimised_data, second_check_data
from opensirt.report.plain import NO_VALUE, plain
from opensirt.report.results_schema import results_schema
from opensirt.report.sections.chosen import reported_dose
from opensirt.report.sections.uncertainty import REPORTED_PERCENT
from opensirt.report.selection_results import selection_data
from opensirt.report.wording import RESEARCH_USE

__all__ = ["NO_VALUE", "SCHEMA", "results_document", "results_schema"]

SCHEMA = "opensirt/results/1"


def results_document(
    case: Case,
    result: CaseResult,
    *,
    files: Mapping[str, str] = MappingProxyType({}),
    follow_up: FollowUp | None = None,
) -> dict[str, Any]:
    """Return the content of results.json as plain values.

    A number that could not be given is the text that says why; there is no null. Keys of a step
    that was not done are absent.

    Parameters
    ----------
    case, result
        What was done, and with what.
    files
        Name → sha256 of the files that were written beside it.
    follow_up
        What became of the patient; its findings are among those of the result.

    Raises
    ------
    InputError
        When a number is not finite.
    """
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "case": result.case_key,
        "research_use": RESEARCH_USE,
        "findings": [_finding(one) for one in result.findings],
    }
    if result.selection is not None:
        document["selection"] = selection_data(result.selection)
    if result.workup is not None:
        document["workup"] = _workup(result.workup)
    if result.plan is not None:
        document["plan"] = _plan(result.plan)
    dose = reported_dose(result)
    if dose is not None:
        document["dose"] = _dose(dose)
    if result.verification is not None:
        document["verification"] = _verification(result.verification)
    if follow_up is not None:
        document["follow_up"] = follow_up_data(follow_up)
    if result.truth:
        document["truth"] = [_truth(one) for one in result.truth]
    if case.confirmations:
        document["confirmations"] = [
            {"finding": one.rule, "by": one.by, "on": one.on.isoformat()}
            for one in case.confirmations
        ]
    document["provenance"] = _provenance(result.provenance)
    if files:
        document["files"] = dict(files)
    return document


def follow_up_data(made: FollowUp) -> dict[str, Any]:
    """Return a follow-up as plain values without null, its findings left to the result."""
    found = plain(replace(made, findings=()))
    assert isinstance(found, dict)  # noqa: S101 - a record is a mapping
    found.pop("findings")
    data = _without_null(found)
    assert isinstance(data, dict)  # noqa: S101 - as given
    return data


def _without_null(value: object) -> object:
    if value is None:
        return NO_VALUE
    if isinstance(value, dict):
        return {key: _without_null(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_null(one) for one in value]
    return value


def _number(value: Number) -> float | str:
    """Return a finite number, or the reason why there is none."""
    if isinstance(value, Missing):
        return value.value
    number = float(value)
    if not abs(number) < float("inf"):
        raise InputError(f"a number of the results is not finite: {number}")
    return number


def _numbers(values: Mapping[str, Number]) -> dict[str, float | str]:
    return {key: _number(value) for key, value in values.items()}


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "severity": one.severity.value,
        "rule": one.rule,
        "text": one.text,
        "value": _stated(one.value),
        "limit": _stated(one.limit),
        "source": one.source,
        "status": _status(verified=one.verified),
    }


def _status(*, verified: bool) -> str:
    return "verified" if verified else "unverified"


def _stated(value: float | str | None) -> float | str:
    if value is None:
        return NO_VALUE
    return value if isinstance(value, str) else _number(value)


def _lung_shunt(one: LungShunt) -> dict[str, Any]:
    return {
        "value": _number(one.fraction),
        "standard_uncertainty": _number(one.standard_uncertainty),
        "method": one.method or Missing.NOT_RECORDED.value,
        "assumed": one.assumed,
    }


def _uptake(one: StructureUptake) -> dict[str, Any]:
    return {
        "label": one.label,
        "kind": one.kind.value,
        "volume_ml": _number(one.volume_ml),
        "mass_kg": _number(one.mass_kg),
        "mean": _number(one.mean),
        "uptake_fraction": _number(one.uptake_fraction),
    }


def _territory(one: Territory) -> dict[str, Any]:
    return {
        "name": one.name,
        "vessel": one.vessel.value if isinstance(one.vessel, Missing) else one.vessel,
        "perfused_structure": one.perfused_label,
        "perfused_volume_ml": _number(one.perfused_volume_ml),
        "perfused_mass_kg": _number(one.perfused_mass_kg),
        "perfused_normal_volume_ml": _number(one.perfused_normal_volume_ml),
        "perfused_normal_mass_kg": _number(one.perfused_normal_mass_kg),
        "tumour_masses_kg": _numbers(one.tumour_masses_kg),
        "tumour_to_normal_ratio": _numbers(one.tumour_to_normal_ratio),
        "uptake_fractions": _numbers(one.uptake_fractions),
        "perfused_normal_uptake_fraction": _number(one.perfused_normal_uptake_fraction),
        "deposits": list(one.deposits),
    }


def _ratios(territories: tuple[Territory, ...]) -> dict[str, float | str]:
    """Return label → ratio; a tumour in two territories is named with each of them."""
    labels = [label for one in territories for label in one.tumour_to_normal_ratio]
    return {
        label if labels.count(label) == 1 else f"{label} ({one.name})": _number(ratio)
        for one in territories
        for label, ratio in one.tumour_to_normal_ratio.items()
    }


def _workup(workup: Workup) -> dict[str, Any]:
    return {
        "lung_shunt_fraction": _lung_shunt(workup.lung_shunt),
        "tumour_to_normal_ratio": _ratios(workup.territories),
        "image": workup.scout_id,
        "unit": workup.unit,
        "lung_mass_kg": _number(workup.lung_mass_kg),
        "liver_density_kg_per_ml": _number(workup.liver_density_kg_per_ml),
        "liver_volume_ml": _number(workup.liver_volume_ml),
        "tumour_volume_ml": _number(workup.tumour_volume_ml),
        "normal_liver_volume_ml": _number(workup.normal_liver_volume_ml),
        "normalising_volume": workup.normalising_volume,
        "structures": [_uptake(one) for one in workup.uptakes],
        "extrahepatic": [_uptake(one) for one in workup.extrahepatic],
        "territories": [_territory(one) for one in workup.territories],
    }


def _row(one: PlanRow) -> dict[str, Any]:
    return {
        "device": one.device,
        "model": one.model,
        "territory": one.territory,
        "administered_activity_bq": _number(one.administered_activity_bq),
        "reaching_liver_bq": _number(one.reaching_liver_bq),
        "tumour_gy": _number(one.tumour_gy),
        "normal_liver_gy": _number(one.normal_liver_gy),
        "perfused_normal_liver_gy": _number(one.perfused_normal_liver_gy),
        "perfused_volume_gy": _number(one.perfused_volume_gy),
        "lung_gy": _number(one.lung_gy),
        "sphere_count": _number(one.sphere_count),
        "binding": one.binding,
        "lung_limit_binds_at_fraction": _number(one.lung_limit_binds_at_fraction),
        "tumour_doses_gy": _numbers(one.tumour_doses_gy),
        "extrahepatic_doses_gy": _numbers(one.extrahepatic_doses_gy),
        "dose_constant_gy_kg_per_gbq": _number(one.dose_constant_gy_kg_per_gbq),
        "status": _status(verified=one.verified),
        "sources": list(one.sources),
        "note": one.note,
    }


def _plan(plan: Plan) -> dict[str, Any]:
    made: dict[str, Any] = {"rows": [_row(one) for one in plan.rows]}
    if plan.chosen is not None:
        made["chosen"] = _row(plan.chosen)
    if plan.choice is not None:
        made["choice"] = {
            "device": plan.choice.device,
            "model": plan.choice.model,
            "origin": plan.choice.origin,
            "administered_activity_bq": _numbers(plan.choice.activities_bq),
        }
        if not isinstance(plan.choice.spheres_per_ml_at_most, Missing):
            made["choice"]["spheres_per_ml_at_most"] = plan.choice.spheres_per_ml_at_most
            made["choice"]["perfused_volume_ml"] = _numbers(plan.choice.perfused_volumes_ml)
    if plan.cumulative is not None:
        made["all_sessions"] = _sessions(plan.cumulative)
    made["doses"] = [
        {"device": device, "model": model, **_dose(one)}
        for (device, model), one in plan.doses.items()
    ]
    made["second_checks"] = [second_check_data(one) for one in plan.second_checks]
    if plan.optimised:
        made["optimised"] = [optimised_data(one) for one in plan.optimised]
    if plan.effects:
        made["effects"] = [effect_data(one) for one in plan.effects]
    return made


def _sessions(one: CumulativeDose) -> dict[str, Any]:
    return {
        "sessions": [
            {
                "session": session.words,
                "on": session.on.value
                if isinstance(session.on, Missing)
                else session.on.isoformat(),
                "lung_gy": _number(session.lung_gy),
                "normal_liver_gy": _number(session.normal_liver_gy),
                "normal_liver_bed_gy": _number(session.normal_liver_bed_gy),
                "territories_gy": _numbers(session.territories_gy),
                "assumptions": list(session.assumptions),
            }
            for session in one.sessions
        ],
        "lung_gy": _number(one.lung_gy),
        "lung_gy_at_least": _number(one.lung_gy_at_least),
        "normal_liver_gy": _number(one.normal_liver_gy),
        "normal_liver_gy_at_least": _number(one.normal_liver_gy_at_least),
        "normal_liver_bed_gy": _number(one.normal_liver_bed_gy),
        "normal_liver_eqd2_gy": _number(one.normal_liver_eqd2_gy),
        "territories_gy": _numbers(one.territories_gy),
        "alpha_beta_ratio_gy": _number(one.alpha_beta_ratio_gy),
        "radiobiology_source": one.radiobiology_source,
        "radiobiology_status": _status(verified=one.radiobiology_verified),
        "complete": one.complete,
    }


def _structure(one: StructureDose) -> dict[str, Any]:
    made: dict[str, Any] = {
        "label": one.label,
        "kind": one.kind.value,
        "volume_ml": _number(one.volume_ml),
        "mass_kg": _number(one.mass_kg),
        "activity_bq": _number(one.activity_bq),
        "mean_activity_bq_per_ml": _number(one.mean_activity_bq_per_ml),
        "mean_gy": _number(one.mean_gy),
        "mean_gy_expanded_uncertainty": _number(one.mean_gy_expanded_uncertainty),
        "d95_gy": _number(one.d95_gy),
        "d70_gy": _number(one.d70_gy),
        "d50_gy": _number(one.d50_gy),
        "d5_gy": _number(one.d5_gy),
        "min_gy": _number(one.min_gy),
        "max_gy": _number(one.max_gy),
        "bed_gy": _number(one.bed_gy),
        "eqd2_gy": _number(one.eqd2_gy),
        "eubed_gy": _number(one.eubed_gy),
        "alpha_beta_ratio_gy": _number(one.alpha_beta_ratio_gy),
        "repair_half_life_h": _number(one.repair_half_life_h),
        "radiobiology_status": _status(verified=one.radiobiology_verified),
        "radiobiology_source": one.radiobiology_source,
        "volume_fraction_at_gy": {
            f"{level:g}": _number(part) for level, part in one.volume_fraction_at_gy.items()
        },
        "volume_outside_ml": _number(one.volume_outside_ml),
    }
    if isinstance(one.mean_gy_under_shift, Missing):
        made["mean_gy_under_shift"] = one.mean_gy_under_shift.value
    else:
        low, high = one.mean_gy_under_shift
        made["mean_gy_under_shift"] = {"lowest": _number(low), "highest": _number(high)}
    return made


def _dose(dose: DoseResult) -> dict[str, Any]:
    energy = dose.energy
    return {
        "engine": dose.engine,
        "calibration": dose.calibration,
        "radionuclide": dose.radionuclide,
        "data_set": dose.data_set,
        "energy": {
            "mean_energy_mev_per_decay": _number(energy.mean_energy_mev_per_decay),
            "released_j": _number(energy.released_j),
            "scored_j": _number(energy.scored_j),
            "outside_kernel_fraction": _number(energy.outside_kernel_fraction),
            "outside_grid_fraction": _number(energy.outside_grid_fraction),
        },
        "structures": [_structure(one) for one in dose.structures],
    }


def _verification(verification: Verification) -> dict[str, Any]:
    imaged, given = verification.imaged_activity_bq, verification.administered_activity_bq
    ratio: Number = Missing.NOT_EVALUABLE
    if not isinstance(imaged, Missing) and not isinstance(given, Missing):
        ratio = imaged / given
    made: dict[str, Any] = {
        "image": verification.image_id,
        "imaged_activity_bq": _number(imaged),
        "administered_activity_bq": _number(given),
        "imaged_over_administered_ratio": _number(ratio),
        "normalising_volume": verification.normalising_volume,
        "primary": verification.primary,
        "doses": [_dose(one) for one in verification.results],
        "planned_against_measured": _pairs(verification),
        "lung_shunt_seen": _lung_shunt(verification.lung_shunt_seen),
    }
    if verification.delivery is not None:
        made["delivery"] = _delivery(verification.delivery)
    if verification.cumulative is not None:
        made["all_sessions"] = _sessions(verification.cumulative)
    if verification.recovered:
        made["recovery"] = {
            "method": verification.recovery_method,
            "structures": [
                {
                    "label": one.label,
                    "uncorrected_gy": _number(one.uncorrected_gy),
                    "corrected_gy": _number(one.corrected_gy),
                    "recovery_coefficient": _number(one.recovery_coefficient),
                }
                for one in verification.recovered
            ],
        }
    if verification.uncertainties:
        made["uncertainty"] = [_uncertainty(one) for one in verification.uncertainties]
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
            "planned_gy": _number(one.planned_gy),
            "measured_gy": _number(measured[one.label]),
            "difference_gy": _number(_minus(measured[one.label], one.planned_gy)),
            "planned_for_given_activity_gy": _number(one.planned_as_given_gy),
            "delivered_gy": _number(one.delivered_gy),
            "delivered_over_planned_ratio": _number(one.delivered_over_planned),
            "imaged_gy": _number(one.imaged_gy),
            "imaged_over_planned_ratio": _number(one.imaged_over_planned),
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
        "administered_activity_bq": _numbers(plan.administered_bq),
    }


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "engine": one.engine,
        "device": one.device,
        **({} if one.plan is None else {"plan": _compared_plan(one.plan)}),
        "territories_given_over_planned_ratio": dict(one.territories_given_over_planned),
        "given_over_planned_ratio": _number(one.given_over_planned),
        "perfect_imaged_over_declared_ratio": _number(one.perfect_ratio),
        "perfect_imaged_over_declared_standard_uncertainty": _number(
            one.perfect_ratio_standard_uncertainty
        ),
        "perfect_source": one.perfect_ratio_source,
        "voxels": [
            {
                "label": part.label,
                "mean_difference_gy": _number(part.mean_difference_gy),
                "root_mean_square_gy": _number(part.root_mean_square_gy),
                "concordance": _number(part.concordance),
                "within_fraction": _number(part.within_fraction),
            }
            for part in one.voxels
        ],
        "top_ups": [
            {
                "territory": part.territory,
                "tumour": part.tumour,
                "goal_gy": _number(part.goal_gy),
                "goal": part.goal,
                "delivered_gy": _number(part.delivered_gy),
                "after_gy": _number(part.after_gy),
                "reaching_liver_bq": _number(part.reaching_liver_bq),
                "administered_activity_bq": _number(part.administered_bq),
                "perfused_normal_liver_after_gy": _number(part.perfused_normal_liver_after_gy),
                "normal_liver_after_gy": _number(part.normal_liver_after_gy),
                "lung_added_gy": _number(part.lung_added_gy),
                "binding": part.binding,
            }
            for part in one.top_ups
        ],
    }


def _uncertainty(one: DoseUncertainty) -> dict[str, Any]:
    return {
        "label": one.label,
        "mean_gy": _number(one.mean_gy),
        "best_estimate_gy": _number(one.best_estimate_gy),
        "corrected_for_resolution": one.corrected,
        "combined_relative_standard_uncertainty": _number(one.combined_fraction),
        "best_estimate_gy_expanded_uncertainty": _number(one.expanded_gy),
        "mean_gy_expanded_uncertainty": _number(one.uncorrected_expanded_gy),
        "coverage_factor": _number(one.coverage_factor),
        "interval": _sampled(one.sampled),
        "lower_bound": one.lower_bound,
        "not_included": list(one.not_included),
        "components": [
            {
                "name": part.name,
                "relative_standard_uncertainty": _number(part.relative_standard_uncertainty),
                "how": part.how,
                "source": part.source,
                "status": _status(verified=part.verified),
            }
            for part in one.components
        ],
        "correlations": [
            {
                "first": link.first,
                "second": link.second,
                "coefficient": _number(link.coefficient),
            }
            for link in one.correlations
        ],
    }


def effect_data(one: StructureEffect) -> dict[str, Any]:
    """Return one effect as plain values."""
    return {
        "label": one.label,
        "effect": one.effect,
        "probability": _number(one.probability),
        "probability_low": _number(one.low),
        "probability_high": _number(one.high),
        "dose_gy": _number(one.dose_gy),
        "dose_over_half_effect_ratio": _number(one.over_half_effect),
        "reason": one.reason,
        "model": one.model,
        "quantity": one.quantity,
        "endpoint": one.endpoint,
        "conditions": list(one.conditions),
        "source": one.source,
        "status": _status(verified=one.verified),
    }


def _sampled(one: SampledDose | Missing) -> dict[str, Any] | str:
    if isinstance(one, Missing):
        return one.value
    shift: str | dict[str, Any]
    if isinstance(one.shift_mm, Missing):
        shift = one.shift_mm.value
    else:
        shift = {axis: _number(mm) for axis, mm in zip("xyz", one.shift_mm, strict=True)}
    return {
        "probability": _number(one.probability),
        "mean_gy": _interval(one.mean),
        **{f"d{part}_gy": _interval(one.dose(part / 100)) for part in REPORTED_PERCENT},
        "dvh": [
            {"volume_fraction": _number(part), **_interval(dose)}
            for part, dose in one.at_volume.items()
        ],
        "corrected_for_resolution": one.corrected,
        "contour_shift_mm": shift,
        "draws": one.draws,
        "how": one.how,
    }


def _interval(one: DoseInterval) -> dict[str, Any]:
    return {
        "estimate": _number(one.estimate_gy),
        "low": _number(one.low_gy),
        "high": _number(one.high_gy),
    }


def _truth(one: TruthRow) -> dict[str, Any]:
    return {
        "quantity": one.quantity,
        "unit": one.unit,
        "true": _number(one.true),
        "estimated": _number(one.estimated),
        "uncorrected": _number(one.uncorrected),
        "tolerance": one.tolerance,
    }


def _provenance(provenance: Provenance) -> dict[str, Any]:
    reference = dict(provenance.reference_data)
    return {
        "software": dict(provenance.software),
        "inputs": dict(provenance.inputs),
        "reference_data": reference,
        "site": reference.get("site profile", Missing.NOT_RECORDED.value),
        "made_at": provenance.made_at.isoformat(),
        "method": provenance.method,
        "parameters": {
            key: value if isinstance(value, str) else _number(value)
            for key, value in provenance.parameters.items()
        },
    }
