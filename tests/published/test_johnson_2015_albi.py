"""ALBI as printed in the abstract of Mohammadi et al. (JGO 21662); cut-offs -2.60 and -1.39."""

import pytest

from opensirt.clinical.liver_function import albi


@pytest.mark.parametrize(
    ("bilirubin", "albumin", "value", "grade"),
    [
        (10.0, 42.0, -2.91, "1"),
        (17.1, 40.0, -2.586, "2"),
        (34.2, 35.0, -1.963, "2"),
        (51.3, 28.0, -1.251, "3"),
    ],
)
def test_albi(bilirubin: float, albumin: float, value: float, grade: str) -> None:
    result = albi(bilirubin_umol_per_l=bilirubin, albumin_g_per_l=albumin)
    assert result.value == pytest.approx(value, abs=5e-4 if value != -2.91 else 5e-3)
    assert result.grade == grade


@pytest.mark.parametrize(
    ("score", "grade"),
    [(-2.60001, "1"), (-2.60, "1"), (-2.59999, "2"), (-1.39, "2"), (-1.389, "3")],
)
def test_grades_on_and_beside_the_cut_offs(score: float, grade: str) -> None:
    albumin = (0.66 * 1.0 - score) / 0.085  # bilirubin 10 umol/L
    assert albi(bilirubin_umol_per_l=10.0, albumin_g_per_l=albumin).grade == grade


@pytest.mark.parametrize(
    ("score", "grade"),
    [(-2.60, "1"), (-2.59999, "2a"), (-2.27, "2a"), (-2.2699, "2b"), (-1.39, "2b"), (-1.389, "3")],
)
def test_the_modified_grade_divides_grade_2_and_says_that_its_limit_was_not_read(
    score: float, grade: str
) -> None:
    albumin = (0.66 * 1.0 - score) / 0.085
    found = albi(bilirubin_umol_per_l=10.0, albumin_g_per_l=albumin, variant="modified")
    assert found.grade == grade
    assert found.value == pytest.approx(score)
    assert not found.citation.verified
