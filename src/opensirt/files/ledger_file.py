"""site-ledger.json: the ledger of a site on disk, whole or not at all, only ever longer.

Every entry carries the hash of the one before, so that a change by hand is seen.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from opensirt.domain.missing import Missing
from opensirt.domain.site_ledger import (
    LedgerEntry,
    LesionEntry,
    SiteLedger,
    TerritoryEntry,
)
from opensirt.errors import InputError
from opensirt.files.toml_document import Block
from opensirt.files.toml_values import Name
from opensirt.provenance import sha256_of_json
from opensirt.whole_file import whole_file

LEDGER_SCHEMA = "opensirt/site-ledger/1"
LEDGER_FILE_NAME = "site-ledger.json"
FIRST = "0" * 64
"""Stands for the entry before the first."""

_WAIT_S = 10.0
_STEP_S = 0.05

_REASONS = tuple(one.value for one in Missing)


def _number_or_reason(value: object) -> object:
    if isinstance(value, str) and value not in _REASONS:
        raise ValueError(f"a number, or one of {', '.join(_REASONS)}, is wanted")
    return value


Value = Annotated[float | str, AfterValidator(_number_or_reason)]
"""A number, or why there is none."""
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class LesionBlock(Block):
    """One tumour; it has no name here."""

    volume_ml: Annotated[float, Field(ge=0)]
    planned_gy: Annotated[float, Field(ge=0)] = Field(description="for the activity given")
    delivered_gy: Annotated[float, Field(ge=0)] = Field(description="in the scale of the vendor")
    planned_ratio: Value = Field(description="tumour over perfused normal liver, on the scout")
    delivered_ratio: Value = Field(description="the same on the image after treatment")


class TerritoryBlock(Block):
    """One injection site."""

    retained_fraction: Value = Field(
        description="activity in the perfused volume over what reached the liver"
    )


class EntryBlock(Block):
    """One verified treatment."""

    previous_sha256: Hash = Field(description="of the entry before; zeros for the first")
    course: Hash = Field(description="hash of the pseudonym; the same for a correction")
    content: Hash = Field(description="hash of what this entry says")
    recorded_at: Name = Field(description="instant with its zone")
    device: Name
    model: Name
    engine: Name
    scout_nuclide: str
    planned_activity_bq: Value
    administered_activity_bq: Value
    residual_fraction: Value
    lung_shunt_predicted: Value
    lung_shunt_predicted_uncertainty: Value
    lung_shunt_seen: Value
    lung_shunt_seen_uncertainty: Value
    normal_liver_planned_gy: Value
    normal_liver_delivered_gy: Value
    lesions: list[LesionBlock]
    territories: list[TerritoryBlock]
    assumed: list[Name] = Field(description="facts behind the entry that were assumed")


class LedgerFile(Block):
    """All entries in the order in which they were added."""

    schema_: Literal["opensirt/site-ledger/1"] = Field(alias="schema")
    entries: list[EntryBlock]


def ledger_schema() -> dict[str, Any]:
    """Return the JSON Schema of site-ledger.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": LEDGER_SCHEMA,
        **LedgerFile.model_json_schema(by_alias=True),
    }


def read_ledger(path: Path) -> SiteLedger:
    """Return the ledger of a file; an absent file is an empty ledger.

    Raises
    ------
    InputError
        When it is no ledger, or an entry was changed or taken out.
    """
    return SiteLedger(entries=tuple(_entry(one) for one in _blocks(path)))


