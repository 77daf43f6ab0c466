"""Profile-likelihood intervals: how far a parameter can move while the others follow."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq, minimize

from opensirt.domain.missing import Missing
from opensirt.outcomes.arrays import Floats, normal_quantile

Loss = Callable[[Floats], tuple[float, Floats]]
"""Parameters → minus the log-likelihood, and its gradient."""

_XTOL = 1e-4
"""Of a bound, on the scale of the parameter: the fourth digit of a logarithm."""

_REACHES = 40
_FIRST = 1.5
"""In standard errors: where the search for a bound begins."""


def profile_loss(loss: Loss, best: Floats, place: int, value: float) -> float:
    """Return the smallest loss with one parameter held at a value."""
    inside = np.delete(np.arange(len(best)), place)

    def given(free: Floats) -> tuple[float, Floats]:
        whole = np.empty_like(best)
        whole[place], whole[inside] = value, free
        found, gradient = loss(whole)
        return found, gradient[inside]

    done = minimize(given, best[inside], jac=True, method="BFGS", options={"gtol": 1e-5})
    return float(done.fun)


def profile_interval(
    loss: Loss, best: Floats, place: int, *, error: float, level: float = 0.95, widest: float = 12.0
) -> tuple[float | Missing, float | Missing]:
    """Return low and high of one parameter; a bound that the data do not give is missing.

    Parameters
    ----------
    best : (p,)
        Where the loss is smallest.
    error
        A rough standard error of the parameter, for the first step.
    widest
        No bound is sought further from the estimate than this.

    References
    ----------
    .. [1] Venzon and Moolgavkar, Appl. Stat. 37 (1988), 87.
    """
    limit = 0.5 * normal_quantile(level) ** 2
    lowest, _ = loss(best)
    inside = np.delete(np.arange(len(best)), place)

    def bound(direction: float) -> float | Missing:
        others = best[inside].copy()

        def excess(value: float) -> float:
            nonlocal others
            if not len(inside):
                return loss(np.array([value]))[0] - lowest - limit

            def given(free: Floats) -> tuple[float, Floats]:
                whole = np.empty_like(best)
                whole[place], whole[inside] = value, free
                found, gradient = loss(whole)
                return found, gradient[inside]

            done = minimize(given, others, jac=True, method="BFGS", options={"gtol": 1e-5})
            others = np.asarray(done.x, dtype=np.float64)
            return float(done.fun) - lowest - limit

        near, step = float(best[place]), _FIRST * error
        for _ in range(_REACHES):
            far = near + direction * step
            if abs(far - best[place]) > widest:
                return Missing.NOT_EVALUABLE
            if excess(far) > 0.0:
                return float(brentq(excess, min(near, far), max(near, far), xtol=_XTOL))
            near, step = far, 1.3 * step
        return Missing.NOT_EVALUABLE

    return bound(-1.0), bound(1.0)
