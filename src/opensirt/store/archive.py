"""A store, or one case of it, as one archive that either database can take.

A ZIP file: ``manifest.json``, ``rows.jsonl`` with one row of the database in each line, and the
images by their hash. A backup holds everything, identities too; the archive of a case holds its
records, earlier versions and images, and nothing on who the patient is.
"""

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from opensirt.errors import InputError, StoreError
from opensirt.provenance import sha256_of_file
from opensirt.store.connect import Place, engine_of, reading, writing
from opensirt.store.failures import told
from opensirt.store.images import image_file, keep_image
from opensirt.store.migrate import (
    MARK,
    current_revision,
    head_revision,
    require_current,
    revisions,
    upgrade_store,
)
from opensirt.store.rows import record_of
from opensirt.store.store import Store
from opensirt.store.tables import (
    case_files,
    cases,
    identities,
    identity_access,
    images,
    info,
    record_tables,
)
from opensirt.whole_file import whole_file

SCHEMA = "opensirt/archive/1"
_MANIFEST, _ROWS, _IMAGES = "manifest.json", "rows.jsonl", "images"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_MANY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """What an archive holds."""

    store_id: str
    revision: str
    case_key: str | None
    """None for a backup of everything."""
    n_rows: int
    n_images: int
    n_new_records: int = 0
    """Records that were not in the store that took it."""


def backup_store(store: Store, path: Path) -> Archived:
    """Write everything that is in a store to one file, as it is at this moment.

    Others may go on writing: the file holds one state of the database.

    Raises
    ------
    InputError
        When the file exists already.
    StoreError
        When an image is not there, or the disk is full.
    """
    return _write(store, path, None)


def export_case_archive(store: Store, case_key: str, path: Path) -> Archived:
    """Write one case with its whole history to one file, without who the patient is.

    Raises
    ------
    InputError
        When the file exists already.
    StoreError
        When there is no such case, an image is not there, or the disk is full.
    """
    if store.latest("case", case_key) is None:
        raise StoreError(f"there is no case {case_key!r} in the store")
    return _write(store, path, case_key)


def restore_store(path: Path, place: Place) -> Archived:
    """Make a new store from a backup, on either database.

    Raises
    ------
    InputError
        When the file is no backup, or was changed.
    StoreError
        When there is a store already, or the backup is of a newer program.
    """
    with _opened(path) as (archive, manifest):
        if manifest.case_key is not None:
            raise InputError(
                f"{path.name} holds one case, not a store; take it in with cohort import"
            )
        if current_revision(place) is not None:
            raise StoreError(f"there is a store at {place} already; restore makes a new one")
        mark = place.images / MARK
        if mark.exists():
            raise StoreError(f"the folder of images {place.images.name} belongs to another store")
        if place.url.get_backend_name() == "sqlite":
            Path(place.url.database or "").parent.mkdir(parents=True, exist_ok=True)
        upgrade_store(place)
        made = _take(archive, manifest, place)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(manifest.store_id + "\n", encoding="utf-8")
    require_current(place)
    return made


def import_case_archive(store: Store, path: Path) -> Archived:
    """Take the archive of a case into a store; what is there already stays as it is.

    Raises
    ------
    InputError
        When the file is no archive of a case, or was changed.
    ConflictError
        When the store holds another course of records under the same key.
    """
    with _opened(path) as (archive, manifest):
        if manifest.case_key is None:
            raise InputError(
                f"{path.name} is a backup of a whole store; restore it with db restore"
            )
        return _take(archive, manifest, store.place)


def is_archive(path: Path) -> bool:
    """Whether a file is an archive of ours."""
    if not Path(path).is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return _MANIFEST in archive.namelist()


