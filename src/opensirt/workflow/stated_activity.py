"""Activities that a prescription states for each territory: checked, judged and named."""

from collections.abc import Mapping, Sequence

from opensirt.domain.case import Prescription
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import OptimisedPlan
from opensirt.domain.record import ChosenActivities, PlanRow, Workup
from opensirt.domain.session_dose import SessionDose
from opensirt.errors import InputError, UnknownNameError
from opensirt.units import BQ_PER_MBQ
from opensirt.workflow.limit_in_force import (
    LUNG,
    LUNG_CUMULATIVE,
    NORMAL,
    PERFUSED,
    PERFUSED_NORMAL,
    TUMOUR,
    InForce,
)
from opensirt.workflow.plan_findings import exceeded_limits, missed_targets
from opensirt.workflow.plan_model import (
    ALL_TERRITORIES,
    MULTI_TUMOUR_PARTITION,
    PARTITION,
    VOXEL,
    chosen_model,
    rows_of,
)

JUDGING_MODELS = (PARTITION, MULTI_TUMOUR_PARTITION, VOXEL)
"""Models that predict the doses of any activity."""

BY_HAND = "stated by hand"

_OF_TERRITORY = (PERFUSED_NORMAL, PERFUSED, TUMOUR)
"""Limits that hold in each territory, not for their mean."""

_SAME_FRACTION, _ROUNDED = 0.001, 0.1
"""A stated activity is the optimum when it is no farther from it: relative, or by the step in MBq
that choices are rounded to."""


def require_choosable(workup: Workup, prescription: Prescription) -> None:
    """Refuse stated activities that do not fit the territories or the model.

    Raises
    ------
    UnknownNameError
        When a territory does not exist.
    InputError
        When a territory is left out, or the model fixes activities and predicts none.
    """
    stated = prescription.activities_bq
    if not stated:
        return
    names = [one.name for one in workup.territories]
    for name in stated:
        if name not in names:
            raise UnknownNameError("territory with a stated activity", name, names)
    left_out = [name for name in names if name not in stated]
    if left_out:
        raise InputError(
            f"the prescription states activities for {', '.join(stated)} and none for "
            f"{', '.join(left_out)}; state one for every territory, or take a territory that is "
            "not treated out of the case"
        )
    if prescription.model not in JUDGING_MODELS:
        raise InputError(
            f"the prescription states activities with the model {prescription.model}, which "
            "fixes an activity and predicts no dose of another; choose the model that predicts "
            f"their doses: {', '.join(JUDGING_MODELS)}"
        )


def stated_activities(workup: Workup, prescription: Prescription) -> tuple[float, ...]:
    """Return the stated activities in the order of the work-up's territories, in Bq."""
    return tuple(prescription.activities_bq[one.name] for one in workup.territories)


def stated_origin(prescription: Prescription) -> str:
    """Return where stated activities come from, in words."""
    return prescription.activities_origin or BY_HAND


def stated_findings(
    rows: Sequence[PlanRow],
    limits: Mapping[str, InForce],
    targets: Mapping[str, InForce],
    workup: Workup,
    prescription: Prescription,
    *,
    earlier: Sequence[SessionDose] = (),
) -> tuple[Finding, ...]:
    """Return what stated activities have to say: each limit they exceed or cannot be held against.

    Limits of single territories are held against each territory, the others against all together.

    Parameters
    ----------
    rows
        Of `DevicePlanner.stated_rows`.
    limits, targets
        In force for the device.
    """
    parts = rows_of(rows, rows[0].device, rows[0].model)
    whole = next((one for one in rows if one.territory == ALL_TERRITORIES), parts[0])
    each = {key: one for key, one in limits.items() if key in _OF_TERRITORY}
    shared = {key: one for key, one in limits.items() if key not in _OF_TERRITORY}
    found = [_named(parts, whole, stated_origin(prescription))]
    for judged, of_these in ((whole, shared), *((one, each) for one in parts)):
        found += exceeded_limits(
            judged,
            of_these,
            workup,
            earlier=earlier,
            prescribed=True,
            nothing_prescribed=False,
            every_limit_stops=True,
        )
    found += _not_held(whole, limits, workup)
    found += missed_targets(whole, targets)
    return tuple(found)


