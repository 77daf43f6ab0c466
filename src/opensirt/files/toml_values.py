"""Single values of our TOML files: units, instants, names, bounded numbers."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from opensirt.domain.case import ImageRole
from opensirt.domain.image import Event
from opensirt.domain.nuclide_name import canonical_nuclide
from opensirt.domain.planar import PlanarOrgan, PlanarView
from opensirt.domain.structure import StructureKind
from opensirt.reference.table import read_table
from opensirt.units import ImageUnit, image_unit

EnumT = TypeVar("EnumT", bound=Enum)

RANGES = read_table("plausible_ranges")


def bounded(table: str, key: str) -> Any:  # noqa: ANN401 - pydantic's field marker
    """Return the marker of a number within the bounds of reference/plausible_ranges."""
    bounds = RANGES[table][key]
    return Field(ge=bounds["at_least"], le=bounds["at_most"])


def one_of(kind: type[EnumT]) -> Any:  # noqa: ANN401 - a pair of pydantic markers
    """Return the markers of a key that takes one word of an enumeration."""
    words = [str(one.value) for one in kind]

    def read(value: object) -> EnumT:
        for one in kind:
            if value in (one, one.value):
                return one
        raise ValueError(f"one of {', '.join(words)} is wanted")

    return BeforeValidator(read), WithJsonSchema({"enum": words})


def _unit(value: object) -> ImageUnit:
    if isinstance(value, ImageUnit):
        return value
    if not isinstance(value, str):
        raise ValueError("a unit in quotation marks is wanted")  # noqa: TRY004 - pydantic's way
    return image_unit(value)


def _instant(value: object) -> datetime:
    found = value
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("an instant such as 2026-03-02T12:00:00+01:00 is wanted") from None
    if not isinstance(found, datetime):
        raise ValueError("an instant with date, time and zone is wanted")  # noqa: TRY004
    if found.utcoffset() is None:
        raise ValueError(
            f"the time {found.isoformat()} has no zone; write it with one, for example "
            f"{found.isoformat()}+01:00"
        )
    return found


def _planned_time(value: object) -> datetime:
    found = value
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("a time such as 2026-03-02T12:00:00+01:00 is wanted") from None
    if not isinstance(found, datetime):
        raise ValueError("a date with a time is wanted")  # noqa: TRY004 - pydantic's way
    return found


def zone_name(name: str) -> str:
    """Return the name of a time zone, or raise `ValueError` when there is none of it."""
    if name not in available_timezones():
        raise ValueError('a time zone such as "Europe/Amsterdam" is wanted')
    return name


def _reference(value: object) -> datetime | Event:
    if isinstance(value, Event):
        return value
    for event in Event:
        if value == event.value:
            return event
    return _instant(value)


def _nuclide(value: object) -> str:
    name = canonical_nuclide(value) if isinstance(value, str) else None
    if name is None:
        raise ValueError('a radionuclide such as "Y-90", "Ho-166" or "Tc-99m" is wanted')
    return name


_INSTANT_SCHEMA = {"type": "string", "format": "date-time"}

Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema(_INSTANT_SCHEMA)]
PlannedTime = Annotated[datetime, BeforeValidator(_planned_time), WithJsonSchema(_INSTANT_SCHEMA)]
ZoneName = Annotated[str, AfterValidator(zone_name)]
Unit = Annotated[
    ImageUnit, BeforeValidator(_unit), WithJsonSchema({"type": "string", "examples": ["Bq/mL"]})
]
Reference = Annotated[
    datetime | Event,
    BeforeValidator(_reference),
    WithJsonSchema(
        {"anyOf": [{"enum": [event.value for event in Event]}, _INSTANT_SCHEMA]},
    ),
]
Nuclide = Annotated[
    str,
    BeforeValidator(_nuclide),
    WithJsonSchema({"type": "string", "examples": ["Y-90"]}),
]
Role = Annotated[ImageRole, *one_of(ImageRole)]
Kind = Annotated[StructureKind, *one_of(StructureKind)]
PlanarOrganName = Annotated[PlanarOrgan, *one_of(PlanarOrgan)]
PlanarViewName = Annotated[PlanarView, *one_of(PlanarView)]
Name = Annotated[str, Field(min_length=1)]
CaseKey = Annotated[
    str, Field(pattern=r"^[^\\\x00-\x1f\s]([^\\\x00-\x1f]{0,62}[^\\\x00-\x1f\s])?$")
]
"""Becomes a name and an ID in DICOM: at most 64 characters, of which the backslash parts values."""
Megabecquerel = Annotated[float, bounded("activity", "administered_activity_mbq")]
Gray = Annotated[float, bounded("dose", "limit_gy")]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
DeviceName = Literal["resin", "glass", "holmium"]
