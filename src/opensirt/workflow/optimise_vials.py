"""Which vials of a device can be chosen at a time after their calibration."""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp2

from opensirt.domain.delivery_rules import (
    MADE,
    WHOLE,
    DeliveryRules,
    delivery_rules,
    ordering_rule,
)
from opensirt.domain.device import Device
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import VialRequest
from opensirt.physics.optimise import VialKind, VialRule
from opensirt.reference.radionuclide import radionuclide
from opensirt.units import SECONDS_PER_HOUR


@dataclass(frozen=True, kw_only=True)
class VialAnswer:
    """How vials make an activity, what that rests on, or why there are none to choose."""

    rule: VialRule | None = None
    notes: tuple[str, ...] = ()
    refusal: str = ""


def vial_rule(device: Device, request: VialRequest | None, data_set: str) -> VialAnswer:
    """Return how vials make an activity of this device.

    Nothing where no vials are asked for, or the device is made to the activity asked for; a
    refusal where vials are not yet good, or no longer. The residual that the device leaves on
    average (reference/ordering) does not enter the patient.
    """
    if request is None:
        return VialAnswer()
    rules = delivery_rules(device.name)
    sizes = device.vial_activities_gbq
    if rules.dispensing == MADE or isinstance(sizes, Missing):
        words = f"{device.name} is made to the activity asked for: no vial sizes"
        return VialAnswer(notes=(words,))
    hours = request.hours_after_calibration
    notes = []
    limit = rules.shelf_life_h if hours > 0 else rules.usable_before_calibration_h
    if hours and not isinstance(limit, Missing):
        if abs(hours) > limit.value:
            mark = "" if limit.verified else "⚠ "
            side = "after" if hours > 0 else "before"
            return VialAnswer(
                refusal=f"{device.name} vials at {abs(hours):g} h {side} calibration: usable for "
                f"{limit.value:g} h {side} it ({mark}{limit.source}); choose another time"
            )
        if not limit.verified:
            notes.append(f"⚠ how long vials are good: {limit.source}")
    assert not isinstance(device.radionuclide, Missing)  # noqa: S101 - a product has one
    half_life_h = radionuclide(device.radionuclide, data_set).half_life_s.value / SECONDS_PER_HOUR
    left = exp2(-hours / half_life_h)
    residual_gbq, residual_words = _residual(rules)
    most = request.most_per_territory or round(ordering_rule("most_vials").value)
    words = (
        f"vials of {', '.join(f'{one:g}' for one in sizes)} GBq, {hours:g} h after calibration "
        f"({left:.1%} left), {residual_words}, at most {most} for one territory"
    )
    rule = VialRule(
        kinds=tuple(
            VialKind(size_gbq=size, given_gbq=size * left - residual_gbq(size * left))
            for size in sizes
            if size * left > residual_gbq(size * left)
        ),
        most_per_territory=most,
        whole=rules.dispensing == WHOLE,
    )
    return VialAnswer(rule=rule, notes=(words, *notes))


def _residual(rules: DeliveryRules) -> tuple[Callable[[float], float], str]:
    """Return what stays behind of a vial in GBq by what it holds, as an order allows for it."""
    if not isinstance(rules.residual_gbq, Missing):
        gbq = rules.residual_gbq.value
        return lambda _: gbq, f"{gbq:g} GBq residual of each vial"
    if not isinstance(rules.residual_fraction, Missing):
        part = rules.residual_fraction.value
        return lambda held: part * held, f"{part:.2%} residual"
    return lambda _: 0.0, "no residual known"
