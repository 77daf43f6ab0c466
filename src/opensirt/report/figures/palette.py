"""Colours that people with any colour vision tell apart, with line styles beside them."""

from dataclasses import dataclass
from typing import Literal

from opensirt.domain.structure import StructureKind

# Eight colours of Okabe and Ito (Color Universal Design, 2008), chosen for all colour visions.
BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"

DOSE_MAP = "inferno"
ACTIVITY_MAP = "inferno"
PROJECTION_MAP = "gray_r"
INK = "#1a1a1a"
SOFT_INK = "#555555"


Dashes = Literal["-", "--", "-.", ":"]


@dataclass(frozen=True)
class Pen:
    """How the outline of one kind of structure is drawn; a halo sets it off any background."""

    colour: str
    halo: str
    style: Dashes
    width: float
    order: int
    """Larger is drawn later, on top."""


_PENS = {
    StructureKind.LIVER: Pen("#FFFFFF", BLACK, "-", 1.3, 2),
    StructureKind.PERFUSED_VOLUME: Pen(YELLOW, BLACK, "--", 1.2, 3),
    StructureKind.GALLBLADDER: Pen("#2EE6A8", BLACK, ":", 1.6, 4),
    StructureKind.TUMOUR: Pen(SKY, BLACK, "-", 1.3, 5),
    StructureKind.LUNG: Pen("#C8C8C8", BLACK, "-.", 1.0, 1),
}
_OTHER = Pen("#F2A6CE", BLACK, "-.", 1.0, 1)

# The same styles in darker colours, for a light background.
_DARK_PENS = {
    StructureKind.LIVER: Pen(INK, "#FFFFFF", "-", 1.3, 2),
    StructureKind.PERFUSED_VOLUME: Pen("#B87400", "#FFFFFF", "--", 1.4, 3),
    StructureKind.GALLBLADDER: Pen(GREEN, "#FFFFFF", ":", 1.8, 4),
    StructureKind.TUMOUR: Pen(BLUE, "#FFFFFF", "-", 1.3, 5),
    StructureKind.LUNG: Pen("#6E6E6E", "#FFFFFF", "-.", 1.1, 1),
}
_DARK_OTHER = Pen("#A8437E", "#FFFFFF", "-.", 1.1, 1)

NEVER_OUTLINED = frozenset(
    {
        StructureKind.NORMAL_LIVER,
        StructureKind.PERFUSED_NORMAL_LIVER,
        StructureKind.BODY,
        StructureKind.SPINE,
    }
)
"""Kinds whose outline repeats that of another, or tells nothing about the liver."""

WITH_OWN_PEN = frozenset(_PENS)
"""Kinds that have a pen of their own; all others share one."""


def pen(kind: StructureKind, *, on_light: bool = False) -> Pen:
    """Return how the outline of a kind is drawn on a dark or a light background."""
    return _DARK_PENS.get(kind, _DARK_OTHER) if on_light else _PENS.get(kind, _OTHER)


CURVES = (BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE, BLACK)
STYLES: tuple[Dashes, ...] = ("-", "--", "-.", ":")


def curve(number: int) -> tuple[str, Dashes]:
    """Return colour and line style of the curve with a number, all different up to 28.

    >>> len({curve(number) for number in range(28)})
    28
    """
    return CURVES[number % len(CURVES)], STYLES[number % len(STYLES)]
