"""Dose–volume histograms without bins: every voxel counts with its own volume."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opensirt.errors import InputError

_SLACK = 1e-9
"""Relative slack when a cumulative volume is compared with a requested one (round-off of sums)."""


@dataclass(frozen=True, eq=False)
class Dvh:
    """Cumulative dose–volume histogram of one structure.

    Parameters
    ----------
    doses_gy : (n,)
        Dose of each voxel that the structure touches.
    voxel_volume_ml
        Volume of a whole voxel.
    fractions : (n,), optional
        Part of each voxel inside the structure; all of it where not given.

    Raises
    ------
    InputError
        When there is no voxel, no volume, or a value is not finite.
    """

    doses_gy: ArrayLike
    voxel_volume_ml: float
    fractions: ArrayLike | None = None
    _dose: NDArray[np.float64] = field(init=False, repr=False)
    _volume: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        dose = np.asarray(self.doses_gy, dtype=np.float64).ravel()
        if self.fractions is None:
            part = np.ones_like(dose)
        else:
            part = np.asarray(self.fractions, dtype=np.float64).ravel()
        if dose.size == 0 or part.shape != dose.shape:
            raise InputError(
                f"a DVH needs one weight for each of at least one voxel; found {dose.size} doses "
                f"and {part.size} weights"
            )
        if not (np.isfinite(dose).all() and np.isfinite(part).all()) or not part.sum() > 0:
            raise InputError("a DVH needs finite doses and a volume above zero")
        order = np.argsort(-dose, kind="stable")
        object.__setattr__(self, "_dose", dose[order])
        object.__setattr__(self, "_volume", np.cumsum(part[order]))

    @property
    def volume_ml(self) -> float:
        """Volume of the structure inside the dose grid."""
        return float(self._volume[-1]) * self.voxel_volume_ml

    @property
    def mean_gy(self) -> float:
        """Mean absorbed dose."""
        parts = np.diff(self._volume, prepend=0.0)
        return float(self._dose @ parts / self._volume[-1])

    @property
    def min_gy(self) -> float:
        """Lowest dose of any part of the structure."""
        return float(self._dose[-1])

    @property
    def max_gy(self) -> float:
        """Highest dose of any part of the structure."""
        return float(self._dose[0])

    def dose_gy(self, volume_fraction: float) -> float:
        """Return D: the highest dose that at least this fraction of the volume receives.

        `dose_gy(0.95)` is D95. Raises `InputError` unless 0 < volume_fraction ≤ 1.

        >>> ramp = Dvh(np.arange(1.0, 101.0), voxel_volume_ml=0.008)
        >>> ramp.dose_gy(0.95), ramp.dose_gy(0.50), ramp.dose_gy(0.05)
        (6.0, 51.0, 96.0)
        """
        if not 0 < volume_fraction <= 1:
            raise InputError(f"a volume fraction lies in (0, 1], found {volume_fraction}")
        wanted = volume_fraction * float(self._volume[-1]) * (1 - _SLACK)
        return float(self._dose[int(np.searchsorted(self._volume, wanted, side="left"))])

    def dose_to_volume_gy(self, volume_ml: float) -> float:
        """Return the highest dose that at least `volume_ml` receives.

        Raises `InputError` when the structure is smaller than that.
        """
        if not 0 < volume_ml <= self.volume_ml * (1 + _SLACK):
            raise InputError(
                f"the structure has {self.volume_ml:.3g} mL; the dose to {volume_ml:.3g} mL of it "
                "does not exist"
            )
        return self.dose_gy(min(1.0, volume_ml / self.volume_ml))

    def volume_fraction(self, dose_gy: float) -> float:
        """Return V: the fraction of the volume that receives at least `dose_gy`.

        >>> Dvh(np.arange(1.0, 101.0), voxel_volume_ml=0.008).volume_fraction(51.0)
        0.5
        """
        n_at_least = int(np.searchsorted(-self._dose, -dose_gy, side="right"))
        if n_at_least == 0:
            return 0.0
        return float(self._volume[n_at_least - 1] / self._volume[-1])

    def weighted_doses(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return doses (n,) in Gy, the highest first, and the part of the volume with each."""
        parts = np.diff(self._volume, prepend=0.0)
        return self._dose, parts / self._volume[-1]

    def curve(self, n_points: int = 200) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return doses (n_points,) from 0 to the maximum and the volume fractions there."""
        doses = np.linspace(0.0, max(self.max_gy, 0.0), n_points)
        index = np.searchsorted(-self._dose, -doses, side="right")
        cumulative = np.concatenate(([0.0], self._volume))
        return doses, cumulative[index] / self._volume[-1]
