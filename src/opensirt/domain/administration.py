"""What was really given: vials with their readings, net activity, deviation from the directive."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.provenance import Provenance


@dataclass(frozen=True, kw_only=True)
class SurveyFacts:
    """Readings of a survey meter before and after, in one unit of dose rate."""

    dispensed_reading: float
    dispensed_at: datetime
    residual_reading: float
    residual_at: datetime
    background_reading: float = 0.0
    geometry_factor: float = 1.0
    """Response to the vial over response to the waste."""


@dataclass(frozen=True, kw_only=True)
class VialFacts:
    """One vial as it was given at one injection site."""

    territory: str
    dispensed_bq: float
    dispensed_at: datetime
    injected_at: datetime
    residual_bq: Number = Missing.NOT_RECORDED
    residual_at: datetime | Missing = Missing.NOT_RECORDED
    survey: SurveyFacts | None = None
    """In place of a residual activity."""
    dispensed_standard_uncertainty_bq: Number = Missing.NOT_RECORDED
    residual_standard_uncertainty_bq: Number = Missing.NOT_RECORDED
    lot: str | Missing = Missing.NOT_RECORDED
    stasis: bool = False
    reflux: bool = False


@dataclass(frozen=True, kw_only=True)
class DirectiveFacts:
    """What the written directive says of one injection site, and how it was revised."""

    territory: str
    prescribed_bq: Number = Missing.NOT_RECORDED
    """The plan's activity where missing."""
    revised_bq: Number = Missing.NOT_RECORDED
    revised_at: datetime | Missing = Missing.NOT_RECORDED
    stopped_for: str = ""
    """``stasis``, ``reflux``, ``emergent patient condition``, or empty."""


class Verdict(Enum):
    """How far a delivery is from its directive."""

    WITHIN = "within the level-1 tolerance"
    BEYOND_LEVEL_1 = "beyond the level-1 tolerance"
    PERHAPS_EVENT = "perhaps an event: its uncertainty straddles the limit"
    EVENT = "event"
    REVISED = "not an event: directive revised in time"
    NOT_JUDGED = "not judged: no directive, or no residual"


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """Delivered against prescribed, as parts of the prescribed."""

    fraction: float
    low_fraction: Number
    high_fraction: Number
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class DeliveredVial:
    """One vial with everything brought to the instant of injection."""

    territory: str
    lot: str | Missing
    injected_at: datetime
    dispensed_bq: float
    residual_bq: Number
    residual_fraction: Number
    net_bq: Number
    net_standard_uncertainty_bq: Number
    method: str
    """How the residual was measured."""


@dataclass(frozen=True, kw_only=True)
class TerritoryDelivery:
    """What one injection site received, against its directive."""

    territory: str
    prescribed_bq: Number
    net_bq: Number
    net_standard_uncertainty_bq: Number
    deviation: Deviation | Missing


@dataclass(frozen=True, kw_only=True)
class SafetyValue:
    """One value of the radiation-safety sheet."""

    words: str
    value: float
    unit: str
    source: str
    verified: bool


TOPICS = ("exposure", "release", "excretion", "waste", "surgery", "explant", "death")
"""What the radiation-safety sheet speaks of."""


@dataclass(frozen=True, kw_only=True)
class SafetyGuidance:
    """One sentence of the radiation-safety sheet."""

    topic: str
    text: str
    source: str
    verified: bool


@dataclass(frozen=True, kw_only=True)
class SafetyInstant:
    """What is left at one time after treatment."""

    days: float
    activity_bq: Number
    dose_rates: Mapping[str, Number]
    """Distance in words → µSv/h."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "dose_rates", MappingProxyType(dict(self.dose_rates)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Administration:
    """What was given in one session."""

    case_key: str
    device: str
    radionuclide: str
    plan_record: str | Missing
    vials: tuple[DeliveredVial, ...]
    territories: tuple[TerritoryDelivery, ...]
    net_bq: Number
    """Of all sites, at the last injection."""
    net_at: datetime
    safety: tuple[SafetyValue, ...]
    safety_instants: tuple[SafetyInstant, ...]
    guidance: tuple[SafetyGuidance, ...]
    findings: tuple[Finding, ...]
    provenance: Provenance
