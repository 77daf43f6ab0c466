"""order: the vials for an approved plan and a treatment slot."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from statistics import median

from opensirt.domain.approval import Approval, CaseState, PlanOnRecord
from opensirt.domain.delivery_error import cases_needed
from opensirt.domain.delivery_rules import MADE, WHOLE, DeliveryRules, delivery_rules, ordering_rule
from opensirt.domain.device import Device, device
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.order import Order, OrderFacts, OrderLine
from opensirt.domain.record import Number
from opensirt.domain.site import SiteProfile
from opensirt.errors import MissingInputError, RuleError
from opensirt.physics.ordering import (
    Supply,
    dispensed_for,
    lost_fraction,
    nearest_possible,
)
from opensirt.provenance import Provenance
from opensirt.reference.radionuclide import radionuclide
from opensirt.units import BQ_PER_GBQ, BQ_PER_MBQ
from opensirt.workflow.approve import require_approved
from opensirt.workflow.order_findings import (
    arrival_named,
    line_findings,
    order_findings,
    residual_named,
)
from opensirt.workflow.order_options import filled_line, least_bq, made_line, supply_of
from opensirt.workflow.order_spheres import SphereLimit


def order(
    plan: PlanOnRecord,
    state: CaseState,
    approvals: Sequence[Approval],
    facts: OrderFacts,
    site: SiteProfile,
    *,
    treatment_at: datetime,
    zone: tzinfo,
    made_at: datetime,
    software: Mapping[str, str],
    assumed: Sequence[Finding] = (),
    past_residuals_bq: Sequence[float] = (),
) -> Order:
    """Find the vials for an approved plan and one treatment slot.

    Every combination of sizes and calibrations that holds enough at the slot is reckoned; the
    fewest vials come first, of those the least waste; where the case prefers few or many spheres,
    that comes before both. A device whose vials are given whole is matched within the tolerance of
    delivery before anything else. All decay is reckoned in UTC.

    Parameters
    ----------
    plan, state, approvals
        As read from the case folder.
    facts
        What the case states about the order.
    treatment_at
        The slot.
    zone
        Of the site, for times that people read.
    past_residuals_bq
        What stayed behind at the site's own deliveries of this device; from twenty on their
        median takes the place of the device's residual.

    Raises
    ------
    RuleError
        When the plan is not approved by two people or is stale, has no activity, or is for an
        ``unknown`` device; when no delivery fits the slot, with the nearest slots that one fits.
    MissingInputError
        When nothing is prescribed.
    """
    if not plan.device:
        raise MissingInputError(
            "prescription", where=f"the plan {plan.record}", remedy="add [prescription]; plan again"
        )
    product = device(plan.device)
    product.require_known(step="ordering")
    signed = require_approved(plan, state, approvals)
    rules = delivery_rules(product.name)
    assert not isinstance(product.radionuclide, Missing)  # noqa: S101 - a product has one
    nuclide = radionuclide(product.radionuclide, site.data_set)
    treatment_at = treatment_at.astimezone(zone)
    residual_bq = own_residual_bq(past_residuals_bq)
    lines = _lines(plan, product, rules, facts, residual_bq)
    findings = order_findings(plan, rules, facts, treatment_at=treatment_at, made_at=made_at)
    findings += residual_named(facts, rules, residual_bq, n_own=len(past_residuals_bq))
    spheres = SphereLimit(plan, rules)
    if rules.dispensing == MADE:
        findings += arrival_named(site, rules, treatment_at)
        filled = [made_line(line, product, treatment_at) for line in lines]
    else:
        supply = supply_of(product, rules, facts, site, nuclide)
        _require_possible(supply, [least_bq(one, rules) for one in lines], treatment_at, zone)
        filled = [
            filled_line(line, product, rules, supply, facts, treatment_at, spheres)
            for line in lines
        ]
    for line in filled:
        findings += line_findings(line, rules)
        findings += spheres.findings(line)
    return Order(
        case_key=state.case_key,
        plan_record=plan.record,
        plan_sha256=plan.sha256,
        approvals=signed,
        device=product.name,
        activities_origin=plan.origin,
        product=product.product,
        dispensing=rules.dispensing,
        radionuclide=nuclide.name,
        treatment_at=treatment_at,
        lines=tuple(filled),
        lost_per_hour_fraction=lost_fraction(nuclide, timedelta(hours=1)),
        verified=all(one.verified for one in findings),
        findings=(*assumed, *findings),
        provenance=Provenance(
            method="order",
            made_at=made_at,
            inputs={**state.inputs, plan.record: plan.sha256},
            parameters={
                "half_life_s": nuclide.half_life_s.value,
                "treatment_at": treatment_at.isoformat(),
            },
            reference_data={"radionuclides": nuclide.data_set, "site profile": state.site},
            software=software,
        ),
    )


def _lines(
    plan: PlanOnRecord,
    product: Device,
    rules: DeliveryRules,
    facts: OrderFacts,
    residual_bq: Number,
) -> list[OrderLine]:
    """Return what is wanted: one line for each site; one for all where doses are drawn."""
    wanted: list[OrderLine] = []
    for territory, activity_bq in plan.activities_bq.items():
        if isinstance(activity_bq, Missing):
            raise RuleError(
                f"the plan {plan.record} gives no activity to administer for {territory} by "
                f"{product.name}, {plan.model} ({activity_bq.value}); add what it needs, plan "
                "again and have it approved"
            )
        dispensed_bq = _dispensed(activity_bq, rules, facts, residual_bq)
        wanted.append(
            OrderLine(
                territories=(territory,),
                prescribed_bq=activity_bq,
                residual_allowance_bq=dispensed_bq - activity_bq,
                dispensed_bq=dispensed_bq,
                options=(),
            )
        )
    if rules.dispensing in (WHOLE, MADE) or len(wanted) == 1:
        return wanted
    return [
        OrderLine(
            territories=tuple(name for one in wanted for name in one.territories),
            prescribed_bq=sum(one.prescribed_bq for one in wanted),
            residual_allowance_bq=sum(one.residual_allowance_bq for one in wanted),
            dispensed_bq=sum(one.dispensed_bq for one in wanted),
            options=(),
        )
    ]


def own_residual_bq(past_bq: Sequence[float]) -> Number:
    """Return the median of a site's own residuals, or that there are too few of them."""
    if len(past_bq) < cases_needed():
        return Missing.NOT_ESTIMATED
    return median(past_bq)


