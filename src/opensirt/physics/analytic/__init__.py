"""Prescription models with one number for each compartment: activity to dose and back.

Activities are in Bq, masses in kg, doses in Gy; the dose constant is in Gy kg/GBq and is always an
argument. Lung shunt and residual divide an activity, they never multiply it.
"""

from opensirt.physics.analytic.body_surface_area import (
    body_surface_area_m2,
    lobar_activity_by_involvement_bq,
    lobar_activity_by_share_bq,
    whole_liver_activity_bq,
)
from opensirt.physics.analytic.empiric import empiric_activity_bq
from opensirt.physics.analytic.lung import (
    activity_for_lung_dose_bq,
    lung_dose_gy,
    lung_limit_binds_at_fraction,
    lung_shunt_bound,
)
from opensirt.physics.analytic.mono_compartment import (
    mono_compartment_activity_bq,
    mono_compartment_dose_gy,
)
from opensirt.physics.analytic.partition import Compartments, whole_normal_liver_gy
from opensirt.physics.analytic.reduction import LungShuntReduction, lung_shunt_reduction
from opensirt.physics.analytic.tumour_shunt import TumourShuntActivities, tumour_shunt_activities

__all__ = [
    "Compartments",
    "LungShuntReduction",
    "TumourShuntActivities",
    "activity_for_lung_dose_bq",
    "body_surface_area_m2",
    "empiric_activity_bq",
    "lobar_activity_by_involvement_bq",
    "lobar_activity_by_share_bq",
    "lung_dose_gy",
    "lung_limit_binds_at_fraction",
    "lung_shunt_bound",
    "lung_shunt_reduction",
    "mono_compartment_activity_bq",
    "mono_compartment_dose_gy",
    "tumour_shunt_activities",
    "whole_liver_activity_bq",
    "whole_normal_liver_gy",
]
