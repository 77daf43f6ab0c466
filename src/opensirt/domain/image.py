"""Arrays on a grid; the class of an image is its unit."""

from dataclasses import InitVar, dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.missing import Missing
from opensirt.errors import GeometryError, InputError


class Event(Enum):
    """A named instant that an activity can refer to when the clock time is not known."""

    ADMINISTRATION = "administration"
    ACQUISITION = "acquisition"


def require_zone(instant: datetime, *, where: str) -> datetime:
    """Return `instant`, or raise `InputError` when it carries no time zone."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise InputError(
            f"{where}: the time {instant.isoformat()} has no zone; write it with one, "
            "for example 2026-03-02T12:00:00+01:00"
        )
    return instant


def number_not_finite(values: NDArray[np.float32]) -> int:
    """Return how many values are NaN or infinite."""
    # The sum is finite only if every value is, and takes one pass through memory; where it is not,
    # large values may have overflowed: then each value is looked at.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):
            return 0
    return int(values.size - np.count_nonzero(np.isfinite(values)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Image3D:
    """Read-only values on a grid; only its subclasses say what the values mean.

    Parameters
    ----------
    grid
        Where the voxels lie.
    values : (k, j, i)
        One value for each voxel; the caller hands the array over.
    """

    unit: ClassVar[str] = ""

    grid: Grid
    values: NDArray[np.float32]

    def __post_init__(self) -> None:
        self._settle(None)

    def _settle(self, zero_outside: tuple[slice, slice, slice] | None) -> None:
        """Refuse what is no image, and make the values read-only."""
        if self.values.shape != self.grid.shape:
            raise GeometryError(f"values have shape {self.values.shape}, grid {self.grid.shape}")
        values = np.asarray(self.values, dtype=np.float32)
        n_bad = number_not_finite(values if zero_outside is None else values[zero_outside])
        if n_bad:
            raise InputError(
                f"{n_bad} of {values.size} voxels of a {type(self).__name__} are not finite "
                "(NaN or infinity); correct the image, nothing is filled in"
            )
        values = values.view()
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    def __repr__(self) -> str:
        k, j, i = self.grid.shape
        spacing = "×".join(f"{mm:.3g}" for mm in self.grid.spacing_mm)
        return f"{type(self).__name__}({k}×{j}×{i}, {spacing} mm, {self.unit})"

    def total(self) -> float:
        """Sum of value × voxel volume in mL, in double precision."""
        return float(self.values.sum(dtype=np.float64)) * self.grid.voxel_volume_ml


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CtImage(Image3D):
    """CT numbers."""

    unit: ClassVar[str] = "HU"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SignalImage(Image3D):
    """Signal of a magnetic resonance image: no unit, so outlines are laid on it and no more."""

    unit: ClassVar[str] = "signal without a unit"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CountsImage(Image3D):
    """Counts of a camera, proportional to activity within one image only."""

    unit: ClassVar[str] = "counts"

    radionuclide: str
    acquired_at: datetime | Missing = Missing.NOT_RECORDED
    duration_s: float | Missing = Missing.NOT_RECORDED


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ActivityMap(Image3D):
    """Activity concentration at one instant or named event."""

    unit: ClassVar[str] = "Bq/mL"

    radionuclide: str
    reference_at: datetime | Event
    acquired_at: datetime | Missing = Missing.NOT_RECORDED

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("reference_at", "acquired_at"):
            instant = getattr(self, name)
            if isinstance(instant, datetime):
                require_zone(instant, where=f"activity map, {name}")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class TimeIntegratedActivityMap(Image3D):
    """Decays per volume from administration on: the only input of a dose model."""

    unit: ClassVar[str] = "Bq s/mL"

    radionuclide: str


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DensityMap(Image3D):
    """Mass density of the tissue."""

    unit: ClassVar[str] = "kg/mL"

    def __post_init__(self) -> None:
        super().__post_init__()
        if float(self.values.min()) < 0:
            raise InputError(
                f"density of {float(self.values.min()):.3g} kg/mL: a density is never negative"
            )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class EffectiveDoseMap(Image3D):
    """Biologically effective dose (``BED``) or dose in fractions of 2 Gy (``EQD2``)."""

    unit: ClassVar[str] = "Gy"

    quantity: str


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DoseMap(Image3D):
    """Absorbed dose.

    Parameters
    ----------
    zero_outside
        Block outside which the engine that made the values left zeros: only the block is looked
        at for values that are not finite.
    """

    unit: ClassVar[str] = "Gy"

    engine: str
    radionuclide: str = ""
    data_set: str = ""
    notes: tuple[str, ...] = field(default=())
    zero_outside: InitVar[tuple[slice, slice, slice] | None] = None

    def __post_init__(self, zero_outside: tuple[slice, slice, slice] | None) -> None:
        self._settle(zero_outside)
