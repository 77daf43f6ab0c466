"""What commissioning finds: one check a number, beside what it should be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from opensirt.domain.missing import Missing
from opensirt.errors import InputError


class Outcome(Enum):
    """What a check says."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    WATCHED = "watched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A number that this machine gives, and what it should be.

    Parameters
    ----------
    name
        Stable and unique: a later run finds the same check by it.
    group
        What it belongs to, in words.
    quantity, unit
        What the number is.
    found
        Of this machine.
    wanted
        By the source; Missing where nothing independent says it, and it is only watched for change.
    tolerance
        Largest difference, in the unit of the number.
    source
        Of what is wanted.

    Raises
    ------
    InputError
        When one of `wanted` and `tolerance` is missing and the other is not, or the tolerance is
        negative.
    """

    name: str
    group: str
    quantity: str
    unit: str
    found: float
    wanted: float | Missing = Missing.NOT_RECORDED
    tolerance: float | Missing = Missing.NOT_RECORDED
    source: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.wanted, Missing) != isinstance(self.tolerance, Missing):
            raise InputError(
                f"check {self.name}: a wanted number and its tolerance belong together"
            )
        if not isinstance(self.tolerance, Missing) and self.tolerance < 0:
            raise InputError(f"check {self.name}: the tolerance {self.tolerance:g} is below zero")

    @property
    def outcome(self) -> Outcome:
        """Return whether the number is within its tolerance; a NaN is not."""
        if isinstance(self.wanted, Missing) or isinstance(self.tolerance, Missing):
            return Outcome.WATCHED
        return Outcome.PASS if abs(self.found - self.wanted) <= self.tolerance else Outcome.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A number that an earlier run gave otherwise.

    Parameters
    ----------
    name
        Of the check.
    earlier, now
        Missing where that run did not have the check.
    """

    name: str
    earlier: float | Missing
    now: float | Missing

    @property
    def relative(self) -> float | Missing:
        """Return (now − earlier) / |earlier|."""
        if isinstance(self.earlier, Missing) or isinstance(self.now, Missing) or self.earlier == 0:
            return Missing.NOT_EVALUABLE
        return (self.now - self.earlier) / abs(self.earlier)


@dataclass(frozen=True, eq=False, kw_only=True)
class Acceptance:
    """One run of the suite.

    Parameters
    ----------
    by, made_at
        Who accepts, and when.
    software, machine
        Versions, and what it ran on.
    checks
        Every number.
    earlier_made_at, earlier_software, earlier_sha256
        Of the report that this run was compared with; Missing for a first one.
    changes
        Numbers that the earlier run gave otherwise.
    sha256
        Of everything above; empty before it is written.
    public_key, signature
        Hexadecimal; empty before it is signed.
    """

    by: str
    made_at: datetime
    software: Mapping[str, str]
    machine: Mapping[str, str]
    checks: tuple[Check, ...]
    earlier_made_at: datetime | Missing = Missing.NOT_DONE
    earlier_software: str | Missing = Missing.NOT_DONE
    earlier_sha256: str | Missing = Missing.NOT_DONE
    changes: tuple[Change, ...] = ()
    sha256: str = ""
    public_key: str = ""
    signature: str = ""

    def __post_init__(self) -> None:
        for name in ("software", "machine"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def count(self, outcome: Outcome) -> int:
        """Return how many checks have this outcome."""
        return sum(one.outcome is outcome for one in self.checks)


def require_unique(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Return the checks, refusing two of one name.

    Raises
    ------
    InputError
        When a name stands twice: a later run could not tell the two apart.
    """
    seen: dict[str, Check] = {}
    for one in checks:
        if one.name in seen:
            raise InputError(f"two checks are called {one.name}; a later run tells them by name")
        seen[one.name] = one
    return tuple(seen.values())


def changes(
    earlier: dict[str, float], checks: Iterable[Check], *, relative_at_least: float
) -> tuple[Change, ...]:
    """Return what differs from an earlier run, in the order of the checks.

    Parameters
    ----------
    earlier
        Name → number of that run.
    checks
        Of this run.
    relative_at_least
        Differences below this part of the earlier number are round-off.
    """
    left = dict(earlier)
    found: list[Change] = []
    for one in checks:
        if one.name not in left:
            found.append(Change(name=one.name, earlier=Missing.NOT_RECORDED, now=one.found))
            continue
        before = left.pop(one.name)
        same = before == one.found or abs(one.found - before) < relative_at_least * abs(before)
        if not same:
            found.append(Change(name=one.name, earlier=before, now=one.found))
    gone = (
        Change(name=name, earlier=value, now=Missing.NOT_RECORDED) for name, value in left.items()
    )
    return (*found, *gone)
