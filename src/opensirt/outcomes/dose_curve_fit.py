"""Fitting curves of tumour control and complication, with profile-likelihood intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import expit, log_ndtr, logit

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, normal_quantile, vector
from opensirt.outcomes.dose_curve import CurveForm, DoseCurve, gradient_of, predictor_at
from opensirt.outcomes.kaplan_meier import Interval
from opensirt.outcomes.logistic import binary, fit_logistic, log_expit
from opensirt.outcomes.mixed_logistic import fit_mixed_logistic
from opensirt.outcomes.mixed_ordinal import ClusteredOutcomes, mixed_score
from opensirt.outcomes.profile import Loss, profile_interval, profile_loss

_PROFILE_NODES = 11
"""Adaptive nodes of the profiles: differences of likelihoods need fewer than the estimate."""

_FEWEST = 5
"""With fewer rows of either kind no curve is fitted."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DoseCurveFit:
    """A curve with profile-likelihood intervals of D50 and steepness."""

    curve: DoseCurve
    d50_gy: Interval
    steepness: Interval

    @property
    def dose_matters_statistic(self) -> float:
        """Likelihood-ratio statistic, one degree of freedom, against no effect of dose."""
        return 2.0 * (self.curve.log_likelihood - self.curve.log_likelihood_without_dose)


def _doses(dose_gy: ArrayLike, outcome: ArrayLike, where: str) -> tuple[Floats, Floats]:
    dose = vector(dose_gy, where=f"{where}, dose")
    seen = binary(outcome, len(dose), where=f"{where}, outcome")
    if np.any(dose <= 0):
        raise InputError(f"{where}: {int(np.sum(dose <= 0))} doses are not above 0 Gy")
    fewest = int(min(seen.sum(), len(seen) - seen.sum()))
    if fewest < _FEWEST:
        raise InputError(
            f"{where}: {int(seen.sum())} of {len(seen)} rows have the effect; a curve needs at "
            f"least {_FEWEST} with and {_FEWEST} without"
        )
    return dose, seen


def fit_tumour_control(
    dose_gy: ArrayLike,
    outcome: ArrayLike,
    *,
    patient: ArrayLike | None,
    level: float = 0.95,
    profiles: bool = True,
) -> DoseCurveFit:
    """Fit TCP = 1/(1 + (D50/D)^(4γ)) to lesions.

    Parameters
    ----------
    dose_gy, outcome : (n,)
        Dose of each lesion, and 1 where it was controlled.
    patient : (n,)
        Which lesions lie in one patient. None only where each lesion has its own patient:
        lesions taken as independent give intervals that are too narrow.
    profiles
        False gives Wald's intervals, on the scale of the logarithms, in a tenth of the time.

    Raises
    ------
    InputError
        When doses have gaps or are not above 0, one kind of outcome has under five rows, or the
        chance does not rise with dose.
    """
    where = "tumour control"
    dose, seen = _doses(dose_gy, outcome, where)
    x = np.log(dose)
    if patient is None:
        plain = fit_logistic(x, seen, ("ln dose",), where=where)
        intercept, slope = plain.coefficients.estimate
        spread, n_patients = None, len(dose)
    else:
        mixed = fit_mixed_logistic(x, seen, ("ln dose",), patient)
        intercept, slope = mixed.coefficients.estimate
        spread, n_patients = mixed.spread or None, mixed.n_patients
    _require_rise(slope, where)
    best = np.array([-intercept / slope, np.log(slope / 4.0)])
    if spread is not None:
        best = np.append(best, spread)
    grouped = None if patient is None or spread is None else np.asarray(patient)
    loss = _control_loss(x, seen, grouped)
    null = -_without_dose(seen, None if patient is None else np.asarray(patient))
    form = CurveForm.LOG_LOGISTIC
    return _with_profiles(form, loss, best, dose, seen, n_patients, null, level, profiles=profiles)


def d50_interval_holds(
    fit: DoseCurveFit,
    dose_gy: ArrayLike,
    outcome: ArrayLike,
    d50_gy: float,
    *,
    patient: ArrayLike | None,
) -> bool:
    """Tell whether the profile-likelihood interval of a fit's D50 holds a dose.

    One constrained fit answers it: the interval is where the profile falls by less than half the
    quantile of χ². That is how intervals are checked on many simulated cohorts.
    """
    where = "tumour control"
    dose, seen = _doses(dose_gy, outcome, where)
    grouped = None if patient is None or not fit.curve.spread else np.asarray(patient)
    loss = _control_loss(np.log(dose), seen, grouped)
    best = fit.curve.parameters
    fallen = profile_loss(loss, best, 0, float(np.log(d50_gy))) - loss(best)[0]
    return fallen <= 0.5 * normal_quantile(fit.curve.level) ** 2


