"""What a picture shows: a coloured image, the anatomy beneath it, and outlines."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.image import ActivityMap, CtImage, DoseMap, Image3D
from opensirt.domain.structure import Mask, Structure, StructureKind
from opensirt.reference.table import read_table
from opensirt.report.figures.display import Box, box_of, box_of_grid, middle_of, trimmed
from opensirt.report.figures.palette import NEVER_OUTLINED
from opensirt.units import BQ_PER_MBQ

_BQ_PER_KBQ = 1e3

_FRAMING = frozenset(
    {
        StructureKind.LIVER,
        StructureKind.TUMOUR,
        StructureKind.PERFUSED_VOLUME,
        StructureKind.GALLBLADDER,
        StructureKind.NORMAL_LIVER,
    }
)
"""Kinds that decide what slices show; a lung or a spine would only make the liver small."""


@dataclass(frozen=True, eq=False)
class Outline:
    """A structure cut to its own box, ready to be drawn."""

    label: str
    kind: StructureKind
    mask: Mask


@dataclass(frozen=True, eq=False)
class Scale:
    """How the values of an image are printed: shown value = stored value × `factor`."""

    quantity: str
    unit: str
    factor: float = 1.0

    @property
    def words(self) -> str:
        """Quantity and unit for a colour bar."""
        return f"{self.quantity} ({self.unit})"


@dataclass(frozen=True, eq=False)
class Scene:
    """One image with its outlines, and the CT beneath it where there is one."""

    image: Image3D
    scale: Scale
    anatomy: Image3D | None
    """A CT, or the activity image that a dose was computed from."""
    outlines: tuple[Outline, ...]

    def tumours(self) -> tuple[Outline, ...]:
        """Return the outlined tumours."""
        return tuple(one for one in self.outlines if one.kind is StructureKind.TUMOUR)

    def box(self) -> Box:
        """Return what slices show: the liver and what belongs to it, with a margin."""
        rule = read_table("display")["slice"]
        whole = box_of_grid(self.image.grid)
        boxes = [
            found
            for one in self.outlines
            if one.kind in _FRAMING
            and (found := box_of(one.mask.grid, one.mask.values)) is not None
        ]
        if not boxes:
            return whole
        joined = boxes[0]
        for one in boxes[1:]:
            joined = joined.joined(one)
        return joined.grown(float(rule["margin_mm"])).within(whole)


def outlines_of(
    structures: Iterable[Structure], frame_of_reference_uid: str
) -> tuple[Outline, ...]:
    """Return the outlines of the structures of one frame of reference; empty ones have none."""
    made = []
    for one in structures:
        same = one.mask.grid.frame_of_reference_uid == frame_of_reference_uid
        if one.kind in NEVER_OUTLINED or not same:
            continue
        mask = trimmed(one.mask)
        if mask is not None:
            made.append(Outline(one.label, one.kind, mask))
    return tuple(made)


def scale_of(image: Image3D) -> Scale:
    """Return how the values of an image are printed, in a unit that gives readable numbers."""
    if isinstance(image, DoseMap):
        return Scale("Absorbed dose", "Gy")
    if isinstance(image, ActivityMap):
        if float(image.values.max()) >= BQ_PER_MBQ:
            return Scale("Activity concentration", "MBq/mL", 1.0 / BQ_PER_MBQ)
        return Scale("Activity concentration", "kBq/mL", 1.0 / _BQ_PER_KBQ)
    return Scale("Activity image", image.unit)


def scene(
    image: Image3D,
    structures: Iterable[Structure],
    *,
    ct: CtImage | None = None,
    activity: Image3D | None = None,
) -> Scene:
    """Return what a picture of an image shows.

    Parameters
    ----------
    image
        Dose, activity or counts: shown in colour.
    structures
        Outlined from their native masks; those of another frame of reference are left out.
    ct, activity
        Shown beneath; the CT where both are given, and only in the frame of reference of
        `image`.

    Raises
    ------
    InputError
        When `ct` or `activity` lies in another frame of reference.
    """
    anatomy = ct if ct is not None else activity
    if anatomy is not None:
        image.grid.require_same_frame(anatomy.grid)
    uid = image.grid.frame_of_reference_uid
    return Scene(image, scale_of(image), anatomy, outlines_of(structures, uid))


def focus_mm(one: Outline) -> NDArray[np.float64]:
    """Return the point (x, y, z) that slices through a structure meet in."""
    return middle_of(one.mask)
