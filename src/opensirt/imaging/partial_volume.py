"""Means of structures corrected for the image's resolution (partial-volume effect).

An image of known point spread mixes neighbouring regions. When the regions are drawn and each
holds a nearly uniform concentration, the mixing is a small matrix, and solving it gives back the
means: the geometric transfer matrix of Rousset, Ma and Evans, J Nucl Med 1998;39:904-911. With
the means known the image itself can be sharpened voxel by voxel (region-based voxel-wise
correction, Thomas et al., Eur J Nucl Med Mol Imaging 2011;38:1104-1119).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.structure import Mask, Structure, StructureKind, VoxelWeights
from opensirt.errors import GeometryError, InputError
from opensirt.imaging.blur import FWHM_PER_SIGMA, blur_reach_voxels, gaussian_blur
from opensirt.imaging.mask_algebra import within, without
from opensirt.imaging.voxel_weights import voxel_weights

_SLIVER_FRACTION = 0.01
"""What is left of a structure is an edge, not a region, below this part of its volume …"""

_EDGE_RECOVERY = 0.5
"""… or when the blur leaves less than this part of it in its place."""

_FIRST_KINDS = (StructureKind.TUMOUR, StructureKind.GALLBLADDER)
"""Kinds that are cut out of whatever else covers them."""

METHOD = (
    "geometric transfer matrix (Rousset et al., J Nucl Med 1998;39:904): structures taken as "
    "uniform, Gaussian point spread"
)

SomeImage = TypeVar("SomeImage", bound=Image3D)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredMean:
    """Mean of one structure as imaged and corrected, in the unit of the image."""

    uncorrected: float
    corrected: float
    recovery_coefficient: float | Missing
    """Uncorrected over corrected; not evaluable where the corrected mean is zero."""


_Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class _Region:
    """One exclusive compartment: which voxels, before and after the blur, inside a box."""

    box: _Box
    sharp: NDArray[np.float32]
    blurred: NDArray[np.float32]

    @property
    def weight(self) -> float:
        return float(self.sharp.sum(dtype=np.float64))


def recovery_corrected_means(
    image: Image3D, structures: Sequence[Structure], fwhm_mm: float
) -> Mapping[str, RecoveredMean]:
    """Return the mean of each structure as imaged and corrected for the point spread.

    Overlapping structures are cut into exclusive compartments: tumours and gallbladder first,
    then the others from the smallest to the largest, and what surrounds them all as background.
    Every compartment is taken as uniform; concentrations below zero are not admitted. A
    structure's corrected mean is the volume-weighted mean of its compartments.

    Parameters
    ----------
    image
        Concentration or counts, with voxel values that are averages over the voxel.
    structures
        All regions of different uptake; what is not among them counts as background.
    fwhm_mm
        Full width at half maximum of the image's Gaussian point spread, without the voxel.

    Returns
    -------
    Label → mean; structures that do not touch the image have none.

    Raises
    ------
    InputError
        When the width is not above zero.
    GeometryError
        When no structure touches the image, or one lies in another frame of reference.
    """
    touching = _touching(image, structures)
    model = _Model(image, touching, fwhm_mm)
    found: dict[str, RecoveredMean] = {}
    for structure in touching:
        imaged = voxel_weights(structure.mask, image.grid).mean(image)
        corrected = model.mean_in(structure)
        found[structure.label] = RecoveredMean(
            uncorrected=imaged,
            corrected=corrected,
            recovery_coefficient=imaged / corrected if corrected > 0 else Missing.NOT_EVALUABLE,
        )
    return MappingProxyType(found)


def recovery_corrected_image(
    image: SomeImage, structures: Sequence[Structure], fwhm_mm: float
) -> SomeImage:
    """Return the image with every voxel divided by the recovery that the structures predict.

    Voxel × (sharp model / blurred model), where both models hold the corrected means of
    `recovery_corrected_means`. What spilt out of the structures is taken back; texture inside
    them is kept as imaged, not sharpened. Outside the structures only the background remains.

    Raises
    ------
    InputError
        When the width is not above zero.
    GeometryError
        When no structure touches the image, or one lies in another frame of reference.
    """
    model = _Model(image, _touching(image, structures), fwhm_mm)
    sharp = np.full(model.shape, 0.0)
    blurred = np.full(model.shape, 0.0)
    for region, mean in zip(model.regions, model.means, strict=True):
        sharp[region.box] += mean * region.sharp
        blurred[region.box] += mean * region.blurred
    values = image.values.astype(np.float64)
    part = values[model.box]
    known = blurred > 0
    part[known] *= sharp[known] / blurred[known]
    return replace(image, values=values.astype(np.float32))


def recovered_model(
    image: SomeImage, structures: Sequence[Structure], fwhm_mm: float, grid: Grid
) -> SomeImage:
    """Return what the image would be without blur if every compartment were uniform.

    The corrected means of the compartments of `recovery_corrected_means`, laid into their masks
    on another grid (best that of the masks), the background's mean around them. A dose computed
    from it has the means of the structures without the image's blur; it has no texture.

    Raises
    ------
    InputError
        When the width is not above zero.
    GeometryError
        When no structure touches the image, or one or the grid lies in another frame of reference.
    """
    model = _Model(image, _touching(image, structures), fwhm_mm)
    values = np.zeros(grid.n_voxels)
    rest = np.ones(grid.n_voxels)
    for mask, mean in model.compartments():
        weights = voxel_weights(mask, grid)
        values[weights.flat_index] += mean * weights.fraction
        rest[weights.flat_index] -= weights.fraction
    values += model.means[-1] * np.maximum(rest, 0.0)
    return replace(image, grid=grid, values=values.reshape(grid.shape).astype(np.float32))


def _touching(image: Image3D, structures: Sequence[Structure]) -> list[Structure]:
    touching = [
        one for one in structures if voxel_weights(one.mask, image.grid).flat_index.size > 0
    ]
    if not touching:
        raise GeometryError(
            "no structure touches the image; a recovery correction needs at least one: check "
            "that image and structures belong together"
        )
    return touching


class _Model:
    """Compartments on the image's voxels, and the uniform means that explain the image."""

    def __init__(self, image: Image3D, structures: Sequence[Structure], fwhm_mm: float) -> None:
        if not fwhm_mm > 0:
            raise InputError(f"the resolution of an image is above 0 mm FWHM, found {fwhm_mm}")
        self._fwhm_mm = fwhm_mm
        weights = {
            label: (mask, voxel_weights(mask, image.grid))
            for label, mask in exclusive_masks(structures).items()
        }
        inside = {label: one for label, (_, one) in weights.items() if one.flat_index.size}
        self._masks = {label: weights[label][0] for label in inside}
        boxes = {label: self._box_of(one) for label, one in inside.items()}
        self.box: _Box = _around(list(boxes.values()))
        self.shape = tuple(one.stop - one.start for one in self.box)
        values = image.values[self.box].astype(np.float64)
        regions = {label: self._region(one, boxes[label]) for label, one in inside.items()}
        self._joined = _merge_edges(structures, self._masks, regions)
        kept = [label for label in regions if self._joined[label] == label]
        self.regions = [_joined_region(label, self._joined, regions, self.shape) for label in kept]
        self.regions.append(self._background(image.grid.spacing_mm))
        self.means = _solve(self.regions, values)
        self._mean_of = dict(zip(kept, self.means[:-1], strict=True))

    def compartments(self) -> Iterator[tuple[Mask, float]]:
        """Give every exclusive mask with its mean."""
        for label, mask in self._masks.items():
            yield mask, self._mean_of[self._joined[label]]

    def mean_in(self, structure: Structure) -> float:
        """Volume-weighted mean of the compartments that lie in the structure."""
        volume, held = 0.0, 0.0
        for label, mask in self._masks.items():
            inside = (
                mask.volume_ml
                if label == structure.label
                else within(mask, structure.mask).volume_ml
            )
            volume += inside
            held += inside * self._mean_of[self._joined[label]]
        return held / volume

    def _box_of(self, weights: VoxelWeights) -> _Box:
        index = np.unravel_index(weights.flat_index, weights.grid.shape)
        reach = [
            blur_reach_voxels(self._fwhm_mm / FWHM_PER_SIGMA / mm) for mm in weights.grid.spacing_mm
        ]
        sides = [
            slice(max(0, int(one.min()) - r), min(n, int(one.max()) + r + 1))
            for one, r, n in zip(index, reach, weights.grid.shape, strict=True)
        ]
        return sides[0], sides[1], sides[2]

    def _region(self, weights: VoxelWeights, box: _Box) -> _Region:
        start = np.array([one.start for one in box])
        shape = tuple(one.stop - one.start for one in box)
        index = np.stack(np.unravel_index(weights.flat_index, weights.grid.shape)) - start[:, None]
        sharp = np.zeros(shape, dtype=np.float32)
        sharp[tuple(index)] = weights.fraction
        inner = _shifted(box, self.box)
        return _Region(inner, sharp, gaussian_blur(sharp, self._fwhm_mm, weights.grid.spacing_mm))

    def _background(self, spacing_mm: Sequence[float]) -> _Region:
        rest = np.ones(self.shape, dtype=np.float32)
        for region in self.regions:
            rest[region.box] -= region.sharp
        np.maximum(rest, 0.0, out=rest)  # round-off, and the sampling noise of oblique masks
        everything = (slice(None), slice(None), slice(None))
        blurred = gaussian_blur(rest, self._fwhm_mm, spacing_mm, beyond="nearest")
        return _Region(everything, rest, blurred)


