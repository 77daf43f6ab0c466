"""The analysis tables of a store."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from opensirt.errors import UnknownNameError

if TYPE_CHECKING:
    from opensirt.cohort.course import Course
    from opensirt.cohort.query import Selected
    from opensirt.domain.analysis_table import AnalysisTable
    from opensirt.store.store import Store

_READ = ("select", "work-up", "administer", "verify", "follow-up", "dosimetry")
UNITS = ("patient", "lesion", "procedure")


def courses(store: "Store") -> "Iterator[Course]":
    """Yield every case of a store with its latest records, by key; one is held at a time."""
    from opensirt.cohort.course import Course

    for case, records in store.each_case(*_READ):
        yield Course(
            key=case.case_key,
            case=case.document,
            records={kind: [one.document for one in some] for kind, some in records.items()},
        )


def cohort_table(
    store: "Store", *, unit: str = "patient", engine: str | None = None
) -> "AnalysisTable":
    """Return the table of one unit of analysis of a whole store.

    Parameters
    ----------
    store
        The store.
    unit
        ``patient``, ``lesion`` or ``procedure``.
    engine
        Doses of `cohort run` with this engine; of the last verification where None.

    Raises
    ------
    UnknownNameError
        When the unit is none.
    """
    from opensirt import __version__
    from opensirt.cohort.lesion_table import lesion_table
    from opensirt.cohort.patient_table import patient_table
    from opensirt.cohort.procedure_table import procedure_table

    if unit not in UNITS:
        raise UnknownNameError("unit of analysis", unit, UNITS)
    population = f"all cases of store {store.store_id[:8]}"
    provenance = {"store": store.store_id, "software": f"opensirt {__version__}"}
    if unit == "procedure":
        return procedure_table(courses(store), population=population, provenance=provenance)
    make = patient_table if unit == "patient" else lesion_table
    return make(courses(store), population=population, engine=engine, provenance=provenance)


def cohort_select(
    store: "Store", *, where: str | None, unit: str = "patient", engine: str | None = None
) -> "Selected":
    """Return the rows of a store's table for which a condition holds, all without one."""
    from opensirt.cohort.query import Selected, select_rows

    table = cohort_table(store, unit=unit, engine=engine)
    if where is None:
        return Selected(table, table.n_rows, 0, "")
    return select_rows(table, where)
