"""Phantoms small enough to be worked out by hand, and ways to move and store them differently.

Every phantom states the exact truth of its voxels: volumes count voxels, means and totals follow
from the concentrations that were asked for. The transformations keep each voxel's content and
change only where it lies or in which order it is stored, so no figure of a structure may change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid, frame_of_reference_uid
from opensirt.domain.image import ActivityMap, DensityMap, Event
from opensirt.domain.structure import Mask, Structure, StructureKind
from opensirt.errors import GeometryError, InputError
from opensirt.imaging.density import uniform_density

PHANTOM_FRAME = "analytic-phantom"


@dataclass(frozen=True, eq=False, kw_only=True)
class AnalyticPhantom:
    """Activity, density and structures on one grid, with their exact truth.

    `true_mean_bq_per_ml` and `true_volume_ml` map a structure's label to its mean concentration
    and to the volume of its voxels; `true_activity_bq` is the total of the whole grid.
    """

    activity: ActivityMap
    density: DensityMap
    structures: tuple[Structure, ...]
    true_mean_bq_per_ml: Mapping[str, float]
    true_volume_ml: Mapping[str, float]
    true_activity_bq: float

    def __post_init__(self) -> None:
        for name in ("true_mean_bq_per_ml", "true_volume_ml"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def grid(self) -> Grid:
        """The grid that everything lies on."""
        return self.activity.grid

    def structure(self, label: str) -> Structure:
        """Return one structure; raise `KeyError` when there is none of that label."""
        return {one.label: one for one in self.structures}[label]


def centred_grid(
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
    frame: str = PHANTOM_FRAME,
) -> Grid:
    """Return a grid around the origin whose k, j, i run to the head, the back and the left.

    >>> centred_grid((3, 3, 3), (2.0, 2.0, 2.0)).lps_mm((1, 1, 1)).tolist()
    [0.0, 0.0, 0.0]
    """
    affine = np.zeros((4, 4))
    affine[(2, 1, 0), (0, 1, 2)] = spacing_mm
    affine[:3, 3] = -(affine[:3, :3] @ (np.array(shape) - 1.0)) / 2
    affine[3, 3] = 1.0
    return Grid(shape, affine, frame_of_reference_uid(frame))


def uniform_slab(
    grid: Grid,
    *,
    n_slices: int,
    concentration_bq_per_ml: float,
    density_kg_per_ml: float,
    radionuclide: str = "Y-90",
) -> AnalyticPhantom:
    """Return a slab of the first slices along k with uniform uptake; nothing in the others.

    Raises
    ------
    InputError
        When the slab has no slice or more than the grid.
    """
    if not 1 <= n_slices <= grid.shape[0]:
        raise InputError(f"a slab has 1 to {grid.shape[0]} slices of this grid, found {n_slices}")
    inside = np.zeros(grid.shape, dtype=np.bool_)
    inside[:n_slices] = True
    part = Structure("slab", StructureKind.OTHER, Mask(grid, inside))
    return _piecewise(grid, [(part, concentration_bq_per_ml)], density_kg_per_ml, radionuclide)


def sphere(
    grid: Grid,
    *,
    diameter_mm: float,
    concentration_bq_per_ml: float,
    density_kg_per_ml: float,
    centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
    radionuclide: str = "Y-90",
) -> AnalyticPhantom:
    """Return a sphere (the voxels whose centres lie in it) with uniform uptake in cold tissue.

    Raises
    ------
    GeometryError
        When the sphere does not lie wholly inside the grid, or holds no voxel centre.
    """
    part = Structure("sphere", StructureKind.TUMOUR, ball(grid, centre_mm, diameter_mm))
    return _piecewise(grid, [(part, concentration_bq_per_ml)], density_kg_per_ml, radionuclide)


def two_compartments(
    grid: Grid,
    *,
    liver_diameter_mm: float,
    tumour_diameter_mm: float,
    normal_bq_per_ml: float,
    tumour_to_normal_ratio: float,
    density_kg_per_ml: float,
    radionuclide: str = "Y-90",
) -> AnalyticPhantom:
    """Return a spherical liver with a spherical tumour in its middle: the partition model's world.

    Raises
    ------
    InputError
        When the tumour is not smaller than the liver.
    GeometryError
        When the liver does not lie inside the grid, or the tumour holds no voxel centre.
    """
    if not tumour_diameter_mm < liver_diameter_mm:
        raise InputError(
            f"a tumour of {tumour_diameter_mm:g} mm does not lie inside a liver of "
            f"{liver_diameter_mm:g} mm"
        )
    centre_mm = (0.0, 0.0, 0.0)
    liver = ball(grid, centre_mm, liver_diameter_mm)
    tumour = ball(grid, centre_mm, tumour_diameter_mm)
    normal = Mask(grid, liver.values & ~tumour.values)
    parts = [
        (
            Structure("tumour", StructureKind.TUMOUR, tumour),
            normal_bq_per_ml * tumour_to_normal_ratio,
        ),
        (Structure("normal liver", StructureKind.NORMAL_LIVER, normal), normal_bq_per_ml),
    ]
    made = _piecewise(grid, parts, density_kg_per_ml, radionuclide)
    whole = Structure("liver", StructureKind.LIVER, liver)
    return replace(
        made,
        structures=(whole, *made.structures),
        true_volume_ml={**made.true_volume_ml, "liver": liver.volume_ml},
        true_mean_bq_per_ml={
            **made.true_mean_bq_per_ml,
            "liver": made.true_activity_bq / liver.volume_ml,
        },
    )


def ramp(
    grid: Grid,
    *,
    step_bq_per_ml: float,
    density_kg_per_ml: float,
    radionuclide: str = "Y-90",
) -> AnalyticPhantom:
    """Return concentrations of 1, 2, … n steps along i: every quantile is known exactly."""
    levels = np.arange(1.0, grid.shape[2] + 1.0) * step_bq_per_ml
    values = np.broadcast_to(levels, grid.shape).astype(np.float32)
    whole = Structure("ramp", StructureKind.OTHER, Mask(grid, np.ones(grid.shape, dtype=np.bool_)))
    return AnalyticPhantom(
        activity=_activity(grid, values, radionuclide),
        density=uniform_density(grid, density_kg_per_ml),
        structures=(whole,),
        true_mean_bq_per_ml={"ramp": float(levels.mean())},
        true_volume_ml={"ramp": whole.volume_ml},
        true_activity_bq=float(levels.mean()) * whole.volume_ml,
    )


def ball(grid: Grid, centre_mm: tuple[float, float, float], diameter_mm: float) -> Mask:
    """Return the voxels whose centres lie in a sphere.

    Raises
    ------
    GeometryError
        When the sphere does not lie wholly inside the grid, or holds no voxel centre.
    """
    radius_mm = diameter_mm / 2
    middle = grid.index_of(centre_mm)
    reach = radius_mm / np.array(grid.spacing_mm)
    # In voxels, a grid reaches half a voxel beyond its outer centres.
    if (middle - reach + 0.5 < 0).any() or (middle + reach + 0.5 > grid.shape).any():
        raise GeometryError(f"a sphere of {diameter_mm:g} mm at {centre_mm} leaves the grid")
    k, j, i = (
        (np.arange(n) - at) * mm
        for n, at, mm in zip(grid.shape, middle, grid.spacing_mm, strict=True)
    )
    inside = k[:, None, None] ** 2 + j[None, :, None] ** 2 + i[None, None, :] ** 2 <= radius_mm**2
    if not inside.any():
        raise GeometryError(
            f"a sphere of {diameter_mm:g} mm at {centre_mm} holds no voxel centre of the grid"
        )
    return Mask(grid, inside)


def shifted(phantom: AnalyticPhantom, by_mm: tuple[float, float, float]) -> AnalyticPhantom:
    """Return the phantom moved in the patient's space by (x, y, z)."""
    affine = phantom.grid.affine.copy()
    affine[:3, 3] += by_mm
    return _elsewhere(phantom, affine)


