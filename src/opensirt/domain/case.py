"""One patient's course as the case folder states it, with images and structures in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from types import MappingProxyType

from opensirt.domain.administration import DirectiveFacts, VialFacts
from opensirt.domain.finding import Confirmation, Finding
from opensirt.domain.image import ActivityMap, CountsImage, CtImage, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import ActivityConstraints
from opensirt.domain.order import OrderFacts
from opensirt.domain.planar import PlanarImage, PlanarRegion
from opensirt.domain.session_dose import EarlierDoseFacts
from opensirt.domain.structure import Mask, StructureSet
from opensirt.errors import InputError, UnknownNameError
from opensirt.units import BQ_PER_MBQ


class ImageRole(Enum):
    """What an image is for."""

    CT = "ct"
    SCOUT = "scout"
    SCOUT_CT = "scout-ct"
    PLANAR = "planar"
    VERIFICATION = "verification"
    FOLLOW_UP = "follow-up"
    PRRT = "prrt"
    OTHER = "other"


@dataclass(frozen=True, eq=False, kw_only=True)
class CaseImage:
    """An image with its place in the case."""

    id: str
    role: ImageRole
    image: Image3D
    source: str = ""
    """Name of the file or folder, without those that it lies in."""
    resolution_fwhm_mm: float | Missing = Missing.NOT_RECORDED
    """Full width at half maximum of the image's point spread, where it was measured."""
    calibration_standard_uncertainty_fraction: float | Missing = Missing.NOT_RECORDED
    """Relative standard uncertainty (k = 1) of the image's activity scale, where it is known."""
    camera: str = ""
    """Whose calibration of the site profile turns counts into activity; empty for none."""
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class CasePlanar:
    """Two planar views with the regions drawn on them."""

    id: str
    image: PlanarImage
    regions: tuple[PlanarRegion, ...]
    source: str = ""
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PatientFacts:
    """Body measures; nothing that identifies."""

    height_cm: float | Missing = Missing.NOT_RECORDED
    weight_kg: float | Missing = Missing.NOT_RECORDED
    sex: str | Missing = Missing.NOT_RECORDED
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tissue:
    """Densities and masses that turn volumes into masses."""

    liver_density_kg_per_ml: float | Missing = Missing.NOT_RECORDED
    lung_mass_kg: float | Missing = Missing.NOT_RECORDED
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WorkUpFacts:
    """What the work-up measured elsewhere."""

    lung_shunt_fraction: float | Missing = Missing.NOT_RECORDED
    lung_shunt_standard_uncertainty: float | Missing = Missing.NOT_ESTIMATED
    lung_shunt_method: str | Missing = Missing.NOT_RECORDED
    planar_lung_transmission: float | Missing = Missing.NOT_RECORDED
    """Part of the photons that pass the whole body at the lungs, for planar views."""
    planar_liver_transmission: float | Missing = Missing.NOT_RECORDED
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TerritoryFacts:
    """One injection site and the liver that it perfuses."""

    name: str
    perfused_volume: str
    """Label of the structure of kind ``perfused_volume``, drawn or made by the threshold."""
    threshold_image: str = ""
    """Id of the image that the perfused volume is thresholded from; empty where it is drawn."""
    threshold_fraction: float = 0.0
    """Of the image's largest value inside the liver."""
    scout_activity_bq: float | Missing = Missing.NOT_RECORDED
    """Injected here for the scout."""
    vessel: str | Missing = Missing.NOT_RECORDED
    catheter_position: str | Missing = Missing.NOT_RECORDED
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Prescription:
    """What is wanted: device, model, limits and targets, each in Gy.

    `limits_gy` hold for `device` only; `targets_gy` are per device. Keys are
    ``perfused_normal_liver``, ``normal_liver``, ``lung``, ``tumour``, ``perfused_volume``.
    """

    device: str
    model: str
    limits_gy: Mapping[str, float] = field(default_factory=dict)
    targets_gy: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    scenario: str = ""
    """``segmentectomy``, ``lobectomy``, ``unilobar``, ``bilobar``, or empty."""
    activities_bq: Mapping[str, float] = field(default_factory=dict)
    """Territory → activity to administer, chosen in place of the model's; empty for the model's.

    The model then predicts the doses of these activities.
    """
    activities_origin: str = ""
    """Where `activities_bq` come from, in words; empty for stated by hand."""
    activities_constraints: ActivityConstraints | None = None
    """What the activities are to keep beside limits; None where they were not chosen by such."""
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, bq in self.activities_bq.items():
            if not 0 < bq < float("inf"):
                raise InputError(
                    f"the prescription states {bq / BQ_PER_MBQ:g} MBq for territory {name!r}; an "
                    "activity is above zero: take a territory that is not treated out of the case"
                )
        if self.activities_constraints is not None and not self.activities_bq:
            raise InputError(
                "the prescription states constraints of activities and no activities; state "
                "activities_mbq for every territory, or leave activities_constraints out"
            )
        if self.activities_origin and not self.activities_bq:
            raise InputError(
                "the prescription states an origin of activities and no activities; state "
                "activities_mbq for every territory, or leave activities_origin out"
            )
        object.__setattr__(self, "activities_bq", MappingProxyType(dict(self.activities_bq)))
        object.__setattr__(self, "limits_gy", MappingProxyType(dict(self.limits_gy)))
        targets = {name: MappingProxyType(dict(one)) for name, one in self.targets_gy.items()}
        object.__setattr__(self, "targets_gy", MappingProxyType(targets))


