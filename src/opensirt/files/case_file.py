"""case.toml: what is known of one course, as a person wrote it down."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from opensirt.domain.case import ImageRole
from opensirt.domain.structure import StructureKind
from opensirt.errors import InputError
from opensirt.files.clinical_blocks import (
    DiseaseBlock,
    HepatobiliaryScanBlock,
    LabBlock,
    OverrideBlock,
    PriorTreatmentBlock,
    SymptomBlock,
)
from opensirt.files.follow_up_blocks import (
    AdverseEventBlock,
    FollowUpBlock,
    QualityOfLifeBlock,
)
from opensirt.files.toml_document import Block, read_toml, validated
from opensirt.files.toml_values import (
    RANGES,
    CaseKey,
    DeviceName,
    Fraction,
    Gray,
    Instant,
    Kind,
    Megabecquerel,
    Name,
    Nuclide,
    PlanarOrganName,
    PlanarViewName,
    PlannedTime,
    Reference,
    Role,
    Unit,
    ZoneName,
    bounded,
)

CASE_SCHEMA = "opensirt/case/1"
CASE_FILE_NAME = "case.toml"

CLINICAL_BLOCKS = (
    "disease",
    "labs",
    "prior_treatments",
    "symptoms",
    "overrides",
    "hepatobiliary_scans",
)
"""Blocks that `opensirt select` reads."""

OTHER_BLOCKS = (
    *CLINICAL_BLOCKS,
    "quality_of_life",
    "follow_up",
    "adverse_events",
)
"""Blocks that are kept as they are stated until a step reads them."""


BLOCKS_AFTER_PLAN = ("order", "administration")
"""Blocks that a plan does not depend on: they may be added to a case whose plan is approved."""

_TABLE_HEADER = re.compile(r"^\s*\[\[?\s*(?P<block>[A-Za-z0-9_-]+)\s*[.\]]")


class FactsBlock(Block):
    """A block whose facts may be marked as assumed."""

    assumed: list[str] = Field(
        default_factory=list,
        description="names of keys of this block that are assumed; they are printed first",
    )

    @model_validator(mode="after")
    def _assumed_are_keys(self) -> Self:
        stated = self.model_fields_set - {"assumed"}
        unknown = [name for name in self.assumed if name not in stated]
        if unknown:
            raise ValueError(
                f"assumed names {', '.join(map(repr, unknown))}, which this block does not state; "
                f"stated here: {', '.join(sorted(stated)) or 'nothing'}"
            )
        return self


class PatientBlock(FactsBlock):
    """Body measures; nothing that identifies."""

    height_cm: Annotated[float, bounded("patient", "height_cm")] | None = Field(
        default=None, description="height in centimetres"
    )
    weight_kg: Annotated[float, bounded("patient", "weight_kg")] | None = Field(
        default=None, description="weight in kilograms"
    )
    sex: Literal["female", "male", "other"] | None = Field(
        default=None, description='"female", "male" or "other"'
    )


class ImageBlock(FactsBlock):
    """One image, and the facts that its file does not declare."""

    id: Name = Field(description="a short name of the image, used nowhere else in the case")
    role: Role = Field(description=f"one of {', '.join(one.value for one in ImageRole)}")
    path: Name = Field(description="file or DICOM folder, relative to case.toml")
    series: Name | None = Field(
        default=None, description="DICOM series instance UID where the folder holds several series"
    )
    unit: Unit | None = Field(
        default=None, description='unit of the voxel values: "Bq/mL", "kBq/mL", "counts", "HU", …'
    )
    radionuclide: Nuclide | None = Field(default=None, description='such as "Y-90"')
    reference: Reference | None = Field(
        None,
        description='instant that the activity refers to: "administration", "acquisition" or an '
        "instant with its zone",
    )
    acquired_at: Instant | None = Field(
        default=None, description="when the acquisition began, with its zone"
    )
    duration_s: Annotated[float, bounded("image", "duration_s")] | None = Field(
        default=None, description="how long the acquisition took, in seconds"
    )
    resolution_fwhm_mm: Annotated[float, bounded("image", "resolution_fwhm_mm")] | None = Field(
        default=None, description="measured resolution, full width at half maximum, in millimetres"
    )
    calibration_standard_uncertainty_fraction: (
        Annotated[float, bounded("image", "calibration_standard_uncertainty_fraction")] | None
    ) = Field(
        default=None,
        description="relative standard uncertainty (k = 1) of the activity scale of the image, "
        "or of the administered activity for an image in counts; such as 0.05",
    )
    frame: Name | None = Field(
        None,
        description="name of the frame of reference, for formats that carry none; images meet "
        "only within one frame",
    )

    anterior_frame: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="planar images whose file has no view codes: number of the anterior frame, "
        "from 1",
    )
    posterior_frame: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="as anterior_frame"
    )

    @model_validator(mode="after")
    def _frames_are_of_planar_images(self) -> Self:
        stated = self.anterior_frame is not None or self.posterior_frame is not None
        if stated and self.role is not ImageRole.PLANAR:
            raise ValueError(
                "anterior_frame and posterior_frame belong to planar images; leave them out, or "
                'write role = "planar"'
            )
        return self


Pixel = Annotated[list[float], Field(min_length=2, max_length=2)]
"""A corner: column, row."""


class PlanarRegionBlock(Block):
    """A region drawn on one view of a planar image: a polygon or a rectangle."""

    image: Name = Field(description="id of the planar image")
    organ: PlanarOrganName = Field(
        description='"lungs", "liver" or "background"; several of one organ are taken together'
    )
    view: PlanarViewName = Field(description='"anterior" or "posterior", as stored in the file')
    polygon: list[Pixel] | None = Field(
        default=None,
        description="corners [column, row] in pixels of the view, 0 the centre of the first",
    )
    rectangle: Annotated[list[float], Field(min_length=4, max_length=4)] | None = Field(
        default=None, description="[first column, first row, last column, last row]"
    )

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        if (self.polygon is None) == (self.rectangle is None):
            raise ValueError("a planar region is either a polygon or a rectangle")
        return self

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Corners (column, row) of the polygon or of the rectangle."""
        if self.rectangle is None:
            return tuple((column, row) for column, row in self.polygon or ())
        left, top, right, bottom = self.rectangle
        return (left, top), (right, top), (right, bottom), (left, bottom)