def turned(
    phantom: AnalyticPhantom, degrees: float, about: tuple[float, float, float]
) -> AnalyticPhantom:
    """Return the phantom turned about an axis through the origin: its grid becomes oblique.

    The rotation is Rodrigues' formula for the unit vector along `about`.

    Raises
    ------
    InputError
        When the axis has no length.
    """
    length = float(np.linalg.norm(about))
    if not length > 0:
        raise InputError("the axis of a rotation has a length above zero")
    x, y, z = np.asarray(about, dtype=np.float64) / length
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = np.deg2rad(degrees)
    turn = np.eye(4)
    turn[:3, :3] += np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return _elsewhere(phantom, turn @ phantom.grid.affine)


def flipped(phantom: AnalyticPhantom, axis: int) -> AnalyticPhantom:
    """Return the same phantom in the same place, stored from the other end of axis 0, 1 or 2."""
    affine = phantom.grid.affine.copy()
    affine[:3, 3] += affine[:3, axis] * (phantom.grid.shape[axis] - 1)
    affine[:3, axis] *= -1
    grid = Grid(phantom.grid.shape, affine, phantom.grid.frame_of_reference_uid)
    return _stored(phantom, grid, lambda values: np.flip(values, axis))


def permuted(phantom: AnalyticPhantom, order: tuple[int, int, int]) -> AnalyticPhantom:
    """Return the same phantom in the same place, with its axes stored in another order.

    Raises
    ------
    InputError
        When `order` is no permutation of 0, 1, 2.
    """
    if sorted(order) != [0, 1, 2]:
        raise InputError(f"an order of axes is a permutation of 0, 1, 2; found {order}")
    k, j, i = (phantom.grid.shape[axis] for axis in order)
    affine = phantom.grid.affine[:, [*order, 3]]
    grid = Grid((k, j, i), affine, phantom.grid.frame_of_reference_uid)
    return _stored(phantom, grid, lambda values: np.transpose(values, order))


