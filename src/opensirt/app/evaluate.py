"""Every step that a case's data allow, in memory."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from opensirt.app.case_record import has_clinical_blocks, stated_tumour_type
from opensirt.app.follow_up_course import has_follow_up
from opensirt.app.selection import case_selection
from opensirt.app.software import software_versions
from opensirt.domain.case import Case
from opensirt.domain.delivery import ComparedPlan
from opensirt.domain.delivery_error import DeliveryErrors
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DoseMap
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import OptimiseRequest
from opensirt.domain.record import CaseResult, DoseResult, Plan, Verification, Workup
from opensirt.domain.selection import Selection
from opensirt.domain.site import SiteProfile
from opensirt.domain.structure import Structure
from opensirt.errors import MissingInputError, UnknownNameError
from opensirt.provenance import Provenance
from opensirt.workflow.effects import structure_effects

Progress = Callable[[str], None]
"""Told what begins now; the command line shows it on standard error."""

_RANK = {Severity.STOP: 0, Severity.WARN: 1, Severity.NOTE: 2}

STEPS = ("work-up", "plan", "verify")
"""In the order of a course; each may use those before it."""

StepT = TypeVar("StepT")


def silent(_: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What a run may be told beside the case and the site."""

    made_at: datetime
    engine: str | None = None
    """Dose engine in place of the site's."""
    progress: Progress = silent
    all_plans: bool = False
    """Compute and write the predicted dose of every device and model, not of the prescribed one
    alone."""
    effective_doses: bool = False
    """Write the maps of BED and EQD2 as well."""
    delivery_errors: Mapping[str, DeliveryErrors] = field(default_factory=dict)
    """Device → errors that robust planning draws from; those in print for devices not named."""
    optimise: OptimiseRequest | None = None
    """Choose the best activities of every device as well."""
    compared: ComparedPlan | None = None
    """Plan on record that a delivery is held against; the plan of this run where None."""
    step: str | None = None
    """One of `STEPS`: do that one, with those before it that it needs, and refuse where it is not
    possible. None does every possible step."""

    def __post_init__(self) -> None:
        if self.step is not None and self.step not in STEPS:
            raise UnknownNameError("step", self.step, STEPS)

    def includes(self, step: str) -> bool:
        """Whether a step is to be done."""
        return self.step is None or STEPS.index(step) <= STEPS.index(self.step)


def evaluate(case: Case, site: SiteProfile, options: RunOptions) -> CaseResult:
    """Do every step that the case's data allow; nothing is written.

    Raises
    ------
    MissingInputError
        When no step at all is possible, with what the first one lacks.
    InputError
        When the input of a step cannot be used.
    """
    from opensirt.workflow.plan import plan
    from opensirt.workflow.plan_compared import plan_made_again
    from opensirt.workflow.verify import verify
    from opensirt.workflow.work_up import ScoutAnatomy, scout_anatomy, work_up

    software = software_versions()
    lacking: list[tuple[str, MissingInputError]] = []

    def attempt(name: str, step: Callable[[], StepT]) -> StepT | None:
        options.progress(name)
        try:
            return step()
        except MissingInputError as error:
            if name == options.step:
                raise
            lacking.append((name, error))
            return None

    anatomy: ScoutAnatomy | None = None

    def do_work_up() -> Workup:
        nonlocal anatomy
        anatomy = scout_anatomy(case)
        return work_up(case, site, anatomy=anatomy)

    workup: Workup | None = None
    planned: Plan | None = None
    measured: Verification | None = None
    needs_scout = options.step in ("work-up", "plan")
    if case.scout() is not None or needs_scout:
        workup = attempt("work-up", do_work_up)
    # A verification alone makes no plan again where one is on record.
    on_record = options.step == "verify" and options.compared is not None
    if workup is not None and options.includes("plan") and not on_record:
        known = workup
        planned = attempt(
            "plan",
            lambda: plan(
                case,
                known,
                site,
                engine=options.engine,
                made_at=options.made_at,
                software=software,
                all_doses=options.all_plans,
                anatomy=anatomy,
                errors=options.delivery_errors,
                optimise=options.optimise,
            ),
        )
    if options.includes("verify") and (case.verification() is not None or options.step):
        measured = attempt(
            "verify",
            lambda: verify(
                case,
                site,
                engine=options.engine,
                plan=options.compared or plan_made_again(planned),
                planned=prescribed_dose(planned) if options.compared is None else None,
                workup=workup,
                anatomy=anatomy,
                made_at=options.made_at,
                software=software,
            ),
        )
    planned, measured = _with_effects(case, planned, measured)
    chosen = _selection(case, site, options, workup, planned)
    alone = chosen is not None or (options.step is None and has_follow_up(case))
    if workup is None and measured is None and not (alone and not lacking):
        if lacking:
            raise lacking[0][1]
        raise MissingInputError(
            "image to work on (role scout for planning, verification after treatment)",
            where=f"case {case.key}",
            remedy="add one to [[images]]",
        )
    skipped = [
        Finding(Severity.NOTE, "step_not_done", f"{name} was not possible: {error}")
        for name, error in lacking
    ]
    steps = [one for one in (workup, planned, measured, chosen) if one is not None]
    findings = ordered([*case.findings, *skipped, *(f for one in steps for f in one.findings)])
    exported = exported_dose(planned, measured)
    return CaseResult(
        case_key=case.key,
        findings=findings,
        workup=workup,
        plan=planned,
        verification=measured,
        selection=chosen,
        drawn=_drawn(case, exported),
        provenance=Provenance(
            method="run",
            made_at=options.made_at,
            inputs=case.inputs,
            parameters={
                key: value
                for one in (planned, measured)
                if one is not None
                for key, value in one.provenance.parameters.items()
            },
            reference_data={
                **_reference_data(planned, measured),
                "site profile": f"{site.name} (sha256 {site.sha256 or 'not stated'})",
            },
            software=software,
        ),
    )


