"""How far deliveries lie from their plans: what robust planning draws its scenarios from.

Two origins, quantity by quantity. `PUBLISHED`: figures in print (reference/delivery_error). `SITE`:
the planned-against-delivered errors of the site's own verifications. A quantity switches from the
first to the second as soon as at least `cases_needed` cases (twenty) have a value of it;
`delivery_errors_in_force` does that, and says in `note` how many cases there are while there are
too few. Nothing is blended: a quantity has one origin.

A site's ledger hands over ``{quantity: [[values of case 1], [values of case 2], ...]}`` for one
device. A value is delivered over planned (`RESIDUAL_FRACTION`: the residual fraction itself), above
zero; one case has one value of each quantity, but one for each lesion of `TUMOUR_TO_NORMAL_RATIO`
and one for each territory of `PERFUSED_UPTAKE`. Planned and delivered are in one activity scale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from math import inf, isfinite, log, sqrt
from types import MappingProxyType
from typing import Any

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.reference.table import read_table

_TABLE = "delivery_error"
_ANY = "any"
_SURE = ("verified", "computed")


class ErrorQuantity(Enum):
    """What can come out otherwise than planned; all but the residual are delivered / planned."""

    LUNG_SHUNT_FRACTION = "lung_shunt_fraction"
    """Lung shunt fraction of the treatment over that of the work-up."""
    TUMOUR_TO_NORMAL_RATIO = "tumour_to_normal_ratio"
    """Ratio of concentrations of one lesion, treatment over scout."""
    PERFUSED_UPTAKE = "perfused_uptake"
    """Part of the territory's activity that stays in its perfused volume and deposits."""
    TUMOUR_VOLUME = "tumour_volume"
    """True over drawn."""
    LIVER_VOLUME = "liver_volume"
    """True over drawn, of the normal liver."""
    ADMINISTERED_ACTIVITY = "administered_activity"
    """Activity calibration: true over declared, within one activity scale."""
    RESIDUAL_FRACTION = "residual_fraction"
    """Residual over dispensed activity, 0 to 1."""


class ErrorOrigin(Enum):
    """Where a distribution comes from."""

    PUBLISHED = "published prior"
    SITE = "site history"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDistribution:
    """Distribution of the natural logarithm of one error.

    The errors of a new case lie around `log_median` with the spread `between_cases`, and those of
    its lesions (or territories) around the case's with `within_case`.

    Raises
    ------
    InputError
        When a figure is not finite, or a spread negative.
    """

    quantity: ErrorQuantity
    origin: ErrorOrigin
    log_median: float
    between_cases: float
    within_case: float
    n_cases: int
    n_values: int
    source: str
    verified: bool
    """False when it is to be shown with ⚠."""
    note: str = ""

    def __post_init__(self) -> None:
        spreads = (self.between_cases, self.within_case)
        if not all(isfinite(one) for one in (self.log_median, *spreads)) or min(spreads) < 0:
            raise InputError(
                f"the error distribution of {self.quantity.value} has the median of logarithms "
                f"{self.log_median} and the spreads {spreads}; wanted finite ones, none negative"
            )

    @property
    def degrees_of_freedom(self) -> float:
        """Of the Student distribution of a new case: finite for a site's few cases."""
        return self.n_cases - 1 if self.origin is ErrorOrigin.SITE else inf

    @property
    def log_standard_deviation(self) -> float:
        """Spread of one value of a new case."""
        return sqrt(self.between_cases**2 + self.within_case**2)


