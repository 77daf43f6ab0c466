"""The work-up: lung shunt, uptake of each structure, territories."""

from opensirt.domain.missing import Missing
from opensirt.domain.record import LungShunt, StructureUptake, Territory, Workup
from opensirt.report.content import Column, Facts, Section, Table, row
from opensirt.report.number import as_grams, as_percent, rounded, with_unit
from opensirt.report.wording import kind_words


def work_up_section(workup: Workup) -> Section:
    """Return what the scout image says."""
    blocks: list[Facts | Table] = [
        Facts("Before treatment", _facts(workup)),
        _uptakes(workup.uptakes, workup.unit, f"Uptake on image {workup.scout_id}"),
    ]
    if workup.extrahepatic:
        blocks.append(_uptakes(workup.extrahepatic, workup.unit, "Uptake outside the liver tissue"))
    if workup.territories:
        blocks.append(_territories(workup.territories))
    if any(one.tumour_to_normal_ratio for one in workup.territories):
        blocks.append(_ratios(workup.territories))
    return Section("Work-up", tuple(blocks))


def _facts(workup: Workup) -> tuple[tuple[str, str], ...]:
    density = workup.liver_density_kg_per_ml
    return (
        ("Lung shunt fraction", lung_shunt_words(workup.lung_shunt)),
        ("Lung mass", with_unit(as_grams(workup.lung_mass_kg), "g", workup.lung_mass_kg)),
        ("Liver density", f"{as_grams(density)} g/mL"),
        ("Liver without gallbladder", f"{rounded(workup.liver_volume_ml)} mL"),
        ("Tumours", f"{rounded(workup.tumour_volume_ml)} mL"),
        ("Normal liver", f"{rounded(workup.normal_liver_volume_ml)} mL"),
        ("Normalising volume", workup.normalising_volume),
    )


def lung_shunt_words(shunt: LungShunt) -> str:
    """Return a lung shunt fraction with its uncertainty, method and whether it was assumed."""
    if isinstance(shunt.fraction, Missing):
        return shunt.fraction.value
    text = as_percent(shunt.fraction)
    if not isinstance(shunt.standard_uncertainty, Missing):
        text += f" ± {as_percent(shunt.standard_uncertainty, 2)}"
    details = [shunt.method] if shunt.method else []
    if not isinstance(shunt.standard_uncertainty, Missing):
        details.append("standard uncertainty")
    if shunt.assumed:
        details.append("assumed, not measured")
    return f"{text} %" + (f" ({', '.join(details)})" if details else "")


def _uptakes(uptakes: tuple[StructureUptake, ...], unit: str, caption: str) -> Table:
    return Table(
        caption,
        (
            Column("Structure", numeric=False, share=1.6),
            Column("Kind", numeric=False, share=1.5),
            Column("Volume", "mL"),
            Column("Mass", "g"),
            Column("Mean", unit),
            Column("Part of the normalising volume", "%", share=1.4),
        ),
        tuple(
            row(
                one.label,
                kind_words(one.kind),
                rounded(one.volume_ml),
                as_grams(one.mass_kg),
                rounded(one.mean),
                as_percent(one.uptake_fraction),
            )
            for one in uptakes
        ),
    )


def _territories(territories: tuple[Territory, ...]) -> Table:
    return Table(
        "Territories",
        (
            Column("Territory", numeric=False),
            Column("Vessel", numeric=False, share=1.6),
            Column("Structure", numeric=False, share=1.4),
            Column("Perfused volume", "mL"),
            Column("Perfused mass", "g"),
            Column("Perfused normal liver", "mL"),
            Column("Perfused normal liver", "g"),
        ),
        tuple(
            row(
                one.name,
                one.vessel.value if isinstance(one.vessel, Missing) else one.vessel,
                one.perfused_label,
                rounded(one.perfused_volume_ml),
                as_grams(one.perfused_mass_kg),
                rounded(one.perfused_normal_volume_ml),
                as_grams(one.perfused_normal_mass_kg),
            )
            for one in territories
        ),
    )


def _ratios(territories: tuple[Territory, ...]) -> Table:
    return Table(
        "Tumour-to-normal ratio: mean of the tumour over mean of the perfused normal liver",
        (
            Column("Territory", numeric=False),
            Column("Tumour", numeric=False, share=1.6),
            Column("Mass inside the territory", "g"),
            Column("Part of the territory's uptake", "%"),
            Column("Ratio"),
        ),
        tuple(
            row(
                one.name,
                label,
                as_grams(one.tumour_masses_kg.get(label, Missing.NOT_RECORDED)),
                as_percent(one.uptake_fractions.get(label, Missing.NOT_RECORDED)),
                rounded(ratio),
            )
            for one in territories
            for label, ratio in one.tumour_to_normal_ratio.items()
        ),
    )
