"""The whole report as one document, ready to be written as HTML and PDF."""

from opensirt.clinical.follow_up_record import FollowUp
from opensirt.domain.case import Case
from opensirt.domain.record import CaseResult, Plan
from opensirt.report.content import Document, Section
from opensirt.report.sections.chosen import planned_dose
from opensirt.report.sections.dose import dose_section
from opensirt.report.sections.effects import effects_table
from opensirt.report.sections.findings import findings_section
from opensirt.report.sections.follow_up import follow_up_sections
from opensirt.report.sections.key_results import key_results_section
from opensirt.report.sections.method import method_section
from opensirt.report.sections.optimise import optimise_section
from opensirt.report.sections.pictures import pictures_section
from opensirt.report.sections.plan import plan_section
from opensirt.report.sections.second_check import second_check_section
from opensirt.report.sections.selection import selection_section
from opensirt.report.sections.sessions import sessions_section, worth_showing
from opensirt.report.sections.truth import truth_section
from opensirt.report.sections.verification import energy_table, verification_section
from opensirt.report.sections.work_up import work_up_section
from opensirt.report.wording import RESEARCH_USE


def report_document(
    case: Case, result: CaseResult, *, follow_up: FollowUp | None = None
) -> Document:
    """Return the report of a run: findings first, method and provenance last."""
    sections = [findings_section(result.findings), key_results_section(result)]
    pictures = pictures_section(case, result)
    if pictures is not None:
        sections.append(pictures)
    if result.plan is not None:
        sections += _plan(result.plan)
    sections += _sessions(result)
    if result.verification is not None:
        measured = result.verification.primary_result
        sections.append(dose_section(measured, "Measured dose"))
    planned = planned_dose(result.plan)
    if planned is not None:
        section = dose_section(planned, "Planned dose")
        energy = energy_table((planned,))
        effects = (
            []
            if result.plan is None or not result.plan.effects
            else [effects_table(result.plan.effects, "What the planned dose may do")]
        )
        sections.append(Section(section.title, (*section.blocks, *effects, energy), wide=True))
    if result.verification is not None:
        sections.append(verification_section(result.verification))
    if result.truth:
        sections.append(truth_section(result.truth))
    if result.workup is not None:
        sections.append(work_up_section(result.workup))
    if result.selection is not None:
        sections.append(selection_section(result.selection))
    if follow_up is not None:
        sections += follow_up_sections(follow_up)
    sections.append(method_section(result))
    return Document(
        title=_title(result, followed_up=follow_up is not None),
        case_key=result.case_key,
        research_use=RESEARCH_USE,
        made_at=result.provenance.made_at.isoformat(timespec="minutes"),
        software=f"OpenSIRT {result.provenance.software.get('opensirt', 'of unknown version')}",
        sections=tuple(sections),
    )


def _plan(plan: Plan) -> tuple[Section, ...]:
    """Return the plan tables, the optimised activities and the second check."""
    made = [plan_section(plan)]
    if plan.optimised:
        made.append(optimise_section(plan.optimised))
    if plan.second_checks:
        made.append(second_check_section(plan.second_checks))
    return tuple(made)


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
