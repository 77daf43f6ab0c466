"""Activities of the resin device from body surface area or experience, per territory."""

from dataclasses import dataclass

from opensirt.domain.case import PatientFacts
from opensirt.domain.missing import Missing
from opensirt.domain.record import Workup
from opensirt.physics.analytic import (
    body_surface_area_m2,
    empiric_activity_bq,
    lobar_activity_by_involvement_bq,
    lobar_activity_by_share_bq,
    whole_liver_activity_bq,
)
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_GBQ

_WHOLE_LIVER = 0.999
"""A territory with more than this part of the liver is the whole liver."""

_EDGE = 0.01
"""Parts that exceed the liver by less than this are drawn edges of the same liver."""

_SURE = ("verified", "computed")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaActivity:
    """Activity in the patient for each territory, before any cut for lung shunt."""

    given_bq: tuple[float, ...]
    note: str
    source: str
    verified: bool


def body_surface_area_activity(
    patient: PatientFacts, workup: Workup, *, by_share: bool = False
) -> FormulaActivity | Missing:
    """Return the activities by body surface area, or why there are none.

    A territory that is the whole liver gets the whole-liver formula; a part of it one of the two
    published lobar variants: by the tumour share of that part, or `by_share`: the whole liver's
    activity times the part's share of it. Liver and parts are counted without the gallbladder.

    Raises
    ------
    InputError
        When height, weight or volumes are impossible.
    """
    if isinstance(patient.height_cm, Missing) or isinstance(patient.weight_kg, Missing):
        return Missing.NEEDS_HEIGHT_AND_WEIGHT
    bsa = body_surface_area_m2(patient.height_cm, patient.weight_kg)
    tumour_ml, liver_ml = _liver_ml(workup)
    parts = _parts_ml(workup)
    if by_share:
        given = tuple(
            lobar_activity_by_share_bq(
                bsa, tumour_volume_ml=tumour_ml, treated_volume_ml=treated, liver_volume_ml=liver_ml
            )
            for _, treated in parts
        )
    else:
        given = tuple(
            lobar_activity_by_involvement_bq(
                bsa,
                tumour_in_treated_ml=tumour,
                treated_volume_ml=treated,
                liver_volume_ml=liver_ml,
            )
            for tumour, treated in parts
        )
    variants = read_table("formulas")["body_surface_area"]["variants"]
    others = ""
    if len(parts) == 1 and parts[0][1] >= _WHOLE_LIVER * liver_ml:
        variant = variants["whole_liver"]
    else:
        variant = variants["lobar_share" if by_share else "lobar_involvement"]
        whole = whole_liver_activity_bq(bsa, tumour_volume_ml=tumour_ml, liver_volume_ml=liver_ml)
        others = f" (the whole liver would get {whole / BQ_PER_GBQ:.3g} GBq)"
    return FormulaActivity(
        given_bq=given,
        note=f"{bsa:.3f} m²; variant: {variant['text']}{others}",
        source=variant["source"],
        verified=variant["status"] in _SURE,
    )


def empiric_activity(workup: Workup) -> FormulaActivity:
    """Return the activities by tumour load: each territory its share of the whole liver's.

    Raises
    ------
    InputError
        When the tumours are larger than the liver.
    """
    tumour_ml, liver_ml = _liver_ml(workup)
    whole = empiric_activity_bq(tumour_ml / liver_ml)
    table = read_table("formulas")["empiric"]
    return FormulaActivity(
        given_bq=tuple(whole * treated / liver_ml for _, treated in _parts_ml(workup)),
        note=f"tumour load {tumour_ml / liver_ml:.0%}; treated part times the whole liver's",
        source=table["source"],
        verified=table["status"] in _SURE,
    )


def _liver_ml(workup: Workup) -> tuple[float, float]:
    """Return the volumes of the tumours and of the liver with them, without gallbladder."""
    tumour = workup.tumour_volume_ml
    return tumour, tumour + workup.normal_liver_volume_ml


def _parts_ml(workup: Workup) -> list[tuple[float, float]]:
    """Return (tumour, tumour and normal liver) of each territory."""
    density = workup.liver_density_kg_per_ml
    _, liver_ml = _liver_ml(workup)
    parts = []
    for one in workup.territories:
        tumour = sum(one.tumour_masses_kg.values()) / density
        treated = tumour + one.perfused_normal_volume_ml
        if liver_ml < treated <= liver_ml * (1 + _EDGE):
            treated = liver_ml
        parts.append((tumour, treated))
    return parts
