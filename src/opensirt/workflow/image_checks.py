"""What every image of activity is asked before anything is computed from it."""

from collections.abc import Sequence

import numpy as np

from opensirt.domain.finding import Confirmation, Finding, Severity, refuse_unless_confirmed
from opensirt.domain.image import Image3D
from opensirt.domain.structure import Mask, Structure
from opensirt.errors import GeometryError, InputError
from opensirt.imaging.plausibility import mirror_gain, negative_voxels
from opensirt.reference.table import read_table


def one_frame(image_id: str, image: Image3D, structures: Sequence[Structure]) -> None:
    """Raise `GeometryError` unless all structures lie in the image's frame of reference."""
    for one in structures:
        try:
            image.grid.require_same_frame(one.mask.grid)
        except GeometryError as error:
            raise GeometryError(f"image {image_id} and structure {one.label!r}: {error}") from None


def positive_total(image_id: str, image: Image3D) -> float:
    """Return the sum of all voxels, or raise `InputError` when it is not above zero."""
    total = float(image.values.sum(dtype=np.float64))
    if total <= 0:
        raise InputError(
            f"image {image_id}: the total of all voxels is {total:.3g}; a positive total is "
            "needed: check rescaling and reconstruction"
        )
    return total


def negatives_counted(image: Image3D) -> tuple[Finding, ...]:
    """Return a finding that counts the negative voxels; they are kept as they are."""
    n_below, part = negative_voxels(image)
    if n_below == 0:
        return ()
    text = (
        f"{n_below} voxels of the image are negative ({part:.2g} of the sum of absolute values); "
        "they are kept as they are"
    )
    return (Finding(Severity.NOTE, "negative_voxels", text, n_below),)


def not_mirrored(
    mask: Mask, name: str, image: Image3D, confirmations: Sequence[Confirmation]
) -> tuple[Finding, ...]:
    """Refuse a mask that would fit the image better when mirrored, unless it is confirmed.

    Raises
    ------
    ConfirmationError
        When the mirrored mask holds more than the mask and nobody has confirmed it.
    GeometryError
        When the mask does not touch the image.
    """
    rule = read_table("geometry_rules")["mirrored"]
    gain = mirror_gain(mask, image)
    if gain <= rule["gain_at_most"]:
        return ()
    text = (
        f"the mask of the {name} mirrored left–right would hold {gain:.3g} times the uptake that "
        "the mask holds: it may be flipped"
    )
    return (refuse_unless_confirmed("mirrored_mask", text, confirmations),)
