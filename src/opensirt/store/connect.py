"""Opening a database: SQLite in a file, or PostgreSQL by its URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from opensirt.errors import StoreError
from opensirt.store.failures import told

_BUSY_S = 60
_WRITES = "opensirt_writes"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: the database and the folder of its images."""

    url: URL
    images: Path

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)


def place_of(url: str | Path, *, images: Path | None = None) -> Place:
    """Return the place of a store from a URL, or from the path of an SQLite file.

    The images of an SQLite store lie beside it where no folder is named; a PostgreSQL store needs
    one, which every machine that uses it can reach.

    Raises
    ------
    StoreError
        When the URL is of another database, or a PostgreSQL store has no folder of images.
    """
    text = str(url)
    if "://" not in text:
        made = URL.create("sqlite", database=str(Path(text).absolute()))
    else:
        try:
            made = make_url(text)
        except ArgumentError:
            raise StoreError(
                "the URL of the database cannot be read; wanted sqlite:///FILE or "
                "postgresql://USER@HOST/NAME"
            ) from None
    kind = made.get_backend_name()
    if kind == "sqlite":
        if not made.database or made.database == ":memory:":
            raise StoreError("an SQLite store needs a file; name it as sqlite:///FILE")
        file = Path(made.database)
        return Place(made, images or file.with_name(f"{file.stem}.images"))
    if kind != "postgresql":
        raise StoreError(f"a store is kept in SQLite or PostgreSQL, not in {kind}")
    if images is None:
        raise StoreError(
            "a PostgreSQL store needs a folder for its images that every machine can reach; name "
            "it with --images, or in OPENSIRT_IMAGES"
        )
    return Place(made.set(drivername="postgresql+psycopg"), images)


def engine_of(place: Place) -> Engine:
    """Return the engine of a place; nothing is opened yet."""
    if place.url.get_backend_name() == "postgresql":
        return create_engine(place.url, pool_pre_ping=True)
    made = create_engine(place.url, connect_args={"timeout": _BUSY_S})
    event.listen(made, "connect", _sqlite_connect)
    event.listen(made, "begin", _sqlite_begin)
    return made


def _sqlite_connect(connection: Any, _: object) -> None:  # noqa: ANN401 - a driver's connection
    connection.isolation_level = None  # transactions begin where _sqlite_begin says so
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # an erased identity is overwritten in the file
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    # A writer takes its turn at once; two that began as readers could not both go on.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that is committed when the block succeeds.

    Raises
    ------
    StoreError
        When the database refuses, in words for people.
    """
    with (
        told(),
        engine.connect().execution_options(**{_WRITES: True}) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one state of the database from first to last.

    Raises
    ------
    StoreError
        When the database refuses, in words for people.
    """
    with told(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection
