"""Regions of the patient: masks with a kind and a label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import Image3D
from opensirt.errors import GeometryError, InputError, UnknownNameError


class StructureKind(Enum):
    """What a structure is; the case file uses the value.

    `code` is the SNOMED CT concept of DICOM PS3.16 (CID 7166 and others) or None where there is
    none.
    """

    LIVER = "liver"
    NORMAL_LIVER = "normal_liver"
    PERFUSED_VOLUME = "perfused_volume"
    PERFUSED_NORMAL_LIVER = "perfused_normal_liver"
    TUMOUR = "tumour"
    GALLBLADDER = "gallbladder"
    LUNG = "lung"
    STOMACH = "stomach"
    DUODENUM = "duodenum"
    BOWEL = "bowel"
    SPLEEN = "spleen"
    KIDNEY = "kidney"
    SPINE = "spine"
    BODY = "body"
    OTHER = "other"

    @property
    def code(self) -> str | None:
        """SNOMED CT code of the anatomy, as in DICOM PS3.16."""
        return _SNOMED.get(self)


_SNOMED = {
    StructureKind.LIVER: "10200004",
    StructureKind.NORMAL_LIVER: "10200004",
    StructureKind.TUMOUR: "108369006",
    StructureKind.GALLBLADDER: "28231008",
    StructureKind.LUNG: "39607008",
    StructureKind.STOMACH: "69695003",
    StructureKind.DUODENUM: "38848004",
    StructureKind.SPLEEN: "78961009",
    StructureKind.KIDNEY: "64033007",
    StructureKind.SPINE: "421060004",
}


def structure_kind(text: str) -> StructureKind:
    """Return the kind spelled by `text`; raise `UnknownNameError` for any other word."""
    try:
        return StructureKind(text)
    except ValueError:
        raise UnknownNameError(
            "structure kind", text, (kind.value for kind in StructureKind)
        ) from None


@dataclass(frozen=True, eq=False)
class Mask:
    """Which voxels of a grid belong to something.

    Parameters
    ----------
    grid
        Where the voxels lie.
    values : (k, j, i), bool
        True inside.
    """

    grid: Grid
    values: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.values.shape != self.grid.shape:
            raise GeometryError(f"a mask has shape {self.values.shape}, grid {self.grid.shape}")
        values = np.asarray(self.values, dtype=np.bool_).view()
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    @property
    def volume_ml(self) -> float:
        """Number of voxels inside times the volume of one."""
        return int(np.count_nonzero(self.values)) * self.grid.voxel_volume_ml

    def with_values(self, values: NDArray[np.bool_]) -> "Mask":
        """Return another mask on the same grid."""
        return Mask(self.grid, values)


@dataclass(frozen=True, eq=False)
class Structure:
    """A named region of one kind; its volume is that of its native mask."""

    label: str
    kind: StructureKind
    mask: Mask
    author: str = ""
    source: str = ""
    """Where it came from: the file, or how it was derived."""
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.label:
            raise InputError("a structure has no label")

    @property
    def volume_ml(self) -> float:
        """Volume of the native mask."""
        return self.mask.volume_ml


@dataclass(frozen=True, eq=False)
class StructureSet:
    """Structures with different labels."""

    structures: tuple[Structure, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for structure in self.structures:
            if structure.label in seen:
                raise InputError(
                    f"two structures are called {structure.label!r}; give each its own label"
                )
            seen.add(structure.label)

    def __iter__(self) -> Iterator[Structure]:
        return iter(self.structures)

    def __len__(self) -> int:
        return len(self.structures)

    def of_kind(self, kind: StructureKind) -> tuple[Structure, ...]:
        """Return the structures of one kind, in order."""
        return tuple(one for one in self.structures if one.kind is kind)

    def labelled(self, label: str) -> Structure:
        """Return the structure with a label; raise `UnknownNameError` when there is none."""
        for one in self.structures:
            if one.label == label:
                return one
        raise UnknownNameError("structure", label, (one.label for one in self.structures))

    def with_structures(self, more: Sequence[Structure]) -> "StructureSet":
        """Return a set with further structures."""
        return StructureSet((*self.structures, *more))


@dataclass(frozen=True, eq=False)
class VoxelWeights:
    """How much of each voxel of a grid a structure fills.

    Parameters
    ----------
    grid
        The grid that is weighted (of the dose or activity image).
    flat_index : (n,)
        C-order indices of the voxels that the structure touches.
    fraction : (n,)
        Part of the voxel's volume inside the structure, 0 < fraction ≤ 1.
    volume_outside_ml
        Volume of the structure that lies outside the grid.
    """

    grid: Grid
    flat_index: NDArray[np.int64]
    fraction: NDArray[np.float64]
    volume_outside_ml: float = 0.0

    @property
    def volume_ml(self) -> float:
        """Volume of the structure inside the grid."""
        return float(self.fraction.sum()) * self.grid.voxel_volume_ml

    def values_of(self, image: Image3D) -> NDArray[np.float64]:
        """Return the image's values in the weighted voxels, in the order of `fraction`."""
        self.grid.require_same(image.grid)
        return image.values.reshape(-1)[self.flat_index].astype(np.float64)

    def integral(self, image: Image3D) -> float:
        """Sum of value × weight × voxel volume (for Bq/mL this is Bq)."""
        return float(self.values_of(image) @ self.fraction) * self.grid.voxel_volume_ml

    def mean(self, image: Image3D) -> float:
        """Weighted mean; raise `GeometryError` when the structure lies outside the grid."""
        total = float(self.fraction.sum())
        if total <= 0:
            raise GeometryError("the structure does not touch the image; nothing to average")
        return float(self.values_of(image) @ self.fraction) / total
