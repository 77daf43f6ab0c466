"""case.toml: what is known of one course, as a person wrote it down."""

from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from opensirt.domain.case import ImageRole
from opensirt.errors import InputError
from opensirt.files.clinical_blocks import (
    DiseaseBlock,
    HepatobiliaryScanBlock,
    LabBlock,
    OverrideBlock,
    PriorTreatmentBlock,
    SymptomBlock,
)
from opensirt.files.delivery_blocks import AdministrationBlock, OrderBlock
from opensirt.files.facts_block import require_unique
from opensirt.files.follow_up_blocks import (
    AdverseEventBlock,
    FollowUpBlock,
    QualityOfLifeBlock,
)
from opensirt.files.image_blocks import ImageBlock, PlanarRegionBlock, StructuresBlock
from opensirt.files.plan_blocks import (
    PatientBlock,
    PrescriptionBlock,
    TerritoryBlock,
    TissueBlock,
    WorkUpBlock,
)
from opensirt.files.toml_document import Block, read_toml, validated
from opensirt.files.toml_values import CaseKey, Name

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
        require_unique("[[images]] id", [one.id for one in self.images])
        planar = {one.id for one in self.images if one.role is ImageRole.PLANAR}
        for region in self.planar_regions:
            if region.image not in planar:
                raise ValueError(
                    f"[[planar_regions]] image: {region.image!r} is no planar image of the case; "
                    f"planar: {', '.join(sorted(planar)) or 'none'}"
                )
        require_unique("[[territories]] name", [one.name for one in self.territories])
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


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema of case.toml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": CASE_SCHEMA,
        **CaseFile.model_json_schema(by_alias=True),
    }
