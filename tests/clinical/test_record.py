"""Patient record to facts, timeline, trend, and response of single lesions."""

from datetime import date, timedelta
from typing import Any

import pytest

from opensirt.clinical.eligibility import assess_eligibility, profile
from opensirt.clinical.liver_function.trend import albi_trend
from opensirt.clinical.record_facts import record_facts
from opensirt.clinical.response.criterion import sum_criterion
from opensirt.clinical.response.per_lesion import lesion_responses
from opensirt.clinical.timeline import EventKind, timeline
from opensirt.domain.adverse_event import AdverseEvent
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.eligibility import Outcome
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.lesion import ImagingVisit, Lesion, LesionRole, NewLesion, Sight, SightState
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import (
    Disease,
    EarlierTreatment,
    FilledForm,
    PatientRecord,
    PerformanceStatus,
    TreatmentKind,
    TumourType,
    VitalState,
    VitalStatus,
)
from opensirt.domain.response import ResponseCategory
from opensirt.errors import InputError, UnknownNameError

TODAY = date(2026, 3, 2)
GONE = Missing.NOT_RECORDED


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def facts(*treatments: EarlierTreatment, complete: bool | Missing = True, **more: Any) -> Any:
    record = PatientRecord(key="P-1", treatments=treatments, treatments_complete=complete, **more)
    return record_facts(record, on=TODAY, oldest_laboratory_days=None)[0]


def treatment(kind: TreatmentKind, last: int | None = None, **more: Any) -> EarlierTreatment:
    return EarlierTreatment(kind=kind, last_on=GONE if last is None else ago(last), **more)


NEVER = {
    "systemic_therapy_ever": False,
    "prrt_before": False,
    "prrt_cycles": 0.0,
    "prrt_activity_gbq": 0.0,
    "somatostatin_analogue": "never",
    "radioembolization_before": False,
    "liver_external_beam": False,
    "liver_directed_therapy": False,
    "antiangiogenic_active": False,
    "capecitabine": "never",
}


@pytest.mark.parametrize("name", NEVER)
def test_what_is_not_listed_was_never_given_only_if_the_list_is_complete(name: str) -> None:
    assert facts()[name] == NEVER[name]
    for complete in (False, GONE):
        assert facts(complete=complete)[name] is GONE


def test_a_list_of_treatments_never_says_that_the_biliary_tract_is_normal() -> None:
    assert facts()["biliary_state"] is GONE
    assert facts(treatment(TreatmentKind.CHOLECYSTECTOMY))["biliary_state"] is GONE
    stent = treatment(TreatmentKind.BILIARY_STENT)
    both = facts(stent, treatment(TreatmentKind.BILIOENTERIC_ANASTOMOSIS))
    assert facts(stent, complete=GONE)["biliary_state"] == "stent"
    assert both["biliary_state"] == "bilioenteric_anastomosis"


def test_days_since_systemic_therapy_and_what_counts_as_such() -> None:
    analogue = treatment(TreatmentKind.SOMATOSTATIN_ANALOGUE, 3, ongoing=True)
    everolimus = treatment(TreatmentKind.EVEROLIMUS, 40, ongoing=False)
    older = treatment(TreatmentKind.OTHER_CHEMOTHERAPY, 400, ongoing=False)
    found = facts(analogue, everolimus, older)
    assert found["days_since_systemic_therapy"] == 40.0
    assert facts(analogue)["systemic_therapy_ever"] is False
    assert facts(everolimus, complete=GONE)["days_since_systemic_therapy"] is GONE
    undated = treatment(TreatmentKind.SUNITINIB)
    assert facts(everolimus, undated)["days_since_systemic_therapy"] is GONE
    ongoing = treatment(TreatmentKind.SUNITINIB, ongoing=True)
    assert facts(ongoing, complete=GONE)["days_since_systemic_therapy"] == 0.0


@pytest.mark.parametrize(
    ("words", "origin"),
    [
        ("Pancreas, tail", "pancreas"),
        ("small bowel", "midgut"),
        ("terminal ileum", "midgut"),
        ("rectum", "hindgut"),
        ("lung (atypical)", "lung"),
        ("unknown primary", None),
        ("colon", None),
        ("pancreas or ileum", None),
        ("peripancreatic", None),
        (GONE, None),
    ],
)
def test_words_of_the_primary_site_settle_the_origin_where_they_name_one(
    words: str | Missing, origin: str | None
) -> None:
    found = facts(disease=Disease(primary_site=words))["net_origin"]
    assert found == (GONE if origin is None else origin)


