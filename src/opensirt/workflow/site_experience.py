"""What the ledger of a site says: errors in force, and how often past predictions held."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf, log, sqrt
from statistics import median

from opensirt.domain.delivery_error import (
    ErrorDistribution,
    ErrorQuantity,
    cases_needed,
)
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.domain.site_ledger import LedgerEntry, SiteLedger, errors_in_force, history_of

LEVELS = (0.50, 0.80, 0.95)
"""Of the intervals whose predictions are counted."""


@dataclass(frozen=True, kw_only=True)
class PastPredictions:
    """How many values lay inside the intervals that were predicted before they were known."""

    n_values: int
    held: tuple[int, ...]
    """For each of `LEVELS`."""


@dataclass(frozen=True, kw_only=True)
class QuantityExperience:
    """One quantity of one device and scout: the distribution in force and its past."""

    quantity: ErrorQuantity
    in_force: ErrorDistribution | Missing
    n_cases: int
    """Of the site, whether in force or not."""
    past: PastPredictions


@dataclass(frozen=True, kw_only=True)
class DeviceExperience:
    """Everything that a ledger says of one device with one scout nuclide."""

    device: str
    scout_nuclide: str
    n_cases: int
    n_lesions: int
    median_dose_ratio: Number
    """Delivered over planned dose of the lesions, for the activity given."""
    quantities: tuple[QuantityExperience, ...]
    lung_shunts: PastPredictions
    """Seen after treatment against predicted with the uncertainties stated at the time."""


def site_experience(ledger: SiteLedger) -> tuple[DeviceExperience, ...]:
    """Return what a ledger says of every device and scout in it.

    The predictions are those of the day: for each entry the distribution that the entries before
    it put in force (the published one below twenty cases), and whether the entry's own values lay
    in its intervals. Nothing that came later is used.
    """
    kinds = dict.fromkeys((one.device, one.scout_nuclide) for one in ledger.in_force())
    return tuple(_of_device(ledger, *kind) for kind in kinds)


def _of_device(ledger: SiteLedger, device: str, scout: str) -> DeviceExperience:
    entries = tuple(one for one in ledger.of_device(device) if one.scout_nuclide == scout)
    now = errors_in_force(device, ledger, scout_nuclide=scout)
    history = history_of(entries)
    ratios = [
        ratio
        for one in entries
        for lesion in one.lesions
        if not isinstance(ratio := lesion.dose_ratio, Missing)
    ]
    return DeviceExperience(
        device=device,
        scout_nuclide=scout,
        n_cases=len(entries),
        n_lesions=sum(len(one.lesions) for one in entries),
        median_dose_ratio=median(ratios) if ratios else Missing.NOT_EVALUABLE,
        quantities=tuple(
            QuantityExperience(
                quantity=quantity,
                in_force=now.of(quantity),
                n_cases=sum(1 for case in cases if case),
                past=_past(entries, quantity, device, scout),
            )
            for quantity, cases in history.items()
        ),
        lung_shunts=_lung_shunts(entries),
    )


def _past(
    entries: Sequence[LedgerEntry], quantity: ErrorQuantity, device: str, scout: str
) -> PastPredictions:
    held = [0] * len(LEVELS)
    n_values = 0
    for number, entry in enumerate(entries):
        values = history_of((entry,))[quantity][0]
        if not values:
            continue
        before = SiteLedger(entries=tuple(entries[:number]))
        predicted = errors_in_force(device, before, scout_nuclide=scout).of(quantity)
        if isinstance(predicted, Missing):
            continue
        n_values += len(values)
        for place, level in enumerate(LEVELS):
            half = _quantile(level, predicted.degrees_of_freedom) * predicted.log_standard_deviation
            held[place] += sum(abs(log(one) - predicted.log_median) <= half for one in values)
    return PastPredictions(n_values=n_values, held=tuple(held))


def _quantile(level: float, degrees_of_freedom: float) -> float:
    from scipy.stats import norm, t

    upper = (1 + level) / 2
    if isinf(degrees_of_freedom):
        return float(norm.ppf(upper))
    return float(t.ppf(upper, degrees_of_freedom))


def _lung_shunts(entries: Sequence[LedgerEntry]) -> PastPredictions:
    """Count how often the shunt seen lay in the interval of both stated uncertainties."""
    held = [0] * len(LEVELS)
    n_values = 0
    for one in entries:
        numbers = (
            one.lung_shunt_predicted,
            one.lung_shunt_seen,
            one.lung_shunt_predicted_uncertainty,
            one.lung_shunt_seen_uncertainty,
        )
        known = [value for value in numbers if not isinstance(value, Missing)]
        if len(known) < len(numbers) or "lung_shunt_fraction" in one.assumed:
            continue
        predicted, seen, first, second = known
        n_values += 1
        for place, level in enumerate(LEVELS):
            half = _quantile(level, float("inf")) * sqrt(first**2 + second**2)
            held[place] += abs(seen - predicted) <= half
    return PastPredictions(n_values=n_values, held=tuple(held))


def cases_to_go(one: QuantityExperience) -> int:
    """Return how many more cases a quantity needs before the site's own errors are in force."""
    return max(cases_needed() - one.n_cases, 0)
