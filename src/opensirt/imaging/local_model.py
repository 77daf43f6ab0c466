"""One structure and its surroundings on a small grid of their own, ready to be moved and blurred.

Where a small structure lies, how large it is and how sharp the image is decide together what its
concentration is. Here all three are arguments: the contour is moved against the image, its edge
outwards or inwards, the point spread made wider or narrower, and the concentrations that explain
the image are found anew each time. For the fit the compartments are uniform (symmetric geometric
transfer matrix: Sattarivand et al., Phys Med Biol 2012;57:7101-7116, least squares with blurred
compartments). Then the image is divided by what the fit predicts and multiplied with the sharp
compartments, which keeps its texture (region-based voxel-wise correction: Thomas et al., Eur J
Nucl Med Mol Imaging 2011;38:1104-1119).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import Image3D
from opensirt.domain.structure import Mask
from opensirt.errors import InputError
from opensirt.imaging.blur import FWHM_PER_SIGMA
from opensirt.imaging.edge import edge_distance_mm, fraction_inside
from opensirt.imaging.patch import fractions_on, interpolated_on, patch_around
from opensirt.units import ML_PER_MM3

_REACH_MM = 12.0
"""The fit looks this far beyond the edge; farther away other uptake decides."""

_VOXELS = 30_000
"""Of a patch, about: few enough to be explained anew for every draw."""

FINER_VOXELS = 240_000
"""Of a patch of finer voxels, which tells what the steps of the other do to a dose."""

_LEAST_SHARE = 0.02
"""A compartment with less than this part of what surrounds the structure is no compartment."""

_NEAR_MM = 4.0
"""What surrounds a structure goes on into it by an average over this length."""

_STEPS, _LONGEST_STEP_MM, _DONE_MM = 12, 2.5, 0.01
"""Of the search for the place: how many, how long, and when the last was taken."""

_WHOLE = 0.5
_TINY = 1e-9

_PAIRS = 0.1
"""Distances at which less than this part of the voxels have a partner tell nothing."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Place:
    """Where the image puts a contour: how far to move it, and how sure that is.

    `precision_per_mm2` is the inverse covariance matrix of the move, (3, 3); both in LPS.
    """

    shift_mm: Array
    precision_per_mm2: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Realisation:
    """One possible truth on the patch."""

    values: Array
    """Concentration without blur, in the image's unit."""
    fraction: Array
    """Part of each voxel inside the structure."""


