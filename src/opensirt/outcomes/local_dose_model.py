"""A fitted curve with its provenance, and its use as a *local* planning target.

A local model is one centre's own data: never a published target, always flagged so, and refused
outside what it was fitted to (dose range, metric, engine, device).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from opensirt.domain.case import Prescription
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, RuleError
from opensirt.outcomes.dose_curve import CurveForm, DoseCurve
from opensirt.outcomes.dose_curve_fit import DoseCurveFit
from opensirt.outcomes.kaplan_meier import Interval

SCHEMA = "opensirt.local-dose-model/1"
FLAG = "local model, not externally validated"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseModelWords:
    """What a curve is about; every field is stated.

    Raises
    ------
    InputError
        When a field is empty.
    """

    effect: str
    """``tumour control`` or ``complication``, in words: what counts as the effect."""
    criterion: str
    time_point: str
    unit: str
    """``lesion`` or ``patient``: what one row was."""
    structure: str
    """Kind of the structure that the dose is of, such as ``tumour``."""
    metric: str
    """Such as ``mean``."""
    dose_method: str
    """Engine or analytic model that the doses were computed with."""
    dose_from: str
    """``planned`` (scout) or ``measured`` (after treatment)."""
    device: str
    radionuclide: str
    population: str
    source: str

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value.strip():
                raise InputError(f"a dose model does not state its {name.replace('_', ' ')}")


@dataclass(frozen=True, eq=False, kw_only=True)
class LocalDoseModel:
    """A curve, its words, and what it was made from."""

    words: DoseModelWords
    curve: DoseCurve
    d50_gy: Interval
    steepness: Interval
    table_sha256: str
    software: str
    made_at: str
    """ISO 8601 with zone."""
    made_by: str


def local_dose_model(
    fit: DoseCurveFit,
    words: DoseModelWords,
    *,
    table_sha256: str,
    software: str,
    made_at: str,
    made_by: str,
) -> LocalDoseModel:
    """Return the model of a fit, refused where the data do not bound its D50.

    Raises
    ------
    RuleError
        When a bound of the D50 is beyond what the data can say, or dose makes no difference.
    """
    if isinstance(fit.d50_gy.low, Missing) or isinstance(fit.d50_gy.high, Missing):
        raise RuleError(
            f"the dose of half the chance is {fit.curve.d50_gy:.0f} Gy with an interval that the "
            f"data leave open; such a curve is no planning target. Collect more "
            f"{words.unit}s at low and at high dose"
        )
    if fit.dose_matters_statistic < 3.841459:  # noqa: PLR2004 - χ², one degree of freedom, 5 %
        raise RuleError(
            f"dose makes no clear difference (likelihood ratio {fit.dose_matters_statistic:.2f}, "
            f"one degree of freedom); such a curve is no planning target"
        )
    return LocalDoseModel(
        words=words,
        curve=fit.curve,
        d50_gy=fit.d50_gy,
        steepness=fit.steepness,
        table_sha256=table_sha256,
        software=software,
        made_at=made_at,
        made_by=made_by,
    )


def as_mapping(model: LocalDoseModel) -> dict[str, Any]:
    """Return plain values for JSON; `from_mapping` gives the model back."""
    curve = model.curve
    return {
        "schema": SCHEMA,
        "flag": FLAG,
        "words": asdict(model.words),
        "formula": curve.form.value,
        "parameters": {
            "ln_d50": curve.parameters[0],
            f"ln_{'gamma50' if curve.form is CurveForm.LOG_LOGISTIC else 'm'}": curve.parameters[1],
            **({"sd_between_patients": curve.parameters[2]} if curve.spread else {}),
        },
        "covariance": [[float(one) for one in row] for row in curve.covariance],
        "d50_gy": _as_interval(model.d50_gy),
        "steepness": {"name": curve.form.steepness, **_as_interval(model.steepness)},
        "level": curve.level,
        "n": curve.n,
        "n_events": curve.n_events,
        "n_patients": curve.n_patients,
        "log_likelihood": curve.log_likelihood,
        "log_likelihood_without_dose": curve.log_likelihood_without_dose,
        "validity": {"dose_gy": list(curve.dose_range_gy), "device": model.words.device},
        "provenance": {
            "table_sha256": model.table_sha256,
            "software": model.software,
            "made_at": model.made_at,
            "made_by": model.made_by,
        },
    }


def _as_interval(one: Interval) -> dict[str, Any]:
    return {
        name: None if isinstance(value, Missing) else float(value)
        for name, value in (("estimate", one.estimate), ("low", one.low), ("high", one.high))
    }


def from_mapping(given: Mapping[str, Any], *, where: str) -> LocalDoseModel:
    """Return the model that a mapping holds.

    Raises
    ------
    InputError
        When the schema is another, or an entry is missing or of another kind.
    """
    if given.get("schema") != SCHEMA:
        raise InputError(f"{where} has schema {given.get('schema')!r}; wanted {SCHEMA!r}")
    try:
        form = CurveForm(given["formula"])
        parameters = np.array(list(given["parameters"].values()), dtype=np.float64)
        covariance = np.array(given["covariance"], dtype=np.float64)
        level = float(given["level"])
        curve = DoseCurve(
            form=form,
            parameters=parameters,
            covariance=covariance,
            n=int(given["n"]),
            n_events=int(given["n_events"]),
            n_patients=int(given["n_patients"]),
            log_likelihood=float(given["log_likelihood"]),
            log_likelihood_without_dose=float(given["log_likelihood_without_dose"]),
            dose_range_gy=(
                float(given["validity"]["dose_gy"][0]),
                float(given["validity"]["dose_gy"][1]),
            ),
            level=level,
        )
        made = LocalDoseModel(
            words=DoseModelWords(**given["words"]),
            curve=curve,
            d50_gy=_interval(given["d50_gy"], level),
            steepness=_interval(given["steepness"], level),
            **given["provenance"],
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(f"{where} is no dose model as {SCHEMA} writes it: {error}") from None
    p = len(parameters)
    if covariance.shape != (p, p) or not np.isfinite(covariance).all() or p not in (2, 3):
        raise InputError(f"{where}: {p} parameters with a covariance of shape {covariance.shape}")
    return made


def _interval(given: Mapping[str, Any], level: float) -> Interval:
    values = [
        Missing.NOT_EVALUABLE if given[name] is None else float(given[name])
        for name in ("estimate", "low", "high")
    ]
    return Interval(values[0], values[1], values[2], level)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTarget:
    """A dose for a wanted chance, from one centre's own curve; never a verified figure."""

    dose_gy: float
    low_gy: float
    high_gy: float
    chance: float
    sentence: str
    verified: bool = False


