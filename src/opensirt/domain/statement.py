"""Sentences with a source for a tumour board: items of a checklist, and considerations."""

from dataclasses import dataclass
from enum import Enum

from opensirt.domain.citation import Citation


class Stage(Enum):
    """When a checklist item is due."""

    BOARD = "board"
    ORDER = "order"
    BEFORE = "before"
    AFTER = "after"


class Side(Enum):
    """Which way a consideration points."""

    FOR = "for"
    AGAINST = "against"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistItem:
    """One reminder; `applies` is None when a fact that decides it is missing."""

    id: str
    stage: Stage
    text: str
    applies: bool | None
    missing: tuple[str, ...]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Consideration:
    """One sentence for or against an option; `applies` is None when that is not known."""

    option: str
    side: Side
    text: str
    applies: bool | None
    missing: tuple[str, ...]
    citation: Citation
