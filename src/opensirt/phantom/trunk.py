"""The trunk around the organs: outline, wall with ribs, spine, and the domes of the diaphragm."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.phantom.parameters import parameters
from opensirt.phantom.shapes import Distance, Space, cylinder

Voxels = NDArray[np.bool_]


def inside_trunk(space: Space, inset_mm: float, *, chest: bool = False) -> Voxels:
    """Return the voxels that lie in the trunk, at least `inset_mm` below its surface.

    For the `chest` cavity the wall grows thicker towards the shoulders.
    """
    trunk = parameters()["trunk"]
    top_mm, from_mm = float(space.z.max()), trunk["shoulder_from_mm"]
    above = np.clip((space.z - from_mm) / (top_mm - from_mm), 0, 1) ** 2
    narrowed = 1 - (1 - trunk["shoulder_part"]) * above
    inset = inset_mm + (trunk["shoulder_mm"] * above if chest else 0.0)
    across = np.abs(space.x) / (trunk["half_width_mm"] * narrowed - inset)
    deep = np.abs(space.y) / (trunk["half_depth_mm"] * narrowed - inset)
    made: Voxels = across ** trunk["exponent"] + deep ** trunk["exponent"] <= 1
    return made


def wall_distance(space: Space) -> Distance:
    """Return the distance to the inner side of the wall, below the shoulders (1, j, i)."""
    trunk = parameters()["trunk"]
    return cylinder(
        space,
        (0.0, 0.0),
        trunk["half_width_mm"] - trunk["wall_mm"],
        trunk["half_depth_mm"] - trunk["wall_mm"],
        trunk["exponent"],
    )


def ribs(space: Space) -> Voxels:
    """Return the ribs: slanted stripes of the wall, above the costal margin."""
    trunk = parameters()["trunk"]
    low, high = trunk["rib_from_inside_mm"]
    made = inside_trunk(space, trunk["wall_mm"] - high, chest=True)
    made &= ~inside_trunk(space, trunk["wall_mm"] - low, chest=True)
    phase = (space.z - trunk["rib_slope"] * space.y) / trunk["rib_pitch_mm"]
    margin_mm = trunk["costal_margin_back_mm"] - trunk["costal_margin_slope"] * np.minimum(
        space.y, 0
    )
    made &= (phase - np.floor(phase) < trunk["rib_part"]) & (space.z > margin_mm)
    return made


def add_spine(space: Space, hu: NDArray[np.float32]) -> Voxels:
    """Draw vertebrae, discs, canal and arches into a CT; return the vertebrae with their discs."""
    spine, numbers = parameters()["spine"], parameters()["hu"]
    x_mm, y_mm = spine["centre_mm"]
    body = cylinder(space, (x_mm, y_mm), spine["half_width_mm"], spine["half_depth_mm"])
    in_body = body[0] <= 0
    phase = space.z[:, 0, 0] / spine["vertebra_mm"]
    disc = (phase - np.floor(phase)) * spine["vertebra_mm"] < spine["disc_mm"]
    canal_at = (x_mm, y_mm + spine["canal_offset_mm"])
    canal = cylinder(space, canal_at, spine["canal_radius_mm"], spine["canal_radius_mm"])[0]
    arch = cylinder(space, canal_at, spine["arch_radius_mm"], spine["arch_radius_mm"])[0]
    half_width_mm, reach_mm = spine["process_mm"]
    process = (np.abs(space.x[0] - x_mm) <= half_width_mm) & (
        (space.y[0] > canal_at[1]) & (space.y[0] < y_mm + reach_mm)
    )
    bone = np.where(body[0] > -numbers["cortex_mm"], numbers["cortex"], numbers["vertebra"])
    for number in range(space.shape[0]):
        layer = hu[number]
        if disc[number]:
            layer[in_body] = numbers["disc"]
        else:
            layer[in_body] = bone[in_body]
            behind = ((arch <= 0) | process) & ~in_body
            layer[behind] = numbers["rib"]
        layer[(canal <= 0) & ~in_body] = numbers["canal"]
    made: Voxels = np.broadcast_to(in_body, space.shape)
    return made


def retroperitoneum(space: Space) -> Distance:
    """Return the column of muscle and vessels around the spine (1, j, i)."""
    column = parameters()["spine"]["retroperitoneum"]
    return cylinder(
        space, column["centre_mm"], column["half_width_mm"], column["half_depth_mm"], 2.4
    )


def _dome(space: Space, dome: Mapping[str, Any], rules: Mapping[str, Any]) -> NDArray[np.float32]:
    x, y = space.x[0], space.y[0]
    back = (y - dome["centre_mm"][1]) / dome["half_depth_mm"]
    out = np.hypot((x - dome["centre_mm"][0]) / dome["half_width_mm"], back)
    fall_mm = rules["fall_mm"] + rules["fall_at_back_mm"] * back
    made: NDArray[np.float32] = (dome["top_mm"] - fall_mm * out ** rules["exponent"]).astype(
        np.float32
    )
    return made


def diaphragm_height(space: Space) -> NDArray[np.float32]:
    """Return the z of the diaphragm above every (y, x) of a box (j, i)."""
    rules = parameters()["diaphragm"]
    domes = [_dome(space, rules[name], rules) for name in ("right", "left", "middle")]
    made: NDArray[np.float32] = np.maximum.reduce(domes)
    return made


def below_diaphragm(space: Space) -> Distance:
    """Return the distance to the lower side of the diaphragm; negative below it."""
    height = diaphragm_height(space)
    step_y = float(space.y[0, 1, 0] - space.y[0, 0, 0])
    step_x = float(space.x[0, 0, 1] - space.x[0, 0, 0])
    by_y, by_x = np.gradient(height, step_y, step_x)
    steepness = np.sqrt(1 + by_y**2 + by_x**2).astype(np.float32)
    thickness_mm = np.float32(parameters()["diaphragm"]["thickness_mm"])
    made: Distance = (space.z - height) / steepness + thickness_mm
    return made
