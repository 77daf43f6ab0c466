"""The plan that a delivery is held against: its standing, its dose map, what each territory got."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opensirt.domain.administration import DeliveredVial
from opensirt.domain.case import Case
from opensirt.domain.delivery import ComparedPlan, PlanStanding
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, Number, Plan, Workup
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError, MissingInputError
from opensirt.reference.constant import constant
from opensirt.reference.radionuclide import Radionuclide
from opensirt.workflow.administer import delivered_vial, net_at_last_injection
from opensirt.workflow.delivered_activity import administered_bq
from opensirt.workflow.plan_dose import dose_of_activities
from opensirt.workflow.plan_model import rows_of
from opensirt.workflow.work_up import ScoutAnatomy


@dataclass(frozen=True, eq=False, kw_only=True)
class PlannedDoses:
    """Dose of a plan for the planned and for the given activities."""

    planned: DoseResult | None = None
    """None where the map cannot be laid out, or is not that of the record."""
    as_given: DoseResult | None = None
    """Where the territories got different parts of what was planned for them."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """Territory → given over planned, where these differ."""


def plan_made_again(plan: Plan | None) -> ComparedPlan | None:
    """Return the prescribed rows of a plan that was made now; None where nothing is prescribed."""
    if plan is None or plan.chosen is None:
        return None
    key = (plan.chosen.device, plan.chosen.model)
    dose = plan.doses.get(key)
    if dose is None:
        return None
    rows = rows_of(plan.rows, *key)
    return ComparedPlan(
        device=plan.chosen.device,
        model=plan.chosen.model,
        radionuclide=dose.radionuclide,
        engine=dose.engine,
        administered_bq={one.territory: one.administered_activity_bq for one in rows},
        reaching_bq={one.territory: one.reaching_liver_bq for one in rows},
        means_gy={one.label: one.mean_gy for one in dose.structures},
        standing=PlanStanding.MADE_AGAIN,
    )


def standing_named(plan: ComparedPlan) -> tuple[Finding, ...]:
    """Say which plan is compared with, and whether it is the one that was approved and given."""
    if plan.standing is PlanStanding.MADE_AGAIN:
        text = (
            "planned doses are those of a plan made now from the case as it is, not of a plan on "
            "record that was approved and given: none stands in the case folder"
        )
        return (Finding(Severity.WARN, "plan_made_again", text),)
    by = f" (named by {plan.named_by})" if plan.named_by else ""
    text = f"planned doses are those of the plan on record {plan.record}: {plan.standing.value}{by}"
    severe = plan.standing is PlanStanding.NOT_APPROVED
    found = [Finding(Severity.WARN if severe else Severity.NOTE, "compared_plan", text)]
    if plan.later:
        text = (
            f"the plan {plan.later} was approved after {plan.named_by} named {plan.record}; the "
            "delivery is compared with the plan that was named"
        )
        found.append(Finding(Severity.WARN, "later_plan", text))
    return tuple(found)


def given_parts(
    case: Case, plan: ComparedPlan, nuclide: Radionuclide
) -> tuple[Mapping[str, float], tuple[Finding, ...]]:
    """Return territory → given over planned where vials say it; empty for one part for all.

    Activities of vials are those at their own injection, scaled together to the administered
    activity of the case where that is stated as well.
    """
    names = tuple(plan.administered_bq)
    if len(names) < 2:  # noqa: PLR2004 - one part is that of all
        return {}, ()
    vials = () if case.administration is None else case.administration.vials
    given = [delivered_vial(one, nuclide) for one in vials]
    strange = sorted({one.territory for one in given} - set(names))
    total = administered_bq(case)
    summed = net_at_last_injection(given, nuclide) if given else Missing.NOT_RECORDED
    if not strange and not isinstance(total, Missing) and not isinstance(summed, Missing):
        scale = total / summed if summed > 0 else 0.0
        parts = {name: _part(name, given, plan.administered_bq[name], scale) for name in names}
        known = {name: one for name, one in parts.items() if not isinstance(one, Missing)}
        if len(known) == len(names):
            return known, ()
    why = f"; the plan has no {' and no '.join(strange)}" if strange else ""
    text = (
        f"what each of the territories {', '.join(names)} got is not known: all are taken to have "
        "got the same part of their planned activity; state [[administration.vials]] with "
        f"dispensed and residual activity for each{why}"
    )
    return {}, (Finding(Severity.NOTE, "territories_in_proportion", text),)


def _part(name: str, given: Sequence[DeliveredVial], planned: Number, scale: float) -> Number:
    if isinstance(planned, Missing) or planned <= 0:
        return Missing.NOT_EVALUABLE
    net = 0.0
    for one in given:
        if one.territory == name:
            if isinstance(one.net_bq, Missing):
                return one.net_bq
            net += one.net_bq
    return scale * net / planned


def planned_doses(
    plan: ComparedPlan,
    made: DoseResult | None,
    parts: Mapping[str, float],
    *,
    anatomy: ScoutAnatomy | None,
    workup: Workup | None,
    site: SiteProfile,
) -> tuple[PlannedDoses, tuple[Finding, ...]]:
    """Return the dose maps of a plan, laid out anew unless they were made already.

    Parameters
    ----------
    made
        Map of the planned activities where it was made.
    parts
        Of `given_parts`.
    anatomy, workup
        Of the case as it is now; the map of a record counts only where its structures have the
        record's means.
    """
    if anatomy is None or workup is None or not plan.engine:
        return PlannedDoses(planned=made, parts=parts), ()
    reaching = _reaching(plan, workup)
    if reaching is None:
        return PlannedDoses(parts=parts), _not_laid_out(plan, "its territories are not the case's")
    if made is None:
        try:
            made, _ = dose_of_activities(
                anatomy, workup, site, plan.device, reaching, engine=plan.engine
            )
        except (InputError, MissingInputError) as error:
            return PlannedDoses(parts=parts), _not_laid_out(plan, str(error))
        off = _off(plan, made)
        if off:
            return PlannedDoses(parts=parts), _not_laid_out(plan, off)
    as_given = None
    if parts:
        each = [parts[name] * bq for name, bq in zip(plan.reaching_bq, reaching, strict=True)]
        as_given, _ = dose_of_activities(
            anatomy, workup, site, plan.device, each, engine=plan.engine
        )
    return PlannedDoses(planned=made, as_given=as_given, parts=parts), ()


def _reaching(plan: ComparedPlan, workup: Workup) -> tuple[float, ...] | None:
    """Return what reaches the territories of the work-up; None where they are others."""
    if list(plan.reaching_bq) != [one.name for one in workup.territories]:
        return None
    found: list[float] = []
    for bq in plan.reaching_bq.values():
        if isinstance(bq, Missing):
            return None
        found.append(bq)
    return tuple(found)


def _off(plan: ComparedPlan, made: DoseResult) -> str:
    """Return in words where a map that was laid out anew is not that of the record."""
    tolerance = constant("verification_rules", "plan_map", "within_fraction").value
    now = {one.label: one.mean_gy for one in made.structures}
    apart = [
        f"{label} {now[label]:.4g} Gy now, {gy:.4g} Gy on record"
        if label in now
        else f"{label} is not in the case now"
        for label, gy in plan.means_gy.items()
        if label not in now or abs(now[label] - gy) > tolerance * gy
    ]
    return ", ".join(apart)


def _not_laid_out(plan: ComparedPlan, why: str) -> tuple[Finding, ...]:
    text = (
        f"the case is not any more what the plan {plan.record} was made from ({why}): the delivery "
        "is compared with the doses on record by structure, not by voxel"
    )
    return (Finding(Severity.WARN, "plan_not_reproduced", text),)


def total_part(given_bq: Number, planned_bq: Number) -> Number:
    """Return administered over planned activity of all territories."""
    if isinstance(given_bq, Missing):
        return given_bq
    if isinstance(planned_bq, Missing):
        return planned_bq
    return given_bq / planned_bq if planned_bq > 0 else Missing.NOT_EVALUABLE
