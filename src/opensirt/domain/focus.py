"""Uptake where none is wanted: a focus outside liver and lungs."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ExtrahepaticFocus:
    """A connected uptake outside liver and lungs on the scout."""

    site: str
    """The organ whose mask holds it, or where it lies: ``unnamed, below the liver``."""
    named: bool
    """Whether an organ mask gave the name."""
    volume_ml: float
    """Above half of its peak."""
    image_fraction: float
    """Part of all uptake in the image; for a scout that shows it all, of the activity injected."""
    per_reaching_liver: float
    """Its uptake over that of the volume that the plan normalises on."""
    centre_mm: tuple[float, float, float]
    """Centre of its uptake in LPS."""