def fit_complication(
    dose_gy: ArrayLike, outcome: ArrayLike, *, level: float = 0.95
) -> DoseCurveFit:
    """Fit Lyman's NTCP = Φ((D − TD50)/(m TD50)) to patients, one dose for each.

    Raises
    ------
    InputError
        As `fit_tumour_control`.

    References
    ----------
    .. [1] Lyman, Radiat. Res. 104 (1985), S13; with the mean dose (n = 1), or an equivalent
       uniform dose found before.
    """
    where = "complication"
    dose, seen = _doses(dose_gy, outcome, where)
    start = fit_logistic(dose, seen, ("dose",), where=where).coefficients.estimate
    _require_rise(start[1], where)
    probit = 1.7
    d50 = max(-start[0] / start[1], 1e-3 * float(dose.max()))
    guess = np.array([np.log(d50), np.log(probit / (start[1] * d50))])
    loss = _lyman_loss(dose, seen)
    done = minimize(loss, guess, jac=True, method="BFGS", options={"gtol": 1e-7})
    best = np.asarray(done.x, dtype=np.float64)
    null = -_without_dose(seen, None)
    return _with_profiles(CurveForm.LYMAN, loss, best, dose, seen, len(dose), null, level)


def _require_rise(slope: float, where: str) -> None:
    if not slope > 0:
        raise InputError(
            f"{where}: the chance does not rise with dose (slope {slope:.3g}); there is no "
            f"dose–response curve to fit. Look at the lesions of low dose that responded"
        )


def _control_loss(x: Floats, seen: Floats, patient: Floats | None) -> Loss:
    if patient is None:

        def plain(p: Floats) -> tuple[float, Floats]:
            slope = 4.0 * np.exp(p[1])
            eta = slope * (x - p[0])
            value = seen @ log_expit(eta) + (1.0 - seen) @ log_expit(-eta)
            rest = seen - expit(eta)
            return -float(value), -np.array([-slope * rest.sum(), rest @ eta])

        return plain
    data = ClusteredOutcomes.of(x, ("ln dose",), seen, ("0", "1"), patient)

    def mixed(p: Floats) -> tuple[float, Floats]:
        slope = 4.0 * np.exp(p[1])
        value, g = mixed_score(data, np.array([slope * p[0], slope, p[2]]), nodes=_PROFILE_NODES)
        return -value, -np.array([slope * g[0], slope * (p[0] * g[0] + g[1]), g[2]])

    return mixed


def _lyman_loss(dose: Floats, seen: Floats) -> Loss:
    sign = 2.0 * seen - 1.0

    def loss(p: Floats) -> tuple[float, Floats]:
        eta = predictor_at(CurveForm.LYMAN, p, dose)
        log_chance = log_ndtr(sign * eta)
        slope = sign * np.exp(-0.5 * eta**2 - 0.5 * np.log(2.0 * np.pi) - log_chance)
        by_d50 = -dose / np.exp(p[0]) / np.exp(p[1])
        return -float(log_chance.sum()), -np.array([slope @ by_d50, -(slope @ eta)])

    return loss


def _without_dose(seen: Floats, patient: Floats | None) -> float:
    """Return minus the log-likelihood of one chance for all, patients with their own intercept."""
    share = float(seen.mean())
    if patient is None:
        n = len(seen)
        return float(-n * (share * np.log(share) + (1.0 - share) * np.log(1.0 - share)))
    data = ClusteredOutcomes.of(np.arange(len(seen)), ("row",), seen, ("0", "1"), patient)

    def loss(p: Floats) -> tuple[float, Floats]:
        value, g = mixed_score(data, np.array([p[0], 0.0, p[1]]))
        return -value, -g[[0, 2]]

    start = np.array([-float(logit(share)), 1.0])
    return float(minimize(loss, start, jac=True, method="BFGS").fun)


def _with_profiles(
    form: CurveForm,
    loss: Loss,
    best: Floats,
    dose: Floats,
    seen: Floats,
    n_patients: int,
    null: float,
    level: float,
    *,
    profiles: bool = True,
) -> DoseCurveFit:
    information = gradient_of(lambda p: loss(p)[1], best)
    covariance = np.linalg.inv(0.5 * (information + information.T))
    curve = DoseCurve(
        form=form,
        parameters=best,
        covariance=np.asarray(covariance),
        n=len(dose),
        n_events=int(seen.sum()),
        n_patients=n_patients,
        log_likelihood=-loss(best)[0],
        log_likelihood_without_dose=null,
        dose_range_gy=(float(dose.min()), float(dose.max())),
        level=level,
    )
    made = []
    for place, value in ((0, curve.d50_gy), (1, curve.steepness)):
        error = float(np.sqrt(max(covariance[place, place], 1e-12)))
        half = normal_quantile(level) * error
        low, high = (
            profile_interval(loss, best, place, error=error, level=level)
            if profiles
            else (float(best[place]) - half, float(best[place]) + half)
        )
        bounds = [one if isinstance(one, Missing) else float(np.exp(one)) for one in (low, high)]
        made.append(Interval(value, bounds[0], bounds[1], level))
    return DoseCurveFit(curve=curve, d50_gy=made[0], steepness=made[1])
