"""Dose engines behind one visible table."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from opensirt.errors import InputError, UnknownNameError
from opensirt.physics.dose.convolution import KernelConvolution
from opensirt.physics.dose.engine import DoseModel, EngineResult
from opensirt.physics.dose.local import LocalDeposition
from opensirt.physics.dose.monte_carlo import MonteCarlo
from opensirt.physics.dose.superposition import Superposition
from opensirt.reference.radionuclide import Radionuclide

__all__ = ["ENGINES", "DoseModel", "EngineResult", "dose_engine"]

ENGINES: Mapping[str, Callable[..., DoseModel]] = MappingProxyType(
    {model.name: model for model in (LocalDeposition, KernelConvolution, Superposition, MonteCarlo)}
)
"""Name → engine. There is no first available one: an engine is asked for by name."""


def dose_engine(
    name: str,
    nuclide: Radionuclide,
    *,
    dose_constant_gy_kg_per_gbq: float | None = None,
    water: str | None = None,
) -> DoseModel:
    """Return the engine asked for, and no other.

    Parameters
    ----------
    name
        ``local``, ``kernel``, ``superposition`` or ``monte-carlo``.
    nuclide
        Nuclide and data set.
    dose_constant_gy_kg_per_gbq
        Dose × mass of a permanent implant of 1 GBq in place of the data set's; for ``local``.
    water
        ``I75`` or ``I78``; for ``kernel`` and ``superposition``.

    Raises
    ------
    UnknownNameError
        When there is no engine, or no water, of this name.
    InputError
        When an option does not belong to the engine.
    MissingInputError
        When no absorbed dose can be computed from the nuclide.
    """
    if name not in ENGINES:
        raise UnknownNameError("dose engine", name, ENGINES)
    nuclide.require_dosimetry()
    options: dict[str, object] = {}
    if dose_constant_gy_kg_per_gbq is not None:
        if name != LocalDeposition.name:
            raise InputError(
                f"a dose constant belongs to local deposition and the analytic models; the engine "
                f"{name} computes with the spectrum of a data set: choose one of those"
            )
        if not dose_constant_gy_kg_per_gbq > 0:
            raise InputError(
                f"a dose constant is above zero, found {dose_constant_gy_kg_per_gbq} Gy kg/GBq"
            )
        options["dose_constant_gy_kg_per_gbq"] = dose_constant_gy_kg_per_gbq
    if water is not None:
        if name not in (KernelConvolution.name, Superposition.name):
            raise InputError(f"the engine {name} does not use a water kernel; leave `water` out")
        options["water"] = water
    return ENGINES[name](nuclide=nuclide, **options)
