"""The selection of a case: its record, its day and its overrides brought to the rules."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from opensirt.app.case_record import example_findings, overrides, patient_record
from opensirt.domain.case import Case
from opensirt.domain.missing import Missing
from opensirt.domain.record import Plan, Workup
from opensirt.domain.selection import Selection
from opensirt.domain.site import SiteProfile
from opensirt.domain.statement import ChecklistItem


def decision_day(case: Case, made_at: datetime) -> date:
    """Return the day that a selection is for: that of treatment where it was given, or today.

    Values taken after treatment say nothing of whom to treat.
    """
    given = case.administration
    if given is not None and not isinstance(given.administered_at, Missing):
        return given.administered_at.date()
    block = case.other_blocks.get("follow_up")
    treated_on = block.get("treated_on") if isinstance(block, Mapping) else None
    return treated_on if isinstance(treated_on, date) else made_at.date()


def case_selection(
    case: Case,
    site: SiteProfile,
    *,
    workup: Workup | None,
    plan: Plan | None,
    made_at: datetime,
    software: Mapping[str, str],
    profile: str | None = None,
    device: str | None = None,
    on: date | None = None,
) -> Selection:
    """Return the selection of a case; see `opensirt.workflow.select.select`.

    Raises
    ------
    InputError, UnknownNameError, ConfirmationError, RuleError
        When a clinical block, the profile, the device or an override cannot be used.
    """
    from opensirt.workflow.select import select

    made = select(
        case,
        patient_record(case),
        site,
        workup=workup,
        plan=plan,
        on=decision_day(case, made_at) if on is None else on,
        made_at=made_at,
        software=software,
        profile=profile,
        device=device,
        overrides=overrides(case),
    )
    return replace(made, findings=(*example_findings(case), *made.findings))


def case_checklist(case: Case, site: SiteProfile, on: date) -> tuple[ChecklistItem, ...]:
    """Return the checklist of a case on one day; what is not known concerns the patient.

    Raises
    ------
    InputError, UnknownNameError, ConfirmationError
        When a clinical block cannot be used.
    """
    from opensirt.clinical.record_facts import record_facts
    from opensirt.workflow.select import site_checklist

    facts, _ = record_facts(patient_record(case), on=on, oldest_laboratory_days=None)
    return site_checklist(facts, site)
