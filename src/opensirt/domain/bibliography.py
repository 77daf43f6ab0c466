"""What was found in a search of the literature, and what became of every record of it."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from opensirt.errors import InputError, UnknownNameError


@dataclass(frozen=True, slots=True, kw_only=True)
class BibliographicRecord:
    """One record of a catalogue. An empty field was not in the record.

    `source` is the file and the place in it, so that nothing is lost without a trace.
    """

    source: str
    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str = ""
    doi: str = ""
    pmid: str = ""
    url: str = ""
    kind: str = ""
    abstract: str = ""

    @property
    def title_key(self) -> str:
        """The title without case, accents, marks and spaces."""
        return plain_words(self.title)

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """What makes two records one: DOI, PMID, or title with year."""
        found = []
        if self.doi:
            found.append(("DOI", self.doi))
        if self.pmid:
            found.append(("PMID", self.pmid))
        if self.title_key:
            found.append(("title", self.title_key))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record of a file that could not be taken, with the reason."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRecords:
    """What a file held: records, and those that could not be taken."""

    records: tuple[BibliographicRecord, ...]
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A record that another one, read before it, already stands for."""

    record: BibliographicRecord
    of: BibliographicRecord
    by: str
    """DOI, PMID or title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a reader decided on a record: included, or excluded at a stage with a reason."""

    record: str
    """DOI, PMID or the title key."""
    included: bool
    stage: str = "title and abstract"
    reason: str = ""

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise UnknownNameError("stage of screening", self.stage, STAGES)
        if not self.included and not self.reason.strip():
            raise InputError(f"the decision on {self.record} excludes it without a reason; add one")


STAGES = ("title and abstract", "full text")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrismaFlow:
    """Counts of a PRISMA 2020 flow diagram; every record of every file is in exactly one of them.

    Raises
    ------
    InputError
        When the counts do not add up.
    """

    identified: Mapping[str, int]
    """Records in each file."""
    unreadable: int
    duplicates: int
    screened: int
    excluded_at_title: Mapping[str, int]
    """Reason → records."""
    sought: int
    excluded_at_full_text: Mapping[str, int]
    included: int
    undecided: int

    def __post_init__(self) -> None:
        total = sum(self.identified.values())
        if total != self.unreadable + self.duplicates + self.screened:
            raise InputError(
                f"{total} records identified, but {self.unreadable} unreadable, "
                f"{self.duplicates} duplicates and {self.screened} screened"
            )
        left = self.screened - sum(self.excluded_at_title.values()) - self.sought
        after = self.sought - sum(self.excluded_at_full_text.values()) - self.included
        if left + after != self.undecided or min(left, after) < 0:
            raise InputError("the counts of the PRISMA flow do not add up")


def plain_words(text: str) -> str:
    """Return letters and digits of a text only, without case and accents.

    >>> plain_words("Radioembolization of Neuroendocrine Tumors: a Review.")
    'radioembolizationofneuroendocrinetumorsareview'
    """
    flat = unicodedata.normalize("NFKD", text).casefold()
    return "".join(one for one in flat if one.isalnum())


def canonical_doi(text: str) -> str:
    """Return a DOI in lower case without its address, or nothing when there is none.

    >>> canonical_doi("https://doi.org/10.1530/EO-24-0053."), canonical_doi("none")
    ('10.1530/eo-24-0053', '')
    """
    found = re.search(r"10\.\d{4,9}/[^\s\"<>]+", text)
    return found.group(0).rstrip(".,;)]").casefold() if found else ""


def find_duplicates(
    records: Iterable[BibliographicRecord],
) -> tuple[tuple[BibliographicRecord, ...], tuple[Duplicate, ...]]:
    """Return the records that stand for themselves, and those another one stands for.

    Two records are one when DOI or PMID agree, or when the titles agree, neither DOI nor PMID
    contradicts it, and the years lie within one of each other (print and online).
    """
    kept: list[BibliographicRecord] = []
    duplicates = []
    for record in records:
        match = next((pair for one in kept if (pair := _match(record, one))), None)
        if match is None:
            kept.append(record)
        else:
            duplicates.append(match)
    return tuple(kept), tuple(duplicates)


def _match(record: BibliographicRecord, other: BibliographicRecord) -> Duplicate | None:
    if record.doi and record.doi == other.doi:
        return Duplicate(record, other, "DOI")
    if record.pmid and record.pmid == other.pmid:
        return Duplicate(record, other, "PMID")
    if not record.title_key or record.title_key != other.title_key:
        return None
    if (record.doi and other.doi) or (record.pmid and other.pmid):
        return None
    if record.year and other.year and abs(record.year - other.year) > 1:
        return None
    return Duplicate(record, other, "title")


def prisma_flow(
    files: Mapping[str, ImportedRecords], decisions: Iterable[Decision]
) -> tuple[PrismaFlow, tuple[BibliographicRecord, ...], tuple[Duplicate, ...]]:
    """Return the flow of all records, those included, and the duplicates.

    Raises
    ------
    InputError
        When two decisions are on one record, or a decision is on a record that was not found.
    """
    kept, duplicates = find_duplicates(
        record for imported in files.values() for record in imported.records
    )
    place = {value: number for number, one in enumerate(kept) for _, value in one.keys}
    for one in duplicates:  # a decision may name the key that only the duplicate has
        number = kept.index(one.of)
        place.update({value: number for _, value in one.record.keys if value not in place})
    decided: dict[int, Decision] = {}
    for decision in decisions:
        found = place.get(decision.record)
        if found is None:
            raise InputError(
                f"a decision is on {decision.record!r}, which is no DOI, PMID or title of a record"
            )
        if found in decided:
            raise InputError(f"two decisions are on the record {decision.record!r}; keep one")
        decided[found] = decision
    early = [one for one in decided.values() if not one.included and one.stage == STAGES[0]]
    late = [one for one in decided.values() if not one.included and one.stage == STAGES[1]]
    included = [number for number, one in decided.items() if one.included]
    flow = PrismaFlow(
        identified=MappingProxyType(
            {name: len(one.records) + len(one.unreadable) for name, one in files.items()}
        ),
        unreadable=sum(len(one.unreadable) for one in files.values()),
        duplicates=len(duplicates),
        screened=len(kept),
        excluded_at_title=_by_reason(early),
        sought=len(late) + len(included),
        excluded_at_full_text=_by_reason(late),
        included=len(included),
        undecided=len(kept) - len(decided),
    )
    return flow, tuple(kept[number] for number in sorted(included)), duplicates


def _by_reason(decisions: Iterable[Decision]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for one in decisions:
        counts[one.reason] = counts.get(one.reason, 0) + 1
    return MappingProxyType(dict(sorted(counts.items())))
