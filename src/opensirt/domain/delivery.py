"""A delivery against its plan: structure by structure, voxel by voxel, and what could be added."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from opensirt.domain.image import DoseMap
from opensirt.domain.missing import Missing
from opensirt.domain.structure import StructureKind

Number = float | Missing


class PlanStanding(Enum):
    """How a plan stands to the treatment that is verified."""

    GIVEN = "given"
    """An administration names it."""
    ORDERED = "ordered"
    """An order names it, no administration does."""
    APPROVED = "approved, neither ordered nor given"
    NOT_APPROVED = "not approved by two people"
    MADE_AGAIN = "made again"
    """From the case as it is: no record is compared with."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ComparedPlan:
    """The plan that a delivery is held against: read from its record, or made again."""

    device: str
    model: str
    radionuclide: str
    engine: str
    """Of its dose; empty where the plan has none."""
    administered_bq: Mapping[str, Number]
    """Territory → activity to administer."""
    reaching_bq: Mapping[str, Number]
    """Territory → activity that reaches the liver."""
    means_gy: Mapping[str, float]
    """Structure → planned mean dose."""
    standing: PlanStanding
    record: str = ""
    """Name of the file; empty for a plan that was made again."""
    sha256: str = ""
    """Of the record's bytes."""
    named_by: str = ""
    """Record of the order or administration that names the plan."""
    later: str = ""
    """Record of a later plan that two people approved, where there is one."""

    def __post_init__(self) -> None:
        for name in ("administered_bq", "reaching_bq", "means_gy"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def total_bq(self) -> Number:
        """Activity to administer to all territories."""
        total = 0.0
        for bq in self.administered_bq.values():
            if isinstance(bq, Missing):
                return bq
            total += bq
        return total if self.administered_bq else Missing.NOT_DONE


@dataclass(frozen=True, kw_only=True)
class StructureDelivery:
    """Mean dose of one structure in the plan and after treatment, in both activity scales."""

    label: str
    kind: StructureKind
    planned_gy: Number
    planned_as_given_gy: Number
    """Of the plan, for the activity that was given."""
    delivered_gy: Number
    """Scale of the vendor: the image scaled to the activity given."""
    imaged_gy: Number
    """Scale of the image: its Bq/mL as they are."""

    @property
    def delivered_over_planned(self) -> Number:
        """Delivered over planned for the activity given, both in the scale of the vendor."""
        return _ratio(self.delivered_gy, self.planned_as_given_gy)

    @property
    def imaged_over_planned(self) -> Number:
        """The same with the dose as imaged."""
        return _ratio(self.imaged_gy, self.planned_as_given_gy)


@dataclass(frozen=True, kw_only=True)
class VoxelAgreement:
    """Planned (for the activity given) and delivered dose of the voxels of one structure."""

    label: str
    mean_difference_gy: float
    root_mean_square_gy: float
    concordance: Number
    """Lin's coefficient: 1 for equal maps, 0 for unrelated ones."""
    within_fraction: float
    """Part of the volume where both differ by no more than reference/verification_rules allows."""


@dataclass(frozen=True, kw_only=True)
class TopUp:
    """Activity that would bring the tumours of a territory to their goal: a thing to consider."""

    territory: str
    tumour: str
    """The tumour farthest from its goal."""
    goal_gy: float
    goal: str
    """Where the goal comes from, in words."""
    delivered_gy: float
    after_gy: float
    reaching_liver_bq: float
    administered_bq: Number
    perfused_normal_liver_after_gy: Number
    normal_liver_after_gy: Number
    lung_added_gy: Number
    binding: str
    """What fixed the activity: the goal or a limit."""

    @property
    def reaches_goal(self) -> bool:
        """Whether the limits leave enough."""
        return self.after_gy >= self.goal_gy * (1 - 1e-9)


@dataclass(frozen=True, eq=False, kw_only=True)
class Delivery:
    """Everything that a verification says of the plan it followed."""

    engine: str
    device: str
    structures: tuple[StructureDelivery, ...]
    plan: ComparedPlan | None
    """None where there is none to compare with."""
    given_over_planned: Number
    """Administered over planned activity, of all territories."""
    perfect_ratio: Number
    """What the image of a perfect delivery shows over the declared activity, for this device."""
    perfect_ratio_standard_uncertainty: Number
    perfect_ratio_source: str
    territories_given_over_planned: Mapping[str, float] = field(default_factory=dict)
    """Where vials say what each of several territories got; one factor for all else."""
    voxels: tuple[VoxelAgreement, ...] = ()
    difference: DoseMap | None = None
    """Delivered minus planned for the activity given, on the grid of the image."""
    top_ups: tuple[TopUp, ...] = ()

    def __post_init__(self) -> None:
        parts = MappingProxyType(dict(self.territories_given_over_planned))
        object.__setattr__(self, "territories_given_over_planned", parts)

    @property
    def planned_structures(self) -> tuple[StructureDelivery, ...]:
        """Those that the plan has a dose for."""
        return tuple(one for one in self.structures if not isinstance(one.planned_gy, Missing))

    def structure(self, label: str) -> StructureDelivery | None:
        """Return one structure, or None."""
        return next((one for one in self.structures if one.label == label), None)


def _ratio(above: Number, below: Number) -> Number:
    if isinstance(above, Missing):
        return above
    if isinstance(below, Missing):
        return below
    return above / below if below > 0 else Missing.NOT_EVALUABLE
