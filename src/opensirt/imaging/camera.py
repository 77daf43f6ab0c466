"""Counts of a camera to activity, by a sensitivity that the site has measured."""

from math import expm1, log

import numpy as np

from opensirt.domain.image import ActivityMap, CountsImage, Event
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, MissingInputError


def decay_during(duration_s: float, half_life_s: float) -> float:
    """Return the activity when an acquisition began over its mean while it lasted.

    λ T / (1 − exp(−λ T)).

    >>> f"{decay_during(30 * 60, 64.1 * 3600):.5f}"
    '1.00271'
    """
    decays = log(2.0) * duration_s / half_life_s
    return decays / -expm1(-decays) if decays > 0 else 1.0


def activity_of_counts(
    image: CountsImage, *, sensitivity_cps_per_bq: float, half_life_s: float
) -> ActivityMap:
    """Return the activity concentration when the acquisition began, in Bq/mL.

    counts / (duration × sensitivity × voxel volume), times what decayed while it lasted. The
    counts are as acquired, summed over the duration and not corrected for decay; the sensitivity
    is counts of the reconstructed image per second and Bq, with the same reconstruction.

    Parameters
    ----------
    sensitivity_cps_per_bq
        Of the camera for the nuclide of the image.
    half_life_s
        Of that nuclide.

    Raises
    ------
    MissingInputError
        When the duration or the instant of the acquisition is not recorded.
    InputError
        When the sensitivity is not above zero.
    """
    for value, name in ((image.duration_s, "duration_s"), (image.acquired_at, "acquired_at")):
        if isinstance(value, Missing):
            raise MissingInputError(
                f"{name} of an image in counts",
                where="the calibration of its camera",
                remedy=f"state {name} in the block of the image",
            )
    duration_s, acquired_at = image.duration_s, image.acquired_at
    assert not isinstance(duration_s, Missing)  # noqa: S101 - seen just above
    if not 0 < sensitivity_cps_per_bq < float("inf"):
        raise InputError(f"a sensitivity of {sensitivity_cps_per_bq:g} cps/Bq; it is above zero")
    per_count = decay_during(duration_s, half_life_s) / (
        duration_s * sensitivity_cps_per_bq * image.grid.voxel_volume_ml
    )
    return ActivityMap(
        grid=image.grid,
        values=(image.values.astype(np.float64) * per_count).astype(np.float32),
        radionuclide=image.radionuclide,
        reference_at=Event.ACQUISITION,
        acquired_at=acquired_at,
    )
