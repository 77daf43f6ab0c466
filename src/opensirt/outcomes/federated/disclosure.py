"""What may leave: counts of five and more, sums that no single row dominates, few enough values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from opensirt.outcomes.arrays import Floats
from opensirt.reference.table import read_table

SMALL = "a cell under five"
DOMINATED = "one row dominates a sum"
TOO_MANY = "too many values for so few rows"
FAR_POINT = "a parameter point far from any plausible estimate"


@dataclass(frozen=True, slots=True)
class Withheld:
    """What is not shared. `reason` leaves with the file, `detail` stays in the centre."""

    what: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingRules:
    """The limits in force."""

    least: int
    largest_share: float
    largest_fraction: float
    widest_predictor: float
    most_categories: int


def sharing_rules() -> SharingRules:
    """Return the rules of ``reference/sharing``."""
    table = read_table("sharing")
    return SharingRules(
        least=int(table["small_cells"]["least"]),
        largest_share=float(table["dominance"]["largest_share"]),
        largest_fraction=float(table["values"]["largest_fraction"]),
        widest_predictor=float(table["parameter_points"]["widest_predictor"]),
        most_categories=int(table["categories"]["most"]),
    )


def told(count: int, rules: SharingRules) -> int | str:
    """Return a count, or that it is under the least one told.

    >>> told(12, sharing_rules()), told(3, sharing_rules()), told(0, sharing_rules())
    (12, '<5', '<5')
    """
    return count if count >= rules.least else f"<{rules.least}"


def small_cell(
    outcome: Floats, columns: Mapping[str, Floats], rules: SharingRules, *, outcome_name: str
) -> str:
    """Return the first cell under the least count, in words, or nothing.

    Looked at are the outcome alone, the outcome by every column of few values, and every pair of
    such columns: the sums at some parameter point are counts of exactly these cells.
    """
    few = {
        name: values
        for name, values in columns.items()
        if len(np.unique(values)) <= rules.most_categories
    }
    seen: Sequence[tuple[str, Floats]] = ((outcome_name, outcome), *few.items())
    for name, values in seen:
        word = _first_small(values[:, None], (name,), rules)
        if word:
            return word
    for (first, a), (second, b) in combinations(seen, 2):
        word = _first_small(np.column_stack([a, b]), (first, second), rules)
        if word:
            return word
    return ""


def _first_small(values: Floats, names: tuple[str, ...], rules: SharingRules) -> str:
    """Return the first combination of values that fewer rows have, empty ones too."""
    levels = [np.unique(values[:, number]) for number in range(values.shape[1])]
    if len(levels[0]) < 2:  # noqa: PLR2004 - all rows alike
        return f"all rows have {names[0]} = {levels[0][0]:g}"
    grid = np.array(np.meshgrid(*levels, indexing="ij")).reshape(len(levels), -1).T
    for cell in grid:
        count = int(np.sum(np.all(values == cell, axis=1)))
        if count < rules.least:
            said = " and ".join(f"{name} = {one:g}" for name, one in zip(names, cell, strict=True))
            return f"{count} rows have {said}; at least {rules.least} are wanted"
    return ""


def why_withheld(
    *,
    what: str,
    largest_share: float,
    predictor: Floats,
    n_values: int,
    n_table: int,
    rules: SharingRules,
) -> Withheld | None:
    """Return why the sums of a model stay in the centre, or None.

    Parameters
    ----------
    predictor : (n,)
        Linear predictor of the rows at the parameter point.
    n_values
        Numbers that will have left for the model after this round.
    n_table
        Numbers in the columns of the model.
    """
    if float(np.ptp(predictor)) > rules.widest_predictor:
        return Withheld(
            what,
            FAR_POINT,
            f"the linear predictor spreads over {np.ptp(predictor):.1f}; at most "
            f"{rules.widest_predictor:g}",
        )
    if largest_share > rules.largest_share:
        return Withheld(
            what,
            DOMINATED,
            f"one row makes up {100 * largest_share:.0f} % of a sum; at most "
            f"{100 * rules.largest_share:.0f} %",
        )
    if n_values > rules.largest_fraction * n_table:
        return Withheld(
            what,
            TOO_MANY,
            f"{n_values} values would have left, of {n_table} in the table; at most "
            f"{100 * rules.largest_fraction:.0f} %",
        )
    return None
