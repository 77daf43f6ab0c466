"""The optimum of the prescribed device made the activities of the case, and planned."""

import hashlib
from collections.abc import Sequence
from math import floor
from pathlib import Path

from opensirt.app.evaluate import RunOptions, evaluate
from opensirt.app.ledger import with_site_errors
from opensirt.app.read_case import read_case
from opensirt.app.site import site_in_force
from opensirt.app.step import do_step
from opensirt.domain.case import Case, Prescription
from opensirt.domain.device import device
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import LimitAtOptimum, OptimisedPlan, OptimiseRequest
from opensirt.domain.record import CaseResult
from opensirt.errors import InputError, MissingInputError, RuleError
from opensirt.files.case_file import case_file_path
from opensirt.files.chosen_activities import with_activities
from opensirt.units import BQ_PER_MBQ
from opensirt.whole_file import whole_file
from opensirt.workflow.kept_constraints import constraints_of
from opensirt.workflow.optimise import model_for


def choose_optimum(
    path: Path, options: RunOptions, *, site_path: Path | None = None
) -> tuple[Case, CaseResult, Path]:
    """Write the optimum of the prescribed device to case.toml, plan it and add the record.

    The activities are rounded down to a tenth of an MBq, so that no limit is exceeded by rounding.
    Everything after it (approve, order, administer, verify) takes them from case.toml and the plan
    record.

    Returns
    -------
    tuple
        As `do_step` for the step ``plan``.

    Raises
    ------
    MissingInputError
        When nothing is prescribed.
    RuleError
        When there is no optimum, or it leaves a territory without activity; nothing is written.
    InputError
        When no optimisation is asked for, the case states activities already, the optimisation
        is by another model than the prescription's or under a limit that the case does not state,
        or the case cannot be used; nothing is written.
    """
    request = options.optimise
    if request is None or options.step != "plan":
        raise InputError("--choose: only with --optimise mean, minimum, d70 or control")
    case_file = case_file_path(Path(path))
    site = site_in_force(given=site_path, case_folder=case_file.parent)
    options.progress("reading")
    case = read_case(case_file, zone=site.zone)
    prescription = _require_choosable(case, request)
    whole = evaluate(case, site.profile, with_site_errors(options, site, case))
    plans = () if whole.plan is None else whole.plan.optimised
    best = next(one for one in plans if one.device == prescription.device)
    activities_mbq = _activities_mbq(best)
    stated = case_file.read_bytes()
    if hashlib.sha256(stated).hexdigest() != case.inputs[case_file.name]:
        raise InputError(f"{case_file.name} was changed while it was planned; choose again")
    kept = constraints_of(request, device(prescription.device), site.profile.data_set)
    made = with_activities(stated.decode("utf-8-sig"), activities_mbq, _origin(best, request), kept)
    try:
        with whole_file(case_file) as part:
            part.write_bytes(made.encode("utf-8"))
    except OSError as error:
        raise InputError(
            f"{case_file.name} cannot be written ({error.strerror}); make the case folder "
            "writable, or copy it"
        ) from None
    return do_step(case_file, options, site_path=site_path)


def _require_choosable(case: Case, request: OptimiseRequest) -> Prescription:
    """Return the prescription whose optimum may be chosen."""
    prescription = case.prescription
    if prescription is None:
        raise MissingInputError(
            "prescription",
            where="the case",
            remedy="add [prescription] with device and model: the optimum of that device is chosen",
        )
    if prescription.activities_bq:
        raise InputError(
            "case.toml states activities_mbq already; take activities_mbq and activities_origin "
            "out of [prescription] to choose again"
        )
    model = model_for(request, prescription.model)
    if model != prescription.model:
        raise InputError(
            f"the optimisation is by {model} and the prescription names {prescription.model}; "
            "activities are chosen by the model that predicts their doses: state "
            f'model = "{model}" in [prescription], or optimise by another model'
        )
    if not isinstance(request.earlier_lung_gy, Missing):
        raise InputError(
            "--earlier-lung-gy holds for one optimisation only; to choose activities under it, "
            "state the earlier doses in [[prior_treatments]], where every later step sees them"
        )
    return prescription


def _activities_mbq(best: OptimisedPlan) -> dict[str, float]:
    """Return the optimum of each territory, rounded down to a tenth of an MBq."""
    if best.refused:
        raise RuleError(f"there is no optimum to choose for {best.device}: {best.refusal}")
    found = {
        name: floor(bq / BQ_PER_MBQ * 10) / 10
        for name, bq in zip(best.territories, best.administered_bq, strict=True)
    }
    untreated = [name for name, mbq in found.items() if mbq <= 0]
    if untreated:
        raise RuleError(
            f"the optimum gives nothing to {', '.join(untreated)}; take the territory out of the "
            "case and plan again, or ask for another objective"
        )
    return found


def _limit_words(limits: Sequence[LimitAtOptimum]) -> str:
    return ", ".join(one.words.replace(", ", " in ") for one in limits)


def _origin(best: OptimisedPlan, request: OptimiseRequest) -> str:
    """Return objective, model, limits, binding limits, vials and chances of an optimum in words."""
    from opensirt.report.wording import objective_words

    said = [
        f"optimised: largest {objective_words(best.objective)} by {best.model.replace('_', ' ')}",
        f"limits {_limit_words(best.limits)}",
    ]
    in_force = {"all", *(one.key for one in best.limits)}
    asked = {} if best.robust is None else best.robust.chosen_by_chance
    by_chance = {key: part for key, part in asked.items() if key in in_force}
    if best.binding and not by_chance:
        said.append(f"bound by {_limit_words(best.binding)}")
    if request.targets_required:
        said.append("tumour target required")
    if best.vials_gbq and request.vials is not None:
        sizes = ", ".join(
            f"{name} {' + '.join(f'{size:g}' for size in vials)} GBq"
            for name, vials in zip(best.territories, best.vials_gbq, strict=True)
        )
        said.append(f"vials {sizes}, {request.vials.hours_after_calibration:g} h after calibration")
    if best.robust is not None and by_chance:
        kept = ", ".join(f"{key} {part:g}" for key, part in by_chance.items())
        said.append(
            f"chosen by the chance of keeping {kept}, {best.robust.n_scenarios} scenarios, "
            f"seed {best.robust.seed}"
        )
    return "; ".join(said)
