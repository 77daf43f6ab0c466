"""What was estimated from a digital patient's images beside what is true of it."""

from opensirt.domain.case import Case
from opensirt.domain.image import DoseMap
from opensirt.domain.missing import Missing
from opensirt.domain.record import CaseResult, Number, TruthRow, Verification, Workup
from opensirt.domain.structure import Structure, StructureKind
from opensirt.errors import MissingInputError
from opensirt.imaging.density import uniform_density, with_organ_mass
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.phantom.patient import DigitalPatient
from opensirt.physics.decay import permanent_implant
from opensirt.physics.dose import dose_engine
from opensirt.reference.radionuclide import radionuclide
from opensirt.reference.table import read_table


def true_dose(patient: DigitalPatient, engine: str, data_set: str) -> DoseMap:
    """Return the dose of the true activity, on the grid of the truth.

    The engine is the one that is judged, so that the difference shows what imaging did and not
    what engines differ by.
    """
    activity = patient.truth.activity
    nuclide = radionuclide(patient.nuclide, data_set)
    density = uniform_density(activity.grid, patient.truth.liver_density_kg_per_ml)
    lungs = [
        voxel_weights(one.mask, activity.grid)
        for one in patient.structures.of_kind(StructureKind.LUNG)
    ]
    if lungs:
        density = with_organ_mass(density, lungs, patient.truth.lung_mass_kg)
    decays = permanent_implant(activity, nuclide, administered_at=Missing.NOT_RECORDED)
    return dose_engine(engine, nuclide).dose(decays, density).dose


def truth_rows(patient: DigitalPatient, case: Case, result: CaseResult) -> tuple[TruthRow, ...]:
    """Return estimated against true: lung shunt, uptake ratios and mean doses.

    Raises
    ------
    MissingInputError
        When the patient was not verified: there is nothing to compare.
    """
    if result.verification is None:
        raise MissingInputError(
            "verification", where=f"case {case.key}", remedy="run it with its treatment image"
        )
    rows: list[TruthRow] = []
    if result.workup is not None:
        rows += _work_up_rows(patient, result.workup)
    return (*rows, *_dose_rows(patient, result.verification))


def _work_up_rows(patient: DigitalPatient, workup: Workup) -> list[TruthRow]:
    rule = read_table("acceptance")["digital_patient"]
    points = rule["lung_shunt_fraction_points"] * 100
    rows = [
        TruthRow(
            quantity="lung shunt fraction",
            unit="1",
            true=patient.truth.lung_shunt_fraction,
            estimated=workup.lung_shunt.fraction,
            tolerance=f"within {points:g} points",
        )
    ]
    for territory in workup.territories:
        for label, ratio in territory.tumour_to_normal_ratio.items():
            true = patient.truth.structure(label).tumour_to_normal_ratio
            if not isinstance(true, Missing):
                rows.append(
                    TruthRow(
                        quantity=f"tumour-to-normal ratio, {label}",
                        unit="1",
                        true=true,
                        estimated=ratio,
                        tolerance="none stated: the scout is not corrected for resolution",
                    )
                )
    return rows


def _dose_rows(patient: DigitalPatient, verification: Verification) -> list[TruthRow]:
    primary = verification.primary_result
    true = true_dose(patient, primary.engine, primary.data_set)
    recovered = {one.label: one for one in verification.recovered}
    drawn = {one.label: one for one in patient.structures}
    rows = []
    for row in primary.structures:
        if row.kind not in _COMPARED or row.label not in drawn:
            continue
        structure = drawn[row.label]
        estimated: Number = row.mean_gy
        uncorrected: Number = Missing.NOT_DONE
        if row.kind is StructureKind.TUMOUR and row.label in recovered:
            estimated = recovered[row.label].corrected_gy
            uncorrected = row.mean_gy
        rows.append(
            TruthRow(
                quantity=f"mean dose, {row.label}",
                unit="Gy",
                true=voxel_weights(structure.mask, true.grid).mean(true),
                estimated=estimated,
                uncorrected=uncorrected,
                tolerance=_tolerance(patient, structure),
            )
        )
    return rows


_COMPARED = (StructureKind.LIVER, StructureKind.TUMOUR)


def _tolerance(patient: DigitalPatient, structure: Structure) -> str:
    rule = read_table("acceptance")["digital_patient"]
    if structure.kind is StructureKind.LIVER:
        return f"within {rule['liver_mean_dose_fraction']:.0%}"
    diameter_mm = patient.truth.structure(structure.label).equivalent_diameter_mm
    if diameter_mm >= rule["tumour_diameter_mm_at_least"]:
        return f"within {rule['tumour_mean_dose_fraction']:.0%} ({diameter_mm:.0f} mm)"
    return f"none stated ({diameter_mm:.0f} mm)"
