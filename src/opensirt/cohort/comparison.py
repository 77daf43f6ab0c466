"""Two dose engines over a cohort: how far apart they are, structure by structure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.missing import Missing
from opensirt.domain.record import Number

_LIMITS = 1.96
"""Standard deviations on either side, Bland and Altman 1986."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineDifference:
    """Mean dose of one kind of structure by two engines: other minus reference.

    Limits of agreement hold 95 % of differences where these are normal (Bland and Altman 1986);
    structures of one patient are counted singly, and are not independent.
    """

    kind: str
    reference: str
    other: str
    n_structures: int
    n_patients: int
    mean_difference_gy: float
    standard_deviation_gy: Number
    limits_of_agreement_gy: tuple[float, float] | Missing
    mean_relative_difference: Number
    largest_relative_difference: Number


def compare_engines(rows: Iterable[Mapping[str, Any]], reference: str) -> list[EngineDifference]:
    """Return the differences of every other engine from a reference, by kind of structure.

    Only structures for which both engines have a dose are compared.
    """
    doses: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    for row in rows:
        if row["outcome"] == "done":
            for one in row["structures"]:
                place = doses.setdefault((row["engine"], one["kind"]), {})
                place[row["case"], one["label"]] = float(one["mean_gy"])
    made = []
    for engine, kind in sorted(doses):
        base = doses.get((reference, kind))
        if engine == reference or base is None:
            continue
        both = sorted(doses[engine, kind].keys() & base.keys())
        if both:
            first = np.array([base[one] for one in both])
            second = np.array([doses[engine, kind][one] for one in both])
            n_patients = len({key for key, _ in both})
            made.append(_difference(kind, reference, engine, first, second, n_patients))
    return made


def _difference(
    kind: str,
    reference: str,
    other: str,
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    n_patients: int,
) -> EngineDifference:
    apart = second - first
    mean = float(apart.mean())
    spread: Number = Missing.NOT_ESTIMATED
    limits: tuple[float, float] | Missing = Missing.NOT_ESTIMATED
    if len(apart) > 1:
        spread = sqrt(float(((apart - mean) ** 2).sum()) / (len(apart) - 1))
        limits = (mean - _LIMITS * spread, mean + _LIMITS * spread)
    relative: Number = Missing.NOT_EVALUABLE
    largest: Number = Missing.NOT_EVALUABLE
    if (first > 0).all():
        parts = apart / first
        relative = float(parts.mean())
        largest = float(parts[np.argmax(np.abs(parts))])
    return EngineDifference(
        kind=kind,
        reference=reference,
        other=other,
        n_structures=len(apart),
        n_patients=n_patients,
        mean_difference_gy=mean,
        standard_deviation_gy=spread,
        limits_of_agreement_gy=limits,
        mean_relative_difference=relative,
        largest_relative_difference=largest,
    )
