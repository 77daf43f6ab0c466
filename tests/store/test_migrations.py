"""A store is brought up from every revision, and ends as the tables describe it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, text

from opensirt.errors import StoreError
from opensirt.store.check import check_store
from opensirt.store.connect import Place, engine_of, reading, writing
from opensirt.store.migrate import (
    MARK,
    current_revision,
    head_revision,
    require_current,
    revisions,
    upgrade_store,
)
from opensirt.store.rows import Record, row_of
from opensirt.store.store import Store
from opensirt.store.tables import cases, info, metadata, record_tables

AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("begin", revisions())
def test_a_store_of_every_revision_comes_up_with_its_records(
    new_place: Callable[[str], Place], begin: str
) -> None:
    place = new_place("old")
    upgrade_store(place, to=begin)
    case = Record(
        kind="case",
        case_key="P-1",
        content='key = "P-1"',
        media="toml",
        author="A",
        made_at=AT,
        software_version="0",
    )
    engine = engine_of(place)
    with writing(engine) as connection:
        connection.execute(insert(info), [{"name": "id", "value": "abc"}])
        connection.execute(insert(cases), [{"key": "P-1"}])
        connection.execute(insert(record_tables["case"]), [row_of(case, AT)])
    engine.dispose()
    place.images.mkdir(parents=True)
    (place.images / MARK).write_text("abc")
    if begin != head_revision():
        with pytest.raises(StoreError, match=f"at revision {begin}, the program works with"):
            require_current(place)
    assert upgrade_store(place) == (begin, head_revision())
    with Store(place) as store:
        found = store.latest("case", "P-1")
        assert found is not None
        assert found.uid == case.uid
        assert check_store(store).findings == []


def test_migrations_make_what_the_tables_describe(place: Place) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    engine = engine_of(place)
    with reading(engine) as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": lambda _o, name, *_: name != "alembic_version"},
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_store_of_a_newer_program_is_refused(place: Place) -> None:
    engine = engine_of(place)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert current_revision(place) == "9999"
    with pytest.raises(StoreError, match="at revision 9999, which this version of the program"):
        require_current(place)
