"""phantom.toml: what a site filled its phantom with."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from opensirt.domain.site_phantom import KnownConcentration, SitePhantom
from opensirt.files.toml_document import Block, read_toml, validated
from opensirt.units import BQ_PER_MBQ

PHANTOM_FILE_NAME = "phantom.toml"


class _StructureBlock(Block):
    label: str = Field(description="Structure of the case.")
    activity_concentration_bq_per_ml: float = Field(
        gt=0, description="At the instant that the image refers to."
    )
    recovery_coefficient: float = Field(
        default=1.0, gt=0, description="Image over truth that the site expects; 1 for large parts."
    )
    tolerance_fraction: float = Field(gt=0, lt=1, description="0.1 is 10 %.")


class _TotalBlock(Block):
    activity_mbq: float = Field(gt=0, description="In the image, at the instant it refers to.")
    tolerance_fraction: float | None = Field(default=None, gt=0, lt=1, description="0.05 is 5 %.")


class _PhantomFile(Block):
    schema_: Literal["opensirt/phantom/1"] = Field(alias="schema")
    name: str = Field(description="Of the phantom.")
    total: _TotalBlock | None = Field(default=None, description="All activity in the image.")
    structures: list[_StructureBlock] = Field(
        default_factory=list, description="Parts of known concentration."
    )


def read_phantom_file(path: Path) -> SitePhantom:
    """Return what is known of a phantom.

    Raises
    ------
    InputError
        When the file cannot be read or says something that it may not.
    """
    read = validated(_PhantomFile, read_toml(path), path)
    total = read.total
    return SitePhantom(
        name=read.name,
        total_activity_bq=None if total is None else total.activity_mbq * BQ_PER_MBQ,
        total_tolerance_fraction=None if total is None else total.tolerance_fraction,
        concentrations=tuple(
            KnownConcentration(
                label=one.label,
                activity_bq_per_ml=one.activity_concentration_bq_per_ml,
                recovery_coefficient=one.recovery_coefficient,
                tolerance_fraction=one.tolerance_fraction,
            )
            for one in read.structures
        ),
    )
