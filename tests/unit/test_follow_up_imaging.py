"""The follow-up beyond sums of diameters: Choi, FDG, load, dose, late liver, best response."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from opensirt.clinical.follow_up_record import FollowUp, FollowUpCourse, LateLiver, LesionDose
from opensirt.clinical.response.metabolic_course import MetabolicCourse
from opensirt.clinical.response.percist import MetabolicResponse, PercistResponse
from opensirt.clinical.timeline import EventKind
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.lesion import (
    ImagingVisit,
    Lesion,
    LesionKind,
    LesionRole,
    LiverView,
    NewLesion,
    Sight,
    SightState,
)
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import (
    ClinicalState,
    FdgScan,
    HepatobiliaryScan,
    PatientRecord,
)
from opensirt.domain.response import ResponseCategory
from opensirt.domain.site_defaults import default_site_profile
from opensirt.errors import InputError
from opensirt.workflow.follow_up import follow_up

TREATED = date(2026, 1, 10)
TARGETS = (
    Lesion(id="t", organ="liver", role=LesionRole.TARGET, in_treated_area=False),
    Lesion(
        id="n",
        organ="lymph nodes",
        role=LesionRole.TARGET,
        kind=LesionKind.NODE,
        in_treated_area=False,
    ),
)


def on_day(day: int) -> date:
    return TREATED + timedelta(days=day)


def visit(
    day: int, mm: float, node_mm: float = 20.0, hu: float = 90.0, **more: Any
) -> ImagingVisit:
    return ImagingVisit(
        on=on_day(day),
        sights={
            "t": Sight(state=SightState.MEASURED, longest_diameter_mm=mm, attenuation_hu=hu),
            "n": Sight(state=SightState.MEASURED, short_axis_mm=node_mm, attenuation_hu=90.0),
        },
        **more,
    )


def made(record: PatientRecord, day: int = 400, **course: Any) -> FollowUp:
    return follow_up(
        record,
        FollowUpCourse(treated_on=TREATED, **course),
        default_site_profile(),
        on=on_day(day),
        made_at=datetime(2027, 6, 1, tzinfo=UTC),
        software={"opensirt": "test"},
    )


IMAGED = PatientRecord(
    key="p", lesions=TARGETS, imaging=(visit(-5, 60.0), visit(90, 30.0), visit(180, 60.0, 40.0))
)


def test_the_liver_is_read_beside_the_whole_when_there_is_more_than_liver() -> None:
    found = made(IMAGED, criteria=("recist_1_1",)).response
    assert [one.organs for one in found] == [None, ("liver",)]
    overall, liver = ([a.overall.value for a in one.assessments] for one in found)
    assert (overall, liver) == (["PR", "PD"], ["PR", "PD"])
    only_liver = PatientRecord(key="p", lesions=TARGETS[:1], imaging=IMAGED.imaging)
    assert [one.organs for one in made(only_liver, criteria=("recist_1_1",)).response] == [None]


def test_a_new_lesion_outside_progresses_the_patient_and_not_the_liver() -> None:
    new = (NewLesion(id="b", organ="bone", equivocal=False),)
    record = PatientRecord(
        key="p", lesions=TARGETS[:1], imaging=(visit(-5, 60.0), visit(90, 30.0, new_lesions=new))
    )
    overall, liver = made(record, criteria=("recist_1_1",)).response
    assert overall.assessments[0].overall is ResponseCategory.PROGRESSIVE
    assert liver.assessments[0].overall is ResponseCategory.PARTIAL


def test_best_response_with_and_without_confirmation() -> None:
    (one, _) = made(IMAGED, criteria=("recist_1_1",), stable_at_least_days=42).response
    assert one.best is not None
    assert one.best_confirmed is not None
    assert one.best.category is ResponseCategory.PARTIAL
    # partial, then progression: not confirmed, so stable (day 95 after baseline is long enough)
    assert one.best_confirmed.category is ResponseCategory.STABLE
    assert one.progression_on == on_day(180)


def test_choi_reads_size_and_mean_attenuation_of_the_targets() -> None:
    record = PatientRecord(
        key="p", lesions=TARGETS[:1], imaging=(visit(-5, 60.0), visit(90, 58.0, hu=70.0))
    )
    choi, modified = made(record).choi
    assert isinstance(choi.visits, tuple)
    assert isinstance(modified.visits, tuple)
    assert choi.visits[0].response.category is ResponseCategory.PARTIAL
    assert choi.visits[0].response.attenuation_change_fraction == pytest.approx(-20 / 90)
    assert modified.visits[0].response.category is ResponseCategory.STABLE
    assert made(PatientRecord(key="p", lesions=TARGETS[:1])).choi == ()


def scan(day: int, sul: float | Missing, tlg: float | Missing = 100.0, **more: Any) -> FdgScan:
    facts: dict[str, Any] = {
        "liver_mean_sul": 1.5,
        "liver_deviation_sul": 0.2,
        "indistinguishable": False,
        "new_lesion": False,
        "other_lesion_increased": False,
    }
    return FdgScan(on=on_day(day), sul_peak=sul, total_lesion_glycolysis_g=tlg, **(facts | more))


def metabolic(*scans: FdgScan) -> MetabolicCourse:
    found = made(PatientRecord(key="p", fdg_scans=scans)).metabolic
    assert isinstance(found, MetabolicCourse)
    return found


def test_percist_and_glycolysis_against_the_scan_before_treatment() -> None:
    found = metabolic(scan(-5, 8.0), scan(60, 4.0, 50.0), scan(120, 6.0, 60.0))
    assert found.baseline_measurable is True
    categories = []
    for one in found.assessments:
        assert isinstance(one.response, PercistResponse)
        categories.append(one.response.category)
    # the second one rises by 50 % and 2.0 from the smallest
    assert categories == [MetabolicResponse.PARTIAL, MetabolicResponse.PROGRESSIVE]
    assert found.assessments[0].glycolysis_change_fraction == pytest.approx(-0.5)
    assert [one.glycolysis_fell for one in found.assessments] == [True, False]


def test_percist_says_what_it_lacks() -> None:
    assert made(PatientRecord(key="p")).metabolic is None
    late = PatientRecord(key="p", fdg_scans=(scan(60, 4.0),))
    assert made(late).metabolic is Missing.NEEDS_BASELINE
    found = metabolic(scan(-5, Missing.NOT_RECORDED, Missing.NOT_RECORDED), scan(60, 4.0))
    assert found.assessments[0].response is Missing.NEEDS_BASELINE
    assert found.assessments[0].glycolysis_change_fraction is Missing.NEEDS_BASELINE
    cold = metabolic(scan(-5, 1.6), scan(60, 1.5))
    assert cold.baseline_measurable is False


def test_the_tumour_load_is_compared_with_baseline_and_smallest() -> None:
    def seen(day: int, tumour: float | Missing, liver: float | Missing) -> ImagingVisit:
        return ImagingVisit(
            on=on_day(day), liver=LiverView(tumour_volume_ml=tumour, liver_volume_ml=liver)
        )

    record = PatientRecord(
        key="p",
        imaging=(
            seen(-5, 200.0, 2000.0),
            seen(90, 50.0, Missing.NOT_DONE),
            seen(180, 100.0, 1800.0),
            ImagingVisit(on=on_day(200)),
        ),
    )
    first, second, third = made(record).tumour_load
    assert (first.change_fraction, first.burden_fraction) == (0.0, 0.1)
    assert (second.change_fraction, second.burden_fraction) == (-0.75, Missing.NOT_DONE)
    assert third.change_fraction == -0.5
    assert third.change_from_smallest_fraction == 1.0
    assert third.burden_change_points == pytest.approx(100 / 1800 - 0.1)


def test_a_tumour_larger_than_its_liver_is_refused() -> None:
    with pytest.raises(InputError, match="the liver volume includes its tumours"):
        LiverView(tumour_volume_ml=2.0, liver_volume_ml=1.0)
    with pytest.raises(InputError, match="a volume above 0 is needed"):
        LiverView(spleen_volume_ml=0.0)


def test_each_lesions_response_stands_beside_its_dose() -> None:
    dose = LesionDose(structure="Tumor 1", mean_gy=150.0, d70_gy=120.0, source="verify")
    found = made(IMAGED, criteria=("recist_1_1",), lesion_doses={"t": dose}).dose_response
    assert [(one.lesion, one.on, one.category.value) for one in found] == [
        ("t", on_day(90), "PR"),
        ("t", on_day(180), "PD"),
        ("n", on_day(90), "SD"),
        ("n", on_day(180), "PD"),
    ]
    assert found[0].dose == dose
    assert found[2].dose is Missing.NOT_RECORDED


def test_late_change_of_the_liver_compares_the_latest_with_baseline() -> None:
    def platelets(day: int, value: float) -> LabValue:
        return LabValue(analyte=Analyte.PLATELETS, value=value, unit="10^9/L", on=on_day(day))

    def seen(day: int, spleen: float | Missing, *, varices: bool | Missing) -> ImagingVisit:
        return ImagingVisit(
            on=on_day(day), liver=LiverView(spleen_volume_ml=spleen, varices=varices)
        )

    record = PatientRecord(
        key="p",
        laboratory=(platelets(-5, 200.0), platelets(100, 180.0), platelets(350, 150.0)),
        imaging=(
            seen(-5, 200.0, varices=False),
            seen(180, 250.0, varices=True),
            seen(360, Missing.NOT_DONE, varices=Missing.NOT_DONE),
        ),
    )
    late = made(record).late_liver
    assert isinstance(late, LateLiver)
    assert late.spleen_on == on_day(180)
    assert late.change.spleen_volume_change_fraction == 0.25
    assert late.change.platelet_change_fraction == -0.25
    assert late.change.new_varices is True
    assert late.change.cirrhosis_like_morphology is Missing.NOT_DONE
    assert made(PatientRecord(key="p")).late_liver is Missing.NOT_DONE


def test_every_score_is_a_trend_and_clinical_states_join_by_day() -> None:
    def lab(analyte: Analyte, value: float, unit: str, day: int, **more: float) -> LabValue:
        return LabValue(analyte=analyte, value=value, unit=unit, on=on_day(day), **more)  # type: ignore[arg-type]

    record = PatientRecord(
        key="p",
        laboratory=(
            lab(Analyte.BILIRUBIN, 2.0, "mg/dL", 30),
            lab(Analyte.ALBUMIN, 3.5, "g/dL", 30),
            lab(Analyte.INR, 1.7, "1", 30),
            lab(Analyte.AST, 80.0, "U/L", 60, upper_limit=40.0),
            lab(Analyte.PLATELETS, 100.0, "10^9/L", 61),
        ),
        clinical_states=(ClinicalState(on=on_day(31), ascites="none", encephalopathy="none"),),
    )
    trends = {one.name: one.values for one in made(record, albi_within_days=2).liver_function}
    (child,) = trends["Child-Pugh"]
    assert (child.on, child.score.value, child.score.grade) == (on_day(30), 8.0, "B")
    assert [one.score.value for one in trends["APRI"]] == [2.0, 2.0]
    assert isinstance(trends["MELD"][0].score.value, Missing)
    assert "creatinine" in trends["MELD"][0].score.missing
    apart = {one.name: one.values for one in made(record).liver_function}
    assert isinstance(apart["Child-Pugh"][0].score.value, Missing)


def test_hepatobiliary_function_of_liver_and_remnant() -> None:
    scans = (
        HepatobiliaryScan(
            on=on_day(-3),
            function_percent_per_min=12.0,
            remnant_function_percent_per_min=4.0,
            body_surface_area_m2=2.0,
        ),
        HepatobiliaryScan(on=on_day(90), function_percent_per_min=10.0),
    )
    found = made(PatientRecord(key="p", hepatobiliary_scans=scans))
    before, after = found.hepatobiliary
    assert before.whole.value == 6.0
    assert (before.remnant.value, before.remnant.grade) == (2.0, "below")
    assert before.remnant_fraction == pytest.approx(1 / 3)
    assert after.remnant_fraction is Missing.NOT_DONE
    assert isinstance(after.whole.value, Missing)
    rules = {one.rule for one in found.findings}
    assert "hepatobiliary_function_cut_off" in rules
    assert "hepatobiliary_function_low" not in rules
    wrong = HepatobiliaryScan(
        on=on_day(1), function_percent_per_min=4.0, remnant_function_percent_per_min=5.0
    )
    with pytest.raises(InputError, match="it must be a part of the whole"):
        made(PatientRecord(key="p", hepatobiliary_scans=(wrong,)))


def test_the_timeline_holds_every_kind_of_entry_up_to_the_day() -> None:
    record = PatientRecord(
        key="p",
        lesions=TARGETS,
        imaging=IMAGED.imaging,
        fdg_scans=(scan(-5, 8.0),),
        hepatobiliary_scans=(HepatobiliaryScan(on=on_day(2)),),
        clinical_states=(ClinicalState(on=on_day(3), ascites="none"),),
    )
    events = made(record, day=100).timeline.events
    assert {one.kind for one in events} == {
        EventKind.TREATMENT,
        EventKind.IMAGING,
        EventKind.FDG_SCAN,
        EventKind.LIVER_FUNCTION_SCAN,
        EventKind.CLINICAL_STATE,
    }
    assert max(one.on for one in events) == on_day(90)
    assert any(one.text == "FDG, SUL peak 8" for one in events)


def test_a_size_of_the_baseline_visit_makes_a_target_measurable() -> None:
    rules = {one.rule for one in made(IMAGED).findings}
    thick = "target_not_measurable"  # the slice thickness is not known
    assert thick in rules
    known = tuple(type(one)(**{**_fields(one), "slice_thickness_mm": 3.0}) for one in TARGETS)
    record = PatientRecord(key="p", lesions=known, imaging=IMAGED.imaging)
    assert thick not in {one.rule for one in made(record).findings}


def _fields(one: Lesion) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Lesion.__dataclass_fields__}
