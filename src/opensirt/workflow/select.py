"""Selection: rules, liver function, checklist and considerations of one patient on one day."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import TypeVar

from opensirt.clinical.eligibility import Profile, assess_eligibility
from opensirt.clinical.eligibility import profile as profile_named
from opensirt.clinical.laboratory_facts import examine_laboratory, latest_value
from opensirt.clinical.liver_function.child_pugh import Ascites, Encephalopathy
from opensirt.clinical.liver_function.meld import Sex
from opensirt.clinical.liver_function.panel import PanelInputs, score_panel
from opensirt.clinical.record_facts import RecordFacts, record_facts
from opensirt.clinical.statement import checklist, considerations
from opensirt.domain.case import Case
from opensirt.domain.eligibility import Eligibility, Override, RuleKind, RuleResult
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.laboratory import Analyte
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import PatientRecord
from opensirt.domain.record import Number, Plan, Workup
from opensirt.domain.score import Score
from opensirt.domain.selection import Selection
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError
from opensirt.provenance import Provenance

GENERAL = "general"
"""Profile that is asked when none is named."""

WordT = TypeVar("WordT", bound=Enum)


def select(
    case: Case,
    record: PatientRecord,
    site: SiteProfile,
    *,
    workup: Workup | None,
    plan: Plan | None,
    on: date,
    made_at: datetime,
    software: Mapping[str, str],
    profile: str = GENERAL,
    device: str | None = None,
    overrides: Sequence[Override] = (),
) -> Selection:
    """Return what speaks for and against treatment on one day; nothing is chosen.

    Rules, liver function, checklist and considerations are asked with the facts of the record
    and, where there are any, of the work-up and of the prescribed plan. What is not known stays
    unknown; an assumed lung shunt counts as not known.

    Parameters
    ----------
    on
        Day of the decision: later values do not count.
    profile
        Rules to ask, by name.
    device
        Device to ask about; None takes the profile's, then the prescription's, else all.
    overrides
        Named people's decisions; those of rules that are not asked here are named in a note.

    Raises
    ------
    InputError
        When a fact has an impossible value, the profile is of another device, or a rule that
        did not fail is overridden.
    UnknownNameError
        When there is no such profile, device or fact.
    RuleError
        When an absolute contraindication is overridden by fewer than two people.
    """
    asked = profile_named(profile)
    chosen = _device(asked, device, case)
    facts, found = record_facts(record, on=on, oldest_laboratory_days=None)
    measured, more = _of_work_up(case, workup, plan, device=chosen)
    for name, value in measured.items():
        stated = facts.get(name, Missing.NOT_RECORDED)
        if isinstance(stated, Missing):
            facts[name] = value
        elif stated != value:
            more.append(_twice(name, stated, value))
    rules = {one.id for one in asked.rules if not (chosen and one.device and one.device != chosen)}
    eligibility = assess_eligibility(
        facts, asked, device=chosen, overrides=[one for one in overrides if one.rule in rules]
    )
    return Selection(
        on=on,
        device=chosen,
        disease=record.disease,
        eligibility=eligibility,
        scores=_scores(case, record, facts, on),
        checklist=checklist(facts),
        considerations=considerations(facts),
        facts=facts,
        findings=(
            *found,
            *more,
            *(finding for value in record.laboratory for finding in value.findings()),
            *examine_laboratory(record.laboratory, today=made_at.date()),
            *(_not_asked(one, asked) for one in overrides if one.rule not in rules),
            *_findings(eligibility),
        ),
        provenance=Provenance(
            method="select",
            made_at=made_at,
            inputs=case.inputs,
            parameters={"day": on.isoformat(), "profile": asked.name, "device": chosen or "any"},
            reference_data={
                "site profile": f"{site.name} (sha256 {site.sha256 or 'not stated'})",
            },
            software=software,
        ),
    )


def _device(asked: Profile, device: str | None, case: Case) -> str:
    if device and asked.device and device != asked.device:
        raise InputError(
            f"profile {asked.name} is for {asked.device}, and {device} is asked about; name "
            "another profile, or leave the device out"
        )
    if device is None and not asked.device and case.prescription is not None:
        return case.prescription.device
    return device or asked.device


def _of_work_up(
    case: Case, workup: Workup | None, plan: Plan | None, *, device: str
) -> tuple[RecordFacts, list[Finding]]:
    """Return what scout and plan add; a fact that rests on an assumed shunt is not known."""
    facts: RecordFacts = {}
    found: list[Finding] = []
    shunt: Number = case.work_up.lung_shunt_fraction
    assumed = "lung_shunt_fraction" in case.work_up.assumed
    if workup is not None:
        shunt, assumed = workup.lung_shunt.fraction, workup.lung_shunt.assumed
        facts["liver_volume_ml"] = workup.liver_volume_ml
        facts["tumour_burden_fraction"] = workup.tumour_volume_ml / workup.liver_volume_ml
    if assumed and not isinstance(shunt, Missing):
        text = "the lung shunt is assumed, not measured: rules that ask for it are unknown"
        found.append(Finding(Severity.WARN, "lung_shunt_assumed", text, shunt))
        return facts, found
    if not isinstance(shunt, Missing):
        facts["lung_shunt_fraction"] = shunt
    row = None if plan is None else plan.chosen
    if row is not None and row.device == device and not isinstance(row.lung_gy, Missing):
        facts["lung_dose_gy"] = row.lung_gy
    return facts, found


def _twice(name: str, stated: object, measured: object) -> Finding:
    text = (
        f"{name} is stated as {_short(stated)} and measured as {_short(measured)}; used as stated"
    )
    return Finding(Severity.NOTE, "fact_stated_and_measured", text)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _scores(case: Case, record: PatientRecord, facts: RecordFacts, on: date) -> tuple[Score, ...]:
    def inside(analyte: Analyte) -> Number:
        value = latest_value(record.laboratory, analyte, on=on)
        return value if isinstance(value, Missing) else value.inside

    ast = latest_value(record.laboratory, Analyte.AST, on=on)
    age, dialysis = facts.get("age_years"), facts.get("dialysis")
    years: Number = age if isinstance(age, float | Missing) else Missing.NOT_RECORDED
    on_dialysis = dialysis if isinstance(dialysis, bool) else Missing.NOT_RECORDED
    sex = case.patient.sex
    return score_panel(
        PanelInputs(
            bilirubin_umol_per_l=inside(Analyte.BILIRUBIN),
            albumin_g_per_l=inside(Analyte.ALBUMIN),
            inr=inside(Analyte.INR),
            creatinine_umol_per_l=inside(Analyte.CREATININE),
            sodium_mmol_per_l=inside(Analyte.SODIUM),
            ast_u_per_l=inside(Analyte.AST),
            ast_upper_limit_u_per_l=ast if isinstance(ast, Missing) else ast.upper_limit_inside,
            alt_u_per_l=inside(Analyte.ALT),
            platelets_1e9_per_l=inside(Analyte.PLATELETS),
            ascites=_word(Ascites, facts.get("ascites")),
            encephalopathy=_word(Encephalopathy, facts.get("encephalopathy")),
            dialysis=on_dialysis,
            sex=Sex(sex) if sex in {"female", "male"} else Missing.NOT_RECORDED,
            age_years=years,
        )
    )


def _word(kind: type[WordT], value: object) -> WordT | Missing:
    return kind[value.upper()] if isinstance(value, str) else Missing.NOT_RECORDED


def _not_asked(one: Override, asked: Profile) -> Finding:
    text = f"the override of {one.rule} has no effect: profile {asked.name} does not ask that rule"
    return Finding(Severity.NOTE, "override_without_rule", text)


def _findings(eligibility: Eligibility) -> tuple[Finding, ...]:
    """Return a stop for absolute contraindications, warnings for others, a note for the open."""
    found = []
    for one in (*eligibility.blocking, *eligibility.to_discuss):
        absolute = one.kind is RuleKind.ABSOLUTE
        found.append(
            Finding(
                Severity.STOP if absolute else Severity.WARN,
                "eligibility",
                _failed(one),
                one.id,
                source=one.citation.source,
                verified=one.verified,
            )
        )
    for one in eligibility.results:
        if one.override is not None:
            text = (
                f"{_failed(one)}; overridden by {' and '.join(one.override.by)} on "
                f"{one.override.on.isoformat()}: {one.override.reason}"
            )
            found.append(
                Finding(
                    Severity.WARN,
                    "eligibility_overridden",
                    text,
                    one.id,
                    source=one.citation.source,
                    verified=one.verified,
                )
            )
    n_undecided = len(eligibility.undecided)
    if n_undecided:
        text = (
            f"{n_undecided} of {len(eligibility.results)} eligibility rules of profile "
            f"{eligibility.profile} are unknown for want of facts; unknown is never pass"
        )
        found.append(Finding(Severity.NOTE, "eligibility_unknown", text, float(n_undecided)))
    return tuple(found)


_KIND_WORDS = {
    RuleKind.INDICATION: "indication not met",
    RuleKind.ABSOLUTE: "absolute contraindication",
    RuleKind.RELATIVE: "relative contraindication",
    RuleKind.INFORMATIVE: "to know",
    RuleKind.TRIAL: "trial criterion not met",
}


def _failed(one: RuleResult) -> str:
    return f"eligibility rule {one.id}, {_KIND_WORDS[one.kind]}: {one.title}"