def _blocks(path: Path) -> Sequence[EntryBlock]:
    if not path.is_file():
        return ()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        blocks = LedgerFile.model_validate(content).entries
    except (ValueError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise InputError(
            f"{path.name} is no site ledger ({first}); take it from a backup, or move it away to "
            "begin a new one"
        ) from None
    previous = FIRST
    for number, one in enumerate(blocks, 1):
        if one.previous_sha256 != previous:
            raise InputError(
                f"{path.name}: entry {number} does not follow the one before it: the ledger was "
                "changed by hand. Entries are only added, corrections too; take it from a backup"
            )
        previous = _sha256(one)
    return blocks


def _sha256(block: EntryBlock) -> str:
    return sha256_of_json(block.model_dump(mode="json"))


def append_entry(path: Path, entry: LedgerEntry) -> tuple[int, str]:
    """Add an entry to a ledger and return its number and ``added``, ``corrected`` or ``known``.

    An entry whose course is there with the same content is not added again; one with another
    content is added and supersedes it.

    Raises
    ------
    InputError
        When the ledger cannot be read or written, or another program holds it for long.
    """
    with _held(path):
        blocks = list(_blocks(path))
        same = [number for number, one in enumerate(blocks, 1) if one.course == entry.course]
        if same and blocks[same[-1] - 1].content == entry.content:
            return same[-1], "known"
        blocks.append(_block(entry, _sha256(blocks[-1]) if blocks else FIRST))
        made = LedgerFile(schema="opensirt/site-ledger/1", entries=blocks)
        text = json.dumps(made.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=1)
        try:
            with whole_file(path) as part:
                part.write_text(text + "\n", encoding="utf-8")
        except PermissionError as error:
            raise InputError(
                f"{path.name} cannot be written ({error.strerror}); make its folder writable"
            ) from None
    return len(blocks), "corrected" if same else "added"


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a ledger against other programs while it is read and written again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.lock")
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            if time.monotonic() > until:
                raise InputError(
                    f"{path.name} is held by another program; if none runs, remove {lock.name}"
                ) from None
            time.sleep(_STEP_S)
        except PermissionError as error:
            raise InputError(
                f"{path.name} cannot be written ({error.strerror}); make its folder writable"
            ) from None
        else:
            break
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


_VALUES = (
    "planned_activity_bq",
    "administered_activity_bq",
    "residual_fraction",
    "lung_shunt_predicted",
    "lung_shunt_predicted_uncertainty",
    "lung_shunt_seen",
    "lung_shunt_seen_uncertainty",
    "normal_liver_planned_gy",
    "normal_liver_delivered_gy",
)
_TEXTS = ("course", "content", "device", "model", "engine", "scout_nuclide")


def _block(entry: LedgerEntry, previous: str) -> EntryBlock:
    said: dict[str, Any] = {name: getattr(entry, name) for name in _TEXTS}
    said |= {name: _written(getattr(entry, name)) for name in _VALUES}
    return EntryBlock(
        previous_sha256=previous,
        recorded_at=entry.recorded_at.isoformat(),
        **said,
        lesions=[
            LesionBlock(
                volume_ml=one.volume_ml,
                planned_gy=one.planned_gy,
                delivered_gy=one.delivered_gy,
                planned_ratio=_written(one.planned_ratio),
                delivered_ratio=_written(one.delivered_ratio),
            )
            for one in entry.lesions
        ],
        territories=[
            TerritoryBlock(retained_fraction=_written(one.retained_fraction))
            for one in entry.territories
        ],
        assumed=list(entry.assumed),
    )


def _entry(block: EntryBlock) -> LedgerEntry:
    said: dict[str, Any] = {name: getattr(block, name) for name in _TEXTS}
    said |= {name: _read(getattr(block, name)) for name in _VALUES}
    return LedgerEntry(
        recorded_at=datetime.fromisoformat(block.recorded_at),
        **said,
        lesions=tuple(
            LesionEntry(
                volume_ml=one.volume_ml,
                planned_gy=one.planned_gy,
                delivered_gy=one.delivered_gy,
                planned_ratio=_read(one.planned_ratio),
                delivered_ratio=_read(one.delivered_ratio),
            )
            for one in block.lesions
        ),
        territories=tuple(
            TerritoryEntry(retained_fraction=_read(one.retained_fraction))
            for one in block.territories
        ),
        assumed=tuple(block.assumed),
    )


def _written(value: float | Missing) -> float | str:
    return value.value if isinstance(value, Missing) else float(value)


def _read(value: float | str) -> float | Missing:
    return Missing(value) if isinstance(value, str) else value
