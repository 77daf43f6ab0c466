"""Response of lesions within patients, yes or no: logistic with a random intercept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from opensirt.outcomes.arrays import Floats
from opensirt.outcomes.likelihood import Coefficients
from opensirt.outcomes.logistic import INTERCEPT, binary
from opensirt.outcomes.mixed_ordinal import NODES, SPREAD, ClusteredOutcomes, fit_mixed_ordinal


@dataclass(frozen=True, eq=False, kw_only=True)
class MixedLogisticFit:
    """Log odds ratios within a patient, the intercept first, and the spread between patients."""

    coefficients: Coefficients
    """Intercept and slopes; the covariance counts in that the spread is estimated."""
    spread: float
    """Standard deviation of the intercept between patients, on the logit scale."""
    spread_error: float
    """NaN where the spread is 0."""
    log_likelihood: float
    n: int
    n_events: int
    n_patients: int

    @property
    def intraclass_correlation(self) -> float:
        """σ² / (σ² + π²/3): how alike lesions of one patient are, on the latent scale."""
        return self.spread**2 / (self.spread**2 + np.pi**2 / 3.0)

    def chance(self, x: ArrayLike) -> Floats:
        """Return the chance averaged over patients, for rows (n, p) of the columns."""
        rows = np.atleast_2d(np.asarray(x, dtype=np.float64))
        eta = self.coefficients.estimate[0] + rows @ self.coefficients.estimate[1:]
        return averaged_over_patients(eta, self.spread)


def averaged_over_patients(eta: ArrayLike, spread: float) -> Floats:
    """Return ∫ expit(η + σ b) φ(b) db for each linear predictor."""
    z, w = np.polynomial.hermite_e.hermegauss(2 * NODES)
    rows = np.asarray(eta, dtype=np.float64)
    return np.asarray(expit(rows[..., None] + spread * z) @ (w / w.sum()))


def fit_mixed_logistic(
    x: ArrayLike, outcome: ArrayLike, names: Sequence[str], patient: ArrayLike
) -> MixedLogisticFit:
    """Fit with an intercept for each patient, drawn from a normal distribution.

    Parameters
    ----------
    x : (n, p)
        One row for each lesion.
    outcome : (n,)
        1 responded, 0 not.
    patient : (n,)
        Anything that tells patients apart.

    Raises
    ------
    InputError
        When columns or outcome have gaps, columns do not vary, repeat others or separate, or
        each patient has one lesion.
    """
    seen = binary(outcome, len(np.asarray(outcome)), where="mixed logistic model, outcome")
    data = ClusteredOutcomes.of(x, names, seen, ("0", "1"), patient)
    fit = fit_mixed_ordinal(data)
    p = len(data.names)
    turned = np.diag(np.concatenate([[-1.0], np.ones(p)]))  # the intercept is minus the threshold
    return MixedLogisticFit(
        coefficients=Coefficients(
            names=(INTERCEPT, *data.names),
            estimate=turned @ fit.coefficients.estimate[:-1],
            covariance=turned @ fit.coefficients.covariance[:-1, :-1] @ turned,
        ),
        spread=fit.spread,
        spread_error=float(fit.coefficients.standard_error[-1]) if fit.spread else float("nan"),
        log_likelihood=fit.log_likelihood,
        n=fit.n,
        n_events=fit.counts[1],
        n_patients=fit.n_patients,
    )


__all__ = ["SPREAD", "MixedLogisticFit", "averaged_over_patients", "fit_mixed_logistic"]
