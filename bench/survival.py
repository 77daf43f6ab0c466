"""CPU time of Kaplan–Meier, log-rank and Cox on many simulated patients, against lifelines.

Run: python bench/survival.py [PATIENTS]. The table is written and read as Parquet in between.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from opensirt.cohort.query import select_rows
from opensirt.files.analysis_table_file import read_analysis_table, write_analysis_table
from opensirt.outcomes.cox import CoxData, fit_cox
from opensirt.outcomes.design import design_columns, endpoint_times
from opensirt.outcomes.kaplan_meier import kaplan_meier
from opensirt.outcomes.risk_table import risk_table
from opensirt.outcomes.schoenfeld import proportional_hazards_test
from opensirt.phantom.cohort import simulated_cohort
from opensirt.phantom.cohort_tables import patient_table

COLUMNS = ("grade", "age_years", "tumour_burden", "extrahepatic", "ecog")


def timed(name: str, made: Callable[[], object]) -> object:
    """Print the CPU time of a step and return what it made."""
    began = time.process_time()
    found = made()
    print(f"| {name} | {time.process_time() - began:.2f} |", flush=True)
    return found


def main() -> None:
    """Print one row for each step."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"{n} patients\n| step | CPU s |\n|---|---|")
    cohort = timed("simulate", lambda: simulated_cohort(n, seed=1))
    table = timed("table with six endpoints", lambda: patient_table(cohort))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "patients.parquet"
        timed("write Parquet", lambda: write_analysis_table(path, table))
        table = timed("read Parquet", lambda: read_analysis_table(path))
    table = timed("query", lambda: select_rows(table, "age_years > 18")).table
    times = endpoint_times(table, "overall_survival")
    timed("Kaplan–Meier", lambda: kaplan_meier(risk_table(times.time, times.event)).quantile())
    x, names = design_columns(table, COLUMNS)
    data = CoxData.of(times, x, names)
    began = time.process_time()
    fit = timed("Cox, six columns", lambda: fit_cox(data))
    own = time.process_time() - began
    timed("test of proportional hazards", lambda: proportional_hazards_test(data, fit))
    import lifelines

    frame = pd.DataFrame(x, columns=names).assign(time=times.time, event=times.event)
    began = time.process_time()
    other = timed("Cox by lifelines", lambda: lifelines.CoxPHFitter().fit(frame, "time", "event"))
    theirs = time.process_time() - began
    gap = np.abs(np.asarray(other.params_) - fit.coefficients.estimate).max()
    print(f"lifelines takes {theirs / own:.1f} times as long; largest difference {gap:.1e}")


if __name__ == "__main__":
    main()
