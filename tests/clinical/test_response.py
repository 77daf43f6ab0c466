"""Response: lesions from visit to visit, nadir, selection, best response, directions."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.clinical.response.best_response import (
    Confirmation,
    PartialAfterComplete,
    Visit,
    best_response,
    response_rates,
)
from opensirt.clinical.response.course import ResponseCourse, assess_course
from opensirt.clinical.response.criterion import (
    size_of,
    sum_criterion,
    sum_criterion_names,
)
from opensirt.clinical.response.overall import non_target_response
from opensirt.clinical.response.selection import (
    Measurability,
    check_targets,
    measurability,
    mrecist_node_is_malignant,
    suggest_targets,
)
from opensirt.clinical.response.target import TargetSizes, target_response
from opensirt.domain.lesion import (
    ImagingVisit,
    Lesion,
    LesionKind,
    LesionRole,
    Modality,
    NewLesion,
    NonTargetState,
    Sight,
    SightState,
)
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory
from opensirt.errors import InputError, UnknownNameError

CR, PR, SD, PD, STILL, NE = ResponseCategory
RECIST = sum_criterion("recist_1_1")
DAY = date(2026, 1, 1)
TARGET = LesionRole.TARGET


def on(day: int) -> date:
    return DAY + timedelta(days=day)


def mm(size: float) -> Sight:
    return Sight(state=SightState.MEASURED, longest_diameter_mm=size)


ABSENT = Sight(state=SightState.ABSENT)
GONE_MISSING = Sight(state=SightState.NOT_EVALUABLE)


def lesions(*names: str, organ: str = "liver") -> list[Lesion]:
    return [Lesion(id=name, organ=organ, role=TARGET) for name in names]


def course(
    baseline: dict[str, Sight], *visits: dict[str, Sight], criterion: str = "recist_1_1"
) -> ResponseCourse:
    return assess_course(
        lesions(*baseline),
        ImagingVisit(on=DAY, sights=baseline),
        [ImagingVisit(on=on(90 * n), sights=one) for n, one in enumerate(visits, start=1)],
        sum_criterion(criterion),
    )


def overall(found: ResponseCourse) -> list[ResponseCategory]:
    return [one.overall for one in found.assessments]


def test_a_partial_response_is_not_lost_by_small_regrowth_and_nadir_is_kept() -> None:
    found = course({"a": mm(165)}, {"a": mm(63)}, {"a": mm(65)}, {"a": mm(76)})
    assert overall(found) == [PR, PR, PD]
    assert [one.smallest for one in found.assessments] == [165, 63, 63]
    assert found.assessments[1].change_from_baseline_fraction == pytest.approx(65 / 165 - 1)
    assert found.progression_on == on(270)


def test_an_unmeasured_target_is_not_evaluable_unless_the_others_progress() -> None:
    found = course(
        {"a": mm(40), "b": mm(30)},
        {"a": mm(20), "b": GONE_MISSING},
        {"a": mm(84), "b": GONE_MISSING},
        {"a": mm(83.9), "b": GONE_MISSING},
    )
    assert overall(found) == [NE, PD, NE]
    assert found.assessments[0].not_measured == ("b",)
    assert found.assessments[0].now is None
    assert found.assessments[0].measured == 20


def test_a_sum_with_a_gap_does_not_become_the_nadir() -> None:
    found = course(
        {"a": mm(40), "b": mm(30)}, {"a": mm(40), "b": GONE_MISSING}, {"a": mm(40), "b": mm(30)}
    )
    assert overall(found) == [NE, SD]
    assert found.assessments[1].smallest == 70


def test_a_lesion_that_is_back_after_complete_response_is_progression_at_any_size() -> None:
    found = course({"a": mm(30)}, {"a": ABSENT}, {"a": mm(3)})
    assert overall(found) == [CR, PD]


def test_a_lesion_that_is_back_without_complete_response_is_only_measured_again() -> None:
    found = course(
        {"a": mm(30), "b": mm(30)}, {"a": ABSENT, "b": mm(28)}, {"a": mm(4), "b": mm(28)}
    )
    assert overall(found) == [PR, PR]


def test_too_small_counts_5_mm_unless_a_real_value_was_read() -> None:
    small = Sight(state=SightState.TOO_SMALL)
    measured = Sight(state=SightState.TOO_SMALL, longest_diameter_mm=3.0)
    lesion = lesions("a")[0]
    assert size_of(small, lesion, "longest_diameter") == 5.0
    assert size_of(measured, lesion, "longest_diameter") == 3.0
    node = Lesion(id="n", organ="groin", role=TARGET, kind=LesionKind.NODE)
    assert size_of(small, node, "longest_diameter") is Missing.NOT_RECORDED
    axis = Sight(state=SightState.TOO_SMALL, short_axis_mm=4.0)
    assert size_of(axis, node, "longest_diameter") == 4.0


def test_pieces_of_a_lesion_are_summed_and_a_merged_mass_counts_once() -> None:
    split = Sight(state=SightState.MEASURED, pieces_mm=(12.0, 9.0))
    merged = Sight(state=SightState.MERGED, merged_into="a")
    found = course(
        {"a": mm(30), "b": mm(20)}, {"a": split, "b": mm(20)}, {"a": mm(48), "b": merged}
    )
    assert [one.now for one in found.assessments] == [41, 48]
    assert overall(found) == [SD, SD]


def test_a_lesion_that_merged_into_one_that_was_not_measured_is_refused() -> None:
    merged = Sight(state=SightState.MERGED, merged_into="a")
    with pytest.raises(InputError, match="which was not measured at that visit"):
        course({"a": mm(30), "b": mm(20)}, {"a": ABSENT, "b": merged})


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("viable_diameter", 6.0), ("product", 200.0), ("viable_product", 18.0), ("volume", 4.5)],
)
def test_each_metric_takes_its_own_size(metric: str, expected: float) -> None:
    sight = Sight(
        state=SightState.MEASURED,
        longest_diameter_mm=20.0,
        perpendicular_mm=10.0,
        viable_diameter_mm=6.0,
        viable_perpendicular_mm=3.0,
        volume_ml=4.5,
    )
    assert size_of(sight, lesions("a")[0], metric) == expected
    bare = Sight(state=SightState.MEASURED)
    assert size_of(bare, lesions("a")[0], metric) is Missing.NOT_RECORDED


def test_a_product_without_its_second_diameter_is_missing_unless_the_first_is_0() -> None:
    half = Sight(state=SightState.MEASURED, viable_diameter_mm=6.0)
    dead = Sight(state=SightState.MEASURED, viable_diameter_mm=0.0)
    assert size_of(half, lesions("a")[0], "viable_product") is Missing.NOT_RECORDED
    assert size_of(dead, lesions("a")[0], "viable_product") == 0.0


def viable(size: float, whole: float = 50.0) -> Sight:
    return Sight(state=SightState.MEASURED, longest_diameter_mm=whole, viable_diameter_mm=size)


def test_mrecist_counts_what_enhances_and_takes_no_absolute_increase_by_default() -> None:
    sights = (
        {"a": viable(40)},
        {"a": viable(0)},
    )
    assert overall(course(*sights, criterion="mrecist")) == [CR]
    assert overall(course(*sights)) == [SD]
    small = ({"a": viable(20)}, {"a": viable(10)}, {"a": viable(13)})
    assert overall(course(*small, criterion="mrecist")) == [PR, PD]
    assert overall(course(*small, criterion="mrecist_5mm")) == [PR, PR]


def product_sight(first: float, second: float) -> Sight:
    return Sight(
        state=SightState.MEASURED,
        longest_diameter_mm=first,
        perpendicular_mm=second,
        viable_diameter_mm=first,
        viable_perpendicular_mm=second,
    )


@pytest.mark.parametrize("name", ["who", "easl"])
@pytest.mark.parametrize(
    ("second", "category"), [(50.0, PR), (50.1, SD), (125.0, SD), (125.1, PD), (0.0, CR)]
)
def test_products_halve_for_partial_and_grow_above_a_quarter_for_progression(
    name: str, second: float, category: ResponseCategory
) -> None:
    found = course(
        {"a": product_sight(10.0, 100.0)}, {"a": product_sight(10.0, second)}, criterion=name
    )
    assert overall(found) == [category]


def test_who_by_any_lesion_includes_25_percent_of_one() -> None:
    baseline = {"a": product_sight(10, 100), "b": product_sight(10, 100)}
    now = {"a": product_sight(10, 125), "b": product_sight(10, 40)}
    assert overall(course(baseline, now, criterion="who_any_lesion")) == [PD]
    assert overall(course(baseline, now, criterion="who")) == [SD]


def test_the_reference_of_progression_is_a_field() -> None:
    against_baseline = replace(sum_criterion("easl"), progression_reference="baseline")
    sizes = TargetSizes(
        baseline={"a": 100.0}, now={"a": 60.0}, smallest=40.0, smallest_each={"a": 40.0}
    )
    assert target_response(sizes, sum_criterion("easl")) is PD
    assert target_response(sizes, against_baseline) is SD


@pytest.mark.parametrize(("volume", "category"), [(34.3, PR), (34.4, SD), (172.7, SD), (172.8, PD)])
def test_volume_equivalent_of_recist(volume: float, category: ResponseCategory) -> None:
    def ml(size: float) -> Sight:
        return Sight(state=SightState.MEASURED, volume_ml=size)

    found = course({"a": ml(100.0)}, {"a": ml(volume)}, criterion="volume_equivalent")
    assert overall(found) == [category]


def test_new_lesions_and_their_first_sighting() -> None:
    def visit(day: int, *new: NewLesion) -> ImagingVisit:
        return ImagingVisit(on=on(day), sights={"a": mm(20)}, new_lesions=new)

    found = assess_course(
        lesions("a"),
        ImagingVisit(on=DAY, sights={"a": mm(30)}),
        [
            visit(180, NewLesion(id="n", organ="liver", equivocal=False)),
            visit(90, NewLesion(id="n", organ="liver", equivocal=True)),
        ],
        RECIST,
    )
    assert overall(found) == [PR, PD]
    assert found.progression_on == on(90)


def test_an_equivocal_lesion_that_is_never_confirmed_is_no_progression() -> None:
    visit = ImagingVisit(
        on=on(90),
        sights={"a": mm(30)},
        new_lesions=(NewLesion(id="n", organ="liver", equivocal=True),),
    )
    found = assess_course(lesions("a"), ImagingVisit(on=DAY, sights={"a": mm(30)}), [visit], RECIST)
    assert overall(found) == [SD]
    assert found.progression_on is None


def test_a_visit_at_which_nobody_looked_for_new_lesions_is_not_evaluable() -> None:
    visit = ImagingVisit(on=on(90), sights={"a": mm(10)}, new_lesions=Missing.NOT_DONE)
    found = assess_course(lesions("a"), ImagingVisit(on=DAY, sights={"a": mm(30)}), [visit], RECIST)
    assert overall(found) == [NE]


def test_a_liver_only_response_reads_the_liver_and_says_so() -> None:
    chosen = [*lesions("a"), *lesions("b", organ="bone")]
    visit = ImagingVisit(
        on=on(90),
        sights={"a": mm(10), "b": mm(60)},
        new_lesions=(NewLesion(id="n", organ="lung", equivocal=False),),
    )
    baseline = ImagingVisit(on=DAY, sights={"a": mm(30), "b": mm(30)})
    whole = assess_course(chosen, baseline, [visit], RECIST)
    liver = assess_course(chosen, baseline, [visit], RECIST, organs=("liver",))
    assert (overall(whole), overall(liver)) == ([PD], [PR])
    assert liver.organs == ("liver",)
    assert liver.progression_on is None
    entered = replace(visit, non_target=STILL)
    with pytest.raises(InputError, match="cannot be read for liver alone"):
        assess_course(chosen, baseline, [entered], RECIST, organs=("liver",))


def test_non_target_disease_only() -> None:
    other = [Lesion(id="x", organ="liver", role=LesionRole.NON_TARGET)]
    visits = [
        ImagingVisit(on=on(90), non_target_states={"x": NonTargetState.PRESENT}),
        ImagingVisit(on=on(180), non_target_states={"x": NonTargetState.GONE}),
        ImagingVisit(on=on(270)),
        ImagingVisit(on=on(360), non_target_states={"x": NonTargetState.UNEQUIVOCAL_PROGRESSION}),
    ]
    found = assess_course(other, ImagingVisit(on=DAY), visits, RECIST)
    assert overall(found) == [STILL, CR, NE, PD]
    assert found.assessments[0].target is None
    assert found.assessments[0].change_from_baseline_fraction is None


@pytest.mark.parametrize(
    ("raised", "normal", "expected"),
    [
        (False, Missing.NOT_DONE, CR),
        (True, True, CR),
        (True, False, STILL),
        (True, Missing.NOT_DONE, NE),
        (Missing.NOT_DONE, True, CR),
        (Missing.NOT_DONE, False, NE),
        (Missing.NOT_DONE, Missing.NOT_DONE, NE),
    ],
)
def test_complete_response_of_non_targets_needs_normal_markers(
    raised: Any, normal: Any, expected: ResponseCategory
) -> None:
    visit = ImagingVisit(
        on=DAY, non_target_states={"x": NonTargetState.GONE}, markers_normal=normal
    )
    assert non_target_response(visit, ("x",), markers_raised_at_baseline=raised) is expected


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="no partial response"):
        ImagingVisit(on=DAY, non_target=PR)
    with pytest.raises(InputError, match="names the lesion that it merged into"):
        Sight(state=SightState.MERGED)
    with pytest.raises(InputError, match="names the lesion that it merged into"):
        Sight(state=SightState.MEASURED, merged_into="a")
    with pytest.raises(InputError, match="a lesion with pieces"):
        Sight(state=SightState.ABSENT, pieces_mm=(3.0,))
    with pytest.raises(InputError, match="a number of at least 0"):
        mm(-1.0)
    with pytest.raises(InputError, match="needs an id and an organ"):
        Lesion(id="", organ="liver", role=TARGET)
    with pytest.raises(InputError, match="the same id"):
        assess_course([*lesions("a"), *lesions("a")], ImagingVisit(on=DAY), [], RECIST)
    with pytest.raises(InputError, match="two visits have the same date"):
        course_with_days(90, 90)
    with pytest.raises(InputError, match="is not after baseline"):
        course_with_days(0)
    with pytest.raises(InputError, match=r"has no longest_diameter at baseline"):
        assess_course(lesions("a"), ImagingVisit(on=DAY), [], RECIST)
    with pytest.raises(InputError, match="sum of 0 at baseline"):
        course({"a": ABSENT}, {"a": mm(3)})
    with pytest.raises(InputError, match="differ"):
        TargetSizes(baseline={"a": 1.0}, now={}, smallest=1.0, smallest_each={})


def course_with_days(*days: int) -> ResponseCourse:
    return assess_course(
        lesions("a"),
        ImagingVisit(on=DAY, sights={"a": mm(30)}),
        [ImagingVisit(on=on(day), sights={"a": mm(30)}) for day in days],
        RECIST,
    )


def test_a_criterion_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="response criterion 'recist_2'"):
        sum_criterion("recist_2")
    with pytest.raises(UnknownNameError, match="metric of criterion"):
        replace(RECIST, metric="weight")
    with pytest.raises(InputError, match="do not lie around 1"):
        replace(RECIST, partial_fraction=1.3)


@pytest.mark.parametrize("name", sum_criterion_names())
def test_every_criterion_has_a_source(name: str) -> None:
    assert sum_criterion(name).citation.verified


SIZES = st.lists(st.floats(1.0, 200.0), min_size=1, max_size=4)


@given(
    name=st.sampled_from(sum_criterion_names()),
    baseline=SIZES,
    shares=st.lists(st.floats(0.0, 2.5), min_size=4, max_size=4),
    nadir_share=st.floats(0.2, 1.0),
    growth=st.floats(1.0, 2.0),
    scale=st.sampled_from([0.1, 1.0, 7.3]),
)
def test_larger_is_never_better_and_scale_does_not_matter_without_an_absolute_limit(
    name: str,
    baseline: list[float],
    shares: list[float],
    nadir_share: float,
    growth: float,
    scale: float,
) -> None:
    criterion = sum_criterion(name)
    order = [CR, PR, SD, PD]

    def category(factor: float, unit: float = 1.0) -> ResponseCategory:
        before = {str(n): one * unit for n, one in enumerate(baseline)}
        now = {n: one * shares[int(n)] * factor for n, one in before.items()}
        sizes = TargetSizes(
            baseline=before,
            now=now,
            smallest=sum(before.values()) * nadir_share,
            smallest_each={n: one * nadir_share for n, one in before.items()},
        )
        return target_response(sizes, criterion)

    assert order.index(category(growth)) >= order.index(category(1.0))
    if criterion.progression_absolute is None:
        assert category(1.0, unit=scale) is category(1.0)


@given(baseline=st.floats(10.0, 200.0), now=SIZES)
def test_measuring_fewer_targets_never_makes_a_response(baseline: float, now: list[float]) -> None:
    names = [str(n) for n in range(len(now))]
    each = dict.fromkeys(names, baseline)
    full = TargetSizes(
        baseline=each,
        now=dict(zip(names, now, strict=True)),
        smallest=sum(each.values()),
        smallest_each=each,
    )
    partial = replace(full, now={**full.now, names[0]: Missing.NOT_EVALUABLE})
    assert target_response(partial, RECIST) in {NE, PD}


# --- selection ------------------------------------------------------------------------------


def lesion(**changes: Any) -> Lesion:
    plain: dict[str, Any] = {
        "id": "a",
        "organ": "liver",
        "role": TARGET,
        "slice_thickness_mm": 5.0,
        "longest_diameter_mm": 10.0,
        "in_treated_area": False,
    }
    return Lesion(**{**plain, **changes})


YES, NO, UNKNOWN = Measurability.MEASURABLE, Measurability.NOT_MEASURABLE, Measurability.UNKNOWN
NODE = {"kind": LesionKind.NODE, "longest_diameter_mm": 30.0}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, YES),
        ({"longest_diameter_mm": 9.9}, NO),
        ({"slice_thickness_mm": 6.0, "longest_diameter_mm": 12.0}, YES),
        ({"slice_thickness_mm": 6.0, "longest_diameter_mm": 11.9}, NO),
        ({"slice_thickness_mm": Missing.NOT_RECORDED}, UNKNOWN),
        ({"longest_diameter_mm": Missing.NOT_RECORDED}, UNKNOWN),
        ({"modality": Modality.MR}, YES),
        ({"modality": Modality.CALLIPER, "slice_thickness_mm": Missing.NOT_RECORDED}, YES),
        ({"modality": Modality.CHEST_RADIOGRAPH, "longest_diameter_mm": 19.9}, NO),
        ({"modality": Modality.CHEST_RADIOGRAPH, "longest_diameter_mm": 20.0}, YES),
        ({"modality": Modality.ULTRASOUND, "longest_diameter_mm": 50.0}, NO),
        ({"kind": LesionKind.CYSTIC}, YES),
        ({"kind": LesionKind.BONE_WITH_SOFT_TISSUE}, YES),
        ({"kind": LesionKind.BONE_BLASTIC}, NO),
        ({"kind": LesionKind.DIFFUSE}, NO),
        ({**NODE, "short_axis_mm": 15.0}, YES),
        ({**NODE, "short_axis_mm": 14.9}, NO),
        ({**NODE, "short_axis_mm": 10.0}, NO),
        ({**NODE, "short_axis_mm": 9.9}, Measurability.NORMAL),
        (NODE, UNKNOWN),
        ({"in_treated_area": True, "progression_in_treated_area": False}, NO),
        ({"in_treated_area": True, "progression_in_treated_area": True}, YES),
        ({"in_treated_area": True}, UNKNOWN),
        ({"in_treated_area": Missing.NOT_RECORDED}, UNKNOWN),
    ],
)
def test_what_can_be_measured(changes: dict[str, Any], expected: Measurability) -> None:
    assert measurability(lesion(**changes)).measurability is expected


def test_targets_are_counted_in_all_and_for_each_organ_nodes_together() -> None:
    node: dict[str, Any] = {**NODE, "short_axis_mm": 20.0}
    chosen = [
        lesion(id="l1"),
        lesion(id="l2"),
        lesion(id="l3", longest_diameter_mm=8.0),
        lesion(id="n1", organ="neck", **node),
        lesion(id="n2", organ="groin", **node),
        lesion(id="n3", organ="chest", **node),
    ]
    rules = [one.rule for one in check_targets(chosen)]
    assert rules == [
        "target_not_measurable",
        "too_many_targets",
        "too_many_targets_in_organ",
        "too_many_targets_in_organ",
    ]
    assert check_targets(chosen[:2]) == ()


def test_the_largest_measurable_lesions_are_suggested_solid_before_cystic() -> None:
    chosen = suggest_targets(
        [
            lesion(id="small", longest_diameter_mm=12.0),
            lesion(id="large", longest_diameter_mm=60.0),
            lesion(id="middle", longest_diameter_mm=30.0),
            lesion(id="cyst", organ="pancreas", kind=LesionKind.CYSTIC, longest_diameter_mm=90.0),
            lesion(id="tiny", organ="lung", longest_diameter_mm=5.0),
        ]
    )
    assert chosen == ("large", "middle", "cyst")


def test_mrecist_nodes() -> None:
    assert mrecist_node_is_malignant(short_axis_mm=20.0, porta_hepatis=True)
    assert not mrecist_node_is_malignant(short_axis_mm=19.9, porta_hepatis=True)
    assert mrecist_node_is_malignant(short_axis_mm=15.0, porta_hepatis=False)
    assert not mrecist_node_is_malignant(short_axis_mm=14.9, porta_hepatis=False)


# --- best response --------------------------------------------------------------------------


def best(
    *pairs: tuple[int, ResponseCategory],
    confirmation: Confirmation = Confirmation.NONE,
    minimum: int = 42,
    new_therapy: int | None = None,
) -> ResponseCategory:
    return best_response(
        [Visit(on(day), category) for day, category in pairs],
        baseline_on=DAY,
        stable_at_least_days=minimum,
        confirmation=confirmation,
        new_therapy_on=None if new_therapy is None else on(new_therapy),
    ).category


TWICE = Confirmation.FOUR_WEEKS


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (((60, SD), (120, PR), (180, PD)), PR),
        (((60, SD), (120, PD), (180, CR)), SD),
        (((41, SD), (120, PD)), PD),
        (((42, SD), (120, PD)), SD),
        (((41, SD),), NE),
        (((60, PD), (60, SD)), PD),
        (((60, NE),), NE),
        (((60, STILL), (120, NE)), STILL),
        ((), NE),
    ],
)
def test_best_response_without_confirmation(
    pairs: tuple[tuple[int, ResponseCategory], ...], expected: ResponseCategory
) -> None:
    assert best(*pairs) is expected


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (((60, PR), (87, PR)), SD),
        (((60, PR), (88, PR)), PR),
        (((60, PR), (75, NE), (90, PR)), PR),
        (((60, PR), (75, SD), (90, PR)), SD),
        (((60, CR), (88, CR)), CR),
        (((60, PR), (70, CR), (98, CR)), CR),
        (((60, PR), (88, CR)), PR),
    ],
)
def test_best_response_with_confirmation(
    pairs: tuple[tuple[int, ResponseCategory], ...], expected: ResponseCategory
) -> None:
    assert best(*pairs, confirmation=TWICE) is expected


def test_a_new_therapy_ends_the_count() -> None:
    pairs = ((60, SD), (120, PR))
    assert best(*pairs, new_therapy=120) is SD
    assert best(*pairs, new_therapy=121) is PR


def test_remnants_after_complete_response_are_a_query_to_the_reader() -> None:
    visits = [Visit(on(60), CR), Visit(on(120), PR)]
    for reading, expected in (
        (PartialAfterComplete.PROGRESSION, CR),
        (PartialAfterComplete.NEVER_COMPLETE, PR),
    ):
        found = best_response(
            visits,
            baseline_on=DAY,
            stable_at_least_days=42,
            confirmation=Confirmation.NONE,
            partial_after_complete=reading,
        )
        assert found.category is expected
        assert "the reader has to settle it" in found.findings[0].text


def test_assessments_before_baseline_and_negative_minima_are_refused() -> None:
    with pytest.raises(InputError, match="is not after baseline"):
        best((0, SD))
    with pytest.raises(InputError, match="makes no sense"):
        best((10, SD), minimum=-1)


def test_rates_keep_both_denominators() -> None:
    rates = response_rates([CR, PR, SD, STILL, PD, NE], n_treated=8)
    assert (rates.n_assessed, rates.n_evaluable, rates.n_treated) == (6, 5, 8)
    assert (rates.n_objective, rates.n_controlled) == (2, 4)
    with pytest.raises(InputError, match="count patients, not lesions"):
        response_rates([CR, PR], n_treated=1)
