"""Microsphere devices: data, not subclasses."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from opensirt.domain.missing import Missing
from opensirt.errors import RuleError, UnknownNameError
from opensirt.reference.constant import Constant, constant, constant_of
from opensirt.reference.table import read_table

UNKNOWN_DEVICE = "unknown"


@dataclass(frozen=True, eq=False, kw_only=True)
class Device:
    """One product, or ``unknown``, which answers each device question with a `Missing`.

    `formula_models` are the activity formulas that exist for this device (body surface area,
    empiric); the models that reckon with dose hold for every one.
    """

    name: str
    product: str
    radionuclide: str | Missing
    formula_models: tuple[str, ...] | Missing
    label_models: tuple[str, ...] | Missing
    vial_activities_gbq: tuple[float, ...] | Missing
    """Sizes that can be ordered; not defined where each dose is made for the patient."""
    figures: Mapping[str, Constant]
    """Name → figure, as in reference/devices."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "figures", MappingProxyType(dict(self.figures)))

    @property
    def known(self) -> bool:
        """Whether this is a product and not ``unknown``."""
        return self.name != UNKNOWN_DEVICE

    def figure(self, name: str) -> Constant | Missing:
        """Return one figure, or why there is none."""
        if not self.known:
            return Missing.UNKNOWN_DEVICE
        return self.figures.get(name, Missing.NO_VERIFIED_VALUE)

    @property
    def activity_per_sphere_bq(self) -> Constant | Missing:
        """Activity of one sphere at calibration, where sources agree on one value."""
        return self.figure("activity_per_sphere_bq")

    @property
    def activity_per_sphere_range_bq(self) -> tuple[Constant, Constant] | Missing:
        """Lowest and highest activity of one sphere, where sources disagree."""
        low = self.figure("activity_per_sphere_bq_low")
        high = self.figure("activity_per_sphere_bq_high")
        if isinstance(low, Missing):
            return low
        if isinstance(high, Missing):
            return high
        return low, high

    def sphere_count(self, activity_bq: float) -> float | Missing:
        """Return the spheres that carry an activity at calibration, or why that is not known."""
        one = self.activity_per_sphere_bq
        return one if isinstance(one, Missing) else activity_bq / one.value

    def has_formula(self, model: str) -> bool | Missing:
        """Whether an activity formula exists for this device."""
        if isinstance(self.formula_models, Missing):
            return self.formula_models
        return model in self.formula_models

    def require_known(self, *, step: str) -> None:
        """Raise `RuleError` when nothing that depends on the device can be said."""
        if not self.known:
            raise RuleError(
                f'{step} needs a device: "{UNKNOWN_DEVICE}" has no nuclide, no limits and no '
                f"spheres; name one of {', '.join(device_names())}"
            )


def device_names() -> tuple[str, ...]:
    """Return the names of the products, without ``unknown``."""
    return tuple(read_table("devices")["devices"])


@cache
def device(name: str) -> Device:
    """Return a device by its name; ``unknown`` is one of them.

    Raises
    ------
    UnknownNameError
        When there is no such device.

    >>> round(device("resin").sphere_count(3e9) / 1e6)
    44
    >>> device("unknown").activity_per_sphere_bq.value
    'unknown device'
    """
    if name == UNKNOWN_DEVICE:
        unknown = Missing.UNKNOWN_DEVICE
        return Device(
            name=name,
            product="not recorded",
            radionuclide=unknown,
            formula_models=unknown,
            label_models=unknown,
            vial_activities_gbq=unknown,
            figures={},
        )
    table = read_table("devices")["devices"]
    if name not in table:
        raise UnknownNameError("device", name, (*table, UNKNOWN_DEVICE))
    entry = table[name]
    vials: Mapping[str, Any] | None = entry.get("vial_activity_gbq")
    return Device(
        name=name,
        product=entry["product"],
        radionuclide=entry["radionuclide"],
        formula_models=tuple(entry["formula_models"]),
        label_models=tuple(entry["label_models"]),
        vial_activities_gbq=(
            Missing.NOT_DEFINED_FOR_DEVICE if vials is None else tuple(vials["values"])
        ),
        figures={
            key: constant_of(one, where=f"devices.{name}.{key}")
            for key, one in entry["figures"].items()
        },
    )


def dose_constant(radionuclide: str) -> Constant:
    """Return the published dose constant of a nuclide in Gy kg/GBq (reference/formulas)."""
    return constant("formulas", "dose_constant_gy_kg_per_gbq", radionuclide)
