"""Our centre beside the literature: our proportion, the pooled one, and where a new one lies."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from opensirt.domain.missing import Missing
from opensirt.outcomes.evidence.binomial_model import BinomialPooled
from opensirt.outcomes.evidence.pooled_proportion import PooledProportion
from opensirt.outcomes.proportion import Proportion, proportion

_NODES = 60


@dataclass(frozen=True, eq=False, kw_only=True)
class CentreComparison:
    """One centre against k published studies.

    `p_value` is the two-sided probability of a count at least as far out as ours in a new study
    of our size, given the pooled mean, its error and the variance between studies; the normal
    distribution of the log odds is integrated out.
    """

    centre: str
    ours: Proportion
    pooled: PooledProportion
    inside_prediction: bool | Missing
    p_value: float | Missing

    @property
    def sentence(self) -> str:
        """The comparison in words."""
        first = self.pooled.first
        head = (
            f"{self.centre}: {self.ours.count} of {self.ours.of} "
            f"({100 * self.ours.fraction:.0f} %); {self.pooled.k} studies: "
            f"{100 * first.estimate:.0f} % ({100 * first.low:.0f} to {100 * first.high:.0f} %)"
        )
        if isinstance(first.prediction, Missing) or isinstance(self.inside_prediction, Missing):
            return f"{head}; too few studies to say where another centre is expected"
        low, high = first.prediction
        where = "inside" if self.inside_prediction else "outside"
        return (
            f"{head}; {where} what is expected of another centre "
            f"({100 * low:.0f} to {100 * high:.0f} %)"
        )


def compare_centre(
    count: int, of: int, pooled: PooledProportion, *, centre: str = "our centre"
) -> CentreComparison:
    """Return our centre against the pooled proportion.

    Raises
    ------
    InputError
        When the count is not between 0 and n, or n is 0.
    """
    ours = proportion(count, of, level=pooled.level)
    inside = pooled.first.prediction
    return CentreComparison(
        centre=centre,
        ours=ours,
        pooled=pooled,
        inside_prediction=inside
        if isinstance(inside, Missing)
        else inside[0] <= ours.fraction <= inside[1],
        p_value=_two_sided(count, of, pooled.binomial),
    )


def _two_sided(count: int, of: int, fit: BinomialPooled | Missing) -> float | Missing:
    from scipy.stats import binom

    if isinstance(fit, Missing):
        return fit
    place, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    share = weight / weight.sum()
    p = expit(fit.estimate + float(np.hypot(fit.standard_error, np.sqrt(fit.tau2))) * place)
    below = float(np.sum(share * binom.cdf(count, of, p)))
    above = float(np.sum(share * binom.sf(count - 1, of, p)))
    return min(1.0, 2.0 * min(below, above))
