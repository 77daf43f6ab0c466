"""What an order has to say: rules known from memory, small activities, vials that hold more."""

from datetime import datetime
from zoneinfo import ZoneInfo

from opensirt.domain.approval import PlanOnRecord
from opensirt.domain.delivery_error import cases_needed
from opensirt.domain.delivery_rules import MADE, WHOLE, DeliveryRules, ordering_rule
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.order import OrderFacts, OrderLine, OrderOption
from opensirt.domain.record import Number
from opensirt.domain.site import SiteProfile
from opensirt.physics.ordering import WEEKDAYS
from opensirt.reference.constant import STATUSES, Constant, constant
from opensirt.units import BQ_PER_GBQ, BQ_PER_MBQ

_SURE = STATUSES[:2]

_ROUND_OFF = 1e-6


def order_findings(
    plan: PlanOnRecord,
    rules: DeliveryRules,
    facts: OrderFacts,
    *,
    treatment_at: datetime,
    made_at: datetime,
) -> list[Finding]:
    """Return what holds for the whole order."""
    found = list(_unverified_rules(rules, facts))
    if not plan.verified:
        text = f"an unverified figure stands behind the prescribed activity ({plan.record})"
        found.append(Finding(Severity.WARN, "unverified_plan", text, verified=False))
    if treatment_at < made_at:
        text = (
            f"the treatment slot {treatment_at.isoformat(timespec='minutes')} lies before this "
            "order was made"
        )
        found.append(Finding(Severity.WARN, "slot_in_the_past", text))
    return found


def arrival_named(site: SiteProfile, rules: DeliveryRules, treatment_at: datetime) -> list[Finding]:
    """Warn of a dose made to order for a day on which nothing arrives at the site."""
    day = WEEKDAYS[treatment_at.astimezone(ZoneInfo(site.time_zone)).weekday()]
    if not site.delivery_days or day in site.delivery_days:
        return []
    text = (
        f"{rules.device} is made to the hour of treatment, a {day.title()}; vials arrive at the "
        f"site on {', '.join(one.title() for one in site.delivery_days)} only: ask the supplier "
        "when it comes, or choose another slot"
    )
    return [Finding(Severity.WARN, "no_delivery_day", text)]


def residual_named(
    facts: OrderFacts, rules: DeliveryRules, own_bq: Number, *, n_own: int
) -> list[Finding]:
    """Say what is allowed for what stays behind in vial, lines and catheter, and why."""
    if not isinstance(facts.residual_fraction, Missing):
        return []
    if not isinstance(own_bq, Missing):
        text = (
            f"residual allowance: {own_bq / BQ_PER_MBQ:.3g} MBq, the median of the site's own "
            f"{n_own} deliveries of {rules.device}"
        )
        return [Finding(Severity.NOTE, "residual_allowance", text, own_bq)]
    few = f"; the site has {n_own} of the {cases_needed()} deliveries that replace it"
    for figure, words in (
        (rules.residual_gbq, "GBq for every dose"),
        (rules.residual_fraction, "of the dispensed activity"),
    ):
        if isinstance(figure, Missing):
            continue
        text = f"residual allowance: {figure.value:g} {words}, in print{few}"
        return [
            Finding(
                Severity.NOTE,
                "residual_allowance",
                text,
                figure.value,
                None,
                figure.source,
                verified=figure.verified,
            )
        ]
    text = (
        f"no residual of {rules.device} is known: nothing is allowed for what stays behind in "
        "vial, lines and catheter; state residual_fraction in [order]"
    )
    return [Finding(Severity.WARN, "residual_not_known", text)]


def _unverified_rules(rules: DeliveryRules, facts: OrderFacts) -> list[Finding]:
    """Return one finding for each rule of delivery that was not read in a source."""
    stated: list[tuple[str, str, str]] = []
    if rules.dispensing == MADE:
        stated.append((f"{rules.device} is made to order", rules.made_source, rules.made_status))
    if not isinstance(rules.calendar, Missing) and not facts.calibrations:
        days = rules.calendar.weekdays
        when = "every day" if len(days) == 7 else ", ".join(days)  # noqa: PLR2004 - of the week
        text = f"calibrated {when} at {rules.calendar.clock} {rules.calendar.time_zone}"
        stated.append((text, rules.calendar.source, rules.calendar.status))
    for words, figure in (
        ("usable before calibration", rules.usable_before_calibration_h),
        ("usable after calibration", rules.shelf_life_h),
    ):
        if isinstance(figure, Constant):
            stated.append((f"{words} for {figure.value:g} h", figure.source, figure.status))
    return [
        Finding(
            Severity.WARN,
            "unverified_delivery_rule",
            f"{rules.device}: {text}; ask the supplier",
            source=source,
            verified=False,
        )
        for text, source, status in stated
        if status not in _SURE
    ]


def whole_excess(option: OrderOption, line: OrderLine) -> float:
    """Return by which part vials that are given whole exceed the prescribed activity."""
    return (option.available_bq - line.residual_allowance_bq) / line.prescribed_bq - 1.0


def line_findings(line: OrderLine, rules: DeliveryRules) -> list[Finding]:
    """Return what holds for one line."""
    found: list[Finding] = []
    names = ", ".join(line.territories)
    small = ordering_rule("small_activity_gbq")
    if line.prescribed_bq < small.value * BQ_PER_GBQ:
        share = line.residual_allowance_bq / line.dispensed_bq
        text = (
            f"{names}: {line.prescribed_bq / BQ_PER_MBQ:.4g} MBq is a small activity; what stays "
            f"behind hardly depends on the activity and is {share:.1%} of it, in single cases "
            "far more"
        )
        found.append(
            Finding(
                Severity.WARN,
                "small_activity",
                text,
                line.prescribed_bq / BQ_PER_GBQ,
                small.value,
                small.source,
            )
        )
    if len(line.territories) > 1:
        text = f"{names}: doses are drawn from the same vials"
        found.append(Finding(Severity.NOTE, "shared_vials", text))
    if len(line.chosen.vials) > 1:
        text = f"{names}: one vial is not the best; split over {len(line.chosen.vials)} vials"
        found.append(Finding(Severity.NOTE, "several_vials", text))
    if rules.dispensing == WHOLE:
        found += _excess(line, names)
    return found


def _excess(line: OrderLine, names: str) -> list[Finding]:
    """Say how far vials that are given whole exceed what is wanted."""
    excess = whole_excess(line.chosen, line)
    if excess < -_ROUND_OFF:
        text = (
            f"{names}: the vials hold {-excess:.2%} less than prescribed and its residual at the "
            "slot, and are given whole"
        )
        return [Finding(Severity.NOTE, "whole_vial_short", text, excess)]
    for name, severity in (("event", Severity.STOP), ("level_1", Severity.WARN)):
        limit = constant("delivery_tolerance", "deviation_fraction", name)
        if excess > limit.value:
            until = line.chosen.enough_until.isoformat(timespec="minutes")
            text = (
                f"{names}: the vials hold {excess:.1%} more than prescribed at the slot and are "
                f"given whole; they hold what is wanted at {until}: move the slot, or prescribe "
                "what is delivered"
            )
            return [
                Finding(
                    severity,
                    "whole_vial_excess",
                    text,
                    excess,
                    limit.value,
                    limit.source,
                    verified=limit.verified,
                )
            ]
    return []