def test_activity_of_prrt_adds_up_and_analogues_are_told_by_their_state() -> None:
    two = [
        treatment(TreatmentKind.PRRT, 400, cycles=2, activity_gbq=14.8),
        treatment(TreatmentKind.PRRT, 90, cycles=2, activity_gbq=14.8),
    ]
    assert facts(*two)["prrt_activity_gbq"] == pytest.approx(29.6)
    assert facts(*two, treatment(TreatmentKind.PRRT, 30))["prrt_activity_gbq"] is GONE
    assert facts(*two, complete=GONE)["prrt_activity_gbq"] is GONE
    for ongoing, state in ((True, "ongoing"), (False, "earlier"), (GONE, GONE)):
        one = treatment(TreatmentKind.SOMATOSTATIN_ANALOGUE, ongoing=ongoing)
        assert facts(one)["somatostatin_analogue"] == state


def test_treatments_planned_or_later_than_the_day_are_not_earlier_ones() -> None:
    planned = treatment(TreatmentKind.CAPECITABINE, planned=True)
    later = EarlierTreatment(kind=TreatmentKind.PRRT, first_on=ago(-5))
    found = facts(planned, later)
    assert found["systemic_therapy_ever"] is False
    assert found["prrt_before"] is False
    assert found["capecitabine"] == "planned_after"


@pytest.mark.parametrize(("days", "expected"), [(61, "within_2_months"), (62, "over_2_months_ago")])
def test_capecitabine_within_two_months(days: int, expected: str) -> None:
    assert facts(treatment(TreatmentKind.CAPTEM, days))["capecitabine"] == expected
    ongoing = treatment(TreatmentKind.CAPECITABINE, ongoing=True)
    assert facts(ongoing)["capecitabine"] == "within_2_months"
    assert facts(treatment(TreatmentKind.CAPECITABINE))["capecitabine"] is GONE


def test_prrt_cycles_are_summed_and_weeks_counted() -> None:
    found = facts(
        treatment(TreatmentKind.PRRT, 300, cycles=2), treatment(TreatmentKind.PRRT, 70, cycles=2)
    )
    assert (found["prrt_cycles"], found["weeks_since_prrt"]) == (4.0, 10.0)
    assert facts(treatment(TreatmentKind.PRRT, 70))["prrt_cycles"] is GONE


def test_liver_directed_therapy() -> None:
    found = facts(treatment(TreatmentKind.RADIOEMBOLIZATION, 500), complete=GONE)
    assert found["liver_directed_therapy"] is True
    assert found["radioembolization_before"] is True
    assert found["liver_external_beam"] is GONE


@pytest.mark.parametrize(
    ("ongoing", "complete", "expected"),
    [(True, GONE, True), (False, True, False), (False, GONE, GONE), (GONE, True, GONE)],
)
def test_antiangiogenic_therapy_now(
    *, ongoing: bool | Missing, complete: bool | Missing, expected: bool | Missing
) -> None:
    found = facts(treatment(TreatmentKind.BEVACIZUMAB, 20, ongoing=ongoing), complete=complete)
    assert found["antiangiogenic_active"] is expected


def test_the_grade_follows_from_ki67_unless_it_was_entered() -> None:
    disease = Disease(
        tumour_type=TumourType.NEUROENDOCRINE,
        well_differentiated=True,
        ki67_fraction=0.08,
        mitoses_per_2_mm2=1.0,
    )
    assert facts(disease=disease)["net_grade"] == "G2"
    assert facts(disease=Disease(net_grade="G1"))["net_grade"] == "G1"
    assert facts(disease=Disease())["net_grade"] is GONE
    other = Disease(tumour_type=TumourType.COLORECTAL)
    assert facts(disease=other)["net_grade"] == "not_applicable"


@pytest.mark.parametrize(
    ("born", "age"), [(1960, 65.0), (2008, None), (2007, 18.0), (2009, 16.0), (2026, None)]
)
def test_age_from_the_year_of_birth_is_missing_where_full_age_is_not_settled(
    born: int, age: float | None
) -> None:
    assert facts(birth_year=born)["age_years"] == (GONE if age is None else age)
    assert facts()["age_years"] is GONE


def test_the_latest_performance_status_before_the_day_counts() -> None:
    performance = (
        PerformanceStatus(0, ago(90)),
        PerformanceStatus(1, ago(2)),
        PerformanceStatus(3, ago(-2)),
    )
    assert facts(performance=performance)["ecog"] == 1.0
    assert facts()["ecog"] is GONE


def test_entered_facts_win_and_are_checked() -> None:
    assert facts(entered={"biliary_state": "normal"})["biliary_state"] == "normal"
    with pytest.raises(InputError, match="wanted one of"):
        facts(entered={"biliary_state": "odd"})
    with pytest.raises(UnknownNameError, match="clinical fact"):
        facts(entered={"hair": True})


