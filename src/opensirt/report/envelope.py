"""What all documents have in common: title, case or cohort, instant, software, the fixed sentence.

A document of one case is made from the provenance of what it tells of; a document of a cohort
begins with its answers and ends with its definitions.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from opensirt.provenance import Provenance
from opensirt.report.content import (
    Block,
    Bullets,
    Document,
    Facts,
    KeyFigure,
    KeyFigures,
    Picture,
    Section,
)
from opensirt.report.wording import RESEARCH_USE

_NAME = "OpenSIRT"
_PACKAGE = "opensirt"
READ_WITH_IT = "To be read with it"


def software_words(version: str | None) -> str:
    """Return the name of the software with its version.

    >>> software_words("1.2"), software_words("opensirt 1.2")
    ('OpenSIRT 1.2', 'OpenSIRT 1.2')
    >>> software_words(None)
    'OpenSIRT of unknown version'
    """
    number = "of unknown version" if version is None else version.removeprefix(f"{_PACKAGE} ")
    return f"{_NAME} {number}"


def case_document(
    title: str,
    case_key: str,
    provenance: Provenance,
    sections: Sequence[Section],
    *,
    layout: str = "report",
) -> Document:
    """Return a document of one case, made when and with what its provenance says."""
    return Document(
        title=title,
        case_key=case_key,
        research_use=RESEARCH_USE,
        made_at=shown_minute(provenance.made_at),
        software=software_words(provenance.software.get(_PACKAGE)),
        sections=tuple(sections),
        layout=layout,
    )


def shown_minute(instant: datetime) -> str:
    """Return an instant to the minute, with its offset from UTC."""
    return instant.isoformat(sep=" ", timespec="minutes")


def provenance_facts(provenance: Provenance) -> tuple[Facts, ...]:
    """Return the hashes of what a sheet was made from, and the data that it rests on."""
    return (
        Facts("Inputs, SHA-256", tuple(provenance.inputs.items()), fixed_width=True),
        Facts("Reference data", tuple(provenance.reference_data.items())),
    )


def cohort_document(
    title: str,
    cohort: str,
    *,
    answers: Sequence[KeyFigure],
    definitions: Sequence[tuple[str, str]],
    notes: Sequence[str],
    estimates: Sequence[Section],
    made_at: str,
    software: str,
    picture: Picture | None = None,
) -> Document:
    """Return a document of a cohort: answers and picture first, then estimates, definitions.

    Parameters
    ----------
    answers
        What a reader looks for, in boxes.
    definitions
        What was analysed: unit, event, origin, criterion, what was left out.
    notes
        What has to be read with the answers; they stand right below them.
    estimates
        Sections of tables.
    made_at, software
        Instant with its offset; name and version.
    picture
        Of the analysis, where it was drawn.
    """
    first: list[Block] = [KeyFigures(_of(cohort), tuple(answers))] if answers else []
    if notes:
        first.append(Bullets(tuple(notes), READ_WITH_IT))
    if picture is not None:
        first.append(picture)
    sections = [Section("Key results", tuple(first))] if first else []
    sections += estimates
    sections.append(Section("What was analysed", (Facts("Definitions", tuple(definitions)),)))
    return Document(
        title=title,
        case_key=cohort,
        research_use=RESEARCH_USE,
        made_at=made_at,
        software=software_words(software),
        sections=tuple(sections),
        subject="Cohort",
    )


def drawn(name: str, png: bytes | None, caption: str, alternative: str) -> Picture | None:
    """Return a figure as a picture, or None where it was not drawn."""
    return None if png is None else Picture(name, png, caption, alternative)


def left_out(count: int, missing: Mapping[str, int]) -> tuple[str, str]:
    """Return how many rows lack a value, and which.

    >>> left_out(3, {"grade": 2, "age": 1})
    ('Left out for missing values', '3; grade lacks 2; age lacks 1')
    """
    lacking = "".join(f"; {name} lacks {number}" for name, number in missing.items())
    return "Left out for missing values", f"{count}{lacking}"


def _of(cohort: str) -> str:
    return cohort[:1].upper() + cohort[1:]
