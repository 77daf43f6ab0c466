"""BibTeX, as publishers and reference managers write it."""

from collections.abc import Mapping
from typing import Any

from opensirt.domain.bibliography import BibliographicRecord, ImportedRecords, Unreadable
from opensirt.files.bibliography.fields import record_or_reason
from opensirt.files.bibliography.gathered import gathered


def read_bibtex(text: str, name: str) -> ImportedRecords:
    """Return the entries of a BibTeX text; a block that cannot be parsed is kept with its reason.

    Entries of one key are all read: a key says nothing of what is in them.
    """
    import bibtexparser
    from bibtexparser.model import DuplicateBlockKeyBlock, Entry, ParsingFailedBlock

    library = bibtexparser.parse_string(text)
    found: list[BibliographicRecord | Unreadable] = []
    for block in library.blocks:
        source = f"{name}, line {(block.start_line or 0) + 1}"
        entry = block.ignore_error_block if isinstance(block, DuplicateBlockKeyBlock) else block
        if isinstance(entry, Entry):
            found.append(_record(source, entry.entry_type, entry.fields_dict))
        elif isinstance(block, ParsingFailedBlock):
            found.append(Unreadable(source, f"it breaks the rules of BibTeX: {block.error}"))
    return gathered(found)


def _record(source: str, kind: str, fields: Mapping[str, Any]) -> BibliographicRecord | Unreadable:
    values = {key.casefold(): str(getattr(one, "value", "")) for key, one in fields.items()}
    names = values.get("author", "").replace("\n", " ")
    return record_or_reason(
        source,
        title=values.get("title", ""),
        authors=[one for one in names.split(" and ") if one.strip()],
        year=values.get("year") or values.get("date", ""),
        journal=values.get("journal") or values.get("journaltitle") or values.get("booktitle", ""),
        doi=values.get("doi", "") or values.get("url", ""),
        pmid=values.get("pmid", ""),
        url=values.get("url", ""),
        kind=kind,
        abstract=values.get("abstract", ""),
    )
