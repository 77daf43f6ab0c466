"""A patient record as the text of a case.toml."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from opensirt.domain.lesion import ImagingVisit, Lesion, Sight
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import Disease, FdgScan, HepatobiliaryScan, PatientRecord

Tables = dict[str, Any]


def case_tables(record: PatientRecord, treated_on: date | None) -> Tables:
    """Return the tables of a case file that hold a record; what is missing is left out."""
    follow_up = _known(
        assumed=list(record.assumed) or None,
        treated_on=treated_on,
        birth_year=record.birth_year,
        performance=[{"ecog": one.ecog, "on": one.on} for one in record.performance] or None,
        lesions=[_lesion(one) for one in record.lesions] or None,
        visits=[_visit(one) for one in record.imaging] or None,
        fdg_scans=[_fields(one) for one in record.fdg_scans] or None,
    )
    if not isinstance(record.vital_status, Missing):
        status = record.vital_status
        follow_up["vital_status"] = {"state": status.state.value, "on": status.on}
    return {
        "schema": "opensirt/case/1",
        "key": record.key,
        **_known(
            disease=_disease(record) or None,
            labs=[
                _known(
                    analyte=one.analyte.value,
                    value=one.value,
                    unit=one.unit,
                    on=one.on,
                    lower_limit=one.lower_limit,
                    upper_limit=one.upper_limit,
                    assay=one.assay or None,
                )
                for one in record.laboratory
            ]
            or None,
            prior_treatments=[
                _known(
                    kind=one.kind.value,
                    name=one.text or None,
                    started_on=one.first_on,
                    ended_on=one.last_on,
                    ongoing=one.ongoing,
                    planned=one.planned or None,
                    cycles=one.cycles,
                    activity_gbq=one.activity_gbq,
                )
                for one in record.treatments
            ]
            or None,
            hepatobiliary_scans=[_fields(one) for one in record.hepatobiliary_scans] or None,
            symptoms=[
                _known(
                    name=one.name,
                    on=one.on,
                    per_day=one.per_day,
                    ctcae_grade=one.ctcae_grade,
                )
                for one in record.symptoms
            ]
            or None,
            adverse_events=[
                _known(
                    term=one.term,
                    version=one.version.value,
                    grade=one.grade,
                    on=one.on,
                    until=one.until,
                    treatment=one.treatment,
                    text=one.text or None,
                )
                for one in record.adverse_events
            ]
            or None,
            quality_of_life=[
                {
                    "questionnaire": one.questionnaire,
                    "on": one.on,
                    "answers": {
                        str(item): answer
                        for item, answer in one.answers.items()
                        if not isinstance(answer, Missing)
                    },
                }
                for one in record.forms
            ]
            or None,
            follow_up=follow_up or None,
        ),
    }


def _known(**given: object) -> Tables:
    return {
        name: value
        for name, value in given.items()
        if value is not None and not isinstance(value, Missing)
    }


def _fields(one: FdgScan | HepatobiliaryScan) -> Tables:
    """Return a scan, whose fields a case file calls by the same names."""
    return _known(**{item.name: getattr(one, item.name) for item in fields(one)})


def _disease(record: PatientRecord) -> Tables:
    said: Disease = record.disease
    tumour, functioning = said.tumour_type, said.functioning_syndrome
    found = _known(
        tumour_type=tumour if isinstance(tumour, Missing) else tumour.value,
        primary_site=said.primary_site,
        grade=said.net_grade,
        differentiation=_either(
            said.well_differentiated, "well differentiated", "poorly differentiated"
        ),
        ki67_fraction=said.ki67_fraction,
        ki67_site=said.ki67_site,
        ki67_method=said.ki67_method,
        ki67_on=said.ki67_on,
        mitoses_per_2_mm2=said.mitoses_per_2_mm2,
        functioning_syndrome=_either(functioning, "not named", "none"),
        sstr_status=_either(said.sstr_positive, "positive", "negative"),
        fdg_status=_either(said.fdg_positive, "positive", "negative"),
        progressive=said.progressive,
        symptomatic=said.symptomatic,
        tumour_burden_fraction=said.tumour_burden_fraction,
        liver_volume_ml=said.liver_volume_ml,
        extrahepatic_disease=said.extrahepatic_disease,
        extrahepatic_sites=list(said.extrahepatic_sites) or None,
        liver_distribution=said.liver_distribution,
        prior_treatments_complete=record.treatments_complete,
    )
    facts = _known(**dict(record.entered))
    if facts:
        found["facts"] = facts
    return found


def _either(flag: bool | Missing, yes: str, no: str) -> str | Missing:  # noqa: FBT001 - private
    if isinstance(flag, Missing):
        return flag
    return yes if flag else no


def _lesion(one: Lesion) -> Tables:
    return _known(
        id=one.id,
        organ=one.organ,
        role=one.role.value,
        kind=one.kind.value,
        modality=one.modality.value,
        slice_thickness_mm=one.slice_thickness_mm,
        longest_diameter_mm=one.longest_diameter_mm,
        short_axis_mm=one.short_axis_mm,
        in_treated_area=one.in_treated_area,
        progression_in_treated_area=one.progression_in_treated_area,
    )


def _visit(one: ImagingVisit) -> Tables:
    new = one.new_lesions
    return _known(
        on=one.on,
        **{item.name: getattr(one.liver, item.name) for item in fields(one.liver)},
        sights=[_sight(name, sight) for name, sight in one.sights.items()],
        non_target_states={name: state.value for name, state in one.non_target_states.items()}
        or None,
        non_target=None if one.non_target is None else one.non_target.value,
        markers_normal=one.markers_normal,
        new_lesions=new
        if isinstance(new, Missing)
        else [{"id": n.id, "organ": n.organ, "equivocal": n.equivocal} for n in new],
    )


def _sight(name: str, one: Sight) -> Tables:
    return _known(
        lesion=name,
        state=one.state.value,
        longest_diameter_mm=one.longest_diameter_mm,
        perpendicular_mm=one.perpendicular_mm,
        short_axis_mm=one.short_axis_mm,
        viable_diameter_mm=one.viable_diameter_mm,
        viable_perpendicular_mm=one.viable_perpendicular_mm,
        volume_ml=one.volume_ml,
        attenuation_hu=one.attenuation_hu,
        pieces_mm=list(one.pieces_mm) or None,
        merged_into=one.merged_into,
    )


def case_text(tables: Mapping[str, Any]) -> str:
    """Return tables as TOML."""
    import tomli_w

    return tomli_w.dumps(tables)
