"""What was given to a patient, administration by administration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from opensirt.cohort.course import Course, day_of, number_of
from opensirt.domain.missing import Missing
from opensirt.units import BQ_PER_MBQ

_MBQ_PER_GBQ = 1000.0
_BQ_PER_GBQ = BQ_PER_MBQ * _MBQ_PER_GBQ


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One administration: all injections of one day."""

    on: date | Missing
    device: str
    net_gbq: float | Missing
    n_territories: float | Missing
    n_vials: float | Missing


def administrations(course: Course) -> tuple[Given, ...]:
    """Return the administrations in order of time; of records, else what the case states.

    Records of one day are versions of one administration: the last one counts.
    """
    records = course.records.get("administer", ())
    if records:
        by_day = {day_of(one["net_at"]): one for one in records}
        return tuple(_recorded(on, by_day[on]) for on in sorted(by_day))
    stated = course.block("administration")
    if not stated:
        return ()
    at, territories = stated.get("administered_at"), course.listed("territories")
    return (
        Given(
            on=day_of(at) if isinstance(at, str) else course.index_date(),
            device=stated.get("device", "unknown"),
            net_gbq=_stated_gbq(stated),
            n_territories=float(len(territories)) if territories else Missing.NOT_RECORDED,
            n_vials=float(len(stated.get("vials", ()))) or Missing.NOT_RECORDED,
        ),
    )


def _recorded(on: date, record: Mapping[str, Any]) -> Given:
    net = number_of(record, "net_bq")
    return Given(
        on=on,
        device=record["device"],
        net_gbq=net if isinstance(net, Missing) else net / _BQ_PER_GBQ,
        n_territories=float(len(record.get("territories", ()))),
        n_vials=float(len(record.get("vials", ()))),
    )


def _stated_gbq(stated: Mapping[str, Any]) -> float | Missing:
    given = number_of(stated, "administered_activity_mbq")
    return given if isinstance(given, Missing) else given / _MBQ_PER_GBQ


def activity_gbq(course: Course) -> float | Missing:
    """Return the net activity of all administrations together.

    The record of a single one that lacks it gives way to what the case states.
    """
    given = administrations(course)
    if not given:
        return Missing.NOT_RECORDED
    if len(given) == 1 and isinstance(given[0].net_gbq, Missing):
        return _stated_gbq(course.block("administration"))
    total = 0.0
    for one in given:
        if isinstance(one.net_gbq, Missing):
            return one.net_gbq
        total += one.net_gbq
    return total


def n_administrations(course: Course) -> float | Missing:
    """Return how many there were."""
    return float(len(administrations(course))) or Missing.NOT_RECORDED
