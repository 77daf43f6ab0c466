"""Making a store, and bringing an old one up to date."""

from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, insert, select

from opensirt.errors import StoreError
from opensirt.store.connect import Place, engine_of, reading, writing
from opensirt.store.tables import info

MARK = "STORE"
"""File in the folder of images that holds the id of the store it belongs to."""


def head_revision() -> str:
    """Return the revision that this version of the program works with."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise StoreError("the program ships no migrations; install it again")
    return head


def revisions() -> tuple[str, ...]:
    """Return all revisions, the oldest first."""
    from alembic.script import ScriptDirectory

    walked = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(reversed([one.revision for one in walked]))


def init_store(place: Place) -> str:
    """Make a new store and return its id.

    Raises
    ------
    StoreError
        When there is a store already, or the folder of images belongs to another one.
    """
    if place.url.database and place.url.get_backend_name() == "sqlite":
        Path(place.url.database).parent.mkdir(parents=True, exist_ok=True)
    if current_revision(place) is not None:
        raise StoreError(f"there is a store at {place} already; bring it up to date with upgrade")
    mark = place.images / MARK
    if mark.exists():
        raise StoreError(
            f"the folder of images {place.images.name} belongs to another store; name an empty one"
        )
    upgrade_store(place)
    store_id = uuid4().hex
    engine = engine_of(place)
    with writing(engine) as connection:
        connection.execute(insert(info), [{"name": "id", "value": store_id}])
    engine.dispose()
    place.images.mkdir(parents=True, exist_ok=True)
    mark.write_text(store_id + "\n", encoding="utf-8")
    return store_id


def upgrade_store(place: Place, *, to: str = "head") -> tuple[str | None, str]:
    """Run the migrations that a store lacks; return its revision before and after.

    Everything is done in one transaction: a migration that fails leaves the store as it was.
    """
    from alembic import command

    before = current_revision(place)
    engine = engine_of(place)
    try:
        with writing(engine) as connection:
            command.upgrade(_config(connection), to)
    finally:
        engine.dispose()
    after = current_revision(place)
    if after is None:
        raise StoreError(f"no revision stands in {place} after the upgrade")
    return before, after


def current_revision(place: Place) -> str | None:
    """Return the revision of a store, None where there is none."""
    from alembic.runtime.migration import MigrationContext

    if place.url.get_backend_name() == "sqlite" and not Path(place.url.database or "").is_file():
        return None
    engine = engine_of(place)
    try:
        with reading(engine) as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def require_current(place: Place) -> str:
    """Return the id of a store that this version can work with.

    Raises
    ------
    StoreError
        When there is no store, it is older or newer than the program, or the folder of images is
        that of another one.
    """
    revision = current_revision(place)
    if revision is None:
        raise StoreError(f"there is no store at {place}; make one with: opensirt db init")
    head = head_revision()
    if revision != head:
        if revision in revisions():
            raise StoreError(
                f"the store is at revision {revision}, the program works with {head}; back it up, "
                "then run: opensirt db upgrade"
            )
        raise StoreError(
            f"the store is at revision {revision}, which this version of the program (up to "
            f"{head}) does not know; use a newer program"
        )
    engine = engine_of(place)
    try:
        with reading(engine) as connection:
            store_id = connection.execute(select(info.c.value).where(info.c.name == "id")).scalar()
    finally:
        engine.dispose()
    if store_id is None:
        raise StoreError(f"the store at {place} has no id: its init was cut off; make it again")
    mark = place.images / MARK
    found = mark.read_text(encoding="utf-8").strip() if mark.is_file() else "none"
    if found != store_id:
        raise StoreError(
            f"the folder of images {place.images.name} is not that of this store (it names "
            f"{found}, wanted {store_id}); check --images"
        )
    return str(store_id)


def _config(connection: Connection | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.set_main_option("path_separator", "os")
    if connection is not None:
        made.attributes["connection"] = connection
    return made
