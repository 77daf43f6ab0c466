"""verify: from the image after treatment to the dose that was delivered."""

from collections.abc import Mapping
from datetime import datetime

from opensirt.domain.case import Case, CaseImage
from opensirt.domain.delivery import ComparedPlan
from opensirt.domain.finding import Finding
from opensirt.domain.image import ActivityMap, CountsImage, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, Verification, Workup
from opensirt.domain.site import SiteProfile
from opensirt.domain.structure import StructureSet
from opensirt.errors import MissingInputError
from opensirt.provenance import Provenance
from opensirt.reference.radionuclide import Radionuclide, radionuclide
from opensirt.reference.table import read_table
from opensirt.workflow.against_plan import against_plan, shunt_seen
from opensirt.workflow.anatomy import liver_of, tumours_inside_liver, with_derived_structures
from opensirt.workflow.camera_calibration import with_calibration
from opensirt.workflow.contour_shift import moved_weights, shift_finding, with_shifts
from opensirt.workflow.delivered_activity import (
    administered_bq,
    calibration_findings,
    delivered_activity,
    normalising_volume,
)
from opensirt.workflow.delivered_dose import (
    AS_IMAGED,
    SELF_CALIBRATED,
    dose_results,
    engine_names,
    gy_per_imaged,
    tissue_density,
)
from opensirt.workflow.dose_uncertainty import (
    dose_uncertainties,
    uncertainty_finding,
    with_uncertainties,
)
from opensirt.workflow.image_checks import negatives_counted, not_mirrored, one_frame
from opensirt.workflow.plan_compared import (
    PlannedDoses,
    given_parts,
    planned_doses,
    standing_named,
)
from opensirt.workflow.recovered_dose import (
    recovered_doses,
    recovery_method,
    resolution_findings,
)
from opensirt.workflow.structure_dose import weighted
from opensirt.workflow.threshold_territory import with_thresholded
from opensirt.workflow.work_up import ScoutAnatomy

__all__ = ["AS_IMAGED", "SELF_CALIBRATED", "verify"]


