"""Doses in results.json, with their uncertainty and what they may do."""

from typing import Any

from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, StructureDose
from opensirt.domain.session_dose import CumulativeDose
from opensirt.domain.structure_effect import StructureEffect
from opensirt.domain.uncertainty import DoseInterval, DoseUncertainty, SampledDose
from opensirt.report.result_values import number, numbers, status_word
from opensirt.report.sections.uncertainty import REPORTED_PERCENT


def dose_data(dose: DoseResult) -> dict[str, Any]:
    """Return one dose map by its energy and its structures."""
    energy = dose.energy
    return {
        "engine": dose.engine,
        "calibration": dose.calibration,
        "radionuclide": dose.radionuclide,
        "data_set": dose.data_set,
        "energy": {
            "mean_energy_mev_per_decay": number(energy.mean_energy_mev_per_decay),
            "released_j": number(energy.released_j),
            "scored_j": number(energy.scored_j),
            "outside_kernel_fraction": number(energy.outside_kernel_fraction),
            "outside_grid_fraction": number(energy.outside_grid_fraction),
        },
        "structures": [_structure(one) for one in dose.structures],
    }


def _structure(one: StructureDose) -> dict[str, Any]:
    made: dict[str, Any] = {
        "label": one.label,
        "kind": one.kind.value,
        "volume_ml": number(one.volume_ml),
        "mass_kg": number(one.mass_kg),
        "activity_bq": number(one.activity_bq),
        "mean_activity_bq_per_ml": number(one.mean_activity_bq_per_ml),
        "mean_gy": number(one.mean_gy),
        "mean_gy_expanded_uncertainty": number(one.mean_gy_expanded_uncertainty),
        "d95_gy": number(one.d95_gy),
        "d70_gy": number(one.d70_gy),
        "d50_gy": number(one.d50_gy),
        "d5_gy": number(one.d5_gy),
        "min_gy": number(one.min_gy),
        "max_gy": number(one.max_gy),
        "bed_gy": number(one.bed_gy),
        "eqd2_gy": number(one.eqd2_gy),
        "eubed_gy": number(one.eubed_gy),
        "alpha_beta_ratio_gy": number(one.alpha_beta_ratio_gy),
        "repair_half_life_h": number(one.repair_half_life_h),
        "radiobiology_status": status_word(verified=one.radiobiology_verified),
        "radiobiology_source": one.radiobiology_source,
        "volume_fraction_at_gy": {
            f"{level:g}": number(part) for level, part in one.volume_fraction_at_gy.items()
        },
        "volume_outside_ml": number(one.volume_outside_ml),
    }
    if isinstance(one.mean_gy_under_shift, Missing):
        made["mean_gy_under_shift"] = one.mean_gy_under_shift.value
    else:
        low, high = one.mean_gy_under_shift
        made["mean_gy_under_shift"] = {"lowest": number(low), "highest": number(high)}
    return made


def uncertainty_data(one: DoseUncertainty) -> dict[str, Any]:
    """Return how sure the mean dose of one structure is."""
    return {
        "label": one.label,
        "mean_gy": number(one.mean_gy),
        "best_estimate_gy": number(one.best_estimate_gy),
        "corrected_for_resolution": one.corrected,
        "combined_relative_standard_uncertainty": number(one.combined_fraction),
        "best_estimate_gy_expanded_uncertainty": number(one.expanded_gy),
        "mean_gy_expanded_uncertainty": number(one.uncorrected_expanded_gy),
        "coverage_factor": number(one.coverage_factor),
        "interval": _sampled(one.sampled),
        "lower_bound": one.lower_bound,
        "not_included": list(one.not_included),
        "components": [
            {
                "name": part.name,
                "relative_standard_uncertainty": number(part.relative_standard_uncertainty),
                "how": part.how,
                "source": part.source,
                "status": status_word(verified=part.verified),
            }
            for part in one.components
        ],
        "correlations": [
            {
                "first": link.first,
                "second": link.second,
                "coefficient": number(link.coefficient),
            }
            for link in one.correlations
        ],
    }


def _sampled(one: SampledDose | Missing) -> dict[str, Any] | str:
    if isinstance(one, Missing):
        return one.value
    shift: str | dict[str, Any]
    if isinstance(one.shift_mm, Missing):
        shift = one.shift_mm.value
    else:
        shift = {axis: number(mm) for axis, mm in zip("xyz", one.shift_mm, strict=True)}
    return {
        "probability": number(one.probability),
        "mean_gy": _interval(one.mean),
        **{f"d{part}_gy": _interval(one.dose(part / 100)) for part in REPORTED_PERCENT},
        "dvh": [
            {"volume_fraction": number(part), **_interval(dose)}
            for part, dose in one.at_volume.items()
        ],
        "corrected_for_resolution": one.corrected,
        "contour_shift_mm": shift,
        "draws": one.draws,
        "how": one.how,
    }


def _interval(one: DoseInterval) -> dict[str, Any]:
    return {
        "estimate": number(one.estimate_gy),
        "low": number(one.low_gy),
        "high": number(one.high_gy),
    }


def effect_data(one: StructureEffect) -> dict[str, Any]:
    """Return one effect as plain values."""
    return {
        "label": one.label,
        "effect": one.effect,
        "probability": number(one.probability),
        "probability_low": number(one.low),
        "probability_high": number(one.high),
        "dose_gy": number(one.dose_gy),
        "dose_over_half_effect_ratio": number(one.over_half_effect),
        "reason": one.reason,
        "model": one.model,
        "quantity": one.quantity,
        "endpoint": one.endpoint,
        "conditions": list(one.conditions),
        "source": one.source,
        "status": status_word(verified=one.verified),
    }


def sessions_data(one: CumulativeDose) -> dict[str, Any]:
    """Return the doses of all sessions and their sums."""
    return {
        "sessions": [
            {
                "session": session.words,
                "on": session.on.value
                if isinstance(session.on, Missing)
                else session.on.isoformat(),
                "lung_gy": number(session.lung_gy),
                "normal_liver_gy": number(session.normal_liver_gy),
                "normal_liver_bed_gy": number(session.normal_liver_bed_gy),
                "territories_gy": numbers(session.territories_gy),
                "assumptions": list(session.assumptions),
            }
            for session in one.sessions
        ],
        "lung_gy": number(one.lung_gy),
        "lung_gy_at_least": number(one.lung_gy_at_least),
        "normal_liver_gy": number(one.normal_liver_gy),
        "normal_liver_gy_at_least": number(one.normal_liver_gy_at_least),
        "normal_liver_bed_gy": number(one.normal_liver_bed_gy),
        "normal_liver_eqd2_gy": number(one.normal_liver_eqd2_gy),
        "territories_gy": numbers(one.territories_gy),
        "alpha_beta_ratio_gy": number(one.alpha_beta_ratio_gy),
        "radiobiology_source": one.radiobiology_source,
        "radiobiology_status": status_word(verified=one.radiobiology_verified),
        "complete": one.complete,
    }