def _named(parts: Sequence[PlanRow], whole: PlanRow, origin: str) -> Finding:
    said = ", ".join(f"{one.territory} {_mbq(one.administered_activity_bq)}" for one in parts)
    text = (
        f"{whole.device}: the activities to administer are those of the prescription, {said} "
        f"({origin}), not those of a model"
    )
    return Finding(Severity.NOTE, "stated_activities", text)


def _mbq(bq: float | Missing) -> str:
    return bq.value if isinstance(bq, Missing) else f"{bq / BQ_PER_MBQ:.6g} MBq"


def _not_held(whole: PlanRow, limits: Mapping[str, InForce], workup: Workup) -> tuple[Finding, ...]:
    """Return a stop for limits whose dose is not known: unknown is no pass."""
    reason = ""
    held: list[InForce] = []
    if isinstance(whole.reaching_liver_bq, Missing):
        reason, held = whole.reaching_liver_bq.value, list(limits.values())
    elif NORMAL not in limits and PERFUSED_NORMAL not in limits:
        text = (
            f"{whole.device}: no limit of the normal liver is in force, so that the stated "
            "activities are held against none; state one in the prescription or the site profile"
        )
        return (Finding(Severity.STOP, "stated_not_judged", text),)
    elif isinstance(whole.lung_gy, Missing) and workup.lung_shunt.fraction != 0:
        reason = whole.lung_gy.value
        held = [one for key, one in limits.items() if key in (LUNG, LUNG_CUMULATIVE)]
    if not held:
        return ()
    names = ", ".join(one.words for one in held)
    text = (
        f"{whole.device}: the stated activities cannot be held against {names} ({reason}); state "
        "or measure what is missing and plan again"
    )
    return (Finding(Severity.STOP, "stated_not_judged", text),)


def against_optimum(
    plans: Sequence[OptimisedPlan], prescription: Prescription | None
) -> tuple[Finding, ...]:
    """Say whether stated activities are the optimum that the same plan found."""
    if prescription is None or not prescription.activities_bq:
        return ()
    one = next((plan for plan in plans if plan.device == prescription.device), None)
    if one is None or one.refused:
        return ()
    best = dict(zip(one.territories, one.administered_bq, strict=True))
    stated = prescription.activities_bq
    apart = [
        name
        for name, bq in best.items()
        if abs(stated[name] - bq) > max(_SAME_FRACTION * bq, _ROUNDED * BQ_PER_MBQ)
    ]
    if not apart:
        text = f"{one.device}: the stated activities are the optimum that this plan found"
        return (Finding(Severity.NOTE, "stated_is_optimum", text),)
    said = ", ".join(f"{name} {_mbq(stated[name])} ({_mbq(best[name])})" for name in apart)
    text = f"{one.device}: stated activities differ from the optimum of this plan: {said}"
    return (Finding(Severity.WARN, "stated_not_optimum", text),)


def chosen_activities(
    rows: Sequence[PlanRow], prescription: Prescription | None, workup: Workup
) -> ChosenActivities | None:
    """Return what is to be given to each territory and where it comes from."""
    if prescription is None:
        return None
    parts = rows_of(rows, prescription.device, chosen_model(prescription))
    if prescription.activities_bq:
        origin = stated_origin(prescription)
    else:
        fixed = "; ".join(dict.fromkeys(one.binding for one in parts if one.binding))
        origin = f"row of the model {prescription.model}"
        origin += f", fixed by {fixed}" if fixed else ""
    return ChosenActivities(
        device=prescription.device,
        model=prescription.model,
        origin=origin,
        activities_bq={one.territory: one.administered_activity_bq for one in parts},
        spheres_per_ml_at_most=(
            Missing.NOT_RECORDED
            if prescription.activities_constraints is None
            else prescription.activities_constraints.spheres_per_ml_at_most
        ),
        perfused_volumes_ml={one.name: one.perfused_volume_ml for one in workup.territories},
    )
