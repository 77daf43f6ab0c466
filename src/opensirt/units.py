"""The units that people and files use, and their one inside spelling.

Inside, lengths are mm, volumes mL, masses kg, activities Bq, doses Gy (see docs, *Coordinates
and units*). This is the only place where another spelling is turned into those.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from opensirt.errors import UnknownNameError

SECONDS_PER_HOUR = 3600.0
HOURS_PER_DAY = 24.0
BQ_PER_MBQ = 1e6
BQ_PER_GBQ = 1e9
GRAMS_PER_KG = 1e3
ML_PER_MM3 = 1e-3
J_PER_MEV = 1.602176634e-13
"""Joule in one MeV, exact: SI Brochure 9 (2019), elementary charge 1.602176634e-19 C."""


class ImageUnit(Enum):
    """What one voxel value of an image file stands for; the value is the canonical spelling."""

    BQ_PER_ML = "bq_per_ml"
    KBQ_PER_ML = "kbq_per_ml"
    MBQ_PER_ML = "mbq_per_ml"
    BQ_PER_VOXEL = "bq_per_voxel"
    BQ_S_PER_ML = "bq_s_per_ml"
    MBQ_H_PER_VOXEL = "mbq_h_per_voxel"
    COUNTS = "counts"
    HU = "hu"
    GY = "gy"

    @property
    def symbol(self) -> str:
        """The unit as people write it.

        >>> ImageUnit.BQ_PER_ML.symbol, ImageUnit.MBQ_H_PER_VOXEL.symbol
        ('Bq/mL', 'MBq h/voxel')
        """
        return _SYMBOLS[self]


_SYMBOLS: Mapping[ImageUnit, str] = MappingProxyType(
    {
        ImageUnit.BQ_PER_ML: "Bq/mL",
        ImageUnit.KBQ_PER_ML: "kBq/mL",
        ImageUnit.MBQ_PER_ML: "MBq/mL",
        ImageUnit.BQ_PER_VOXEL: "Bq/voxel",
        ImageUnit.BQ_S_PER_ML: "Bq s/mL",
        ImageUnit.MBQ_H_PER_VOXEL: "MBq h/voxel",
        ImageUnit.COUNTS: "counts",
        ImageUnit.HU: "HU",
        ImageUnit.GY: "Gy",
    }
)

_SPELLINGS: Mapping[str, ImageUnit] = MappingProxyType(
    {
        "bq/ml": ImageUnit.BQ_PER_ML,
        "bqml": ImageUnit.BQ_PER_ML,
        "kbq/ml": ImageUnit.KBQ_PER_ML,
        "mbq/ml": ImageUnit.MBQ_PER_ML,
        "bq/voxel": ImageUnit.BQ_PER_VOXEL,
        "bq.s/ml": ImageUnit.BQ_S_PER_ML,
        "bq s/ml": ImageUnit.BQ_S_PER_ML,
        "bq*s/ml": ImageUnit.BQ_S_PER_ML,
        "mbq.h/voxel": ImageUnit.MBQ_H_PER_VOXEL,
        "mbq h/voxel": ImageUnit.MBQ_H_PER_VOXEL,
        "mbq*h/voxel": ImageUnit.MBQ_H_PER_VOXEL,
        "count": ImageUnit.COUNTS,
        "cnts": ImageUnit.COUNTS,
    }
)

ACTIVITY_CONCENTRATION_TO_BQ_PER_ML: Mapping[ImageUnit, float] = MappingProxyType(
    {ImageUnit.BQ_PER_ML: 1.0, ImageUnit.KBQ_PER_ML: 1e3, ImageUnit.MBQ_PER_ML: 1e6}
)


def image_unit(text: str) -> ImageUnit:
    """Return the unit that `text` spells, in either spelling and any case.

    Raises
    ------
    UnknownNameError
        When the text is no unit of an image.

    >>> image_unit("Bq/mL") is image_unit("bq_per_ml")
    True
    """
    lowered = text.strip().lower()
    if lowered in _SPELLINGS:
        return _SPELLINGS[lowered]
    try:
        return ImageUnit(lowered)
    except ValueError:
        raise UnknownNameError("image unit", text, (unit.value for unit in ImageUnit)) from None
