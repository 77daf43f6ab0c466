"""What all catalogues share: a year out of a date, texts out of lists, a record or a reason."""

import re
from collections.abc import Iterable

from opensirt.domain.bibliography import BibliographicRecord, Unreadable, canonical_doi


def year_in(text: object) -> int | None:
    """Return the first year between 1800 and 2199 in a text, or None.

    >>> year_in("2025-05-01"), year_in("May"), year_in(1994)
    (2025, None, 1994)
    """
    found = re.search(r"(?<!\d)(1[89]\d\d|2[01]\d\d)(?!\d)", str(text))
    return int(found.group(0)) if found else None


def clean(text: object) -> str:
    """Return a text in one line, without braces and tags around it."""
    flat = re.sub(r"<[^>]+>", "", str(text or ""))
    return " ".join(flat.replace("{", "").replace("}", "").split())


def record_or_reason(
    source: str,
    *,
    title: object,
    authors: Iterable[object] = (),
    year: object = "",
    journal: object = "",
    doi: object = "",
    pmid: object = "",
    url: object = "",
    kind: object = "",
    abstract: object = "",
) -> BibliographicRecord | Unreadable:
    """Return a record, or why there is none: a record needs a title, a DOI or a PMID."""
    number = re.search(r"\d+", str(pmid or ""))
    made = BibliographicRecord(
        source=source,
        title=clean(title),
        authors=tuple(name for one in authors if (name := clean(one))),
        year=year_in(year),
        journal=clean(journal),
        doi=canonical_doi(str(doi or "")),
        pmid=number.group(0) if number else "",
        url=clean(url),
        kind=clean(kind),
        abstract=clean(abstract),
    )
    if not made.keys:
        return Unreadable(source, "it has no title, no DOI and no PMID")
    return made
