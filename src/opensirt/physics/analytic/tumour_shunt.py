"""Partition in which the lungs are fed through the tumour alone (Kao 2013)."""

from dataclasses import dataclass

from opensirt.physics.analytic.require import require_part_left, require_positive
from opensirt.units import BQ_PER_GBQ


@dataclass(frozen=True, slots=True, kw_only=True)
class TumourShuntActivities:
    """Where the activity lies."""

    tumour_bq: float
    normal_bq: float
    lung_bq: float

    @property
    def total_bq(self) -> float:
        """Activity in the patient."""
        return self.tumour_bq + self.normal_bq + self.lung_bq


def tumour_shunt_activities(
    tumour_gy: float,
    *,
    tumour_mass_kg: float,
    tumour_to_normal_activity_ratio: float,
    tumour_lung_shunt_fraction: float,
    dose_constant_gy_kg_per_gbq: float,
) -> TumourShuntActivities:
    """Return the activities for a tumour dose when only the tumour shunts to the lungs.

    Parameters
    ----------
    tumour_gy
        Mean dose wanted in the tumour.
    tumour_to_normal_activity_ratio
        Activity in the tumour over activity in the normal liver: a ratio of activities, not the
        tumour-to-normal ratio of concentrations.
    tumour_lung_shunt_fraction
        Lung activity over lung + tumour activity.

    Raises
    ------
    InputError
        When the shunt does not lie in 0 ≤ f < 1, or another number is not above zero.

    References
    ----------
    .. [1] Kao et al., Cardiovasc Intervent Radiol 2013, 10.1007/s00270-013-0783-z.
    """
    require_positive(tumour_gy, "tumour dose", "Gy")
    require_positive(tumour_mass_kg, "tumour mass", "kg")
    require_positive(
        tumour_to_normal_activity_ratio, "ratio of tumour to normal activity", "(a ratio)"
    )
    require_positive(dose_constant_gy_kg_per_gbq, "dose constant", "Gy kg/GBq")
    shunt = require_part_left(tumour_lung_shunt_fraction, "tumour-to-lung shunt fraction")
    tumour_bq = tumour_gy * tumour_mass_kg / dose_constant_gy_kg_per_gbq * BQ_PER_GBQ
    return TumourShuntActivities(
        tumour_bq=tumour_bq,
        normal_bq=tumour_bq / tumour_to_normal_activity_ratio,
        lung_bq=tumour_bq * shunt / (1 - shunt),
    )
