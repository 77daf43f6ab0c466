"""order: the vials for an approved plan and a treatment slot."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from statistics import median

from opensirt.domain.approval import Approval, CaseState, PlanOnRecord
from opensirt.domain.delivery_error import cases_needed
from opensirt.domain.delivery_rules import MADE, WHOLE, DeliveryRules, delivery_rules, ordering_rule
from opensirt.domain.device import Device, device
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.order import (
    FEW,
    MANY,
    Order,
    OrderedVial,
    OrderFacts,
    OrderLine,
    OrderOption,
)
from opensirt.domain.record import Number
from opensirt.domain.site import SiteProfile
from opensirt.errors import MissingInputError, RuleError
from opensirt.physics.ordering import (
    Calendar,
    Supply,
    Vial,
    dispensed_for,
    instant_of_activity,
    lost_fraction,
    nearest_possible,
)
from opensirt.provenance import Provenance
from opensirt.reference.radionuclide import Radionuclide, radionuclide
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_GBQ, BQ_PER_MBQ
from opensirt.workflow.approve import require_approved
from opensirt.workflow.order_findings import (
    line_findings,
    order_findings,
    residual_named,
    whole_excess,
)

OPTIONS_LISTED = 6


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
    if rules.dispensing == MADE:
        filled = [_made(line, product, treatment_at) for line in lines]
    else:
        supply = _supply(product, rules, facts, site, nuclide)
        _require_possible(supply, lines, treatment_at, zone)
        filled = [_filled(line, product, rules, supply, facts, treatment_at) for line in lines]
    for line in filled:
        findings += line_findings(line, rules)
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


def _supply(
    product: Device,
    rules: DeliveryRules,
    facts: OrderFacts,
    site: SiteProfile,
    nuclide: Radionuclide,
) -> Supply:
    sizes, before, life = (
        product.vial_activities_gbq,
        rules.usable_before_calibration_h,
        rules.shelf_life_h,
    )
    if isinstance(sizes, Missing) or isinstance(before, Missing) or isinstance(life, Missing):
        raise RuleError(
            f"no vial sizes or shelf life of {product.name} are known; it cannot be ordered"
        )
    calendar = None
    if not isinstance(rules.calendar, Missing):
        calendar = Calendar(
            weekdays=rules.calendar.weekdays,
            clock=time.fromisoformat(rules.calendar.clock),
            time_zone=rules.calendar.time_zone,
        )
    return Supply(
        sizes_bq=tuple(one * BQ_PER_GBQ for one in sizes),
        nuclide=nuclide,
        usable_before_calibration=timedelta(hours=before.value),
        shelf_life=timedelta(hours=life.value),
        calendar=calendar,
        calibrations=facts.calibrations,
        delivery_days=site.delivery_days,
        site_zone=site.time_zone,
        most_vials=round(ordering_rule("most_vials").value),
    )


def _require_possible(
    supply: Supply, lines: Sequence[OrderLine], treatment_at: datetime, zone: tzinfo
) -> None:
    wanted = [one.dispensed_bq for one in lines]
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


def _filled(
    line: OrderLine,
    product: Device,
    rules: DeliveryRules,
    supply: Supply,
    facts: OrderFacts,
    treatment_at: datetime,
) -> OrderLine:
    options = [
        _option(line, some, product, rules, supply, treatment_at)
        for some in supply.enough(line.dispensed_bq, treatment_at)
    ]
    options.sort(key=lambda one: _rank(one, line, rules, facts.spheres))
    return replace(line, options=tuple(options[:OPTIONS_LISTED]))


def _rank(
    option: OrderOption, line: OrderLine, rules: DeliveryRules, spheres: str
) -> tuple[float, ...]:
    """Return what sorts options: tolerance (vials given whole), spheres liked, vials, waste."""
    off = 0.0
    if rules.dispensing == WHOLE:
        excess = whole_excess(option, line)
        limits = read_table("delivery_tolerance")["deviation_fraction"]
        off = float(sum(excess > limits[name]["value"] for name in ("level_1", "event")))
    count = 0.0 if isinstance(option.sphere_count, Missing) else option.sphere_count
    n_vials = float(len(option.vials))
    liked = {FEW: count, MANY: -count}.get(spheres)
    if liked is None:
        return (off, n_vials, option.waste_bq)
    return (off, liked, n_vials, option.waste_bq)


def _option(
    line: OrderLine,
    some: tuple[Vial, ...],
    product: Device,
    rules: DeliveryRules,
    supply: Supply,
    treatment_at: datetime,
) -> OrderOption:
    vials = tuple(
        _vial(
            product,
            one.size_bq,
            one.calibration_at.astimezone(treatment_at.tzinfo),
            held_bq=supply.activity_bq(one.size_bq, one.calibration_at, treatment_at),
            shelf_life=supply.shelf_life,
        )
        for one in some
    )
    available_bq = sum(one.activity_bq for one in vials)
    waste_bq = available_bq - line.dispensed_bq
    runs_short_at = instant_of_activity(
        available_bq, treatment_at, line.dispensed_bq, supply.nuclide
    )
    expires = [one.expires_at for one in vials if not isinstance(one.expires_at, Missing)]
    given_fraction = 1.0 if rules.dispensing == WHOLE else line.dispensed_bq / available_bq
    counts = [one.sphere_count for one in vials]
    count: Number = Missing.NO_VERIFIED_VALUE
    if not any(isinstance(one, Missing) for one in counts):
        count = given_fraction * sum(one for one in counts if not isinstance(one, Missing))
    return OrderOption(
        vials=vials,
        available_bq=available_bq,
        waste_bq=waste_bq,
        sphere_count=count,
        sphere_count_range=Missing.NOT_DEFINED_FOR_DEVICE,
        enough_until=min([runs_short_at, *expires]).astimezone(treatment_at.tzinfo),
    )


def _vial(
    product: Device,
    size_bq: float,
    calibration_at: datetime,
    *,
    held_bq: float,
    shelf_life: timedelta,
) -> OrderedVial:
    count = product.sphere_count(size_bq)
    return OrderedVial(
        calibrated_activity_bq=size_bq,
        calibration_at=calibration_at,
        expires_at=(calibration_at.astimezone(UTC) + shelf_life).astimezone(calibration_at.tzinfo),
        activity_bq=held_bq,
        sphere_count=count,
        activity_per_sphere_bq=count if isinstance(count, Missing) else held_bq / count,
    )


def _made(line: OrderLine, product: Device, treatment_at: datetime) -> OrderLine:
    """Fill a line with one vial made to the activity wanted at the slot."""
    each = product.activity_per_sphere_range_bq
    wanted_bq = line.dispensed_bq
    vial = OrderedVial(
        calibrated_activity_bq=wanted_bq,
        calibration_at=treatment_at,
        expires_at=Missing.NO_VERIFIED_VALUE,
        activity_bq=wanted_bq,
        sphere_count=Missing.NO_VERIFIED_VALUE,
        activity_per_sphere_bq=Missing.NO_VERIFIED_VALUE,
    )
    option = OrderOption(
        vials=(vial,),
        available_bq=wanted_bq,
        waste_bq=0.0,
        sphere_count=Missing.NO_VERIFIED_VALUE,
        sphere_count_range=(
            each
            if isinstance(each, Missing)
            else (wanted_bq / each[1].value, wanted_bq / each[0].value)
        ),
        enough_until=treatment_at,
    )
    return replace(line, options=(option,))
