"""The follow-up blocks of a case as domain values."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from opensirt.app.case_record import patient_record
from opensirt.clinical.biomarker import MarkerDefinition
from opensirt.clinical.follow_up_record import (
    FollowUpCourse,
    LesionDose,
    LiverToxicityAnswers,
)
from opensirt.clinical.liver_function.meld import Sex
from opensirt.clinical.quality_of_life import questionnaire_of
from opensirt.clinical.response.criterion import criterion_of
from opensirt.clinical.response.percist import percist_limits_of
from opensirt.domain.adverse_event import AdverseEvent
from opensirt.domain.case import Case
from opensirt.domain.citation import Citation, Status
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.laboratory import Analyte
from opensirt.domain.lesion import (
    ImagingVisit,
    Lesion,
    LesionKind,
    LesionRole,
    LiverView,
    Modality,
    NewLesion,
    NonTargetState,
    Sight,
    SightState,
)
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import (
    ClinicalState,
    DatedSymptom,
    FdgScan,
    FilledForm,
    HepatobiliaryScan,
    PatientRecord,
    PerformanceStatus,
    VitalState,
    VitalStatus,
)
from opensirt.domain.response import ResponseCategory
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError, MissingInputError
from opensirt.workflow.measure_visits import with_measured_visits

if TYPE_CHECKING:
    from opensirt.files.follow_up_blocks import FollowUpBlock, FollowUpBlocks, VisitBlock

_BLOCKS = ("follow_up", "adverse_events", "quality_of_life")


def has_follow_up(case: Case) -> bool:
    """Whether a case says anything of what came after treatment."""
    return any(case.other_blocks.get(name) for name in _BLOCKS)


def follow_up_of(
    case: Case,
    doses: Mapping[str, LesionDose] = MappingProxyType({}),
    site: SiteProfile | None = None,
) -> tuple[PatientRecord, FollowUpCourse, tuple[Finding, ...]]:
    """Return the patient record of a case, the course to follow up, and what reading them says.

    `doses` maps the label of a structure to the dose that it got. Sizes are measured from the
    outlines of the visits where the case has them; questionnaires of the site come before those
    that ship.

    Raises
    ------
    MissingInputError
        When neither block nor administration states the day of treatment.
    InputError
        When they contradict each other, or a block has a value that cannot be.
    """
    blocks = _blocks(case)
    said = blocks.follow_up
    record = patient_record(case)
    performance = {
        *record.performance,
        *(PerformanceStatus(one.ecog, one.on) for one in said.performance),
    }
    record = replace(
        record,
        birth_year=_or(said.birth_year, record.birth_year),
        performance=tuple(sorted(performance, key=lambda one: (one.on, one.ecog))),
        adverse_events=tuple(
            AdverseEvent(
                term=one.term,
                version=CtcaeVersion(one.version),
                grade=one.grade,
                on=one.on,
                until=_or_missing(one.until),
                treatment=_or_missing(one.treatment),
                text=one.text,
            )
            for one in blocks.adverse_events
        ),
        forms=tuple(
            FilledForm(
                one.questionnaire,
                one.on,
                {int(item): answer for item, answer in one.answers.items()},
            )
            for one in blocks.quality_of_life
        ),
        lesions=_lesions(said),
        imaging=tuple(_visit(one) for one in said.visits),
        vital_status=Missing.NOT_RECORDED
        if said.vital_status is None
        else VitalStatus(VitalState(said.vital_status.state), said.vital_status.on),
        fdg_scans=tuple(
            FdgScan(**{name: _or_missing(value) for name, value in one.model_dump().items()})
            for one in said.fdg_scans
        ),
        clinical_states=tuple(
            ClinicalState(
                on=one.on,
                ascites=_or_missing(one.ascites),
                encephalopathy=_or_missing(one.encephalopathy),
            )
            for one in said.clinical_states
        ),
        hepatobiliary_scans=tuple(
            _with_body_surface(one, case) for one in record.hepatobiliary_scans
        ),
        assumed=tuple(said.assumed),
    )
    record, measured = with_measured_visits(record, case.visit_segments)
    course = _course(case, said, doses)
    if site is not None:
        own = {
            name: questionnaire_of(name, entry)
            for name, entry in site.clinical.questionnaires.items()
        }
        criteria = {
            name: criterion_of(name, entry) for name, entry in site.clinical.criteria.items()
        }
        percist = site.clinical.percist
        course = replace(
            course,
            questionnaires=own,
            own_criteria=criteria,
            percist=None if percist is None else percist_limits_of(percist),
        )
    return record, course, (*_example(said), *measured)


def _with_body_surface(scan: HepatobiliaryScan, case: Case) -> HepatobiliaryScan:
    """Return the scan with the body surface of height and weight where it states none."""
    from opensirt.physics.analytic import body_surface_area_m2

    height, weight = case.patient.height_cm, case.patient.weight_kg
    if (
        not isinstance(scan.body_surface_area_m2, Missing)
        or isinstance(height, Missing)
        or isinstance(weight, Missing)
    ):
        return scan
    return replace(scan, body_surface_area_m2=body_surface_area_m2(height, weight))


def _blocks(case: Case) -> "FollowUpBlocks":
    from opensirt.files.case_file import CASE_FILE_NAME
    from opensirt.files.follow_up_blocks import FollowUpBlocks
    from opensirt.files.toml_document import validated

    stated: Mapping[str, Any] = {
        name: case.other_blocks[name] for name in _BLOCKS if name in case.other_blocks
    }
    return validated(FollowUpBlocks, stated, Path(CASE_FILE_NAME))


def _course(case: Case, said: "FollowUpBlock", doses: Mapping[str, LesionDose]) -> FollowUpCourse:
    sex = case.patient.sex
    structures = {one.id: one.structure or one.id for one in said.lesions}
    return FollowUpCourse(
        treated_on=_treated_on(case, said),
        treatment_day_counts=said.treatment_day_counts,
        ctcae_versions=tuple(dict.fromkeys(CtcaeVersion(one) for one in said.ctcae_versions)),
        windows=tuple((one.first_day, one.last_day) for one in said.windows),
        criteria=tuple(dict.fromkeys(said.criteria)),
        organs=None if said.organs is None else tuple(said.organs),
        markers_raised_at_baseline=_or_missing(said.markers_raised_at_baseline),
        albi_within_days=said.albi_within_days,
        reild_facts=said.reild_facts,
        reild_facts_of=said.reild_facts_of,
        braat=LiverToxicityAnswers(
            **{name: _or_missing(value) for name, value in said.braat.model_dump().items()}
        ),
        marker_definitions={
            _analyte(name): MarkerDefinition(
                name=one.name,
                response_decrease_fraction=one.response_decrease_fraction,
                progression_increase_fraction=one.progression_increase_fraction,
                raised_from_times_upper_limit=one.raised_from_times_upper_limit,
                citation=Citation(one.source, Status.SECOND_HAND),
            )
            for name, one in said.marker_definitions.items()
        },
        important_difference=said.important_difference,
        symptoms=_symptoms(case),
        stable_at_least_days=said.stable_at_least_days,
        new_therapy_on=said.new_therapy_on,
        lesion_doses={name: doses[label] for name, label in structures.items() if label in doses},
        weight_kg=case.patient.weight_kg,
        height_cm=case.patient.height_cm,
        sex=Sex(sex) if sex in {"female", "male"} else Missing.NOT_RECORDED,
    )


def _analyte(name: str) -> Analyte:
    try:
        return Analyte(name)
    except ValueError:
        known = ", ".join(one.value for one in Analyte)
        raise InputError(f"marker_definitions names no analyte {name!r}; known: {known}") from None


def _treated_on(case: Case, said: "FollowUpBlock") -> date:
    given: date | None = None
    if case.administration is not None and not isinstance(
        case.administration.administered_at, Missing
    ):
        given = case.administration.administered_at.date()
    if said.treated_on is not None and given is not None and said.treated_on != given:
        raise InputError(
            f"[follow_up] treated_on is {said.treated_on}, but [administration] administered_at "
            f"is on {given}; correct one of them"
        )
    found = said.treated_on or given
    if found is None:
        raise MissingInputError(
            "day of treatment",
            where="the case",
            remedy="add treated_on to [follow_up], or administered_at to [administration]",
        )
    return found


def _symptoms(case: Case) -> tuple[DatedSymptom, ...]:
    from opensirt.files.case_file import CASE_FILE_NAME
    from opensirt.files.clinical_blocks import ClinicalBlocks
    from opensirt.files.toml_document import validated

    stated = {"symptoms": case.other_blocks.get("symptoms", [])}
    blocks = validated(ClinicalBlocks, stated, Path(CASE_FILE_NAME))
    return tuple(
        DatedSymptom(
            name=one.name,
            on=one.on,
            per_day=_or_missing(one.per_day),
            ctcae_grade=_or_missing(one.ctcae_grade),
        )
        for one in blocks.symptoms
    )


def _lesions(said: "FollowUpBlock") -> tuple[Lesion, ...]:
    found = tuple(
        Lesion(
            id=one.id,
            organ=one.organ,
            role=LesionRole(one.role),
            kind=LesionKind(one.kind),
            modality=Modality(one.modality),
            slice_thickness_mm=_or_missing(one.slice_thickness_mm),
            longest_diameter_mm=_or_missing(one.longest_diameter_mm),
            short_axis_mm=_or_missing(one.short_axis_mm),
            in_treated_area=_or_missing(one.in_treated_area),
            progression_in_treated_area=_or_missing(one.progression_in_treated_area),
        )
        for one in said.lesions
    )
    known = {one.id for one in found}
    seen = {sight.lesion for visit in said.visits for sight in visit.sights}
    seen |= {name for visit in said.visits for name in visit.non_target_states}
    if seen - known:
        raise InputError(
            f"[[follow_up.visits]] names lesions {', '.join(sorted(seen - known))}, which "
            "[[follow_up.lesions]] does not list; a lesion that is new goes into new_lesions"
        )
    return found


def _visit(one: "VisitBlock") -> ImagingVisit:
    names = [sight.lesion for sight in one.sights]
    if len(set(names)) < len(names):
        raise InputError(f"the visit of {one.on} sees one lesion twice; keep one sight of each")
    return ImagingVisit(
        on=one.on,
        sights={
            sight.lesion: Sight(
                state=SightState(sight.state),
                longest_diameter_mm=_or_missing(sight.longest_diameter_mm),
                perpendicular_mm=_or_missing(sight.perpendicular_mm),
                short_axis_mm=_or_missing(sight.short_axis_mm),
                viable_diameter_mm=_or_missing(sight.viable_diameter_mm),
                viable_perpendicular_mm=_or_missing(sight.viable_perpendicular_mm),
                volume_ml=_or_missing(sight.volume_ml),
                attenuation_hu=_or_missing(sight.attenuation_hu),
                pieces_mm=tuple(sight.pieces_mm),
                merged_into=sight.merged_into,
            )
            for sight in one.sights
        },
        non_target_states={
            name: NonTargetState(state) for name, state in one.non_target_states.items()
        },
        non_target=None if one.non_target is None else ResponseCategory(one.non_target),
        markers_normal=_or_missing(one.markers_normal),
        liver=LiverView(
            tumour_volume_ml=_or_missing(one.tumour_volume_ml),
            liver_volume_ml=_or_missing(one.liver_volume_ml),
            spleen_volume_ml=_or_missing(one.spleen_volume_ml),
            varices=_or_missing(one.varices),
            ascites=_or_missing(one.ascites),
            cirrhosis_like_morphology=_or_missing(one.cirrhosis_like_morphology),
        ),
        new_lesions=Missing.NOT_RECORDED
        if one.new_lesions is None
        else tuple(
            NewLesion(id=new.id, organ=new.organ, equivocal=new.equivocal)
            for new in one.new_lesions
        ),
    )


def _example(said: "FollowUpBlock") -> tuple[Finding, ...]:
    if not said.example:
        return ()
    text = "the follow-up of this case is an example, marked so in case.toml: of no person"
    return (Finding(Severity.NOTE, "example_follow_up", text),)


def _or(value: Any, other: Any) -> Any:  # noqa: ANN401 - any value or its absence
    return other if value is None else value


def _or_missing(value: Any) -> Any:  # noqa: ANN401 - any value or its absence
    return Missing.NOT_RECORDED if value is None else value
