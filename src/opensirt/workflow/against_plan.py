"""A verification in the light of its course: the plan, the lung shunt, earlier sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from opensirt.domain.case import Case, CaseImage
from opensirt.domain.delivery import ComparedPlan, Delivery
from opensirt.domain.device import UNKNOWN_DEVICE, device
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, LungShunt, Number, Workup
from opensirt.domain.session_dose import (
    CumulativeDose,
    SessionDose,
    earlier_lung_gy,
    earlier_normal_liver_gy,
)
from opensirt.domain.site import SiteProfile
from opensirt.domain.structure import Structure, StructureKind, StructureSet
from opensirt.errors import InputError
from opensirt.imaging.lung_shunt import spect_lung_shunt
from opensirt.physics.analytic import lung_dose_gy
from opensirt.reference.radionuclide import radionuclide
from opensirt.workflow.anatomy import whole_liver_mask
from opensirt.workflow.both_lobes import treats_both_lobes
from opensirt.workflow.delivered_activity import administered_bq
from opensirt.workflow.delivered_dose import SELF_CALIBRATED
from opensirt.workflow.delivery import delivery_of, scale_named, underdosed
from opensirt.workflow.limit_in_force import (
    TUMOUR,
    InForce,
    limits_in_force,
    targets_in_force,
)
from opensirt.workflow.plan_compared import PlannedDoses
from opensirt.workflow.session_dose import cumulative_dose, earlier_named, earlier_sessions
from opensirt.workflow.structure_dose import WeightedStructure
from opensirt.workflow.territory_region import territory_facts
from opensirt.workflow.top_up import LungFacts, top_ups, top_ups_named


@dataclass(frozen=True, eq=False, kw_only=True)
class AgainstPlan:
    """The delivery against its plan, and all sessions together."""

    delivery: Delivery
    cumulative: CumulativeDose | None


def against_plan(
    case: Case,
    site: SiteProfile,
    results: Sequence[DoseResult],
    weights: Sequence[WeightedStructure],
    structures: StructureSet,
    *,
    plan: ComparedPlan | None,
    doses: PlannedDoses,
    workup: Workup | None,
    imaged_bq: Number,
) -> tuple[AgainstPlan, tuple[Finding, ...]]:
    """Compare a verification with its plan, its targets and earlier sessions.

    Parameters
    ----------
    results
        Of the verification, every engine and calibration.
    weights, structures
        In the frame of the image.
    plan, doses, workup
        Of the same course, where it was planned.
    imaged_bq
        Total of the image at administration; `Missing` for counts.
    """
    name = case.administration.device if case.administration is not None else UNKNOWN_DEVICE
    given_bq = administered_bq(case)
    delivery, said = delivery_of(plan, doses, results, weights, device=name, given_bq=given_bq)
    findings = list(said)
    ratio: Number = Missing.NOT_EVALUABLE
    if not isinstance(imaged_bq, Missing) and not isinstance(given_bq, Missing):
        ratio = imaged_bq / given_bq
    findings += scale_named(delivery, ratio)
    earlier = earlier_sessions(case.earlier, site)
    findings += earlier_named(earlier)
    target: InForce | None = None
    limits: Mapping[str, InForce] = {}
    if name != UNKNOWN_DEVICE:
        both = workup is not None and treats_both_lobes(workup, case.prescription)
        limits = limits_in_force(name, case.prescription, site, both_lobes=both)
        target = targets_in_force(name, case.prescription, site).get(TUMOUR)
    short = underdosed(
        delivery,
        target_gy=None if target is None else target.gy,
        target_source="" if target is None else target.source,
    )
    findings += short
    scaled = [
        one
        for one in results
        if one.engine == delivery.engine and one.calibration == SELF_CALIBRATED
    ]
    lung = _lung(case, site, workup, name, given_bq, earlier)
    territories = _territories(case, structures)
    cumulative = None
    if scaled:
        cumulative = _all_sessions(
            scaled[0], earlier, lung, territories, structures, site, on=_given_on(case)
        )
    if short and scaled and limits and territories:
        goals = _goals(delivery, target)
        words = "the planned dose" if target is None else f"target {target.gy:g} Gy"
        found = top_ups(
            scaled[0],
            structures,
            territories,
            goals,
            words,
            limits,
            lung,
            earlier_normal_gy=earlier_normal_liver_gy(earlier),
        )
        delivery = replace(delivery, top_ups=found)
        findings += top_ups_named(found)
    return AgainstPlan(delivery=delivery, cumulative=cumulative), tuple(findings)


def _goals(delivery: Delivery, target: InForce | None) -> dict[str, float]:
    """Return tumour → dose to reach: the target, else what was planned."""
    found = {}
    for one in delivery.structures:
        gy = one.planned_gy if target is None else target.gy
        if one.kind is StructureKind.TUMOUR and not isinstance(gy, Missing):
            found[one.label] = gy
    return found


def _territories(case: Case, structures: StructureSet) -> Mapping[str, Structure]:
    """Return the territories whose perfused volume is drawn in the frame of the image."""
    labels = {one.label for one in structures}
    stated = tuple(one for one in case.territories if one.perfused_volume in labels)
    if case.territories and not stated:
        return {}
    facts = territory_facts(stated, structures)
    return {one.name: structures.labelled(one.perfused_volume) for one in facts}


def _lung(
    case: Case,
    site: SiteProfile,
    workup: Workup | None,
    name: str,
    given_bq: Number,
    earlier: Sequence[SessionDose],
) -> LungFacts:
    """Return what is known of the lungs: by the work-up, else by the case."""
    shunt: Number = case.work_up.lung_shunt_fraction
    mass: Number = case.tissue.lung_mass_kg
    if workup is not None:
        shunt, mass = workup.lung_shunt.fraction, workup.lung_mass_kg
    nuclide = device(name).radionuclide
    constant: Number = Missing.UNKNOWN_DEVICE
    if not isinstance(nuclide, Missing):
        figure = site.dose_constants_gy_kg_per_gbq.get(nuclide)
        constant = Missing.NO_VERIFIED_VALUE if figure is None else figure.value
    needed = (shunt, mass, constant, given_bq)
    so_far: Number = next((one for one in needed if isinstance(one, Missing)), 0.0)
    if not (
        isinstance(shunt, Missing)
        or isinstance(mass, Missing)
        or isinstance(constant, Missing)
        or isinstance(given_bq, Missing)
    ):
        so_far = earlier_lung_gy(tuple(earlier)) + lung_dose_gy(
            given_bq,
            lung_shunt_fraction=shunt,
            lung_mass_kg=mass,
            dose_constant_gy_kg_per_gbq=constant,
        )
    return LungFacts(
        shunt=shunt, mass_kg=mass, dose_constant_gy_kg_per_gbq=constant, so_far_gy=so_far
    )


def _all_sessions(
    scaled: DoseResult,
    earlier: Sequence[SessionDose],
    lung: LungFacts,
    territories: Mapping[str, Structure],
    structures: StructureSet,
    site: SiteProfile,
    *,
    on: date | Missing,
) -> CumulativeDose:
    """Return all sessions with the measured dose, scaled to the activity given, as the last.

    The lung dose is that of the lung shunt and the activity given.
    """
    figures = {one.label: one for one in scaled.structures}
    normal = [one for one in scaled.structures if one.kind is StructureKind.NORMAL_LIVER]
    perfused = [
        one.label
        for one in structures.of_kind(StructureKind.PERFUSED_NORMAL_LIVER)
        if one.label in figures
    ]
    by_territory = {}
    if len(perfused) == len(territories) == 1:
        by_territory = {next(iter(territories)): figures[perfused[0]].mean_gy}
    else:
        for name, one in territories.items():
            label = f"perfused normal liver ({one.label})"
            if label in figures:
                by_territory[name] = figures[label].mean_gy
    lung_gy = lung.so_far_gy
    if not isinstance(lung_gy, Missing):
        lung_gy -= earlier_lung_gy(tuple(earlier))
    return cumulative_dose(
        earlier,
        words=f"this treatment ({scaled.radionuclide}, as measured, scale of the vendor)",
        lung_gy=lung_gy,
        normal_liver_gy=normal[0].mean_gy if len(normal) == 1 else Missing.NEEDS_STRUCTURE,
        territories_gy=by_territory,
        half_life_s=radionuclide(scaled.radionuclide, site.data_set).half_life_s.value,
        on=on,
    )


def _given_on(case: Case) -> date | Missing:
    """Return the day of this treatment, in the zone in which it is stated."""
    at = (
        Missing.NOT_RECORDED if case.administration is None else case.administration.administered_at
    )
    return at if isinstance(at, Missing) else at.date()


def shunt_seen(taken: CaseImage, structures: StructureSet) -> tuple[LungShunt, tuple[Finding, ...]]:
    """Return the lung shunt fraction of the image after treatment, where lungs are drawn on it."""
    lungs = structures.of_kind(StructureKind.LUNG)
    if not lungs:
        return LungShunt(fraction=Missing.NEEDS_STRUCTURE, method="no lungs drawn"), ()
    try:
        found = spect_lung_shunt(
            taken.image,
            lungs=[one.mask for one in lungs],
            liver=whole_liver_mask(structures),
            resolution_fwhm_mm=taken.resolution_fwhm_mm,
        ).shunt
    except InputError as error:
        text = f"the lung shunt of the image after treatment cannot be formed: {error}"
        missing = LungShunt(fraction=Missing.NOT_EVALUABLE, method="not evaluable")
        return missing, (Finding(Severity.NOTE, "lung_shunt_seen", text),)
    if isinstance(found.fraction, Missing):
        return found, ()
    text = f"the image after treatment shows a lung shunt fraction of {found.fraction:.2%}"
    return found, (Finding(Severity.NOTE, "lung_shunt_seen", text, found.fraction),)
