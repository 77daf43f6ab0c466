"""Where a figure or a rule comes from, and how well it is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from opensirt.errors import InputError, UnknownNameError


class Status(Enum):
    """How well a figure is known; the value is the word in the reference tables."""

    VERIFIED = "verified"
    """Read in the source."""
    SECOND_HAND = "second-hand"
    """Read in a text that quotes the source."""
    MEMORY = "memory"
    """Not read."""
    COMPUTED = "computed"
    """Follows from other figures."""

    @property
    def verified(self) -> bool:
        """Whether the figure may be shown without ⚠."""
        return self in {Status.VERIFIED, Status.COMPUTED}


@dataclass(frozen=True, slots=True)
class Citation:
    """A source with its place, and the status of what is taken from it."""

    source: str
    status: Status

    def __post_init__(self) -> None:
        if not self.source:
            raise InputError("a figure has no source; write where it was read")

    @property
    def verified(self) -> bool:
        """Whether the figure may be shown without ⚠."""
        return self.status.verified

    def __str__(self) -> str:
        mark = "" if self.verified else f" ⚠ {self.status.value}"
        return f"{self.source}{mark}"


def citation_of(entry: Mapping[str, Any], *, where: str) -> Citation:
    """Return the citation of one entry of a reference table.

    Raises
    ------
    InputError
        When the entry has no source or no status.
    UnknownNameError
        When the status is no known word.
    """
    for key in ("source", "status"):
        if key not in entry:
            raise InputError(f"{where} has no {key}; every entry of a reference table needs one")
    try:
        status = Status(entry["status"])
    except ValueError:
        known = (one.value for one in Status)
        raise UnknownNameError(f"status of {where}", str(entry["status"]), known) from None
    return Citation(str(entry["source"]), status)
