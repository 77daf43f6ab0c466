"""Simulated patients with known truth, planned on a scout with errors and then delivered.

Each patient has a liver with one or two territories, tumours with ratios of their own, and a lung
shunt. The scout and the contours show them with errors, a plan with its chances is made from what
they show, and the delivery is reckoned from the truth by arithmetic of this module. Stated chances
against what came out is the reliability of robust planning.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.delivery_error import DeliveryErrors, ErrorQuantity
from opensirt.domain.device import device
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import GoalChance, OptimisedPlan, OptimiseRequest, RobustRequest
from opensirt.domain.record import LungShunt, Territory, Workup
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError
from opensirt.units import BQ_PER_GBQ
from opensirt.workflow.limit_in_force import LUNG, NORMAL, PERFUSED_NORMAL, TUMOUR, InForce
from opensirt.workflow.optimise import MULTI_TUMOUR_PARTITION, Replanner

_DENSITY = 1.05e-3
_HALF = 0.5


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulatedTerritory:
    """One territory as it is: nobody sees these numbers."""

    name: str
    normal_kg: float
    tumours_kg: NDArray[np.float64]
    ratios: NDArray[np.float64]
    """Concentration of each tumour over that of the normal liver, at the treatment."""
    stays: float
    """Part of the activity that stays in the territory, over what the plan takes for it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SimulatedPatient:
    """The truth, and what the work-up shows of it."""

    territories: tuple[SimulatedTerritory, ...]
    whole_normal_kg: float
    lung_shunt: float
    lung_kg: float
    given_over_declared: float
    """Activity that enters the patient, over the one that the plan states."""
    seen: Workup


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedChance:
    """A chance as it was stated, and whether the goal was met."""

    patient: int
    kind: str
    words: str
    stated: float
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Stated chances between two levels, and how often the goal was met."""

    low: float
    high: float
    n: int
    stated: float
    met: float


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Stated chances against outcomes."""

    bins: tuple[ReliabilityBin, ...]
    n: int

    @property
    def expected_calibration_error(self) -> float:
        """Mean distance of stated and met over the bins, weighted by their numbers."""
        return sum(one.n * abs(one.met - one.stated) for one in self.bins) / self.n


def reliability(judged: Iterable[JudgedChance], *, n_bins: int = 10) -> Reliability:
    """Return how often goals were met at each level of stated chance.

    Raises
    ------
    InputError
        When there is nothing to judge.
    """
    pairs = np.array([(one.stated, one.met) for one in judged], dtype=np.float64).reshape(-1, 2)
    if not len(pairs):
        raise InputError("no chance was stated; there is no reliability")
    place = np.minimum((pairs[:, 0] * n_bins).astype(int), n_bins - 1)
    bins = []
    for number in range(n_bins):
        some = pairs[place == number]
        if len(some):
            bins.append(
                ReliabilityBin(
                    low=number / n_bins,
                    high=(number + 1) / n_bins,
                    n=len(some),
                    stated=float(some[:, 0].mean()),
                    met=float(some[:, 1].mean()),
                )
            )
    return Reliability(bins=tuple(bins), n=len(pairs))


