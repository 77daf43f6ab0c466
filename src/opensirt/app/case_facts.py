"""The facts that a case states beside its images, and which of them are assumed."""

from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from opensirt.app.case_image import or_missing, shown
from opensirt.domain.administration import DirectiveFacts, SurveyFacts, VialFacts
from opensirt.domain.case import (
    AdministrationFacts,
    PatientFacts,
    Prescription,
    TerritoryFacts,
    Tissue,
    WorkUpFacts,
)
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import ActivityConstraints, RobustRequest
from opensirt.domain.order import OrderFacts
from opensirt.domain.session_dose import EarlierDoseFacts
from opensirt.files.case_file import CaseFile
from opensirt.files.clinical_blocks import PriorDosesBlock, PriorTreatmentBlock
from opensirt.files.delivery_blocks import (
    AdministrationBlock,
    DirectiveBlock,
    OrderBlock,
    VialBlock,
)
from opensirt.files.facts_block import FactsBlock
from opensirt.files.plan_blocks import (
    ActivityConstraintsBlock,
    DoseFigures,
    PatientBlock,
    PrescriptionBlock,
    TerritoryBlock,
    TissueBlock,
    WorkUpBlock,
)
from opensirt.units import BQ_PER_GBQ, BQ_PER_MBQ, GRAMS_PER_KG
from opensirt.workflow.administer import administered_by_vials
from opensirt.workflow.threshold_territory import thresholded_label


def patient_facts(block: PatientBlock) -> PatientFacts:
    """Return body measures."""
    return PatientFacts(
        height_cm=or_missing(block.height_cm),
        weight_kg=or_missing(block.weight_kg),
        sex=or_missing(block.sex),
        assumed=tuple(block.assumed),
    )


def tissue_facts(block: TissueBlock) -> Tissue:
    """Return densities and masses, in kg."""
    density = block.liver_density_g_per_ml
    return Tissue(
        liver_density_kg_per_ml=(
            Missing.NOT_RECORDED if density is None else density / GRAMS_PER_KG
        ),
        lung_mass_kg=or_missing(block.lung_mass_kg),
        assumed=tuple(block.assumed),
    )


def work_up_facts(block: WorkUpBlock) -> WorkUpFacts:
    """Return what the work-up measured elsewhere."""
    spread = block.lung_shunt_standard_uncertainty
    return WorkUpFacts(
        lung_shunt_fraction=or_missing(block.lung_shunt_fraction),
        lung_shunt_standard_uncertainty=Missing.NOT_ESTIMATED if spread is None else spread,
        lung_shunt_method=or_missing(block.lung_shunt_method),
        planar_lung_transmission=or_missing(block.planar_lung_transmission),
        planar_liver_transmission=or_missing(block.planar_liver_transmission),
        assumed=tuple(block.assumed),
    )


def territory_facts(block: TerritoryBlock) -> TerritoryFacts:
    """Return one injection site."""
    return TerritoryFacts(
        name=block.name,
        perfused_volume=block.perfused_volume or thresholded_label(block.name),
        threshold_image=block.threshold_image or "",
        threshold_fraction=block.threshold_fraction or 0.0,
        scout_activity_bq=_becquerel(block.scout_activity_mbq),
        vessel=or_missing(block.vessel),
        catheter_position=or_missing(block.catheter_position),
        assumed=tuple(block.assumed),
    )


def prescription(block: PrescriptionBlock | None) -> Prescription | None:
    """Return what is wanted, or None where nothing is."""
    if block is None:
        return None
    return Prescription(
        device=block.device,
        model=block.model,
        scenario=block.scenario or "",
        limits_gy=block.limits.by_name(),
        targets_gy={device: figures.by_name() for device, figures in block.targets.items()},
        activities_bq={name: mbq * BQ_PER_MBQ for name, mbq in block.activities_mbq.items()},
        activities_origin=block.activities_origin or "",
        activities_constraints=_constraints(block.activities_constraints),
        assumed=tuple(block.assumed),
    )


def _constraints(block: ActivityConstraintsBlock | None) -> ActivityConstraints | None:
    if block is None:
        return None
    robust = None
    if block.chances:
        robust = RobustRequest(n_scenarios=block.scenarios, seed=block.seed, chances=block.chances)
    return ActivityConstraints(
        spheres_per_ml_at_most=or_missing(block.spheres_per_ml),
        activity_per_sphere_bq=or_missing(block.activity_per_sphere_bq),
        robust=robust,
    )


def earlier_doses(
    blocks: Iterable[PriorTreatmentBlock] | None,
) -> tuple[EarlierDoseFacts, ...]:
    """Return what is stated of the doses of earlier treatments, without those only planned."""
    return tuple(_earlier(one) for one in blocks or () if not one.planned)


