"""The regions whose uptake stands for the activity of each injection site."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from opensirt.domain.case import TerritoryFacts
from opensirt.domain.grid import Grid
from opensirt.domain.image import Image3D
from opensirt.domain.structure import (
    Mask,
    Structure,
    StructureKind,
    StructureSet,
    VoxelWeights,
)
from opensirt.errors import InputError
from opensirt.imaging.mask_algebra import union, within, without
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.reference.table import read_table

_PERFUSED = StructureKind.PERFUSED_VOLUME
_TAKEN_OUT = (StructureKind.TUMOUR, StructureKind.GALLBLADDER)
_HOLLOW_ORGANS = (StructureKind.STOMACH, StructureKind.DUODENUM, StructureKind.BOWEL)


@dataclass(frozen=True, eq=False, kw_only=True)
class Region:
    """One injection site: what it perfuses, and where else its activity went."""

    facts: TerritoryFacts
    perfused: Structure
    perfused_normal: Mask
    parts: tuple[Mask, ...]
    """Without overlap: the perfused volume, and the parts of deposits outside it."""
    deposits: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the territory."""
        return self.facts.name

    def weights(self, grid: Grid) -> tuple[VoxelWeights, ...]:
        """Return the weights of all parts on a grid."""
        return tuple(voxel_weights(one, grid) for one in self.parts)

    def shared_with(self, mask: Mask, grid: Grid) -> tuple[VoxelWeights, ...]:
        """Return the weights of what a mask has in common with each part."""
        shared = (within(mask, one) for one in self.parts)
        weights = (voxel_weights(one, grid) for one in shared if one.values.any())
        return tuple(one for one in weights if one.fraction.size)


def total(weights: Sequence[VoxelWeights], image: Image3D) -> float:
    """Return the sum of value × weight over several parts, in voxels."""
    return sum(float(one.values_of(image) @ one.fraction) for one in weights)


def together(structures: StructureSet) -> StructureSet:
    """Return the structures cropped to what is drawn, those of one grid on one grid again."""
    groups: dict[tuple[object, ...], list[Structure]] = {}
    for one in structures:
        grid = one.mask.grid
        key = (grid.shape, grid.affine.tobytes(), grid.frame_of_reference_uid)
        groups.setdefault(key, []).append(one)
    small: dict[str, Structure] = {}
    for group in groups.values():
        box = _common_box([one.mask for one in group])
        if box is None:
            small.update({one.label: one for one in group})
            continue
        grid = group[0].mask.grid
        affine = grid.affine.copy()
        affine[:3, 3] = grid.lps_mm([side.start for side in box])
        k, j, i = (side.stop - side.start for side in box)
        cut = Grid((k, j, i), affine, grid.frame_of_reference_uid)
        small.update(
            {one.label: replace(one, mask=Mask(cut, one.mask.values[box])) for one in group}
        )
    return StructureSet(tuple(small[one.label] for one in structures))


def _common_box(masks: Sequence[Mask]) -> tuple[slice, slice, slice] | None:
    drawn = masks[0].values.copy()
    for one in masks[1:]:
        drawn |= one.values
    plane = np.logical_or.reduce(drawn, axis=0)  # one pass over the volume for two axes
    slices = np.logical_or.reduce(drawn.reshape(len(drawn), -1), axis=1)
    profiles = (
        slices,
        np.logical_or.reduce(plane, axis=1),
        np.logical_or.reduce(plane, axis=0),
    )
    if not plane.any():
        return None
    along = [np.flatnonzero(one) for one in profiles]
    k, j, i = (slice(int(one[0]), int(one[-1]) + 1) for one in along)
    return k, j, i


