"""One patient's course as the store holds it: the case as stated, and its latest records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from opensirt.domain.analysis_table import Variable, VariableKind
from opensirt.domain.missing import Missing

PATIENT = Variable(
    name="patient",
    meaning="Pseudonym of the patient: the key of the case",
    kind=VariableKind.IDENTIFIER,
    source="case.toml key",
)
ONE_COURSE = "one case of the store is taken as one patient: courses are not joined across cases"
"""Note of every table of a store."""

Document = Mapping[str, Any]
_NONE: Mapping[str, Any] = {}


INDEX_SOURCES = (
    "[follow_up] treated_on, else [administration] administered_at, else the last injection of "
    "[[administration.vials]], else the first administration record"
)
"""Where the day of treatment stands."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Course:
    """What is asked when a row is made; documents are plain values as in the files."""

    key: str
    case: Document
    """case.toml as plain values, dates as text."""
    records: Mapping[str, Sequence[Document]] = field(default_factory=dict)
    """Kind → its records that no other one replaces, in order."""

    def block(self, name: str) -> Document:
        """Return one block of the case, empty where it is not stated."""
        found = self.case.get(name)
        return found if isinstance(found, Mapping) else _NONE

    def listed(self, name: str) -> Sequence[Document]:
        """Return the entries of one list of the case."""
        found = self.case.get(name)
        return found if isinstance(found, list) else ()

    def latest(self, kind: str) -> Document | None:
        """Return the last record of a kind."""
        found = self.records.get(kind, ())
        return found[-1] if found else None

    def index_date(self) -> date | Missing:
        """Return the day of treatment: the day from which time counts.

        Of `INDEX_SOURCES` the first that tells it.
        """
        administration = self.block("administration")
        stated = (
            self.block("follow_up").get("treated_on"),
            administration.get("administered_at"),
        )
        for text in stated:
            if isinstance(text, str):
                return day_of(text)
        injected = [one["injected_at"] for one in administration.get("vials", ())]
        if injected:
            return day_of(max(injected, key=datetime.fromisoformat))
        given = [day_of(one["net_at"]) for one in self.records.get("administer", ())]
        return min(given) if given else Missing.NOT_RECORDED


def day_of(text: str) -> date:
    """Return the day of a date or an instant as written.

    >>> day_of("2026-03-02T23:30:00+01:00")
    datetime.date(2026, 3, 2)
    """
    return datetime.fromisoformat(text).date()


def days_between(first: date | Missing, later: date | Missing) -> float | Missing:
    """Return days from one date to another; not evaluable when they lie the wrong way round."""
    if isinstance(first, Missing):
        return first
    if isinstance(later, Missing):
        return later
    days = (later - first).days
    return Missing.NOT_EVALUABLE if days < 0 else float(days)


def stated(block: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value, or `NOT_RECORDED`."""
    found = block.get(name)
    return Missing.NOT_RECORDED if found is None or found == "" else found


def number_of(block: Mapping[str, Any], name: str) -> float | Missing:
    """Return a number; a record holds the reason in its place where there is none."""
    found = block.get(name)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return float(found)
    if isinstance(found, str):
        try:
            return Missing(found)
        except ValueError:
            return Missing.NOT_RECORDED
    return Missing.NOT_RECORDED
