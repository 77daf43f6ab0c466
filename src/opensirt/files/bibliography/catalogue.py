"""The staff view of a library catalogue (VuFind): one line for each field, `name value`.

Lines without a name continue a field that has several values, such as authors. The part for
readers above it (``Main Authors:``, ``Published:``) is not needed where the fields are there.
"""

import re
from collections.abc import Iterator

from opensirt.domain.bibliography import BibliographicRecord, ImportedRecords, Unreadable
from opensirt.files.bibliography.fields import record_or_reason
from opensirt.files.bibliography.gathered import gathered

_FIELDS = (
    "author",
    "author_facet",
    "author_sort",
    "collection",
    "description",
    "format",
    "id",
    "institution",
    "issn",
    "language",
    "publishDate",
    "publisher",
    "record_format",
    "series",
    "spelling",
    "spellingShingle",
    "title",
    "title_full",
    "title_fullStr",
    "title_full_unstemmed",
    "title_short",
    "title_sort",
    "topic",
    "topic_facet",
    "url",
    "work_keys_str_mv",
)
_FIELD = re.compile(rf"^({'|'.join(_FIELDS)})(?: (.*))?$")
_START = "_version_ "


def read_catalogue(text: str, name: str) -> ImportedRecords:
    """Return the records of a catalogue page; each begins at its line of version."""
    return gathered(_record(fields, source) for source, fields in _records(text, name))


def _records(text: str, name: str) -> Iterator[tuple[str, dict[str, list[str]]]]:
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith(_START)] or [0]
    for place, begin in enumerate(starts):
        end = starts[place + 1] if place + 1 < len(starts) else len(lines)
        fields: dict[str, list[str]] = {}
        last = ""
        for line in lines[begin:end]:
            match = _FIELD.match(line)
            if match:
                last = match.group(1)
                fields.setdefault(last, []).append((match.group(2) or "").strip())
            elif last and line.strip():
                fields[last].append(line.strip())
        yield f"{name}, line {begin + 1}", fields


def _record(fields: dict[str, list[str]], source: str) -> BibliographicRecord | Unreadable:
    title = fields.get("title") or fields.get("title_full") or [""]
    spelling = " ".join(fields.get("spelling", []))
    return record_or_reason(
        source,
        title=title[0],
        authors=fields.get("author", []),
        year=" ".join(fields.get("publishDate", [])),
        journal=" ".join(fields.get("series", [])[:1]),
        doi=_doi_in(spelling, title[0]),
        url=" ".join(fields.get("url", [])[:1]),
        kind=" ".join(fields.get("format", [])[:1]),
        abstract=" ".join(fields.get("description", [])),
    )


def _doi_in(spelling: str, title: str) -> str:
    """Return the DOI of the run-together spelling field, which ends where the title begins.

    Between both stands the number of the row in its source, one digit.
    """
    before, found, _ = spelling.partition(title)
    doi = re.search(r"10\.\d{4,9}/\S+$", before)
    if not found or not doi:
        return ""
    said = doi.group(0)
    return said[:-1] if said[-1].isdigit() else said
