"""What one verified treatment adds to the ledger of its site."""

from datetime import datetime

from opensirt.domain.case import AdministrationFacts, Case
from opensirt.domain.image import ActivityMap, CountsImage
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, Number, Verification, Workup
from opensirt.domain.site_ledger import LedgerEntry, LesionEntry, TerritoryEntry, with_content
from opensirt.domain.structure import StructureKind
from opensirt.physics.administered import dispensed_and_residual_bq
from opensirt.provenance import sha256_of_json
from opensirt.reference.radionuclide import Radionuclide, radionuclide
from opensirt.workflow.delivered_dose import SELF_CALIBRATED


def ledger_entry(
    case: Case,
    workup: Workup,
    verification: Verification,
    *,
    recorded_at: datetime,
) -> LedgerEntry | Missing:
    """Return the entry of one verification, or why there is none.

    Doses are those for the activity given, in the scale of the vendor: without an administered
    activity, or without a planned dose, there is nothing to enter.

    Parameters
    ----------
    case, workup, verification
        Of one course.
    recorded_at
        Now, with its zone.
    """
    delivery = verification.delivery
    if delivery is None or delivery.plan is None or not delivery.planned_structures:
        return Missing.NOT_DONE
    if isinstance(delivery.given_over_planned, Missing):
        return delivery.given_over_planned
    measured = next(
        one
        for one in verification.results
        if one.engine == delivery.engine and one.calibration == SELF_CALIBRATED
    )
    nuclide = radionuclide(measured.radionuclide, measured.data_set)
    facts = case.administration or AdministrationFacts(device=delivery.device)
    normal = [one for one in delivery.planned_structures if one.kind is StructureKind.NORMAL_LIVER]
    seen = verification.lung_shunt_seen
    entry = LedgerEntry(
        course=sha256_of_json(["opensirt site ledger", case.key]),
        content="",
        recorded_at=recorded_at,
        device=delivery.device,
        model=delivery.plan.model,
        engine=delivery.engine,
        scout_nuclide=_scout_nuclide(case),
        planned_activity_bq=delivery.plan.total_bq,
        administered_activity_bq=verification.administered_activity_bq,
        residual_fraction=_residual_fraction(facts, nuclide),
        lung_shunt_predicted=workup.lung_shunt.fraction,
        lung_shunt_predicted_uncertainty=workup.lung_shunt.standard_uncertainty,
        lung_shunt_seen=seen.fraction,
        lung_shunt_seen_uncertainty=seen.standard_uncertainty,
        normal_liver_planned_gy=(
            normal[0].planned_as_given_gy if len(normal) == 1 else Missing.NEEDS_STRUCTURE
        ),
        normal_liver_delivered_gy=(
            normal[0].delivered_gy if len(normal) == 1 else Missing.NEEDS_STRUCTURE
        ),
        lesions=_lesions(workup, measured, verification),
        territories=_territories(workup, measured, verification),
        assumed=_assumed(case, workup),
    )
    return with_content(entry)


def _scout_nuclide(case: Case) -> str:
    taken = case.scout()
    if taken is None or not isinstance(taken.image, CountsImage | ActivityMap):
        return ""
    return taken.image.radionuclide


def _residual_fraction(facts: AdministrationFacts, nuclide: Radionuclide) -> Number:
    """Return the part of all that was dispensed that stayed behind."""
    if facts.vials:
        dispensed = residual = 0.0
        for one in facts.vials:
            given, left = dispensed_and_residual_bq(one, nuclide)
            if isinstance(left, Missing):
                return left
            dispensed += given
            residual += left
        return residual / dispensed
    whole, left = facts.dispensed_activity_bq, facts.residual_activity_bq
    if isinstance(whole, Missing):
        return whole
    return left if isinstance(left, Missing) else left / whole


def _lesions(
    workup: Workup, measured: DoseResult, verification: Verification
) -> tuple[LesionEntry, ...]:
    """Return the tumours that lie in one territory, in the order of the work-up."""
    delivery = verification.delivery
    assert delivery is not None  # noqa: S101 - the caller has seen it
    figures = {one.label: one for one in measured.structures}
    found = []
    for territory in workup.territories:
        normal = _normal_label(workup, territory.perfused_label)
        for label, planned_ratio in territory.tumour_to_normal_ratio.items():
            one = delivery.structure(label)
            if one is None or isinstance(one.planned_as_given_gy, Missing):
                continue
            if isinstance(one.delivered_gy, Missing):
                continue
            ratio: Number = Missing.NEEDS_STRUCTURE
            if normal in figures and figures[normal].mean_activity_bq_per_ml > 0:
                ratio = (
                    figures[label].mean_activity_bq_per_ml / figures[normal].mean_activity_bq_per_ml
                )
            found.append(
                LesionEntry(
                    volume_ml=figures[label].volume_ml,
                    planned_gy=one.planned_as_given_gy,
                    delivered_gy=one.delivered_gy,
                    planned_ratio=planned_ratio,
                    delivered_ratio=ratio,
                )
            )
    return tuple(found)


def _normal_label(workup: Workup, perfused_label: str) -> str:
    """Return the label of the perfused normal liver of a territory."""
    normal = [one for one in workup.uptakes if one.kind is StructureKind.PERFUSED_NORMAL_LIVER]
    if len(normal) == 1 and len(workup.territories) == 1:
        return normal[0].label
    return f"perfused normal liver ({perfused_label})"


def _territories(
    workup: Workup, measured: DoseResult, verification: Verification
) -> tuple[TerritoryEntry, ...]:
    """Return what stayed in the perfused volume where there is one territory.

    With several it is not known here what was injected for each.
    """
    given, shunt = verification.administered_activity_bq, workup.lung_shunt.fraction
    figures = {one.label: one for one in measured.structures}
    if len(workup.territories) != 1 or isinstance(given, Missing) or isinstance(shunt, Missing):
        return ()
    territory = workup.territories[0]
    labels = [territory.perfused_label]
    inside = sum(figures[label].activity_bq for label in labels if label in figures)
    reaching = given * (1 - shunt)
    if inside <= 0 or reaching <= 0:
        return ()
    return (TerritoryEntry(retained_fraction=inside / reaching),)


def _assumed(case: Case, workup: Workup) -> tuple[str, ...]:
    facts = case.administration
    found = []
    if facts is not None and facts.assumed:
        found.append("administration")
    if workup.lung_shunt.assumed:
        found.append("lung_shunt_fraction")
    return tuple(found)
