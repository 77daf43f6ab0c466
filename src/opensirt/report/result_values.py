"""Numbers, findings and statuses as plain values of results.json."""

from collections.abc import Mapping
from typing import Any

from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.errors import InputError

NO_VALUE = "does not apply"
"""Stands where a finding has no value or no limit: a reason, as for every absent number."""


def number(value: Number) -> float | str:
    """Return a finite number, or the reason why there is none."""
    if isinstance(value, Missing):
        return value.value
    found = float(value)
    if not abs(found) < float("inf"):
        raise InputError(f"a number of the results is not finite: {found}")
    return found


def numbers(values: Mapping[str, Number]) -> dict[str, float | str]:
    """Return the numbers of a mapping, or their reasons."""
    return {key: number(value) for key, value in values.items()}


def status_word(*, verified: bool) -> str:
    """Return the status of a figure: verified or not."""
    return "verified" if verified else "unverified"


def stated(value: float | str | None) -> float | str:
    """Return a value of a finding; one without has none that applies."""
    if value is None:
        return NO_VALUE
    return value if isinstance(value, str) else number(value)


def finding_data(one: Finding) -> dict[str, Any]:
    """Return one finding as plain values."""
    return {
        "severity": one.severity.value,
        "rule": one.rule,
        "text": one.text,
        "value": stated(one.value),
        "limit": stated(one.limit),
        "source": one.source,
        "status": status_word(verified=one.verified),
    }
