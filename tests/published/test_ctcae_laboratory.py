"""CTCAE v4.03, v5 and v6 laboratory grades, transcribed a second time from the printed criteria.

Source: pharmaverse/admiral 6eb5125a, data-raw/adlb_grading/ncictcaev{4,5,6}.json. Each line is
(multiples or values at which grades 1, 2, 3, 4 begin); "incl" where the first bound is printed
as a closed range ("1.5 - 3.0 x baseline"). Bounds are probed on, just below and just above.
"""

from datetime import date

import numpy as np
import pytest

from opensirt.clinical.toxicity.grade_arrays import LabArrays, grade_arrays
from opensirt.clinical.toxicity.laboratory_grade import GradeInput, grade, grade_value
from opensirt.clinical.toxicity.laboratory_term import laboratory_term_keys
from opensirt.domain.ctcae import CtcaeVersion, LaboratoryGrade
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.errors import UnknownNameError

V4, V5, V6 = CtcaeVersion
EPS = 1e-6

OF_UPPER_LIMIT: dict[tuple[str, CtcaeVersion], list[float]] = {
    ("alt_increased", V4): [1, 3, 5, 20],
    ("ast_increased", V4): [1, 3, 5, 20],
    ("alp_increased", V4): [1, 2.5, 5, 20],
    ("ggt_increased", V4): [1, 2.5, 5, 20],
    ("bilirubin_increased", V4): [1, 1.5, 3, 10],
    ("inr_increased", V4): [1, 1.5, 2.5],
    ("alt_increased", V5): [1, 3, 5, 20],
    ("ast_increased", V5): [1, 3, 5, 20],
    ("alp_increased", V5): [1, 2.5, 5, 20],
    ("ggt_increased", V5): [1, 2.5, 5, 20],
    ("bilirubin_increased", V5): [1, 1.5, 3, 10],
    ("alt_increased", V6): [1, 3, 5, 20],
    ("ast_increased", V6): [1, 3, 5, 20],
    ("ggt_increased", V6): [1, 2.5, 5, 20],
    ("bilirubin_increased", V6): [1, 1.5, 3, 10],
}
"""Baseline normal, or no baseline rule; not anticoagulated."""

OF_HIGH_BASELINE: dict[tuple[str, CtcaeVersion], tuple[str, list[float]]] = {
    ("alt_increased", V5): ("incl", [1.5, 3, 5, 20]),
    ("ast_increased", V5): ("incl", [1.5, 3, 5, 20]),
    ("alp_increased", V5): ("incl", [2, 2.5, 5, 20]),
    ("ggt_increased", V5): ("incl", [2, 2.5, 5, 20]),
    ("bilirubin_increased", V5): ("excl", [1, 1.5, 3, 10]),
    ("alt_increased", V6): ("incl", [1, 1.5, 2, 4]),
    ("ast_increased", V6): ("incl", [1, 1.5, 2, 4]),
    ("ggt_increased", V6): ("incl", [1, 1.5, 3, 10]),
    ("bilirubin_increased", V6): ("incl", [1, 1.5, 2.5, 10]),
    ("alp_increased", V6): ("excl", [1]),
}

ABSOLUTE_LOW: dict[tuple[str, CtcaeVersion], tuple[float, list[float]]] = {
    ("albumin_decreased", V4): (35, [30, 20]),
    ("albumin_decreased", V5): (35, [30, 20]),
    ("albumin_decreased", V6): (35, [30, 20]),
    ("platelets_decreased", V4): (150, [75, 50, 25]),
    ("platelets_decreased", V5): (150, [75, 50, 25]),
    ("platelets_decreased", V6): (150, [75, 50, 10]),
    ("lymphocytes_decreased", V4): (1.0, [0.8, 0.5, 0.2]),
    ("lymphocytes_decreased", V5): (1.0, [0.8, 0.5, 0.2]),
    ("neutrophils_decreased", V4): (2.0, [1.5, 1.0, 0.5]),
    ("neutrophils_decreased", V5): (2.0, [1.5, 1.0, 0.5]),
    ("neutrophils_decreased", V6): (1.5, [1.0, 0.5, 0.1]),
    ("leukocytes_decreased", V4): (4.0, [3, 2, 1]),
    ("leukocytes_decreased", V5): (4.0, [3, 2, 1]),
    ("leukocytes_decreased", V6): (4.0, [3, 2, 1]),
    ("haemoglobin_decreased", V4): (120, [100, 80]),
    ("haemoglobin_decreased", V5): (120, [100, 80]),
    ("haemoglobin_decreased", V6): (120, [100, 80]),
}
"""(lower limit of normal, or the printed bound of grade 1; bounds of grades 2, 3, 4)."""


