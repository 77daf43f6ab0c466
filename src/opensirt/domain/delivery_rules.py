"""How vials of a device come, as the reference room knows it."""

from dataclasses import dataclass
from functools import cache

from opensirt.domain.device import device
from opensirt.domain.missing import Missing
from opensirt.reference.constant import STATUSES, Constant, constant, constant_of
from opensirt.reference.table import read_table

DRAWN, WHOLE, MADE = "drawn", "whole", "made"
"""Dose drawn from a vial; vial given as it is; dose made to the activity asked for."""

TABLE = "ordering"


@dataclass(frozen=True, kw_only=True)
class CalendarRule:
    """When vials of a device are calibrated, with source and status."""

    weekdays: tuple[str, ...]
    clock: str
    time_zone: str
    source: str
    status: str


@dataclass(frozen=True, kw_only=True)
class DeliveryRules:
    """The rules of one device; what is not known is `Missing`."""

    device: str
    dispensing: str
    calendar: CalendarRule | Missing
    usable_before_calibration_h: Constant | Missing
    shelf_life_h: Constant | Missing
    residual_gbq: Constant | Missing
    residual_fraction: Constant | Missing
    made_source: str = ""
    made_status: str = STATUSES[0]


@cache
def delivery_rules(name: str) -> DeliveryRules:
    """Return the rules of a device.

    Raises
    ------
    RuleError
        When the device is ``unknown``.
    UnknownNameError
        When there is no such device.
    """
    device(name).require_known(step="ordering")
    devices = read_table(TABLE)["devices"]
    entry = devices[name]
    figures = {
        key: constant_of(one, where=f"{TABLE}.{name}.{key}")
        for key, one in entry.get("figures", {}).items()
    }
    stated = entry.get("calendar")
    missing = (
        Missing.NOT_DEFINED_FOR_DEVICE if entry["dispensing"] == MADE else Missing.NO_VERIFIED_VALUE
    )
    return DeliveryRules(
        device=name,
        dispensing=entry["dispensing"],
        calendar=missing
        if stated is None
        else CalendarRule(
            weekdays=tuple(stated["weekdays"]),
            clock=stated["clock"],
            time_zone=stated["time_zone"],
            source=stated["source"],
            status=stated["status"],
        ),
        usable_before_calibration_h=figures.get("usable_before_calibration_h", missing),
        shelf_life_h=figures.get("shelf_life_h", missing),
        residual_gbq=figures.get("residual_gbq", Missing.NO_VERIFIED_VALUE),
        residual_fraction=figures.get("residual_fraction", Missing.NO_VERIFIED_VALUE),
        made_source=entry.get("source", ""),
        made_status=entry.get("status", STATUSES[0]),
    )


def ordering_rule(key: str) -> Constant:
    """Return one of the rules that hold for every device."""
    return constant(TABLE, "rules", key)
