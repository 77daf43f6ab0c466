"""follow_up: each version, definition and criterion by itself, nothing absent filled in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from opensirt.clinical.follow_up_record import (
    CriterionResponse,
    FollowUp,
    FollowUpCourse,
    ReildFollowUp,
)
from opensirt.clinical.reported_record import SymptomChange
from opensirt.domain.adverse_event import AdverseEvent
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.lesion import (
    ImagingVisit,
    Lesion,
    LesionRole,
    NewLesion,
    Sight,
    SightState,
)
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import (
    DatedSymptom,
    EarlierTreatment,
    FilledForm,
    PatientRecord,
    TreatmentKind,
    VitalState,
    VitalStatus,
)
from opensirt.domain.response import ResponseCategory
from opensirt.domain.site_defaults import default_site_profile
from opensirt.errors import InputError, UnknownNameError
from opensirt.workflow.follow_up import follow_up

TREATED = date(2026, 1, 10)


def on_day(day: int) -> date:
    return TREATED + timedelta(days=day)


def lab(analyte: Analyte, value: float, unit: str, day: int, **limits: float) -> LabValue:
    return LabValue(analyte=analyte, value=value, unit=unit, on=on_day(day), **limits)  # type: ignore[arg-type]


def seen(**sizes: float) -> Sight:
    return Sight(state=SightState.MEASURED, **sizes)  # type: ignore[arg-type]


RECORD = PatientRecord(
    key="p",
    laboratory=(
        lab(Analyte.GGT, 300.0, "U/L", -5, upper_limit=50.0),
        lab(Analyte.GGT, 300.0, "U/L", 30, upper_limit=50.0),
        lab(Analyte.BILIRUBIN, 12.0, "umol/L", -5, upper_limit=17.0),
        lab(Analyte.BILIRUBIN, 60.0, "umol/L", 40, upper_limit=17.0),
        lab(Analyte.ALBUMIN, 40.0, "g/L", -5, lower_limit=35.0),
        lab(Analyte.ALBUMIN, 29.0, "g/L", 40, lower_limit=35.0),
    ),
    adverse_events=(AdverseEvent(term="ascites", version=CtcaeVersion.V5, grade=2, on=on_day(45)),),
    lesions=(Lesion(id="t", organ="liver", role=LesionRole.TARGET),),
    imaging=(
        ImagingVisit(
            on=on_day(-7), sights={"t": seen(longest_diameter_mm=50.0, viable_diameter_mm=50.0)}
        ),
        ImagingVisit(
            on=on_day(90), sights={"t": seen(longest_diameter_mm=45.0, viable_diameter_mm=0.0)}
        ),
    ),
)
ALL = (CtcaeVersion.V4_03, CtcaeVersion.V5, CtcaeVersion.V6)
COURSE = FollowUpCourse(treated_on=TREATED, ctcae_versions=ALL)
SAW = {
    "jaundice": True,
    "symptomatic_liver_deterioration": True,
    "new_or_worse_ascites": True,
    "hepatic_progression": False,
    "biliary_obstruction": False,
}


def made(
    record: PatientRecord = RECORD, course: FollowUpCourse = COURSE, day: int = 100, **changes: Any
) -> FollowUp:
    return follow_up(
        record,
        replace(course, **changes),
        default_site_profile(),
        on=on_day(day),
        made_at=datetime(2026, 6, 1, tzinfo=UTC),
        software={"opensirt": "test"},
    )


def by_name(found: FollowUp, name: str) -> ReildFollowUp:
    return next(one for one in found.reild if one.definition == name)


def by_criterion(found: FollowUp, name: str) -> CriterionResponse:
    return next(one for one in found.response if one.criterion == name)


def test_versions_stand_side_by_side_and_a_high_baseline_counts_in_v5() -> None:
    grades = {
        one.version: one.grade
        for one in made().graded
        if one.on == on_day(30) and one.term == "GGT increased"
    }
    assert grades[CtcaeVersion.V4_03] == 3
    assert grades[CtcaeVersion.V5] == 0


def test_worst_grades_are_those_of_the_window() -> None:
    found = made(windows=((0, 35), (36, 100)), ctcae_versions=(CtcaeVersion.V5,)).toxicity
    early, late = found
    bilirubin = {
        one.first_day: next(g for g in one.laboratory if g.term == "Blood bilirubin increased")
        for one in found
    }
    assert bilirubin[0].grade is Missing.NOT_DONE
    assert (bilirubin[36].grade, bilirubin[36].baseline_grade) == (3, 0)
    assert early.events == ()
    assert [(one.term, one.grade) for one in late.events] == [("ascites", 2)]
    assert sum(map(sum, late.shift)) == len(late.laboratory)
    assert late.shift[0][3] == 1


def test_without_windows_all_days_so_far_are_one() -> None:
    assert {(one.first_day, one.last_day) for one in made(day=77).toxicity} == {(0, 77)}


def test_reild_is_met_with_all_its_evidence_and_unknown_without() -> None:
    unknown = by_name(made(), "utrecht")
    assert isinstance(unknown.met, Missing)
    assert "jaundice" in unknown.missing
    met = by_name(made(reild_facts=SAW), "utrecht")
    assert met.met is True
    assert {one.fact for one in met.evidence} >= {"jaundice", "bilirubin_raised", "albumin_low"}
    assert "reild_definition_met" in {one.rule for one in made(reild_facts=SAW).findings}


@pytest.mark.parametrize("fact", ["hepatic_progression", "biliary_obstruction"])
def test_an_exclusion_rules_the_definition_out(fact: str) -> None:
    assert by_name(made(reild_facts=SAW | {fact: True}), "utrecht").met is False


def test_an_event_is_evidence_in_the_window_of_a_definition_only() -> None:
    facts = {"jaundice": True}
    assert by_name(made(reild_facts=facts), "sangro_2008").met is True
    late = replace(
        RECORD,
        adverse_events=(
            AdverseEvent(term="ascites", version=CtcaeVersion.V5, grade=2, on=on_day(57)),
        ),
    )
    assert isinstance(by_name(made(late, reild_facts=facts), "sangro_2008").met, Missing)


def test_facts_of_one_definition_win_over_those_of_all() -> None:
    found = made(reild_facts=SAW, reild_facts_of={"utrecht": {"jaundice": False}})
    assert by_name(found, "utrecht").met is False


def test_a_window_stays_open_until_its_last_day() -> None:
    assert by_name(made(day=122), "utrecht").window_open
    assert not by_name(made(day=123), "utrecht").window_open


@pytest.mark.parametrize(("day", "watched"), [(13, False), (14, True), (180, True), (181, False)])
def test_the_watch_list_is_14_to_180_days(day: int, watched: bool) -> None:  # noqa: FBT001
    assert made(day=day).on_watch_list is watched


def test_the_dead_are_on_no_watch_list() -> None:
    dead = replace(RECORD, vital_status=VitalStatus(VitalState.DEAD, on_day(50)))
    assert not made(dead, day=60).on_watch_list
    assert made(dead, day=49).vital_status is Missing.NOT_RECORDED


def test_recist_and_mrecist_stand_side_by_side() -> None:
    found = made()
    recist, mrecist = by_criterion(found, "recist_1_1"), by_criterion(found, "mrecist")
    assert recist.assessments[0].target is ResponseCategory.STABLE
    assert mrecist.assessments[0].target is ResponseCategory.COMPLETE
    assert by_criterion(found, "volume_equivalent").reason is Missing.NEEDS_BASELINE
    assert by_criterion(found, "volume_equivalent").not_measured_at_baseline == ("t",)
    assert [one.category for one in mrecist.by_lesion] == [ResponseCategory.COMPLETE]


def test_criteria_can_be_chosen_and_unknown_ones_are_refused() -> None:
    assert [one.criterion for one in made(criteria=("easl",)).response] == ["easl"]
    with pytest.raises(UnknownNameError, match="unknown response criterion 'recist'"):
        made(criteria=("recist",))


def test_without_imaging_before_or_after_the_reason_is_said() -> None:
    before, after = RECORD.imaging
    only_after = made(replace(RECORD, imaging=(after,)), criteria=("recist_1_1",))
    assert only_after.response[0].reason is Missing.NEEDS_BASELINE
    only_before = made(replace(RECORD, imaging=(before,)), criteria=("recist_1_1",))
    assert only_before.response[0].reason is Missing.NOT_DONE


def test_the_last_imaging_before_treatment_is_baseline_and_earlier_ones_are_named() -> None:
    earlier = ImagingVisit(on=on_day(-60), sights={"t": seen(longest_diameter_mm=90.0)})
    found = made(replace(RECORD, imaging=(earlier, *RECORD.imaging)))
    assert by_criterion(found, "recist_1_1").assessments[0].baseline == 50.0
    assert "follow_up_early_imaging" in {one.rule for one in found.findings}


def test_albi_is_a_trend_and_says_what_it_lacks() -> None:
    found = made().albi
    assert [one.on for one in found] == [on_day(-5), on_day(40)]
    assert [one.score.grade for one in found] == ["1", "3"]
    assert found[1].score.value == pytest.approx(0.66 * 1.778151 - 0.085 * 29.0)


def test_symptoms_markers_and_quality_of_life_compare_with_before() -> None:
    answers = dict.fromkeys(range(1, 29), 2) | {29: 4, 30: 4}
    better = dict.fromkeys(range(1, 29), 1) | {29: 7, 30: 7}
    record = replace(
        RECORD,
        laboratory=(
            *RECORD.laboratory,
            lab(Analyte.AFP, 400.0, "ng/mL", -3),
            lab(Analyte.AFP, 100.0, "ng/mL", 60),
        ),
        forms=(
            FilledForm("qlq_c30", on_day(-2), answers),
            FilledForm("qlq_c30", on_day(60), better),
        ),
    )
    symptoms = (
        DatedSymptom(name="flushing", on=on_day(-3), per_day=4.0),
        DatedSymptom(name="flushing", on=on_day(50), per_day=1.0),
        DatedSymptom(name="diarrhoea", on=on_day(50), ctcae_grade=1),
    )
    found = made(record, symptoms=symptoms)
    flushing, diarrhoea = found.symptoms
    assert flushing.change is SymptomChange.IMPROVED
    assert diarrhoea.change is Missing.NOT_DONE
    (marker,) = found.markers
    assert not isinstance(marker.response, Missing)
    assert marker.response.change_fraction == pytest.approx(-0.75)
    assert marker.response.category is Missing.NO_VERIFIED_VALUE
    before, after = found.quality_of_life
    assert before.changes == {}
    assert after.scores["PF"] == 100.0
    assert after.changes["PF"] is not None
    assert str(getattr(after.changes["PF"], "value", "")) == "improved"


def test_the_braat_grade_names_what_it_lacks() -> None:
    grade = made(ctcae_versions=(CtcaeVersion.V5,)).braat["v5"]
    assert isinstance(grade.grade, Missing)
    assert grade.lowest == 2
    assert {"non_invasive_treatment", "fatal"} <= set(grade.missing)


def test_nothing_later_than_the_day_is_read_and_that_is_said() -> None:
    found = made(day=35)
    assert {one.on for one in found.graded} == {on_day(30)}
    later = next(one for one in found.findings if one.rule == "follow_up_later_entries")
    assert later.value == 4  # bilirubin, albumin, event, imaging


def test_an_event_of_another_version_is_a_finding() -> None:
    found = made(ctcae_versions=(CtcaeVersion.V4_03,))
    assert "adverse_event_other_version" in {one.rule for one in found.findings}


def test_follow_up_before_treatment_is_refused() -> None:
    with pytest.raises(InputError, match="lies before treatment"):
        made(day=-1)


def test_a_course_without_version_is_refused() -> None:
    with pytest.raises(InputError, match="no version of CTCAE"):
        FollowUpCourse(treated_on=TREATED, ctcae_versions=())


def test_an_empty_record_answers_unknown_everywhere() -> None:
    found = made(PatientRecord(key="p"), day=20)
    assert not any((found.graded, found.response, found.markers, found.albi))
    assert all(isinstance(one.met, Missing) for one in found.reild)
    assert all(g.grade is Missing.NOT_DONE for one in found.toxicity for g in one.laboratory)
    assert all(one.grade is Missing.NOT_RECORDED for one in found.braat.values())


def test_two_visits_on_one_day_are_refused() -> None:
    with pytest.raises(InputError, match="two imaging visits on"):
        made(replace(RECORD, imaging=(*RECORD.imaging, RECORD.imaging[0])))


def test_two_values_of_one_day_are_a_finding() -> None:
    twice = lab(Analyte.BILIRUBIN, 70.0, "umol/L", 40, upper_limit=17.0)
    found = made(replace(RECORD, laboratory=(*RECORD.laboratory, twice)))
    assert "laboratory_twice_on_a_day" in {one.rule for one in found.findings}


def test_what_people_saw_of_the_exclusions_answers_for_the_braat_grade_too() -> None:
    asked = {"hepatic_progression", "biliary_obstruction"}
    assert asked <= set(made().braat["v5"].missing)
    facts = {"hepatic_progression": False, "biliary_obstruction": False}
    assert not asked & set(made(reild_facts=facts).braat["v5"].missing)


def test_a_visit_that_first_saw_a_confirmed_new_lesion_is_no_response() -> None:
    def visit(day: int, size: float, *new: NewLesion) -> ImagingVisit:
        return ImagingVisit(
            on=on_day(day), sights={"t": seen(longest_diameter_mm=size)}, new_lesions=new
        )

    doubtful = NewLesion(id="n", organ="liver", equivocal=True)
    course = (visit(-7, 50.0), visit(90, 20.0, doubtful))
    confirmed = visit(180, 20.0, replace(doubtful, equivocal=False))
    read = made(replace(RECORD, imaging=(*course, confirmed)), day=200, criteria=("recist_1_1",))
    found = by_criterion(read, "recist_1_1")
    assert [one.overall.value for one in found.assessments] == ["PR", "PD"]
    assert found.progression_on == on_day(90)
    assert found.best is not None
    assert found.best.category is ResponseCategory.PROGRESSIVE
    never = made(replace(RECORD, imaging=course), day=200, criteria=("recist_1_1",))
    still = by_criterion(never, "recist_1_1").best
    assert still is not None
    assert still.category is ResponseCategory.PARTIAL


def test_a_value_taken_before_treatment_on_its_day_is_no_sign_of_what_came_after() -> None:
    high = replace(RECORD, laboratory=(lab(Analyte.BILIRUBIN, 70.0, "umol/L", 0),))

    def peak(*, counts: bool) -> object:
        found = by_name(made(high, treatment_day_counts=counts), "mazzaferro_2012")
        return next(one.value for one in found.evidence if one.fact == "peak_bilirubin")

    assert peak(counts=False) == 70.0
    assert peak(counts=True) is Missing.NOT_DONE


@pytest.mark.parametrize(("born", "known"), [(1960, True), (2008, False), (2025, False)])
def test_a_score_over_time_takes_no_age_that_is_not_settled(born: int, *, known: bool) -> None:
    values = (
        lab(Analyte.AST, 80.0, "U/L", 30, upper_limit=40.0),
        lab(Analyte.ALT, 50.0, "U/L", 30, upper_limit=40.0),
        lab(Analyte.PLATELETS, 100.0, "10^9/L", 30),
    )
    found = made(replace(RECORD, birth_year=born, laboratory=values))
    (fib_4,) = (one for one in found.liver_function if one.name == "FIB-4")
    assert fib_4.values[0].score.known is known


def test_every_day_of_a_symptom_and_of_a_marker_stands_against_the_last_one_before() -> None:
    symptoms = (
        DatedSymptom(name="flushing", on=on_day(-30), per_day=9.0),
        DatedSymptom(name="flushing", on=on_day(-3), per_day=4.0),
        DatedSymptom(name="Flushing", on=on_day(90), per_day=1.0),
        DatedSymptom(name="flushing", on=on_day(40), per_day=5.0),
        DatedSymptom(name="flushing", on=on_day(90), per_day=2.0),
        DatedSymptom(name="flushing", on=on_day(180), per_day=0.0),
        DatedSymptom(name="flushing", on=on_day(270), ctcae_grade=1),
    )
    values = tuple(
        lab(Analyte.FIVE_HIAA, value, "umol/24h", day, upper_limit=50.0)
        for value, day in ((400.0, -3), (100.0, 60), (440.0, 200))
    )
    found = made(replace(RECORD, laboratory=values), symptoms=symptoms, day=300)
    (flushing,) = found.symptoms
    assert [(one.day, one.change) for one in flushing.visits] == [
        (40, SymptomChange.WORSE),
        (90, SymptomChange.IMPROVED),
        (180, SymptomChange.RESOLVED),
        (270, Missing.NOT_RECORDED),
    ]
    assert flushing.visits[1].after == 2.0
    assert "symptom_twice_on_a_day" in {one.rule for one in found.findings}
    (marker,) = found.markers
    assert [one.change_fraction for one in marker.visits] == pytest.approx([-0.75, 0.1])
    assert marker.response is marker.visits[-1]


@pytest.mark.parametrize(("days", "old"), [(28, False), (29, True)])
def test_a_baseline_scan_of_more_than_4_weeks_before_treatment_is_said(
    days: int, *, old: bool
) -> None:
    _, later = RECORD.imaging
    record = replace(RECORD, imaging=(replace(RECORD.imaging[0], on=on_day(-days)), later))
    rules = {one.rule for one in made(record).findings}
    assert ("baseline_imaging_old" in rules) is old


def test_a_later_treatment_of_the_record_that_the_course_does_not_name_is_said() -> None:
    def said(kind: TreatmentKind, day: int, new_therapy_on: date | None = None) -> bool:
        one = EarlierTreatment(kind=kind, first_on=on_day(day))
        found = made(replace(RECORD, treatments=(one,)), new_therapy_on=new_therapy_on)
        return "new_therapy_not_stated" in {one.rule for one in found.findings}

    assert said(TreatmentKind.PRRT, 60)
    assert said(TreatmentKind.EVEROLIMUS, 60, on_day(80))
    assert not said(TreatmentKind.EVEROLIMUS, 60, on_day(60))
    assert not said(TreatmentKind.SOMATOSTATIN_ANALOGUE, 60)
    assert not said(TreatmentKind.CAPTEM, -60)
    assert not said(TreatmentKind.CAPTEM, 160)


def test_a_visit_at_which_nobody_said_whether_there_are_new_lesions_says_so() -> None:
    first, later = RECORD.imaging
    silent = replace(RECORD, imaging=(first, replace(later, new_lesions=Missing.NOT_RECORDED)))
    found = made(silent, criteria=("recist_1_1",))
    (visit,) = by_criterion(found, "recist_1_1").assessments
    assert (visit.overall, visit.new_lesion) == (
        ResponseCategory.NOT_EVALUABLE,
        Missing.NOT_RECORDED,
    )
    assert "new_lesions_not_said" in {one.rule for one in found.findings}
    assert "new_lesions_not_said" not in {one.rule for one in made().findings}


def test_an_inr_under_anticoagulation_is_no_evidence_of_the_liver() -> None:
    values = (lab(Analyte.INR, 3.0, "1", 40),)

    def read(**entered: bool) -> tuple[object, set[str]]:
        found = made(replace(RECORD, laboratory=values, adverse_events=(), entered=entered))
        return by_name(found, "mazzaferro_2012").met, {one.rule for one in found.findings}

    met, said = read(anticoagulated=False)
    assert (met, "inr_under_anticoagulation" in said) == (True, False)
    met, said = read(anticoagulated=True)
    assert isinstance(met, Missing)
    assert "inr_under_anticoagulation" in said


def test_why_a_marker_is_not_compared_is_said() -> None:
    values = (
        lab(Analyte.CHROMOGRANIN_A, 900.0, "ng/mL", -5),
        lab(Analyte.CHROMOGRANIN_A, 300.0, "ng/mL", 60),
    )
    found = made(replace(RECORD, laboratory=values))
    (said,) = (one for one in found.findings if one.rule == "marker_not_comparable")
    assert "not known to be of the same assay" in said.text
