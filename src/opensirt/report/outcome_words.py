"""Intervals, p values and hazard ratios as people read them."""

from opensirt.domain.missing import Missing
from opensirt.outcomes.kaplan_meier import Interval
from opensirt.outcomes.proportion import Proportion
from opensirt.report.number import rounded

_NOT_REACHED = "not reached"


def p_value(p: float) -> str:
    """Return a p value for a column of a table.

    >>> p_value(0.03124), p_value(1e-6)
    ('0.031', '<0.001')
    """
    return "<0.001" if p < 0.001 else f"{p:.2g}"  # noqa: PLR2004 - customary


def time_interval(one: Interval, digits: int = 3) -> str:
    """Return a time with its interval; what the curve does not reach is said so."""
    estimate, low, high = (
        _NOT_REACHED if isinstance(value, Missing) else rounded(value, digits)
        for value in (one.estimate, one.low, one.high)
    )
    return f"{estimate} ({low} to {high})"


def percent_interval(one: Interval) -> str:
    """Return a chance in percent with its interval, or that nobody was followed so long."""
    if isinstance(one.estimate, Missing):
        return "not followed so long"
    low, high = (
        "—" if isinstance(value, Missing) else f"{100.0 * value:.1f}"
        for value in (one.low, one.high)
    )
    return f"{100.0 * one.estimate:.1f} ({low} to {high})"


def ratio_interval(estimate: float, low: float, high: float) -> str:
    """Return a ratio with its interval.

    >>> ratio_interval(1.3456, 1.02, 1.789)
    '1.35 (1.02 to 1.79)'
    """
    return f"{rounded(estimate)} ({rounded(low)} to {rounded(high)})"


def proportion_words(one: Proportion) -> str:
    """Return a proportion with count, denominator and Wilson's interval."""
    low, high = one.wilson
    return (
        f"{one.count}/{one.of} = {100 * one.fraction:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    )
