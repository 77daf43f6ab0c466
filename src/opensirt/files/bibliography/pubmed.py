"""PubMed: the MEDLINE text (nbib) and the XML."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from opensirt.domain.bibliography import BibliographicRecord, ImportedRecords, Unreadable
from opensirt.errors import InputError
from opensirt.files.bibliography.fields import record_or_reason
from opensirt.files.bibliography.gathered import gathered

_TAG = re.compile(r"^([A-Z]{2,4}) *- (.*)$")


def read_medline(text: str, name: str) -> ImportedRecords:
    """Return the records of a MEDLINE text; every record starts with its PMID."""
    return gathered(_medline_record(fields, source) for source, fields in _medline(text, name))


def _medline(text: str, name: str) -> Iterator[tuple[str, dict[str, list[str]]]]:
    fields: dict[str, list[str]] = {}
    number, last = 0, ""
    for line in [*text.splitlines(), "PMID- "]:
        match = _TAG.match(line)
        if match is None:
            if last and line.startswith("      "):
                fields[last][-1] += f" {line.strip()}"
            continue
        last, value = match.group(1), match.group(2).strip()
        if last == "PMID":
            if fields:
                number += 1
                yield f"{name}, record {number}", fields
            fields = {}
        fields.setdefault(last, []).append(value)


def _medline_record(fields: dict[str, list[str]], source: str) -> BibliographicRecord | Unreadable:
    numbers = fields.get("LID", []) + fields.get("AID", [])
    return record_or_reason(
        source,
        title=" ".join(fields.get("TI", [])),
        authors=fields.get("FAU") or fields.get("AU", []),
        year=" ".join(fields.get("DP", [])),
        journal=" ".join(fields.get("JT", []) or fields.get("TA", [])),
        doi=next((one for one in numbers if "[doi]" in one), ""),
        pmid=" ".join(fields.get("PMID", [])[:1]),
        kind="; ".join(fields.get("PT", [])),
        abstract=" ".join(fields.get("AB", [])),
    )


def read_pubmed_xml(text: str, name: str) -> ImportedRecords:
    """Return the articles of a PubMed XML text.

    Raises
    ------
    InputError
        When the text is no XML, declares entities, or holds no PubMed article.
    """
    if "<!ENTITY" in text:
        raise InputError(f"{name} declares XML entities, which are not read; export it again")
    try:
        root = ET.fromstring(text)  # noqa: S314 - entities are refused above
    except ET.ParseError as error:
        raise InputError(f"{name} is no valid XML: {error}; export it again") from None
    articles = list(root.iter("PubmedArticle"))
    if root.tag == "PubmedArticle":
        articles = [root]
    return gathered(
        _xml_record(one, f"{name}, record {number}") for number, one in enumerate(articles, start=1)
    )


def _xml_record(article: ET.Element, source: str) -> BibliographicRecord | Unreadable:
    ids = {
        one.get("IdType", ""): one.text or ""
        for one in article.findall("./PubmedData/ArticleIdList/ArticleId")
    }
    location = article.find("./MedlineCitation/Article/ELocationID[@EIdType='doi']")
    inside = "./MedlineCitation/Article/"
    return record_or_reason(
        source,
        title=_text(article.find(f"{inside}ArticleTitle")),
        authors=[
            f"{_text(one.find('LastName'))}, {_text(one.find('ForeName'))}".strip(", ")
            or _text(one.find("CollectiveName"))
            for one in article.findall(f"{inside}AuthorList/Author")
        ],
        year=_text(article.find(f"{inside}Journal/JournalIssue/PubDate")),
        journal=_text(article.find(f"{inside}Journal/Title")),
        doi=ids.get("doi") or _text(location),
        pmid=_text(article.find("./MedlineCitation/PMID")),
        kind="; ".join(
            _text(one) for one in article.findall(f"{inside}PublicationTypeList/PublicationType")
        ),
        abstract=" ".join(_text(one) for one in article.findall(f"{inside}Abstract/AbstractText")),
    )


def _text(element: ET.Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())
