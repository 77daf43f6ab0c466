"""Tables of a cohort for other people and programs."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opensirt.app.cohort_table import cohort_select
from opensirt.errors import InputError, UnknownNameError
from opensirt.whole_file import whole_file

if TYPE_CHECKING:
    from opensirt.store.store import Store

_SECRET_BYTES = 32
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
    missing: list[dict[str, Any]]


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
    from opensirt.cohort.patient_table import missing_data

    selected = cohort_select(store, where=request.where, unit=request.unit, engine=request.engine)
    table, actions = selected.table, {}
    if not request.identified:
        made = deidentified(table, secret=request.secret or secrets.token_bytes(_SECRET_BYTES))
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


def export_one_case(store: "Store", key: str, out: Path) -> dict[str, object]:
    """Write one case: its archive where the name ends in .zip, else its folder.

    Raises
    ------
    StoreError
        When the case, or a file of it, is not in the store.
    InputError
        When `out` exists already.
    """
    from opensirt.app.store_case import export_case
    from opensirt.store.archive import export_case_archive

    if out.suffix == ".zip":
        made = export_case_archive(store, key, out)
        return {"case": key, "written": out, "rows": made.n_rows, "images": made.n_images}
    return {"case": key, "written": export_case(store, key, out)}


def kept_secret(path: Path) -> bytes:
    """Return the secret of a file, made and kept there where there is none.

    Raises
    ------
    InputError
        When the file is too short to be a secret.
    """
    if not path.exists():
        with whole_file(path) as part:
            part.write_bytes(secrets.token_bytes(_SECRET_BYTES))
        path.chmod(0o600)
    found = path.read_bytes()
    if len(found) < _SECRET_BYTES:
        raise InputError(
            f"{path.name} holds {len(found)} bytes, too few for a secret; wanted {_SECRET_BYTES}: "
            "name a file that does not exist, and it is made"
        )
    return found