@dataclass(frozen=True, eq=False, kw_only=True)
class DeliveryErrors:
    """The distributions in force for one device, and why a quantity has none.

    A quantity without a distribution is not varied; `absent` names it, and a chance reckoned
    without it says so.
    """

    device: str
    distributions: Mapping[ErrorQuantity, ErrorDistribution]
    absent: Mapping[ErrorQuantity, Missing] = field(default_factory=dict)
    history: Mapping[ErrorQuantity, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    """The site's own cases, which show how well the distributions fit here."""

    def __post_init__(self) -> None:
        for name in ("distributions", "absent", "history"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def of(self, quantity: ErrorQuantity) -> ErrorDistribution | Missing:
        """Return the distribution of a quantity, or why there is none."""
        return self.distributions.get(
            quantity, self.absent.get(quantity, Missing.NO_VERIFIED_VALUE)
        )

    @property
    def verified(self) -> bool:
        """False when a distribution is to be shown with ⚠."""
        return all(one.verified for one in self.distributions.values())


def cases_needed() -> int:
    """Return how many cases a site needs before its own errors replace the published ones."""
    return int(read_table(_TABLE)["switch"]["cases_at_least"])


def published_delivery_errors(device: str, *, scout_nuclide: str = "Tc-99m") -> DeliveryErrors:
    """Return the errors in print for a device whose scout has a nuclide (Tc-99m or Ho-166)."""
    table = read_table(_TABLE)
    found: dict[ErrorQuantity, ErrorDistribution] = {}
    absent: dict[ErrorQuantity, Missing] = {}
    for quantity in ErrorQuantity:
        rows = table[quantity.value]
        row = rows.get(device) or rows.get(scout_nuclide) or rows.get(_ANY)
        if row is None:
            absent[quantity] = Missing.NO_VERIFIED_VALUE
        else:
            found[quantity] = _printed(quantity, row)
    return DeliveryErrors(device=device, distributions=found, absent=absent)


def _printed(quantity: ErrorQuantity, row: Mapping[str, Any]) -> ErrorDistribution:
    spread = float(row["log_standard_deviation"])
    of_lesions = quantity is ErrorQuantity.TUMOUR_TO_NORMAL_RATIO
    return ErrorDistribution(
        quantity=quantity,
        origin=ErrorOrigin.PUBLISHED,
        log_median=log(float(row.get("median", 1.0))),
        between_cases=0.0 if of_lesions else spread,
        within_case=spread if of_lesions else 0.0,
        n_cases=int(row["n_cases"]),
        n_values=int(row["n_cases"]),
        source=str(row["source"]),
        verified=row["status"] in _SURE,
        note=str(row.get("note", "")),
    )


def site_error_distribution(
    quantity: ErrorQuantity, cases: Sequence[Sequence[float]], *, source: str
) -> ErrorDistribution:
    """Return the distribution of a site's own errors.

    Case means and the spread around them by analysis of variance of the logarithms; the spread of
    a new case includes how little the mean of few cases is known.

    Parameters
    ----------
    cases
        The values of each case; cases without any are left out.
    source
        Such as ``site ledger, 23 verifications, resin``.

    Raises
    ------
    InputError
        When a value is not above zero, a residual reaches 1, or there are fewer than two cases.
    """
    kept = [case for case in cases if len(case)]
    values = [value for case in kept for value in case]
    for value in values:
        if not isfinite(value) or value <= 0:
            raise InputError(
                f"site history, {quantity.value}: found {value:g}, wanted a value above zero"
            )
        if quantity is ErrorQuantity.RESIDUAL_FRACTION and value >= 1:
            raise InputError(
                f"site history, {quantity.value}: found {value:g}; a residual is a fraction below 1"
            )
    n = len(kept)
    if n < 2:  # noqa: PLR2004 - a spread needs two
        raise InputError(f"site history, {quantity.value}: {n} cases; a spread needs two or more")
    logs = [[log(value) for value in case] for case in kept]
    means = [sum(case) / len(case) for case in logs]
    centre = sum(means) / n
    of_means = sum((mean - centre) ** 2 for mean in means) / (n - 1)
    residuals = sum(
        (one - mean) ** 2 for case, mean in zip(logs, means, strict=True) for one in case
    )
    inside = residuals / (len(values) - n) if len(values) > n else 0.0
    between = max(0.0, of_means - inside * sum(1 / len(case) for case in kept) / n)
    return ErrorDistribution(
        quantity=quantity,
        origin=ErrorOrigin.SITE,
        log_median=centre,
        between_cases=sqrt(between + of_means / n),
        within_case=sqrt(inside),
        n_cases=n,
        n_values=len(values),
        source=source,
        verified=True,
    )


def delivery_errors_in_force(
    device: str,
    *,
    history: Mapping[ErrorQuantity, Sequence[Sequence[float]]],
    source: str,
    scout_nuclide: str = "Tc-99m",
) -> DeliveryErrors:
    """Return the site's own errors where it has enough cases of a quantity, else those in print.

    Parameters
    ----------
    history
        Quantity → the values of each case of this device.
    source
        Names the ledger, for the quantities that come from it.

    Raises
    ------
    InputError
        When a value of the history cannot be one (see `site_error_distribution`).
    """
    printed = published_delivery_errors(device, scout_nuclide=scout_nuclide)
    found = dict(printed.distributions)
    absent = dict(printed.absent)
    needed = cases_needed()
    for quantity, cases in history.items():
        n = sum(1 for case in cases if len(case))
        if n >= needed:
            found[quantity] = site_error_distribution(quantity, cases, source=source)
            absent.pop(quantity, None)
        elif n and quantity in found:
            few = f"the site has {n} of the {needed} cases that replace it"
            note = "; ".join(filter(None, (found[quantity].note, few)))
            found[quantity] = replace(found[quantity], note=note)
    kept = {
        quantity: tuple(tuple(case) for case in cases if len(case))
        for quantity, cases in history.items()
    }
    return DeliveryErrors(device=device, distributions=found, absent=absent, history=kept)
