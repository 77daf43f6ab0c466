"""Published outcomes: what a study reports, of what, judged how, and how well it is known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from opensirt.domain.citation import Citation, Status
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError, UnknownNameError


class Origin(Enum):
    """How a count came into the table."""

    COUNTED = "counted"
    """Events and denominator are printed."""
    REBUILT = "rebuilt"
    """From printed percentages that only one count explains."""
    DERIVED = "derived"
    """By adding printed counts of other outcomes."""
    PERCENT = "percent"
    """A percentage without a count that can be known."""
    VALUE = "value"
    """A median, a dose or another figure, not a proportion."""
    EVENTS = "events"
    """Events without a denominator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two studies that share patients, or may."""

    other: str
    contained: bool
    """True: they share patients and are never pooled together; False: they may, which is told."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One publication, or one arm of it."""

    key: str
    citation: str
    year: int
    device: str
    design: str
    prior_prrt: str
    concurrent: str
    """Other treatment given together with radioembolization."""
    review: bool
    where: Citation
    grade: str = "not stated"
    patients: int | Missing = Missing.NOT_RECORDED
    pmid: str = ""
    doi: str = ""
    url: str = ""
    overlaps: tuple[Overlap, ...] = ()
    moderators: Mapping[str, float] = field(default_factory=dict)
    """Numbers of the whole study that may explain differences, such as a part of its patients."""

    @property
    def label(self) -> str:
        """A name short enough for a plot: the first words of the citation, and the year."""
        return f"{self.citation.split(',', maxsplit=1)[0]} {self.year}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedOutcome:
    """One figure that a study reports.

    Raises
    ------
    InputError
        When events exceed their denominator, an origin that means a count has none, or a row
        that is not from memory has no place in its source.
    """

    key: str
    study: str
    endpoint: str
    criterion: str
    time_point: str
    time_origin: str
    unit: UnitOfAnalysis
    origin: Origin
    status: Status
    locator: str
    events: int | Missing = Missing.NOT_RECORDED
    of: int | Missing = Missing.NOT_RECORDED
    percent: float | Missing = Missing.NOT_RECORDED
    value: float | Missing = Missing.NOT_RECORDED
    value_unit: str = ""
    low: float | Missing = Missing.NOT_RECORDED
    high: float | Missing = Missing.NOT_RECORDED
    note: str = ""

    def __post_init__(self) -> None:
        if self.status is not Status.MEMORY and not self.locator.strip():
            raise InputError(f"evidence row {self.key} has no place in its source; name it")
        if self.origin in {Origin.COUNTED, Origin.REBUILT, Origin.DERIVED}:
            if isinstance(self.events, Missing) or isinstance(self.of, Missing):
                raise InputError(
                    f"evidence row {self.key} is {self.origin.value} but lacks events or of"
                )
            if not 0 <= self.events <= self.of or self.of < 1:
                raise InputError(
                    f"evidence row {self.key}: {self.events} of {self.of} is no proportion"
                )

    @property
    def counts(self) -> tuple[int, int] | Missing:
        """Events and denominator, where both are known."""
        if isinstance(self.events, Missing) or isinstance(self.of, Missing):
            return Missing.NOT_RECORDED
        if self.origin in {Origin.PERCENT, Origin.EVENTS, Origin.VALUE}:
            return Missing.NOT_RECORDED
        return self.events, self.of

    @property
    def flags(self) -> tuple[str, ...]:
        """Words that stand beside the row wherever it is shown."""
        words = () if self.status.verified else (f"⚠ {self.status.value}",)
        told = {Origin.REBUILT: "rebuilt from percentages", Origin.DERIVED: "derived"}
        return words + ((told[self.origin],) if self.origin in told else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceBase:
    """Studies and their outcomes.

    Raises
    ------
    InputError
        When an outcome or an overlap names a study that is not there, or two rows have one key.
    """

    studies: Mapping[str, Study]
    outcomes: tuple[PublishedOutcome, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for one in self.outcomes:
            if one.study not in self.studies:
                raise InputError(f"evidence row {one.key} names the unknown study {one.study!r}")
            if one.key in seen:
                raise InputError(f"two evidence rows have the key {one.key!r}; rename one")
            seen.add(one.key)
        for study in self.studies.values():
            for overlap in study.overlaps:
                if overlap.other not in self.studies:
                    raise InputError(
                        f"study {study.key} overlaps with {overlap.other!r}, which is not there"
                    )

    def study(self, key: str) -> Study:
        """Return one study by its key.

        Raises
        ------
        UnknownNameError
            When there is none of that key.
        """
        if key not in self.studies:
            raise UnknownNameError("study", key, sorted(self.studies))
        return self.studies[key]

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Names of all endpoints, sorted."""
        return tuple(sorted({one.endpoint for one in self.outcomes}))

    def overlaps(self, keys: Iterable[str]) -> tuple[tuple[str, str, Overlap], ...]:
        """Return every pair of the given studies that shares patients or may."""
        wanted = set(keys)
        return tuple(
            (study.key, overlap.other, overlap)
            for study in self.studies.values()
            if study.key in wanted
            for overlap in study.overlaps
            if overlap.other in wanted
        )

    def joined(self, other: "EvidenceBase") -> "EvidenceBase":
        """Return this and another base together, say that of a site.

        Raises
        ------
        InputError
            When both know a study or a row of one key.
        """
        both = sorted(set(self.studies) & set(other.studies))
        if both:
            raise InputError(f"both evidence bases have the study {both[0]!r}; rename one")
        return EvidenceBase(
            studies={**self.studies, **other.studies}, outcomes=self.outcomes + other.outcomes
        )
