"""What one structure's doses would be if contour, edge and resolution were a little different."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.image import DoseMap
from opensirt.domain.record import StructureDose
from opensirt.domain.structure import Mask
from opensirt.imaging.edge import edge_distance_mm, fraction_inside
from opensirt.imaging.local_model import LocalModel, Place, Realisation
from opensirt.imaging.patch import fractions_on, patch_around
from opensirt.physics.dose.patch import PatchDose

Array = NDArray[np.float64]

_MARGIN_MM = 5.0
"""Room for a moved edge around a structure that is read from the dose map."""

_VOXELS = 12_000
"""Of the patch of such a structure, about."""

_THINNEST = 0.5
"""An edge moves inwards by at most this part of the deepest place of a structure."""


class Realiser(Protocol):
    """Gives the doses of a structure for one state of what is not known exactly."""

    corrected: bool
    how: str

    def place(self) -> Place | None:
        """Return where the image puts the contour; None when it cannot tell."""
        ...

    def figures(self, shift_mm: Array, *, resolution: float, edge_mm: float) -> Array:
        """Return mean dose and the doses at the volume fractions, (1 + n,).

        Parameters
        ----------
        shift_mm : (3,)
            Move of the contour from where it was drawn.
        resolution
            Point spread over the stated one.
        edge_mm
            How far the edge lies outside the drawn one.
        """
        ...

    def finer(self) -> "Realiser | None":
        """Return the same structure on finer voxels; None where voxels make no difference."""
        ...


def figures_of(dose_gy: Array, fraction: Array, volume_fractions: Sequence[float]) -> Array:
    """Return mean and doses at volume fractions of weighted voxels, (1 + n,)."""
    held = fraction > 0
    dose, part = dose_gy[held], fraction[held]
    order = np.argsort(-dose, kind="stable")
    dose, volume = dose[order], np.cumsum(part[order])
    wanted = np.asarray(volume_fractions) * volume[-1]
    at = np.minimum(np.searchsorted(volume, wanted), dose.size - 1)
    mean = float(np.diff(volume, prepend=0.0) @ dose) / volume[-1]
    return np.concatenate(([mean], dose[at]))


@dataclass(eq=False)
class Recovered:
    """A small structure whose concentration is found anew for each state of the image."""

    model: LocalModel
    dose: PatchDose
    factor: float
    """Dose by the engine over that by the patch's kernel; 1 where they are the same."""
    volume_fractions: Sequence[float]
    make_finer: Callable[[], "Recovered"] | None = None
    corrected: bool = True
    how: str = "image explained anew for each draw of contour, edge and resolution, dose on a patch"

    def place(self) -> Place:
        """Return where the image puts the contour."""
        return self.model.place()

    def figures(self, shift_mm: Array, *, resolution: float, edge_mm: float) -> Array:
        """Return the doses of one state."""
        edge_mm = max(edge_mm, -_THINNEST * self.model.depth_mm)
        made = self.model.realise(
            shift_mm, fwhm_mm=self.model.fwhm_mm * resolution, edge_mm=edge_mm
        )
        return self._read(made)

    def finer(self) -> "Recovered | None":
        """Return the same structure on finer voxels.

        A voxel that the edge divides holds neither tissue, and steps have more surface than the
        body they stand for: both lower a dose, the more the larger the voxels are.
        """
        return None if self.make_finer is None else self.make_finer()

    def _read(self, made: Realisation) -> Array:
        dose = self.dose.dose_gy(made.values) * self.factor
        return figures_of(dose, made.fraction, self.volume_fractions)


class Moved:
    """A structure whose contour is moved over the dose map.

    Figures are scaled so that those of the contour as drawn are the ones of the dose table, times
    `correction`.
    """

    how = "contour moved over the dose map"

    def __init__(
        self,
        row: StructureDose,
        mask: Mask,
        dose: DoseMap,
        exact: Array,
        *,
        volume_fractions: Sequence[float],
        correction: float = 1.0,
        corrected: bool = False,
    ) -> None:
        self.corrected = corrected
        if corrected:
            self.how += ", scaled to the mean corrected for resolution"
        self.label = row.label
        self._volume_fractions = volume_fractions
        grid = patch_around(mask, margin_mm=_MARGIN_MM, n_voxels=_VOXELS)
        drawn = fractions_on(mask, grid)
        distance = edge_distance_mm(drawn, grid.spacing_mm, mask.grid.spacing_mm)
        self._depth_mm = -float(distance.min())
        near = distance < _MARGIN_MM
        self._distance_mm = distance[near]
        self._spacing_mm = grid.spacing_mm
        index = np.argwhere(near)
        self._at = dose.grid.index_of(grid.lps_mm(index))
        self._turn = np.linalg.inv(dose.grid.affine[:3, :3]).T
        self._values = dose.values
        raw = self._raw(np.zeros(3), 0.0)
        self._scale = correction * np.divide(
            exact, raw, out=np.ones_like(exact), where=(raw > 0) & (exact > 0)
        )

    def place(self) -> None:
        """Return None: without a model of the image it does not tell where a contour belongs."""

    def figures(self, shift_mm: Array, *, resolution: float, edge_mm: float) -> Array:
        """Return the doses of one state; the resolution is not looked at."""
        del resolution
        made = self._raw(shift_mm, max(edge_mm, -_THINNEST * self._depth_mm)) * self._scale
        # Each volume has a scale of its own; a histogram does not rise for all that.
        made[1:] = np.minimum.accumulate(made[1:])
        return made

    def finer(self) -> None:
        """Return None: the figures are scaled to those of the dose table already."""

    def _raw(self, shift_mm: Array, edge_mm: float) -> Array:
        from scipy.ndimage import map_coordinates

        at = self._at + shift_mm @ self._turn
        dose = map_coordinates(self._values, at.T, order=1, mode="nearest", output=np.float64)
        fraction = fraction_inside(self._distance_mm - edge_mm, self._spacing_mm)
        return figures_of(dose, fraction, self._volume_fractions)
