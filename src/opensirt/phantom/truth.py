"""What is true of a digital patient, for estimates to be held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from opensirt.domain.image import ActivityMap
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.domain.structure import Structure, StructureKind, StructureSet
from opensirt.errors import UnknownNameError
from opensirt.phantom.anatomy import TERRITORY_LABELS, Anatomy
from opensirt.workflow.anatomy import with_derived_structures


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueStructure:
    """One structure: its voxels counted, its activity added up, at administration."""

    label: str
    kind: StructureKind
    volume_ml: float
    mass_kg: float
    activity_bq: float
    mean_activity_bq_per_ml: float
    equivalent_diameter_mm: float
    """Of the sphere of the same volume."""
    tumour_to_normal_ratio: Number = Missing.NOT_EVALUABLE
    """Tumours: mean over the mean of the normal liver of the same territory."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Truth:
    """The known answers.

    `activity` is the true activity of the treatment at its administration on the grid of the CT,
    each voxel uniform in itself; `scout_activity` that of the scout, per Bq of the treatment (the
    same map unless a mismatch was asked for). `structures` holds drawn and derived structures
    by label.
    """

    lung_shunt_fraction: float
    """Lung activity over the whole activity; nothing lies outside liver, gallbladder and lungs."""
    lung_mass_kg: float
    liver_density_kg_per_ml: float
    activity: ActivityMap
    scout_activity: ActivityMap
    structures: Mapping[str, TrueStructure]

    def __post_init__(self) -> None:
        object.__setattr__(self, "structures", MappingProxyType(dict(self.structures)))

    def structure(self, label: str) -> TrueStructure:
        """Return the truth of one structure; raise `UnknownNameError` when there is none."""
        if label not in self.structures:
            raise UnknownNameError("structure", label, self.structures)
        return self.structures[label]

    @property
    def tumours(self) -> tuple[TrueStructure, ...]:
        """The tumours, largest first."""
        found = (one for one in self.structures.values() if one.kind is StructureKind.TUMOUR)
        return tuple(sorted(found, key=lambda one: -one.volume_ml))


def true_structures(
    anatomy: Anatomy, activity: ActivityMap, liver_density_kg_per_ml: float
) -> dict[str, TrueStructure]:
    """Return the truth of every structure, drawn or derived from the drawn ones."""
    complete, _ = with_derived_structures(StructureSet(anatomy.structures))
    sums_bq = {one.label: _held_bq(one, activity) for one in complete}
    lung_ml = sum(one.volume_ml for one in complete.of_kind(StructureKind.LUNG))
    normal_mean = _normal_means(tuple(complete), sums_bq)
    made: dict[str, TrueStructure] = {}
    for one in complete:
        density = liver_density_kg_per_ml
        if one.kind is StructureKind.LUNG:
            density = anatomy.lung_mass_kg / lung_ml
        mean = sums_bq[one.label] / one.volume_ml
        ratio: Number = Missing.NOT_EVALUABLE
        if one.kind is StructureKind.TUMOUR:
            ratio = mean / normal_mean[anatomy.lesion_territories[one.label]]
        made[one.label] = TrueStructure(
            label=one.label,
            kind=one.kind,
            volume_ml=one.volume_ml,
            mass_kg=one.volume_ml * density,
            activity_bq=sums_bq[one.label],
            mean_activity_bq_per_ml=mean,
            equivalent_diameter_mm=float(np.cbrt(6e3 * one.volume_ml / np.pi)),
            tumour_to_normal_ratio=ratio,
        )
    return made


def _held_bq(structure: Structure, activity: ActivityMap) -> float:
    inside = activity.values[structure.mask.values]
    return float(inside.sum(dtype=np.float64)) * activity.grid.voxel_volume_ml


def _normal_means(
    structures: Sequence[Structure], sums_bq: Mapping[str, float]
) -> dict[str, float]:
    """Return the mean concentration of the perfused normal liver of each territory."""
    means: dict[str, float] = {}
    for territory, label in TERRITORY_LABELS.items():
        (normal,) = (
            one
            for one in structures
            if one.kind is StructureKind.PERFUSED_NORMAL_LIVER and label in one.label
        )
        means[territory] = sums_bq[normal.label] / normal.volume_ml
    return means
