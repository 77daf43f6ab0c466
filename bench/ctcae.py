"""Grade the laboratory series of many patients in all versions, and say how long it took.

Run: python bench/ctcae.py [patients]
"""

import sys
import time

import numpy as np

from opensirt.clinical.toxicity.grade_arrays import LabArrays, grade_arrays
from opensirt.clinical.toxicity.laboratory_series import baseline_rows, shift_table, worst_grades
from opensirt.clinical.toxicity.laboratory_term import laboratory_term, laboratory_term_keys
from opensirt.domain.ctcae import CtcaeVersion

VISITS = 12
UPPER = {"bilirubin": 21.0, "inr": 1.2, "creatinine": 104.0, "alp": 120.0, "ggt": 60.0}
LOWER = {
    "albumin": 35.0,
    "platelets": 150.0,
    "lymphocytes": 1.0,
    "neutrophils": 2.0,
    "leukocytes": 4.0,
    "haemoglobin": 120.0,
    "creatinine": 60.0,
}


def main(n_patients: int) -> float:
    """Return the seconds that series of `n_patients` took."""
    rng = np.random.default_rng(5)
    patient = np.repeat(np.arange(n_patients), VISITS)
    day = np.tile(np.arange(-1, VISITS - 1) * 21, n_patients)
    started = time.perf_counter()
    graded = 0
    for version in CtcaeVersion:
        for key in laboratory_term_keys(version):
            name = laboratory_term(key, version).analyte.value
            upper, lower = UPPER.get(name, 40.0), LOWER.get(name, np.nan)
            middle = upper if name in UPPER or name not in LOWER else lower
            value = middle * rng.lognormal(0.0, 0.8, len(patient))
            rows = baseline_rows(patient, day, treatment_day_counts=True)
            ranges = grade_arrays(
                key,
                version,
                LabArrays(
                    value=value,
                    upper_limit=np.full(len(value), upper),
                    lower_limit=np.full(len(value), lower),
                    baseline=value[rows],
                    baseline_upper_limit=np.full(len(value), upper),
                    baseline_lower_limit=np.full(len(value), lower),
                    anticoagulated=np.zeros(len(value), dtype=np.int8),
                ),
            )
            who, worst = worst_grades(patient, day, ranges, first_day=14, last_day=180)
            shift_table(ranges.grades[rows[np.searchsorted(patient, who)]], worst.grades)
            graded += len(value)
    seconds = time.perf_counter() - started
    print(
        f"{n_patients} patients x {VISITS} visits, {graded} values graded in three versions, "
        f"with baseline, worst grade and shift: {seconds:.1f} s"
    )
    return seconds


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
