"""The analysis table of procedures: what each administration gave."""

from collections.abc import Iterable, Mapping

from opensirt.cohort.administration import administrations
from opensirt.cohort.course import ONE_COURSE, PATIENT, Course, days_between
from opensirt.domain.analysis_table import AnalysisTable, Variable, VariableKind, column_of
from opensirt.domain.unit_of_analysis import UnitOfAnalysis

_PROCEDURE = (
    PATIENT,
    Variable(
        name="procedure",
        meaning="Number of the administration of this patient",
        kind=VariableKind.IDENTIFIER,
        source="administration records in order, the last of each day; 1 where only case.toml "
        "states it",
    ),
    Variable(
        name="given_on",
        meaning="Day of the last injection",
        kind=VariableKind.DATE,
        source="administration record, else case.toml [administration] administered_at",
    ),
    Variable(
        name="days_from_index",
        meaning="Days from the index date to this administration",
        kind=VariableKind.NUMBER,
        unit="day",
        source="given_on minus treated_on",
    ),
    Variable(
        name="device",
        meaning="Microspheres",
        kind=VariableKind.CATEGORY,
        levels=("resin", "glass", "holmium", "unknown"),
        source="administration record, else case.toml",
    ),
    Variable(
        name="net_activity_gbq",
        meaning="Net activity of all sites",
        kind=VariableKind.NUMBER,
        unit="GBq",
        source="administration record, else case.toml [administration]",
    ),
    Variable(
        name="n_territories",
        meaning="Injection sites",
        kind=VariableKind.COUNT,
        source="administration record, else case.toml [[territories]]",
    ),
    Variable(
        name="n_vials",
        meaning="Vials",
        kind=VariableKind.COUNT,
        source="administration record",
    ),
)


def procedure_table(
    courses: Iterable[Course],
    *,
    population: str,
    provenance: Mapping[str, str] | None = None,
) -> AnalysisTable:
    """Return the table of procedures: every administration of every patient."""
    rows = [row for course in courses for row in _procedures(course)]
    return AnalysisTable(
        unit=UnitOfAnalysis.PROCEDURE,
        variables=_PROCEDURE,
        columns={one.name: column_of(one, [row[one.name] for row in rows]) for one in _PROCEDURE},
        row_key=(PATIENT.name, "procedure"),
        population=population,
        notes=(ONE_COURSE,),
        provenance=provenance or {},
    )


def _procedures(course: Course) -> list[dict[str, object]]:
    index = course.index_date()
    return [
        {
            PATIENT.name: course.key,
            "procedure": str(number),
            "given_on": one.on,
            "days_from_index": days_between(index, one.on),
            "device": one.device,
            "net_activity_gbq": one.net_gbq,
            "n_territories": one.n_territories,
            "n_vials": one.n_vials,
        }
        for number, one in enumerate(administrations(course), start=1)
    ]
