"""The vials that can fill one line of an order, the best first."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from opensirt.domain.delivery_rules import WHOLE, DeliveryRules, ordering_rule
from opensirt.domain.device import Device
from opensirt.domain.missing import Missing
from opensirt.domain.order import (
    FEW,
    MANY,
    OrderedVial,
    OrderFacts,
    OrderLine,
    OrderOption,
)
from opensirt.domain.record import Number
from opensirt.domain.site import SiteProfile
from opensirt.errors import RuleError
from opensirt.physics.ordering import Calendar, Supply, Vial, instant_of_activity
from opensirt.reference.radionuclide import Radionuclide
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_GBQ
from opensirt.workflow.order_findings import whole_excess
from opensirt.workflow.order_spheres import SphereLimit

OPTIONS_LISTED = 6


def supply_of(
    product: Device,
    rules: DeliveryRules,
    facts: OrderFacts,
    site: SiteProfile,
    nuclide: Radionuclide,
) -> Supply:
    """Return what can be delivered of a device to a site.

    Raises
    ------
    RuleError
        When no vial sizes or shelf life of the device are known.
    """
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


def least_bq(line: OrderLine, rules: DeliveryRules) -> float:
    """Return the least activity at the slot that is enough: vials given whole may fall short."""
    if rules.dispensing != WHOLE:
        return line.dispensed_bq
    short = ordering_rule("whole_shortfall_fraction").value * line.prescribed_bq
    return line.dispensed_bq - short


def filled_line(
    line: OrderLine,
    product: Device,
    rules: DeliveryRules,
    supply: Supply,
    facts: OrderFacts,
    treatment_at: datetime,
    spheres: SphereLimit,
) -> OrderLine:
    """Return a line with the vials that hold enough at the slot."""
    options = [
        _option(line, some, product, rules, supply, treatment_at)
        for some in supply.enough(least_bq(line, rules), treatment_at)
    ]
    options.sort(key=lambda one: _rank(one, line, rules, facts.spheres, spheres))
    return replace(line, options=tuple(options[:OPTIONS_LISTED]))


def _rank(
    option: OrderOption,
    line: OrderLine,
    rules: DeliveryRules,
    liked_spheres: str,
    limit: SphereLimit,
) -> tuple[float, ...]:
    """Return what sorts options: limits, tolerance (vials given whole), spheres, vials, waste."""
    off = float(limit.exceeded(option, line))
    if rules.dispensing == WHOLE:
        excess = whole_excess(option, line)
        limits = read_table("delivery_tolerance")["deviation_fraction"]
        off += float(sum(excess > limits[name]["value"] for name in ("level_1", "event")))
    count = 0.0 if isinstance(option.sphere_count, Missing) else option.sphere_count
    n_vials = float(len(option.vials))
    liked = {FEW: count, MANY: -count}.get(liked_spheres)
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
    waste_bq = max(0.0, available_bq - line.dispensed_bq)
    runs_short_at = instant_of_activity(
        available_bq, treatment_at, line.dispensed_bq, supply.nuclide
    )
    expires = [one.expires_at for one in vials if not isinstance(one.expires_at, Missing)]
    if waste_bq == 0.0:  # whole vials that fall short a little: they are so from the slot on
        runs_short_at = treatment_at
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


def made_line(line: OrderLine, product: Device, treatment_at: datetime) -> OrderLine:
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
