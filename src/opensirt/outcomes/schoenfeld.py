"""Whether hazards are proportional: score tests of coefficients that change with time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.stats import rankdata

from opensirt.errors import UnknownNameError
from opensirt.outcomes.arrays import Floats, tally
from opensirt.outcomes.cox import CoxData, CoxFit, cox_sums
from opensirt.outcomes.cox_sums import efron_steps, weighted_information
from opensirt.outcomes.kaplan_meier import kaplan_meier
from opensirt.outcomes.log_rank import ChiSquareTest
from opensirt.outcomes.risk_table import risk_table


@dataclass(frozen=True, eq=False, kw_only=True)
class ProportionalityTest:
    """One test for each column, and one for all; a small p speaks against proportional hazards."""

    transform: str
    tests: tuple[ChiSquareTest, ...]
    overall: ChiSquareTest
    time: Floats
    """(m,) event times of all strata, as far as they are plotted."""
    residuals: Floats
    """(m, p) scaled Schoenfeld residuals plus the coefficient: their trend is that of β(t)."""


def _of_km(data: CoxData, time: Floats) -> Floats:
    table = risk_table(data.times.time, data.times.event, weight=data.weight)
    curve = kaplan_meier(table)
    before = np.searchsorted(table.time, time) - 1
    return np.asarray(1.0 - np.append(curve.survival, 1.0)[before])


TRANSFORMS: Mapping[str, Callable[[CoxData, Floats], Floats]] = MappingProxyType(
    {
        "km": _of_km,
        "identity": lambda _, time: time,
        "log": lambda _, time: np.log(time),
        "rank": lambda data, time: np.interp(
            time,
            np.unique(data.times.time),
            np.unique(rankdata(data.times.time, method="average")),
        ),
    }
)


def proportional_hazards_test(
    data: CoxData, fit: CoxFit, *, transform: str = "km"
) -> ProportionalityTest:
    """Return the score tests of x · g(t) beside x, at the fitted coefficients.

    Parameters
    ----------
    transform
        g: ``"km"`` (1 − S just before t, the default), ``"identity"``, ``"log"``, ``"rank"``.

    Raises
    ------
    UnknownNameError
        When there is no such transform.

    References
    ----------
    .. [1] Grambsch and Therneau, Biometrika 81 (1994), 515, with the exact score test in place
       of the approximation that the information is the same at every event.
    """
    if transform not in TRANSFORMS:
        raise UnknownNameError("transform of time", transform, TRANSFORMS)
    beta = fit.coefficients.estimate
    p = len(beta)
    centred = data.x - data.x.mean(axis=0)
    strata = cox_sums(data, beta, x=centred)
    moments = [TRANSFORMS[transform](data, one.time) for one in strata]
    deaths = np.concatenate([one.deaths for one in strata])
    middle = float(np.concatenate(moments) @ deaths / deaths.sum())
    u = np.zeros(p)
    blocks = [np.zeros((p, p)) for _ in range(3)]
    residuals, when = [], []
    for one, moment in zip(strata, moments, strict=True):
        g = moment - middle
        steps = efron_steps(one)
        weight = (one.death_weight / np.maximum(one.deaths, 1.0))[steps.at]
        expected = np.column_stack(
            [tally(steps.at, len(g), weight * steps.mean[:, j]) for j in range(p)]
        )
        excess = one.death_x - expected
        u += g @ excess
        for power in range(3):
            blocks[power] += weighted_information(one, g**power)
        residuals.append(excess)
        when.append(one.time)
    i0, i1, i2 = blocks
    spread = i2 - i1 @ np.linalg.solve(i0, i1)
    tests = []
    for j, name in enumerate(fit.coefficients.names):
        alone = i2[j, j] - i1[j] @ np.linalg.solve(i0, i1[j])
        tests.append(ChiSquareTest(name=name, statistic=float(u[j] ** 2 / alone), degrees=1))
    scaled = np.concatenate(residuals) @ fit.model_covariance * deaths.sum() + beta
    return ProportionalityTest(
        transform=transform,
        tests=tuple(tests),
        overall=ChiSquareTest(
            name="all columns", statistic=float(u @ np.linalg.solve(spread, u)), degrees=p
        ),
        time=np.concatenate(when),
        residuals=np.asarray(scaled),
    )
