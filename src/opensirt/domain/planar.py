"""Planar scintigrams: two views of opposite heads, and the regions drawn on them."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.missing import Missing
from opensirt.errors import GeometryError, InputError

_CORNERS = 3


class PlanarView(Enum):
    """Which side of the patient a head looks at."""

    ANTERIOR = "anterior"
    POSTERIOR = "posterior"


class PlanarOrgan(Enum):
    """What a region on a planar view is."""

    LUNGS = "lungs"
    LIVER = "liver"
    BACKGROUND = "background"


@dataclass(frozen=True, eq=False, kw_only=True)
class PlanarImage:
    """Counts of an anterior and a posterior view, as stored.

    A posterior view is kept as its file has it, usually mirrored left to right against the
    anterior one; regions are therefore drawn on each view.

    Parameters
    ----------
    anterior, posterior : (row, column)
        Counts of every pixel.
    pixel_spacing_mm
        Between rows, between columns.
    """

    anterior: NDArray[np.float32]
    posterior: NDArray[np.float32]
    pixel_spacing_mm: tuple[float, float] | Missing
    radionuclide: str | Missing
    acquired_at: datetime | Missing = Missing.NOT_RECORDED
    duration_s: float | Missing = Missing.NOT_RECORDED

    def __post_init__(self) -> None:
        if self.anterior.shape != self.posterior.shape or self.anterior.ndim != _CORNERS - 1:
            raise GeometryError(
                f"the anterior view has shape {self.anterior.shape}, the posterior "
                f"{self.posterior.shape}; two views of the same rows and columns are wanted"
            )
        for name in ("anterior", "posterior"):
            values = np.asarray(getattr(self, name), dtype=np.float32).view()
            if not np.isfinite(values).all():
                raise InputError(f"the {name} view holds pixels that are not finite")
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    def view(self, which: PlanarView) -> NDArray[np.float32]:
        """Return the counts of one view."""
        return self.anterior if which is PlanarView.ANTERIOR else self.posterior


@dataclass(frozen=True, kw_only=True)
class PlanarRegion:
    """A polygon on one view; several of one organ on one view are taken together.

    `corners` are (column, row) in pixels, 0 the centre of the first.
    """

    organ: PlanarOrgan
    view: PlanarView
    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.corners) < _CORNERS:
            raise InputError(
                f"planar region {self.organ.value}, {self.view.value}: {len(self.corners)} "
                "corners; a polygon has three or more"
            )
