"""How many patients a trial needs: disease control, survival, complications."""

from dataclasses import dataclass
from math import ceil, exp, log, sqrt

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from opensirt.errors import InputError

_MOST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """Patients, and what they were reckoned from."""

    n: int
    """In all."""
    events: int | None
    """That must be seen; None where the endpoint is a proportion."""
    power: float
    """That this number has."""
    alpha: float
    """Two-sided, or one-sided for one arm."""
    sentence: str


def _check(alpha: float, power: float) -> tuple[float, float]:
    if not 0.0 < alpha < 0.5 < power < 1.0:  # noqa: PLR2004 - a power of less than a half is none
        raise InputError(f"α {alpha} and power {power}; wanted 0 < α < 0.5 < power < 1")
    return float(ndtri(1.0 - 0.5 * alpha)), float(ndtri(power))


def two_proportions(
    first: float, second: float, *, alpha: float = 0.05, power: float = 0.8, ratio: float = 1.0
) -> SampleSize:
    """Return the size of a trial that compares two proportions (DCR, complication) by χ².

    Parameters
    ----------
    ratio
        Patients of the second arm for each of the first.

    Raises
    ------
    InputError
        When the proportions are equal or not between 0 and 1.

    References
    ----------
    .. [1] Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003), 4.2,
       without continuity correction.

    >>> two_proportions(0.5, 0.7).n
    186
    """
    z_alpha, z_power = _check(alpha, power)
    if not (0.0 < first < 1.0 and 0.0 < second < 1.0) or first == second or not ratio > 0:
        raise InputError(f"proportions {first} and {second}; wanted two different between 0 and 1")
    middle = (first + ratio * second) / (1.0 + ratio)
    under_null = z_alpha * sqrt((1.0 + 1.0 / ratio) * middle * (1.0 - middle))
    spread = first * (1.0 - first) + second * (1.0 - second) / ratio
    one = ceil(((under_null + z_power * sqrt(spread)) / (first - second)) ** 2)
    other = ceil(ratio * one)
    null = sqrt((1.0 / one + 1.0 / other) * middle * (1.0 - middle))
    error = sqrt(first * (1.0 - first) / one + second * (1.0 - second) / other)
    reached = float(ndtr((abs(first - second) - z_alpha * null) / error))
    return SampleSize(
        n=one + other,
        events=None,
        power=reached,
        alpha=alpha,
        sentence=(
            f"{one} + {other} patients to tell {first:.0%} from {second:.0%} by χ², two-sided "
            f"α {alpha:g}, power {reached:.1%}"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OneArm:
    """A one-arm trial: it succeeds with at least `successes` of n."""

    n: int
    successes: int
    alpha: float
    """That this design has, one-sided."""
    power: float


def one_proportion(
    null: float, wanted: float, *, alpha: float = 0.05, power: float = 0.8
) -> OneArm:
    """Return the smallest exact one-arm design against a fixed proportion (A'Hern).

    Raises
    ------
    InputError
        When the wanted proportion is not above the null.

    References
    ----------
    .. [1] A'Hern, Stat. Med. 20 (2001), 859.

    >>> one_proportion(0.85, 0.95)  # doctest: +ELLIPSIS
    OneArm(n=59, successes=55, alpha=0.0469..., power=0.828...)
    """
    _check(alpha, power)
    if not 0.0 < null < wanted < 1.0:
        raise InputError(f"null {null} and wanted {wanted}; wanted 0 < null < wanted < 1")
    for n in range(2, _MOST):
        successes = int(binom.isf(alpha, n, null)) + 1
        reached = float(binom.sf(successes - 1, n, wanted))
        if successes <= n and reached >= power:
            real = float(binom.sf(successes - 1, n, null))
            return OneArm(n=n, successes=successes, alpha=real, power=reached)
    raise InputError(f"more than {_MOST} patients are needed to tell {wanted} from {null}")


def log_rank_size(
    hazard_ratio: float,
    *,
    median_control: float,
    accrual: float,
    follow_up: float,
    alpha: float = 0.05,
    power: float = 0.8,
    share: float = 0.5,
    loss_rate: float = 0.0,
) -> SampleSize:
    """Return the size of a trial that compares survival (hPFS, OS) by log-rank.

    Parameters
    ----------
    hazard_ratio
        Of the treatment against the control.
    median_control, accrual, follow_up
        In one unit of time; survival exponential, entry even over `accrual`, and everybody is
        followed for at least `follow_up`.
    share
        Of patients in the treatment arm.
    loss_rate
        Hazard of being lost, in the same unit.

    Raises
    ------
    InputError
        When a figure is not above zero, or the hazard ratio is 1.

    References
    ----------
    .. [1] Schoenfeld, Biometrics 39 (1983), 499: events. Events by patient from the exponential
       model with even accrual (Lachin and Foulkes, Biometrics 42 (1986), 507).

    >>> log_rank_size(0.6, median_control=18, accrual=24, follow_up=12).events
    121
    """
    z_alpha, z_power = _check(alpha, power)
    if min(hazard_ratio, median_control, accrual, follow_up) <= 0 or hazard_ratio == 1.0:
        raise InputError("hazard ratio (not 1), median, accrual and follow-up are above zero")
    if not 0.0 < share < 1.0:
        raise InputError(f"the share of the treatment arm is {share}; wanted between 0 and 1")
    events = ceil((z_alpha + z_power) ** 2 / (share * (1.0 - share) * log(hazard_ratio) ** 2))
    hazard = log(2.0) / median_control
    seen = share * _seen(hazard * hazard_ratio, loss_rate, accrual, follow_up)
    seen += (1.0 - share) * _seen(hazard, loss_rate, accrual, follow_up)
    n = ceil(events / seen)
    reached = float(ndtr(sqrt(events * share * (1 - share)) * abs(log(hazard_ratio)) - z_alpha))
    return SampleSize(
        n=n,
        events=events,
        power=reached,
        alpha=alpha,
        sentence=(
            f"{n} patients for {events} events to tell a hazard ratio of {hazard_ratio:g} from 1 "
            f"by log-rank, two-sided α {alpha:g}, power {reached:.1%}"
        ),
    )


def _seen(hazard: float, loss: float, accrual: float, follow_up: float) -> float:
    """Return the chance that an event is seen before loss and the end of the trial."""
    whole = hazard + loss
    entered = exp(-whole * follow_up) - exp(-whole * (accrual + follow_up))
    return hazard / whole * (1.0 - entered / (whole * accrual))


def complication_size(
    first_gy: float,
    second_gy: float,
    *,
    td50_gy: float,
    m: float,
    alpha: float = 0.05,
    power: float = 0.8,
) -> SampleSize:
    """Return the size of a trial that compares complications at two doses of Lyman's curve.

    Raises
    ------
    InputError
        When the doses are equal, or a parameter is not above zero.
    """
    if min(first_gy, second_gy, td50_gy, m) <= 0:
        raise InputError("doses, TD50 and m are above zero")
    chances = [float(ndtr((one / td50_gy - 1.0) / m)) for one in (first_gy, second_gy)]
    made = two_proportions(*chances, alpha=alpha, power=power)
    return SampleSize(
        n=made.n,
        events=None,
        power=made.power,
        alpha=alpha,
        sentence=f"{first_gy:g} against {second_gy:g} Gy: {made.sentence}",
    )


def detectable_hazard_ratio(events: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the hazard ratio below 1 that so many events can tell from 1, arms alike.

    >>> round(detectable_hazard_ratio(121), 2)
    0.6
    """
    z_alpha, z_power = _check(alpha, power)
    return float(np.exp(-(z_alpha + z_power) / sqrt(0.25 * events)))