def _activity(grid: Grid, values: NDArray[np.float32], radionuclide: str) -> ActivityMap:
    return ActivityMap(
        grid=grid, values=values, radionuclide=radionuclide, reference_at=Event.ADMINISTRATION
    )


def _piecewise(
    grid: Grid,
    parts: Sequence[tuple[Structure, float]],
    density_kg_per_ml: float,
    radionuclide: str,
) -> AnalyticPhantom:
    """Fill disjoint structures uniformly; nothing lies around them."""
    values = np.zeros(grid.shape, dtype=np.float32)
    for structure, concentration_bq_per_ml in parts:
        values[structure.mask.values] = concentration_bq_per_ml
    return AnalyticPhantom(
        activity=_activity(grid, values, radionuclide),
        density=uniform_density(grid, density_kg_per_ml),
        structures=tuple(structure for structure, _ in parts),
        true_mean_bq_per_ml={structure.label: mean for structure, mean in parts},
        true_volume_ml={structure.label: structure.volume_ml for structure, _ in parts},
        true_activity_bq=sum(mean * structure.volume_ml for structure, mean in parts),
    )


def _elsewhere(phantom: AnalyticPhantom, affine: NDArray[np.float64]) -> AnalyticPhantom:
    grid = Grid(phantom.grid.shape, affine, phantom.grid.frame_of_reference_uid)
    return _stored(phantom, grid, lambda values: values)


def _stored(
    phantom: AnalyticPhantom,
    grid: Grid,
    again: Callable[[NDArray[Any]], NDArray[Any]],
) -> AnalyticPhantom:
    """Put every array of the phantom, stored again by a function, on another grid."""
    return replace(
        phantom,
        activity=replace(phantom.activity, grid=grid, values=again(phantom.activity.values)),
        density=replace(phantom.density, grid=grid, values=again(phantom.density.values)),
        structures=tuple(
            replace(one, mask=Mask(grid, again(one.mask.values))) for one in phantom.structures
        ),
    )
