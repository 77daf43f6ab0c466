"""What every dose engine takes and gives."""

from dataclasses import dataclass
from typing import Protocol

from opensirt.domain.finding import Finding
from opensirt.domain.image import DensityMap, DoseMap, TimeIntegratedActivityMap
from opensirt.domain.record import EnergyBalance
from opensirt.errors import InputError
from opensirt.reference.radionuclide import Radionuclide


@dataclass(frozen=True, eq=False, kw_only=True)
class EngineResult:
    """The dose of one engine, where the energy went, and what the reader must know."""

    dose: DoseMap
    energy: EnergyBalance
    findings: tuple[Finding, ...] = ()


class DoseModel(Protocol):
    """Turns decays into dose."""

    @property
    def name(self) -> str:
        """Name of the engine in `ENGINES`."""
        ...

    @property
    def nuclide(self) -> Radionuclide:
        """The nuclide and data set it computes with."""
        ...

    def dose(self, decays: TimeIntegratedActivityMap, density: DensityMap) -> EngineResult:
        """Return the absorbed dose on the grid of the decays."""
        ...


def require_fit(
    decays: TimeIntegratedActivityMap, density: DensityMap, nuclide: Radionuclide
) -> None:
    """Refuse decays of another nuclide, and a density map on another grid.

    Raises
    ------
    InputError
        When the nuclides differ.
    GeometryError
        When the grids differ.
    MissingInputError
        When no absorbed dose can be computed from the nuclide.
    """
    if decays.radionuclide != nuclide.name:
        raise InputError(
            f"the decays are of {decays.radionuclide}, the dose engine is set up for "
            f"{nuclide.name}; set it up for the nuclide of the image"
        )
    nuclide.require_dosimetry()
    decays.grid.require_same(density.grid)
