"""What is ordered for a plan: vials, when they are calibrated, and what they hold at treatment."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from opensirt.domain.approval import Approval
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.domain.statement import ChecklistItem
from opensirt.errors import InputError
from opensirt.provenance import Provenance

FEW, MANY = "few", "many"
"""What may be preferred of spheres."""


@dataclass(frozen=True, kw_only=True)
class OrderFacts:
    """What a case states about its order; `planned_at` may still lack its zone."""

    planned_at: datetime | Missing = Missing.NOT_RECORDED
    time_zone: str | Missing = Missing.NOT_RECORDED
    calibrations: tuple[datetime, ...] = ()
    """Instants that the supplier offers; the device's calendar where empty."""
    residual_fraction: Number = Missing.NOT_RECORDED
    """Of the dispensed activity, as the site knows it; the device's residual where missing."""
    spheres: str = ""
    """``few``, ``many``, or empty for no preference."""
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OrderedVial:
    """One vial as ordered, and what is in it at the treatment."""

    calibrated_activity_bq: float
    calibration_at: datetime
    expires_at: datetime | Missing
    activity_bq: float
    """At the treatment."""
    sphere_count: Number
    activity_per_sphere_bq: Number
    """At the treatment."""


@dataclass(frozen=True, kw_only=True)
class OrderOption:
    """Vials that hold enough at the treatment."""

    vials: tuple[OrderedVial, ...]
    available_bq: float
    """In all vials at the treatment."""
    waste_bq: float
    """More than is to be dispensed."""
    sphere_count: Number
    """Of what is dispensed."""
    sphere_count_range: tuple[float, float] | Missing
    """Where sources disagree on the activity of one sphere."""
    enough_until: datetime
    """When the vials hold exactly what is to be dispensed, or the first one expires."""


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """What is ordered together: for one injection site, or drawn for all from shared vials."""

    territories: tuple[str, ...]
    prescribed_bq: float
    """To be in the patient at the treatment."""
    residual_allowance_bq: float
    dispensed_bq: float
    """To be dispensed at the treatment: prescribed and what stays behind."""
    options: tuple[OrderOption, ...]
    """The best first."""

    @property
    def chosen(self) -> OrderOption:
        """The best option."""
        return self.options[0]


@dataclass(frozen=True, eq=False, kw_only=True)
class Order:
    """The order for one approved plan and one treatment slot."""

    case_key: str
    plan_record: str
    plan_sha256: str
    approvals: tuple[Approval, ...]
    device: str
    product: str
    dispensing: str
    radionuclide: str
    treatment_at: datetime
    lines: tuple[OrderLine, ...]
    lost_per_hour_fraction: float
    """Part of the activity that an hour of delay costs."""
    verified: bool
    """False when a rule of delivery is known from memory only (⚠)."""
    findings: tuple[Finding, ...]
    provenance: Provenance
    activities_origin: str = ""
    """Where the prescribed activities come from, in words; empty where the plan says nothing."""
    checklist: tuple[ChecklistItem, ...] = ()
    """What to think of before, at and after the procedure; what is not known may concern."""


def instant_of(stated: datetime, zone: tzinfo | str | None, *, where: str) -> datetime:
    """Return a stated time as an instant; one that has its offset is one already.

    Raises
    ------
    InputError
        When a time without offset has no zone, or falls into an hour that the clocks skip or
        show twice.

    >>> instant_of(datetime(2026, 7, 1, 9), "Europe/Amsterdam", where="x").isoformat()
    '2026-07-01T09:00:00+02:00'
    """
    if stated.utcoffset() is not None:
        return stated
    if zone is None:
        raise InputError(
            f"{where}: the time {stated.isoformat()} has no zone; write it with one, for example "
            f"{stated.isoformat()}+01:00, or state time_zone beside it or in site.toml"
        )
    zone = ZoneInfo(zone) if isinstance(zone, str) else zone
    first = stated.replace(tzinfo=zone, fold=0)
    second = stated.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == stated
        what = "shown twice" if exists else "skipped"
        raise InputError(
            f"{where}: the time {stated.isoformat()} is {what} when the clocks change in {zone}; "
            "write it with its offset from UTC"
        )
    return first
