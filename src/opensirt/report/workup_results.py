"""The work-up in results.json."""

from typing import Any

from opensirt.domain.missing import Missing
from opensirt.domain.record import LungShunt, StructureUptake, Territory, Workup
from opensirt.report.result_values import number, numbers


def workup_data(workup: Workup) -> dict[str, Any]:
    """Return a work-up as plain values."""
    return {
        "lung_shunt_fraction": lung_shunt_data(workup.lung_shunt),
        "tumour_to_normal_ratio": _ratios(workup.territories),
        "image": workup.scout_id,
        "unit": workup.unit,
        "lung_mass_kg": number(workup.lung_mass_kg),
        "liver_density_kg_per_ml": number(workup.liver_density_kg_per_ml),
        "liver_volume_ml": number(workup.liver_volume_ml),
        "tumour_volume_ml": number(workup.tumour_volume_ml),
        "normal_liver_volume_ml": number(workup.normal_liver_volume_ml),
        "normalising_volume": workup.normalising_volume,
        "structures": [_uptake(one) for one in workup.uptakes],
        "extrahepatic": [_uptake(one) for one in workup.extrahepatic],
        "territories": [_territory(one) for one in workup.territories],
    }


def lung_shunt_data(one: LungShunt) -> dict[str, Any]:
    """Return a lung shunt fraction with its method and uncertainty."""
    return {
        "value": number(one.fraction),
        "standard_uncertainty": number(one.standard_uncertainty),
        "method": one.method or Missing.NOT_RECORDED.value,
        "assumed": one.assumed,
    }


def _uptake(one: StructureUptake) -> dict[str, Any]:
    return {
        "label": one.label,
        "kind": one.kind.value,
        "volume_ml": number(one.volume_ml),
        "mass_kg": number(one.mass_kg),
        "mean": number(one.mean),
        "uptake_fraction": number(one.uptake_fraction),
    }


def _territory(one: Territory) -> dict[str, Any]:
    return {
        "name": one.name,
        "vessel": one.vessel.value if isinstance(one.vessel, Missing) else one.vessel,
        "perfused_structure": one.perfused_label,
        "perfused_volume_ml": number(one.perfused_volume_ml),
        "perfused_mass_kg": number(one.perfused_mass_kg),
        "perfused_normal_volume_ml": number(one.perfused_normal_volume_ml),
        "perfused_normal_mass_kg": number(one.perfused_normal_mass_kg),
        "tumour_masses_kg": numbers(one.tumour_masses_kg),
        "tumour_to_normal_ratio": numbers(one.tumour_to_normal_ratio),
        "uptake_fractions": numbers(one.uptake_fractions),
        "perfused_normal_uptake_fraction": number(one.perfused_normal_uptake_fraction),
        "deposits": list(one.deposits),
    }


def _ratios(territories: tuple[Territory, ...]) -> dict[str, float | str]:
    """Return label → ratio; a tumour in two territories is named with each of them."""
    labels = [label for one in territories for label in one.tumour_to_normal_ratio]
    return {
        label if labels.count(label) == 1 else f"{label} ({one.name})": number(ratio)
        for one in territories
        for label, ratio in one.tumour_to_normal_ratio.items()
    }
