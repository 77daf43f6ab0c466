"""Net activity of a vial: dispensed less residual, both at one instant."""

from datetime import datetime
from math import hypot

from opensirt.domain.administration import SurveyFacts, VialFacts
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.errors import InputError
from opensirt.physics.decay import decayed_activity_bq
from opensirt.reference.radionuclide import Radionuclide


def survey_residual_fraction(readings: SurveyFacts, nuclide: Radionuclide) -> float:
    """Return the part that stayed behind from survey readings, decay-corrected to one instant.

    (residual − background) / (dispensed − background), the residual reading brought to the
    instant of the first, times the geometry factor.

    Raises
    ------
    InputError
        When a reading is below the background, or more stayed behind than there was.
    """
    before = readings.dispensed_reading - readings.background_reading
    after = readings.residual_reading - readings.background_reading
    if not before > 0 or after < 0:
        raise InputError(
            f"survey readings {readings.dispensed_reading:g} and {readings.residual_reading:g} "
            f"with a background of {readings.background_reading:g}: the first must lie above it, "
            "the second not below"
        )
    then = decayed_activity_bq(
        after, nuclide, from_at=readings.residual_at, to_at=readings.dispensed_at
    )
    fraction = readings.geometry_factor * then / before
    if fraction > 1:
        raise InputError(
            f"by the survey readings {fraction:.0%} stayed behind, more than there was; check the "
            "readings, their times and the geometry factor"
        )
    return fraction


def dispensed_and_residual_bq(vial: VialFacts, nuclide: Radionuclide) -> tuple[float, Number]:
    """Return what was dispensed and what stayed behind, both at the injection.

    Raises
    ------
    InputError
        When more stayed behind than was dispensed, or readings contradict each other.
    """
    dispensed = _at_injection(vial.dispensed_bq, vial.dispensed_at, vial, nuclide)
    if vial.survey is not None:
        return dispensed, dispensed * survey_residual_fraction(vial.survey, nuclide)
    if isinstance(vial.residual_bq, Missing):
        return dispensed, vial.residual_bq
    if isinstance(vial.residual_at, Missing):
        return dispensed, vial.residual_at
    residual = _at_injection(vial.residual_bq, vial.residual_at, vial, nuclide)
    if residual > dispensed:
        raise InputError(
            f"vial for {vial.territory}: at the injection the residual is {residual:.4g} Bq and "
            f"the dispensed activity {dispensed:.4g} Bq; check units and times of both"
        )
    return dispensed, residual


def net_standard_uncertainty_bq(vial: VialFacts, nuclide: Radionuclide) -> Number:
    """Return the standard uncertainty of dispensed less residual at the injection.

    The two measurements are taken as independent; a common error of calibration is not in it.
    """
    of_dispensed = vial.dispensed_standard_uncertainty_bq
    of_residual = vial.residual_standard_uncertainty_bq
    if isinstance(of_dispensed, Missing) or isinstance(of_residual, Missing):
        return Missing.NOT_ESTIMATED
    if isinstance(vial.residual_at, Missing):
        return Missing.NOT_ESTIMATED
    return hypot(
        _at_injection(of_dispensed, vial.dispensed_at, vial, nuclide),
        _at_injection(of_residual, vial.residual_at, vial, nuclide),
    )


def _at_injection(
    activity_bq: float, at: datetime, vial: VialFacts, nuclide: Radionuclide
) -> float:
    return decayed_activity_bq(activity_bq, nuclide, from_at=at, to_at=vial.injected_at)