def exclusive_masks(structures: Sequence[Structure]) -> dict[str, Mask]:
    """Cut structures into compartments without overlap; a structure all covered has none.

    Tumours and gallbladder first, then the others from the smallest to the largest.
    """
    ordered = sorted(structures, key=lambda one: (one.kind not in _FIRST_KINDS, one.volume_ml))
    masks: dict[str, Mask] = {}
    taken: list[Mask] = []
    for structure in ordered:
        rest = without(structure.mask, taken)
        if rest.values.any():
            masks[structure.label] = rest
        taken.append(structure.mask)
    return masks


def _merge_edges(
    structures: Sequence[Structure], masks: Mapping[str, Mask], regions: Mapping[str, _Region]
) -> dict[str, str]:
    """Map every compartment to itself, or to the largest one of its structure if it is an edge."""
    joined = {label: label for label in masks}
    for structure in structures:
        label = structure.label
        if label not in masks or structure.kind in _FIRST_KINDS:
            continue
        region = regions[label]
        left = masks[label].volume_ml / structure.volume_ml
        if left == 1.0:
            continue
        recovery = float((region.sharp * region.blurred).sum(dtype=np.float64)) / region.weight
        if left >= _SLIVER_FRACTION and recovery >= _EDGE_RECOVERY:
            continue
        shares = {
            other: within(mask, structure.mask).volume_ml
            for other, mask in masks.items()
            if other != label and joined[other] == other
        }
        if shares:
            joined[label] = max(shares, key=lambda other: shares[other])
    return {label: _last(label, joined) for label in joined}


