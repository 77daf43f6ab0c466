"""Bibliographic records of other people's catalogues: RIS, BibTeX, PubMed, DOAJ, VuFind pages."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from opensirt.domain.bibliography import ImportedRecords
from opensirt.errors import InputError, UnknownNameError
from opensirt.files.bibliography.bibtex import read_bibtex
from opensirt.files.bibliography.catalogue import read_catalogue
from opensirt.files.bibliography.doaj import read_doaj
from opensirt.files.bibliography.pubmed import read_medline, read_pubmed_xml
from opensirt.files.bibliography.ris import read_ris
from opensirt.files.refusal import refusal

Reader = Callable[[str, str], ImportedRecords]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "ris": read_ris,
        "bibtex": read_bibtex,
        "medline": read_medline,
        "pubmed-xml": read_pubmed_xml,
        "doaj": read_doaj,
        "catalogue": read_catalogue,
    }
)
"""Format → reader of a text; the second argument names the file in every record."""


def read_bibliography(path: Path, *, form: str = "") -> ImportedRecords:
    """Return the records of a file; its format is seen from its first lines unless it is named.

    Raises
    ------
    UnknownNameError
        When a format is named that is not known.
    InputError
        When the file is absent or no text, its format is not seen, or it holds no record.
    """
    if form and form not in READERS:
        raise UnknownNameError("format of bibliographic records", form, READERS)
    if not path.is_file():
        raise InputError(f"there is no file {path.name}; check the name")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refusal(
            path,
            f"byte {error.start} is no UTF-8",
            wanted="UTF-8 text",
            remedy="export it again as UTF-8",
        ) from None
    found = READERS[form or form_of(text, path)](text, path.name)
    if not found.records and not found.unreadable:
        raise refusal(
            path, "no record", wanted=f"records as {form or form_of(text, path)}", remedy="check it"
        )
    return found


def form_of(text: str, path: Path) -> str:
    """Return the format that the first lines of a text show.

    Raises
    ------
    InputError
        When they show none of the known ones.
    """
    head = text.lstrip()
    lines = [line for line in head.splitlines()[:60] if line.strip()]
    if head.startswith(("{", "[")):
        return "doaj"
    if head.startswith("<"):
        return "pubmed-xml"
    if any(line.startswith("TY  - ") for line in lines):
        return "ris"
    if any(line.startswith("PMID- ") for line in lines):
        return "medline"
    if any(line.lstrip().startswith("@") and "{" in line for line in lines):
        return "bibtex"
    if any(line.startswith(("record_format ", "title_full ", "Main Author")) for line in lines):
        return "catalogue"
    raise InputError(
        f"{path.name} shows no known format in its first lines; name it: {', '.join(READERS)}"
    )
