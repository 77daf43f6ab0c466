"""The blocks of case.toml that name files: images, planar regions, structures."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from opensirt.domain.case import ImageRole
from opensirt.domain.structure import StructureKind
from opensirt.files.facts_block import FactsBlock
from opensirt.files.toml_document import Block
from opensirt.files.toml_values import (
    Instant,
    Kind,
    Name,
    Nuclide,
    PlanarOrganName,
    PlanarViewName,
    Reference,
    Role,
    Unit,
    bounded,
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
    camera: Name | None = Field(
        default=None,
        description="camera of an image in counts after treatment: its [[camera_calibrations]] of "
        "the site profile turns them into activity (acquired_at and duration_s are needed)",
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
    def _a_camera_is_of_counts(self) -> Self:
        if self.camera is None:
            return self
        if self.role is not ImageRole.VERIFICATION:
            raise ValueError(
                "camera is read for an image after treatment alone; leave it out, or write "
                'role = "verification"'
            )
        if self.reference is not None:
            raise ValueError(
                "a calibration of a camera is for counts as acquired, which refer to no instant: "
                "leave reference out, or camera where the counts are corrected for decay"
            )
        return self

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
