"""The patient record that a case's clinical blocks make."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opensirt.domain.case import Case
from opensirt.domain.eligibility import Override
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import (
    Disease,
    EarlierTreatment,
    HepatobiliaryScan,
    PatientRecord,
    PerformanceStatus,
    TreatmentKind,
    TumourType,
)

if TYPE_CHECKING:
    from opensirt.files.clinical_blocks import ClinicalBlocks

_MAKES_A_RECORD = ("disease", "labs", "prior_treatments")


def has_clinical_blocks(case: Case) -> bool:
    """Whether a case says anything of disease, laboratory or earlier treatments."""
    return any(case.other_blocks.get(name) for name in _MAKES_A_RECORD)


def patient_record(case: Case) -> PatientRecord:
    """Return what a case says of its patient; what it does not say is a `Missing`.

    Raises
    ------
    InputError
        When a block has an unknown key, or a value that cannot be.
    ConfirmationError
        When a laboratory value looks as if its unit were wrong and nobody confirmed it.
    """
    blocks = _blocks(case)
    said = blocks.disease
    functioning: bool | Missing = Missing.NOT_RECORDED
    if said.functioning_syndrome is not None:
        functioning = said.functioning_syndrome != "none"
    entered: dict[str, float | bool | str | Missing] = dict(said.facts)
    performance: tuple[PerformanceStatus, ...] = ()
    if said.ecog_performance_status is not None:
        if said.ecog_on is None:
            entered.setdefault("ecog", float(said.ecog_performance_status))
        else:
            performance = (PerformanceStatus(said.ecog_performance_status, said.ecog_on),)
    return PatientRecord(
        key=case.key,
        disease=Disease(
            tumour_type=Missing.NOT_RECORDED
            if said.tumour_type is None
            else TumourType(said.tumour_type),
            primary_site=_or_missing(said.primary_site),
            well_differentiated=_is(said.differentiation, "well differentiated"),
            net_grade=_or_missing(said.grade),
            ki67_fraction=_or_missing(said.ki67_fraction),
            ki67_site=_or_missing(said.ki67_site),
            ki67_method=_or_missing(said.ki67_method),
            ki67_on=_or_missing(said.ki67_on),
            mitoses_per_2_mm2=_or_missing(said.mitoses_per_2_mm2),
            functioning_syndrome=functioning,
            sstr_positive=_is(said.sstr_status, "positive"),
            fdg_positive=_is(said.fdg_status, "positive"),
            progressive=_or_missing(said.progressive),
            symptomatic=_or_missing(said.symptomatic),
            tumour_burden_fraction=_or_missing(said.tumour_burden_fraction),
            liver_volume_ml=_or_missing(said.liver_volume_ml),
            extrahepatic_disease=_or_missing(said.extrahepatic_disease),
            extrahepatic_sites=tuple(said.extrahepatic_sites),
            liver_distribution=_or_missing(said.liver_distribution),
        ),
        treatments=tuple(
            EarlierTreatment(
                kind=TreatmentKind(one.kind),
                first_on=_or_missing(one.started_on),
                last_on=_or_missing(one.ended_on),
                ongoing=_or_missing(one.ongoing),
                planned=one.planned,
                cycles=_or_missing(one.cycles),
                activity_gbq=_or_missing(one.activity_gbq),
                text=one.name or "",
            )
            for one in blocks.prior_treatments
        ),
        treatments_complete=_or_missing(said.prior_treatments_complete),
        laboratory=tuple(
            LabValue(
                analyte=Analyte(one.analyte),
                value=one.value,
                unit=one.unit,
                on=one.on,
                lower_limit=_or_missing(one.lower_limit),
                upper_limit=_or_missing(one.upper_limit),
                assay=one.assay or "",
                confirmations=case.confirmations,
            )
            for one in blocks.labs
        ),
        performance=performance,
        hepatobiliary_scans=tuple(
            HepatobiliaryScan(
                on=one.on,
                function_percent_per_min=_or_missing(one.function_percent_per_min),
                remnant_function_percent_per_min=_or_missing(one.remnant_function_percent_per_min),
                body_surface_area_m2=_or_missing(one.body_surface_area_m2),
            )
            for one in blocks.hepatobiliary_scans
        ),
        entered=entered,
    )


def overrides(case: Case) -> tuple[Override, ...]:
    """Return the overrides that a case states."""
    return tuple(
        Override(rule=one.rule, by=tuple(one.by), reason=one.reason, on=one.on)
        for one in _blocks(case).overrides
    )


def example_findings(case: Case) -> tuple[Finding, ...]:
    """Say when clinical facts are invented for an example."""
    blocks = _blocks(case)
    lists = (
        blocks.labs,
        blocks.prior_treatments,
        blocks.symptoms,
        blocks.hepatobiliary_scans,
    )
    if not (blocks.disease.example or any(one.example for some in lists for one in some)):
        return ()
    text = "clinical facts of this case are examples, marked so in case.toml: of no person"
    return (Finding(Severity.NOTE, "example_clinical_facts", text),)


def stated_tumour_type(case: Case) -> str | Missing:
    """Return what kind of tumour a case states, as in the case file."""
    if "disease" not in case.other_blocks:
        return Missing.NOT_RECORDED
    stated: str | Missing = _or_missing(_blocks(case).disease.tumour_type)
    return stated


def _blocks(case: Case) -> "ClinicalBlocks":
    from pathlib import Path

    from opensirt.files.case_file import CASE_FILE_NAME, CLINICAL_BLOCKS
    from opensirt.files.clinical_blocks import ClinicalBlocks
    from opensirt.files.toml_document import validated

    stated: Mapping[str, Any] = {
        name: case.other_blocks[name] for name in CLINICAL_BLOCKS if name in case.other_blocks
    }
    return validated(ClinicalBlocks, stated, Path(CASE_FILE_NAME))


def _or_missing(value: Any) -> Any:  # noqa: ANN401 - any value or its absence
    return Missing.NOT_RECORDED if value is None else value


def _is(value: str | None, word: str) -> bool | Missing:
    return Missing.NOT_RECORDED if value is None else value == word