def local_target(
    model: LocalDoseModel, chance: float, *, device: str, dose_method: str, metric: str = "mean"
) -> LocalTarget:
    """Return the dose for a chance, refused outside what the model was fitted to.

    Raises
    ------
    RuleError
        When device, method or metric is another, or the dose or its interval leaves the range
        of doses that the model has seen.
    """
    words, curve = model.words, model.curve
    for name, wanted, found in (
        ("device", device, words.device),
        ("dose method", dose_method, words.dose_method),
        ("dose metric", metric, words.metric),
    ):
        if wanted != found:
            raise RuleError(
                f"the local dose model holds for {name} {found!r}, asked for {wanted!r}; a target "
                f"found with one is not valid for another"
            )
    wanted_dose = curve.dose_for(chance)
    estimate, low, high = (
        float(one)  # type: ignore[arg-type] # a dose of a chance is always there
        for one in (wanted_dose.estimate, wanted_dose.low, wanted_dose.high)
    )
    least, most = curve.dose_range_gy
    if not least <= estimate <= most:
        raise RuleError(
            f"a chance of {chance:.0%} lies at {estimate:.0f} Gy; the local dose model has seen "
            f"{least:.0f} to {most:.0f} Gy only. Ask for a chance inside"
        )
    beyond = " Its interval leaves the doses seen." if low < least or high > most else ""
    return LocalTarget(
        dose_gy=estimate,
        low_gy=low,
        high_gy=high,
        chance=chance,
        sentence=(
            f"{estimate:.0f} Gy ({low:.0f} to {high:.0f}) {words.metric} dose to {words.structure} "
            f"for a chance of {chance:.0%} of {words.effect} ({words.criterion}, "
            f"{words.time_point}): {FLAG}; {curve.n} {words.unit}s of {curve.n_patients} "
            f"patients, {words.population}.{beyond}"
        ),
    )


def local_prescription(
    model: LocalDoseModel,
    chance: float,
    *,
    device: str,
    dose_model: str,
    limits_gy: Mapping[str, float] | None = None,
) -> Prescription:
    """Return a prescription with the local target, which names it among its assumptions.

    Parameters
    ----------
    dose_model
        Model of the plan; it must be the one that the curve's doses were computed with.

    Raises
    ------
    RuleError
        As `local_target`; and when the model is one of complications, which are no target.
    """
    if model.curve.form is CurveForm.LYMAN:
        raise RuleError("a complication curve gives a limit to think about, never a target")
    target = local_target(model, chance, device=device, dose_method=dose_model)
    return Prescription(
        device=device,
        model=dose_model,
        limits_gy=dict(limits_gy or {}),
        targets_gy={device: {model.words.structure: target.dose_gy}},
        assumed=(target.sentence,),
    )
