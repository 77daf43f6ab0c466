"""The whole report as one document, ready to be written as HTML and PDF."""

from dataclasses import replace
from string import ascii_uppercase

from opensirt.clinical.follow_up_record import FollowUp
from opensirt.domain.case import Case
from opensirt.domain.record import CaseResult
from opensirt.report.content import Document, Section
from opensirt.report.envelope import case_document
from opensirt.report.sections.chosen import planned_dose
from opensirt.report.sections.dose import dose_section
from opensirt.report.sections.effects import effects_table
from opensirt.report.sections.findings import findings_section
from opensirt.report.sections.follow_up import follow_up_sections, timeline_sections
from opensirt.report.sections.key_results import key_results_section
from opensirt.report.sections.method import method_section
from opensirt.report.sections.optimise import optimise_section
from opensirt.report.sections.pictures import pictures_section
from opensirt.report.sections.plan import chosen_section, plan_section
from opensirt.report.sections.second_check import second_check_section
from opensirt.report.sections.selection import selection_section
from opensirt.report.sections.sessions import sessions_section, worth_showing
from opensirt.report.sections.truth import truth_section
from opensirt.report.sections.verification import (
    delivery_section,
    energy_table,
    measured_blocks,
    verification_section,
)
from opensirt.report.sections.work_up import work_up_section


def report_document(
    case: Case, result: CaseResult, *, follow_up: FollowUp | None = None
) -> Document:
    """Return the report of a run: key results and findings first, long tables in appendices."""
    sections = [
        key_results_section(case, result, follow_up=follow_up),
        findings_section(result.findings),
        *_planned(result),
        pictures_section(case, result),
        *_sessions(result),
        *_measured(result),
        truth_section(result.truth) if result.truth else None,
        None if result.workup is None else work_up_section(result.workup),
        None if result.selection is None else selection_section(result.selection),
        *(() if follow_up is None else follow_up_sections(follow_up)),
    ]
    return case_document(
        _title(result, followed_up=follow_up is not None),
        result.case_key,
        result.provenance,
        (*(one for one in sections if one is not None), *_appendices(result, follow_up)),
    )


def _planned(result: CaseResult) -> tuple[Section | None, ...]:
    """Return what is planned: the chosen activities, or else every device and model."""
    plan = result.plan
    if plan is None:
        return ()
    chosen = chosen_section(plan)
    return (
        plan_section(plan) if chosen is None else chosen,
        optimise_section(plan.optimised) if plan.optimised else None,
    )


def _measured(result: CaseResult) -> tuple[Section | None, ...]:
    """Return the measured dose, what it is beside the plan, and the planned dose."""
    made: list[Section | None] = []
    if result.verification is not None:
        measured = result.verification.primary_result
        made.append(dose_section(measured, "Measured dose", measured_blocks(result.verification)))
        made.append(delivery_section(result.verification))
    planned = planned_dose(result.plan)
    if planned is not None and result.plan is not None:
        effects = result.plan.effects
        more = (effects_table(effects, "What the planned dose may do"),) if effects else ()
        made.append(dose_section(planned, "Planned dose", (*more, energy_table((planned,)))))
    return tuple(made)


def _appendices(result: CaseResult, follow_up: FollowUp | None) -> tuple[Section, ...]:
    """Return the long tables, lettered in the order of the report, method and provenance last."""
    sections: list[Section] = []
    if result.plan is not None:
        if result.plan.choice is not None:
            sections.append(plan_section(result.plan, "Every device and model"))
        if result.plan.second_checks:
            sections.append(second_check_section(result.plan.second_checks))
    if result.verification is not None:
        sections.append(verification_section(result.verification))
    if follow_up is not None:
        sections += timeline_sections(follow_up)
    sections.append(method_section(result))
    return tuple(
        replace(one, title=f"Appendix {letter}: {one.title[:1].lower()}{one.title[1:]}")
        for letter, one in zip(ascii_uppercase, sections, strict=False)
    )


def _sessions(result: CaseResult) -> tuple[Section, ...]:
    """Return the sums over sessions, where there are earlier ones."""
    planned = None if result.plan is None else result.plan.cumulative
    measured = None if result.verification is None else result.verification.cumulative
    if worth_showing(planned) or worth_showing(measured):
        return (sessions_section(planned, measured),)
    return ()


def _title(result: CaseResult, *, followed_up: bool) -> str:
    if result.verification is not None and result.plan is not None:
        return "Radioembolization: plan and measured dose"
    if result.verification is not None:
        return "Radioembolization: measured dose"
    if result.plan is not None:
        return "Radioembolization: plan"
    if result.workup is not None:
        return "Radioembolization: work-up"
    return "Radioembolization: follow-up" if followed_up else "Radioembolization: selection"
