"""The blocks of case.toml that come after the plan: the order and what was given."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from opensirt.files.facts_block import FactsBlock, require_unique
from opensirt.files.toml_document import Block
from opensirt.files.toml_values import (
    RANGES,
    Instant,
    Megabecquerel,
    Name,
    PlannedTime,
    ZoneName,
)


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
        require_unique(
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
