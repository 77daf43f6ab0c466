"""Errors of a delivery drawn from their distributions, and how a site's own cases fit them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, log, sqrt
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.delivery_error import (
    DeliveryErrors,
    ErrorDistribution,
    ErrorOrigin,
    ErrorQuantity,
    site_error_distribution,
)
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import ErrorCalibration
from opensirt.errors import InputError

Draws = NDArray[np.float64]

_LARGEST_FRACTION = 0.99
"""A fraction of a whole that is drawn above this is taken as this."""

_FEWEST = 3
"""Cases from which on a distribution made without one of them can be asked about it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ErrorDraws:
    """One value of every error in each scenario, as a factor on what was planned.

    Parameters
    ----------
    lung_shunt : (n,)
        On the lung shunt fraction.
    tumour_to_normal, tumour_volume
        Label → (n,).
    perfused_uptake : (n, n_territories)
        On the activity that stays in each territory.
    liver_volume, activity : (n,)
        On the volume of the normal liver and on the declared activity.
    kept : (n,)
        (1 − residual) over that of the residual that the order allows for.
    lung_shunt_added : (n,)
        Added to the lung shunt fraction before the factor: its measurement.
    """

    lung_shunt: Draws
    tumour_to_normal: Mapping[str, Draws]
    tumour_volume: Mapping[str, Draws]
    perfused_uptake: Draws
    liver_volume: Draws
    activity: Draws
    kept: Draws
    lung_shunt_added: Draws

    def __post_init__(self) -> None:
        for name in ("tumour_to_normal", "tumour_volume"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def shunt(self, planned_fraction: float) -> Draws:
        """Return the lung shunt fraction in each scenario."""
        measured = np.maximum(planned_fraction + self.lung_shunt_added, 0.0)
        return np.minimum(measured * self.lung_shunt, _LARGEST_FRACTION)


def _of_case(one: ErrorDistribution, n: int, rng: np.random.Generator) -> Draws:
    """Return the logarithm of the error of a case in each scenario."""
    freedom = one.degrees_of_freedom
    unit = rng.standard_normal(n) if freedom == inf else rng.standard_t(freedom, n)
    return one.log_median + one.between_cases * unit


def draw_errors(
    errors: DeliveryErrors,
    *,
    tumours: Sequence[str],
    n_territories: int,
    n: int,
    rng: np.random.Generator,
    lung_shunt_standard_uncertainty: float | Missing = Missing.NOT_ESTIMATED,
) -> ErrorDraws:
    """Draw every error for n scenarios; one without a distribution is not varied.

    The measurement uncertainty of the lung shunt is added to a published spread. A site's own
    spread holds it already.

    Raises
    ------
    InputError
        When n is not above zero.
    """
    if n < 1:
        raise InputError(f"{n} scenarios; at least one is needed")
    streams = dict(zip(ErrorQuantity, rng.spawn(len(ErrorQuantity)), strict=True))
    measurement = rng.spawn(1)[0].standard_normal(n)

    def common(quantity: ErrorQuantity) -> Draws:
        one = errors.of(quantity)
        if isinstance(one, Missing):
            return np.ones(n)
        drawn = _of_case(one, n, streams[quantity])
        inside = one.within_case * streams[quantity].standard_normal(n)
        return np.asarray(np.exp(drawn + inside))

    def several(quantity: ErrorQuantity, count: int) -> Draws:
        one = errors.of(quantity)
        if isinstance(one, Missing):
            return np.ones((n, count))
        drawn = _of_case(one, n, streams[quantity])[:, None]
        inside = one.within_case * streams[quantity].standard_normal((n, count))
        return np.asarray(np.exp(drawn + inside))

    ratios = several(ErrorQuantity.TUMOUR_TO_NORMAL_RATIO, len(tumours))
    volumes = _each_alone(errors, ErrorQuantity.TUMOUR_VOLUME, len(tumours), n, streams)
    shunt = errors.of(ErrorQuantity.LUNG_SHUNT_FRACTION)
    added = np.zeros(n)
    printed = isinstance(shunt, Missing) or shunt.origin is ErrorOrigin.PUBLISHED
    if printed and not isinstance(lung_shunt_standard_uncertainty, Missing):
        added = lung_shunt_standard_uncertainty * measurement
    return ErrorDraws(
        lung_shunt=common(ErrorQuantity.LUNG_SHUNT_FRACTION),
        tumour_to_normal={label: ratios[:, number] for number, label in enumerate(tumours)},
        tumour_volume={label: volumes[:, number] for number, label in enumerate(tumours)},
        perfused_uptake=_each_alone(
            errors, ErrorQuantity.PERFUSED_UPTAKE, n_territories, n, streams
        ),
        liver_volume=common(ErrorQuantity.LIVER_VOLUME),
        activity=common(ErrorQuantity.ADMINISTERED_ACTIVITY),
        kept=_kept(errors, n, streams),
        lung_shunt_added=added,
    )


def _each_alone(
    errors: DeliveryErrors,
    quantity: ErrorQuantity,
    count: int,
    n: int,
    streams: Mapping[ErrorQuantity, np.random.Generator],
) -> Draws:
    """Draw as if each of several were a case of its own, with what a case's share in common."""
    one = errors.of(quantity)
    if isinstance(one, Missing):
        return np.ones((n, count))
    if one.origin is ErrorOrigin.SITE and one.within_case > 0:
        drawn = _of_case(one, n, streams[quantity])[:, None]
        inside = one.within_case * streams[quantity].standard_normal((n, count))
        return np.asarray(np.exp(drawn + inside))
    columns = [_of_case(one, n, streams[quantity]) for _ in range(count)]
    return np.asarray(np.exp(np.array(columns).reshape(count, n).T))


def _kept(
    errors: DeliveryErrors, n: int, streams: Mapping[ErrorQuantity, np.random.Generator]
) -> Draws:
    one = errors.of(ErrorQuantity.RESIDUAL_FRACTION)
    if isinstance(one, Missing):
        return np.ones(n)
    drawn = np.exp(_of_case(one, n, streams[ErrorQuantity.RESIDUAL_FRACTION]))
    allowed = np.exp(one.log_median)
    return np.asarray((1.0 - np.minimum(drawn, _LARGEST_FRACTION)) / (1.0 - allowed))


def error_calibration(errors: DeliveryErrors) -> tuple[ErrorCalibration, ...]:
    """Return, for each quantity with cases at the site, how many lie inside the stated intervals.

    A distribution of the site's own is made anew without the case that it is asked about. Nothing
    where there are fewer than three cases.
    """
    from scipy.stats import norm, t

    found = []
    for quantity, cases in errors.history.items():
        one = errors.of(quantity)
        if isinstance(one, Missing) or len(cases) < _FEWEST:
            continue
        places = []
        for number, case in enumerate(cases):
            asked = one
            if one.origin is ErrorOrigin.SITE:
                others = [*cases[:number], *cases[number + 1 :]]
                asked = site_error_distribution(quantity, others, source=one.source)
            mean = sum(log(value) for value in case) / len(case)
            spread = sqrt(asked.between_cases**2 + asked.within_case**2 / len(case))
            unit = (mean - asked.log_median) / spread if spread > 0 else 0.0
            freedom = asked.degrees_of_freedom
            below = norm.cdf(unit) if freedom == inf else t.cdf(unit, freedom)
            places.append(abs(2.0 * float(below) - 1.0))
        inside = [sum(one <= part for one in places) / len(places) for part in (0.5, 0.8, 0.95)]
        found.append(
            ErrorCalibration(
                quantity=quantity,
                n_cases=len(cases),
                inside_50=inside[0],
                inside_80=inside[1],
                inside_95=inside[2],
            )
        )
    return tuple(found)
