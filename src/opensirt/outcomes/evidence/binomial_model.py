"""Proportions pooled by their own likelihood: a logistic model whose intercept varies by study.

No variance is put in place of the binomial distribution and no half events are added, so studies
with no event or with events only count as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, gammaln, log_expit, logsumexp

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, normal_quantile, vector

NODES = 25
"""Of the adaptive Gauss–Hermite quadrature; more change nothing in the sixth digit."""

_NEWTON = 60
_STEP = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class BinomialPooled:
    """The logistic-normal model of k studies; all but `tau2` as log odds.

    `low` and `high` are Wald limits with a Student quantile of k − 1 degrees of freedom, since the
    normal one is too narrow for few studies; `prediction` takes k − 2. `likelihood_ratio` compares
    with a model that gives every study its own proportion, as a test of any disagreement, with
    k − 1 degrees of freedom.
    """

    labels: tuple[str, ...]
    estimate: float
    standard_error: float
    low: float
    high: float
    tau2: float
    tau2_interval: tuple[float, float] | Missing
    prediction: tuple[float, float] | Missing
    likelihood_ratio: float
    likelihood_ratio_p_value: float | Missing
    log_likelihood: float
    level: float

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.labels)


def pool_binomial(
    labels: Sequence[str],
    x: ArrayLike,
    n: ArrayLike,
    *,
    level: float = 0.95,
    nodes: int = NODES,
    profile: bool = True,
) -> BinomialPooled:
    """Return the maximum-likelihood fit of ``logit p_i = μ + τ u_i``, u_i standard normal.

    Parameters
    ----------
    x, n : (k,)
        Events and sizes.
    profile
        Look for the interval of τ² along the profile of the likelihood, which takes most of the
        time.

    Raises
    ------
    InputError
        When there are fewer than two studies, or all of them have no event or only events.

    References
    ----------
    .. [1] Stijnen, Hamza and Özdemir, Stat. Med. 29 (2010), 3046.
    .. [2] Pinheiro and Bates, J. Comput. Graph. Stat. 4 (1995), 12 (adaptive quadrature).
    """
    from scipy.optimize import minimize
    from scipy.stats import chi2, t

    normal_quantile(level)  # refuses what is no level
    events, sizes = vector(x, where="events"), vector(n, where="sizes")
    k = len(labels)
    if k < 2:  # noqa: PLR2004 - one study has no variance between studies
        raise InputError(f"{k} study is too few for a model of variation; show it alone")
    total, whole = float(events.sum()), float(sizes.sum())
    if total in {0.0, whole}:
        raise InputError(
            f"{total:g} events of {whole:g}: the log odds have no finite estimate; "
            "take the double arcsine"
        )

    def minus(mu: float, tau: float) -> float:
        return -log_likelihood(events, sizes, mu, abs(tau), nodes=nodes)

    def minus_at(point: Floats) -> float:
        return minus(float(point[0]), float(point[1]))

    alone = float(np.log(total / (whole - total)))
    fits = [
        minimize(
            minus_at,
            np.array([alone, start]),
            method="Nelder-Mead",
            options={"xatol": 1e-8, "fatol": 1e-11},
        )
        for start in (0.1, 0.7)
    ]
    best = min(fits, key=lambda one: float(one.fun))
    mu, tau = float(best.x[0]), abs(float(best.x[1]))
    if minus(alone, 0.0) <= float(best.fun) + 1e-9:
        mu, tau = alone, 0.0
    top = -minus(mu, tau)
    error = _standard_error(minus, mu, tau)
    quantile = float(t.isf(0.5 * (1.0 - level), k - 1))

    ratio = 2.0 * (_saturated(events, sizes) - log_likelihood(events, sizes, alone, 0.0))
    half = (
        Missing.NOT_ESTIMATED
        if k < 3  # noqa: PLR2004 - k − 2 degrees of freedom
        else float(t.isf(0.5 * (1.0 - level), k - 2)) * float(np.hypot(error, tau))
    )
    return BinomialPooled(
        labels=tuple(labels),
        estimate=mu,
        standard_error=error,
        low=mu - quantile * error,
        high=mu + quantile * error,
        tau2=tau**2,
        tau2_interval=_profile_interval(minus, mu, tau, error=error, level=level)
        if profile
        else Missing.NOT_ESTIMATED,
        prediction=half if isinstance(half, Missing) else (mu - half, mu + half),
        likelihood_ratio=ratio,
        likelihood_ratio_p_value=float(chi2.sf(ratio, k - 1)),
        log_likelihood=top,
        level=level,
    )


def _profile_interval(
    minus: Callable[[float, float], float], mu: float, tau: float, *, error: float, level: float
) -> tuple[float, float]:
    """Return the interval of τ² outside which the profile likelihood is too low."""
    from scipy.optimize import brentq, minimize_scalar
    from scipy.stats import chi2

    top, fall = -minus(mu, tau), 0.5 * float(chi2.ppf(level, 1))

    def excess(width: float) -> float:
        reach = 10.0 * (error + width)
        inner = minimize_scalar(
            lambda centre: minus(float(centre), width),
            bounds=(mu - reach, mu + reach),
            method="bounded",
            options={"xatol": 1e-8},
        )
        return top + float(inner.fun) - fall

    low = 0.0 if tau == 0.0 or excess(0.0) <= 0.0 else float(brentq(excess, 0.0, tau, rtol=1e-7))
    high = max(2.0 * tau, 0.1)
    while excess(high) < 0.0:
        high *= 2.0
    return low**2, float(brentq(excess, tau, high, rtol=1e-7)) ** 2


def log_likelihood(
    events: Floats, sizes: Floats, mu: float, tau: float, *, nodes: int = NODES
) -> float:
    """Return the log-likelihood, the normal intercepts integrated out about their modes."""
    constant = gammaln(sizes + 1.0) - gammaln(events + 1.0) - gammaln(sizes - events + 1.0)
    if tau == 0.0:
        return float(np.sum(constant + _binomial(events, sizes, np.full_like(sizes, mu))))
    mode = np.zeros_like(sizes)
    for _ in range(_NEWTON):
        p = expit(mu + tau * mode)
        slope = tau * (events - sizes * p) - mode
        bend = tau * tau * sizes * p * (1.0 - p) + 1.0
        step = np.clip(slope / bend, -1.0, 1.0)
        mode = mode + step
        if float(np.max(np.abs(step))) < 1e-12:  # noqa: PLR2004 - the mode is found
            break
    p = expit(mu + tau * mode)
    width = 1.0 / np.sqrt(tau * tau * sizes * p * (1.0 - p) + 1.0)
    place, weight = np.polynomial.hermite.hermgauss(nodes)
    u = mode[:, None] + np.sqrt(2.0) * width[:, None] * place[None, :]
    inside = _binomial(events[:, None], sizes[:, None], mu + tau * u) - 0.5 * u * u
    terms = inside + np.log(weight)[None, :] + place[None, :] ** 2
    integral = logsumexp(terms, axis=1) + np.log(width) - 0.5 * np.log(np.pi)
    return float(np.sum(constant + integral))


def _binomial(events: Floats, sizes: Floats, eta: Floats) -> Floats:
    return np.asarray(events * log_expit(eta) + (sizes - events) * log_expit(-eta))


def _saturated(events: Floats, sizes: Floats) -> float:
    """Return the log-likelihood when every study has its own proportion."""
    from scipy.special import xlogy

    constant = gammaln(sizes + 1.0) - gammaln(events + 1.0) - gammaln(sizes - events + 1.0)
    part = events / sizes
    return float(np.sum(constant + xlogy(events, part) + xlogy(sizes - events, 1.0 - part)))


def _standard_error(minus: Callable[[float, float], float], mu: float, tau: float) -> float:
    """Return the error of μ from the curvature in both parameters, or in μ alone at τ = 0."""
    step = _STEP

    def second(first: tuple[float, float], other: tuple[float, float]) -> float:
        corners = (
            (mu + a * first[0] + b * other[0], tau + a * first[1] + b * other[1])
            for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
        )
        plus, up, down, under = (minus(*one) for one in corners)
        return (plus - up - down + under) / (4.0 * step * step)

    along, across = (step, 0.0), (0.0, step)
    curvature = second(along, along)
    if tau > 10.0 * step:
        mixed = second(along, across)
        curvature -= mixed * mixed / second(across, across)
    return float(1.0 / np.sqrt(curvature))