def _dispensed(
    activity_bq: float, rules: DeliveryRules, facts: OrderFacts, own_bq: Number
) -> float:
    """Return what to dispense: with the residual stated, the site's own, or the device's."""
    stated = facts.residual_fraction
    if not isinstance(stated, Missing):
        return dispensed_for(activity_bq, residual_fraction=stated)
    if not isinstance(own_bq, Missing):
        return dispensed_for(activity_bq, residual_bq=own_bq)
    if not isinstance(rules.residual_gbq, Missing):
        return dispensed_for(activity_bq, residual_bq=rules.residual_gbq.value * BQ_PER_GBQ)
    if not isinstance(rules.residual_fraction, Missing):
        return dispensed_for(activity_bq, residual_fraction=rules.residual_fraction.value)
    return dispensed_for(activity_bq)  # said by order_findings


def _require_possible(
    supply: Supply, wanted: Sequence[float], treatment_at: datetime, zone: tzinfo
) -> None:
    most_bq = supply.most_at(treatment_at)
    if most_bq >= max(wanted):
        return
    days = timedelta(days=ordering_rule("search_days").value)
    before, after = nearest_possible(supply, wanted, treatment_at, days)
    near = [_shown(one, zone) for one in (before, after) if one is not None]
    why = (
        f"{supply.most_vials} vials hold {most_bq / BQ_PER_MBQ:.4g} MBq at most and "
        f"{max(wanted) / BQ_PER_MBQ:.4g} MBq are wanted"
        if most_bq
        else "no vial is good at that instant"
    )
    raise RuleError(
        f"no delivery is possible for {_shown(treatment_at, zone)}: {why}. Nearest possible: "
        + (" and ".join(near) if near else f"none within {days.days} days")
        + "; choose a slot with --at or planned_at in [order]"
    )


def _shown(instant: datetime, zone: tzinfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="minutes")
