"""Tables of a cohort for other people and programs."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opensirt.app.cohort_table import cohort_select
from opensirt.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from opensirt.store.store import Store

FORMATS = ("csv", "parquet", "redcap", "fhir")
_SUFFIXES = {"csv": ".csv", "parquet": ".parquet", "redcap": ".csv", "fhir": ".json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written, of whom, and what is missing in it."""

    written: tuple[Path, ...]
    population: str
    unit: str
    n_rows: int
    n_before: int
    n_unknown: int
    """Rows for which the condition could not be told."""
    identified: bool
    actions: dict[str, str]
    """Column → what was done to it to de-identify it."""
    missing: list[dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What is asked of an export."""

    out: Path
    form: str
    unit: str = "patient"
    where: str | None = None
    engine: str | None = None
    identified: bool = False
    """Keep pseudonyms, dates and rare values: for work inside the centre only."""
    secret: bytes | None = None
    """Of the codes; random where None, and then no two exports can be joined."""

    def __post_init__(self) -> None:
        if self.form not in FORMATS:
            raise UnknownNameError("format", self.form, FORMATS)
        wanted = _SUFFIXES[self.form]
        if self.out.suffix != wanted:
            raise InputError(f"a {self.form} export is called *{wanted}, not {self.out.name!r}")


def export_cohort(store: "Store", request: ExportRequest) -> Exported:
    """Write one table of a store, de-identified unless it is asked otherwise.

    Raises
    ------
    RuleError
        When it is of too few patients to be de-identified.
    InputError
        When the condition, the format or the name of the file cannot be used.
    """
    from opensirt.cohort.deidentify import deidentified
    from opensirt.cohort.table import missing_data

    selected = cohort_select(
        store, where=request.where, unit=request.unit, engine=request.engine
    )
    table, actions = selected.table, {}
    if not request.identified:
        made = deidentified(table, secret=request.secret or secrets.token_bytes(32))
        table, actions = made.table, dict(made.actions)
    return Exported(
        written=_write(request, table),
        population=table.population,
        unit=table.unit.value,
        n_rows=table.n_rows,
        n_before=selected.n_before,
        n_unknown=selected.n_unknown,
        identified=request.identified,
        actions=actions,
        missing=missing_data(table),
    )


def _write(request: ExportRequest, table: Any) -> tuple[Path, ...]:  # noqa: ANN401 - AnalysisTable
    from opensirt.files.analysis_table_file import write_analysis_table
    from opensirt.files.fhir_bundle import write_fhir
    from opensirt.files.redcap import write_redcap

    if request.form == "redcap":
        return write_redcap(request.out, table)
    if request.form == "fhir":
        return (write_fhir(request.out, table),)
    return write_analysis_table(request.out, table)
