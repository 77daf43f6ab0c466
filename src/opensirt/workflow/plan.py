"""plan: every device and model side by side, and the dose map of the prescribed one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from opensirt.domain.case import Case, Prescription
from opensirt.domain.delivery_error import DeliveryErrors
from opensirt.domain.device import device, device_names
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import OptimisedPlan, OptimiseRequest
from opensirt.domain.record import DoseResult, Plan, PlanRow, Workup
from opensirt.domain.second_check import SecondCheck
from opensirt.domain.session_dose import CumulativeDose, SessionDose
from opensirt.domain.site import SiteProfile
from opensirt.errors import MissingInputError, RuleError, UnknownNameError
from opensirt.provenance import Provenance
from opensirt.reference.radionuclide import radionuclide
from opensirt.workflow.both_lobes import both_lobes_named
from opensirt.workflow.focus_findings import deposit_doses, foci_doses
from opensirt.workflow.kept_constraints import constraint_findings
from opensirt.workflow.optimise_devices import (
    delivery_errors,
    optimised_findings,
    optimised_plans,
    request_parameters,
)
from opensirt.workflow.plan_dose import planned_dose
from opensirt.workflow.plan_findings import (
    about_the_case,
    device_shunt,
    exceeded_limits,
    limits_named,
    map_against_row,
    missed_targets,
    unverified_rows,
)
from opensirt.workflow.plan_model import (
    ALL_TERRITORIES,
    MODELS,
    STATED,
    chosen_model,
    chosen_row,
    rows_of,
)
from opensirt.workflow.plan_row import DevicePlanner
from opensirt.workflow.scenario_findings import scenario_named
from opensirt.workflow.scout_dose import scout_session
from opensirt.workflow.second_check import SecondPath, second_check_findings
from opensirt.workflow.session_dose import cumulative_dose, earlier_named, earlier_sessions
from opensirt.workflow.shunt_bound import lung_shunt_bound_named
from opensirt.workflow.stated_activity import (
    against_optimum,
    chosen_activities,
    require_choosable,
    stated_activities,
    stated_findings,
)
from opensirt.workflow.work_up import ScoutAnatomy, scout_anatomy


def plan(
    case: Case,
    workup: Workup,
    site: SiteProfile,
    *,
    made_at: datetime,
    software: Mapping[str, str],
    engine: str | None = None,
    all_doses: bool = False,
    anatomy: ScoutAnatomy | None = None,
    optimise: OptimiseRequest | None = None,
    errors: Mapping[str, DeliveryErrors] | None = None,
) -> Plan:
    """Plan with every device and model, name what binds, and compute the prescribed dose map.

    Activities by partition and voxel are the largest that all limits in force allow; those by
    mono-compartment come from a target, those by body surface area and experience from a formula
    (resin only). Rows by the latter three show the doses that multi-tumour partition predicts for
    them. Activities that the prescription states are rows of their own, chosen in place of the
    prescribed model's, which predicts their doses; every limit that they exceed is a stop. With an
    unknown lung shunt the activity reaching the liver is given and what depends on
    the shunt says so; it is never taken as zero.

    Parameters
    ----------
    workup
        Of the same case.
    engine
        Dose engine of the map; the site's planning engine where None.
    all_doses
        Compute the dose map of every device and model with an activity, not of the prescribed one
        alone.
    anatomy
        Of `scout_anatomy`, where it was already made; else it is made here.
    optimise
        Choose the best activities of every device as well.
    errors
        Device → what robust planning draws from; the published errors for devices not named.

    Raises
    ------
    MissingInputError
        When the work-up has no territory, or the site no dose constant.
    RuleError
        When the prescribed device is ``unknown``, or earlier sessions have used up a cumulative
        limit.
    UnknownNameError
        When the prescribed device, its model or the engine does not exist, or an activity is
        stated for a territory that does not.
    InputError
        When a limit or target has an unknown key or is not above zero, masses contradict each
        other, or stated activities leave a territory out or have a model that cannot judge them.
    """
    prescription = case.prescription
    _require_plannable(workup, prescription)
    anatomy = anatomy or scout_anatomy(case)
    second = SecondPath(case, workup, anatomy)
    checks: list[SecondCheck] = []
    rows: list[PlanRow] = []
    findings: list[Finding] = list(about_the_case(case, workup, prescription))
    constants: dict[str, float | str] = {}
    earlier, earlier_findings = _sessions_before(case, workup, site)
    planners: list[DevicePlanner] = []
    findings += earlier_findings
    for name in device_names():
        planner = DevicePlanner(device(name), case, workup, site, earlier)
        planners.append(planner)
        constants[f"dose_constant_gy_kg_per_gbq, {name}"] = planner.dose_constant.value
        made = [row for model in MODELS for row in planner.rows(model)]
        rows += made
        for model in MODELS:
            checks += second.checks_of(
                rows_of(made, name, model), limits=planner.limits, targets=planner.targets
            )
        prescribed_device = prescription is not None and prescription.device == name
        findings += _nothing_left(planner, prescription)
        findings += scenario_named(
            planner.device, planner.limits, planner.targets, workup, prescription
        )
        if prescribed_device or prescription is None:
            findings += limits_named(planner.limits, planner.targets, planner.device)
            findings += lung_shunt_bound_named(planner.limits, workup, planner.device)
        findings += device_shunt(planner.device, workup, prescribed=prescribed_device)
        findings += both_lobes_named(planner.device, planner.limits, workup, prescription)
        for row in _judged(made):
            prescribed = prescribed_device and row.model == chosen_model(prescription)  # type: ignore[arg-type]  # prescribed_device says there is one
            findings += exceeded_limits(
                row,
                planner.limits,
                workup,
                earlier=earlier,
                prescribed=prescribed,
                nothing_prescribed=prescription is None,
            )
            if prescribed:
                findings += missed_targets(row, planner.targets)
        stated, stated_checks, said = _stated(
            planner,
            prescription,
            workup,
            second,
            earlier,
            errors=delivery_errors(case, name, errors or {}),
            data_set=site.data_set,
        )
        rows += stated
        checks += stated_checks
        findings += said
    findings += unverified_rows(rows)
    optimised: tuple[OptimisedPlan, ...] = ()
    if optimise is not None:
        optimised = optimised_plans(
            case, workup, site, optimise, planners, anatomy=anatomy, errors=errors or {}
        )
        findings += optimised_findings(optimised, prescription)
        findings += against_optimum(optimised, prescription)
        checks += [one for made in optimised for one in second.checks_of_optimised(made)]
    findings += second_check_findings(checks)
    chosen = chosen_row(rows, prescription)
    findings += _elsewhere(rows, chosen, workup)
    doses: dict[tuple[str, str], DoseResult] = {}
    for key in _maps_wanted(rows, chosen, all_doses=all_doses):
        parts = rows_of(rows, *key)
        if _gives_dose(parts):
            doses[key], dose_findings = planned_dose(anatomy, workup, site, parts, engine=engine)
            if chosen is not None and key == (chosen.device, chosen.model):
                findings += [*dose_findings, *map_against_row(chosen, doses[key])]
    return Plan(
        rows=tuple(rows),
        chosen=chosen,
        doses=doses,
        findings=tuple(dict.fromkeys(findings)),
        cumulative=_cumulative(earlier, rows, chosen, site) if chosen is not None else None,
        second_checks=tuple(checks),
        optimised=optimised,
        choice=chosen_activities(rows, prescription, workup),
        provenance=Provenance(
            method="plan",
            made_at=made_at,
            inputs={**case.inputs, **({"site profile": site.sha256} if site.sha256 else {})},
            parameters={
                **constants,
                "engine": engine or site.planning_engine,
                "liver_density_kg_per_ml": workup.liver_density_kg_per_ml,
                "normalising_volume": workup.normalising_volume,
                "lung_shunt_method": workup.lung_shunt.method,
                "activity_scale": "vendor",
                **request_parameters(optimise),
            },
            reference_data={"radionuclides": site.data_set, "site profile": site.name},
            software=software,
        ),
    )


def _nothing_left(planner: DevicePlanner, prescription: Prescription | None) -> tuple[Finding, ...]:
    """Say that earlier sessions leave a device nothing; refuse where it is to be planned.

    Raises
    ------
    RuleError
        When the device is prescribed, or none is.
    """
    if not planner.used_up:
        return ()
    if prescription is None or prescription.device == planner.device.name:
        raise RuleError(planner.used_up)
    return (Finding(Severity.WARN, "limit_used_up", planner.used_up),)


def _stated(
    planner: DevicePlanner,
    prescription: Prescription | None,
    workup: Workup,
    second: SecondPath,
    earlier: Sequence[SessionDose],
    *,
    errors: DeliveryErrors,
    data_set: str,
) -> tuple[tuple[PlanRow, ...], tuple[SecondCheck, ...], tuple[Finding, ...]]:
    """Return rows, checks and findings of the activities that are stated for a device, if any."""
    name = planner.device.name
    if prescription is None or prescription.device != name or not prescription.activities_bq:
        return (), (), ()
    rows = planner.stated_rows(stated_activities(workup, prescription), model=prescription.model)
    checks = second.checks_of_stated(rows_of(rows, name, STATED), model=prescription.model)
    findings = stated_findings(
        rows, planner.limits, planner.targets, workup, prescription, earlier=earlier
    )
    kept = constraint_findings(
        workup,
        planner.device,
        planner.limits,
        prescription,
        {one.name: prescription.activities_bq[one.name] for one in workup.territories},
        dose_constant=planner.dose_constant,
        errors=errors,
        data_set=data_set,
    )
    return rows, checks, (*findings, *kept)


def _sessions_before(
    case: Case, workup: Workup, site: SiteProfile
) -> tuple[tuple[SessionDose, ...], tuple[Finding, ...]]:
    """Return the sessions before this plan: earlier treatments, and a scout that gave dose."""
    stated = earlier_sessions(case.earlier, site)
    scout, findings = scout_session(case, workup, site)
    sessions = stated if scout is None else (*stated, scout)
    return sessions, (*earlier_named(stated), *findings)


def _elsewhere(
    rows: Sequence[PlanRow], chosen: PlanRow | None, workup: Workup
) -> tuple[Finding, ...]:
    """Return what the prescribed row would give to uptake outside the liver."""
    if chosen is None:
        return ()
    parts = rows_of(rows, chosen.device, chosen.model)
    return (*foci_doses(chosen, workup), *deposit_doses(chosen, parts, workup))


def _cumulative(
    earlier: Sequence[SessionDose], rows: Sequence[PlanRow], chosen: PlanRow, site: SiteProfile
) -> CumulativeDose:
    """Return the doses of all sessions with the prescribed row as the last."""
    product = device(chosen.device)
    assert not isinstance(product.radionuclide, Missing)  # noqa: S101 - a product has one
    return cumulative_dose(
        earlier,
        words=f"this plan ({chosen.device}, {chosen.model.replace('_', ' ')})",
        lung_gy=chosen.lung_gy,
        normal_liver_gy=chosen.normal_liver_gy,
        territories_gy={
            one.territory: one.perfused_normal_liver_gy
            for one in rows_of(rows, chosen.device, chosen.model)
            if not isinstance(one.perfused_normal_liver_gy, Missing)
        },
        half_life_s=radionuclide(product.radionuclide, site.data_set).half_life_s.value,
    )


def _require_plannable(workup: Workup, prescription: Prescription | None) -> None:
    if not workup.territories:
        raise MissingInputError(
            "structure of kind perfused_volume",
            where="the case",
            remedy="a plan is made per territory: add the perfused volume to [[structures]] (the "
            "liver itself when all of it is perfused)",
        )
    if prescription is None:
        return
    device(prescription.device).require_known(step="planning")
    if prescription.model not in MODELS:
        raise UnknownNameError("planning model", prescription.model, MODELS)
    require_choosable(workup, prescription)


def _maps_wanted(
    rows: Sequence[PlanRow], chosen: PlanRow | None, *, all_doses: bool
) -> tuple[tuple[str, str], ...]:
    """Return device and model of each dose map: the prescribed one first, others on request."""
    wanted = [] if chosen is None else [chosen]
    wanted += rows if all_doses else ()
    return tuple(dict.fromkeys((row.device, row.model) for row in wanted))


def _judged(rows: list[PlanRow]) -> list[PlanRow]:
    """Return the rows whose doses are judged: single territories for theirs, all for the sum."""
    if any(row.territory == ALL_TERRITORIES for row in rows):
        return [row for row in rows if row.territory == ALL_TERRITORIES]
    return rows


def _gives_dose(rows: Sequence[PlanRow]) -> bool:
    """Whether an activity is known and something reaches the liver."""
    reaching = [row.reaching_liver_bq for row in rows]
    return any(not isinstance(bq, Missing) and bq > 0 for bq in reaching)
