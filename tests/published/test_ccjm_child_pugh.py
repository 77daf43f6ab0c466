"""Child-Pugh as in ccjm.org highwire markup 12320, Table 1, and the MSD manual."""

import pytest

from opensirt.clinical.liver_function import Ascites, Encephalopathy, child_pugh
from opensirt.domain.score import Score


def score(
    bili_mg_per_dl: float, albumin_g_per_dl: float, inr: float, *, variant: str = "conventional"
) -> Score:
    return child_pugh(
        bilirubin_umol_per_l=bili_mg_per_dl * 17.104,
        albumin_g_per_l=albumin_g_per_dl * 10.0,
        inr=inr,
        ascites=Ascites.NONE,
        encephalopathy=Encephalopathy.NONE,
        variant=variant,
    )


def test_all_three_values_on_their_first_limit_are_8_points_class_b() -> None:
    result = score(2.0, 3.5, 1.7)
    assert (result.value, result.grade) == (8.0, "B")
    assert dict(result.parts) == {
        "bilirubin": 2.0,
        "albumin": 2.0,
        "inr": 2.0,
        "ascites": 1.0,
        "encephalopathy": 1.0,
    }


def test_just_better_than_the_limits_is_5_points_class_a() -> None:
    result = score(1.9, 3.6, 1.6)
    assert (result.value, result.grade) == (5.0, "A")


@pytest.mark.parametrize(
    ("bilirubin", "points"), [(1.99, 1), (2.0, 2), (2.01, 2), (2.99, 2), (3.0, 2), (3.01, 3)]
)
def test_bilirubin_points(bilirubin: float, points: int) -> None:
    assert score(bilirubin, 4.0, 1.0).parts["bilirubin"] == points


@pytest.mark.parametrize(
    ("albumin", "points"), [(3.51, 1), (3.5, 2), (3.49, 2), (2.81, 2), (2.8, 2), (2.79, 3)]
)
def test_albumin_points(albumin: float, points: int) -> None:
    assert score(1.0, albumin, 1.0).parts["albumin"] == points


@pytest.mark.parametrize(
    ("inr", "points"), [(1.69, 1), (1.7, 2), (1.71, 2), (2.29, 2), (2.3, 2), (2.31, 3)]
)
def test_inr_points(inr: float, points: int) -> None:
    assert score(1.0, 4.0, inr).parts["inr"] == points


@pytest.mark.parametrize(("seconds", "points"), [(3.9, 1), (4.0, 2), (6.0, 2), (6.1, 3)])
def test_prothrombin_time_points(seconds: float, points: int) -> None:
    result = child_pugh(
        bilirubin_umol_per_l=10.0,
        albumin_g_per_l=40.0,
        prothrombin_time_prolongation_s=seconds,
        ascites=Ascites.NONE,
        encephalopathy=Encephalopathy.NONE,
        variant="prothrombin_time",
    )
    assert result.parts["prothrombin_time_prolongation"] == points


@pytest.mark.parametrize(
    ("ascites", "encephalopathy", "value", "grade"),
    [
        (Ascites.NONE, Encephalopathy.NONE, 5, "A"),
        (Ascites.MILD, Encephalopathy.NONE, 6, "A"),
        (Ascites.MILD, Encephalopathy.GRADE_1_2, 7, "B"),
        (Ascites.MODERATE, Encephalopathy.GRADE_3_4, 9, "B"),
    ],
)
def test_clinical_items_and_classes(
    ascites: Ascites, encephalopathy: Encephalopathy, value: int, grade: str
) -> None:
    result = child_pugh(
        bilirubin_umol_per_l=10.0,
        albumin_g_per_l=40.0,
        inr=1.0,
        ascites=ascites,
        encephalopathy=encephalopathy,
    )
    assert (result.value, result.grade) == (value, grade)


def test_the_worst_of_everything_is_15_points_class_c() -> None:
    result = child_pugh(
        bilirubin_umol_per_l=200.0,
        albumin_g_per_l=20.0,
        inr=3.0,
        ascites=Ascites.MODERATE,
        encephalopathy=Encephalopathy.GRADE_3_4,
    )
    assert (result.value, result.grade) == (15.0, "C")


def test_the_printed_si_limits_are_a_variant_of_their_own() -> None:
    mg_per_dl = 34.1 / 17.104
    assert score(mg_per_dl, 4.0, 1.0).parts["bilirubin"] == 1
    assert score(mg_per_dl, 4.0, 1.0, variant="si").parts["bilirubin"] == 2


def test_the_cholestatic_and_the_albumin_variant_have_their_own_limits() -> None:
    assert score(3.5, 4.0, 1.0, variant="cholestatic").parts["bilirubin"] == 1
    assert score(3.5, 4.0, 1.0).parts["bilirubin"] == 3
    assert score(1.0, 2.9, 1.0).parts["albumin"] == 2
    assert score(1.0, 2.9, 1.0, variant="albumin_3_0").parts["albumin"] == 3
