"""DOAJ: articles as its interface gives them in JSON."""

import json
from collections.abc import Mapping
from typing import Any

from opensirt.domain.bibliography import BibliographicRecord, ImportedRecords, Unreadable
from opensirt.errors import InputError
from opensirt.files.bibliography.fields import record_or_reason
from opensirt.files.bibliography.gathered import gathered


def read_doaj(text: str, name: str) -> ImportedRecords:
    """Return the articles of an answer of the DOAJ interface, a list of articles, or one article.

    Raises
    ------
    InputError
        When the text is no JSON, or holds no list of articles.
    """
    try:
        found: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{name} is no valid JSON: {error}; export it again") from None
    if isinstance(found, dict):
        found = found.get("results", [found])
    if not isinstance(found, list):
        raise InputError(f"{name} holds no list of articles; an answer of DOAJ is wanted")
    return gathered(
        _record(one, f"{name}, record {number}") for number, one in enumerate(found, start=1)
    )


def _record(entry: object, source: str) -> BibliographicRecord | Unreadable:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("bibjson"), Mapping):
        return Unreadable(source, "it has no bibjson, as every article of DOAJ has")
    body: Mapping[str, Any] = entry["bibjson"]
    numbers = {
        str(one.get("type", "")).casefold(): one.get("id", "") for one in _maps(body, "identifier")
    }
    links = _maps(body, "link")
    journal = body.get("journal")
    return record_or_reason(
        source,
        title=body.get("title", ""),
        authors=[one.get("name", "") for one in _maps(body, "author")],
        year=body.get("year", ""),
        journal=journal.get("title", "") if isinstance(journal, Mapping) else "",
        doi=numbers.get("doi", ""),
        pmid=numbers.get("pmid", ""),
        url=links[0].get("url", "") if links else "",
        kind="article",
        abstract=body.get("abstract", ""),
    )


def _maps(body: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = body.get(key, ())
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