def _earlier(block: PriorTreatmentBlock) -> EarlierDoseFacts:
    doses = block.doses or PriorDosesBlock()
    activity = block.activity_gbq
    return EarlierDoseFacts(
        kind=block.kind,
        on=or_missing(block.ended_on or block.started_on),
        name=block.name or "",
        lung_gy=or_missing(doses.lung_gy),
        normal_liver_gy=or_missing(doses.normal_liver_gy),
        territories_gy=doses.territories_gy,
        device=doses.device or "",
        activity_bq=Missing.NOT_RECORDED if activity is None else activity * BQ_PER_GBQ,
        lung_shunt_fraction=or_missing(doses.lung_shunt_fraction),
        lung_mass_kg=or_missing(doses.lung_mass_kg),
        n_fractions=or_missing(doses.n_fractions or block.cycles),
        effective_half_life_h=or_missing(doses.effective_half_life_h),
        assumptions=tuple(doses.assumptions),
    )


def order_facts(block: OrderBlock) -> OrderFacts:
    """Return what is stated about the order."""
    return OrderFacts(
        planned_at=or_missing(block.planned_at),
        time_zone=or_missing(block.time_zone),
        calibrations=tuple(block.calibrations),
        residual_fraction=or_missing(block.residual_fraction),
        spheres=block.spheres or "",
        assumed=tuple(block.assumed),
    )


def administration_facts(block: AdministrationBlock | None) -> AdministrationFacts | None:
    """Return what was given, or None where nothing was."""
    if block is None:
        return None
    vials = tuple(vial_facts(one) for one in block.vials)
    administered_at = or_missing(block.administered_at)
    administered_bq: float | Missing = _becquerel(block.administered_activity_mbq)
    if vials:
        if isinstance(administered_at, Missing):
            administered_at = max(one.injected_at for one in vials)
        if isinstance(administered_bq, Missing):
            administered_bq = administered_by_vials(block.device, vials, at=administered_at)
    return AdministrationFacts(
        device=block.device,
        administered_activity_bq=administered_bq,
        administered_at=administered_at,
        dispensed_activity_bq=_becquerel(block.dispensed_activity_mbq),
        residual_activity_bq=_becquerel(block.residual_activity_mbq),
        vials=vials,
        directives=tuple(directive_facts(one) for one in block.directives),
        assumed=tuple(block.assumed),
    )


def vial_facts(block: VialBlock) -> VialFacts:
    """Return one vial that was given, in Bq."""
    return VialFacts(
        territory=block.territory,
        lot=or_missing(block.lot),
        dispensed_bq=block.dispensed_mbq * BQ_PER_MBQ,
        dispensed_at=block.dispensed_at,
        dispensed_standard_uncertainty_bq=_becquerel(block.dispensed_standard_uncertainty_mbq),
        injected_at=block.injected_at,
        residual_bq=_becquerel(block.residual_mbq),
        residual_at=or_missing(block.residual_at),
        residual_standard_uncertainty_bq=_becquerel(block.residual_standard_uncertainty_mbq),
        survey=None if block.survey is None else SurveyFacts(**block.survey.model_dump()),
        stasis=block.stasis,
        reflux=block.reflux,
    )


def directive_facts(block: DirectiveBlock) -> DirectiveFacts:
    """Return what a written directive says, in Bq."""
    return DirectiveFacts(
        territory=block.territory,
        prescribed_bq=_becquerel(block.prescribed_mbq),
        revised_bq=_becquerel(block.revised_mbq),
        revised_at=or_missing(block.revised_at),
        stopped_for=block.stopped_for or "",
    )


def _becquerel(value_mbq: float | None) -> float | Missing:
    return Missing.NOT_RECORDED if value_mbq is None else value_mbq * BQ_PER_MBQ


def assumptions(stated: CaseFile) -> tuple[Finding, ...]:
    """Return one finding for each block with assumed facts: the head of every report."""
    blocks: list[tuple[str, FactsBlock | None]] = [("patient", stated.patient)]
    blocks += [(f"image {one.id}", one) for one in stated.images]
    blocks += [(f"structures {Path(one.path).name}", one) for one in stated.structures]
    blocks += [("tissue", stated.tissue), ("work-up", stated.work_up)]
    blocks += [(f"territory {one.name}", one) for one in stated.territories]
    blocks += [("prescription", stated.prescription), ("order", stated.order)]
    blocks += [("administration", stated.administration)]
    if stated.administration is not None:
        blocks += [(f"vial for {one.territory}", one) for one in stated.administration.vials]
        blocks += [
            (f"directive for {one.territory}", one) for one in stated.administration.directives
        ]
    return tuple(
        Finding(
            Severity.WARN,
            "assumed",
            f"assumed, not recorded: {name}: "
            + ", ".join(f"{key} = {_fact(getattr(block, key))}" for key in block.assumed),
        )
        for name, block in blocks
        if block is not None and block.assumed
    )


def _fact(value: object) -> str:
    if isinstance(value, DoseFigures):
        figures = value.by_name().items()
        return ", ".join(f"{key.replace('_', ' ')} {gy:g} Gy" for key, gy in figures)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_fact(one)}" for key, one in value.items())
    if isinstance(value, Enum):
        return str(value.value)
    return f"{value:g}" if isinstance(value, float) else shown(value)
