"""The best activities of a device under every limit, again and again for one set of images.

What depends on the images (how much of the activity goes where) is reckoned once, in a `Replanner`;
limits, objective, vials and errors are arguments of each replanning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from opensirt.domain.delivery_error import DeliveryErrors, published_delivery_errors
from opensirt.domain.device import Device
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import Objective, OptimisedPlan, OptimiseRequest
from opensirt.domain.record import Workup
from opensirt.domain.site import Figure
from opensirt.errors import UnknownNameError
from opensirt.physics.optimise import Optimum, VialRule, optimum, vial_optimum
from opensirt.reference.radionuclide import DEFAULT_DATA_SET
from opensirt.units import BQ_PER_GBQ
from opensirt.workflow.limit_in_force import TUMOUR, InForce
from opensirt.workflow.liver_model import LiverModel, partition_liver, voxel_liver
from opensirt.workflow.optimise_answer import Answer, excluded, no_vial, refused
from opensirt.workflow.optimise_program import Setting, activity_per_sphere, activity_program
from opensirt.workflow.optimise_robust import (
    chance_choice,
    chances_not_in_force,
    robust_result,
    scenarios_of,
)
from opensirt.workflow.optimise_vials import vial_rule
from opensirt.workflow.tumour_d70 import d70_over_mean, d70_rows
from opensirt.workflow.work_up import ScoutAnatomy

PARTITION, MULTI_TUMOUR_PARTITION, VOXEL = "partition", "multi_tumour_partition", "voxel"
OPTIMISED_MODELS = (PARTITION, MULTI_TUMOUR_PARTITION, VOXEL)

_NOTHING = 1e-9
"""GBq: round-off, not an activity."""


def model_for(request: OptimiseRequest, prescribed: str | None) -> str:
    """Return the model that an optimisation reckons with.

    Raises
    ------
    UnknownNameError
        When the one asked for is none of `OPTIMISED_MODELS`.
    """
    if request.model is not None:
        if request.model not in OPTIMISED_MODELS:
            raise UnknownNameError("model to optimise", request.model, OPTIMISED_MODELS)
        return request.model
    if request.objective is Objective.D70:
        return VOXEL
    return prescribed if prescribed in OPTIMISED_MODELS else MULTI_TUMOUR_PARTITION


@dataclass(frozen=True, eq=False)
class Replanner:
    """One work-up by one model: everything of a plan that its images decide."""

    workup: Workup
    model: str
    liver: LiverModel
    d70_over_mean: Mapping[tuple[str, str], float] | None = None

    @classmethod
    def of(cls, workup: Workup, model: str, *, anatomy: ScoutAnatomy | None = None) -> "Replanner":
        """Return the replanner of a work-up; with the scout's anatomy it knows D70.

        Raises
        ------
        UnknownNameError
            When the model is none of `OPTIMISED_MODELS`.
        """
        if model not in OPTIMISED_MODELS:
            raise UnknownNameError("model to optimise", model, OPTIMISED_MODELS)
        if model == VOXEL:
            liver = voxel_liver(workup)
            over = None if anatomy is None else d70_over_mean(anatomy, liver)
            return cls(workup, model, liver, over)
        return cls(workup, model, partition_liver(workup, lumped=model == PARTITION))

    def replan(
        self,
        device: Device,
        limits: Mapping[str, InForce],
        targets: Mapping[str, InForce],
        request: OptimiseRequest,
        *,
        dose_constant: Figure,
        errors: DeliveryErrors | None = None,
        data_set: str = DEFAULT_DATA_SET,
    ) -> OptimisedPlan:
        """Return the best activities, or the refusal that says what would have to be relaxed.

        Parameters
        ----------
        limits, targets
            In force for the device (see `limits_in_force`).
        errors
            What robust planning draws from; the published errors of the device where None.
        data_set
            Of the half-life that vials decay with.

        Raises
        ------
        InputError
            When the request cannot be met as it is stated (see `activity_program`).
        """
        device.require_known(step="planning")
        shunt = self.workup.lung_shunt.fraction
        why = _why_not(device, shunt, targets, request)
        if why or isinstance(shunt, Missing):
            return refused(device.name, self.model, request.objective, why)
        each, sphere_words = activity_per_sphere(device, request, data_set)
        limited = not isinstance(request.spheres_per_ml_at_most, Missing)
        setting = Setting(
            liver=self.liver,
            workup=self.workup,
            device=device,
            limits=limits,
            targets=targets,
            request=request,
            constant=dose_constant,
            lung_shunt_fraction=shunt,
            spheres_per_gbq=each if isinstance(each, Missing) else BQ_PER_GBQ / each * (1 - shunt),
        )
        doses = setting.doses()
        d70 = None
        if self.d70_over_mean is not None:
            d70 = d70_rows(dict(doses.tumour_parts), dict(self.d70_over_mean))[1]
        program = activity_program(doses, setting.rows(doses), targets, request, d70)
        answer = Answer(
            setting=setting,
            model=self.model,
            program=program,
            doses=doses,
            notes=(sphere_words,) if limited else (),
        )
        best = optimum(program)
        if best is None or best.activity_gbq.sum() < _NOTHING or not best.objective > 0:
            return excluded(answer)
        vials = vial_rule(device, request.vials, data_set)
        answer = replace(answer, notes=(*answer.notes, *vials.notes))
        if vials.refusal:
            return answer.refused(vials.refusal)
        return _chosen(answer, best, vials.rule, errors)


def _why_not(
    device: Device,
    shunt: float | Missing,
    targets: Mapping[str, InForce],
    request: OptimiseRequest,
) -> str:
    """Return why nothing can be chosen, before anything is reckoned; empty where it can."""
    if isinstance(shunt, Missing):
        return (
            "the lung shunt fraction is not known, so that no activity to administer can be "
            "chosen; state or measure it"
        )
    if request.targets_required and TUMOUR not in targets:
        return (
            f"a tumour target is required and none is in force for {device.name}: state one in "
            "the prescription; none is published for neuroendocrine tumours"
        )
    return ""


def _chosen(
    answer: Answer, best: Optimum, rule: VialRule | None, errors: DeliveryErrors | None
) -> OptimisedPlan:
    """Return the plan in vials, by chance, or as the continuous optimum has it."""
    program, request = answer.program, answer.setting.request
    activity, vials, by_chance = best.activity_gbq, None, None
    if rule is not None:
        vials = vial_optimum(program, rule)
        if vials is None or vials.activity_gbq.sum() < _NOTHING or not vials.objective > 0:
            return no_vial(answer, rule)
        activity = vials.activity_gbq
    if request.robust is None:
        return answer.plan(best, activity, vials, rule)
    errors = errors or published_delivery_errors(answer.setting.device.name)
    scenarios = scenarios_of(answer.setting, errors, request.robust)
    absent = chances_not_in_force(answer.setting, request.robust)
    answer = replace(answer, notes=(*answer.notes, *absent))
    if len(absent) < len(request.robust.chances):
        by_chance = chance_choice(
            answer.setting, program, scenarios.choosing, request.robust, rule, activity
        )
        if by_chance is None:
            treated = "with a dose to every tumour " if program.weights is None else ""
            return answer.refused(
                f"no activity {treated}keeps every limit with the chance asked for; ask for less, "
                "or for activities that are not in whole vials"
                if rule is not None
                else f"no activity {treated}keeps every limit with the chance asked for"
            )
        activity, vials = by_chance.activity_gbq, by_chance.vials
    robust = robust_result(answer.setting, scenarios, errors, activity)
    return answer.plan(best, activity, vials, rule, robust=robust, by_chance=by_chance)
