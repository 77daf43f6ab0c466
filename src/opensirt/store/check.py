"""Whether everything in the store is what it was when it was stored."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, inspect, select, text

from opensirt.domain.finding import Finding, Severity
from opensirt.errors import StoreError
from opensirt.provenance import sha256_of_file
from opensirt.store.connect import reading
from opensirt.store.images import image_path
from opensirt.store.rows import record_of
from opensirt.store.store import Store
from opensirt.store.tables import APPEND_ONLY, case_files, images, record_tables, view_name

_MANY = 1000


@dataclass
class StoreCheck:
    """What was looked at, and what is wrong with it."""

    n_records: int = 0
    n_images: int = 0
    n_bytes: int = 0
    images_hashed: bool = True
    findings: list[Finding] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not any(one.severity is Severity.STOP for one in self.findings)

    def wrong(self, rule: str, said: str) -> None:
        """Add what must not be."""
        self.findings.append(Finding(Severity.STOP, rule, said))


def check_store(store: Store, *, hash_images: bool = True) -> StoreCheck:
    """Read every record and image, and compare it with its hashes.

    Parameters
    ----------
    store
        The store.
    hash_images
        False looks only whether each image is there with its size.
    """
    found = StoreCheck(images_hashed=hash_images)
    with reading(store.engine) as connection:
        _check_database(connection, found)
        for kind in record_tables:
            _check_records(connection, kind, found)
        _check_images(connection, store, found)
    return found


def _check_database(connection: Connection, found: StoreCheck) -> None:
    """Let the database look at itself, and see that its rows are still protected."""
    if connection.dialect.name == "sqlite":
        said = connection.execute(text("PRAGMA integrity_check")).scalars().all()
        if said != ["ok"]:
            found.wrong("database", f"SQLite finds {len(said)} faults: {said[0]}")
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            found.wrong("database", f"{len(broken)} rows name others that are not there")
        asked = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
    else:
        asked = (
            "SELECT event_object_table FROM information_schema.triggers "
            "WHERE trigger_schema = current_schema()"
        )
    protected = set(connection.execute(text(asked)).scalars())
    bare = [one for one in APPEND_ONLY if one not in protected]
    if bare:
        found.wrong("append_only", f"rows of {', '.join(bare)} can be changed: a trigger is gone")
    views = set(inspect(connection).get_view_names())
    if lost := [view_name(kind) for kind in record_tables if view_name(kind) not in views]:
        found.wrong("views", f"views are gone: {', '.join(lost)}")


def _check_records(connection: Connection, kind: str, found: StoreCheck) -> None:
    table = record_tables[kind]
    keys: dict[str, str] = {}
    files = _files(connection) if kind == "case" else {}
    rows = connection.execution_options(yield_per=_MANY).execute(
        select(table).order_by(table.c.number)
    )
    for row in rows.mappings():
        found.n_records += 1
        where = f"{kind} record {row['number']} of case {row['case_key']}"
        _check_row(kind, dict(row), files.get(row["uid"], {}), where, found)
        keys[row["uid"]] = row["case_key"]
        if row["supersedes"] is not None and keys.get(row["supersedes"]) != row["case_key"]:
            found.wrong("chain", f"{where} replaces one that is not before it in its case")


def _check_row(
    kind: str, row: dict[str, Any], files: dict[str, str], where: str, found: StoreCheck
) -> None:
    try:
        record = record_of(kind, row, files)
        said = {
            "bytes_sha256": record.bytes_sha256,
            "sha256": record.sha256,
            "files_sha256": record.files_sha256,
            "uid": record.uid,
        }
    except StoreError as error:
        found.wrong("content", f"{where}: {error}")
        return
    other = [name for name, value in said.items() if row[name] != value]
    if other:
        found.wrong("hash", f"{where} was changed: {', '.join(other)} differ")


def _files(connection: Connection) -> dict[str, dict[str, str]]:
    made: dict[str, dict[str, str]] = {}
    for row in connection.execute(select(case_files)):
        made.setdefault(row.case_uid, {})[row.path] = row.sha256
    return made


def _check_images(connection: Connection, store: Store, found: StoreCheck) -> None:
    room = store.place.images
    known: set[str] = set()
    for sha256, said in _image_faults(connection, store, found, known):
        found.wrong("image", f"image {sha256[:12]}… {said}")
    lying = {one.name for one in room.glob("??/*")}
    if orphans := lying - known:
        text_ = (
            f"{len(orphans)} files in the folder of images belong to no case: a write was cut "
            "off before it was acknowledged"
        )
        found.findings.append(Finding(Severity.NOTE, "orphans", text_, len(orphans)))


def _image_faults(
    connection: Connection, store: Store, found: StoreCheck, known: set[str]
) -> Iterator[tuple[str, str]]:
    rows = connection.execute(select(images.c.sha256, images.c.size_bytes)).all()
    for sha256, size_bytes in rows:
        known.add(sha256)
        found.n_images += 1
        path = image_path(store.place.images, sha256)
        if not path.is_file():
            yield sha256, "is not there"
            continue
        found.n_bytes += path.stat().st_size
        if path.stat().st_size != size_bytes:
            yield sha256, f"has {path.stat().st_size} bytes, stored were {size_bytes}"
        elif found.images_hashed and sha256_of_file(path) != sha256:
            yield sha256, "has other bytes than when it was stored"
