"""What a report says, before it is HTML or PDF: sections of paragraphs, tables and pictures.

Both writers take this one model (as `as_data`), so neither can say what the other does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any, ClassVar

from opensirt.domain.finding import Finding, Severity
from opensirt.errors import InputError
from opensirt.report.wording import UNVERIFIED_MARK

ASSUMED_RULE = "assumed"
"""Rule of a finding that lists facts taken as true without a record."""


class Level(Enum):
    """How a remark is marked: by this word, and by a colour."""

    ASSUMPTION = "Assumption"
    STOP = "Stop"
    WARN = "Warning"
    NOTE = "Note"


_LEVELS = {Severity.STOP: Level.STOP, Severity.WARN: Level.WARN, Severity.NOTE: Level.NOTE}


def level_of(finding: Finding) -> Level:
    """Return how a finding is marked; facts that were assumed are a level of their own."""
    return Level.ASSUMPTION if finding.rule == ASSUMED_RULE else _LEVELS[finding.severity]


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    block: ClassVar[str] = "paragraph"

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    block: ClassVar[str] = "bullets"

    items: tuple[str, ...]
    caption: str = ""


@dataclass(frozen=True)
class Remark:
    """One finding as it is printed."""

    level: str
    text: str
    detail: str
    """Rule, limit and source, in small print."""


@dataclass(frozen=True)
class Remarks:
    """Findings, one below the other."""

    block: ClassVar[str] = "remarks"

    items: tuple[Remark, ...]


@dataclass(frozen=True)
class KeyFigure:
    """One number that is read from afar, with what it is and what it rests on."""

    name: str
    value: str
    detail: str = ""


@dataclass(frozen=True)
class KeyFigures:
    """Numbers that are read from afar, in boxes side by side."""

    block: ClassVar[str] = "key_figures"

    title: str
    items: tuple[KeyFigure, ...]


@dataclass(frozen=True)
class Facts:
    """Names with their values."""

    block: ClassVar[str] = "facts"

    caption: str
    rows: tuple[tuple[str, str], ...]
    fixed_width: bool = False
    """For hashes."""


@dataclass(frozen=True)
class Column:
    """Header of a column; its unit stands in the header and not in the cells."""

    header: str
    unit: str = ""
    numeric: bool = True
    share: float = 1.0
    """Width in relation to the other columns."""


@dataclass(frozen=True)
class Cell:
    """One cell, over `span` columns."""

    text: str
    span: int = 1
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under named columns.

    Raises
    ------
    InputError
        When a row does not fill the columns exactly.
    """

    block: ClassVar[str] = "table"

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            filled = sum(cell.span for cell in row)
            if filled != len(self.columns):
                raise InputError(
                    f"table {self.caption!r} has {len(self.columns)} columns and a row of {filled}"
                )


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture with what it shows in words, for those who cannot see it."""

    block: ClassVar[str] = "picture"

    name: str
    png: bytes = field(repr=False)
    caption: str
    alternative: str


Block = Paragraph | Bullets | Remarks | KeyFigures | Facts | Table | Picture


@dataclass(frozen=True, eq=False)
class Section:
    """A heading with what stands below it; a wide one is printed across the page."""

    title: str
    blocks: tuple[Block, ...]
    wide: bool = False


@dataclass(frozen=True, eq=False)
class Document:
    """A whole report."""

    title: str
    case_key: str
    research_use: str
    made_at: str
    software: str
    sections: tuple[Section, ...]
    subject: str = "Case"
    """What `case_key` names: a case, a cohort."""
    layout: str = "report"
    """``report``, or ``board`` for the one page of a tumour board."""

    def pictures(self) -> Mapping[str, bytes]:
        """Return name → PNG of every picture."""
        found: dict[str, bytes] = {}
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Picture):
                    if block.name in found:
                        raise InputError(f"two pictures are called {block.name!r}")
                    found[block.name] = block.png
        return found


def as_data(document: Document) -> dict[str, Any]:
    """Return the document as plain dicts and lists; pictures by name only."""
    data: dict[str, Any] = _plain(document)
    return data


def _plain(value: Any) -> Any:  # noqa: ANN401 - any part of a document
    if is_dataclass(value) and not isinstance(value, type):
        made = {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
        made.pop("png", None)
        if hasattr(value, "block"):
            made["block"] = value.block
        return made
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


def row(*cells: str | Cell, strong: bool = False) -> tuple[Cell, ...]:
    """Return a table row of texts and cells."""
    return tuple(cell if isinstance(cell, Cell) else Cell(cell, strong=strong) for cell in cells)


def merged(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return the cells with neighbours of the same words joined; numbers are never joined."""
    made: list[Cell] = []
    for cell in cells:
        last = made[-1] if made else None
        same = last is not None and last.text == cell.text and last.strong == cell.strong
        if last is not None and same and not any(one.isdigit() for one in cell.text):
            made[-1] = Cell(cell.text, last.span + cell.span, cell.strong)
        else:
            made.append(cell)
    return tuple(made)


def marked(text: str, *, verified: bool) -> str:
    """Return the text, with ⚠ when it rests on an unverified figure.

    >>> marked("40 Gy", verified=False)
    '40 Gy ⚠'
    """
    return text if verified else f"{text} {UNVERIFIED_MARK}"
