"""Every test of the store runs on SQLite and on a real PostgreSQL of the tests' own."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgres import NoPostgresError, postgres

from opensirt.store.connect import Place, place_of
from opensirt.store.migrate import init_store
from opensirt.store.store import Store

_NUMBER = itertools.count(1)
NewPlace = Callable[[str], Place]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return the URL of a server with `%s` for the database, or skip with the reason."""
    try:
        with postgres() as url:
            yield url
    except NoPostgresError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> NewPlace:
    """Return what makes an empty database."""
    if request.param == "sqlite":
        return lambda name: place_of(tmp_path / f"{name}.db")
    url = request.getfixturevalue("postgres_url")

    def make(name: str) -> Place:
        import psycopg
        from psycopg.sql import SQL, Identifier

        schema = f"{name}_{next(_NUMBER)}"  # made in a moment, where a database takes a second
        with psycopg.connect(url % "postgres", autocommit=True) as connection:
            connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
        own = f"{url % 'postgres'}&options=-csearch_path%3D{schema}"
        return place_of(own, images=tmp_path / f"{name}.images")

    return make


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    """Return the place of a new store."""
    made = new_place("store")
    init_store(made)
    return made


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """Give a new store, open."""
    with Store(place) as made:
        yield made
