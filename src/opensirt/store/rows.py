"""Records as rows, mapped by hand."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cached_property
from types import MappingProxyType
from typing import Any

from opensirt.errors import StoreError
from opensirt.provenance import canonical_json, sha256_of_json
from opensirt.store.kinds import RECORD_KINDS
from opensirt.store.tables import SEARCHED

JSON, TOML = "json", "toml"


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """One record of one case, as it was written: never changed, at most replaced by a later one.

    `uid` is the hash of everything but the instant of storing: two records with one uid are the
    same record, and one that replaces another carries the other's uid in its own.

    Raises
    ------
    StoreError
        When the kind is none, something is empty, or the instant has no zone.
    """

    kind: str
    case_key: str
    content: str
    """The exact text of the file: JSON, or the TOML of a case."""
    media: str = JSON
    author: str
    made_at: datetime
    software_version: str
    supersedes: str | None = None
    """Uid of the record that this one replaces."""
    file_name: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    """Of a case: path in its folder → sha256 of the file's bytes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))
        if self.kind not in RECORD_KINDS:
            raise StoreError(f"no record is called {self.kind!r}; known: {', '.join(RECORD_KINDS)}")
        if not self.case_key or not self.author or not self.software_version:
            raise StoreError("a record needs the key of its case, an author and a software version")
        if self.made_at.tzinfo is None:
            raise StoreError("the instant of a record has no time zone")
        if self.media not in (JSON, TOML):
            raise StoreError(f"a record is json or toml, not {self.media!r}")

    @cached_property
    def document(self) -> dict[str, Any]:
        """The content as plain values; dates and times as text.

        Raises
        ------
        StoreError
            When the content is no JSON or TOML table.
        """
        try:
            if self.media == TOML:
                found: Any = _plain(tomllib.loads(self.content.replace("\r\n", "\n")))
            else:
                found = json.loads(self.content)
        except ValueError as error:
            raise StoreError(f"a {self.kind} record is no {self.media} ({error})") from None
        if not isinstance(found, dict):
            raise StoreError(f"a {self.kind} record is a {type(found).__name__}, wanted an object")
        return found

    @cached_property
    def sha256(self) -> str:
        """Hash of the canonical JSON of the content."""
        try:
            return sha256_of_json(self.document)
        except ValueError as error:
            raise StoreError(f"a {self.kind} record has no canonical form ({error})") from None

    @cached_property
    def bytes_sha256(self) -> str:
        """Hash of the exact text."""
        return hashlib.sha256(self.content.encode()).hexdigest()

    @cached_property
    def files_sha256(self) -> str | None:
        """Hash of the list of files; None where there are none."""
        return sha256_of_json(dict(self.files)) if self.files else None

    @cached_property
    def uid(self) -> str:
        """Hash of everything that the record says, and of what it replaces."""
        said = (
            self.kind,
            self.case_key,
            self.sha256,
            self.bytes_sha256,
            self.files_sha256,
            self.author,
            self.made_at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.software_version,
            self.supersedes,
            self.file_name,
            self.media,
        )
        return hashlib.sha256(canonical_json(said).encode()).hexdigest()


def row_of(record: Record, stored_at: datetime) -> dict[str, Any]:
    """Return the row of a record."""
    return {
        "uid": record.uid,
        "case_key": record.case_key,
        "supersedes": record.supersedes,
        "author": record.author,
        "made_at": record.made_at,
        "stored_at": stored_at,
        "software_version": record.software_version,
        "sha256": record.sha256,
        "bytes_sha256": record.bytes_sha256,
        "files_sha256": record.files_sha256,
        "file_name": record.file_name,
        "media": record.media,
        "content": record.content,
        **searched(record),
    }


def record_of(
    kind: str, row: Mapping[str, Any], files: Mapping[str, str] = MappingProxyType({})
) -> Record:
    """Return the record of a row."""
    return Record(
        kind=kind,
        case_key=row["case_key"],
        content=row["content"],
        media=row["media"],
        author=row["author"],
        made_at=row["made_at"],
        software_version=row["software_version"],
        supersedes=row["supersedes"],
        file_name=row["file_name"],
        files=files,
    )


def searched(record: Record) -> dict[str, str | None]:
    """Return the values of a kind's own columns; None where the record does not say it."""
    names = SEARCHED.get(record.kind, ())
    said = record.document
    places: dict[str, tuple[str, ...]] = {
        "case.device": ("administration", "device"),
        "case.tumour_type": ("disease", "tumour_type"),
        "case.treated_on": ("follow_up", "treated_on"),
        "plan.device": ("plan", "chosen", "device"),
        "plan.model": ("plan", "chosen", "model"),
        "verify.engine": ("dose", "engine"),
        "dosimetry.engine": ("engine",),
        "dosimetry.task": ("task",),
        "dosimetry.outcome": ("outcome",),
    }
    return {name: _text_at(said, places[f"{record.kind}.{name}"]) for name in names}


def _text_at(said: Mapping[str, Any], place: tuple[str, ...]) -> str | None:
    found: Any = said
    for key in place:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else None


def _plain(value: Any) -> Any:  # noqa: ANN401 - any TOML value
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, date | time):
        return value.isoformat()
    return value
