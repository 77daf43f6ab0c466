"""What a check has to say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from opensirt.errors import ConfirmationError


class Severity(Enum):
    """How far a finding goes."""

    STOP = "stop"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of a check, with the numbers behind it.

    `rule` is a stable snake-case name; `verified` is False when the limit or any figure behind
    it is known only from memory or second hand, and the sentence is then shown with ⚠.
    """

    severity: Severity
    rule: str
    text: str
    value: float | str | None = None
    limit: float | str | None = None
    source: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A named person accepts one suspicious finding."""

    rule: str
    by: str
    on: date


def refuse_unless_confirmed(rule: str, text: str, confirmations: Iterable[Confirmation]) -> Finding:
    """Return the finding that says who confirmed it, or refuse.

    Raises
    ------
    ConfirmationError
        When nobody has confirmed `rule`.
    """
    for confirmation in confirmations:
        if confirmation.rule == rule:
            return Finding(
                Severity.WARN,
                rule,
                f"{text} (confirmed by {confirmation.by} on {confirmation.on.isoformat()})",
            )
    raise ConfirmationError(rule, text)


def stops(findings: Iterable[Finding]) -> bool:
    """Whether any finding is a stop."""
    return any(finding.severity is Severity.STOP for finding in findings)
