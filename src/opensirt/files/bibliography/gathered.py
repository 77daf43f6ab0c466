"""Records and reasons of one file, kept in order."""

from collections.abc import Iterable

from opensirt.domain.bibliography import BibliographicRecord, ImportedRecords, Unreadable


def gathered(found: Iterable[BibliographicRecord | Unreadable]) -> ImportedRecords:
    """Return what was found, records and those that could not be taken apart."""
    listed = tuple(found)
    return ImportedRecords(
        records=tuple(one for one in listed if isinstance(one, BibliographicRecord)),
        unreadable=tuple(one for one in listed if isinstance(one, Unreadable)),
    )
