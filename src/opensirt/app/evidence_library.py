"""The records of a search, kept whole in one file, and what became of each of them."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from opensirt.domain.bibliography import (
    BibliographicRecord,
    Decision,
    Duplicate,
    ImportedRecords,
    PrismaFlow,
    Unreadable,
    canonical_doi,
    plain_words,
    prisma_flow,
)
from opensirt.errors import InputError
from opensirt.files.bibliography import read_bibliography
from opensirt.whole_file import whole_file

SCHEMA = "opensirt/evidence-library/1"
_DECISION_COLUMNS = ("record", "decision", "stage", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryState:
    """What a library holds after an import."""

    added: Mapping[str, int]
    """File → records that came with it now."""
    known: tuple[str, ...]
    """Files that were in the library already, byte for byte."""
    flow: PrismaFlow
    included: tuple[BibliographicRecord, ...]
    duplicates: tuple[Duplicate, ...]
    unreadable: tuple[Unreadable, ...]


def add_to_library(
    paths: Sequence[Path],
    *,
    library: Path,
    form: str = "",
    decisions: Path | None = None,
) -> LibraryState:
    """Read files of records into a library, which only grows, and return the flow of all of it.

    Raises
    ------
    InputError
        When a file cannot be read, or another file of the same name is in the library.
    """
    held = _read(library)
    added: dict[str, int] = {}
    known = []
    for path in paths:
        imported = read_bibliography(path, form=form)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if any(one["sha256"] == digest for one in held["files"]):
            known.append(path.name)
            continue
        if any(one["name"] == path.name for one in held["files"]):
            raise InputError(
                f"another file called {path.name} is in {library.name}; rename the new one, "
                "so that every record keeps its place"
            )
        held["files"].append(
            {
                "name": path.name,
                "sha256": digest,
                "records": [asdict(one) for one in imported.records],
                "unreadable": [asdict(one) for one in imported.unreadable],
            }
        )
        added[path.name] = len(imported.records) + len(imported.unreadable)
    files = {one["name"]: _imported(one) for one in held["files"]}
    if not files:
        raise InputError(f"{library.name} holds no file yet; name one to add")
    flow, included, duplicates = prisma_flow(
        files, () if decisions is None else _decisions(decisions)
    )
    if added:
        with whole_file(library) as part:
            part.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return LibraryState(
        added=added,
        known=tuple(known),
        flow=flow,
        included=included,
        duplicates=duplicates,
        unreadable=tuple(one for imported in files.values() for one in imported.unreadable),
    )


def _read(library: Path) -> dict[str, Any]:
    if not library.exists():
        return {"schema": SCHEMA, "files": []}
    try:
        found = json.loads(library.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{library.name} is damaged ({error}); restore it") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise InputError(f"{library.name} is no library; schema {SCHEMA} is wanted")
    return found


def _imported(entry: Mapping[str, Any]) -> ImportedRecords:
    return ImportedRecords(
        records=tuple(
            BibliographicRecord(**{**one, "authors": tuple(one["authors"])})
            for one in entry["records"]
        ),
        unreadable=tuple(Unreadable(**one) for one in entry["unreadable"]),
    )


def _decisions(path: Path) -> tuple[Decision, ...]:
    if not path.is_file():
        raise InputError(f"there is no file {path.name}; check the name")
    reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    missing = [one for one in _DECISION_COLUMNS if one not in (reader.fieldnames or ())]
    if missing:
        raise InputError(
            f"{path.name} has no column {missing[0]}; wanted {', '.join(_DECISION_COLUMNS)}"
        )
    made = []
    for number, row in enumerate(reader, start=2):
        word = (row["decision"] or "").strip()
        if word not in {"included", "excluded"}:
            raise InputError(
                f"{path.name}, row {number}: decision is {word!r}; included or excluded is wanted"
            )
        made.append(
            Decision(
                record=_key(row["record"] or ""),
                included=word == "included",
                stage=(row["stage"] or "").strip() or "title and abstract",
                reason=(row["reason"] or "").strip(),
            )
        )
    return tuple(made)


def _key(text: str) -> str:
    """Return a DOI or PMID as it is kept, or a title by its letters."""
    doi = canonical_doi(text)
    return doi or (text.strip() if text.strip().isdigit() else plain_words(text))
