"""Chances of an optimised plan over scenarios, and the choice of activities by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.delivery_error import DeliveryErrors
from opensirt.domain.optimised_plan import (
    GoalChance,
    QuantileRow,
    RobustRequest,
    RobustResult,
)
from opensirt.errors import UnknownNameError
from opensirt.physics.optimise import (
    ActivityProgram,
    ScenarioRow,
    VialOptimum,
    VialRule,
    activities_by_chance,
    best_choice_by_chance,
    chance_interval,
    kept_chance,
    next_vials,
)
from opensirt.physics.optimise.program import Vector
from opensirt.physics.scenario import ErrorDraws, draw_errors, error_calibration
from opensirt.workflow.limit_in_force import LIMIT_KEYS, TUMOUR
from opensirt.workflow.optimise_program import SPHERES, LimitRow, Setting
from opensirt.workflow.scenario_doses import ScenarioDoses

ALL_LIMITS = "all"

_LOW, _MIDDLE, _HIGH = 5.0, 50.0, 95.0
_STEP = 1e-6
"""Relative: a chance that this much more activity breaks is used up."""

_MORE_TO_CHOOSE = 5
"""Times as many scenarios to choose by as to judge by: a quantile needs more than a mean."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ChanceChoice:
    """Activities chosen by chance, and which limits' chances they use up."""

    activity_gbq: Vector
    vials: VialOptimum | None
    used_up: tuple[bool, ...]
    """Of each limit, in the order of the program: a little more, or the next vial, breaks it."""
    rows: tuple[ScenarioRow, ...]
    """The limits over the scenarios that were chosen by."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Scenarios:
    """Two independent sets: one to choose activities by, one to judge them by."""

    choosing: ErrorDraws
    judging: ErrorDraws


def scenarios_of(setting: Setting, errors: DeliveryErrors, request: RobustRequest) -> Scenarios:
    """Return the scenarios of a request; the same seed gives the same ones."""
    choosing, judging = np.random.default_rng(request.seed).spawn(2)

    def drawn(rng: np.random.Generator, n: int) -> ErrorDraws:
        return draw_errors(
            errors,
            tumours=setting.tumours,
            n_territories=len(setting.territories),
            n=n,
            rng=rng,
            lung_shunt_standard_uncertainty=setting.workup.lung_shunt.standard_uncertainty,
        )

    return Scenarios(
        choosing=drawn(choosing, _MORE_TO_CHOOSE * request.n_scenarios),
        judging=drawn(judging, request.n_scenarios),
    )


def chances_not_in_force(setting: Setting, request: RobustRequest) -> tuple[str, ...]:
    """Return a sentence for each chance that is asked for a limit that the device does not have.

    Raises
    ------
    UnknownNameError
        When there is no limit of that name at all.
    """
    known = (*LIMIT_KEYS, SPHERES, ALL_LIMITS)
    keys = {row.key for row in setting.rows(setting.doses())} | {ALL_LIMITS}
    found = []
    for key in request.chances:
        if key not in known:
            raise UnknownNameError("limit to keep by chance", key, known)
        if key not in keys:
            found.append(f"no limit {key} is in force for {setting.device.name}: no chance of it")
    return tuple(found)


def chance_choice(
    setting: Setting,
    program: ActivityProgram,
    draws: ErrorDraws,
    request: RobustRequest,
    rule: VialRule | None,
    nominal: Vector,
) -> ChanceChoice | None:
    """Return the activities that keep each limit with its chance; None where only none at all do.

    A limit for which no chance is asked is kept as reckoned without errors.
    """
    rows = setting.rows(setting.doses(draws))
    wanted = [
        _scenario_row(row, planned.per_gbq, request.chances)
        for row, planned in zip(rows, program.limits, strict=True)
    ]
    if any(row.at_most < 0 for row in wanted):
        return None
    if rule is not None and rule.whole:
        choices = [
            [one for one in rule.attainable() if one[0] <= _most(wanted, index)]
            for index in range(len(program.territories))
        ]
        place = best_choice_by_chance(program, wanted, [[a for a, _ in one] for one in choices])
        if place is None:
            return None
        chosen = [options[number] for options, number in zip(choices, place, strict=True)]
        activity = np.array([one[0] for one in chosen], dtype=np.float64)
        vials = VialOptimum(
            activity_gbq=activity,
            objective=program.objective(activity),
            vials_gbq=tuple(one[1] for one in chosen),
        )
        larger = [one.with_activity(activity) for one in next_vials(program, rule, vials)]
        return None if not vials.objective > 0 else _choice(activity, vials, wanted, larger)
    activity = activities_by_chance(program, wanted, [nominal])
    return _choice(activity, None, wanted, [activity * (1.0 + _STEP)])


def _choice(
    activity: Vector,
    vials: VialOptimum | None,
    rows: Sequence[ScenarioRow],
    larger: Sequence[Vector],
) -> ChanceChoice | None:
    if not activity.sum() > 0:
        return None
    return ChanceChoice(
        activity_gbq=activity,
        vials=vials,
        used_up=tuple(any(kept_chance(row, more) < row.chance for more in larger) for row in rows),
        rows=tuple(rows),
    )


def _most(rows: Sequence[ScenarioRow], index: int) -> float:
    """Return an activity of one territory beyond which a limit is surely broken too often."""
    most = np.inf
    for row in rows:
        per_gbq = row.per_gbq[:, index]
        if (per_gbq > 0).all():
            most = min(most, float(row.at_most / np.quantile(per_gbq, row.chance * 0.98)))
    return most


def _scenario_row(
    row: LimitRow, planned_per_gbq: Vector, chances: Mapping[str, float]
) -> ScenarioRow:
    chance = chances.get(row.key, chances.get(ALL_LIMITS))
    # Without a chance of its own a limit is the one scenario in which all is as planned.
    return ScenarioRow(
        key=row.key,
        words=row.words,
        per_gbq=row.per_gbq if chance is not None else planned_per_gbq[None, :],
        at_most=row.at_most - row.already,
        chance=1.0 if chance is None else chance,
    )


def robust_result(
    setting: Setting,
    scenarios: Scenarios,
    errors: DeliveryErrors,
    activity_gbq: Vector,
) -> RobustResult:
    """Return the chance of every goal, and where doses lie, over the scenarios kept for judging."""
    request = setting.request.robust
    assert request is not None  # noqa: S101 - scenarios were drawn for one
    planned_doses, doses = setting.doses(), setting.doses(scenarios.judging)
    goals = []
    for row, planned in zip(setting.rows(doses), setting.rows(planned_doses), strict=True):
        goals.append(limit_chance(row, planned, activity_gbq))
    goals += _targets(setting, planned_doses, doses, activity_gbq)
    return RobustResult(
        n_scenarios=request.n_scenarios,
        seed=request.seed,
        chosen_by_chance=request.chances,
        goals=tuple(goals),
        doses=_dose_rows(planned_doses, doses, activity_gbq),
        errors=tuple(errors.distributions.values()),
        not_varied=errors.absent,
        calibration=error_calibration(errors),
    )


def limit_chance(row: LimitRow, planned: LimitRow, activity_gbq: Vector) -> GoalChance:
    """Return how likely activities keep one limit over scenarios."""
    values = row.already + row.per_gbq @ activity_gbq
    return _goal(
        "limit",
        f"{row.words} kept",
        float(planned.already + planned.per_gbq[0] @ activity_gbq),
        values,
        row.at_most,
        row.unit,
        values <= row.at_most * (1 + 1e-9),
    )


def _goal(
    kind: str,
    words: str,
    planned: float,
    values: Vector,
    bound: float,
    unit: str,
    met: NDArray[np.bool_],
) -> GoalChance:
    n_met, n = int(met.sum()), len(met)
    low, high = chance_interval(n_met, n)
    five, middle, ninety_five = np.percentile(values, [_LOW, _MIDDLE, _HIGH])
    return GoalChance(
        kind=kind,
        words=words,
        planned=planned,
        bound=bound,
        unit=unit,
        chance=n_met / n,
        low=low,
        high=high,
        median=float(middle),
        percentile_5=float(five),
        percentile_95=float(ninety_five),
    )


def _targets(
    setting: Setting, planned: ScenarioDoses, doses: ScenarioDoses, activity_gbq: Vector
) -> list[GoalChance]:
    """Return the chance that each tumour reaches the target in force, and that all of them do."""
    target = setting.targets.get(TUMOUR)
    if target is None:
        return []
    each = {label: per_gbq @ activity_gbq for label, per_gbq in doses.tumours.items()}
    planned_each = {
        label: float(per_gbq[0] @ activity_gbq) for label, per_gbq in planned.tumours.items()
    }
    goals = [
        _goal(
            "target",
            f"{label} at least {target.gy:g} Gy",
            planned_each[label],
            values,
            target.gy,
            "Gy",
            values >= target.gy * (1 - 1e-9),
        )
        for label, values in each.items()
    ]
    if len(each) > 1:
        least = np.min(np.array(list(each.values())), axis=0)
        goals.append(
            _goal(
                "target",
                f"every tumour at least {target.gy:g} Gy",
                min(planned_each.values()),
                least,
                target.gy,
                "Gy",
                least >= target.gy * (1 - 1e-9),
            )
        )
    return goals


def _dose_rows(
    planned: ScenarioDoses, doses: ScenarioDoses, activity_gbq: Vector
) -> tuple[QuantileRow, ...]:
    rows = []

    def add(words: str, before: Vector, values: Vector) -> None:
        five, middle, ninety_five = np.percentile(values, [_LOW, _MIDDLE, _HIGH])
        rows.append(
            QuantileRow(
                words=words,
                planned=float(before[0]),
                median=float(middle),
                percentile_5=float(five),
                percentile_95=float(ninety_five),
                unit="Gy",
            )
        )

    for label, per_gbq in doses.tumours.items():
        add(label, planned.tumours[label] @ activity_gbq, per_gbq @ activity_gbq)
    if len(doses.tumours) > 1:
        add("all tumours", planned.mean_tumour @ activity_gbq, doses.mean_tumour @ activity_gbq)
    add("whole normal liver", planned.normal @ activity_gbq, doses.normal @ activity_gbq)
    for name, per_gbq in doses.perfused_normal.items():
        words = f"perfused normal liver, {name}"
        add(words, planned.perfused_normal[name] @ activity_gbq, per_gbq @ activity_gbq)
    if isinstance(doses.lung, np.ndarray) and isinstance(planned.lung, np.ndarray):
        add("lungs", planned.lung @ activity_gbq, doses.lung @ activity_gbq)
    return tuple(rows)
