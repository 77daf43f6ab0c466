"""From a patient record to the facts that rules ask for, on one day."""

import re
from collections.abc import Sequence
from datetime import date

from opensirt.clinical.age import age_years
from opensirt.clinical.laboratory_facts import laboratory_facts_on
from opensirt.clinical.neuroendocrine import neuroendocrine_grade
from opensirt.clinical.predicate import check_facts
from opensirt.clinical.predicate.facts import Value
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import (
    Disease,
    EarlierTreatment,
    PatientRecord,
    TreatmentKind,
    TumourType,
)
from opensirt.reference.table import read_table

_DAYS_PER_WEEK = 7.0

_SYSTEMIC = frozenset(
    {
        TreatmentKind.EVEROLIMUS,
        TreatmentKind.SUNITINIB,
        TreatmentKind.CAPTEM,
        TreatmentKind.CAPECITABINE,
        TreatmentKind.OTHER_CHEMOTHERAPY,
        TreatmentKind.IMMUNOTHERAPY,
        TreatmentKind.BEVACIZUMAB,
        TreatmentKind.AFLIBERCEPT,
    }
)
_LIVER_DIRECTED = frozenset(
    {
        TreatmentKind.BLAND_EMBOLIZATION,
        TreatmentKind.CHEMOEMBOLIZATION,
        TreatmentKind.DRUG_ELUTING_BEADS,
        TreatmentKind.RADIOEMBOLIZATION,
        TreatmentKind.EXTERNAL_BEAM_LIVER,
    }
)
ANTICANCER = (
    _SYSTEMIC
    | _LIVER_DIRECTED
    | {TreatmentKind.PRRT, TreatmentKind.LIVER_RESECTION, TreatmentKind.ABLATION}
)
"""What ends the best response to the treatment before it; somatostatin analogues do not."""

_ANTIANGIOGENIC = frozenset({TreatmentKind.BEVACIZUMAB, TreatmentKind.AFLIBERCEPT})
_CAPECITABINE = frozenset({TreatmentKind.CAPECITABINE, TreatmentKind.CAPTEM})
_BILIARY = (
    (TreatmentKind.BILIOENTERIC_ANASTOMOSIS, "bilioenteric_anastomosis"),
    (TreatmentKind.BILIARY_STENT, "stent"),
)
"""What a list of treatments settles; that nothing else is wrong, a person has to enter."""

RecordFacts = dict[str, Value | Missing]


def record_facts(
    record: PatientRecord, *, on: date, oldest_laboratory_days: int | None
) -> tuple[RecordFacts, tuple[Finding, ...]]:
    """Return the facts of a record on one day, and findings about them.

    Facts that a person entered win over those that follow from the record. Somatostatin
    analogues do not count as systemic anticancer therapy here, nor do they set its interval.
    A list of treatments that is not complete cannot say that something was never given, nor
    that nothing was given since. Age follows from the year of birth, as the lower of the two
    ages possible; it is missing when they lie on two sides of full age.

    Raises
    ------
    InputError, UnknownNameError
        When an entered fact is none, or has an impossible value.
    """
    laboratory = laboratory_facts_on(record.laboratory, on=on, oldest_days=oldest_laboratory_days)
    facts: RecordFacts = {
        **laboratory.facts,
        **_of_disease(record.disease),
        **_of_treatments(record, on),
        "ecog": _ecog(record, on),
        "age_years": age_years(record.birth_year, on=on),
    }
    facts |= dict(record.entered)
    check_facts(facts)
    return facts, laboratory.findings


def _of_disease(disease: Disease) -> RecordFacts:
    tumour = disease.tumour_type
    return {
        "tumour_type": tumour if isinstance(tumour, Missing) else tumour.value,
        "net_grade": _net_grade(disease),
        "net_origin": _origin(disease.primary_site),
        "ki67_fraction": disease.ki67_fraction,
        "functioning_syndrome": disease.functioning_syndrome,
        "sstr_positive": disease.sstr_positive,
        "progressive": disease.progressive,
        "symptomatic": disease.symptomatic,
        "tumour_burden_fraction": disease.tumour_burden_fraction,
        "liver_volume_ml": disease.liver_volume_ml,
        "extrahepatic_disease": disease.extrahepatic_disease,
        "liver_distribution": disease.liver_distribution,
    }


def _net_grade(disease: Disease) -> str | Missing:
    if not isinstance(disease.net_grade, Missing):
        return disease.net_grade
    if isinstance(disease.tumour_type, Missing):
        return disease.tumour_type
    if disease.tumour_type is not TumourType.NEUROENDOCRINE:
        return "not_applicable"
    return neuroendocrine_grade(
        well_differentiated=disease.well_differentiated,
        mitoses_per_2_mm2=disease.mitoses_per_2_mm2,
        ki67_fraction=disease.ki67_fraction,
    ).grade