def _selection(
    case: Case,
    site: SiteProfile,
    options: RunOptions,
    workup: Workup | None,
    planned: Plan | None,
) -> Selection | None:
    """Return the selection where every step is asked for and the case has clinical blocks."""
    if options.step is not None or not has_clinical_blocks(case):
        return None
    options.progress("select")
    return case_selection(
        case,
        site,
        workup=workup,
        plan=planned,
        made_at=options.made_at,
        software=software_versions(),
    )


def _with_effects(
    case: Case, planned: Plan | None, measured: Verification | None
) -> tuple[Plan | None, Verification | None]:
    """Return both steps with the effects that models give for the device and the disease."""
    tumour_type = stated_tumour_type(case)
    dose = prescribed_dose(planned)
    if planned is not None and planned.chosen is not None and dose is not None:
        found = structure_effects(dose, (), device=planned.chosen.device, tumour_type=tumour_type)
        planned = replace(planned, effects=found)
    if measured is not None:
        given = case.administration
        found = structure_effects(
            measured.primary_result,
            measured.uncertainties,
            device=Missing.NOT_RECORDED if given is None else given.device,
            tumour_type=tumour_type,
        )
        measured = replace(measured, effects=found)
    return planned, measured


def _reference_data(*steps: Plan | Verification | None) -> Mapping[str, str]:
    return {
        key: value
        for one in steps
        if one is not None
        for key, value in one.provenance.reference_data.items()
    }


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings once each: assumptions first, then stops, warnings and notes."""
    once = list(dict.fromkeys(findings))
    return tuple(sorted(once, key=lambda one: (one.rule != "assumed", _RANK[one.severity])))


def prescribed_dose(planned: Plan | None) -> DoseResult | None:
    """Return the predicted dose of the prescribed device and model, or None."""
    if planned is None or planned.chosen is None:
        return None
    return planned.doses.get((planned.chosen.device, planned.chosen.model))


def exported_dose(planned: Plan | None, measured: Verification | None) -> DoseMap | None:
    """Return the dose map that dose.nii.gz and RTDOSE.dcm hold: measured before planned."""
    if measured is not None:
        return measured.primary_result.dose
    chosen = prescribed_dose(planned)
    return None if chosen is None else chosen.dose


def _drawn(case: Case, dose: DoseMap | None) -> tuple[Structure, ...]:
    if dose is None:
        return tuple(case.structures)
    frame = dose.grid.frame_of_reference_uid
    return tuple(one for one in case.structures if one.mask.grid.frame_of_reference_uid == frame)
