"""Adverse events, coded in one version of CTCAE."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.ctcae import HIGHEST_GRADE, CtcaeVersion
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalTerm:
    """One clinical term of one version: which grades it has, and what they are."""

    key: str
    name: str
    version: CtcaeVersion
    grades: Mapping[int, str]
    citation: Citation


@cache
def clinical_terms(version: CtcaeVersion) -> Mapping[str, ClinicalTerm]:
    """Return the clinical terms of one version that ship with this package, by key."""
    table = read_table("ctcae_clinical")
    if version.value not in table["sources"]:
        return MappingProxyType({})
    citation = citation_of(
        table["sources"][version.value], where=f"ctcae_clinical.toml {version.value}"
    )
    found = {}
    for key, entry in table["terms"].items():
        if version.value in entry:
            found[key] = ClinicalTerm(
                key=key,
                name=entry["name"],
                version=version,
                grades=_grades(entry, version),
                citation=citation,
            )
    return MappingProxyType(found)


def _grades(entry: Mapping[str, Any], version: CtcaeVersion) -> Mapping[int, str]:
    texts = entry[version.value]
    if texts == "same":
        texts = entry[CtcaeVersion.V4_03.value]
    return MappingProxyType({grade: text for grade, text in enumerate(texts, start=1) if text})


@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseEvent:
    """One event of one patient; valid from birth.

    `term` is the key of a clinical term, or a free term, whose grade cannot be checked.

    Raises
    ------
    UnknownNameError
        When the term exists in another version only.
    InputError
        When the grade is none, the version does not have it for this term, or the event ends
        before it begins.
    """

    term: str
    version: CtcaeVersion
    grade: int
    on: date
    until: date | Missing = Missing.NOT_RECORDED
    treatment: str | Missing = Missing.NOT_RECORDED
    """What was done about it, in words."""
    text: str = ""
    """As reported; the decision between grades 2 and 3 often hangs on it."""

    def __post_init__(self) -> None:
        if not 1 <= self.grade <= HIGHEST_GRADE:
            raise InputError(
                f"{self.term} of {self.on} has grade {self.grade}; an event has grade 1 to "
                f"{HIGHEST_GRADE}, and no event is left out"
            )
        if not isinstance(self.until, Missing) and self.until < self.on:
            raise InputError(f"{self.term} ends on {self.until}, before it began on {self.on}")
        known = clinical_terms(self.version)
        if self.term not in known:
            elsewhere = any(self.term in clinical_terms(one) for one in CtcaeVersion)
            if elsewhere and known:
                raise UnknownNameError(f"term of CTCAE {self.version.value}", self.term, known)
            return
        grades = known[self.term].grades
        if self.grade not in grades:
            raise InputError(
                f"{known[self.term].name} has no grade {self.grade} in CTCAE "
                f"{self.version.value}; it has {', '.join(map(str, grades))}: check the grade or "
                "the version"
            )

    @property
    def checked(self) -> bool:
        """Whether the term is in the table, so that the grade could be checked."""
        return self.term in clinical_terms(self.version)

    def findings(self) -> tuple[Finding, ...]:
        """Say when the grade could not be checked."""
        if self.checked:
            return ()
        text = (
            f"{self.term} is not among the terms of CTCAE {self.version.value} that ship with "
            "this package: its grade was not checked"
        )
        return (Finding(Severity.NOTE, "adverse_event_unchecked", text, self.grade),)
