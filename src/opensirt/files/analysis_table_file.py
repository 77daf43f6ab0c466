"""Analysis tables on disk: CSV or Parquet, each with its data dictionary.

A CSV file `T.csv` has two neighbours: `T.dictionary.json`, which is read back, and
`T.dictionary.csv` for people and for other programs. A Parquet file holds the dictionary in its
schema. An absent value is an empty cell (null in Parquet); its reason stands in a column
`<name>__missing` beside it, which is there where something is absent.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from opensirt.domain.analysis_table import (
    NUMERIC,
    AnalysisTable,
    Column,
    Endpoint,
    Variable,
    VariableKind,
    column_of,
)
from opensirt.domain.missing import Missing
from opensirt.domain.participants import FlowStep
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError
from opensirt.whole_file import whole_file

SCHEMA = "opensirt/analysis-table/1"
CSV, PARQUET = ".csv", ".parquet"
_MISSING = "__missing"
_DICTIONARY_KEY = b"opensirt"
_WHOLE_UP_TO = 1e15


def write_analysis_table(path: Path, table: AnalysisTable) -> tuple[Path, ...]:
    """Write a table as ``.csv`` or ``.parquet`` and return the files, the table first.

    Raises
    ------
    InputError
        When the suffix is another one.
    """
    path = Path(path)
    if path.suffix == PARQUET:
        _write_parquet(path, table)
        return (path,)
    if path.suffix != CSV:
        raise InputError(f"an analysis table is written as .csv or .parquet, not {path.name!r}")
    with whole_file(path) as part:
        part.write_text(table_csv(table), encoding="utf-8", newline="")
    described = path.with_suffix(".dictionary.json")
    with whole_file(described) as part:
        text = json.dumps(dictionary_document(table), indent=1, ensure_ascii=False)
        part.write_text(text + "\n", encoding="utf-8")
    listed = path.with_suffix(".dictionary.csv")
    with whole_file(listed) as part:
        part.write_text(dictionary_csv(table), encoding="utf-8", newline="")
    return path, described, listed


def read_analysis_table(path: Path) -> AnalysisTable:
    """Read what `write_analysis_table` wrote.

    Raises
    ------
    InputError
        When the file or its dictionary is not there, or they contradict each other.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no analysis table {path.name}; check the name")
    if path.suffix == PARQUET:
        document, cells = _read_parquet(path)
    elif path.suffix == CSV:
        described = path.with_suffix(".dictionary.json")
        if not described.is_file():
            raise InputError(
                f"{path.name} has no data dictionary {described.name} beside it; an analysis needs "
                "to know what each column means"
            )
        try:
            document = json.loads(described.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(f"{described.name} is no JSON ({error})") from None
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        if not rows:
            raise InputError(f"{path.name} is empty; wanted a header and rows")
        if any(len(row) != len(rows[0]) for row in rows):
            raise InputError(f"{path.name} has rows with more or fewer cells than its header")
        columns = zip(*rows[1:], strict=True) if len(rows) > 1 else ((),) * len(rows[0])
        cells = dict(zip(rows[0], map(list, columns), strict=True))
    else:
        raise InputError(f"an analysis table is .csv or .parquet, not {path.name!r}")
    return _table(document, cells, path.name)


def dictionary_document(table: AnalysisTable) -> dict[str, Any]:
    """Return everything but the values, as plain values."""
    return {
        "schema": SCHEMA,
        "unit": table.unit.value,
        "population": table.population,
        "n_rows": table.n_rows,
        "row_key": list(table.row_key),
        "variables": [
            {
                "name": one.name,
                "meaning": one.meaning,
                "kind": one.kind.value,
                "unit": one.unit,
                "levels": list(one.levels),
                "source": one.source,
                "status": "verified" if one.verified else "unverified",
                **({"later": True} if one.later else {}),
            }
            for one in table.variables
        ],
        "endpoints": [
            {name: getattr(one, name) for name in _ENDPOINT_KEYS} for one in table.endpoints
        ],
        "notes": list(table.notes),
        "flow": [
            {"step": one.title, "patients": one.n, "lost": dict(one.lost)} for one in table.flow
        ],
        "provenance": dict(table.provenance),
    }


_ENDPOINT_KEYS = (
    "name",
    "title",
    "time_column",
    "event_column",
    "index_date",
    "event",
    "censoring",
)


def dictionary_csv(table: AnalysisTable) -> str:
    """Return the data dictionary as CSV: one line for each column of the table."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("name", "meaning", "unit", "kind", "levels", "n_absent", "reasons", "source"))
    for one in table.variables:
        reasons = table.columns[one.name].reasons()
        writer.writerow(
            (
                one.name,
                one.meaning,
                one.unit,
                one.kind.value,
                " | ".join(one.levels),
                sum(reasons.values()),
                "; ".join(f"{reason.value}: {n}" for reason, n in reasons.items()),
                one.source if one.verified else f"⚠ {one.source}",
            )
        )
    return stream.getvalue()


def table_csv(table: AnalysisTable) -> str:
    """Return the rows as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names, columns = [], []
    for variable in table.variables:
        column = table.columns[variable.name]
        names.append(variable.name)
        columns.append(list(_texts(variable, column)))
        if not column.present.all():
            names.append(variable.name + _MISSING)
            columns.append(_reason_texts(column))
    writer.writerow(names)
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue()


def _texts(variable: Variable, column: Column) -> Iterator[str]:
    for value, there in zip(column.values.tolist(), column.present.tolist(), strict=True):
        if not there:
            yield ""
        elif variable.kind in NUMERIC:
            whole = value == int(value) and abs(value) < _WHOLE_UP_TO
            yield str(int(value)) if whole else repr(value)
        else:
            yield str(value)


_WORDS = ("", *(one.value for one in Missing))


def _reason_texts(column: Column) -> list[str]:
    return [_WORDS[code] for code in column.absent.tolist()]


def _table(document: Mapping[str, Any], cells: Mapping[str, list[Any]], name: str) -> AnalysisTable:
    if document.get("schema") != SCHEMA:
        raise InputError(
            f"the dictionary of {name} has schema {document.get('schema')!r}, wanted {SCHEMA!r}"
        )
    try:
        variables = tuple(
            Variable(
                name=one["name"],
                meaning=one["meaning"],
                kind=VariableKind(one["kind"]),
                unit=one["unit"],
                levels=tuple(one["levels"]),
                source=one["source"],
                verified=one["status"] == "verified",
                later=bool(one.get("later", False)),
            )
            for one in document["variables"]
        )
        endpoints = tuple(
            Endpoint(**{key: one[key] for key in _ENDPOINT_KEYS}) for one in document["endpoints"]
        )
        unit = UnitOfAnalysis(document["unit"])
        row_key = tuple(document["row_key"])
        population = document["population"]
        flow = tuple(
            FlowStep(title=one["step"], n=one["patients"], lost=one["lost"])
            for one in document.get("flow", ())
        )
    except KeyError as error:
        raise InputError(f"the dictionary of {name} has no key {error}") from None
    lacking = [one.name for one in variables if one.name not in cells]
    if lacking:
        raise InputError(f"{name} has no column {', '.join(lacking)}, which its dictionary lists")
    known = {one.name for one in variables}
    odd = [one for one in cells if one.removesuffix(_MISSING) not in known]
    if odd:
        raise InputError(f"{name} has columns that its dictionary does not list: {', '.join(odd)}")
    return AnalysisTable(
        unit=unit,
        variables=variables,
        columns={one.name: column_of(one, _values(one, cells, name)) for one in variables},
        row_key=row_key,
        endpoints=endpoints,
        population=population,
        notes=tuple(document.get("notes", ())),
        provenance=document.get("provenance", {}),
        flow=flow,
    )


def _values(variable: Variable, cells: Mapping[str, list[Any]], name: str) -> Iterator[object]:
    given = cells[variable.name]
    words = cells.get(variable.name + _MISSING, [""] * len(given))
    for row, (value, word) in enumerate(zip(given, words, strict=True), start=1):
        if value in ("", None):
            try:
                yield Missing(word) if word else Missing.NOT_RECORDED
            except ValueError:
                known = ", ".join(one.value for one in Missing)
                raise InputError(
                    f"{name}, row {row}: {word!r} is no reason for a missing value; known: {known}"
                ) from None
        elif variable.kind in NUMERIC:
            try:
                yield float(value)
            except ValueError:
                raise InputError(
                    f"{name}, row {row}: {variable.name} is {value!r}, wanted a number"
                ) from None
        else:
            yield value


def _write_parquet(path: Path, table: AnalysisTable) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays: dict[str, Any] = {}
    for variable in table.variables:
        column = table.columns[variable.name]
        arrays[variable.name] = pa.array(column.values, mask=~column.present)
        if not column.present.all():
            arrays[variable.name + _MISSING] = pa.array(_reason_texts(column), mask=column.present)
    described = json.dumps(dictionary_document(table), ensure_ascii=False).encode()
    made = pa.table(arrays).replace_schema_metadata({_DICTIONARY_KEY: described})
    with whole_file(path) as part:
        pq.write_table(made, part)


def _read_parquet(path: Path) -> tuple[Mapping[str, Any], dict[str, list[Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        made = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path.name} is no Parquet file ({str(error).splitlines()[0]})") from None
    described = (made.schema.metadata or {}).get(_DICTIONARY_KEY)
    if described is None:
        raise InputError(
            f"{path.name} holds no data dictionary of OpenSIRT; an analysis needs to know what "
            "each column means"
        )
    return json.loads(described), {name: made[name].to_pylist() for name in made.column_names}
