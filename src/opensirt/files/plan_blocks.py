"""The blocks of case.toml that a plan rests on beside its images."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from opensirt.files.facts_block import FactsBlock
from opensirt.files.toml_document import Block
from opensirt.files.toml_values import (
    DeviceName,
    Fraction,
    Gray,
    Megabecquerel,
    Name,
    bounded,
)


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
