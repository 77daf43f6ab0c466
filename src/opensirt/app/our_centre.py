"""Our own response counts, out of a store or a table of patients, to set beside the literature."""

from dataclasses import dataclass
from pathlib import Path

from opensirt.domain.analysis_table import AnalysisTable
from opensirt.domain.response import ResponseCategory
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError
from opensirt.outcomes.proportion import response_proportions

_RESPONSE = "best_response"
ENDPOINTS = ("orr", "dcr")


@dataclass(frozen=True, slots=True, kw_only=True)
class OurCounts:
    """Events of the evaluable patients, and in words what was counted."""

    count: int
    of: int
    treated: int
    words: str


def counts_of_store(db: str | None, images: Path | None, endpoint: str) -> OurCounts:
    """Return the counts of an endpoint over all patients of a store.

    Raises
    ------
    InputError
        When the endpoint is not of response, or nobody is evaluable.
    """
    from opensirt.app.cohort_table import cohort_table
    from opensirt.store.store import open_store

    with open_store(db, images=images) as store:
        return counts_of_table(cohort_table(store, unit="patient"), endpoint)


def counts_of_table(table: AnalysisTable, endpoint: str) -> OurCounts:
    """Return the counts of an endpoint over the rows of a table of patients.

    Raises
    ------
    InputError
        When the endpoint is not of response, the rows are not patients, or nobody is evaluable.
    """
    if endpoint not in ENDPOINTS:
        raise InputError(
            f"the store knows no {endpoint} of our centre; {' and '.join(ENDPOINTS)} are read "
            "from best responses, for others give --ours X/N"
        )
    if table.unit is not UnitOfAnalysis.PATIENT:
        raise InputError(f"one row is one {table.unit.value}; a table of patients is wanted")
    found = table[_RESPONSE]
    seen = [str(one) for one in found.values[found.present]]
    counts = {one: seen.count(one.value) for one in ResponseCategory if one.value in seen}
    made = response_proportions(
        counts,
        treated=table.n_rows,
        unit="patients",
        criterion=table.variable(_RESPONSE).source,
        time_point=table.variable(_RESPONSE).meaning,
    )
    one = made.objective_response if endpoint == "orr" else made.disease_control
    return OurCounts(
        count=one.count,
        of=one.of,
        treated=table.n_rows,
        words=f"{made.time_point} ({made.criterion}); {one.of} of {table.n_rows} are evaluable; "
        f"{table.population}",
    )