class LocalModel:
    """A structure and its surroundings on a patch of the image.

    Parameters
    ----------
    image
        Concentrations, voxel values being averages over the voxel.
    mask
        The structure.
    others
        Further compartments, overlapping neither the structure nor each other; what is in none
        of them is one more.
    fwhm_mm
        Stated full width at half maximum of the image's point spread, without the voxel.
    shift_mm
        Contours may be moved by so much along each axis.
    n_voxels
        Of the patch, about.

    Raises
    ------
    InputError
        When the width is not above zero.
    GeometryError
        When image and masks lie in different frames of reference.
    """

    def __init__(
        self,
        image: Image3D,
        mask: Mask,
        others: Sequence[Mask],
        *,
        fwhm_mm: float,
        shift_mm: float,
        n_voxels: int = _VOXELS,
    ) -> None:
        if not fwhm_mm > 0:
            raise InputError(f"the resolution of an image is above 0 mm FWHM, found {fwhm_mm}")
        self.fwhm_mm = fwhm_mm
        self._shift_mm = shift_mm
        self.grid = patch_around(mask, margin_mm=_REACH_MM + shift_mm + fwhm_mm, n_voxels=n_voxels)
        drawn = fractions_on(mask, self.grid)
        self._distance_mm = edge_distance_mm(drawn, self.grid.spacing_mm, mask.grid.spacing_mm)
        self.depth_mm = -float(self._distance_mm.min())
        self._window = self._distance_mm <= _REACH_MM
        self._around = _shares(
            drawn, [fractions_on(one, self.grid) for one in others], self._window, self.grid
        )
        self._waves = _waves(self.grid)
        self._sampled = _sampling(self._waves, image.grid, self.grid)
        self._spectrum = self._to_waves(interpolated_on(image, self.grid))

    def _to_waves(self, values: Array) -> NDArray[np.complex128]:
        from scipy.fft import rfftn

        return np.asarray(rfftn(values))

    def _filtered(self, spectrum: NDArray[np.complex128], along: Sequence[NDArray[Any]]) -> Array:
        from scipy.fft import irfftn

        k, j, i = along
        shaped = k[:, None, None] * j[None, :, None] * i[None, None, :]
        return np.asarray(irfftn(spectrum * shaped, self.grid.shape))

    def _seen_from(self, shift_mm: Array) -> Array:
        """Return the image as it lies under contours that are moved by `shift_mm` (LPS)."""
        along = self.grid.directions.T @ shift_mm
        turns = [
            np.exp(2j * np.pi * wave * mm) for wave, mm in zip(self._waves, along, strict=True)
        ]
        return self._filtered(self._spectrum, turns)

    def _blurred(self, values: Array, fwhm_mm: float) -> Array:
        variance = (fwhm_mm / FWHM_PER_SIGMA) ** 2
        passed = [np.exp(-2 * np.pi**2 * variance * wave**2) for wave in self._waves]
        return self._filtered(self._to_waves(values) * self._sampled, passed)

    def _compartments(self, edge_mm: float) -> list[Array]:
        """Return the sharp compartments, the structure first."""
        inside = fraction_inside(self._distance_mm - edge_mm, self.grid.spacing_mm)
        return [inside, *((1 - inside) * share for share in self._around)]

    def _fit(self, seen: Array, fields: Sequence[Array]) -> Array:
        """Return the factors of the fields whose sum explains the image best in the window."""
        columns = np.stack([one[self._window] for one in fields])
        found, *_ = np.linalg.lstsq(columns @ columns.T, columns @ seen[self._window], rcond=None)
        return np.asarray(found, dtype=np.float64)

    def place(self) -> Place:
        """Return where the image puts the structure, from the contour as drawn.

        Gauss–Newton steps of the shift, with the concentrations fitted anew. What the model does
        not explain counts as noise that is alike over one sample of (4πs²)^(3/2), s being the
        standard deviation of the point spread, or over more where what is left shows that.
        """
        blurred = [self._blurred(one, self.fwhm_mm) for one in self._compartments(0.0)]
        shift = np.zeros(3)
        slopes: list[Array] = []
        for _ in range(_STEPS):
            seen = self._seen_from(shift)
            model = _summed(self._fit(seen, blurred), blurred)
            slopes = list(np.gradient(model, *self.grid.spacing_mm))
            found = self._fit(seen, [*blurred, *slopes])[-3:]
            step = np.clip(found, -_LONGEST_STEP_MM, _LONGEST_STEP_MM)
            before, shift = shift, shift - self.grid.directions @ step
            shift = np.clip(shift, -self._shift_mm, self._shift_mm)
            if np.abs(shift - before).max() < _DONE_MM:
                break
        seen = self._seen_from(shift)
        left = seen - _summed(self._fit(seen, blurred), blurred)
        return Place(shift_mm=shift, precision_per_mm2=self._precision(left, blurred, slopes))

    def _precision(self, left: Array, blurred: Sequence[Array], slopes: Sequence[Array]) -> Array:
        """Return the inverse covariance of the shift from what the model leaves unexplained."""
        inside = self._window
        gradient = np.stack([one[inside] for one in slopes], axis=1)
        columns = np.stack([one[inside] for one in blurred], axis=1)
        own = gradient - columns @ np.linalg.lstsq(columns, gradient, rcond=None)[0]
        weight = (own**2).sum(axis=1)
        if not weight.sum() > 0:
            return np.zeros((3, 3))
        variance = float(weight @ left[inside] ** 2 / weight.sum())
        sample_ml = (4 * np.pi * (self.fwhm_mm / FWHM_PER_SIGMA) ** 2) ** 1.5 * ML_PER_MM3
        alike = max(sample_ml, self._alike_ml(left)) / self.grid.voxel_volume_ml
        if not variance > 0:
            raise InputError("the model explains the image to the last digit; is it an image?")
        precision = own.T @ own / (variance * max(1.0, alike))
        turned: Array = self.grid.directions @ precision @ self.grid.directions.T
        return turned

    def _alike_ml(self, left: Array) -> float:
        """Return the volume over which a residual is alike, ∫ρ of its autocorrelation ρ.

        From ∫ρ², which noise of the estimate disturbs less: for a Gaussian ρ the first is
        2^(3/2) times the second.
        """
        from scipy.fft import irfftn, next_fast_len, rfftn

        shape = [next_fast_len(2 * n, real=True) for n in left.shape]
        held = np.where(self._window, left - left[self._window].mean(), 0.0)
        together = irfftn(np.abs(rfftn(held, shape)) ** 2, shape)
        pairs = irfftn(np.abs(rfftn(self._window.astype(np.float64), shape)) ** 2, shape)
        many = pairs > _PAIRS * pairs.max()
        rho = together[many] / pairs[many]
        rho /= rho.max()
        return float(2**1.5 * (rho**2).sum()) * self.grid.voxel_volume_ml

    def realise(self, shift_mm: Array, *, fwhm_mm: float, edge_mm: float) -> Realisation:
        """Return the truth if contour, resolution and edge are so.

        Parameters
        ----------
        shift_mm : (3,)
            Move of the contour from where it is drawn, LPS.
        edge_mm
            How far the edge lies outside the drawn one.
        """
        sharp = self._compartments(edge_mm)
        blurred = [self._blurred(one, fwhm_mm) for one in sharp]
        seen = self._seen_from(shift_mm)
        means = np.maximum(self._fit(seen, blurred), 0.0)
        true, model = _summed(means, sharp), _summed(means, blurred)
        values = np.divide(true * seen, model, out=np.zeros_like(true), where=model > 0)
        return Realisation(values=values, fraction=sharp[0])

    def as_imaged(self) -> Realisation:
        """Return the image itself under the contour as drawn."""
        return Realisation(values=self._seen_from(np.zeros(3)), fraction=self._compartments(0.0)[0])


