"""The activity that an image after treatment shows, and what it says beside the activity given."""

from dataclasses import dataclass

import numpy as np

from opensirt.domain.case import AdministrationFacts, Case, CaseImage
from opensirt.domain.finding import Finding, Severity, refuse_unless_confirmed
from opensirt.domain.grid import Grid
from opensirt.domain.image import ActivityMap, CountsImage, Event
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.errors import MissingInputError
from opensirt.physics.decay import permanent_implant
from opensirt.reference.radionuclide import Radionuclide
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_MBQ
from opensirt.workflow.image_checks import positive_total


@dataclass(frozen=True, eq=False)
class DeliveredActivity:
    """The activity at administration, in Bq/mL, or counts that only have a shape."""

    activity: ActivityMap
    absolute: bool
    imaged_bq: float
    """Total of the image at administration; of counts where not absolute."""


def _administration(case: Case) -> AdministrationFacts:
    return case.administration or AdministrationFacts(device="unknown")


def administered_bq(case: Case) -> Number:
    """Return the administered activity: as stated, or dispensed minus residual."""
    facts = _administration(case)
    if not isinstance(facts.administered_activity_bq, Missing):
        return facts.administered_activity_bq
    if isinstance(facts.dispensed_activity_bq, Missing):
        return facts.administered_activity_bq
    if isinstance(facts.residual_activity_bq, Missing):
        return facts.administered_activity_bq
    return facts.dispensed_activity_bq - facts.residual_activity_bq


def delivered_activity(taken: CaseImage, case: Case, nuclide: Radionuclide) -> DeliveredActivity:
    """Return the activity of an image after treatment, brought to the administration.

    Raises
    ------
    MissingInputError
        When an instant that the decay needs was not recorded, or an image in counts has no
        administered activity to be scaled to.
    InputError
        When the total of the image is not above zero.
    """
    image = taken.image
    positive_total(taken.id, image)
    if isinstance(image, CountsImage):
        shape = ActivityMap(
            grid=image.grid,
            values=image.values,
            radionuclide=image.radionuclide,
            reference_at=Event.ADMINISTRATION,
        )
        total = float(image.values.sum(dtype=np.float64))
        if isinstance(administered_bq(case), Missing):
            raise MissingInputError(
                "administered activity",
                where=f"case {case.key}, [administration]",
                remedy=f"image {taken.id} is in counts; its dose can only be scaled to the "
                "activity given: add administered_activity_mbq",
            )
        measured = DeliveredActivity(shape, absolute=False, imaged_bq=total)
    else:
        assert isinstance(image, ActivityMap)  # noqa: S101 - Case.verification() says so
        decays = permanent_implant(
            image, nuclide, administered_at=_administration(case).administered_at
        )
        at_start = ActivityMap(
            grid=image.grid,
            values=decays.values / np.float32(nuclide.mean_life_s),
            radionuclide=image.radionuclide,
            reference_at=Event.ADMINISTRATION,
        )
        measured = DeliveredActivity(at_start, absolute=True, imaged_bq=at_start.total())
    return measured


def calibration_findings(case: Case, measured: DeliveredActivity) -> tuple[Finding, ...]:
    """Compare the imaged with the administered activity.

    Raises
    ------
    ConfirmationError
        When they are farther apart than reference/geometry_rules allows and nobody confirmed it.
    """
    given_bq = administered_bq(case)
    if not measured.absolute:
        text = "the image is in counts: only the dose scaled to the administered activity is given"
        return (Finding(Severity.NOTE, "self_calibration_only", text),)
    imaged_mbq = measured.imaged_bq / BQ_PER_MBQ
    if isinstance(given_bq, Missing):
        text = (
            f"the image holds {imaged_mbq:.0f} MBq; the administered activity is not recorded, so "
            "it cannot be compared and nothing is self-calibrated"
        )
        return (Finding(Severity.WARN, "calibration_ratio", text, imaged_mbq),)
    rule = read_table("geometry_rules")["imaged_activity"]
    ratio = measured.imaged_bq / given_bq
    text = (
        f"the image holds {imaged_mbq:.0f} MBq of the {given_bq / BQ_PER_MBQ:.0f} MBq "
        f"administered: ratio {ratio:.3g}"
    )
    if not rule["ratio_at_least"] <= ratio <= rule["ratio_at_most"]:
        hint = "check the unit of the image (kBq/mL against Bq/mL), the rescaling and the activity"
        return (
            refuse_unless_confirmed(
                "imaged_activity",
                f"{text}, outside {rule['ratio_at_least']} to {rule['ratio_at_most']}; {hint}",
                case.confirmations,
            ),
        )
    return (
        Finding(
            Severity.WARN,
            "calibration_ratio",
            f"{text}. Doses are given as imaged and scaled to the administered activity. "
            f"{_activity_scales()}",
            ratio,
            None,
            read_table("activity_scales")["source"],
        ),
    )


def _activity_scales() -> str:
    """Say what PET over declared activity is known to be with a perfect delivery."""
    scales = read_table("activity_scales")["pet_over_declared"]
    parts = [
        f"{one['value']} ± {one['standard_uncertainty']} for {name}" for name, one in scales.items()
    ]
    return f"PET over declared vial activity was measured as {', '.join(parts)}"


def normalising_volume(grid: Grid, measured: DeliveredActivity) -> str:
    """Name the volume whose content is set equal to the administered activity."""
    k, j, i = grid.shape
    unit = "MBq" if measured.absolute else "counts"
    held = measured.imaged_bq / (BQ_PER_MBQ if measured.absolute else 1.0)
    return f"the whole image ({k}×{j}×{i} voxels), which holds {held:.1f} {unit}"