class StructuresBlock(FactsBlock):
    """One file of contours or masks, and what its segments are."""

    path: Name = Field(description="file or DICOM folder, relative to case.toml")
    frame: Name | None = Field(default=None, description="as in [[images]]")
    labels: dict[str, Kind] = Field(
        min_length=1,
        description='segment name or pattern = kind, such as { "Tumor *" = "tumour" }; kinds: '
        + ", ".join(kind.value for kind in StructureKind),
    )
    names: dict[str, Name] = Field(
        default_factory=dict,
        description="label value = name, for label maps whose file names no labels",
    )

    @model_validator(mode="after")
    def _names_are_of_label_values(self) -> Self:
        wrong = [key for key in self.names if not key.isdecimal()]
        if wrong:
            raise ValueError(f'names: {wrong[0]!r} is no label value; write 1 = "liver"')
        return self


class TissueBlock(FactsBlock):
    """Densities and masses that turn volumes into masses."""

    liver_density_g_per_ml: Annotated[float, bounded("tissue", "liver_density_g_per_ml")] | None = (
        Field(default=None, description="density of the liver in g/mL")
    )
    lung_mass_kg: Annotated[float, bounded("tissue", "lung_mass_kg")] | None = Field(
        default=None, description="mass of both lungs in kilograms"
    )


