"""The planar images of a case, with the regions that the case draws on them."""

from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path

from opensirt.app.case_image import agreed
from opensirt.app.gathered import Gathered
from opensirt.app.image_file import is_dicom_path, require_there, sha256_of_path
from opensirt.domain.case import CasePlanar
from opensirt.domain.planar import PlanarImage, PlanarRegion
from opensirt.errors import InputError
from opensirt.files.image_blocks import ImageBlock, PlanarRegionBlock
from opensirt.units import ImageUnit


def read_case_planar(
    block: ImageBlock,
    regions: Sequence[PlanarRegionBlock],
    folder: Path,
    gathered: Gathered,
    *,
    zone: tzinfo | None = None,
) -> CasePlanar:
    """Return one planar image of a case with the regions drawn on it.

    Raises
    ------
    InputError
        When it is no DICOM planar image in counts, its views are not known, or file and case
        contradict each other.
    """
    from opensirt.dicom.planar import read_planar

    path = folder / block.path
    where = f"image {block.id!r} ({path.name})"
    require_there(path)
    if not is_dicom_path(path):
        raise InputError(f"{where}: role planar wants a DICOM NM image; correct path or role")
    read = read_planar(
        path,
        block.series,
        anterior_frame=block.anterior_frame,
        posterior_frame=block.posterior_frame,
        zone=zone,
    )
    gathered.inputs[f"images.{block.id}"] = sha256_of_path(path)
    gathered.add_file(where, read.notes, read.patient_digests)
    unit = agreed(where, "unit", read.unit, block.unit)
    if unit is not ImageUnit.COUNTS:
        raise InputError(f'{where}: role planar wants counts, found {unit}; state unit = "counts"')
    return CasePlanar(
        id=block.id,
        image=PlanarImage(
            anterior=read.anterior,
            posterior=read.posterior,
            pixel_spacing_mm=read.pixel_spacing_mm,
            radionuclide=agreed(where, "radionuclide", read.radionuclide, block.radionuclide),
            acquired_at=agreed(where, "acquired_at", read.acquired_at, block.acquired_at),
            duration_s=agreed(where, "duration_s", read.duration_s, block.duration_s),
        ),
        regions=tuple(
            PlanarRegion(organ=one.organ, view=one.view, corners=one.corners)
            for one in regions
            if one.image == block.id
        ),
        source=path.name,
        assumed=tuple(block.assumed),
    )