def _origin(primary_site: str | Missing) -> str | Missing:
    """Return the origin that the words of a primary site settle, missing where they do not."""
    if isinstance(primary_site, Missing):
        return primary_site
    words = read_table("clinical_facts")["origins"]
    text = f" {' '.join(re.findall(r'[a-z]+', primary_site.lower()))} "
    found = {
        origin
        for origin, known in words.items()
        if isinstance(known, list) and any(f" {one} " in text for one in known)
    }
    return found.pop() if len(found) == 1 else Missing.NOT_RECORDED


def _of_treatments(record: PatientRecord, on: date) -> RecordFacts:
    given = [
        one
        for one in record.treatments
        if not one.planned and (isinstance(one.first_on, Missing) or one.first_on <= on)
    ]
    complete = record.treatments_complete is True
    systemic = [one for one in given if one.kind in _SYSTEMIC]
    prrt = [one for one in given if one.kind is TreatmentKind.PRRT]
    weeks = _days_since(prrt, on, complete=complete)
    return {
        "systemic_therapy_ever": _ever(systemic, complete=complete),
        "days_since_systemic_therapy": _days_since(systemic, on, complete=complete),
        "antiangiogenic_active": _active(given, complete=complete),
        "capecitabine": _capecitabine(record, given, on, complete=complete),
        "prrt_before": _ever(prrt, complete=complete),
        "prrt_cycles": _total([one.cycles for one in prrt], complete=complete),
        "prrt_activity_gbq": _total([one.activity_gbq for one in prrt], complete=complete),
        "somatostatin_analogue": _analogue(given, complete=complete),
        "weeks_since_prrt": weeks if isinstance(weeks, Missing) else weeks / _DAYS_PER_WEEK,
        "radioembolization_before": _ever_kind(
            given, TreatmentKind.RADIOEMBOLIZATION, complete=complete
        ),
        "liver_external_beam": _ever_kind(
            given, TreatmentKind.EXTERNAL_BEAM_LIVER, complete=complete
        ),
        "liver_directed_therapy": _ever(
            [one for one in given if one.kind in _LIVER_DIRECTED], complete=complete
        ),
        "biliary_state": _biliary(given),
    }


def _ever(found: Sequence[EarlierTreatment], *, complete: bool) -> bool | Missing:
    if found:
        return True
    return False if complete else Missing.NOT_RECORDED


def _ever_kind(
    given: Sequence[EarlierTreatment], kind: TreatmentKind, *, complete: bool
) -> bool | Missing:
    return _ever([one for one in given if one.kind is kind], complete=complete)


def _days_since(found: Sequence[EarlierTreatment], on: date, *, complete: bool) -> float | Missing:
    """Return days since the last dose; one without a last date, or not listed, could be later."""
    if any(one.ongoing is True for one in found):
        return 0.0
    last = [one.last_on for one in found]
    known = [one for one in last if not isinstance(one, Missing)]
    if not complete or not found or len(known) < len(last):
        return Missing.NOT_RECORDED
    return float(max(0, (on - max(known)).days))


def _active(given: Sequence[EarlierTreatment], *, complete: bool) -> bool | Missing:
    ongoing = [one.ongoing for one in given if one.kind in _ANTIANGIOGENIC]
    if True in ongoing:
        return True
    return False if complete and all(one is False for one in ongoing) else Missing.NOT_RECORDED


def _capecitabine(
    record: PatientRecord, given: Sequence[EarlierTreatment], on: date, *, complete: bool
) -> str | Missing:
    found = [one for one in given if one.kind in _CAPECITABINE]
    two_months_days = read_table("clinical_facts")["conversions"]["two_months_days"]
    if any(one.ongoing is True for one in found) or any(
        not isinstance(one.last_on, Missing) and (on - one.last_on).days <= two_months_days
        for one in found
    ):
        return "within_2_months"
    if any(one.planned and one.kind in _CAPECITABINE for one in record.treatments):
        return "planned_after"
    if not complete or any(isinstance(one.last_on, Missing) for one in found):
        return Missing.NOT_RECORDED
    return "over_2_months_ago" if found else "never"


def _total(parts: Sequence[float | Missing], *, complete: bool) -> float | Missing:
    """Return the sum of what each treatment states; one that states nothing leaves it open."""
    known = [one for one in parts if not isinstance(one, Missing)]
    if not complete or len(known) < len(parts):
        return Missing.NOT_RECORDED
    return float(sum(known))


def _analogue(given: Sequence[EarlierTreatment], *, complete: bool) -> str | Missing:
    found = [one.ongoing for one in given if one.kind is TreatmentKind.SOMATOSTATIN_ANALOGUE]
    if True in found:
        return "ongoing"
    if not complete or any(isinstance(one, Missing) for one in found):
        return Missing.NOT_RECORDED
    return "earlier" if found else "never"


def _biliary(given: Sequence[EarlierTreatment]) -> str | Missing:
    kinds = {one.kind for one in given}
    return next((name for kind, name in _BILIARY if kind in kinds), Missing.NOT_RECORDED)


def _ecog(record: PatientRecord, on: date) -> float | Missing:
    before = [one for one in record.performance if one.on <= on]
    if not before:
        return Missing.NOT_RECORDED
    return float(max(before, key=lambda one: one.on).ecog)
