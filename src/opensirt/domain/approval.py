"""Who has approved which plan, and what that plan was made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from unicodedata import normalize

from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.errors import InputError

APPROVALS_NEEDED = 2
"""A plan is signed by two people: one cannot check what he made himself."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PlanOnRecord:
    """The latest plan record of a case folder, as far as approval, order and delivery need it."""

    record: str
    """Name of the file."""
    sha256: str
    """Of its bytes."""
    inputs: Mapping[str, str]
    """Role → sha256 of what the plan was made from."""
    site: str
    """Site profile of the plan, with its hash."""
    stop_rules: tuple[str, ...] = ()
    """Rules of its stop findings."""
    device: str = ""
    """Of the prescription; empty where the plan has none."""
    model: str = ""
    origin: str = ""
    """Of the activities, in words; empty where the record states none."""
    activities_bq: Mapping[str, Number] = field(default_factory=dict)
    """Territory → activity to administer by the prescribed device and model."""
    reaching_bq: Mapping[str, Number] = field(default_factory=dict)
    """Territory → what of that reaches the liver."""
    perfused_volumes_ml: Mapping[str, Number] = field(default_factory=dict)
    """Territory → perfused volume; empty where the record states none."""
    spheres_per_ml_at_most: Number = Missing.NOT_RECORDED
    """At administration; where the activities were chosen to keep it."""
    verified: bool = True
    """False when a figure behind the prescribed row is unverified (⚠)."""

    def __post_init__(self) -> None:
        for name in ("inputs", "activities_bq", "reaching_bq", "perfused_volumes_ml"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True, eq=False, kw_only=True)
class CaseState:
    """What a case folder holds now.

    `planning_sha256` is that of case.toml without the blocks that come after a plan (order,
    administration): these may be added to an approved case.
    """

    case_key: str
    case_file: str
    inputs: Mapping[str, str]
    site: str
    planning_sha256: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", MappingProxyType(dict(self.inputs)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Approval:
    """One named person approves one plan, with everything that it was made from.

    Raises
    ------
    InputError
        When nobody is named, or the instant has no zone.
    """

    by: str
    approved_at: datetime
    plan_record: str
    plan_sha256: str
    inputs: Mapping[str, str]
    site: str
    planning_sha256: str

    def __post_init__(self) -> None:
        if not person_key(self.by):
            raise InputError("an approval needs the name of a person")
        if self.approved_at.tzinfo is None:
            raise InputError("the instant of an approval has no time zone")
        object.__setattr__(self, "inputs", MappingProxyType(dict(self.inputs)))


def person_key(name: str) -> str:
    """Return what is the same in every spelling of a name: no case, single spaces.

    >>> person_key("  Ada  LOVELACE ") == person_key("Ada Lovelace")
    True
    """
    return " ".join(normalize("NFKC", name).split()).casefold()
