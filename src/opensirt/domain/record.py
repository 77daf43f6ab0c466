"""The records of a course: work-up, plan and verification, each made from the one before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from opensirt.domain.delivery import Delivery
from opensirt.domain.dvh import Dvh
from opensirt.domain.finding import Finding
from opensirt.domain.focus import ExtrahepaticFocus
from opensirt.domain.image import DoseMap
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import OptimisedPlan
from opensirt.domain.second_check import SecondCheck
from opensirt.domain.selection import Selection
from opensirt.domain.session_dose import CumulativeDose
from opensirt.domain.structure import Structure, StructureKind, VoxelWeights
from opensirt.domain.structure_effect import StructureEffect
from opensirt.domain.uncertainty import DoseUncertainty
from opensirt.provenance import Provenance

Number = float | Missing
"""A number, or the reason why there is none."""


@dataclass(frozen=True, kw_only=True)
class LungShunt:
    """Lung counts / (lung + liver counts), 0 to 1, with how it was obtained."""

    fraction: Number
    standard_uncertainty: Number = Missing.NOT_ESTIMATED
    method: str = ""
    assumed: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class StructureUptake:
    """One structure on the scout or verification image."""

    label: str
    kind: StructureKind
    volume_ml: float
    """Of the native mask."""
    mass_kg: float
    mean: float
    """Mean concentration in the image's own unit (counts, or Bq/mL)."""
    uptake_fraction: float
    """Part of what lies in the normalising volume."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Territory:
    """The perfused liver of one injection site with its compartments.

    `tumours` maps a label to the mass inside the territory in kg; `tumour_to_normal_ratio` maps
    the label to the ratio of mean concentrations tumour / perfused normal liver.
    """

    name: str
    vessel: str | Missing
    perfused_label: str
    perfused_volume_ml: float
    perfused_mass_kg: float
    perfused_normal_volume_ml: float
    perfused_normal_mass_kg: float
    tumour_masses_kg: Mapping[str, float]
    tumour_to_normal_ratio: Mapping[str, Number]
    uptake_fractions: Mapping[str, float] = field(default_factory=dict)
    """Label → part of the territory's uptake (perfused volume and deposits) in that structure."""
    perfused_normal_uptake_fraction: float = 0.0
    """Part of the territory's uptake in its perfused normal liver."""
    deposits: tuple[str, ...] = ()
    """Labels of extrahepatic structures whose uptake is counted to this territory."""

    def __post_init__(self) -> None:
        for name in ("tumour_masses_kg", "tumour_to_normal_ratio", "uptake_fractions"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True, eq=False, kw_only=True)
