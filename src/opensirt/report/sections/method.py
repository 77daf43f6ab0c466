"""How the numbers were made, from what, and with what."""

from opensirt.domain.missing import Missing
from opensirt.domain.record import CaseResult, DoseResult
from opensirt.domain.structure import StructureKind
from opensirt.provenance import Provenance
from opensirt.report.content import Block, Bullets, Facts, Section
from opensirt.report.number import compact, rounded
from opensirt.report.wording import device_words, model_words

_ENGINES = {
    "local": "Local deposition: a voxel keeps all energy that electrons carry from the decays in "
    "it; its dose is energy per decay × decays in the voxel / mass of the voxel.",
    "kernel": "Kernel convolution: the dose is the sum over neighbouring voxels of their decays × "
    "the voxel S value for that distance. The S values are integrated from a point kernel in water "
    "for the actual, possibly unequal, voxel edges, and are never renormalised: the energy beyond "
    "the kernel (f) and beyond the image (g) is reported.",
    "superposition": "Superposition: as kernel convolution, with the kernel of the mean density "
    "along the straight line from source to target where the density is not even.",
    "monte-carlo": "Monte Carlo: decays are followed one by one, electrons and photons, through "
    "the density of every voxel; outside the image is vacuum. The dose carries statistical noise.",
}
_MODELS = {
    "body_surface_area": "Body surface area model: activity from body surface area and tumour "
    "burden, defined for resin only; a part of the liver by the tumour share of that part.",
    "body_surface_area_by_share": "Body surface area model, other lobar variant: the whole liver's "
    "activity times the share of the treated part.",
    "empiric": "Empiric model: activity by class of tumour burden, defined for resin only.",
    "mono_compartment": "Mono-compartment model: the activity spreads evenly over the perfused "
    "mass; dose = dose constant × activity / mass.",
    "partition": "Partition model: perfused normal liver and tumour are two even compartments that "
    "share the activity in the tumour-to-normal ratio of the scout image.",
    "multi_tumour_partition": "Partition model with each tumour a compartment of its own.",
    "tumour_shunt": "Partition with the lungs fed through the tumours alone (Kao 2013): activity "
    "for the tumour target; the shunt is lung over lung and tumour activity.",
    "stated": "Stated activities: those that the prescription states; their doses are predicted by "
    "the model that it names, and every limit in force is a stop for them.",
    "voxel": "Voxel model: the activity that reaches the liver is spread over the scout counts in "
    "the normalising volume, and the dose is computed voxel by voxel.",
}


def method_section(result: CaseResult) -> Section:
    """Return method, constants, sources, hashes and versions."""
    blocks: list[Block] = [Bullets(_methods(result))]
    constants = _constants(result)
    if constants:
        blocks.append(Facts("Constants and parameters", constants))
    sources = _sources(result)
    if sources:
        blocks.append(Bullets(sources, caption="Sources"))
    provenance = result.provenance
    blocks.append(Facts("Reference data", _pairs(provenance.reference_data)))
    blocks.append(Facts("Inputs, SHA-256", _pairs(provenance.inputs), fixed_width=True))
    blocks.append(Facts("Software", _software(provenance)))
    return Section("Method and provenance", tuple(blocks))


def _pairs(mapping: object) -> tuple[tuple[str, str], ...]:
    assert hasattr(mapping, "items")  # noqa: S101 - mappings of a Provenance
    pairs = tuple((str(key), str(value)) for key, value in mapping.items())
    return pairs or (("none", "—"),)


def _software(provenance: Provenance) -> tuple[tuple[str, str], ...]:
    return (("made at", provenance.made_at.isoformat()), *_pairs(provenance.software))


def _dose_results(result: CaseResult) -> list[DoseResult]:
    planned = list(result.plan.doses.values()) if result.plan is not None else []
    measured = list(result.verification.results) if result.verification is not None else []
    return [*measured, *planned]


def _methods(result: CaseResult) -> tuple[str, ...]:
    doses = _dose_results(result)
    lines = []
    if doses:
        lines.append(
            "Spheres stay where they are: the decays in a voxel are its activity at administration "
            "× the mean life of the radionuclide."
        )
    engines = dict.fromkeys(one.engine for one in doses)
    lines += [_ENGINES.get(name, f"Dose engine {name}.") for name in engines]
    if result.plan is not None:
        models = dict.fromkeys(one.model for one in result.plan.rows)
        lines += [_MODELS.get(name, f"Model {name}.") for name in models]
    lines.append(
        "Volumes and masses are those of the masks as drawn. Means and histograms count every "
        "voxel with the exact part of it that lies inside the structure; nothing is resampled."
    )
    if doses:
        lines.append(
            "BED = D × (1 + G × D / (α/β)) of the mean dose D, with G = repair half-life / (repair "
            "half-life + physical half-life); EQD2 = BED / (1 + 2 Gy / (α/β))."
        )
    if result.verification is not None and result.verification.recovery_method:
        lines.append(f"Recovery correction: {result.verification.recovery_method}.")
    lines.append(
        "Pictures are sampled by linear interpolation along the patient's axes, outlines from the "
        "masks as drawn; coordinates are millimetres to the patient's left (x), back (y) and "
        "head (z)."
    )
    return tuple(lines)


def _constants(result: CaseResult) -> tuple[tuple[str, str], ...]:
    rows: dict[str, str] = {}
    for one in _dose_results(result):
        name = f"energy per decay of {one.radionuclide}, {one.engine}, {one.data_set}"
        rows[name] = f"{rounded(one.energy.mean_energy_mev_per_decay, 5)} MeV"
        for structure in one.structures:
            if isinstance(structure.alpha_beta_ratio_gy, Missing):
                continue
            value = (
                f"{rounded(structure.alpha_beta_ratio_gy, 2)} Gy, "
                f"{rounded(structure.repair_half_life_h, 2)} h"
            )
            tissue = "tumour" if structure.kind is StructureKind.TUMOUR else "liver tissue"
            name = f"α/β and repair half-life, {tissue}"
            if rows.get(name, value) != value:
                name = f"{name}, {structure.label}"
            rows[name] = value
    if result.plan is not None:
        for row in result.plan.rows:
            constant = row.dose_constant_gy_kg_per_gbq
            if isinstance(constant, Missing):
                continue
            name = f"dose constant of the plan, {device_words(row.device).lower()}"
            value = f"{rounded(constant, 4)} Gy kg/GBq"
            if rows.get(name, value) != value:
                name = f"{name}, {model_words(row.model).lower()}"
            rows[name] = value
    for key, parameter in result.provenance.parameters.items():
        rows[key] = compact(parameter)
    return tuple(rows.items())


def _sources(result: CaseResult) -> tuple[str, ...]:
    found = [one.source for one in result.findings if one.source]
    if result.plan is not None:
        found += [source for row in result.plan.rows for source in row.sources]
    for one in _dose_results(result):
        found += [structure.radiobiology_source for structure in one.structures]
    return tuple(dict.fromkeys(source for source in found if source))