class WorkUpBlock(FactsBlock):
    """What the work-up measured elsewhere."""

    lung_shunt_fraction: Fraction | None = Field(
        default=None, description="between 0 and 1: 0.05 for 5 %"
    )
    lung_shunt_standard_uncertainty: Fraction | None = Field(
        default=None, description="standard uncertainty of the fraction, between 0 and 1"
    )
    lung_shunt_method: Name | None = Field(default=None, description='such as "planar" or "SPECT"')
    planar_lung_transmission: Fraction | None = Field(
        default=None,
        description="part of the photons that pass the whole body at the lungs, to correct the "
        "attenuation of planar images; only with planar_liver_transmission",
    )
    planar_liver_transmission: Fraction | None = Field(
        default=None, description="the same at the liver"
    )


class TerritoryBlock(FactsBlock):
    """One injection site and the liver that it perfuses."""

    name: Name = Field(description="a short name of the injection site")
    perfused_volume: Name | None = Field(
        default=None, description="label of the structure of kind perfused_volume"
    )
    threshold_image: Name | None = Field(
        default=None,
        description="in place of perfused_volume: id of the scout or contrast image that the "
        "volume is thresholded from, inside the liver",
    )
    threshold_fraction: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="part of the image's largest value inside the liver, such as 0.1"
    )
    scout_activity_mbq: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="activity injected here for the scout, in MBq; a Ho-166 scout gives dose",
    )
    vessel: Name | None = Field(default=None, description="the artery")
    catheter_position: Name | None = Field(default=None, description="where the tip lay")

    @model_validator(mode="after")
    def _one_volume(self) -> Self:
        if (self.perfused_volume is None) == (self.threshold_image is None):
            raise ValueError("a territory has either perfused_volume or threshold_image")
        if (self.threshold_image is None) != (self.threshold_fraction is None):
            raise ValueError("threshold_image and threshold_fraction belong together")
        return self


class DoseFigures(Block):
    """Doses of structures in Gy."""

    perfused_normal_liver_gy: Gray | None = None
    normal_liver_gy: Gray | None = None
    lung_gy: Gray | None = None
    lung_cumulative_gy: Gray | None = None
    normal_liver_cumulative_gy: Gray | None = None
    gastrointestinal_wall_gy: Gray | None = None
    tumour_gy: Gray | None = None
    perfused_volume_gy: Gray | None = None

    def by_name(self) -> dict[str, float]:
        """Return the figures given, by structure (``lung_gy`` becomes ``lung``)."""
        given: Mapping[str, float] = self.model_dump(exclude_none=True)
        return {key.removesuffix("_gy"): value for key, value in given.items()}


class ActivityConstraintsBlock(Block):
    """What activities_mbq are to keep beside the limits; checked whenever they are planned."""

    spheres_per_ml: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="most spheres at administration per mL of perfused volume; the order checks "
        "it with the vials and the hour that it finds",
    )
    activity_per_sphere_bq: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="activity of a sphere that a plan reckons with; the device's at calibration "
        "if not stated",
    )
    chances: dict[Name, Annotated[float, Field(gt=0, lt=1)]] = Field(
        default_factory=dict, description='limit = least chance of keeping it, "all" for the rest'
    )
    scenarios: Annotated[int, Field(ge=100)] = Field(
        default=1000, description="scenarios that chances are judged by"
    )
    seed: Annotated[int, Field(ge=0)] = Field(default=1, description="of the scenarios")

    @model_validator(mode="after")
    def _something_is_kept(self) -> Self:
        if self.spheres_per_ml is None and not self.chances:
            raise ValueError("state spheres_per_ml or chances, or leave activities_constraints out")
        return self


