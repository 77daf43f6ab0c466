"""Perfused volumes that nobody drew: what an image shows above a threshold, inside the liver."""

import numpy as np

from opensirt.domain.case import Case
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.structure import Mask, Structure, StructureKind, StructureSet
from opensirt.errors import InputError
from opensirt.imaging.mask_algebra import on_grid

_LIVER = StructureKind.LIVER


def thresholded_label(territory: str) -> str:
    """Return the label of a territory's thresholded perfused volume."""
    return f"perfused volume of {territory} (thresholded)"


def with_thresholded(
    case: Case, structures: StructureSet, *, frame: str = ""
) -> tuple[StructureSet, tuple[Finding, ...]]:
    """Return the structures with the perfused volumes that the case asks to be thresholded.

    Voxels of at least half liver whose value is at least the stated part of the image's largest
    one there. The image may be the scout or a contrast image in the same frame. With `frame`
    only images of that frame of reference are used.

    Raises
    ------
    UnknownNameError
        When there is no such image.
    InputError
        When the image does not show the liver, or shows nothing there.
    """
    wanted = [
        one
        for one in case.territories
        if one.threshold_image
        and frame in ("", case.image(one.threshold_image).image.grid.frame_of_reference_uid)
    ]
    if not wanted:
        return structures, ()
    livers = structures.of_kind(_LIVER)
    if not livers:
        return structures, ()  # refused by what needs the liver
    made: list[Structure] = []
    findings: list[Finding] = []
    for one in wanted:
        image = case.image(one.threshold_image).image
        liver = on_grid(livers[0].mask, image.grid).values
        inside = image.values[liver]
        largest = float(inside.max()) if inside.size else 0.0
        if largest <= 0:
            raise InputError(
                f"territory {one.name!r}: the image {one.threshold_image} has nothing above zero "
                "inside the liver; a perfused volume cannot be thresholded from it"
            )
        level = one.threshold_fraction * largest
        mask = Mask(image.grid, liver & (np.asarray(image.values) >= level))
        label = thresholded_label(one.name)
        text = (
            f"{label}: {mask.volume_ml:.0f} mL of the liver hold at least "
            f"{one.threshold_fraction:.0%} of the largest value of {one.threshold_image} inside it "
            f"({level:.4g}); look at it: spill-out and breathing make it too large"
        )
        findings.append(Finding(Severity.WARN, "thresholded_volume", text, mask.volume_ml))
        made.append(
            Structure(
                label,
                StructureKind.PERFUSED_VOLUME,
                mask,
                source=f"thresholded: {one.threshold_image} at {one.threshold_fraction:g}",
            )
        )
    return structures.with_structures(made), tuple(findings)
