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
    revised_in_time: bool = False,
) -> Deviation:
    """Judge a delivery; activities or doses alike, both in one unit.

    Parameters
    ----------
    prescribed, delivered
        Of the directive, and what was reached.
    between
        Lowest and highest value that the delivered one may have; none where not known.
    revised_in_time
        Whether the directive was revised in time after an emergent patient condition.

    Raises
    ------
    InputError
        When nothing is prescribed, or a value is negative.
    """
    if not prescribed > 0 or delivered < 0:
        raise InputError(
            f"prescribed {prescribed:g}, delivered {delivered:g}: the first is above zero, the "
            "second not below"
        )
    off = delivered / prescribed - 1.0
    low: Number = Missing.NOT_ESTIMATED
    high: Number = Missing.NOT_ESTIMATED
    ends = [off, off]
    if between is not None:
        ends = sorted(one / prescribed - 1.0 for one in between)
        low, high = ends
    event = deviation_limit("event").value - _ROUND_OFF  # at the limit it is one
    beyond = [abs(one) >= event for one in ends]
    inside_event = all(beyond) and ends[0] * ends[1] > 0
    if revised_in_time and (any(beyond) or abs(off) >= event):
        verdict = Verdict.REVISED
    elif inside_event:
        verdict = Verdict.EVENT
    elif any(beyond):
        verdict = Verdict.PERHAPS_EVENT
    elif abs(off) > deviation_limit("level_1").value + _ROUND_OFF:
        verdict = Verdict.BEYOND_LEVEL_1
    else:
        verdict = Verdict.WITHIN
    return Deviation(fraction=off, low_fraction=low, high_fraction=high, verdict=verdict)


def revised_in_time(directive: DirectiveFacts | None, stopped_at: datetime) -> bool:
    """Whether a directive was revised soon enough after an emergent patient condition."""
    if directive is None or directive.stopped_for != EMERGENT:
        return False
    if isinstance(directive.revised_at, Missing) or isinstance(directive.revised_bq, Missing):
        return False
    most = timedelta(hours=constant(TOLERANCE, "directive", "revision_h").value)
    return directive.revised_at.astimezone(UTC) - stopped_at.astimezone(UTC) <= most