class PrescriptionBlock(FactsBlock):
    """What is wanted."""

    device: DeviceName = Field(description='"resin", "glass" or "holmium"')
    model: Literal[
        "body_surface_area",
        "body_surface_area_by_share",
        "empiric",
        "mono_compartment",
        "partition",
        "multi_tumour_partition",
        "tumour_shunt",
        "voxel",
    ] = Field(
        description="the model that the activity comes from, or, with activities_mbq, that "
        "predicts its doses"
    )
    activities_mbq: dict[Name, Megabecquerel] = Field(
        default_factory=dict,
        description="territory = activity to administer in MBq, for every territory: chosen in "
        "place of the model's activities",
    )
    activities_origin: Name | None = Field(
        default=None,
        description="where activities_mbq come from, in words; written by plan --choose, "
        "otherwise they count as stated by hand",
    )
    activities_constraints: ActivityConstraintsBlock | None = Field(
        default=None,
        description="what activities_mbq are to keep beside the limits; written by plan --choose",
    )
    scenario: Literal["segmentectomy", "lobectomy", "unilobar", "bilobar"] | None = Field(
        default=None,
        description="what the treatment is: the published targets and limits of that scenario are "
        "in force where the case and the site state none",
    )
    limits: DoseFigures = Field(
        default_factory=DoseFigures, description="largest doses in Gy, for the device named here"
    )
    targets: dict[DeviceName, DoseFigures] = Field(
        default_factory=dict, description="device = { structure_gy = dose to reach }"
    )

    @model_validator(mode="after")
    def _origin_is_of_activities(self) -> Self:
        if self.activities_constraints is not None and not self.activities_mbq:
            raise ValueError(
                "activities_constraints says what activities_mbq keep, and none are stated; state "
                "them, or leave activities_constraints out"
            )
        if self.activities_origin is not None and not self.activities_mbq:
            raise ValueError(
                "activities_origin says where activities_mbq come from, and none are stated; "
                "state them, or leave activities_origin out"
            )
        return self


class OrderBlock(FactsBlock):
    """When the treatment is planned, and what the supplier and the site say."""

    planned_at: PlannedTime | None = Field(
        default=None,
        description="when the treatment is planned: with its offset, or as the clock at the site "
        "shows it (see time_zone)",
    )
    time_zone: ZoneName | None = Field(
        default=None,
        description='of a planned_at without offset, such as "Europe/Amsterdam"; otherwise that '
        "of the site profile",
    )
    calibrations: list[Instant] = Field(
        default_factory=list,
        description="instants at which vials on offer are calibrated; the calendar of the device "
        "if empty",
    )
    residual_fraction: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        default=None,
        description="part of the dispensed activity that stays behind, between 0 and 1",
    )
    spheres: Literal["few", "many"] | None = Field(
        default=None, description='"few" or "many" where equally good orders differ in spheres'
    )


class SurveyBlock(Block):
    """Readings of a survey meter in one unit, such as µSv/h, at one distance."""

    dispensed_reading: Annotated[float, Field(gt=0)] = Field(description="of the vial before")
    dispensed_at: Instant = Field(description="when it was read, with its zone")
    residual_reading: Annotated[float, Field(ge=0)] = Field(
        description="of vial, lines and waste after"
    )
    residual_at: Instant = Field(description="when it was read, with its zone")
    background_reading: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="without any vial"
    )
    geometry_factor: Annotated[float, Field(gt=0)] = Field(
        default=1.0, description="response to the vial over response to the waste"
    )


class VialBlock(FactsBlock):
    """One vial as it was given at one injection site."""

    territory: Name = Field(description="name of the injection site, as in [[territories]]")
    lot: Name | None = Field(default=None, description="lot of the vial")
    dispensed_mbq: Megabecquerel = Field(description="activity before the injection, in MBq")
    dispensed_at: Instant = Field(description="when that was measured, with its zone")
    dispensed_standard_uncertainty_mbq: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="standard uncertainty of dispensed_mbq"
    )
    injected_at: Instant = Field(description="instant of injection, with its zone")
    residual_mbq: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="activity left in vial, lines and waste, in MBq"
    )
    residual_at: Instant | None = Field(
        default=None, description="when the residual was measured, with its zone"
    )
    residual_standard_uncertainty_mbq: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="standard uncertainty of residual_mbq"
    )
    survey: SurveyBlock | None = Field(
        default=None, description="readings of a survey meter, in place of residual_mbq"
    )
    stasis: bool = Field(default=False, description="whether stasis ended the injection")
    reflux: bool = Field(default=False, description="whether reflux was seen")

    @model_validator(mode="after")
    def _one_residual(self) -> Self:
        if self.survey is not None and self.residual_mbq is not None:
            raise ValueError("state residual_mbq or survey, not both")
        if self.residual_mbq is not None and self.residual_at is None:
            raise ValueError("residual_mbq needs residual_at, the time when it was measured")
        return self


