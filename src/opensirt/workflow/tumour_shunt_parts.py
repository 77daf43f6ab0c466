"""What the model with lungs fed through the tumours needs of a scout: ratios of activities."""

from dataclasses import dataclass

from opensirt.domain.missing import Missing
from opensirt.domain.record import Workup
from opensirt.domain.structure import StructureKind
from opensirt.workflow.liver_model import LiverModel


@dataclass(frozen=True, kw_only=True)
class TumourPart:
    """The tumours of one territory together."""

    mass_kg: float
    activity_ratio: float
    """Activity in the tumours over that in the normal liver: not a ratio of concentrations."""


def tumour_parts(liver: LiverModel) -> tuple[TumourPart, ...] | Missing:
    """Return the tumours of each territory; `Missing` where one has none."""
    found = []
    for one in liver.territories:
        mass = sum(one.tumour_masses_kg.values())
        if mass <= 0 or one.normal_part <= 0:
            return Missing.NEEDS_STRUCTURE
        found.append(
            TumourPart(
                mass_kg=mass, activity_ratio=sum(one.tumour_parts.values()) / one.normal_part
            )
        )
    return tuple(found)


def tumour_lung_shunt(workup: Workup, lung_shunt_fraction: float) -> float:
    """Return lung counts / (lung + tumour counts) of a scout with a lung shunt fraction.

    With the lung shunt L = lungs / (lungs + liver) the lungs hold L / (1 − L) of what the liver
    does, and the tumours their part of the normalising volume.
    """
    lungs = lung_shunt_fraction / (1 - lung_shunt_fraction)
    tumours = sum(one.uptake_fraction for one in workup.uptakes if one.kind is StructureKind.TUMOUR)
    return lungs / (lungs + tumours) if lungs > 0 else 0.0
