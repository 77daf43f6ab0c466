"""Where the spheres of the digital patient lie: the true distribution."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.structure import StructureKind
from opensirt.phantom.anatomy import LUNG_LABELS, TERRITORY_LABELS, Anatomy
from opensirt.phantom.parameters import parameters
from opensirt.phantom.texture import texture

PerMl = NDArray[np.float32]
"""Part of the whole activity in one mL of every voxel; times the voxel volume it sums to 1."""


@dataclass(frozen=True, eq=False)
class Uptake:
    """How the spheres distribute: relative concentrations of liver and lungs.

    `relative` is the concentration of every voxel of the liver over the normal liver of the
    right territory, and zero elsewhere.
    """

    anatomy: Anatomy
    relative: PerMl
    lung_shunt_fraction: float

    def per_ml(self) -> PerMl:
        """Return the part of the whole activity in one mL of every voxel."""
        volume_ml = self.anatomy.grid.voxel_volume_ml
        held = float(self.relative.sum(dtype=np.float64)) * volume_ml
        made = self.relative * np.float32((1 - self.lung_shunt_fraction) / held)
        lungs = [self.anatomy.structure(label).mask for label in LUNG_LABELS]
        lung_ml = sum(one.volume_ml for one in lungs)
        for one in lungs:
            made[one.values] = np.float32(self.lung_shunt_fraction / lung_ml)
        return made


def make_uptake(anatomy: Anatomy, rng: np.random.Generator) -> Uptake:
    """Return the uptake of one patient; `rng` decides the ratios and the texture.

    The mean of every compartment is exact: a tumour's is its ratio times the mean of the normal
    liver of its territory.
    """
    design = parameters()["uptake"]
    relative = np.zeros(anatomy.grid.shape, dtype=np.float32)
    pattern = _liver_texture(anatomy, rng)
    tumours = [one for one in anatomy.structures if one.kind is StructureKind.TUMOUR]
    gallbladder = anatomy.structure("gallbladder").mask.values
    others = np.logical_or.reduce([gallbladder, *(one.mask.values for one in tumours)])
    level = {"right": 1.0, "left": float(design["left_to_right_ratio"])}
    for territory, label in TERRITORY_LABELS.items():
        normal = anatomy.structure(label).mask.values & ~others
        _fill(relative, normal, pattern, design["normal_texture"], level[territory])
    low, high = design["tumour_to_normal_ratio"]
    for one in tumours:
        mean = float(rng.uniform(low, high)) * level[anatomy.lesion_territories[one.label]]
        _fill(relative, one.mask.values, pattern, design["tumour_texture"], mean)
    relative[gallbladder] = design["gallbladder_to_normal_ratio"]
    return Uptake(anatomy, relative, float(design["lung_shunt_fraction"]))


def mismatched(uptake: Uptake, spread: float, rng: np.random.Generator) -> Uptake:
    """Return an uptake that differs from another: each lesion, and the liver from place to place.

    Lesions are multiplied by a lognormal factor of standard deviation `spread` (of its
    logarithm), every voxel by a smooth pattern of the same spread. A spread of 0 changes nothing.
    """
    anatomy = uptake.anatomy
    pattern = _liver_texture(anatomy, rng)
    relative = uptake.relative * np.exp(np.float32(spread) * pattern)
    for one in anatomy.structures:
        if one.kind is StructureKind.TUMOUR:
            relative[one.mask.values] *= np.exp(np.float32(spread * rng.standard_normal()))
    return replace(uptake, relative=relative)


def _liver_texture(anatomy: Anatomy, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a smooth pattern in the box around the liver, zero elsewhere."""
    design = parameters()["uptake"]
    liver = anatomy.structure("liver").mask.values
    sides = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        along = np.flatnonzero(liver.any(axis=others))
        sides.append(slice(int(along[0]), int(along[-1]) + 1))
    box = (sides[0], sides[1], sides[2])
    made = np.zeros(liver.shape, dtype=np.float32)
    length = design["texture_length_mm"] / anatomy.grid.spacing_mm[0]
    made[box] = texture(liver[box].shape, length, rng)
    return made


def _fill(
    values: PerMl,
    inside: NDArray[np.bool_],
    pattern: NDArray[np.float32],
    spread: float,
    mean: float,
) -> None:
    """Fill a compartment with a lognormal texture of the given mean."""
    drawn = np.exp(np.float32(np.sqrt(np.log1p(spread**2))) * pattern[inside])
    values[inside] = drawn * np.float32(mean / drawn.mean(dtype=np.float64))
