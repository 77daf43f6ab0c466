"""Which published rows answer a question, and why each of the others does not."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from opensirt.domain.citation import Status
from opensirt.domain.evidence import EvidenceBase, PublishedOutcome
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError, UnknownNameError

NO_CONCURRENT = ("none", "not stated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be pooled. Empty words ask for nothing in particular."""

    endpoint: str
    unit: UnitOfAnalysis = UnitOfAnalysis.PATIENT
    device: str = ""
    criterion: str = ""
    time_point: str = ""
    studies: tuple[str, ...] = ()
    """Only these; naming two that share patients is refused."""
    without: tuple[str, ...] = ()
    with_memory: bool = False
    """Pool also rows that are known from memory only; never the default."""
    with_combined: bool = False
    """Pool also studies in which another treatment was given together."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row of the endpoint that is not pooled, and the reason."""

    outcome: PublishedOutcome
    reason: str

    @property
    def from_memory(self) -> bool:
        """Whether it is shown apart as known from memory."""
        return self.outcome.status is Status.MEMORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Rows to pool, one for each study, the rows left out, and what is to be said."""

    question: Question
    outcomes: tuple[PublishedOutcome, ...]
    left_out: tuple[LeftOut, ...]
    findings: tuple[Finding, ...]

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.outcomes)


def select_outcomes(base: EvidenceBase, question: Question, *, value: bool = False) -> Selected:
    """Return the rows that answer a question: counts, or with `value` medians and their like.

    Raises
    ------
    UnknownNameError
        When no row has the endpoint, or a study named is not there.
    InputError
        When two studies that share patients would be pooled, or one study has several rows left.
    """
    for key in (*question.studies, *question.without):
        base.study(key)
    _refuse_overlap(base, question.studies)
    rows = [one for one in base.outcomes if one.endpoint == question.endpoint]
    if not rows:
        raise UnknownNameError("endpoint", question.endpoint, base.endpoints)
    kept, left_out = [], []
    for row in rows:
        reason = _why_not(base, row, question, value=value)
        if reason:
            left_out.append(LeftOut(row, reason))
        else:
            kept.append(row)
    _refuse_several(kept)
    _refuse_overlap(base, [one.study for one in kept])
    return Selected(
        question=question,
        outcomes=tuple(sorted(kept, key=lambda one: (base.study(one.study).year, one.study))),
        left_out=tuple(left_out),
        findings=_findings(base, kept),
    )


def _why_not(base: EvidenceBase, row: PublishedOutcome, question: Question, *, value: bool) -> str:
    """Return why a row is not pooled, or nothing."""
    study = base.study(row.study)
    known = row.value if value else row.counts
    reasons = (
        (bool(question.studies) and row.study not in question.studies, "not among those named"),
        (row.study in question.without, "left out by name"),
        (study.review, "pools other studies, and is never pooled with them"),
        (
            row.status is Status.MEMORY and not question.with_memory,
            "known from memory only; shown apart",
        ),
        (
            row.unit is not question.unit,
            f"counted by {row.unit.value}, the question is by {question.unit.value}",
        ),
        (
            isinstance(known, Missing),
            "no value" if value else "no count that can be known",
        ),
        (
            bool(question.device) and study.device != question.device,
            f"device {study.device}",
        ),
        (
            bool(question.criterion) and row.criterion != question.criterion,
            f"criterion {row.criterion}",
        ),
        (
            bool(question.time_point) and row.time_point != question.time_point,
            f"time point {row.time_point}",
        ),
        (
            study.concurrent not in NO_CONCURRENT and not question.with_combined,
            f"given together with {study.concurrent}",
        ),
    )
    return next((words for applies, words in reasons if applies), "")


def _refuse_several(rows: Iterable[PublishedOutcome]) -> None:
    listed = list(rows)
    for study, number in Counter(one.study for one in listed).items():
        if number > 1:
            found = "; ".join(
                f"{one.key}: {one.criterion}, {one.time_point}"
                for one in listed
                if one.study == study
            )
            raise InputError(
                f"study {study} has {number} rows for one endpoint ({found}); "
                "name the criterion or the time point"
            )


def _refuse_overlap(base: EvidenceBase, studies: Iterable[str]) -> None:
    for one, other, overlap in base.overlaps(studies):
        if overlap.contained:
            raise InputError(
                f"studies {one} and {other} share patients ({overlap.why}); they are never "
                f"pooled together: leave one of them out by name"
            )


def _findings(base: EvidenceBase, rows: list[PublishedOutcome]) -> tuple[Finding, ...]:
    found = []
    for one, other, overlap in base.overlaps(row.study for row in rows):
        found.append(
            Finding(
                Severity.WARN,
                "possible_overlap",
                f"studies {one} and {other} may share patients: {overlap.why}",
                source="evidence table, overlaps",
            )
        )
    for name, words in (("criterion", "criteria"), ("time_point", "time points")):
        kinds = Counter(str(getattr(row, name)) for row in rows)
        if len(kinds) > 1:
            listed = ", ".join(f"{one} ({number})" for one, number in sorted(kinds.items()))
            found.append(
                Finding(Severity.WARN, f"mixed_{name}", f"studies of different {words}: {listed}")
            )
    unsure = [row for row in rows if row.flags]
    if unsure:
        listed = "; ".join(f"{row.study}: {', '.join(row.flags)}" for row in unsure)
        found.append(
            Finding(
                Severity.NOTE,
                "counts_not_printed",
                f"counts that do not stand so in the source: {listed}",
                verified=all(row.status.verified for row in unsure),
            )
        )
    return tuple(found)
