"""Chance of an effect by absorbed dose: curves of tumour control and complication.

Tumour control: TCP = 1 / (1 + (D50/D)^(4γ)), logistic in the logarithm of dose; lesions of one
patient share a random intercept. Complication: NTCP = Φ((D − TD50) / (m TD50)) of Lyman, one row
for each patient.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr, ndtri

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, normal_quantile
from opensirt.outcomes.kaplan_meier import Interval
from opensirt.outcomes.mixed_logistic import averaged_over_patients


class CurveForm(Enum):
    """Which curve; the value is its formula as people write it."""

    LOG_LOGISTIC = "1/(1 + (D50/D)^(4γ))"
    LYMAN = "Φ((D − TD50)/(m TD50))"

    @property
    def steepness(self) -> str:
        """The name of the second parameter."""
        return "γ50" if self is CurveForm.LOG_LOGISTIC else "m"


@dataclass(frozen=True, eq=False, kw_only=True)
class DoseCurve:
    """A fitted curve; parameters are kept as ln D50, ln steepness and the spread of patients."""

    form: CurveForm
    parameters: Floats
    covariance: Floats
    """Of ln D50, ln steepness and, where patients have an intercept each, the spread."""
    n: int
    n_events: int
    n_patients: int
    log_likelihood: float
    log_likelihood_without_dose: float
    dose_range_gy: tuple[float, float]
    level: float = 0.95

    @property
    def d50_gy(self) -> float:
        """Dose of half the chance."""
        return float(np.exp(self.parameters[0]))

    @property
    def steepness(self) -> float:
        """γ50 (relative slope at D50) or Lyman's m."""
        return float(np.exp(self.parameters[1]))

    @property
    def spread(self) -> float:
        """Standard deviation between patients on the logit scale; 0 where there is none."""
        return float(self.parameters[2]) if len(self.parameters) > 2 else 0.0  # noqa: PLR2004

    def predictor(self, dose_gy: ArrayLike) -> Floats:
        """Return logit or probit of the chance in the median patient."""
        dose = np.asarray(dose_gy, dtype=np.float64)
        return predictor_at(self.form, self.parameters, dose)

    def chance(self, dose_gy: ArrayLike) -> Floats:
        """Return the chance, averaged over patients where they have an intercept each."""
        eta = self.predictor(dose_gy)
        if self.form is CurveForm.LYMAN:
            return np.asarray(ndtr(eta))
        return averaged_over_patients(eta, self.spread) if self.spread else np.asarray(expit(eta))

    def chance_interval(self, dose_gy: ArrayLike) -> tuple[Floats, Floats]:
        """Return low and high of the chance at each dose: Wald's on the scale of the logit."""
        dose = np.atleast_1d(np.asarray(dose_gy, dtype=np.float64))
        gradient = gradient_of(
            lambda p: logit(_clipped(self._with(p).chance(dose))), self.parameters
        )
        error = np.sqrt(np.einsum("ni,ij,nj->n", gradient, self.covariance, gradient))
        half = normal_quantile(self.level) * error
        middle = logit(_clipped(self.chance(dose)))
        return np.asarray(expit(middle - half)), np.asarray(expit(middle + half))

    def dose_for(self, chance: float) -> Interval:
        """Return the dose of a chance, with Wald's interval on the scale of ln dose.

        Raises
        ------
        InputError
            When the chance is not between 0 and 1, or the curve does not reach it above 0 Gy.
        """
        if not 0.0 < chance < 1.0:
            raise InputError(f"the chance {chance} is not between 0 and 1")
        log_dose = _log_dose(self.form, self.parameters, chance)
        gradient = gradient_of(
            lambda p: np.array([_log_dose(self.form, p, chance)]), self.parameters
        )[0]
        half = normal_quantile(self.level) * float(np.sqrt(gradient @ self.covariance @ gradient))
        bounds = [float(np.exp(log_dose - half)), float(np.exp(log_dose + half))]
        return Interval(float(np.exp(log_dose)), bounds[0], bounds[1], self.level)

    def _with(self, parameters: Floats) -> "DoseCurve":
        return replace(self, parameters=parameters)


def _clipped(chance: Floats) -> Floats:
    return np.clip(chance, 1e-12, 1.0 - 1e-12)


def predictor_at(form: CurveForm, parameters: Floats, dose: Floats) -> Floats:
    """Return logit or probit of the chance at doses, by parameters as `DoseCurve` keeps them."""
    d50, steepness = np.exp(parameters[0]), np.exp(parameters[1])
    if form is CurveForm.LYMAN:
        return np.asarray((dose / d50 - 1.0) / steepness)
    with np.errstate(divide="ignore"):
        return np.asarray(4.0 * steepness * (np.log(dose) - parameters[0]))


def _log_dose(form: CurveForm, parameters: Floats, chance: float) -> float:
    if form is CurveForm.LYMAN:
        relative = 1.0 + np.exp(parameters[1]) * float(ndtri(chance))
        if relative <= 0:
            raise InputError(
                f"Lyman's curve has a chance above {chance:g} at 0 Gy; ask for a higher one"
            )
        return float(parameters[0] + np.log(relative))
    eta = float(logit(chance))
    spread = float(parameters[2]) if len(parameters) > 2 else 0.0  # noqa: PLR2004
    if spread:
        # Averaged over patients the curve is flatter: the predictor lies further out.
        far = 3.0 * abs(eta) * (1.0 + spread**2) + 1.0
        eta = float(brentq(lambda e: float(averaged_over_patients(e, spread)) - chance, -far, far))
    return float(parameters[0] + eta / (4.0 * np.exp(parameters[1])))


def gradient_of(function: Callable[[Floats], Floats], parameters: Floats) -> Floats:
    """Return (n, p) by central differences."""
    step = 1e-5
    rows = []
    for j in range(len(parameters)):
        shift = np.zeros_like(parameters)
        shift[j] = step
        up, down = function(parameters + shift), function(parameters - shift)
        rows.append((np.asarray(up) - np.asarray(down)) / (2.0 * step))
    return np.stack(rows, axis=-1)