def graded(key: str, version: CtcaeVersion, value: float, **more: float) -> int | Missing:
    baseline = more.get("baseline", 1.0)
    upper, lower = more.get("upper", 1.0), more.get("lower", 0.0)
    return grade(
        key,
        version,
        GradeInput(
            value=value,
            upper_limit=upper,
            lower_limit=lower,
            baseline=baseline,
            baseline_high=baseline > upper,
            baseline_low=baseline < lower,
            anticoagulated=bool(more.get("anticoagulated", 0)),
        ),
    ).grade


@pytest.mark.parametrize(("key", "version"), OF_UPPER_LIMIT)
def test_multiples_of_the_upper_limit(key: str, version: CtcaeVersion) -> None:
    bounds = OF_UPPER_LIMIT[key, version]
    for position, bound in enumerate(bounds):
        assert graded(key, version, bound - EPS) == position
        assert graded(key, version, bound) == position
        assert graded(key, version, bound + EPS) == position + 1
    assert graded(key, version, 0.01) == 0


@pytest.mark.parametrize(("key", "version"), OF_HIGH_BASELINE)
def test_multiples_of_a_high_baseline(key: str, version: CtcaeVersion) -> None:
    included, bounds = OF_HIGH_BASELINE[key, version]
    high = 6.0
    for position, bound in enumerate(bounds):
        at = position + 1 if included == "incl" and position == 0 else position
        assert graded(key, version, (bound - EPS) * high, baseline=high) == position
        assert graded(key, version, bound * high, baseline=high) == at
        assert graded(key, version, (bound + EPS) * high, baseline=high) == position + 1


@pytest.mark.parametrize(("key", "version"), ABSOLUTE_LOW)
def test_low_values(key: str, version: CtcaeVersion) -> None:
    lower, bounds = ABSOLUTE_LOW[key, version]
    for position, bound in enumerate([lower, *bounds]):
        assert graded(key, version, bound * (1 + EPS), lower=lower) == position
        assert graded(key, version, bound, lower=lower) == position
        assert graded(key, version, bound * (1 - EPS), lower=lower) == position + 1


@pytest.mark.parametrize(
    ("value", "grade_expected"), [(1.2, 0), (1.21, 1), (1.5, 1), (1.51, 2), (2.5, 2), (2.51, 3)]
)
@pytest.mark.parametrize("version", [V5, V6])
def test_inr_of_v5_and_v6_is_absolute(
    version: CtcaeVersion, value: float, grade_expected: int
) -> None:
    assert graded("inr_increased", version, value, upper=1.1) == grade_expected


@pytest.mark.parametrize("version", list(CtcaeVersion))
@pytest.mark.parametrize(
    ("ratio", "grade_expected"), [(1.0, 0), (1.01, 1), (1.5, 1), (1.51, 2), (2.5, 2), (2.51, 3)]
)
def test_inr_under_anticoagulation_is_a_multiple_of_baseline(
    version: CtcaeVersion, ratio: float, grade_expected: int
) -> None:
    found = graded(
        "inr_increased", version, 2.4 * ratio, upper=1.1, baseline=2.4, anticoagulated=1.0
    )
    assert found == grade_expected


