"""Activities of the formulas a second time: body surface area and experience, by logarithms."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from opensirt.domain.case import PatientFacts
from opensirt.domain.missing import Missing
from opensirt.physics.second_check import CountedTerritory
from opensirt.reference.constant import constant
from opensirt.reference.table import read_table

EMPIRIC = "empiric"
BY_SURFACE = ("body_surface_area", "body_surface_area_by_share")
_WHOLE = 0.999


@dataclass(frozen=True, eq=False, kw_only=True)
class FormulaLiver:
    """What the formulas ask of a patient and a liver."""

    patient: PatientFacts
    territories: Sequence[CountedTerritory]
    normal_ml: float
    tumour_ml: float


def by_formula(
    liver: FormulaLiver, model: str, shunt: float
) -> tuple[list[tuple[float, float]] | None, str]:
    """Return the activities by body surface area or by experience."""
    liver_ml = liver.normal_ml + liver.tumour_ml
    treated = [
        (sum(t.volume_ml for t in one.tumours.values()), one.normal.volume_ml)
        for one in liver.territories
    ]
    if model == EMPIRIC:
        steps = read_table("formulas")["empiric"]["steps"]
        load = liver.tumour_ml / liver_ml
        whole = next(s["activity_gbq"] for s in steps if load <= s["tumour_fraction_at_most"])
        given = [whole * (tumour + normal) / liver_ml for tumour, normal in treated]
        how = "tumour load and treated part"
    else:
        found = _by_body_surface(liver, treated, liver_ml, by_share=model == BY_SURFACE[1])
        if found is None:
            return None, "height or weight is not known"
        given, how = found, "height, weight and volumes"
    cut = 0.0
    for step in read_table("formulas")["resin_lung_shunt"]["steps"]:
        if shunt > step["above_fraction"]:
            cut = step["reduction_fraction"]
    kept = [gbq * (1.0 - cut) for gbq in given]
    return [(gbq * (1.0 - shunt), gbq * shunt) for gbq in kept], how


def _by_body_surface(
    liver: FormulaLiver, treated: Sequence[tuple[float, float]], liver_ml: float, *, by_share: bool
) -> list[float] | None:
    height, weight = liver.patient.height_cm, liver.patient.weight_kg
    if isinstance(height, Missing) or isinstance(weight, Missing):
        return None
    figure = {
        key: constant("formulas", "body_surface_area", key).value
        for key in (
            "coefficient_m2",
            "height_exponent",
            "weight_exponent",
            "offset_gbq",
            "gbq_per_m2",
            "gbq_per_tumour_fraction",
        )
    }
    surface = exp(
        log(figure["coefficient_m2"])
        + figure["height_exponent"] * (log(height) - log(100.0))
        + figure["weight_exponent"] * log(weight)
    )
    base = surface * figure["gbq_per_m2"] - figure["offset_gbq"]
    found = []
    for tumour, normal in treated:
        part = (tumour + normal) / liver_ml
        share = 1.0 if part > _WHOLE else part
        load = liver.tumour_ml / liver_ml if by_share else tumour / (tumour + normal)
        involved = figure["gbq_per_tumour_fraction"] * load
        found.append((base + involved) * share)
    return found