def _last(label: str, joined: Mapping[str, str]) -> str:
    while joined[label] != label:
        label = joined[label]
    return label


def _joined_region(
    label: str,
    joined: Mapping[str, str],
    regions: Mapping[str, _Region],
    shape: tuple[int, ...],
) -> _Region:
    parts = [regions[other] for other, to in joined.items() if to == label]
    if len(parts) == 1:
        return parts[0]
    sharp = np.zeros(shape, dtype=np.float32)
    blurred = np.zeros(shape, dtype=np.float32)
    for part in parts:
        sharp[part.box] += part.sharp
        blurred[part.box] += part.blurred
    return _Region((slice(None), slice(None), slice(None)), sharp, blurred)


def _solve(regions: Sequence[_Region], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means T ≥ 0 of observed_i = Σ_j transfer_ij T_j (Rousset 1998, equation 6)."""
    from scipy.optimize import nnls

    n = len(regions)
    transfer = np.zeros((n, n))
    observed = np.zeros(n)
    for row, one in enumerate(regions):
        weight = one.weight
        if weight <= 0:
            transfer[row, row] = 1.0
            continue
        observed[row] = float((one.sharp * values[one.box]).sum(dtype=np.float64)) / weight
        for column, other in enumerate(regions):
            transfer[row, column] = _shared(one, other, values.shape) / weight
    means, _ = nnls(transfer, observed)
    return np.asarray(means, dtype=np.float64)


def _shared(one: _Region, other: _Region, shape: tuple[int, ...]) -> float:
    """Sum of the sharp weights of one region times the blurred weights of another."""
    mine, theirs = _resolved(one.box, shape), _resolved(other.box, shape)
    common = [
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(mine, theirs, strict=True)
    ]
    if any(side.start >= side.stop for side in common):
        return 0.0
    left = tuple(
        slice(c.start - a.start, c.stop - a.start) for c, a in zip(common, mine, strict=True)
    )
    right = tuple(
        slice(c.start - b.start, c.stop - b.start) for c, b in zip(common, theirs, strict=True)
    )
    return float((one.sharp[left] * other.blurred[right]).sum(dtype=np.float64))


def _resolved(box: _Box, shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(*side.indices(n)[:2]) for side, n in zip(box, shape, strict=True))


def _shifted(box: _Box, outer: _Box) -> _Box:
    sides = [slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, outer, strict=True)]
    return sides[0], sides[1], sides[2]


def _around(boxes: Sequence[_Box]) -> _Box:
    sides = [
        slice(min(one[axis].start for one in boxes), max(one[axis].stop for one in boxes))
        for axis in range(3)
    ]
    return sides[0], sides[1], sides[2]
