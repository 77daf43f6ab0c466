"""Doses without the image's blur, and what is said where that is not known."""

from opensirt.domain.case import Case, CaseImage
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, RecoveredDose
from opensirt.domain.structure import StructureKind, StructureSet
from opensirt.imaging.covering_grid import covering_grid
from opensirt.imaging.partial_volume import METHOD as RECOVERY_METHOD
from opensirt.imaging.partial_volume import recovered_model
from opensirt.physics.decay import permanent_implant
from opensirt.physics.dose import dose_engine
from opensirt.reference.radionuclide import Radionuclide
from opensirt.reference.table import read_table
from opensirt.workflow.contour_shift import IN_LIVER
from opensirt.workflow.delivered_activity import DeliveredActivity, administered_bq
from opensirt.workflow.delivered_dose import gy_per_imaged, tissue_density
from opensirt.workflow.structure_dose import weighted


def resolution_findings(result: DoseResult, taken: CaseImage) -> tuple[Finding, ...]:
    """Say where the image's resolution decides a mean, and when nothing is corrected for it."""
    rule = read_table("geometry_rules")["small_lesion"]
    small = [
        f"{row.label} ({row.volume_ml:.2g} mL)"
        for row in result.structures
        if row.kind is StructureKind.TUMOUR and row.volume_ml < rule["volume_ml"]
    ]
    findings = []
    if small:
        text = (
            f"{', '.join(small)}: below {rule['volume_ml']:g} mL the image's resolution decides "
            "the mean; read these doses as uncertain"
        )
        findings.append(
            Finding(
                Severity.WARN,
                "small_lesion",
                text,
                None,
                rule["volume_ml"],
                rule["source"],
                rule["status"] == "verified",
            )
        )
    if isinstance(taken.resolution_fwhm_mm, Missing):
        text = (
            f"the resolution of image {taken.id} is not stated (resolution_fwhm_mm): no recovery "
            "correction is made, doses are as the image shows them"
        )
        findings.append(Finding(Severity.NOTE, "no_recovery_correction", text))
    return tuple(findings)


def recovery_method(taken: CaseImage) -> str:
    """Name the correction with its resolution."""
    return (
        "dose, by the same engine, of uniform structures whose concentrations explain the image "
        f"({RECOVERY_METHOD}, {taken.resolution_fwhm_mm:g} mm full width at half maximum)"
    )


def recovered_doses(
    result: DoseResult,
    measured: DeliveredActivity,
    taken: CaseImage,
    case: Case,
    structures: StructureSet,
    nuclide: Radionuclide,
) -> tuple[RecoveredDose, ...]:
    """Return the mean doses without the image's blur; the engine's own spread is kept."""
    if isinstance(taken.resolution_fwhm_mm, Missing):
        return ()
    rule = read_table("geometry_rules")["recovered_model"]
    drawn = {row.label for row in result.structures}
    touching = tuple(one for one in structures if one.label in drawn)
    regions = [one.mask for one in touching if one.kind in IN_LIVER]
    grid = covering_grid(
        regions, spacing_mm_at_least=rule["spacing_mm_at_least"], margin_mm=rule["margin_mm"]
    )
    model = recovered_model(measured.activity, touching, taken.resolution_fwhm_mm, grid)
    factor = gy_per_imaged(measured, administered_bq(case))
    held, _ = weighted(tuple(one for one in touching if one.kind in IN_LIVER), grid)
    decays = permanent_implant(model, nuclide, administered_at=Missing.NOT_RECORDED)
    made = dose_engine(result.engine, nuclide).dose(decays, tissue_density(case, held, grid))
    return tuple(
        RecoveredDose(
            label=one.structure.label,
            uncorrected_gy=result.structure(one.structure.label).mean_gy,
            corrected_gy=one.weights.mean(made.dose) * factor,
        )
        for one in held
    )
