"""PERCIST 1.0 as in doc.pmod.com, PMC4976461, PMC4377159 (Table 2), PMC2938069 (Table 3)."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from opensirt.clinical.liver_function import Sex
from opensirt.clinical.response.lean_body_mass import lean_body_mass_kg
from opensirt.clinical.response.percist import (
    MetabolicResponse,
    PercistInput,
    baseline_is_measurable,
    percist_limits,
    percist_response,
)
from opensirt.clinical.response.scan_conditions import ScanFacts, comparability
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError

CMR, PMR, SMD, PMD, NE = MetabolicResponse
PLAIN: dict[str, Any] = {
    "baseline_sul": 8.0,
    "smallest_sul": 8.0,
    "now_sul": 8.0,
    "liver_mean_sul": 1.6,
    "indistinguishable": False,
    "new_lesion": False,
    "other_lesion_increased": False,
    "extent_change_fraction": 0.0,
}


def category(**changes: Any) -> MetabolicResponse:
    return percist_response(PercistInput(**{**PLAIN, **changes})).category


@pytest.mark.parametrize(
    ("now", "expected"),
    [(5.6, PMR), (5.61, SMD), (5.0, PMR), (10.39, SMD), (10.4, PMD), (8.0, SMD)],
)
def test_thirty_percent_either_way(now: float, expected: MetabolicResponse) -> None:
    assert category(now_sul=now) is expected


@pytest.mark.parametrize(
    ("baseline", "now", "expected"),
    [(2.0, 1.2, PMR), (2.0, 1.21, SMD), (2.0, 2.79, SMD), (2.0, 2.8, PMD)],
)
def test_and_eight_tenths_of_sul(baseline: float, now: float, expected: MetabolicResponse) -> None:
    found = category(baseline_sul=baseline, smallest_sul=baseline, now_sul=now, liver_mean_sul=1.0)
    assert found is expected


def test_complete_needs_less_than_liver_and_no_contrast_to_background() -> None:
    assert category(now_sul=1.5, indistinguishable=True) is CMR
    assert category(now_sul=1.6, indistinguishable=True) is PMR
    assert category(now_sul=1.5, indistinguishable=False) is PMR


@pytest.mark.parametrize(
    "change",
    [{"new_lesion": True}, {"other_lesion_increased": True}, {"extent_change_fraction": 0.75}],
)
def test_progression_otherwise_than_by_the_hottest_lesion(change: dict[str, Any]) -> None:
    assert category(now_sul=1.0, indistinguishable=True, **change) is PMD


def test_extent_below_75_percent_is_no_progression() -> None:
    assert category(extent_change_fraction=0.749) is SMD


def test_progression_is_against_nadir_unless_told_otherwise() -> None:
    given = PercistInput(**{**PLAIN, "smallest_sul": 4.0, "now_sul": 5.6})
    assert percist_response(given).category is PMD
    baseline = replace(percist_limits(), progression_reference="baseline")
    assert percist_response(given, limits=baseline).category is PMR


def test_more_than_thirty_percent_is_an_option() -> None:
    strict = replace(percist_limits(), change_included=False)
    given = PercistInput(**{**PLAIN, "now_sul": 5.6})
    assert percist_response(given, limits=strict).category is SMD


def test_every_pattern_of_what_is_missing_gives_a_category_only_if_nothing_could_change_it() -> (
    None
):
    optional = {
        "now_sul": (1.0, 5.0, 8.0, 12.0),
        "liver_mean_sul": (0.5, 20.0),
        "indistinguishable": (False, True),
        "new_lesion": (False, True),
        "other_lesion_increased": (False, True),
        "extent_change_fraction": (0.0, 0.9),
    }
    complete = {
        values: category(**dict(zip(optional, values, strict=True)))
        for values in product(*optional.values())
    }
    assert NE not in complete.values()
    for pattern in product(*((*values, Missing.NOT_DONE) for values in optional.values())):
        possible = {
            outcome
            for values, outcome in complete.items()
            if all(
                isinstance(one, Missing) or one == value
                for one, value in zip(pattern, values, strict=True)
            )
        }
        found = category(**dict(zip(optional, pattern, strict=True)))
        assert found is (possible.pop() if len(possible) == 1 else NE)


@pytest.mark.parametrize(
    ("sul", "liver", "pool", "expected"),
    [
        (3.0, (1.6, 0.3), (1.4, 0.2), True),
        (2.99, (1.6, 0.3), (1.4, 0.2), False),
        (3.2, (Missing.NOT_EVALUABLE, 0.3), (1.4, 0.2), True),
        (3.19, (1.6, Missing.NOT_EVALUABLE), (1.4, 0.2), False),
        (3.2, (Missing.NOT_DONE, 0.3), (Missing.NOT_DONE, 0.2), Missing.NOT_DONE),
    ],
)
def test_measurable_by_liver_or_by_blood_pool_where_the_liver_is_diseased(
    sul: float, liver: tuple[Any, Any], pool: tuple[Any, Any], *, expected: bool | Missing
) -> None:
    found = baseline_is_measurable(
        sul_peak=sul,
        liver_mean_sul=liver[0],
        liver_deviation_sul=liver[1],
        blood_pool_mean_sul=pool[0],
        blood_pool_deviation_sul=pool[1],
    )
    assert found is expected


def test_a_scan_that_is_not_evaluable_names_what_is_not_known() -> None:
    gone = Missing.NOT_RECORDED
    given = PercistInput(**{**PLAIN, "extent_change_fraction": gone, "new_lesion": gone})
    assert percist_response(given).missing == ("new lesion", "total lesion glycolysis")
    assert percist_response(PercistInput(**PLAIN)).missing == ()
    worse = PercistInput(**{**PLAIN, "now_sul": 12.0, "extent_change_fraction": gone})
    assert (percist_response(worse).category, percist_response(worse).missing) == (PMD, ())


GOOD = ScanFacts(
    liver_mean_sul=1.6,
    injected_activity_mbq=200.0,
    uptake_min=60.0,
    glucose_mg_per_dl=100.0,
    fasting_h=6.0,
    days_since_chemotherapy=21.0,
)


def test_two_good_scans_have_nothing_to_report() -> None:
    assert comparability(GOOD, GOOD) == ()


@pytest.mark.parametrize(
    ("change", "n"),
    [
        ({"liver_mean_sul": 1.89}, 0),
        ({"liver_mean_sul": 1.9}, 1),  # less than 0.3 SUL apart is wanted
        ({"liver_mean_sul": 1.2}, 1),
        ({"injected_activity_mbq": 240.0}, 0),
        ({"injected_activity_mbq": 241.0}, 1),
        ({"uptake_min": 70.0}, 0),
        ({"uptake_min": 71.0}, 1),
        ({"uptake_min": 76.0}, 2),
        ({"uptake_min": 49.0}, 1),
        ({"glucose_mg_per_dl": 199.9}, 0),
        ({"glucose_mg_per_dl": 200.0}, 1),
        ({"fasting_h": 3.9}, 1),
        ({"days_since_chemotherapy": 9.0}, 1),
        ({"fasting_h": Missing.NOT_RECORDED}, 1),
    ],
)
def test_what_makes_scans_hard_to_compare(change: dict[str, Any], n: int) -> None:
    assert len(comparability(GOOD, replace(GOOD, **change))) == n


def test_what_was_not_recorded_is_one_line_for_each_scan() -> None:
    poor = replace(GOOD, glucose_mg_per_dl=Missing.NOT_RECORDED, fasting_h=Missing.NOT_DONE)
    names = ("the scan of March", "the scan of June")
    (said,) = comparability(GOOD, poor, names=names)
    assert said.text == (
        "how well the FDG scans compare is not known in full: the scan of June records no glucose "
        "in mg/dL, no hours of fasting"
    )
    both = comparability(ScanFacts(), ScanFacts(), names=names)
    assert [one.value for one in both] == [6.0, 6.0]
    assert {one.rule for one in both} == {"percist_comparability_unknown"}


@pytest.mark.parametrize(
    ("sex", "weight", "height", "james", "janmahasatian"),
    [
        (Sex.MALE, 80.0, 180.0, 62.72, 61.73),
        (Sex.FEMALE, 65.0, 165.0, 46.58, 41.25),
        (Sex.FEMALE, 110.0, 160.0, 47.75, 52.93),
    ],
)
def test_lean_body_mass(
    sex: Sex, weight: float, height: float, james: float, janmahasatian: float
) -> None:
    for variant, expected in (("james", james), ("janmahasatian", janmahasatian)):
        found = lean_body_mass_kg(weight_kg=weight, height_cm=height, sex=sex, variant=variant)
        assert found == pytest.approx(expected, abs=5e-3)


def test_james_turns_down_in_obesity() -> None:
    found = lean_body_mass_kg(weight_kg=150.0, height_cm=160.0, sex=Sex.FEMALE, variant="james")
    assert found == pytest.approx(30.42, abs=5e-3)
    with pytest.raises(InputError, match="use janmahasatian"):
        lean_body_mass_kg(weight_kg=250.0, height_cm=160.0, sex=Sex.FEMALE, variant="james")


def test_impossible_input_is_refused() -> None:
    with pytest.raises(InputError, match="must be positive"):
        lean_body_mass_kg(weight_kg=0.0, height_cm=160.0, sex=Sex.MALE, variant="james")
    with pytest.raises(UnknownNameError, match="variant of lean body mass 'boer'"):
        lean_body_mass_kg(weight_kg=70.0, height_cm=160.0, sex=Sex.MALE, variant="boer")
    with pytest.raises(InputError, match="smallest SUL"):
        PercistInput(**{**PLAIN, "smallest_sul": 9.0})
