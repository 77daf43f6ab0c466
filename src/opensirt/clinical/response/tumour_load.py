"""Tumour in the liver over time: volume, part of the liver, change from baseline and best."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from opensirt.domain.lesion import ImagingVisit, Number
from opensirt.domain.missing import Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class TumourLoad:
    """All tumour of the liver at one visit.

    No published rule turns the change of a load into a category; there is none here.
    """

    on: date
    tumour_volume_ml: Number
    liver_volume_ml: Number
    burden_fraction: Number
    change_fraction: Number
    """(now − baseline) / baseline of the volume."""
    change_from_smallest_fraction: Number
    burden_change_points: Number
    """Burden now − burden at baseline; 0.1 is ten points of per cent."""


def tumour_loads(baseline: ImagingVisit, visits: Sequence[ImagingVisit]) -> tuple[TumourLoad, ...]:
    """Return the load at baseline and at every visit that measured tumour or liver."""
    first = baseline.liver
    first_burden = _burden(first.tumour_volume_ml, first.liver_volume_ml)
    smallest = first.tumour_volume_ml
    found = []
    for visit in (baseline, *sorted(visits, key=lambda one: one.on)):
        view = visit.liver
        if isinstance(view.tumour_volume_ml, Missing) and isinstance(view.liver_volume_ml, Missing):
            continue
        burden = _burden(view.tumour_volume_ml, view.liver_volume_ml)
        found.append(
            TumourLoad(
                on=visit.on,
                tumour_volume_ml=view.tumour_volume_ml,
                liver_volume_ml=view.liver_volume_ml,
                burden_fraction=burden,
                change_fraction=_change(first.tumour_volume_ml, view.tumour_volume_ml),
                change_from_smallest_fraction=_change(smallest, view.tumour_volume_ml),
                burden_change_points=_difference(first_burden, burden),
            )
        )
        if not isinstance(view.tumour_volume_ml, Missing) and not isinstance(smallest, Missing):
            smallest = min(smallest, view.tumour_volume_ml)
    return tuple(found)


def _burden(tumour_ml: Number, liver_ml: Number) -> Number:
    if isinstance(tumour_ml, Missing):
        return tumour_ml
    return liver_ml if isinstance(liver_ml, Missing) else tumour_ml / liver_ml


def _change(before: Number, now: Number) -> Number:
    if isinstance(before, Missing) or before <= 0:
        return Missing.NEEDS_BASELINE
    return now if isinstance(now, Missing) else (now - before) / before


def _difference(before: Number, now: Number) -> Number:
    if isinstance(before, Missing):
        return Missing.NEEDS_BASELINE
    return now if isinstance(now, Missing) else now - before
