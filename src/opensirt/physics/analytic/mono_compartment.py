"""One compartment: the activity spreads evenly over the perfused mass, for every device.

Also the model of radiation segmentectomy and lobectomy, and with the constant of Ho-166 the
planning rule of the holmium device (60 Gy: 3.78 GBq per kilogram).
"""

from opensirt.physics.analytic.require import (
    require_not_negative,
    require_part_left,
    require_positive,
)
from opensirt.units import BQ_PER_GBQ


def mono_compartment_activity_bq(
    dose_gy: float,
    *,
    mass_kg: float,
    dose_constant_gy_kg_per_gbq: float,
    lung_shunt_fraction: float = 0.0,
    residual_fraction: float = 0.0,
) -> float:
    """Return the activity for a mean dose to a mass: D M / (c (1 − LSF) (1 − R)).

    With a residual fraction it is the activity to dispense, without one that in the patient.

    Raises
    ------
    InputError
        When a fraction does not lie in 0 ≤ f < 1, or another number is not above zero.

    References
    ----------
    .. [1] van Roekel, PhD thesis Utrecht, chapter 2, p. 30.

    >>> round(mono_compartment_activity_bq(
    ...     120, mass_kg=1.2, dose_constant_gy_kg_per_gbq=49.67,
    ...     lung_shunt_fraction=0.05, residual_fraction=0.01,
    ... ) / 1e9, 3)
    3.083
    """
    require_positive(dose_gy, "dose", "Gy")
    require_positive(mass_kg, "perfused mass", "kg")
    require_positive(dose_constant_gy_kg_per_gbq, "dose constant", "Gy kg/GBq")
    require_part_left(lung_shunt_fraction, "lung shunt fraction")
    require_part_left(residual_fraction, "residual fraction")
    kept = (1 - lung_shunt_fraction) * (1 - residual_fraction)
    return dose_gy * mass_kg / (dose_constant_gy_kg_per_gbq * kept) * BQ_PER_GBQ


def mono_compartment_dose_gy(
    activity_bq: float,
    *,
    mass_kg: float,
    dose_constant_gy_kg_per_gbq: float,
    lung_shunt_fraction: float = 0.0,
    residual_fraction: float = 0.0,
) -> float:
    """Return the mean dose of an activity to a mass: c A (1 − LSF) (1 − R) / M.

    Raises
    ------
    InputError
        When a fraction does not lie in 0 ≤ f < 1, or a mass is not above zero.
    """
    require_not_negative(activity_bq, "activity", "Bq")
    require_positive(mass_kg, "perfused mass", "kg")
    require_positive(dose_constant_gy_kg_per_gbq, "dose constant", "Gy kg/GBq")
    require_part_left(lung_shunt_fraction, "lung shunt fraction")
    require_part_left(residual_fraction, "residual fraction")
    kept = (1 - lung_shunt_fraction) * (1 - residual_fraction)
    return dose_constant_gy_kg_per_gbq * activity_bq / BQ_PER_GBQ * kept / mass_kg
