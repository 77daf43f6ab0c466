"""Counts behind printed percentages, kept only where no other counts print the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from opensirt.errors import InputError

_MOST = 100_000


@dataclass(frozen=True, slots=True)
class RebuiltCounts:
    """Denominator and counts that print given percentages."""

    of: int
    counts: tuple[int, ...]


def counts_that_print(
    percents: Sequence[float], *, decimals: int, at_most: int, complete: bool
) -> tuple[RebuiltCounts, ...]:
    """Return every denominator up to a limit with counts that print the percentages.

    A tie in the digit after the last printed one counts as printed either way.

    Parameters
    ----------
    percents
        As printed, of one denominator.
    decimals
        Digits after the point.
    at_most
        The largest possible denominator, such as the number of patients.
    complete
        Whether the categories leave nobody out, so that the counts add up to the denominator.

    Raises
    ------
    InputError
        When a percentage is not between 0 and 100, or there are too many splits to look at.

    >>> counts_that_print([22.5, 75.0, 2.5], decimals=1, at_most=42, complete=True)
    (RebuiltCounts(of=40, counts=(9, 30, 1)),)
    """
    if not percents or any(not 0.0 <= one <= 100.0 for one in percents):  # noqa: PLR2004 - percent
        raise InputError("printed percentages are wanted, each between 0 and 100")
    half = 0.5 * 10.0**-decimals + 1e-9
    found: list[RebuiltCounts] = []
    for of in range(1, at_most + 1):
        possible = [
            [count for count in range(of + 1) if abs(100.0 * count / of - one) <= half]
            for one in percents
        ]
        if any(not one for one in possible):
            continue
        for counts in product(*possible):
            if len(found) > _MOST:
                raise InputError("too many counts print these percentages; give more of them")
            if not complete or sum(counts) == of:
                found.append(RebuiltCounts(of, counts))
    return tuple(found)


def only_counts(
    percents: Sequence[float], *, decimals: int, at_most: int, complete: bool
) -> RebuiltCounts:
    """Return the counts behind percentages when they are the only ones.

    Raises
    ------
    InputError
        When none or several print the percentages; the denominators are named.
    """
    found = counts_that_print(percents, decimals=decimals, at_most=at_most, complete=complete)
    if len(found) == 1:
        return found[0]
    shown = " %, ".join(f"{one:.{decimals}f}" for one in percents)
    if not found:
        raise InputError(
            f"no {at_most} or fewer print {shown} %; the percentages have another denominator"
        )
    listed = ", ".join(str(one) for one in sorted({one.of for one in found})[:8])
    raise InputError(
        f"{shown} % are printed by counts of {listed}; the count is not known, leave it out"
    )