@dataclass(frozen=True, kw_only=True)
class AdministrationFacts:
    """What was given. Activities are at `administered_at` (or at the event itself)."""

    device: str
    """``resin``, ``glass``, ``holmium`` or ``unknown``."""
    administered_activity_bq: float | Missing = Missing.NOT_RECORDED
    administered_at: datetime | Missing = Missing.NOT_RECORDED
    dispensed_activity_bq: float | Missing = Missing.NOT_RECORDED
    residual_activity_bq: float | Missing = Missing.NOT_RECORDED
    vials: tuple[VialFacts, ...] = ()
    directives: tuple[DirectiveFacts, ...] = ()
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class VisitSegments:
    """Outlines of one imaging visit, from which its sizes are measured.

    `lesions` maps the id of a lesion to its mask; `tumours` is all tumour of the liver. `ct` is
    the CT of the visit, in the contrast phase that the case states; `on_mr` says that the image
    of the visit is a magnetic resonance image, whose signal has no unit.
    """

    on: date
    lesions: Mapping[str, Mask] = field(default_factory=dict)
    tumours: Mask | None = None
    liver: Mask | None = None
    spleen: Mask | None = None
    source: str = ""
    ct: CtImage | None = None
    on_mr: bool = False
    phase: str | Missing = Missing.NOT_RECORDED

    def __post_init__(self) -> None:
        object.__setattr__(self, "lesions", MappingProxyType(dict(self.lesions)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """Everything that is known of one course, as frozen values.

    `inputs` maps each file's role to the sha256 of its bytes; `other_blocks` keeps, unread, the
    blocks of the case file that no step uses yet.
    """

    key: str
    images: tuple[CaseImage, ...] = ()
    structures: StructureSet = field(default_factory=StructureSet)
    patient: PatientFacts = field(default_factory=PatientFacts)
    tissue: Tissue = field(default_factory=Tissue)
    work_up: WorkUpFacts = field(default_factory=WorkUpFacts)
    territories: tuple[TerritoryFacts, ...] = ()
    prescription: Prescription | None = None
    order: OrderFacts = field(default_factory=OrderFacts)
    administration: AdministrationFacts | None = None
    confirmations: tuple[Confirmation, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What reading the files had to say, assumptions first."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    other_blocks: Mapping[str, object] = field(default_factory=dict)
    planar: tuple[CasePlanar, ...] = ()
    """Planar scintigrams, which are no volumes."""
    earlier: tuple[EarlierDoseFacts, ...] = ()
    """Earlier treatments with what is stated of their doses; those still planned are left out."""
    visit_segments: tuple[VisitSegments, ...] = ()
    """Outlines of the imaging visits of the follow-up."""

    def __post_init__(self) -> None:
        if not self.key:
            raise InputError("a case has no key")
        ids = [one.id for one in self.images] + [one.id for one in self.planar]
        if len(set(ids)) != len(ids):
            raise InputError(f"case {self.key}: two images have the same id ({', '.join(ids)})")
        for name in ("inputs", "other_blocks"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def image(self, image_id: str) -> CaseImage:
        """Return the image with an id; raise `UnknownNameError` when there is none."""
        for one in self.images:
            if one.id == image_id:
                return one
        raise UnknownNameError("image", image_id, (one.id for one in self.images))

    def in_role(self, role: ImageRole) -> tuple[CaseImage, ...]:
        """Return the images of one role, in order."""
        return tuple(one for one in self.images if one.role is role)

    def scout(self) -> CaseImage | None:
        """Return the first tomographic scout (counts or activity), or None."""
        for one in self.in_role(ImageRole.SCOUT):
            if isinstance(one.image, CountsImage | ActivityMap):
                return one
        return None

    def verification(self) -> CaseImage | None:
        """Return the first image of the treatment itself, or None."""
        for one in self.in_role(ImageRole.VERIFICATION):
            if isinstance(one.image, CountsImage | ActivityMap):
                return one
        return None

    def ct_in_frame(self, frame_of_reference_uid: str) -> CaseImage | None:
        """Return the first CT of a frame of reference, or None."""
        for one in self.images:
            same = one.image.grid.frame_of_reference_uid == frame_of_reference_uid
            if same and isinstance(one.image, CtImage):
                return one
        return None
