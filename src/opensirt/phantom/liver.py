"""The liver of the digital patient with its gallbladder, vessels and two arterial territories."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.phantom.parameters import parameters
from opensirt.phantom.shapes import (
    Distance,
    Space,
    cut,
    cylinder,
    joined,
    space_of,
    superquadric,
    tube,
)
from opensirt.phantom.trunk import Voxels, below_diaphragm, retroperitoneum, wall_distance

_MARGIN_MM = 40.0
"""Room around the lobes, for what keeps its distance from the liver."""


@dataclass(frozen=True, eq=False)
class Liver:
    """The liver inside a box of the grid; all arrays have the shape of the box.

    `outline` is the surface of liver and gallbladder together (negative inside); `right` and
    `left` are the territories, disjoint, which fill the outline; `vessels` lie inside it.
    """

    space: Space
    outline: Distance
    gallbladder: Voxels
    right: Voxels
    left: Voxels
    vessels: Voxels

    @property
    def inside(self) -> Voxels:
        """Liver and gallbladder."""
        return self.right | self.left


def make_liver(grid: Grid, rng: np.random.Generator) -> Liver:
    """Return the liver of one patient; `rng` decides its size."""
    design = parameters()["liver"]
    right, left = design["right_lobe"], design["left_lobe"]
    corners = [
        np.asarray(lobe["centre_mm"]) + sign * np.asarray(lobe["semi_axes_mm"])
        for lobe in (right, left)
        for sign in (-1, 1)
    ]
    space = space_of(
        grid, np.min(corners, axis=0) - _MARGIN_MM, np.max(corners, axis=0) + _MARGIN_MM
    )
    scale = 1 + design["size_spread"] * float(np.clip(rng.standard_normal(), -2, 2))
    right_lobe = cut(
        superquadric(space, right, scale=scale),
        _under_visceral_plane(space),
        design["visceral_plane"]["edge_mm"],
    )
    left_lobe = superquadric(space, left, scale=scale)
    outline = joined(right_lobe, left_lobe, design["blend_mm"])
    edge_mm = design["edge_mm"]
    outline = cut(outline, -wall_distance(space) - design["wall_gap_mm"], edge_mm)
    outline = cut(outline, -below_diaphragm(space), edge_mm)
    outline = cut(outline, retroperitoneum(space), edge_mm)
    for organ in parameters()["organ"]:
        if organ["label"] in ("heart", "right kidney"):
            gap_mm = parameters()["ct"]["gap_mm"]
            outline = cut(outline, superquadric(space, organ["shape"]) - gap_mm, edge_mm)
    cava = parameters()["vessel"]["vena_cava"]
    outline = cut(
        outline, cylinder(space, cava["centre_mm"], cava["radius_mm"], cava["radius_mm"]), 3.0
    )
    gallbladder = superquadric(space, parameters()["gallbladder"]["shape"])
    outline = joined(outline, gallbladder - 2.0, edge_mm)
    inside = outline <= 0
    gallbladder_voxels = (gallbladder <= 0) & inside
    # The cystic artery leaves the right hepatic artery: the gallbladder belongs to its territory.
    right_side = _right_of_middle_plane(space) | gallbladder_voxels
    return Liver(
        space=space,
        outline=outline,
        gallbladder=gallbladder_voxels,
        right=inside & right_side,
        left=inside & ~right_side,
        vessels=_vessels(space) & inside,
    )


def _under_visceral_plane(space: Space) -> Distance:
    """Return the half space below the visceral surface of the right lobe."""
    plane = parameters()["liver"]["visceral_plane"]
    normal = np.asarray(plane["normal"], dtype=np.float32)
    normal /= np.linalg.norm(normal)
    x, y, z = plane["point_mm"]
    made: Distance = (
        normal[0] * (space.x - x) + normal[1] * (space.y - y) + normal[2] * (space.z - z)
    )
    return made


def _right_of_middle_plane(space: Space) -> Voxels:
    design = parameters()["territory"]
    front, back = np.asarray(design["front_mm"]), np.asarray(design["back_mm"])
    slope = (back[0] - front[0]) / (back[1] - front[1])
    wave = design["wave_mm"] * np.sin(2 * np.pi * space.z / design["wave_length_mm"])
    made: NDArray[np.bool_] = space.x < front[0] + slope * (space.y - front[1]) + wave
    return made


def _vessels(space: Space) -> Voxels:
    made = np.zeros(space.shape, dtype=np.bool_)
    for branch in parameters()["vessel"]["tree"]:
        made |= tube(space, branch["points_mm"], branch["radii_mm"]) <= 0
    return made
