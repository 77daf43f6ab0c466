"""Comparisons at a limit that round-off of a unit conversion cannot tip over."""

from math import floor

_ROUND_OFF = 1e-9
"""Relative difference below which two numbers are the same: far below any printed digit."""


def same(a: float, b: float) -> bool:
    """Whether two numbers differ by no more than round-off."""
    return abs(a - b) <= _ROUND_OFF * max(abs(a), abs(b))


def above(a: float, b: float) -> bool:
    """Whether `a` exceeds `b` by more than round-off.

    >>> above(1.8, 1.5 * 1.2), above(1.81, 1.5 * 1.2)
    (False, True)
    """
    return a > b and not same(a, b)


def at_least(a: float, b: float) -> bool:
    """Whether `a` is `b` or more, round-off apart."""
    return a >= b or same(a, b)


def below(a: float, b: float) -> bool:
    """Whether `a` is less than `b` by more than round-off."""
    return not at_least(a, b)


def at_most(a: float, b: float) -> bool:
    """Whether `a` is `b` or less, round-off apart."""
    return not above(a, b)


def rounded(number: float) -> int:
    """Return the nearest integer, halves upward, as score tables do (not to even).

    >>> rounded(22.5), rounded(21.5), rounded(-0.5)
    (23, 22, 0)
    """
    return floor(number + 0.5 + _ROUND_OFF)