def _summed(factors: Array, fields: Sequence[Array]) -> Array:
    made: Array = sum(
        (factor * one for factor, one in zip(factors, fields, strict=True)),
        np.zeros_like(fields[0]),
    )
    return made


def _waves(grid: Grid) -> list[Array]:
    """Return the frequencies of a real transform along each axis, per millimetre."""
    (k, j, i), (k_mm, j_mm, i_mm) = grid.shape, grid.spacing_mm
    made = np.fft.fftfreq(k, k_mm), np.fft.fftfreq(j, j_mm), np.fft.rfftfreq(i, i_mm)
    return [np.asarray(one, dtype=np.float64) for one in made]


def _shares(
    drawn: Array, others: Sequence[Array], window: NDArray[np.bool_], grid: Grid
) -> list[Array]:
    """Return how the compartments around a structure share every voxel, also inside it."""
    from scipy.ndimage import gaussian_filter

    parts = list(others)
    parts.append(np.maximum(1.0 - drawn - sum(parts, np.zeros_like(drawn)), 0.0))
    held = np.array([float(one[window].sum()) for one in parts])
    largest = int(np.argmax(held))
    for n, part in enumerate(parts):
        if n != largest and held[n] < _LEAST_SHARE * held.sum():
            parts[largest] = parts[largest] + part
    kept = [
        one for n, one in enumerate(parts) if n == largest or held[n] >= _LEAST_SHARE * held.sum()
    ]
    sigma = [_NEAR_MM / mm for mm in grid.spacing_mm]
    near = [gaussian_filter(one, sigma, mode="nearest") for one in kept]
    outside, around = (sum(some, np.zeros_like(drawn)) for some in (kept, near))
    known = outside > _WHOLE
    even = 1.0 / len(kept)
    return [
        np.where(
            known,
            part / np.where(known, outside, 1.0),
            np.divide(close, around, out=np.full_like(drawn, even), where=around > _TINY),
        )
        for part, close in zip(kept, near, strict=True)
    ]


def _sampling(waves: Sequence[Array], image: Grid, patch: Grid) -> Array:
    """Return what voxels and their interpolation leave of each frequency of a patch, in the mean.

    A voxel of side a holds the average over it, sinc(fa); cubic splines through such values pass
    sinc⁴(fa) / (2/3 + cos(2πfa)/3) (Unser, Aldroubi and Eden, IEEE Trans Signal Process
    1993;41:821-833). What is folded back from beyond the voxels' own frequencies has no mean over
    the places where a voxel may lie. An axis of a single voxel is left as it is.
    """
    k, j, i = np.meshgrid(*waves, indexing="ij")
    per_mm = np.stack((k, j, i), axis=-1) @ (patch.directions.T @ image.directions)
    made = np.ones(k.shape)
    for axis, (side_mm, n) in enumerate(zip(image.spacing_mm, image.shape, strict=True)):
        if n == 1:
            continue
        along = per_mm[..., axis] * side_mm
        made *= np.sinc(along) ** 5 / ((2 + np.cos(2 * np.pi * along)) / 3)
    return made
