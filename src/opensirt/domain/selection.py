"""What is known for choosing a treatment: rules, liver function, checklist, considerations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from opensirt.domain.eligibility import Eligibility
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import Disease
from opensirt.domain.score import Score
from opensirt.domain.statement import ChecklistItem, Consideration
from opensirt.provenance import Provenance


@dataclass(frozen=True, eq=False, kw_only=True)
class Selection:
    """Everything that bears on whom to treat and how, on one day; it chooses nothing.

    `facts` are those that the rules were asked with: of the record, and of the work-up where
    there is one.
    """

    on: date
    device: str
    """Device that was asked about, empty when none is chosen yet."""
    disease: Disease
    eligibility: Eligibility
    scores: tuple[Score, ...]
    checklist: tuple[ChecklistItem, ...]
    considerations: tuple[Consideration, ...]
    facts: Mapping[str, float | bool | str | Missing] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    provenance: Provenance

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))
