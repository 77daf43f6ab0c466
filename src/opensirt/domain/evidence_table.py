"""Rows of an evidence table to studies and outcomes; the published table itself."""

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from opensirt.domain.citation import Status, citation_of
from opensirt.domain.evidence import EvidenceBase, Origin, Overlap, PublishedOutcome, Study
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.csv_table import read_csv_table
from opensirt.reference.table import read_table

COLUMNS = (
    "id",
    "study",
    "endpoint",
    "criterion",
    "time_point",
    "time_origin",
    "unit",
    "events",
    "of",
    "percent",
    "value",
    "value_unit",
    "low",
    "high",
    "origin",
    "status",
    "locator",
    "note",
)
"""Columns of a table of outcomes."""

EnumT = TypeVar("EnumT", bound=Enum)


@cache
def published_evidence() -> EvidenceBase:
    """Return the outcomes of neuroendocrine liver metastases in ``reference/evidence``."""
    return EvidenceBase(
        studies=studies_of(read_table("evidence/studies")["study"], where="evidence/studies"),
        outcomes=tuple(
            outcome_of(row, where=f"evidence/outcomes row {row['id']}")
            for row in read_csv_table("evidence/outcomes")
        ),
    )


def studies_of(entries: Mapping[str, Mapping[str, Any]], *, where: str) -> Mapping[str, Study]:
    """Return the studies of a table, by key.

    Raises
    ------
    InputError
        When an entry lacks a field or a source.
    """
    return MappingProxyType(
        {key: _study(key, entry, f"{where}.{key}") for key, entry in entries.items()}
    )


def _study(key: str, entry: Mapping[str, Any], where: str) -> Study:
    for name in ("citation", "year", "device", "design", "prior_prrt", "concurrent"):
        if name not in entry:
            raise InputError(f"{where} has no {name}; write it, or 'not stated'")
    return Study(
        key=key,
        citation=str(entry["citation"]),
        year=int(entry["year"]),
        device=str(entry["device"]),
        design=str(entry["design"]),
        prior_prrt=str(entry["prior_prrt"]),
        concurrent=str(entry["concurrent"]),
        review=bool(entry.get("review", False)),
        where=citation_of(entry, where=where),
        grade=str(entry.get("grade", "not stated")),
        patients=int(entry["patients"]) if "patients" in entry else Missing.NOT_RECORDED,
        pmid=str(entry.get("pmid", "")),
        doi=str(entry.get("doi", "")),
        url=str(entry.get("url", "")),
        overlaps=tuple(_overlap(one, where) for one in entry.get("overlaps", ())),
        moderators=MappingProxyType(
            {str(name): float(one) for name, one in entry.get("moderators", {}).items()}
        ),
    )


def _overlap(entry: Mapping[str, Any], where: str) -> Overlap:
    if entry.get("kind") not in {"contained", "possible"} or not entry.get("why"):
        raise InputError(f'{where}: an overlap needs kind "contained" or "possible", and why')
    return Overlap(
        other=str(entry["with"]), contained=entry["kind"] == "contained", why=str(entry["why"])
    )


def outcomes_of(rows: Iterable[Mapping[str, str]], *, where: str) -> tuple[PublishedOutcome, ...]:
    """Return the outcomes of a table's rows; `where` names the table in messages."""
    return tuple(
        outcome_of(row, where=f"{where}, row {number}") for number, row in enumerate(rows, start=2)
    )


def outcome_of(row: Mapping[str, str], *, where: str) -> PublishedOutcome:
    """Return one row as an outcome; empty cells of numbers are values not recorded.

    Raises
    ------
    InputError
        When a column is missing, a cell that should be a number is none, or the row contradicts
        itself.
    UnknownNameError
        When unit, origin or status is no known word.
    """
    absent = [name for name in COLUMNS if name not in row]
    if absent:
        raise InputError(f"{where} has no column {absent[0]}; wanted {', '.join(COLUMNS)}")
    for name in ("id", "study", "endpoint"):
        if not row[name].strip():
            raise InputError(f"{where}: {name} is empty; every row needs one")
    return PublishedOutcome(
        key=row["id"],
        study=row["study"],
        endpoint=row["endpoint"],
        criterion=row["criterion"] or "not stated",
        time_point=row["time_point"] or "not stated",
        time_origin=row["time_origin"] or "not stated",
        unit=_word(UnitOfAnalysis, row["unit"], f"unit of {where}"),
        origin=_word(Origin, row["origin"], f"origin of {where}"),
        status=_word(Status, row["status"], f"status of {where}"),
        locator=row["locator"],
        events=_count(row, "events", where),
        of=_count(row, "of", where),
        percent=_number(row, "percent", where),
        value=_number(row, "value", where),
        value_unit=row["value_unit"],
        low=_number(row, "low", where),
        high=_number(row, "high", where),
        note=row["note"],
    )


def _word(kind: type[EnumT], text: str, what: str) -> EnumT:
    for one in kind:
        if one.value == text:
            return one
    raise UnknownNameError(what, text, (str(one.value) for one in kind))


def _number(row: Mapping[str, str], name: str, where: str) -> float | Missing:
    text = row[name].strip()
    if not text:
        return Missing.NOT_RECORDED
    if text == Missing.NOT_REACHED.value and name in {"value", "low", "high"}:
        return Missing.NOT_REACHED
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{where}: {name} is {text!r}; a number or nothing is wanted") from None


def _count(row: Mapping[str, str], name: str, where: str) -> int | Missing:
    found = _number(row, name, where)
    if isinstance(found, Missing):
        return found
    if found != int(found) or found < 0:
        raise InputError(f"{where}: {name} is {row[name]}; a whole number is wanted")
    return int(found)
