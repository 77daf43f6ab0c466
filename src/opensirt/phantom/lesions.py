"""Metastases: where they lie in the liver, and their shapes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import InputError
from opensirt.phantom.liver import Liver
from opensirt.phantom.parameters import parameters
from opensirt.phantom.shapes import Box, Distance, Space
from opensirt.phantom.trunk import Voxels


@dataclass(frozen=True, eq=False)
class Lesion:
    """One metastasis inside the liver's box.

    `radius_part` is the distance from the middle over the distance to the surface, inside
    `box`, which indexes the liver's box.
    """

    territory: str
    diameter_mm: float
    box: Box
    radius_part: Distance

    def voxels(self, liver: Liver) -> Voxels:
        """Return the lesion in the liver's box."""
        made = np.zeros(liver.space.shape, dtype=np.bool_)
        made[self.box] = self.radius_part <= 1
        return made


@dataclass(frozen=True, eq=False)
class _Form:
    """A lesion before it has a place: a turned ellipsoid with a bumpy surface."""

    territory: str
    diameter_mm: float
    axes_mm: NDArray[np.float64]
    turn: NDArray[np.float32]
    waves: NDArray[np.float32]
    phases: NDArray[np.float32]

    @property
    def reach_mm(self) -> float:
        """Largest distance of the surface from the middle."""
        return float(self.axes_mm.max()) * (1 + float(parameters()["lesions"]["bumps"]))


def place_lesions(liver: Liver, spacing_mm: float, rng: np.random.Generator) -> list[Lesion]:
    """Return the lesions of one patient, largest first.

    Each lies wholly in one territory, near its surface or another lesion but away from both and
    from the gallbladder.

    Raises
    ------
    InputError
        When some lesion finds no room (the liver was designed too small).
    """
    from scipy.ndimage import distance_transform_edt

    design = parameters()["lesions"]
    forms = [
        _form(nominal_mm, territory, rng)
        for nominal_mm, territory in zip(design["diameter_mm"], design["territory"], strict=True)
    ]
    depth_mm = {
        name: distance_transform_edt(np.pad(part, 1), sampling=spacing_mm)[1:-1, 1:-1, 1:-1]
        for name, part in (("right", liver.right & ~liver.gallbladder), ("left", liver.left))
    }
    for _ in range(int(design["attempts"])):
        placed = _arranged(liver.space, forms, depth_mm, rng)
        if len(placed) == len(forms):
            return placed
    raise InputError(
        f"no room for {len(forms)} lesions of up to {forms[0].diameter_mm:.0f} mm in the liver of "
        "the digital patient; make the liver larger or the lesions smaller"
    )


def _form(nominal_mm: float, territory: str, rng: np.random.Generator) -> _Form:
    design = parameters()["lesions"]
    spread = design["diameter_spread"] * float(np.clip(rng.standard_normal(), -2, 2))
    diameter_mm = nominal_mm * (1 + spread)
    axes = 1 + design["axis_spread"] * rng.uniform(-1, 1, 3)
    return _Form(
        territory=territory,
        diameter_mm=diameter_mm,
        axes_mm=axes * diameter_mm / 2 / float(np.prod(axes)) ** (1 / 3),
        turn=np.linalg.qr(rng.standard_normal((3, 3)))[0].astype(np.float32),
        waves=rng.normal(0, design["bump_waves"], (3, 3)).astype(np.float32),
        phases=rng.uniform(0, 2 * np.pi, 3).astype(np.float32),
    )


def _arranged(
    space: Space,
    forms: Sequence[_Form],
    depth_mm: Mapping[str, NDArray[np.float64]],
    rng: np.random.Generator,
) -> list[Lesion]:
    """Return the lesions that found room in one attempt."""
    design = parameters()["lesions"]
    free_mm = {name: depth.astype(np.float32) for name, depth in depth_mm.items()}
    placed: list[Lesion] = []
    for form in forms:
        room_mm = form.reach_mm + design["edge_mm"]
        depth = free_mm[form.territory]
        places = np.flatnonzero((depth >= room_mm) & (depth < room_mm + design["slack_mm"]))
        if places.size == 0:
            break
        at = np.unravel_index(int(rng.choice(places)), space.shape)
        x = space.x - space.x[0, 0, at[2]]
        y = space.y - space.y[0, at[1], 0]
        z = space.z - space.z[at[0], 0, 0]
        placed.append(_lesion(form, x, y, z))
        gap_mm = np.sqrt(x * x + y * y + z * z) - np.float32(form.reach_mm + design["apart_mm"])
        for depth in free_mm.values():
            np.minimum(depth, gap_mm + np.float32(design["edge_mm"]), out=depth)
    return placed


def _lesion(
    form: _Form, x: NDArray[np.float32], y: NDArray[np.float32], z: NDArray[np.float32]
) -> Lesion:
    """Return a lesion whose middle is where the coordinates (of the liver's box) are zero."""
    near = [np.flatnonzero(np.abs(one).ravel() <= form.reach_mm) for one in (z, y, x)]
    sides = [slice(int(one[0]), int(one[-1]) + 1) for one in near]
    offsets = (x[..., sides[2]], y[:, sides[1]], z[sides[0]])
    own = [_sum(form.turn[world, axis] * offsets[world] for world in range(3)) for axis in range(3)]
    scaled = [one / np.float32(a) for one, a in zip(own, form.axes_mm, strict=True)]
    radius = np.sqrt(_sum(one * one for one in scaled))
    length = np.maximum(np.sqrt(_sum(one * one for one in own)), np.finfo(np.float32).tiny)
    bumps = _sum(
        np.sin(_sum(wave[axis] * own[axis] for axis in range(3)) / length + phase)
        for wave, phase in zip(form.waves, form.phases, strict=True)
    ) / len(form.waves)
    part = radius / (1 + parameters()["lesions"]["bumps"] * bumps)
    box = (sides[0], sides[1], sides[2])
    return Lesion(form.territory, form.diameter_mm, box, part.astype(np.float32))


def _sum(parts: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    return reduce(np.add, parts)
