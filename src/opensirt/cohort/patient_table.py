"""The analysis table of patients, and what is missing in a table."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np

from opensirt.cohort.baseline import BASELINE, Measure
from opensirt.cohort.course import INDEX_SOURCES, ONE_COURSE, PATIENT, Course, day_of
from opensirt.cohort.delivered import delivered
from opensirt.cohort.endpoints import ENDPOINTS, NEXT_TREATMENT
from opensirt.cohort.outcome import OUTCOME
from opensirt.cohort.participation import PARTICIPATION
from opensirt.cohort.response import outdated
from opensirt.domain.analysis_table import AnalysisTable, Variable, VariableKind, column_of
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis

_TREATED_ON = Variable(
    name="treated_on",
    meaning="Day of treatment: the index date",
    kind=VariableKind.DATE,
    source=f"case.toml {INDEX_SOURCES}",
)


def _treated_on(course: Course) -> date | Missing:
    return course.index_date()


def patient_table(
    courses: Iterable[Course],
    *,
    population: str,
    engine: str | None = None,
    provenance: Mapping[str, str] | None = None,
) -> AnalysisTable:
    """Return the table of patients.

    Parameters
    ----------
    courses
        Any number of them; they are read once.
    population
        Who they are, in words.
    engine
        Doses of batch rows of this engine; of the last verification where None.
    provenance
        What the table is made from, as words and hashes.
    """
    measures: tuple[Measure, ...] = (
        (PATIENT, lambda course: course.key),
        (_TREATED_ON, _treated_on),
        *BASELINE,
        *delivered(engine),
        *OUTCOME,
        *PARTICIPATION,
    )
    values: list[list[object]] = [[] for _ in measures]
    n_backwards = n_outdated = 0
    names = [one.name for one, _ in measures]
    for course in courses:
        for place, (_, value) in enumerate(measures):
            values[place].append(value(course))
        n_backwards += _backwards(course)
        n_outdated += outdated(course)
    notes = [ONE_COURSE]
    if n_backwards:
        notes.append(
            f"{n_backwards} patients have a last contact before the day of treatment; their times "
            "are left out as not evaluable: correct the dates"
        )
    if n_outdated:
        notes.append(
            f"{n_outdated} patients have imaging after their last follow-up record; response and "
            "progression leave them out: run follow-up for them again, and import"
        )
    ended = values[names.index(NEXT_TREATMENT.event_column)]
    n_unstated = sum(isinstance(one, Missing) for one in ended)
    if 0 < n_unstated < len(ended):
        notes.append(
            f"{n_unstated} of {len(ended)} patients state neither a new therapy nor until when "
            "there was none: times to next treatment and untreated leave them out, and come out "
            "too short where these had none"
        )
    return AnalysisTable(
        unit=UnitOfAnalysis.PATIENT,
        variables=tuple(one for one, _ in measures),
        columns={
            one.name: column_of(one, listed)
            for (one, _), listed in zip(measures, values, strict=True)
        },
        row_key=(PATIENT.name,),
        endpoints=ENDPOINTS,
        population=population,
        notes=tuple(notes),
        provenance=provenance or {},
    )


def _backwards(course: Course) -> bool:
    treated, last = course.index_date(), course.block("follow_up").get("vital_status")
    if isinstance(treated, Missing) or not isinstance(last, Mapping):
        return False
    return day_of(last["on"]) < treated


def missing_data(table: AnalysisTable) -> list[dict[str, Any]]:
    """Return one row for each column: how many values are absent, and why."""
    report: list[dict[str, Any]] = []
    for one in table.variables:
        column = table.columns[one.name]
        reasons = column.reasons()
        n_absent = int(np.count_nonzero(~column.present))
        report.append(
            {
                "column": one.name,
                "meaning": one.meaning,
                "n": table.n_rows,
                "n_absent": n_absent,
                "absent_fraction": n_absent / table.n_rows if table.n_rows else 0.0,
                "reasons": {reason.value: n for reason, n in reasons.items()},
            }
        )
    return report
