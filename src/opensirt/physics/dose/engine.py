"""What every dose engine takes and gives."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.finding import Finding
from opensirt.domain.image import DensityMap, DoseMap, TimeIntegratedActivityMap
from opensirt.domain.record import EnergyBalance
from opensirt.errors import GeometryError, InputError, UnknownNameError
from opensirt.reference.radionuclide import Radionuclide
from opensirt.reference.transport.material import material_names

DEVICES = ("cpu", "cuda")
"""Where `superposition` and `monte-carlo` can run: the processor, or a graphics processor."""


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


def require_device_name(device: str) -> None:
    """Raise `UnknownNameError` when there is no such device in `DEVICES`."""
    if device not in DEVICES:
        raise UnknownNameError("device", device, DEVICES)


def require_materials(
    materials: NDArray[np.uint8], shape: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """Return a map of materials, refused when it is none of this image.

    Raises
    ------
    GeometryError
        When its shape is not the image's.
    InputError
        When it holds anything but numbers of `material_names`.
    """
    if materials.shape != shape:
        raise GeometryError(f"materials have shape {materials.shape}, the image {shape}")
    names = material_names()
    lowest, highest = int(materials.min()), int(materials.max())
    if not np.issubdtype(materials.dtype, np.integer) or lowest < 0 or highest >= len(names):
        raise InputError(
            f"materials are whole numbers from 0 to {len(names) - 1} ({', '.join(names)}), found "
            f"{lowest} to {highest} of type {materials.dtype}"
        )
    return materials.astype(np.uint8)