def territory_facts(
    stated: Sequence[TerritoryFacts], structures: StructureSet
) -> tuple[TerritoryFacts, ...]:
    """Return the territories of a case: as stated, or one for each perfused volume.

    Raises
    ------
    InputError
        When two territories have one name or one perfused volume, or a territory names a
        structure of another kind.
    UnknownNameError
        When a territory names a structure that does not exist.
    """
    if not stated:
        return tuple(
            TerritoryFacts(name=one.label, perfused_volume=one.label)
            for one in structures.of_kind(_PERFUSED)
        )
    for words, what in (
        ([one.name for one in stated], "name"),
        ([one.perfused_volume for one in stated], "perfused volume"),
    ):
        twice = sorted({word for word in words if words.count(word) > 1})
        if twice:
            raise InputError(f"two territories have the {what} {twice[0]!r}; each has its own")
    for one in stated:
        structure = structures.labelled(one.perfused_volume)
        if structure.kind is not _PERFUSED:
            raise InputError(
                f"territory {one.name!r} names the structure {structure.label!r}, which is of "
                f"kind {structure.kind.value}; wanted is one of kind {_PERFUSED.value}"
            )
    return tuple(stated)


def regions_of(
    facts: Sequence[TerritoryFacts], structures: StructureSet, image: Image3D
) -> tuple[Region, ...]:
    """Return the region of each territory, with the deposits that are counted to it.

    A gallbladder that touches a perfused volume, and a stomach, duodenum or bowel that takes up
    more than the perfused normal liver (reference/work_up_rules), is a deposit. What of it lies
    in a perfused volume belongs to that territory, the rest to the territory that holds most of
    it, or to the nearest.
    """
    perfused = [structures.labelled(one.perfused_volume) for one in facts]
    if not perfused:
        return ()
    normals = [_perfused_normal(one, structures, len(perfused)) for one in perfused]
    parts: list[list[Mask]] = [[one.mask] for one in perfused]
    labels: list[list[str]] = [[] for _ in perfused]
    for deposit in _deposits(structures, perfused, normals, image):
        shares = [within(deposit.mask, one.mask).volume_ml for one in perfused]
        for n, share in enumerate(shares):
            if share > 0:
                labels[n].append(deposit.label)
        home = int(np.argmax(shares)) if max(shares) > 0 else _nearest(deposit, perfused)
        if deposit.label not in labels[home]:
            labels[home].append(deposit.label)
        taken = [one.mask for one in perfused] + [one for many in parts for one in many[1:]]
        rest = without(deposit.mask, taken)
        if rest.values.any():
            parts[home].append(rest)
    return tuple(
        Region(
            facts=one,
            perfused=structure,
            perfused_normal=normal,
            parts=tuple(part),
            deposits=tuple(names),
        )
        for one, structure, normal, part, names in zip(
            facts, perfused, normals, parts, labels, strict=True
        )
    )


def _perfused_normal(perfused: Structure, structures: StructureSet, n_perfused: int) -> Mask:
    drawn = structures.of_kind(StructureKind.PERFUSED_NORMAL_LIVER)
    if len(drawn) == 1 and n_perfused == 1:
        return drawn[0].mask
    if drawn:
        return within(union([one.mask for one in drawn]), perfused.mask)
    out = [one.mask for kind in _TAKEN_OUT for one in structures.of_kind(kind)]
    return without(perfused.mask, out)


def _deposits(
    structures: StructureSet,
    perfused: Sequence[Structure],
    normals: Sequence[Mask],
    image: Image3D,
) -> list[Structure]:
    found = [
        one
        for one in structures.of_kind(StructureKind.GALLBLADDER)
        if any(within(one.mask, volume.mask).values.any() for volume in perfused)
    ]
    normal = [voxel_weights(one, image.grid) for one in normals]
    volume = sum(float(one.fraction.sum()) for one in normal)
    if volume <= 0:
        return found
    mean = total(normal, image) / volume
    ratio_above = read_table("work_up_rules")["deposit"]["ratio_above"]
    for kind in (*_HOLLOW_ORGANS, StructureKind.GALLBLADDER):
        for one in structures.of_kind(kind):
            weights = voxel_weights(one.mask, image.grid)
            if one in found or not weights.fraction.size:
                continue
            if weights.mean(image) > ratio_above * mean:
                found.append(one)
    return found


def _nearest(deposit: Structure, perfused: Sequence[Structure]) -> int:
    def centre(one: Structure) -> np.ndarray:
        return one.mask.grid.lps_mm(np.argwhere(one.mask.values)).mean(axis=0)  # type: ignore[no-any-return]

    distances = [float(np.linalg.norm(centre(deposit) - centre(one))) for one in perfused]
    return int(np.argmin(distances))