def simulated_patient(
    errors: DeliveryErrors, rng: np.random.Generator, *, exchangeable: bool = True
) -> SimulatedPatient:
    """Return one patient whose scout, contours and delivery err as `errors` say.

    Parameters
    ----------
    errors
        The truth about errors; a planner may take others for true.
    exchangeable
        Scout and treatment are two equally noisy views of one patient, so that what a scout shows
        as extreme tends to be less so at the treatment. Otherwise the treatment errs around what
        the scout shows.
    """

    def error(quantity: ErrorQuantity, n: int) -> NDArray[np.float64]:
        one = errors.of(quantity)
        spread = 0.0 if isinstance(one, Missing) else one.log_standard_deviation
        middle = 0.0 if isinstance(one, Missing) else one.log_median
        drawn: NDArray[np.float64] = rng.normal(middle, spread, n)
        return drawn

    def two_views(
        patient: NDArray[np.float64], quantity: ErrorQuantity
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return logarithms (at the treatment, as the scout shows) of a quantity."""
        n = len(patient)
        if exchangeable:
            here, there = error(quantity, n), error(quantity, n)
            return patient + here / sqrt(2.0), patient + there / sqrt(2.0)
        return patient + error(quantity, n), patient

    n_territories = 1 if rng.random() < _HALF else 2
    whole_kg = float(1.4 * np.exp(rng.normal(0.0, 0.2)))
    first = rng.uniform(0.35, 0.6)
    parts = [first, rng.uniform(0.5, 0.9) * (1.0 - first)][:n_territories]
    true, seen = [], []
    liver_error = float(np.exp(error(ErrorQuantity.LIVER_VOLUME, 1)[0]))
    for number, part in enumerate(parts):
        n_tumours = int(rng.integers(1, 4))
        kg = 0.04 * np.exp(rng.normal(0.0, 0.8, n_tumours))
        drawn_kg = kg / np.exp(error(ErrorQuantity.TUMOUR_VOLUME, n_tumours))
        patient = np.log(4.0) + rng.normal(0.0, 0.5, n_tumours)
        ratios, shown = two_views(patient, ErrorQuantity.TUMOUR_TO_NORMAL_RATIO)
        name = f"territory {number + 1}"
        labels = [f"tumour {number + 1}.{n + 1}" for n in range(n_tumours)]
        true.append(
            SimulatedTerritory(
                name=name,
                normal_kg=part * whole_kg,
                tumours_kg=kg,
                ratios=np.exp(ratios),
                stays=float(np.exp(error(ErrorQuantity.PERFUSED_UPTAKE, 1)[0])),
            )
        )
        seen.append(
            _seen_territory(name, labels, part * whole_kg / liver_error, drawn_kg, np.exp(shown))
        )
    shunt, shown_shunt = two_views(
        np.array([np.log(0.05) + rng.normal(0.0, 0.5)]), ErrorQuantity.LUNG_SHUNT_FRACTION
    )
    residual = errors.of(ErrorQuantity.RESIDUAL_FRACTION)
    kept = 1.0
    if not isinstance(residual, Missing):
        left = min(0.9, float(np.exp(error(ErrorQuantity.RESIDUAL_FRACTION, 1)[0])))
        kept = (1.0 - left) / (1.0 - float(np.exp(residual.log_median)))
    declared = float(np.exp(error(ErrorQuantity.ADMINISTERED_ACTIVITY, 1)[0]))
    tumours_kg = sum(sum(one.tumour_masses_kg.values()) for one in seen)
    return SimulatedPatient(
        territories=tuple(true),
        whole_normal_kg=whole_kg,
        lung_shunt=min(0.6, float(np.exp(shunt[0]))),
        lung_kg=1.0,
        given_over_declared=declared * kept,
        seen=Workup(
            scout_id="scout",
            unit="counts",
            uptakes=(),
            lung_shunt=LungShunt(fraction=min(0.6, float(np.exp(shown_shunt[0])))),
            lung_mass_kg=1.0,
            liver_density_kg_per_ml=_DENSITY,
            liver_volume_ml=(whole_kg / liver_error + tumours_kg) / _DENSITY,
            tumour_volume_ml=tumours_kg / _DENSITY,
            normal_liver_volume_ml=whole_kg / liver_error / _DENSITY,
            territories=tuple(seen),
            normalising_volume="simulated",
        ),
    )


def _seen_territory(
    name: str,
    labels: list[str],
    normal_kg: float,
    tumours_kg: NDArray[np.float64],
    ratios: NDArray[np.float64],
) -> Territory:
    perfused_kg = normal_kg + float(tumours_kg.sum())
    return Territory(
        name=name,
        vessel=Missing.NOT_RECORDED,
        perfused_label=name,
        perfused_volume_ml=perfused_kg / _DENSITY,
        perfused_mass_kg=perfused_kg,
        perfused_normal_volume_ml=normal_kg / _DENSITY,
        perfused_normal_mass_kg=normal_kg,
        tumour_masses_kg=dict(zip(labels, tumours_kg.tolist(), strict=True)),
        tumour_to_normal_ratio=dict(zip(labels, ratios.tolist(), strict=True)),
    )


@dataclass(frozen=True, kw_only=True)
class DeliveredDoses:
    """What a patient really got, in Gy."""

    normal_gy: float
    perfused_normal_gy: tuple[float, ...]
    tumours_gy: tuple[float, ...]
    lung_gy: float


def delivered(
    patient: SimulatedPatient, administered_bq: Iterable[float], *, constant: float
) -> DeliveredDoses:
    """Return the doses that planned activities give in truth.

    Parameters
    ----------
    administered_bq
        Of each territory, as planned.
    constant
        Dose constant in Gy kg/GBq.
    """
    perfused, tumours, in_normal, in_lungs = [], [], 0.0, 0.0
    for one, bq in zip(patient.territories, administered_bq, strict=True):
        gbq = bq / BQ_PER_GBQ * patient.given_over_declared
        in_lungs += gbq * patient.lung_shunt
        staying = gbq * (1.0 - patient.lung_shunt) * one.stays
        # Normal liver at concentration 1, tumours at their ratios: the scale follows.
        concentration = staying / (one.normal_kg + float(one.ratios @ one.tumours_kg))
        perfused.append(constant * concentration)
        tumours += [float(constant * concentration * ratio) for ratio in one.ratios]
        in_normal += constant * concentration * one.normal_kg
    return DeliveredDoses(
        normal_gy=in_normal / patient.whole_normal_kg,
        perfused_normal_gy=tuple(perfused),
        tumours_gy=tuple(tumours),
        lung_gy=constant * in_lungs / patient.lung_kg,
    )


def planning_trial(
    n_patients: int,
    site: SiteProfile,
    *,
    device_name: str,
    true_errors: DeliveryErrors,
    believed_errors: DeliveryErrors,
    rng: np.random.Generator,
    n_scenarios: int = 1000,
    exchangeable: bool = True,
) -> tuple[JudgedChance, ...]:
    """Plan and deliver simulated patients and return every stated chance with its outcome.

    Limits and target differ from patient to patient, and for three of four the activity is chosen
    by a chance between 0.3 and 0.97, so that stated chances of all sizes occur.
    """
    product = device(device_name)
    assert not isinstance(product.radionuclide, Missing)  # noqa: S101 - a product has one
    constant = site.dose_constants_gy_kg_per_gbq[product.radionuclide]
    judged: list[JudgedChance] = []
    for number in range(n_patients):
        patient = simulated_patient(true_errors, rng, exchangeable=exchangeable)
        key = NORMAL if rng.random() < _HALF else PERFUSED_NORMAL
        limits = {
            key: _in_force(key, float(rng.uniform(25.0, 80.0))),
            LUNG: _in_force(LUNG, float(rng.uniform(5.0, 30.0))),
        }
        targets = {TUMOUR: _in_force(TUMOUR, float(rng.uniform(60.0, 220.0)))}
        chances = {} if rng.random() < 0.25 else {"all": float(rng.uniform(0.3, 0.97))}  # noqa: PLR2004 - a quarter
        plan = Replanner.of(patient.seen, MULTI_TUMOUR_PARTITION).replan(
            product,
            limits,
            targets,
            OptimiseRequest(
                trade_off=False,
                robust=RobustRequest(
                    n_scenarios=n_scenarios, seed=int(rng.integers(2**31)), chances=chances
                ),
            ),
            dose_constant=constant,
            errors=believed_errors,
        )
        judged += _judged(number, patient, plan, constant.value)
    return tuple(judged)


def _in_force(key: str, gy: float) -> InForce:
    return InForce(key=key, gy=gy, source="simulated", scenario="", verified=True, prescribed=True)


def _judged(
    number: int, patient: SimulatedPatient, plan: OptimisedPlan, constant: float
) -> list[JudgedChance]:
    if plan.robust is None:
        return []
    got = delivered(patient, plan.administered_bq, constant=constant)
    labels = [label for one in patient.seen.territories for label in one.tumour_masses_kg]
    values: dict[str, float] = {f"{NORMAL}": got.normal_gy, f"{LUNG}": got.lung_gy}
    each = dict(zip(labels, got.tumours_gy, strict=True))
    found = []
    for goal in plan.robust.goals:
        value = _value_of(goal, patient, got, values, each)
        met = value <= goal.bound if goal.kind == "limit" else value >= goal.bound
        found.append(
            JudgedChance(
                patient=number, kind=goal.kind, words=goal.words, stated=goal.chance, met=met
            )
        )
    return found


def _value_of(
    goal: GoalChance,
    patient: SimulatedPatient,
    got: DeliveredDoses,
    values: dict[str, float],
    each: dict[str, float],
) -> float:
    if goal.kind == "target":
        label = goal.words.split(" at least ")[0]
        return each.get(label, min(each.values()))
    if goal.words.startswith("perfused normal"):
        for one, gy in zip(patient.territories, got.perfused_normal_gy, strict=True):
            if one.name in goal.words or len(patient.territories) == 1:
                return gy
    return values[LUNG] if goal.words.startswith("lung") else values[NORMAL]