class Workup:
    """What the scout image says: uptake per structure, lung shunt, territories, findings."""

    scout_id: str
    unit: str
    uptakes: tuple[StructureUptake, ...]
    lung_shunt: LungShunt
    lung_mass_kg: Number
    liver_density_kg_per_ml: float
    liver_volume_ml: float
    """Liver without gallbladder."""
    tumour_volume_ml: float
    normal_liver_volume_ml: float
    territories: tuple[Territory, ...]
    normalising_volume: str
    """In words: the structures whose counts hold the activity that reaches the liver."""
    extrahepatic: tuple[StructureUptake, ...] = ()
    foci: tuple[ExtrahepaticFocus, ...] = ()
    """Uptake outside liver and lungs that no one drew."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class PlanRow:
    """One device and one model: the activity, and the doses that it would give.

    A value that cannot be given is a `Missing`. `model` is one of ``body_surface_area``,
    ``body_surface_area_by_share``, ``empiric``, ``mono_compartment``, ``partition``,
    ``multi_tumour_partition``, ``tumour_shunt``, ``voxel``, or ``stated`` for activities that the
    prescription states.
    """

    device: str
    model: str
    territory: str
    administered_activity_bq: Number
    reaching_liver_bq: Number
    tumour_gy: Number
    normal_liver_gy: Number
    perfused_normal_liver_gy: Number
    perfused_volume_gy: Number
    lung_gy: Number
    sphere_count: Number
    binding: str
    """The limit or target that fixed the activity, in words."""
    lung_limit_binds_at_fraction: Number = Missing.NOT_ESTIMATED
    """Lung shunt fraction from which on the lung limit would fix the activity."""
    tumour_doses_gy: Mapping[str, float] = field(default_factory=dict)
    extrahepatic_doses_gy: Mapping[str, float] = field(default_factory=dict)
    dose_constant_gy_kg_per_gbq: Number = Missing.NOT_RECORDED
    sources: tuple[str, ...] = ()
    verified: bool = True
    """False when a figure behind this row is known only from memory or second hand (⚠)."""
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("tumour_doses_gy", "extrahepatic_doses_gy"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True, eq=False, kw_only=True)
class StructureDose:
    """Dose of one structure; every figure is of the physical dose unless it says otherwise."""

    label: str
    kind: StructureKind
    volume_ml: float
    """Of the native mask."""
    mass_kg: float
    activity_bq: float
    mean_activity_bq_per_ml: float
    mean_gy: float
    min_gy: float
    max_gy: float
    d95_gy: float
    d70_gy: float
    d50_gy: float
    d5_gy: float
    bed_gy: Number
    eqd2_gy: Number
    alpha_beta_ratio_gy: Number
    repair_half_life_h: Number
    radiobiology_verified: bool = False
    """False when BED and EQD2 are to be shown with ⚠."""
    radiobiology_source: str = ""
    """Where the two parameters come from, each with its status."""
    volume_fraction_at_gy: Mapping[float, float]
    """Dose in Gy → fraction of the volume that receives at least that."""
    mean_gy_under_shift: tuple[float, float] | Missing = Missing.NOT_ESTIMATED
    """Lowest and highest mean when the structure is moved (see the finding for how far)."""
    mean_gy_expanded_uncertainty: Number = Missing.NOT_ESTIMATED
    eubed_gy: Number = Missing.NO_VERIFIED_VALUE
    """Equivalent uniform BED: of all voxels, while `bed_gy` is of the mean dose."""
    volume_outside_ml: float = 0.0

    def __post_init__(self) -> None:
        frozen = MappingProxyType(dict(self.volume_fraction_at_gy))
        object.__setattr__(self, "volume_fraction_at_gy", frozen)


@dataclass(frozen=True, kw_only=True)
class EnergyBalance:
    """Where the emitted energy went: scored = released × (1 − outside kernel − outside grid)."""

    mean_energy_mev_per_decay: float
    """Energy per decay that the engine transports or deposits, of the named data set."""
    released_j: float
    scored_j: float
    outside_kernel_fraction: float
    outside_grid_fraction: float


@dataclass(frozen=True, eq=False, kw_only=True)
class DoseResult:
    """One dose map with its figures per structure."""

    engine: str
    calibration: str
    """``as imaged``, ``self-calibrated`` or ``planned``."""
    radionuclide: str
    data_set: str
    dose: DoseMap
    energy: EnergyBalance
    structures: tuple[StructureDose, ...]
    dvhs: Mapping[str, Dvh]

    def __post_init__(self) -> None:
        object.__setattr__(self, "dvhs", MappingProxyType(dict(self.dvhs)))

    def structure(self, label: str) -> StructureDose:
        """Return the figures of one structure."""
        for one in self.structures:
            if one.label == label:
                return one
        raise KeyError(label)


@dataclass(frozen=True, eq=False, kw_only=True)
class ChosenActivities:
    """What is to be approved, ordered and administered, and why it is that."""

    device: str
    model: str
    """That predicts the doses."""
    origin: str
    """In words: the model's own row, stated by hand, or what an optimisation was asked."""
    activities_bq: Mapping[str, Number]
    """Territory → activity to administer."""
    spheres_per_ml_at_most: Number = Missing.NOT_RECORDED
    """Of perfused volume, at administration; where the activities were chosen to keep it."""
    perfused_volumes_ml: Mapping[str, float] = field(default_factory=dict)
    """Territory → perfused volume as drawn."""

    def __post_init__(self) -> None:
        for name in ("activities_bq", "perfused_volumes_ml"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """All models side by side, and the voxel dose of the prescribed one.

    `chosen` is the row of the device and model of the prescription, or of the activities that it
    states, with several territories the one of all together (None without a prescription). `doses`
    maps (device, model) to the dose map figures.
    """

    rows: tuple[PlanRow, ...]
    chosen: PlanRow | None
    doses: Mapping[tuple[str, str], DoseResult]
    findings: tuple[Finding, ...]
    provenance: Provenance
    cumulative: CumulativeDose | None = None
    """Earlier sessions and the prescribed row; None without a prescription."""
    second_checks: tuple[SecondCheck, ...] = ()
    """Every activity reckoned again by a path of its own."""
    optimised: tuple[OptimisedPlan, ...] = ()
    """One for each device, where an optimisation was asked for."""
    effects: tuple[StructureEffect, ...] = ()
    """NTCP and TCP of the prescribed dose, or why there are none."""
    choice: ChosenActivities | None = None
    """The activities of `chosen` by territory, with their origin; None without a prescription."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "doses", MappingProxyType(dict(self.doses)))


@dataclass(frozen=True, kw_only=True)
class RecoveredDose:
    """Mean dose of one structure before and after correction for the image's resolution."""

    label: str
    uncorrected_gy: float
    corrected_gy: float

    @property
    def recovery_coefficient(self) -> Number:
        """Uncorrected over corrected; not evaluable where nothing is left after correction."""
        if self.corrected_gy <= 0:
            return Missing.NOT_EVALUABLE
        return self.uncorrected_gy / self.corrected_gy


@dataclass(frozen=True, eq=False, kw_only=True)
class Verification:
    """What the image after treatment says.

    `results` holds one result for each engine and calibration; `primary` is the one that the
    exported dose map comes from.
    """

    image_id: str
    results: tuple[DoseResult, ...]
    primary: int
    imaged_activity_bq: Number
    """Total of the image at administration; `Missing` for an image in counts."""
    administered_activity_bq: Number
    normalising_volume: str
    findings: tuple[Finding, ...]
    provenance: Provenance
    recovered: tuple[RecoveredDose, ...] = ()
    """Of the primary result; empty where the resolution of the image is not known."""
    recovery_method: str = ""
    uncertainties: tuple[DoseUncertainty, ...] = ()
    """Of the primary result's structures."""
    effects: tuple[StructureEffect, ...] = ()
    """NTCP and TCP of the primary result's structures, or why there are none."""
    delivery: Delivery | None = None
    """Against the plan, in both activity scales."""
    lung_shunt_seen: LungShunt = field(
        default_factory=lambda: LungShunt(fraction=Missing.NEEDS_STRUCTURE)
    )
    """Of the image after treatment, where the lungs are drawn on it."""
    cumulative: CumulativeDose | None = None
    """Earlier sessions and this delivery, in the scale of the vendor."""

    @property
    def primary_result(self) -> DoseResult:
        """The result whose dose map is exported."""
        return self.results[self.primary]


@dataclass(frozen=True, eq=False, kw_only=True)
class TruthRow:
    """One quantity of a digital patient: the truth, and what was estimated from its images."""

    quantity: str
    unit: str
    true: float
    estimated: Number
    uncorrected: Number = Missing.NOT_ESTIMATED
    """The estimate without recovery correction, where one was used."""
    tolerance: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class CaseResult:
    """Everything that one run found: the only input of a report.

    `weights` maps a structure's label to its weights on the grid of the exported dose; `drawn`
    are the structures that pictures outline.
    """

    case_key: str
    findings: tuple[Finding, ...]
    """All of them: assumptions first, then by severity."""
    workup: Workup | None = None
    plan: Plan | None = None
    verification: Verification | None = None
    selection: Selection | None = None
    truth: tuple[TruthRow, ...] = ()
    drawn: tuple[Structure, ...] = ()
    weights: Mapping[str, VoxelWeights] = field(default_factory=dict)
    provenance: Provenance
