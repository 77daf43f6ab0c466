"""Connected uptake outside liver and lungs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.image import Image3D
from opensirt.domain.structure import Mask
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.reference.table import read_table

_HALF = 0.5


@dataclass(frozen=True, eq=False, kw_only=True)
class Focus:
    """One focus: voxels of the image and what they hold above the background."""

    mask: Mask
    """Voxels above half of the peak, on the grid of the image."""
    held: float
    """Sum of the voxels of the focus and of what is blurred around it, background taken off."""
    centre_mm: tuple[float, float, float]


def foci_outside(
    image: Image3D, *, liver: Mask, lungs: Sequence[Mask], normal_mean: float
) -> tuple[Focus, ...]:
    """Return the foci of an image outside liver and lungs, the largest uptake first.

    Voxels farther than a gap from liver and lungs (their spill-out) and above a part of the
    normal liver's mean and a multiple of the background, connected by faces, edges or corners,
    of a least volume (reference/work_up_rules, foci). Uptake that touches the liver cannot be
    told from its spill-out and is not found.

    Parameters
    ----------
    liver, lungs
        Native masks in the image's frame of reference.
    normal_mean
        Mean of the normal liver in the image's unit.

    Raises
    ------
    GeometryError
        When frames of reference differ.
    """
    from scipy.ndimage import distance_transform_edt, generate_binary_structure, label

    rule = read_table("work_up_rules")["foci"]
    grid = image.grid
    away = _distance_mm(_inside([liver], image), image)
    if lungs:
        allowed = (away > rule["gap_mm"]) & (
            _distance_mm(_inside(lungs, image), image) > rule["gap_mm"]
        )
    else:
        allowed = away > rule["gap_mm"]
    around = allowed & (away <= rule["background_to_mm"])
    background = 0.0
    if around.any():
        background = max(float(np.quantile(image.values[around], rule["background_quantile"])), 0.0)
    threshold = max(
        rule["part_of_normal_liver"] * normal_mean, rule["times_background"] * background
    )
    labelled, n_found = label(allowed & (image.values > threshold), generate_binary_structure(3, 3))
    if not n_found:
        return ()
    sizes_ml = np.bincount(labelled.reshape(-1))[1:] * grid.voxel_volume_ml
    kept = np.flatnonzero(sizes_ml >= rule["volume_ml_at_least"]) + 1
    if not kept.size:
        return ()
    seeds = np.where(np.isin(labelled, kept), labelled, 0)
    distance, nearest = distance_transform_edt(
        seeds == 0, sampling=grid.spacing_mm, return_indices=True
    )
    owner = seeds[tuple(nearest)]
    owner[(distance > rule["gather_mm"]) | ~allowed] = 0
    made = [_focus(image, owner == number, background) for number in kept]
    return tuple(sorted(made, key=lambda one: one.held, reverse=True))


def _focus(image: Image3D, gathered: NDArray[np.bool_], background: float) -> Focus:
    net = np.where(gathered, image.values.astype(np.float64) - background, 0.0)
    above = net > _HALF * net.max()
    index = np.argwhere(above)
    centre = image.grid.lps_mm(np.average(index, axis=0, weights=net[above]))
    x, y, z = (float(one) for one in centre)
    return Focus(
        mask=Mask(image.grid, above), held=float(net.sum(dtype=np.float64)), centre_mm=(x, y, z)
    )


def _inside(masks: Sequence[Mask], image: Image3D) -> NDArray[np.bool_]:
    covered = np.zeros(image.grid.n_voxels)
    for one in masks:
        weights = voxel_weights(one, image.grid)
        covered[weights.flat_index] += weights.fraction
    made: NDArray[np.bool_] = (covered >= _HALF).reshape(image.grid.shape)
    return made


def _distance_mm(inside: NDArray[np.bool_], image: Image3D) -> NDArray[np.float64]:
    from scipy.ndimage import distance_transform_edt

    if not inside.any():
        return np.full(inside.shape, np.inf)
    return np.asarray(distance_transform_edt(~inside, sampling=image.grid.spacing_mm))
