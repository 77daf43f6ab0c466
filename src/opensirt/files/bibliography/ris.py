"""RIS, as reference managers and publishers write it."""

from opensirt.domain.bibliography import ImportedRecords
from opensirt.errors import InputError
from opensirt.files.bibliography.fields import record_or_reason
from opensirt.files.bibliography.gathered import gathered


def read_ris(text: str, name: str) -> ImportedRecords:
    """Return the records of a RIS text.

    Raises
    ------
    InputError
        When the text breaks the rules of RIS.
    """
    import rispy
    from rispy.parser import ParseError

    try:
        entries = rispy.loads(text, skip_unknown_tags=True)
    except (ParseError, OSError, ValueError) as error:
        raise InputError(f"{name} is no valid RIS: {error}; export it again") from None
    return gathered(
        record_or_reason(
            f"{name}, record {number}",
            title=entry.get("title") or entry.get("primary_title", ""),
            authors=entry.get("authors") or entry.get("first_authors", ()),
            year=entry.get("year") or entry.get("publication_year") or entry.get("date", ""),
            journal=entry.get("journal_name")
            or entry.get("secondary_title")
            or entry.get("alternate_title3", ""),
            doi=entry.get("doi", ""),
            pmid=entry.get("accession_number", "") if _is_pubmed(entry) else "",
            url=" ".join(entry.get("urls", ())[:1]),
            kind=entry.get("type_of_reference", ""),
            abstract=entry.get("abstract") or entry.get("notes_abstract", ""),
        )
        for number, entry in enumerate(entries, start=1)
    )


def _is_pubmed(entry: dict[str, object]) -> bool:
    """Whether the accession number is a PMID: the record says that it comes from PubMed."""
    said = " ".join(
        str(entry.get(one, "")) for one in ("name_of_database", "database_provider")
    ).casefold()
    return "pubmed" in said or "medline" in said or "nlm" in said