class DirectiveBlock(FactsBlock):
    """What the written directive says of one injection site, and how it was revised."""

    territory: Name = Field(description="name of the injection site")
    prescribed_mbq: Megabecquerel | None = Field(
        default=None, description="activity of the directive, in MBq; the plan's if not stated"
    )
    revised_mbq: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="activity of the revised directive, in MBq"
    )
    revised_at: Instant | None = Field(
        default=None, description="when the directive was revised, with its zone"
    )
    stopped_for: Literal["stasis", "reflux", "emergent patient condition"] | None = Field(
        default=None, description="what ended the injection early"
    )


class AdministrationBlock(FactsBlock):
    """What was given; activities are at `administered_at`."""

    device: Literal["resin", "glass", "holmium", "unknown"] = Field(
        default="unknown", description='"resin", "glass", "holmium" or "unknown"'
    )
    administered_activity_mbq: Megabecquerel | None = Field(
        default=None, description="activity that reached the patient, in MBq"
    )
    administered_at: Instant | None = Field(
        default=None, description="instant of injection, with its zone"
    )
    dispensed_activity_mbq: Megabecquerel | None = Field(
        default=None,
        description="activity drawn for the patient, in MBq, decayed to administered_at",
    )
    residual_activity_mbq: Annotated[float, Field(ge=0)] | None = Field(
        default=None,
        description="activity left in vial, lines and waste, in MBq, at administered_at",
    )
    vials: list[VialBlock] = Field(
        default_factory=list,
        description="every vial that was given; administered_activity_mbq follows from them where "
        "it is not stated",
    )
    directives: list[DirectiveBlock] = Field(
        default_factory=list, description="what was prescribed, where it is not the plan's"
    )

    @model_validator(mode="after")
    def _activities_agree(self) -> Self:
        _require_unique(
            "[[administration.directives]] territory", [one.territory for one in self.directives]
        )
        dispensed, residual = self.dispensed_activity_mbq, self.residual_activity_mbq
        if dispensed is None or residual is None:
            return self
        if residual > dispensed:
            raise ValueError(
                f"residual_activity_mbq {residual:g} is more than dispensed_activity_mbq "
                f"{dispensed:g}; both are activities at administered_at: decay them to one "
                "instant, or correct the figure"
            )
        given = self.administered_activity_mbq
        apart = RANGES["agreement"]["administered_activity_fraction"]
        if given is not None and abs(given - (dispensed - residual)) > apart * given:
            raise ValueError(
                f"administered_activity_mbq {given:g} is not dispensed minus residual "
                f"({dispensed:g} − {residual:g} = {dispensed - residual:g}); correct one of them"
            )
        return self


class ConfirmationBlock(Block):
    """A named person accepts one suspicious finding."""

    finding: Name = Field(description="the rule that the message named")
    by: Name = Field(description="name of the person who confirms")
    on: date = Field(description="date, such as 2026-03-02 (without quotation marks)")