@pytest.mark.parametrize(
    ("version", "value", "baseline", "grade_expected"),
    [
        # 1 is the upper limit; v4.03 also grades any rise over baseline
        (V4, 0.6, 0.5, 1),
        (V4, 0.75, 0.5, 1),
        (V4, 0.76, 0.5, 2),
        (V4, 1.5, 0.5, 2),
        (V4, 1.51, 0.5, 3),
        (V4, 6.0, 5.0, 3),
        (V4, 6.01, 5.0, 4),
        (V5, 0.75, 0.5, 0),
        (V5, 0.76, 0.5, 2),
        (V5, 1.51, 0.5, 3),
        (V5, 1.2, 1.0, 1),
        (V5, 6.01, 5.0, 4),
        # v6: multiples of baseline only when it is below the lower limit
        (V6, 0.76, 0.5, 0),
        (V6, 1.01, 0.5, 1),
        (V6, 3.01, 1.0, 3),
    ],
)
def test_creatinine(
    version: CtcaeVersion, value: float, baseline: float, grade_expected: int
) -> None:
    found = graded("creatinine_increased", version, value, baseline=baseline)
    assert found == grade_expected


def test_creatinine_of_v6_with_a_baseline_below_the_lower_limit() -> None:
    low = {"baseline": 0.4, "lower": 0.5}
    assert graded("creatinine_increased", V6, 0.6, **low) == 0
    assert graded("creatinine_increased", V6, 0.61, **low) == 2
    assert graded("creatinine_increased", V6, 1.21, **low) == 3


def test_alkaline_phosphatase_of_v6_has_grade_1_above_both_limit_and_baseline_only() -> None:
    assert graded("alp_increased", V6, 50.0) == 1
    assert graded("alp_increased", V6, 1.0) == 0
    assert graded("alp_increased", V6, 2.9, baseline=3.0) == 0
    assert graded("alp_increased", V6, 0.9, baseline=0.5) == 0


def test_lymphocytes_have_no_term_in_v6() -> None:
    assert "lymphocytes_decreased" not in laboratory_term_keys(V6)
    with pytest.raises(UnknownNameError, match="laboratory term of CTCAE v6"):
        graded("lymphocytes_decreased", V6, 0.3)


def test_every_other_term_is_in_all_three_versions() -> None:
    assert set(laboratory_term_keys(V4)) == set(laboratory_term_keys(V5))
    assert set(laboratory_term_keys(V5)) - set(laboratory_term_keys(V6)) == {
        "lymphocytes_decreased"
    }
    assert len(laboratory_term_keys(V5)) == 13


@pytest.mark.parametrize("version", CtcaeVersion)
@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (7.4, "mmol/L", 1),
        (6.2, "mmol/L", 1),  # 99.9 g/L: grade 2 by the limit in g/L, grade 1 as printed
        (6.1, "mmol/L", 2),
        (4.9, "mmol/L", 2),  # 79.0 g/L: grade 3 by the limit in g/L, grade 2 as printed
        (4.8, "mmol/L", 3),
        (100.0, "g/L", 1),
        (99.0, "g/L", 2),
        (80.0, "g/L", 2),
        (79.0, "g/L", 3),
        (10.0, "g/dL", 1),
        (9.9, "g/dL", 2),
        (8.0, "g/dL", 2),
        (7.9, "g/dL", 3),
    ],
)
def test_haemoglobin_is_graded_by_the_limits_printed_for_its_unit(
    value: float, unit: str, expected: int, version: CtcaeVersion
) -> None:
    low = {"mmol/L": 7.5, "g/L": 120.0, "g/dL": 12.0}[unit]
    one = LabValue(
        analyte=Analyte.HAEMOGLOBIN, value=value, unit=unit, on=date(2026, 1, 1), lower_limit=low
    )
    found = grade_value(one, baseline=Missing.NEEDS_BASELINE, version=version, anticoagulated=False)
    assert isinstance(found, LaboratoryGrade)
    assert found.grade == expected
    nothing = np.array([np.nan])
    fast = grade_arrays(
        "haemoglobin_decreased",
        version,
        LabArrays(
            value=np.array([one.inside]),
            upper_limit=nothing,
            lower_limit=np.array([one.lower_limit_inside]),
            baseline=nothing,
            baseline_upper_limit=nothing,
            baseline_lower_limit=nothing,
            anticoagulated=np.zeros(1, dtype=np.int8),
            unit=unit,
        ),
    )
    assert fast.grades.tolist() == [expected]
