"""How far what was given is from what the directive says, and what that is called."""

from datetime import UTC, datetime, timedelta

from opensirt.domain.administration import Deviation, DirectiveFacts, Verdict
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.errors import InputError
from opensirt.reference.constant import Constant, constant

TOLERANCE = "delivery_tolerance"

EMERGENT = "emergent patient condition"
"""For which a directive may be revised after the fact."""

_ROUND_OFF = 1e-9


def deviation_limit(name: str) -> Constant:
    """Return ``level_1`` or ``event``: the deviation from which on it holds."""
    return constant(TOLERANCE, "deviation_fraction", name)


def deviation(
    prescribed: float,
    delivered: float,
    *,
    between: tuple[float, float] | None = None,
    revised: float | None = None,
) -> Deviation:
    """Judge a delivery; activities or doses alike, both in one unit.

    Parameters
    ----------
    prescribed, delivered
        Of the directive, and what was reached.
    between
        Lowest and highest value that the delivered one may have; none where not known.
    revised
        Of a directive that was revised in time after an emergent patient condition: a delivery
        that is an event against the first directive is judged by this one.

    Raises
    ------
    InputError
        When nothing is prescribed, or a value is negative.
    """
    if not prescribed > 0 or delivered < 0 or not (revised is None or revised > 0):
        raise InputError(
            f"prescribed {prescribed:g}, delivered {delivered:g}: the first is above zero, the "
            "second not below; nor is a revised directive"
        )
    off = delivered / prescribed - 1.0
    low: Number = Missing.NOT_ESTIMATED
    high: Number = Missing.NOT_ESTIMATED
    if between is not None:
        low, high = sorted(one / prescribed - 1.0 for one in between)
    reached = (delivered, delivered) if between is None else between
    found = _verdict(prescribed, delivered, reached)
    if revised is not None and found in (Verdict.EVENT, Verdict.PERHAPS_EVENT):
        by_revised = _verdict(revised, delivered, reached)
        inside = by_revised in (Verdict.WITHIN, Verdict.BEYOND_LEVEL_1)
        found = Verdict.REVISED if inside else by_revised
    return Deviation(fraction=off, low_fraction=low, high_fraction=high, verdict=found)


def _verdict(directive: float, delivered: float, reached: tuple[float, float]) -> Verdict:
    """Judge a delivery that lies between two values against one directive."""
    ends = sorted(one / directive - 1.0 for one in reached)
    event = deviation_limit("event").value - _ROUND_OFF  # at the limit it is one
    beyond = [abs(one) >= event for one in ends]
    if all(beyond) and ends[0] * ends[1] > 0:
        return Verdict.EVENT
    if any(beyond):
        return Verdict.PERHAPS_EVENT
    level_1 = deviation_limit("level_1").value + _ROUND_OFF
    off = abs(delivered / directive - 1.0)
    return Verdict.BEYOND_LEVEL_1 if off > level_1 else Verdict.WITHIN


def revised_directive(directive: DirectiveFacts | None, stopped_at: datetime) -> float | None:
    """Return what a directive was revised to, where that was soon enough; else None."""
    if directive is None or isinstance(directive.revised_bq, Missing):
        return None
    return directive.revised_bq if revised_in_time(directive, stopped_at) else None


def revised_in_time(directive: DirectiveFacts | None, stopped_at: datetime) -> bool:
    """Whether a directive was revised soon enough after an emergent patient condition."""
    if directive is None or directive.stopped_for != EMERGENT:
        return False
    if isinstance(directive.revised_at, Missing) or isinstance(directive.revised_bq, Missing):
        return False
    most = timedelta(hours=constant(TOLERANCE, "directive", "revision_h").value)
    return directive.revised_at.astimezone(UTC) - stopped_at.astimezone(UTC) <= most