def _write(store: Store, path: Path, case_key: str | None) -> Archived:
    path = Path(path)
    if path.exists():
        raise InputError(f"{path.name} exists already; nothing is overwritten: name another file")
    with (
        told(),
        whole_file(path) as part,
        reading(store.engine) as connection,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        n_rows, hashes = 0, set()
        with archive.open(_entry(_ROWS), "w", force_zip64=True) as out:
            for name, row in _rows(connection, case_key):
                if name in ("images", "case_files"):
                    hashes.add(row["sha256"])
                line = json.dumps({"table": name, **row}, ensure_ascii=False, default=_text)
                out.write(line.encode() + b"\n")
                n_rows += 1
        for sha256 in sorted(hashes):
            source = image_file(store.place.images, sha256)
            if sha256_of_file(source) != sha256:
                raise StoreError(f"image {sha256[:12]}… has other bytes than when it was stored")
            with (
                source.open("rb") as stream,
                archive.open(_entry(f"{_IMAGES}/{sha256}"), "w", force_zip64=True) as out,
            ):
                while chunk := stream.read(1 << 20):
                    out.write(chunk)
        made = Archived(
            store_id=store.store_id,
            revision=head_revision(),
            case_key=case_key,
            n_rows=n_rows,
            n_images=len(hashes),
        )
        document = {"schema": SCHEMA, **{one: getattr(made, one) for one in _MANIFEST_KEYS}}
        archive.writestr(_entry(_MANIFEST), json.dumps(document, indent=1))
    return made


_MANIFEST_KEYS = ("store_id", "revision", "case_key", "n_rows", "n_images")


def _entry(name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, _LONG_AGO)
    made.compress_type = zipfile.ZIP_DEFLATED
    return made


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    raise TypeError(f"a {type(value).__name__} has no place in an archive")


def _rows(connection: Connection, case_key: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows in an order in which each names only rows before it."""
    of_files = select(case_files)
    if case_key is not None:
        record = record_tables["case"]
        own = select(record.c.uid).where(record.c.case_key == case_key)
        of_files = of_files.where(case_files.c.case_uid.in_(own))
        hashes = select(of_files.subquery().c.sha256)
        asked: list[tuple[Table, Any]] = [
            (cases, select(cases).where(cases.c.key == case_key)),
            (images, select(images).where(images.c.sha256.in_(hashes))),
        ]
    else:
        asked = [(cases, select(cases)), (images, select(images))]
    for table in record_tables.values():
        one = select(table).order_by(table.c.number)
        asked.append((table, one if case_key is None else one.where(table.c.case_key == case_key)))
    asked.append((case_files, of_files))
    if case_key is None:
        asked.append((identities, select(identities).order_by(identities.c.number)))
        asked.append((identity_access, select(identity_access).order_by(identity_access.c.number)))
    for table, statement in asked:
        result = connection.execution_options(yield_per=_MANY).execute(statement)
        for row in result.mappings():
            yield table.name, {name: row[name] for name in row if name != "number"}


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Archived]]:
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no archive {path.name}; check the name")
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise InputError(f"{path.name} is no archive ({error})") from None
    with archive:
        try:
            document = json.loads(archive.read(_MANIFEST))
            if document["schema"] != SCHEMA:
                raise InputError(
                    f"{path.name} has schema {document['schema']!r}, wanted {SCHEMA!r}"
                )
            manifest = Archived(**{one: document[one] for one in _MANIFEST_KEYS})
            if manifest.revision not in revisions():
                raise StoreError(
                    f"{path.name} was written by a newer program (revision {manifest.revision})"
                )
            yield archive, manifest
        except (KeyError, zipfile.BadZipFile, EOFError, json.JSONDecodeError) as error:
            raise InputError(f"{path.name} is damaged: {error}") from None


def _take(archive: zipfile.ZipFile, manifest: Archived, place: Place) -> Archived:
    """Put images into the folder, then all rows into the database at once."""
    names = [one for one in archive.namelist() if one.startswith(f"{_IMAGES}/")]
    if len(names) != manifest.n_images:
        raise InputError(
            f"the archive holds {len(names)} images, its manifest says {manifest.n_images}"
        )
    for name in names:
        _take_image(archive, name, place.images)
    engine = engine_of(place)
    n_rows = n_new = 0
    try:
        with writing(engine) as connection:
            if manifest.case_key is None:
                connection.execute(insert(info), [{"name": "id", "value": manifest.store_id}])
            for table, rows in _batches(_lines(archive)):
                n_rows += len(rows)
                if manifest.case_key is not None:
                    _require_own(table, rows, manifest.case_key)
                n_new += _insert(connection, table, rows)
            if n_rows != manifest.n_rows:
                raise InputError(
                    f"the archive holds {n_rows} rows, its manifest says {manifest.n_rows}"
                )
            _check_cases(connection, manifest.case_key)
    finally:
        engine.dispose()
    return Archived(
        **{one: getattr(manifest, one) for one in _MANIFEST_KEYS},
        n_new_records=n_new,
    )


def _take_image(archive: zipfile.ZipFile, name: str, room: Path) -> None:
    with told(), tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "image"
        with archive.open(name) as stream, part.open("wb") as out:
            while chunk := stream.read(1 << 20):
                out.write(chunk)
        if sha256_of_file(part) != name.removeprefix(f"{_IMAGES}/"):
            raise InputError(f"the archive was changed: {name[:20]}… has other bytes")
        keep_image(room, part)


def _lines(archive: zipfile.ZipFile) -> Iterator[tuple[str, dict[str, Any]]]:
    with archive.open(_ROWS) as stream:
        for line in stream:
            row = json.loads(line)
            yield row.pop("table"), row


def _batches(
    lines: Iterable[tuple[str, dict[str, Any]]],
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    rows: list[dict[str, Any]] = []
    table = ""
    for name, row in lines:
        if rows and (name != table or len(rows) >= _MANY):
            yield table, rows
            rows = []
        table = name
        rows.append(row)
    if rows:
        yield table, rows


_TABLES = {
    one.name: one
    for one in (cases, images, case_files, identities, identity_access, *record_tables.values())
}
_KIND_OF = {table.name: kind for kind, table in record_tables.items()}
_UNKEYED = (identities.name, identity_access.name)
_KEYS = {"cases": ("key",), "images": ("sha256",), "case_files": ("case_uid", "path")}


def _insert(connection: Connection, name: str, rows: list[dict[str, Any]]) -> int:
    """Add the rows that are not there; return how many records were new."""
    if name not in _TABLES:
        raise InputError(f"the archive holds rows of {name!r}, which no store has")
    table = _TABLES[name]
    for row in rows:
        for key in ("made_at", "stored_at", "at"):
            if row.get(key) is not None:
                row[key] = datetime.fromisoformat(row[key])
    if name in _UNKEYED:
        connection.execute(insert(table), rows)
        return 0
    keys = _KEYS.get(name, ("uid",))
    first = table.c[keys[0]]
    asked = select(*(table.c[key] for key in keys)).where(first.in_({row[keys[0]] for row in rows}))
    there = {tuple(one) for one in connection.execute(asked)}
    new = [row for row in rows if tuple(row[key] for key in keys) not in there]
    if new:
        connection.execute(insert(table), new)
    if name not in _KIND_OF:
        return 0
    if _KIND_OF[name] != "case":  # a case is compared when its files are there
        _require_unchanged(_KIND_OF[name], rows)
    return len(new)


def _require_own(name: str, rows: list[dict[str, Any]], case_key: str) -> None:
    """Refuse rows that the archive of one case must not hold."""
    keys = {row.get("key" if name == "cases" else "case_key", case_key) for row in rows}
    if name in _UNKEYED or keys != {case_key}:
        raise InputError(
            f"the archive was changed: it is of case {case_key} and holds other rows of {name}"
        )


def _require_unchanged(kind: str, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if record_of(kind, row).uid != row["uid"]:
            raise InputError(
                f"the archive was changed: a {kind} record of case {row['case_key']} does not fit "
                "its hash"
            )


def _check_cases(connection: Connection, case_key: str | None) -> None:
    """Compare every case that came with its hash, now that its files are there."""
    table = record_tables["case"]
    asked, of_files = select(table), select(case_files)
    if case_key is not None:
        asked = asked.where(table.c.case_key == case_key)
        own = select(table.c.uid).where(table.c.case_key == case_key)
        of_files = of_files.where(case_files.c.case_uid.in_(own))
    files: dict[str, dict[str, str]] = {}
    for row in connection.execute(of_files):
        files.setdefault(row.case_uid, {})[row.path] = row.sha256
    for found in connection.execute(asked).mappings():
        record = record_of("case", dict(found), files.get(found["uid"], {}))
        if record.uid != found["uid"]:
            raise InputError(
                f"the archive was changed: case {found['case_key']} does not fit its hash"
            )