def verify(
    case: Case,
    site: SiteProfile,
    *,
    made_at: datetime,
    software: Mapping[str, str],
    engine: str | None = None,
    plan: ComparedPlan | None = None,
    planned: DoseResult | None = None,
    workup: Workup | None = None,
    anatomy: ScoutAnatomy | None = None,
    seed: int | None = None,
) -> Verification:
    """Compute the delivered dose from the image after treatment.

    The dose is given with the engine asked for (the site's where None) and with local
    deposition beside it, both as imaged and scaled so that the whole image holds the
    administered activity, where that is known.

    Parameters
    ----------
    engine
        In place of the site's verification engine.
    plan
        That was given: from its record, or made again; planned and delivered dose are then
        compared in both activity scales.
    planned
        Dose map of the plan where it was made already; else it is laid out anew.
    workup, anatomy
        Of the same case: lung shunt and lung mass for what could still be given, and the scout's
        regions over which the plan's map is laid out.
    seed
        Of the draws behind the intervals; the one of the reference table where None.

    Raises
    ------
    MissingInputError
        When the case has no verification image, no liver, no tissue density, or an instant that
        a decay or a calibration needs.
    ConfirmationError
        When the image is suspicious: imaged activity far from the administered one, or a liver
        mask that fits better mirrored.
    InputError
        When a total or a structure's mean is negative, a tumour lies outside the liver, or no
        calibration of the image's camera holds for its nuclide and day.
    """
    taken = case.verification()
    if taken is None:
        raise MissingInputError(
            "image with role verification (activity or counts after treatment)",
            where=f"case {case.key}",
            remedy='add it to [[images]] with role = "verification"',
        )
    findings: list[Finding] = []
    if seed is None:
        seed = int(read_table("uncertainty")["sampling"]["seed"])
    nuclide = radionuclide(_name_of_nuclide(taken.image), site.data_set)
    findings += negatives_counted(taken.image)
    taken, calibrated = with_calibration(taken, nuclide, site)
    findings += calibrated
    measured = delivered_activity(taken, case, nuclide)
    findings += calibration_findings(case, measured)
    drawn, thresholded = with_thresholded(
        case, _in_frame(case, taken), frame=taken.image.grid.frame_of_reference_uid
    )
    findings += thresholded
    structures, derived = with_derived_structures(drawn)
    findings += derived
    liver = liver_of(structures)
    findings += tumours_inside_liver(structures)
    findings += not_mirrored(liver.mask, "liver", taken.image, case.confirmations)

    grid = taken.image.grid
    weights, outside = weighted(tuple(structures), grid)
    findings += outside
    density = tissue_density(case, weights, grid)
    results, engine_findings = dose_results(
        measured, density, weights, nuclide, engine_names(engine, site), administered_bq(case)
    )
    findings += engine_findings
    moved = moved_weights(weights, grid)
    shifted = [with_shifts(one, moved) for one in results]
    findings += shift_finding(
        shifted[0], frame_assumed=any("frame" in one.assumed for one in structures)
    )
    findings += resolution_findings(shifted[0], taken)
    recovered = recovered_doses(shifted[0], measured, taken, case, structures, nuclide)
    uncertainties = dose_uncertainties(
        shifted[0],
        recovered,
        weights,
        measured.activity,
        taken,
        structures,
        nuclide,
        density=density,
        gy_scale=gy_per_imaged(measured, administered_bq(case)),
        seed=seed,
    )
    shifted[0] = with_uncertainties(shifted[0], uncertainties)
    findings += uncertainty_finding(uncertainties)
    doses, dose_findings = _of_plan(plan, planned, case, nuclide, site, workup, anatomy)
    findings += dose_findings
    about_plan, plan_findings = against_plan(
        case,
        site,
        shifted,
        weights,
        structures,
        plan=plan,
        doses=doses,
        workup=workup,
        imaged_bq=measured.imaged_bq if measured.absolute else Missing.NOT_EVALUABLE,
    )
    findings += plan_findings
    seen, seen_findings = shunt_seen(taken, structures)
    findings += seen_findings
    return Verification(
        image_id=taken.id,
        results=tuple(shifted),
        primary=0,
        imaged_activity_bq=(measured.imaged_bq if measured.absolute else Missing.NOT_EVALUABLE),
        administered_activity_bq=administered_bq(case),
        normalising_volume=normalising_volume(grid, measured),
        findings=tuple(findings),
        provenance=Provenance(
            method="verify",
            made_at=made_at,
            inputs={
                **case.inputs,
                **({plan.record: plan.sha256} if plan is not None and plan.record else {}),
            },
            parameters={
                "engine": shifted[0].engine,
                "radionuclide": nuclide.name,
                "half_life_s": nuclide.half_life_s.value,
            },
            reference_data={"radionuclides": nuclide.data_set},
            software=software,
        ),
        recovered=recovered,
        recovery_method=recovery_method(taken) if recovered else "",
        uncertainties=uncertainties,
        delivery=about_plan.delivery,
        lung_shunt_seen=seen,
        cumulative=about_plan.cumulative,
    )


def _of_plan(
    plan: ComparedPlan | None,
    made: DoseResult | None,
    case: Case,
    nuclide: Radionuclide,
    site: SiteProfile,
    workup: Workup | None,
    anatomy: ScoutAnatomy | None,
) -> tuple[PlannedDoses, tuple[Finding, ...]]:
    """Return the doses of a plan for what was planned and given, and how the plan stands."""
    if plan is None or plan.radionuclide != nuclide.name:
        return PlannedDoses(), () if plan is None else standing_named(plan)
    parts, proportion = given_parts(case, plan, nuclide)
    doses, laid_out = planned_doses(plan, made, parts, anatomy=anatomy, workup=workup, site=site)
    return doses, (*standing_named(plan), *proportion, *laid_out)


def _name_of_nuclide(image: Image3D) -> str:
    assert isinstance(image, ActivityMap | CountsImage)  # noqa: S101 - Case.verification() says so
    return image.radionuclide


def _in_frame(case: Case, taken: CaseImage) -> StructureSet:
    """Return the structures of the image's frame; refuse when all lie in other ones."""
    uid = taken.image.grid.frame_of_reference_uid
    here = tuple(one for one in case.structures if one.mask.grid.frame_of_reference_uid == uid)
    if not here:
        one_frame(taken.id, taken.image, tuple(case.structures))
    return StructureSet(here)
