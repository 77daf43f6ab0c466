"""Refusals that all models share: what was found, what was wanted, what was probably meant."""

from math import isfinite

from opensirt.errors import InputError

_HUNDRED = 100.0


def require_fraction(value: float, name: str) -> float:
    """Return a fraction of a whole, or raise `InputError` unless 0 ≤ value ≤ 1."""
    if isfinite(value) and 0.0 <= value <= 1.0:
        return value
    hint = f"; given as %? Then write {value / _HUNDRED:g}" if 1.0 < value <= _HUNDRED else ""
    raise InputError(f"the {name} is {value:g}, it lies between 0 and 1{hint}")


def require_part_left(value: float, name: str) -> float:
    """Return a fraction that leaves something, or raise `InputError` unless 0 ≤ value < 1."""
    if require_fraction(value, name) == 1.0:
        raise InputError(f"the {name} is 1: nothing reaches the liver, no activity gives a dose")
    return value


def require_positive(value: float, name: str, unit: str) -> float:
    """Return a quantity above zero, or raise `InputError`."""
    if isfinite(value) and value > 0:
        return value
    raise InputError(f"the {name} is {value:g} {unit}; it is above zero")


def require_not_negative(value: float, name: str, unit: str) -> float:
    """Return a quantity of at least zero, or raise `InputError`."""
    if isfinite(value) and value >= 0:
        return value
    raise InputError(f"the {name} is {value:g} {unit}; it is zero or more")
