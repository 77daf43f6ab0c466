"""An image in counts with the calibration of its camera: activity in place of counts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from opensirt.domain.case import CaseImage
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import CountsImage
from opensirt.domain.missing import Missing
from opensirt.domain.site import CameraCalibration, SiteProfile
from opensirt.errors import InputError, MissingInputError, UnknownNameError
from opensirt.imaging.camera import activity_of_counts
from opensirt.reference.radionuclide import Radionuclide
from opensirt.units import BQ_PER_MBQ


def with_calibration(
    taken: CaseImage, nuclide: Radionuclide, site: SiteProfile
) -> tuple[CaseImage, tuple[Finding, ...]]:
    """Return an image in Bq/mL where its counts have a camera that the site has calibrated.

    Other images are returned as they are. The uncertainty of the calibration becomes that of the
    activity scale of the image, unless the case states one.

    Raises
    ------
    UnknownNameError
        When the site has no calibration of the camera that the case names.
    InputError
        When none of them is for the nuclide, or valid on the day of the acquisition.
    MissingInputError
        When the instant or the duration of the acquisition is not recorded.
    """
    image = taken.image
    if not isinstance(image, CountsImage):
        return taken, ()
    if not taken.camera:
        return taken, _could_be_used(taken, nuclide, site)
    if isinstance(image.acquired_at, Missing):
        raise MissingInputError(
            "instant of the acquisition",
            where=f"image {taken.id}",
            remedy="state acquired_at with its zone: a calibration holds for some time only",
        )
    found = _valid(taken, nuclide, site.camera_calibrations, image.acquired_at.date())
    activity = activity_of_counts(
        image,
        sensitivity_cps_per_bq=found.sensitivity_cps_per_mbq / BQ_PER_MBQ,
        half_life_s=nuclide.half_life_s.value,
    )
    spread = taken.calibration_standard_uncertainty_fraction
    said = "its uncertainty is not stated"
    if not isinstance(found.standard_uncertainty_cps_per_mbq, Missing):
        fraction = found.standard_uncertainty_cps_per_mbq / found.sensitivity_cps_per_mbq
        said = f"standard uncertainty {fraction:.1%}"
        if isinstance(spread, Missing):
            spread = fraction
    text = (
        f"image {taken.id}: counts are turned into activity by {found.sensitivity_cps_per_mbq:.4g} "
        f"cps/MBq of {found.camera} for {found.radionuclide}, measured {found.measured_on}, valid "
        f"until {found.valid_until} ({said})"
    )
    finding = Finding(
        Severity.NOTE,
        "camera_calibration",
        text,
        found.sensitivity_cps_per_mbq,
        source=f"site profile: {found.source}",
    )
    made = replace(taken, image=activity, calibration_standard_uncertainty_fraction=spread)
    return made, (finding,)


def _valid(
    taken: CaseImage,
    nuclide: Radionuclide,
    calibrations: Sequence[CameraCalibration],
    day: date,
) -> CameraCalibration:
    """Return the latest calibration of a camera and nuclide that is valid on a day."""
    of_camera = [one for one in calibrations if one.camera == taken.camera]
    if not of_camera:
        known = dict.fromkeys(one.camera for one in calibrations)
        raise UnknownNameError("camera with a calibration in the site profile", taken.camera, known)
    of_nuclide = [one for one in of_camera if one.radionuclide == nuclide.name]
    if not of_nuclide:
        names = ", ".join(dict.fromkeys(one.radionuclide for one in of_camera))
        raise InputError(
            f"image {taken.id} is of {nuclide.name}; {taken.camera} is calibrated for {names}, and "
            "a calibration holds for its own nuclide: add one to [[camera_calibrations]], or leave "
            "camera out and have the image scaled to the activity given"
        )
    valid = [one for one in of_nuclide if one.measured_on <= day <= one.valid_until]
    if not valid:
        spans = ", ".join(f"{one.measured_on} to {one.valid_until}" for one in of_nuclide)
        raise InputError(
            f"image {taken.id} was acquired on {day}; the calibrations of {taken.camera} for "
            f"{nuclide.name} are valid from {spans}: measure it again and add it to "
            "[[camera_calibrations]], or leave camera out"
        )
    return max(valid, key=lambda one: one.measured_on)


def _could_be_used(
    taken: CaseImage, nuclide: Radionuclide, site: SiteProfile
) -> tuple[Finding, ...]:
    cameras = dict.fromkeys(
        one.camera for one in site.camera_calibrations if one.radionuclide == nuclide.name
    )
    if not cameras:
        return ()
    text = (
        f"image {taken.id} is in counts and names no camera; the site has calibrations for "
        f"{nuclide.name} of {', '.join(cameras)}: state camera and duration_s to use one"
    )
    return (Finding(Severity.NOTE, "calibration_not_used", text),)
