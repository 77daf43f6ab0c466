"""What chosen activities are to keep beside limits: spheres per mL, chances; checked again."""

from collections.abc import Mapping

import numpy as np

from opensirt.domain.case import Prescription
from opensirt.domain.delivery_error import DeliveryErrors
from opensirt.domain.device import Device
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import (
    ActivityConstraints,
    GoalChance,
    OptimiseRequest,
)
from opensirt.domain.record import Workup
from opensirt.domain.site import Figure
from opensirt.units import BQ_PER_GBQ
from opensirt.workflow.limit_in_force import InForce
from opensirt.workflow.optimise import Replanner
from opensirt.workflow.optimise_program import (
    SPHERES,
    LimitRow,
    Setting,
    activity_per_sphere,
)
from opensirt.workflow.optimise_robust import (
    ALL_LIMITS,
    chances_not_in_force,
    limit_chance,
    scenarios_of,
)

_SLACK = 1e-6
"""Relative: a limit that was chosen for is not exceeded by round-off."""


def constraints_of(
    request: OptimiseRequest, device: Device, data_set: str
) -> ActivityConstraints | None:
    """Return what an optimisation keeps beside the limits in force, to be checked again later.

    The activity of a sphere is kept where it is not the device's at calibration.
    """
    chances = {} if request.robust is None else request.robust.chances
    most = request.spheres_per_ml_at_most
    if isinstance(most, Missing) and not chances:
        return None
    per_sphere = request.activity_per_sphere_bq
    if request.vials is not None and not isinstance(most, Missing):
        per_sphere, _ = activity_per_sphere(device, request, data_set)
    return ActivityConstraints(
        spheres_per_ml_at_most=most,
        activity_per_sphere_bq=per_sphere,
        robust=request.robust if chances else None,
    )


def constraint_findings(
    workup: Workup,
    device: Device,
    limits: Mapping[str, InForce],
    prescription: Prescription,
    activities_bq: Mapping[str, float],
    *,
    dose_constant: Figure,
    errors: DeliveryErrors,
    data_set: str,
) -> tuple[Finding, ...]:
    """Hold stated activities against the constraints that they were chosen under.

    A limit of spheres that is exceeded, or a chance that is surely less than asked for (the 95 %
    interval of its estimate lies below), is a stop.

    Parameters
    ----------
    limits
        In force for the device.
    activities_bq
        Territory → activity to administer, in the order of the work-up.
    errors
        What chances are reckoned from.

    Raises
    ------
    UnknownNameError
        When a chance is asked for a limit that does not exist.
    """
    constraints = prescription.activities_constraints
    shunt = workup.lung_shunt.fraction
    if constraints is None or isinstance(shunt, Missing):  # an unknown shunt is a stop already
        return ()
    request = OptimiseRequest(
        model=prescription.model,
        spheres_per_ml_at_most=constraints.spheres_per_ml_at_most,
        activity_per_sphere_bq=constraints.activity_per_sphere_bq,
        robust=constraints.robust,
    )
    each, words = activity_per_sphere(device, request, data_set)
    setting = Setting(
        liver=Replanner.of(workup, prescription.model).liver,
        workup=workup,
        device=device,
        limits=limits,
        targets={},
        request=request,
        constant=dose_constant,
        lung_shunt_fraction=shunt,
        spheres_per_gbq=each if isinstance(each, Missing) else BQ_PER_GBQ / each * (1 - shunt),
    )
    activity = np.array([bq / BQ_PER_GBQ for bq in activities_bq.values()])
    found = [
        _spheres(device.name, row, float(row.per_gbq[0] @ activity), words)
        for row in setting.rows(setting.doses())
        if row.key == SPHERES
    ]
    return (*found, *_chances(setting, constraints, activity, errors))


def _spheres(name: str, row: LimitRow, per_ml: float, words: str) -> Finding:
    over = per_ml > row.at_most * (1 + _SLACK)
    said = "more than" if over else "within"
    where = f", territory {row.territory}" if row.territory else ""
    text = (
        f"{name}{where}: the chosen activities bring {per_ml:.0f} spheres per mL perfused "
        f"({words}), {said} the {row.at_most:.0f} that they were chosen for; the order checks it "
        "with its vials"
    )
    return Finding(
        Severity.STOP if over else Severity.NOTE,
        "chosen_spheres",
        text,
        per_ml,
        row.at_most,
        row.source,
    )


def _chances(
    setting: Setting,
    constraints: ActivityConstraints,
    activity: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    errors: DeliveryErrors,
) -> list[Finding]:
    robust = constraints.robust
    if robust is None:
        return []
    name = setting.device.name
    found = [
        Finding(Severity.WARN, "chosen_chance", f"{said} is checked", verified=errors.verified)
        for said in chances_not_in_force(setting, robust)
    ]
    draws = scenarios_of(setting, errors, robust).judging  # not those that were chosen by
    planned = setting.rows(setting.doses())
    for row, as_planned in zip(setting.rows(setting.doses(draws)), planned, strict=True):
        asked = robust.chances.get(row.key, robust.chances.get(ALL_LIMITS))
        if asked is not None:
            goal = limit_chance(row, as_planned, activity)
            found.append(_chance(name, goal, asked, robust.n_scenarios, errors))
    return found


def _chance(
    name: str, goal: GoalChance, asked: float, n_scenarios: int, errors: DeliveryErrors
) -> Finding:
    kept = goal.high >= asked
    text = (
        f"{name}: {goal.words} with a chance of {goal.chance:.1%} ({goal.low:.1%} to "
        f"{goal.high:.1%} by {n_scenarios} scenarios), {'keeping' if kept else 'less than'} the "
        f"{asked:.1%} that the activities were chosen for"
    )
    return Finding(
        Severity.NOTE if kept else Severity.STOP,
        "chosen_chance",
        text,
        goal.chance,
        asked,
        verified=errors.verified,
    )
