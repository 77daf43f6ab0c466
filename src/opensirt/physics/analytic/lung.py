"""Dose to the lungs by the part of the activity that passes the liver."""

from opensirt.physics.analytic.require import (
    require_fraction,
    require_not_negative,
    require_part_left,
    require_positive,
)
from opensirt.units import BQ_PER_GBQ


def lung_dose_gy(
    activity_bq: float,
    *,
    lung_shunt_fraction: float,
    lung_mass_kg: float,
    dose_constant_gy_kg_per_gbq: float,
    residual_fraction: float = 0.0,
) -> float:
    """Return the mean lung dose: c × A × LSF × (1 − R) / lung mass.

    Raises
    ------
    InputError
        When a fraction does not lie between 0 and 1, or a mass is not above zero.

    References
    ----------
    .. [1] van Roekel, PhD thesis Utrecht, chapter 2, p. 30.
    """
    require_not_negative(activity_bq, "activity", "Bq")
    require_fraction(lung_shunt_fraction, "lung shunt fraction")
    require_part_left(residual_fraction, "residual fraction")
    require_positive(lung_mass_kg, "lung mass", "kg")
    require_positive(dose_constant_gy_kg_per_gbq, "dose constant", "Gy kg/GBq")
    in_lung_gbq = activity_bq / BQ_PER_GBQ * lung_shunt_fraction * (1 - residual_fraction)
    return dose_constant_gy_kg_per_gbq * in_lung_gbq / lung_mass_kg


def activity_for_lung_dose_bq(
    lung_gy: float,
    *,
    lung_shunt_fraction: float,
    lung_mass_kg: float,
    dose_constant_gy_kg_per_gbq: float,
) -> float:
    """Return the activity in the patient that gives a lung dose; infinite without a shunt.

    Raises
    ------
    InputError
        When the fraction does not lie between 0 and 1, or another number is not above zero.
    """
    require_positive(lung_gy, "lung dose", "Gy")
    require_fraction(lung_shunt_fraction, "lung shunt fraction")
    require_positive(lung_mass_kg, "lung mass", "kg")
    require_positive(dose_constant_gy_kg_per_gbq, "dose constant", "Gy kg/GBq")
    if lung_shunt_fraction == 0:
        return float("inf")
    per_gbq = dose_constant_gy_kg_per_gbq * lung_shunt_fraction / lung_mass_kg
    return lung_gy / per_gbq * BQ_PER_GBQ


def lung_limit_binds_at_fraction(
    reaching_liver_bq: float,
    *,
    lung_limit_gy: float,
    lung_mass_kg: float,
    dose_constant_gy_kg_per_gbq: float,
) -> float:
    """Return the lung shunt fraction from which on the lung limit fixes the activity.

    With an activity A reaching the liver that another limit or target allows, the lungs get
    c A LSF / (1 − LSF) / lung mass, so that LSF = D M / (D M + c A).

    Raises
    ------
    InputError
        When a number is not above zero.

    References
    ----------
    .. [1] Thomas et al., Radiology Advances 2026 (the idea of such a bound; this form is derived).
    """
    require_positive(reaching_liver_bq, "activity reaching the liver", "Bq")
    require_positive(lung_limit_gy, "lung limit", "Gy")
    require_positive(lung_mass_kg, "lung mass", "kg")
    require_positive(dose_constant_gy_kg_per_gbq, "dose constant", "Gy kg/GBq")
    lung = lung_limit_gy * lung_mass_kg
    return lung / (lung + dose_constant_gy_kg_per_gbq * reaching_liver_bq / BQ_PER_GBQ)


def lung_shunt_bound(
    *, liver_limit_gy: float, liver_mass_kg: float, lung_limit_gy: float, lung_mass_kg: float
) -> float:
    """Return the lung shunt fraction below which the liver's limit comes before the lungs'.

    The activity that brings the whole liver to its limit, D M = c A (1 − LSF), brings the lungs
    to theirs, d m = c A LSF, at LSF = d m / (d m + D M). It depends neither on the dose constant
    nor on what is perfused, as long as D is a limit of the whole liver's mean, tumours included.

    Raises
    ------
    InputError
        When a number is not above zero.

    References
    ----------
    .. [1] Thomas et al., Radiology Advances 2026 (the idea of such a bound; this form is derived).

    >>> lung_shunt_bound(liver_limit_gy=60, liver_mass_kg=1.5, lung_limit_gy=30, lung_mass_kg=1)
    0.25
    """
    require_positive(liver_limit_gy, "liver limit", "Gy")
    require_positive(liver_mass_kg, "liver mass", "kg")
    require_positive(lung_limit_gy, "lung limit", "Gy")
    require_positive(lung_mass_kg, "lung mass", "kg")
    lung = lung_limit_gy * lung_mass_kg
    return lung / (lung + liver_limit_gy * liver_mass_kg)
