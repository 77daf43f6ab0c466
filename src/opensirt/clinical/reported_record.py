"""What a follow-up answers of symptoms, tumour markers and questionnaires."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from types import MappingProxyType

from opensirt.clinical.biomarker import MarkerResponse
from opensirt.clinical.quality_of_life import Change
from opensirt.domain.citation import Citation
from opensirt.domain.laboratory import Analyte
from opensirt.domain.missing import Missing

Number = float | Missing


class SymptomChange(Enum):
    """What became of one symptom."""

    RESOLVED = "resolved"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    WORSE = "worse"
    NEVER_THERE = "not there before or after"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomVisit:
    """One symptom on one day after treatment against the last day before it."""

    on: date
    day: int
    """Days after treatment."""
    measure: str
    before: Number
    after: Number
    change: SymptomChange | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomFollowUp:
    """One symptom before and after; only those who had it can improve.

    `visits` are all days after treatment; measure, `after` and `change` are those of the last.
    """

    name: str
    measure: str
    before: Number
    before_on: date | None
    after: Number
    after_on: date | None
    change: SymptomChange | Missing
    visits: tuple[SymptomVisit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerFollowUp:
    """One tumour marker: its latest response, or why there is none; `visits` are all of them."""

    analyte: Analyte
    response: MarkerResponse | Missing
    visits: tuple[MarkerResponse, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFollowUp:
    """Scores of one questionnaire on one day; `changes` compare with the one before treatment."""

    questionnaire: str
    on: date
    scores: Mapping[str, Number]
    summary: Number
    changes: Mapping[str, Change | Missing]
    citation: Citation
    titles: Mapping[str, str] = field(default_factory=dict)
    """Scale → what it measures."""

    def __post_init__(self) -> None:
        for name in ("scores", "changes", "titles"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
