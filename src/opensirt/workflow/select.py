"""Selection: rules, liver function, checklist and considerations of one patient on one day."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from opensirt.clinical.eligibility import Profile, assess_eligibility, profile_of
from opensirt.clinical.eligibility import profile as profile_named
from opensirt.clinical.laboratory_facts import (
    examine_laboratory,
    inr_under_anticoagulation,
    latest_value,
)
from opensirt.clinical.liver_function.meld import Sex
from opensirt.clinical.liver_function.panel import panel_inputs, score_panel
from opensirt.clinical.liver_function.remnant import (
    future_liver_remnant_fraction,
    hepatobiliary_function,
)
from opensirt.clinical.predicate.facts import Value
from opensirt.clinical.record_facts import RecordFacts, record_facts
from opensirt.clinical.statement import checklist, considerations
from opensirt.domain.case import Case
from opensirt.domain.citation import Citation, Status
from opensirt.domain.eligibility import Eligibility, Override, RuleKind, RuleResult
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import PatientRecord
from opensirt.domain.record import Number, Plan, Workup
from opensirt.domain.score import Score
from opensirt.domain.selection import Selection
from opensirt.domain.site import SiteProfile
from opensirt.domain.statement import ChecklistItem
from opensirt.domain.structure import Mask, StructureKind
from opensirt.errors import InputError
from opensirt.imaging.mask_algebra import union, without
from opensirt.physics.analytic import body_surface_area_m2
from opensirt.provenance import Provenance

GENERAL = "general"
"""Profile that is asked when none is named, and the site has none of its own."""

SITE_OWN = "site"
"""Name of a site's own profile."""


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
    profile: str | None = None,
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
        Rules to ask, by name; ``site`` is the site's own. None takes the site's own where it has
        one, else ``general``.
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
    asked = _asked(profile, site)
    chosen = _device(asked, device, case)
    facts, found = record_facts(
        record, on=on, oldest_laboratory_days=site.clinical.oldest_laboratory_days
    )
    measured, more = _of_work_up(case, workup, plan, device=chosen)
    for name, value in measured.items():
        stated = facts.get(name, Missing.NOT_RECORDED)
        if isinstance(stated, Missing):
            facts[name] = value
        elif stated != value:
            more.append(_twice(name, stated, value))
    hepatobiliary = _hepatobiliary(record, case, on)
    rules = {one.id for one in asked.rules if not (chosen and one.device and one.device != chosen)}
    eligibility = assess_eligibility(
        facts, asked, device=chosen, overrides=[one for one in overrides if one.rule in rules]
    )
    return Selection(
        on=on,
        device=chosen,
        disease=record.disease,
        eligibility=eligibility,
        scores=(*_scores(case, record, facts, on), *hepatobiliary, *_remnants(workup)),
        checklist=site_checklist(facts, site),
        considerations=considerations(facts),
        facts=facts,
        findings=(
            *found,
            *more,
            *(finding for value in record.laboratory for finding in value.findings()),
            *examine_laboratory(record.laboratory, today=made_at.date()),
            *inr_under_anticoagulation(
                facts.get("anticoagulated"),
                inr_known=not isinstance(facts.get("inr", Missing.NOT_RECORDED), Missing),
            ),
            *(finding for one in hepatobiliary for finding in one.findings),
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


def _asked(name: str | None, site: SiteProfile) -> Profile:
    """Return the profile of a name; without one the site's own, else the general one."""
    own = site.clinical.eligibility
    if name == SITE_OWN and own is None:
        raise InputError(
            f"site {site.name} has no eligibility profile of its own; add [eligibility] to "
            "site.toml, or name another profile"
        )
    if own is not None and name in {None, SITE_OWN}:
        return profile_of(SITE_OWN, own, site.clinical.own_rules)
    return profile_named(name or GENERAL)


def site_checklist(
    facts: Mapping[str, Value | Missing], site: SiteProfile
) -> tuple[ChecklistItem, ...]:
    """Return the items that ship and the site's own, with whether each concerns the patient."""
    return (*checklist(facts), *checklist(facts, items=site.clinical.checklist))


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
    else:
        facts |= _outlined(case)
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


def _outlined(case: Case) -> RecordFacts:
    """Return volume and burden of the outlined liver, without gallbladder, where it is one."""
    livers = case.structures.of_kind(StructureKind.LIVER)
    if len(livers) != 1:
        return {}
    frame = livers[0].mask.grid.frame_of_reference_uid

    def masks(kind: StructureKind) -> list[Mask]:
        return [
            one.mask
            for one in case.structures.of_kind(kind)
            if one.mask.grid.frame_of_reference_uid == frame
        ]

    liver_ml = without(livers[0].mask, masks(StructureKind.GALLBLADDER)).volume_ml
    facts: RecordFacts = {"liver_volume_ml": liver_ml}
    tumours = masks(StructureKind.TUMOUR)
    if tumours:
        tumour_ml = union(tumours).volume_ml
        facts["tumour_burden_fraction"] = tumour_ml / liver_ml
    return facts


def _twice(name: str, stated: object, measured: object) -> Finding:
    text = (
        f"{name} is stated as {_short(stated)} and measured as {_short(measured)}; used as stated"
    )
    return Finding(Severity.NOTE, "fact_stated_and_measured", text)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _scores(case: Case, record: PatientRecord, facts: RecordFacts, on: date) -> tuple[Score, ...]:
    age, dialysis = facts.get("age_years"), facts.get("dialysis")
    sex = case.patient.sex
    return score_panel(
        panel_inputs(
            lambda analyte: latest_value(record.laboratory, analyte, on=on),
            ascites=facts.get("ascites"),
            encephalopathy=facts.get("encephalopathy"),
            dialysis=dialysis if isinstance(dialysis, bool) else Missing.NOT_RECORDED,
            sex=Sex(sex) if sex in {"female", "male"} else Missing.NOT_RECORDED,
            age_years=age if isinstance(age, float | Missing) else Missing.NOT_RECORDED,
        )
    )


def _hepatobiliary(record: PatientRecord, case: Case, on: date) -> tuple[Score, ...]:
    """Return hepatobiliary function of the latest scan: of the liver, and of the remnant."""
    scans = [one for one in record.hepatobiliary_scans if one.on <= on]
    if not scans:
        return ()
    scan = max(scans, key=lambda one: one.on)
    surface = scan.body_surface_area_m2
    height, weight = case.patient.height_cm, case.patient.weight_kg
    if (
        isinstance(surface, Missing)
        and not isinstance(height, Missing)
        and not isinstance(weight, Missing)
    ):
        surface = body_surface_area_m2(height, weight)
    made = []
    for remnant, rate in (
        (False, scan.function_percent_per_min),
        (True, scan.remnant_function_percent_per_min),
    ):
        made.append(
            hepatobiliary_function(
                function_percent_per_min=rate, body_surface_area_m2=surface, remnant=remnant
            )
        )
    return tuple(made)


def _remnants(workup: Workup | None) -> tuple[Score, ...]:
    """Return the normal liver that is spared when one territory alone is treated."""
    if workup is None:
        return ()
    whole = workup.normal_liver_volume_ml
    return tuple(
        Score(
            name=f"future remnant, {one.name} treated",
            variant="spared normal liver over normal liver",
            unit="1",
            value=future_liver_remnant_fraction(
                spared_normal_liver_ml=max(0.0, whole - one.perfused_normal_volume_ml),
                whole_normal_liver_ml=whole,
            ),
            citation=Citation("spared over whole normal liver of the outlines", Status.COMPUTED),
        )
        for one in workup.territories
    )


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
