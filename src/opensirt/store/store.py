"""The store: records added and read, one state at a time."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Table, func, insert, select

from opensirt.errors import ConflictError, StoreError
from opensirt.store.connect import Place, engine_of, place_of, reading, writing
from opensirt.store.kinds import RECORD_KINDS
from opensirt.store.migrate import require_current
from opensirt.store.rows import Record, record_of, row_of
from opensirt.store.tables import (
    case_files,
    cases,
    images,
    record_tables,
)

_MANY = 1000
"""Rows that go to the database, or come from it, at a time."""


class Store:
    """A store that is open: SQLite or PostgreSQL, and a folder of images.

    Parameters
    ----------
    place
        Where it is; `open_store` makes one from a URL.
    """

    def __init__(self, place: Place) -> None:
        self.store_id = require_current(place)
        self.place = place
        self.engine = engine_of(place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({str(self.place)!r})"

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def add(self, *records: Record) -> tuple[str, ...]:
        """Add records in one transaction, all or none; return their uids.

        When this returns, the records survive a crash of the program or the machine.

        Raises
        ------
        ConflictError
            When another writer has replaced the same record, or added the same one.
        StoreError
            When a record replaces one that is not there or of another case, an image is not
            there, or the database refuses.
        """
        return self.add_many(records)

    def add_many(
        self, records: Iterable[Record], *, sizes: Mapping[str, int] | None = None
    ) -> tuple[str, ...]:
        """Add any number of records as `add` does; `sizes` are those of new images in bytes."""
        listed = list(records)
        stored_at = datetime.now(UTC)
        with writing(self.engine) as connection:
            _add_cases(connection, {one.case_key for one in listed})
            _add_images(connection, sizes or {}, stored_at)
            for kind in RECORD_KINDS:
                of_kind = [one for one in listed if one.kind == kind]
                _require_replaced(connection, kind, of_kind)
                rows = [row_of(one, stored_at) for one in of_kind]
                for start in range(0, len(rows), _MANY):
                    connection.execute(insert(record_tables[kind]), rows[start : start + _MANY])
            entries = [
                {"case_uid": one.uid, "path": path, "sha256": sha256}
                for one in listed
                for path, sha256 in one.files.items()
            ]
            if entries:
                connection.execute(insert(case_files), entries)
        return tuple(one.uid for one in listed)

    def case_keys(self, **searched: str) -> tuple[str, ...]:
        """Return the keys of all cases, or of those whose latest case says what is searched."""
        table = record_tables["case"]
        asked = select(table.c.case_key).where(_latest(table))
        for name, value in searched.items():
            asked = asked.where(table.c[name] == value)
        with reading(self.engine) as connection:
            return tuple(connection.execute(asked.order_by(table.c.case_key)).scalars())

    def latest(self, kind: str, case_key: str) -> Record | None:
        """Return the last record of a kind that no other replaces, None without any."""
        found = list(self._records(kind, case_key, latest=True))
        return found[-1] if found else None

    def history(self, kind: str, case_key: str) -> tuple[Record, ...]:
        """Return all records of a kind of one case, in the order of storing."""
        return tuple(self._records(kind, case_key, latest=False))

    def each_case(self, *kinds: str) -> Iterator[tuple[Record, Mapping[str, list[Record]]]]:
        """Yield every case with its records of some kinds, by key, out of one state of the store.

        Only records that no other one replaces; files of cases are not read: `latest` does. One
        case is held at a time.
        """
        with reading(self.engine) as connection, ExitStack() as open_cursors:
            groups = {}
            for kind in kinds:
                walked = open_cursors.enter_context(closing(_walk(connection, kind)))
                groups[kind] = groupby(walked, key=lambda one: one.case_key)
            ahead = {kind: next(one, None) for kind, one in groups.items()}
            for case in open_cursors.enter_context(closing(_walk(connection, "case"))):
                found: dict[str, list[Record]] = {}
                for kind, one in groups.items():
                    group = ahead[kind]
                    if group is not None and group[0] == case.case_key:
                        found[kind] = list(group[1])
                        ahead[kind] = next(one, None)
                yield case, found
            if left := [kind for kind, one in ahead.items() if one is not None]:
                raise StoreError(
                    f"records ({', '.join(left)}) belong to a case that has no case record; run: "
                    "opensirt db check"
                )

    def all_latest(self, kind: str) -> tuple[Record, ...]:
        """Return the records of a kind of all cases that no other one replaces, by case."""
        with reading(self.engine) as connection, closing(_walk(connection, kind)) as walked:
            return tuple(walked)

    def _records(self, kind: str, case_key: str, *, latest: bool) -> Iterator[Record]:
        table = _table(kind)
        asked = select(table).where(table.c.case_key == case_key).order_by(table.c.number)
        if latest:
            asked = asked.where(_latest(table))
        with reading(self.engine) as connection:
            for row in connection.execute(asked).mappings().all():
                files = _files_of(connection, row["uid"]) if kind == "case" else {}
                yield record_of(kind, dict(row), files)

    def counts(self) -> Mapping[str, int]:
        """Return how many records of each kind there are, and how many cases and images."""
        tables = {"cases": cases, "images": images, **record_tables}
        with reading(self.engine) as connection:
            return {
                name: int(connection.execute(select(func.count()).select_from(one)).scalar_one())
                for name, one in tables.items()
            }


def open_store(url: str | Path | None = None, *, images: Path | None = None) -> Store:
    """Open the store of a URL, or the user's own.

    Raises
    ------
    StoreError
        When there is none, or this version cannot work with it.
    """
    return Store(store_place(url, images=images))


def store_place(url: str | Path | None = None, *, images: Path | None = None) -> Place:
    """Return the place of the store of a URL, or of the user's own, whether it exists or not."""
    return place_of(default_file() if url is None else url, images=images)