class CaseFile(Block):
    """What is known of one course of radioembolization."""

    schema_: Literal["opensirt/case/1"] = Field(alias="schema", description=f'"{CASE_SCHEMA}"')
    key: CaseKey = Field(
        description="pseudonym of the case, 1 to 64 characters without \\; nothing that "
        "identifies the patient"
    )
    patient: PatientBlock = Field(default_factory=PatientBlock)
    images: list[ImageBlock] = Field(default_factory=list)
    planar_regions: list[PlanarRegionBlock] = Field(default_factory=list)
    structures: list[StructuresBlock] = Field(default_factory=list)
    tissue: TissueBlock = Field(default_factory=TissueBlock)
    work_up: WorkUpBlock = Field(default_factory=WorkUpBlock)
    territories: list[TerritoryBlock] = Field(default_factory=list)
    prescription: PrescriptionBlock | None = None
    order: OrderBlock = Field(default_factory=OrderBlock)
    administration: AdministrationBlock | None = None
    confirmations: list[ConfirmationBlock] = Field(default_factory=list)
    disease: DiseaseBlock | None = None
    labs: list[LabBlock] | None = None
    prior_treatments: list[PriorTreatmentBlock] | None = None
    symptoms: list[SymptomBlock] | None = None
    overrides: list[OverrideBlock] | None = None
    hepatobiliary_scans: list[HepatobiliaryScanBlock] | None = None
    quality_of_life: list[QualityOfLifeBlock] | None = None
    follow_up: FollowUpBlock | None = None
    adverse_events: list[AdverseEventBlock] | None = None

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        _require_unique("[[images]] id", [one.id for one in self.images])
        planar = {one.id for one in self.images if one.role is ImageRole.PLANAR}
        for region in self.planar_regions:
            if region.image not in planar:
                raise ValueError(
                    f"[[planar_regions]] image: {region.image!r} is no planar image of the case; "
                    f"planar: {', '.join(sorted(planar)) or 'none'}"
                )
        _require_unique("[[territories]] name", [one.name for one in self.territories])
        return self

    @property
    def other_blocks(self) -> dict[str, object]:
        """The blocks beside the main ones, with the keys that they state."""
        return {
            name: _stated(getattr(self, name))
            for name in OTHER_BLOCKS
            if getattr(self, name) is not None
        }


def _stated(block: object) -> object:
    """Return a block as plain tables with the keys that were written."""
    if isinstance(block, Block):
        return block.model_dump(exclude_unset=True)
    if isinstance(block, list):
        return [_stated(one) for one in block]
    return block


def _require_unique(what: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{what}: {', '.join(map(repr, twice))} is given twice; each needs its own"
        )


def case_file_path(path: Path) -> Path:
    """Return the case.toml of a case folder, or the path itself when it is a file.

    Raises
    ------
    InputError
        When there is no such folder, or no case.toml in it.
    """
    if not path.exists():
        raise InputError(
            f"there is no {path.name or path}; a folder with a {CASE_FILE_NAME} is wanted"
        )
    if path.is_dir():
        inside = path / CASE_FILE_NAME
        if not inside.is_file():
            raise InputError(
                f"the folder holds no {CASE_FILE_NAME}; `opensirt new CASE --from FOLDER` writes "
                "one"
            )
        return inside
    return path


def read_case_file(path: Path) -> CaseFile:
    """Return what a case.toml says, unit by unit, without opening the files that it names.

    Raises
    ------
    InputError
        Naming the file and, all together, every key that is wrong: what was found, what was
        wanted, what to do.
    """
    return validated(CaseFile, read_toml(path), path)


def planning_text(text: str) -> str:
    """Return a case.toml without the blocks that come after the plan (order, administration).

    Their lines are cut out; where that would not leave exactly the other blocks (a table within
    a text, say), the whole text is returned.
    """
    kept: list[str] = []
    later = False
    for line in text.splitlines(keepends=True):
        header = _TABLE_HEADER.match(line)
        if header:
            later = header["block"] in BLOCKS_AFTER_PLAN
            # Empty lines between blocks say nothing; a comment right above a block belongs to it.
            while kept and (not kept[-1].strip() or (later and kept[-1].lstrip()[0] == "#")):
                kept.pop()
        if not later:
            kept.append(line)
    cut = "".join(kept).rstrip() + "\n"
    wanted = tomllib.loads(text)
    for name in BLOCKS_AFTER_PLAN:
        wanted.pop(name, None)
    try:
        same = tomllib.loads(cut) == wanted
    except tomllib.TOMLDecodeError:
        same = False
    return cut if same else text


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema of case.toml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": CASE_SCHEMA,
        **CaseFile.model_json_schema(by_alias=True),
    }
