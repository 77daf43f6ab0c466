"""Solid shapes as signed distances: negative inside, about a millimetre per millimetre."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid

Distance = NDArray[np.float32]
"""Signed distance in mm of every voxel centre of a box; negative inside."""

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Space:
    """The coordinates of a box of voxels of a grid whose k, j, i run along z, y, x.

    `x`, `y` and `z` are in LPS mm, shaped to broadcast to the box (k, j, i).
    """

    box: Box
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    z: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels of the box."""
        return self.z.shape[0], self.y.shape[1], self.x.shape[2]


def space_of(
    grid: Grid,
    low_mm: Sequence[float] = (-np.inf,) * 3,
    high_mm: Sequence[float] = (np.inf,) * 3,
) -> Space:
    """Return the voxels of a grid whose centres lie between two corners (x, y, z)."""
    axes = []
    for axis in range(3):
        step = np.zeros((grid.shape[axis], 3))
        step[:, axis] = np.arange(grid.shape[axis])
        axes.append(grid.lps_mm(step)[:, 2 - axis].astype(np.float32))
    sides: list[slice] = []
    for axis, at in enumerate(axes):
        first = int(np.searchsorted(at, low_mm[2 - axis], side="left"))
        last = int(np.searchsorted(at, high_mm[2 - axis], side="right"))
        sides.append(slice(first, max(first, last)))
    k, j, i = (at[side] for at, side in zip(axes, sides, strict=True))
    return Space(
        (sides[0], sides[1], sides[2]), i[None, None, :], j[None, :, None], k[:, None, None]
    )


def rotation(turned_deg: Sequence[float]) -> NDArray[np.float64]:
    """Return the matrix that turns about x, then y, then z."""
    made = np.eye(3)
    for axis, degrees in enumerate(turned_deg):
        angle = np.deg2rad(degrees)
        first, second = [(1, 2), (2, 0), (0, 1)][axis]
        turn = np.eye(3)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[first, second] = -np.sin(angle)
        turn[second, first] = np.sin(angle)
        made = turn @ made
    return made


def superquadric(space: Space, shape: Mapping[str, Any], *, scale: float = 1.0) -> Distance:
    """Return the distance to Σ |u/semi-axis|^exponent = 1, in the shape's own turned axes.

    Exact on the surface; away from it scaled by the smallest semi-axis.
    """
    semi_axes = np.asarray(shape["semi_axes_mm"], dtype=np.float64) * scale
    exponent = float(shape["exponent"])
    turn = rotation(shape["turned_deg"])
    centre = shape["centre_mm"]
    away = (space.x - np.float32(centre[0]), space.y - np.float32(centre[1]))
    offsets = (*away, space.z - np.float32(centre[2]))
    total = np.zeros(space.shape, dtype=np.float32)
    for axis in range(3):
        own = sum(
            np.float32(turn[world, axis] / semi_axes[axis]) * offsets[world] for world in range(3)
        )
        total += np.abs(own) ** np.float32(exponent)
    radius: Distance = (total ** np.float32(1 / exponent) - 1) * np.float32(semi_axes.min())
    return radius


def cylinder(
    space: Space,
    centre_mm: Sequence[float],
    half_width_mm: float,
    half_depth_mm: float,
    exponent: float = 2.0,
) -> Distance:
    """Return the distance to an upright (super)elliptic column, shaped (1, j, i)."""
    across = np.abs((space.x - np.float32(centre_mm[0])) / np.float32(half_width_mm))
    deep = np.abs((space.y - np.float32(centre_mm[1])) / np.float32(half_depth_mm))
    radius = (across**exponent + deep**exponent) ** (1 / exponent)
    made: Distance = ((radius - 1) * min(half_width_mm, half_depth_mm)).astype(np.float32)
    return made


def tube(space: Space, points_mm: Sequence[Sequence[float]], radii_mm: Sequence[float]) -> Distance:
    """Return the distance to a tube along a polyline whose radius changes from point to point."""
    nearest = np.full(space.shape, np.inf, dtype=np.float32)
    for number in range(len(points_mm) - 1):
        start = np.asarray(points_mm[number], dtype=np.float32)
        along = np.asarray(points_mm[number + 1], dtype=np.float32) - start
        x, y, z = space.x - start[0], space.y - start[1], space.z - start[2]
        part = np.clip((x * along[0] + y * along[1] + z * along[2]) / (along @ along), 0, 1)
        gap = np.sqrt(
            (x - part * along[0]) ** 2 + (y - part * along[1]) ** 2 + (z - part * along[2]) ** 2
        )
        radius = np.float32(radii_mm[number]) * (1 - part) + np.float32(radii_mm[number + 1]) * part
        np.minimum(nearest, gap - radius, out=nearest)
    return nearest


def joined(first: Distance, second: Distance, blend_mm: float) -> Distance:
    """Return the union of two shapes with a fillet (polynomial smooth minimum)."""
    mix = np.maximum(blend_mm - np.abs(first - second), 0) / blend_mm
    made: Distance = np.minimum(first, second) - mix * mix * np.float32(blend_mm / 4)
    return made


def cut(shape: Distance, by: Distance, edge_mm: float) -> Distance:
    """Return a shape without another, its new edge rounded."""
    return -joined(-shape, by, edge_mm)