def default_file() -> Path:
    """Return the SQLite file of the user's own store, whether it exists or not."""
    from platformdirs import user_data_path

    return user_data_path("opensirt") / "opensirt.db"


def _table(kind: str) -> Table:
    if kind not in record_tables:
        raise StoreError(f"no record is called {kind!r}; known: {', '.join(RECORD_KINDS)}")
    return record_tables[kind]


def _latest(table: Table) -> Any:  # noqa: ANN401 - a condition of SQLAlchemy
    later = table.alias("later")
    return ~select(later.c.uid).where(later.c.supersedes == table.c.uid).exists()


def _walk(connection: Connection, kind: str) -> Generator[Record]:
    table = _table(kind)
    asked = select(table).where(_latest(table)).order_by(table.c.case_key, table.c.number)
    with connection.execute(asked, execution_options={"yield_per": _MANY}) as found:
        for row in found.mappings():
            yield record_of(kind, dict(row))


def _files_of(connection: Connection, uid: str) -> Mapping[str, str]:
    asked = select(case_files.c.path, case_files.c.sha256).where(case_files.c.case_uid == uid)
    return {row.path: row.sha256 for row in connection.execute(asked)}


def _add_cases(connection: Connection, keys: set[str]) -> None:
    wanted = sorted(keys)
    for start in range(0, len(wanted), _MANY):
        part = wanted[start : start + _MANY]
        asked = select(cases.c.key).where(cases.c.key.in_(part))
        there = set(connection.execute(asked).scalars())
        new = [{"key": one} for one in part if one not in there]
        if new:
            connection.execute(insert(cases), new)


def _add_images(connection: Connection, sizes: Mapping[str, int], stored_at: datetime) -> None:
    wanted = sorted(sizes)
    asked = select(images.c.sha256).where(images.c.sha256.in_(wanted))
    there = set(connection.execute(asked).scalars()) if wanted else set()
    new = [
        {"sha256": one, "size_bytes": sizes[one], "stored_at": stored_at}
        for one in wanted
        if one not in there
    ]
    if new:
        connection.execute(insert(images), new)


def _require_replaced(connection: Connection, kind: str, records: list[Record]) -> None:
    """Refuse to replace a record that is not there, or of another case."""
    table = record_tables[kind]
    own = {one.uid: one.case_key for one in records}
    for one in records:
        if one.supersedes is None:
            continue
        asked = select(table.c.case_key).where(table.c.uid == one.supersedes)
        key = own.get(one.supersedes) or connection.execute(asked).scalar()
        if key != one.case_key:
            raise StoreError(
                f"the {kind} record of case {one.case_key} replaces one that is not in the store, "
                "or of another case; read the latest one first"
            )
        again = select(table.c.uid).where(table.c.supersedes == one.supersedes)
        if connection.execute(again).scalar() is not None:
            raise ConflictError(
                f"another writer was first: the {kind} record of case {one.case_key} has been "
                "replaced already; read the latest one and decide again"
            )