def test_an_empty_record_leaves_every_rule_but_one_unknown() -> None:
    found = assess_eligibility(
        record_facts(PatientRecord(key="P-1"), on=TODAY, oldest_laboratory_days=None)[0],
        profile("general"),
    )
    known = [one.id for one in found.results if one.outcome is not Outcome.UNKNOWN]
    assert known == ["E36"]


def test_old_laboratory_values_are_findings_of_the_record() -> None:
    value = LabValue(analyte=Analyte.INR, value=1.1, unit="1", on=ago(40))
    record = PatientRecord(key="P-1", laboratory=(value,))
    found, findings = record_facts(record, on=TODAY, oldest_laboratory_days=28)
    assert found["inr"] == 1.1
    assert findings[0].rule == "laboratory_value_old"


def test_impossible_records_are_refused() -> None:
    with pytest.raises(InputError, match="has no key"):
        PatientRecord(key="")
    with pytest.raises(InputError, match="wanted 0 to 5"):
        PerformanceStatus(6, TODAY)
    with pytest.raises(InputError, match="before it began"):
        EarlierTreatment(kind=TreatmentKind.PRRT, first_on=TODAY, last_on=ago(1))
    with pytest.raises(InputError, match="cycles is -1"):
        EarlierTreatment(kind=TreatmentKind.PRRT, cycles=-1)


def test_a_timeline_is_in_order_and_keeps_what_has_no_date() -> None:
    record = PatientRecord(
        key="P-1",
        treatments=(
            EarlierTreatment(kind=TreatmentKind.PRRT, first_on=ago(400), last_on=ago(300)),
            EarlierTreatment(kind=TreatmentKind.ABLATION, text="segment 6"),
        ),
        laboratory=(LabValue(analyte=Analyte.BILIRUBIN, value=0.8, unit="mg/dL", on=ago(10)),),
        performance=(PerformanceStatus(1, ago(12)),),
        adverse_events=(
            AdverseEvent(term="fatigue", version=CtcaeVersion.V5, grade=2, on=ago(200)),
        ),
        forms=(FilledForm("qlq_c30", ago(11), {1: 2}),),
        imaging=(ImagingVisit(on=ago(15)),),
        vital_status=VitalStatus(VitalState.ALIVE, TODAY),
    )
    found = timeline(record)
    assert [one.kind for one in found.events] == [
        EventKind.TREATMENT,
        EventKind.ADVERSE_EVENT,
        EventKind.IMAGING,
        EventKind.PERFORMANCE,
        EventKind.QUESTIONNAIRE,
        EventKind.LABORATORY,
        EventKind.VITAL_STATUS,
    ]
    assert found.undated == ("ablation: segment 6",)
    assert found.events[0].until == ago(300)
    assert "total bilirubin 0.8 mg/dL" in {one.text for one in found.events}


def test_albi_over_time_pairs_values_close_in_time() -> None:
    def bilirubin(day: int) -> LabValue:
        return LabValue(analyte=Analyte.BILIRUBIN, value=1.0, unit="mg/dL", on=ago(day))

    albumin = LabValue(analyte=Analyte.ALBUMIN, value=40.0, unit="g/L", on=ago(98))
    found = albi_trend([bilirubin(10), bilirubin(100), albumin], within_days=3)
    assert [one.on for one in found] == [ago(100), ago(98), ago(10)]
    assert [one.score.known for one in found] == [True, True, False]
    assert set(found[2].score.missing) == {"albumin"}


def mm(size: float) -> Sight:
    return Sight(state=SightState.MEASURED, longest_diameter_mm=size)


def test_each_lesion_has_a_response_of_its_own_whatever_is_new() -> None:
    lesions = [Lesion(id=one, organ="liver", role=LesionRole.TARGET) for one in ("a", "b")]
    lesions.append(Lesion(id="x", organ="bone", role=LesionRole.NON_TARGET))
    new = (NewLesion(id="n", organ="liver", equivocal=False),)
    merged = Sight(state=SightState.MERGED, merged_into="a")
    found = lesion_responses(
        lesions,
        ImagingVisit(on=ago(400), sights={"a": mm(40), "b": mm(40)}),
        [
            ImagingVisit(on=ago(300), sights={"a": mm(20), "b": mm(60)}, new_lesions=new),
            ImagingVisit(on=ago(200), sights={"a": mm(80), "b": merged}),
        ],
        sum_criterion("recist_1_1"),
    )
    by_key = {(one.lesion, one.on): one for one in found}
    assert len(found) == 4
    assert by_key["a", ago(300)].category is ResponseCategory.PARTIAL
    assert by_key["b", ago(300)].category is ResponseCategory.PROGRESSIVE
    assert by_key["a", ago(300)].change_fraction == pytest.approx(-0.5)
    for name in ("a", "b"):
        assert by_key[name, ago(200)].category is ResponseCategory.NOT_EVALUABLE
