"""Lesions with an identity that outlives visits, and what each visit saw of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from math import isfinite
from types import MappingProxyType

from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory
from opensirt.errors import InputError

Number = float | Missing


class LesionKind(Enum):
    """What a lesion is, as far as measuring goes."""

    MASS = "mass"
    NODE = "lymph node"
    CYSTIC = "cystic metastasis"
    BONE_WITH_SOFT_TISSUE = "lytic or mixed bone lesion with a soft-tissue part"
    BONE_BLASTIC = "blastic bone lesion"
    DIFFUSE = "effusion, ascites, lymphangitic or other diffuse disease"


class Modality(Enum):
    """How a lesion was measured."""

    CT = "CT"
    MR = "MR"
    CALLIPER = "calliper"
    CHEST_RADIOGRAPH = "chest radiograph"
    ULTRASOUND = "ultrasound"


class LesionRole(Enum):
    """What a lesion counts as from baseline on."""

    TARGET = "target"
    NON_TARGET = "non-target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesion:
    """One lesion at baseline."""

    id: str
    organ: str
    """Paired organs are one organ; all nodes together are one."""
    role: LesionRole
    kind: LesionKind = LesionKind.MASS
    modality: Modality = Modality.CT
    slice_thickness_mm: Number = Missing.NOT_RECORDED
    longest_diameter_mm: Number = Missing.NOT_RECORDED
    """Of the soft-tissue part in a bone lesion."""
    short_axis_mm: Number = Missing.NOT_RECORDED
    in_treated_area: bool | Missing = Missing.NOT_RECORDED
    """Irradiated or locoregionally treated before baseline."""
    progression_in_treated_area: bool | Missing = Missing.NOT_RECORDED

    def __post_init__(self) -> None:
        if not self.id or not self.organ:
            raise InputError("a lesion needs an id and an organ")
        _require_sizes(self.id, self.longest_diameter_mm, self.short_axis_mm)

    @property
    def is_node(self) -> bool:
        """Whether it is a lymph node, measured by its short axis."""
        return self.kind is LesionKind.NODE


class SightState(Enum):
    """What a visit saw of one lesion."""

    MEASURED = "measured"
    ABSENT = "absent"
    TOO_SMALL = "present, too small to measure"
    MERGED = "merged into another lesion, no plane between them"
    NOT_EVALUABLE = "not imaged, or not evaluable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One lesion at one visit; each criterion takes its own size from it.

    A lesion that split gives the longest diameters of its pieces in `pieces_mm`; the pieces are
    summed. A merged lesion names the one that it merged into, which is measured for both.
    """

    state: SightState
    longest_diameter_mm: Number = Missing.NOT_RECORDED
    perpendicular_mm: Number = Missing.NOT_RECORDED
    short_axis_mm: Number = Missing.NOT_RECORDED
    viable_diameter_mm: Number = Missing.NOT_RECORDED
    """Longest diameter of the arterially enhancing part; 0 when nothing enhances."""
    viable_perpendicular_mm: Number = Missing.NOT_RECORDED
    volume_ml: Number = Missing.NOT_RECORDED
    attenuation_hu: Number = Missing.NOT_RECORDED
    """Mean CT number in the portal venous phase; may be below 0."""
    pieces_mm: tuple[float, ...] = ()
    merged_into: str | None = None

    def __post_init__(self) -> None:
        _require_sizes(
            "a lesion",
            self.longest_diameter_mm,
            self.perpendicular_mm,
            self.short_axis_mm,
            self.viable_diameter_mm,
            self.viable_perpendicular_mm,
            self.volume_ml,
            *self.pieces_mm,
        )
        if (self.state is SightState.MERGED) is not (self.merged_into is not None):
            raise InputError("a merged lesion, and no other, names the lesion that it merged into")
        if self.pieces_mm and self.state is not SightState.MEASURED:
            raise InputError("a lesion with pieces is a measured one")


class NonTargetState(Enum):
    """What a visit says of one non-target lesion."""

    GONE = "gone, or a node below the normal limit"
    PRESENT = "present"
    UNEQUIVOCAL_PROGRESSION = "unequivocal progression"
    NOT_EVALUABLE = "not imaged, or not evaluable"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLesion:
    """A lesion that was not there before; its identity stays the same from visit to visit."""

    id: str
    organ: str
    equivocal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LiverView:
    """What one visit saw of the liver as a whole and of its late change.

    `tumour_volume_ml` is all tumour in the liver, targets or not.
    """

    tumour_volume_ml: Number = Missing.NOT_RECORDED
    liver_volume_ml: Number = Missing.NOT_RECORDED
    spleen_volume_ml: Number = Missing.NOT_RECORDED
    varices: bool | Missing = Missing.NOT_RECORDED
    ascites: bool | Missing = Missing.NOT_RECORDED
    cirrhosis_like_morphology: bool | Missing = Missing.NOT_RECORDED

    def __post_init__(self) -> None:
        _require_sizes("the liver", self.tumour_volume_ml)
        for name in ("liver_volume_ml", "spleen_volume_ml"):
            volume = getattr(self, name)
            if not isinstance(volume, Missing) and not (isfinite(volume) and volume > 0):
                raise InputError(f"{name} is {volume}; a volume above 0 is needed")
        if (
            not isinstance(self.tumour_volume_ml, Missing)
            and not isinstance(self.liver_volume_ml, Missing)
            and self.tumour_volume_ml > self.liver_volume_ml
        ):
            raise InputError(
                f"tumours of {self.tumour_volume_ml:g} mL in a liver of "
                f"{self.liver_volume_ml:g} mL; the liver volume includes its tumours"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagingVisit:
    """One follow-up: every lesion that was looked at, and what is new.

    `new_lesions` is a `Missing` when nobody looked. `markers_normal` matters where tumour
    markers were raised at baseline. `non_target` may be entered as a whole by the reader; else
    it follows from `non_target_states`.
    """

    on: date
    sights: Mapping[str, Sight] = field(default_factory=dict)
    non_target_states: Mapping[str, NonTargetState] = field(default_factory=dict)
    non_target: ResponseCategory | None = None
    markers_normal: bool | Missing = Missing.NOT_RECORDED
    new_lesions: tuple[NewLesion, ...] | Missing = ()
    liver: LiverView = field(default_factory=LiverView)

    def __post_init__(self) -> None:
        for name in ("sights", "non_target_states"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        if self.non_target in {ResponseCategory.PARTIAL, ResponseCategory.STABLE}:
            raise InputError(
                "non-target lesions have no partial response and no stable disease; "
                "use non-CR/non-PD"
            )


def _require_sizes(what: str, *sizes: Number) -> None:
    for size in sizes:
        if not isinstance(size, Missing) and (not isfinite(size) or size < 0):
            raise InputError(f"{what} has a size of {size}; a number of at least 0 is needed")
