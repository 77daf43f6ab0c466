"""The optimised plan of every device, and what it has to say."""

from collections.abc import Mapping, Sequence

from opensirt.domain.case import Case, Prescription
from opensirt.domain.delivery_error import DeliveryErrors, published_delivery_errors
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import ActivityMap, CountsImage
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import OptimisedPlan, OptimiseRequest
from opensirt.domain.record import Workup
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError
from opensirt.workflow.optimise import Replanner, model_for
from opensirt.workflow.optimise_answer import refused
from opensirt.workflow.plan_row import DevicePlanner
from opensirt.workflow.session_dose import earlier_sessions
from opensirt.workflow.work_up import ScoutAnatomy


def optimised_plans(
    case: Case,
    workup: Workup,
    site: SiteProfile,
    request: OptimiseRequest,
    planners: Sequence[DevicePlanner],
    *,
    anatomy: ScoutAnatomy,
    errors: Mapping[str, DeliveryErrors],
) -> tuple[OptimisedPlan, ...]:
    """Return the best activities of every device under its limits in force.

    Parameters
    ----------
    planners
        One for each device: limits, as earlier sessions leave them, targets and dose constant.
    errors
        Device → what robust planning draws from; the published errors for devices not named.

    Raises
    ------
    InputError
        When the request cannot be met as it is stated, or states an earlier lung dose that the
        case states as well.
    """
    stated = [one.lung_gy for one in earlier_sessions(case.earlier, site)]
    if not isinstance(request.earlier_lung_gy, Missing) and any(
        not isinstance(gy, Missing) for gy in stated
    ):
        raise InputError(
            f"an earlier lung dose of {request.earlier_lung_gy:g} Gy is given, and the case "
            "states the doses of earlier treatments; leave one of the two out"
        )
    prescribed = None if case.prescription is None else case.prescription.model
    replanner = Replanner.of(workup, model_for(request, prescribed), anatomy=anatomy)
    made = []
    for one in planners:
        name = one.device.name
        if one.used_up:
            made.append(refused(name, replanner.model, request.objective, one.used_up))
            continue
        drawn_from = delivery_errors(case, name, errors)
        made.append(
            replanner.replan(
                one.device,
                one.limits,
                one.targets,
                request,
                dose_constant=one.dose_constant,
                errors=drawn_from,
                data_set=site.data_set,
            )
        )
    return tuple(made)


def delivery_errors(
    case: Case, device_name: str, errors: Mapping[str, DeliveryErrors]
) -> DeliveryErrors:
    """Return what robust planning of a device draws from: given, else the errors in print."""
    given = errors.get(device_name)
    if given is not None:
        return given
    return published_delivery_errors(device_name, scout_nuclide=scout_nuclide(case))


def scout_nuclide(case: Case) -> str:
    """Return the nuclide of the scout, Tc-99m where it is not recorded."""
    taken = case.scout()
    if taken is not None and isinstance(taken.image, ActivityMap | CountsImage):
        return taken.image.radionuclide
    return "Tc-99m"


def optimised_findings(
    plans: Sequence[OptimisedPlan], prescription: Prescription | None
) -> tuple[Finding, ...]:
    """Return a finding for each refusal, and one for what robust planning draws from.

    A refusal is a stop for the prescribed device, or for any where nothing is prescribed.
    """
    found = []
    for one in plans:
        if one.refused:
            stop = prescription is None or prescription.device == one.device
            text = f"optimiser, {one.device}: {one.refusal}"
            severity = Severity.STOP if stop else Severity.WARN
            found.append(Finding(severity, "optimiser_refused", text))
    robust = next((one.robust for one in plans if one.robust is not None), None)
    if robust is not None:
        origins = ", ".join(
            f"{one.quantity.value.replace('_', ' ')}: {one.origin.value}"
            + (f" ({one.n_cases} cases)" if one.n_cases else "")
            for one in robust.errors
        )
        text = (
            f"chances are reckoned over {robust.n_scenarios} scenarios of errors of delivery "
            f"({origins})"
        )
        found.append(Finding(Severity.NOTE, "robust_errors", text, verified=robust.verified))
    return tuple(found)


def request_parameters(request: OptimiseRequest | None) -> dict[str, float | str]:
    """Return what has to be known to make the optimisation again, for provenance."""
    if request is None:
        return {}
    made: dict[str, float | str] = {"optimise.objective": request.objective.value}
    if request.model is not None:
        made["optimise.model"] = request.model
    for name in ("earlier_lung_gy", "spheres_per_ml_at_most", "activity_per_sphere_bq"):
        value = getattr(request, name)
        if not isinstance(value, Missing):
            made[f"optimise.{name}"] = value
    if request.control is not None:
        made["optimise.control_d50_gy"] = request.control.d50_gy
        made["optimise.control_slope_per_gy"] = request.control.slope_per_gy
    if request.targets_required:
        made["optimise.targets"] = "required"
    if request.vials is not None:
        made["optimise.vials_hours_after_calibration"] = request.vials.hours_after_calibration
    if request.robust is not None:
        made["optimise.scenarios"] = float(request.robust.n_scenarios)
        made["optimise.seed"] = float(request.robust.seed)
        for key, chance in request.robust.chances.items():
            made[f"optimise.chance.{key}"] = chance
    return made
