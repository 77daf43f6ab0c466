"""Records are added and never changed; of two writers one wins and the other is told."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from opensirt.errors import ConflictError, StoreError
from opensirt.store.connect import Place, writing
from opensirt.store.identities import Identity, Who, add_identity
from opensirt.store.kinds import RECORD_KINDS
from opensirt.store.migrate import init_store
from opensirt.store.rows import Record
from opensirt.store.store import Store, open_store
from opensirt.store.tables import APPEND_ONLY

AT = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)


def case(key: str = "P-1", content: str = 'key = "P-1"\r\n', **given: Any) -> Record:
    fine = Record(
        kind="case",
        case_key=key,
        content=content,
        media="toml",
        author="A. Physicist",
        made_at=AT,
        software_version="1",
    )
    return replace(fine, **given)


def plan(content: str = '{"schema": "x", "b": 1.50}\n', **given: Any) -> Record:
    return case(content=content, kind="plan", media="json", **given)


def test_a_record_comes_back_as_it_was(store: Store) -> None:
    made = case(content='key = "P-1"\r\non = 2026-03-02\nx = "é ⚠"\n')
    assert store.add(made) == (made.uid,)
    found = store.latest("case", "P-1")
    assert found is not None
    assert (found.uid, found.content, found.made_at) == (made.uid, made.content, AT)
    assert found.document == {"key": "P-1", "on": "2026-03-02", "x": "é ⚠"}
    assert store.latest("plan", "P-1") is None
    assert store.case_keys() == ("P-1",)


def test_a_correction_names_what_it_replaces_and_both_stay(store: Store) -> None:
    first = plan()
    second = plan('{"b": 2}', supersedes=first.uid)
    store.add(case(), first, second)
    latest = store.latest("plan", "P-1")
    assert latest is not None
    assert latest.uid == second.uid
    assert [one.uid for one in store.history("plan", "P-1")] == [first.uid, second.uid]
    ((found, records),) = store.each_case("plan", "verify")
    assert found.case_key == "P-1"
    assert {kind: [one.uid for one in some] for kind, some in records.items()} == {
        "plan": [second.uid]
    }


def test_a_record_without_a_case_is_not_passed_over(store: Store) -> None:
    store.add(case(), plan(key="P-2"))
    with pytest.raises(StoreError, match="belong to a case that has no case record"):
        list(store.each_case("plan"))


def test_the_view_of_the_latest_says_the_same(store: Store) -> None:
    first = plan()
    store.add(case(), first, plan('{"b": 2}', supersedes=first.uid))
    with store.engine.connect() as connection:
        found = connection.execute(text("SELECT content FROM latest_plan")).scalars().all()
    assert found == ['{"b": 2}']


def test_the_second_to_replace_a_record_is_told(store: Store) -> None:
    first = case()
    store.add(first)
    store.add(case(content="a = 1", supersedes=first.uid))
    with pytest.raises(ConflictError, match="another writer was first"):
        store.add(case(content="a = 2", supersedes=first.uid))
    with pytest.raises(ConflictError, match="another writer was first"):
        store.add(case(content="a = 3"))  # a second first version of one case
    latest = store.latest("case", "P-1")
    assert latest is not None
    assert latest.content == "a = 1"


def test_of_writers_at_one_time_one_wins(place: Place, store: Store) -> None:
    first = case()
    store.add(first)
    n_writers = 4
    ready = threading.Barrier(n_writers)
    said: list[str] = []

    def write(number: int) -> None:
        with Store(place) as own:
            ready.wait()
            try:
                own.add(case(content=f"a = {number}", supersedes=first.uid))
                said.append("won")
            except ConflictError:
                said.append("told")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(n_writers)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(said) == ["told"] * (n_writers - 1) + ["won"]
    assert len(store.history("case", "P-1")) == 2


def test_all_records_of_one_call_are_kept_or_none(store: Store) -> None:
    with pytest.raises(StoreError, match="replaces one that is not in the store"):
        store.add(case(), plan(supersedes="0" * 64))
    assert store.counts()["case"] == 0
    assert store.counts()["cases"] == 0


def test_a_record_replaces_only_one_of_its_own_case(store: Store) -> None:
    other = plan(key="P-2")
    store.add(case(), case(key="P-2"), other)
    with pytest.raises(StoreError, match="or of another case"):
        store.add(plan(supersedes=other.uid))


def test_the_database_itself_refuses_to_change_a_row(store: Store) -> None:
    image = "ab" * 32
    whole = [case(files={"a.nii": image})]
    whole += [case(kind=one, content="{}", media="json") for one in RECORD_KINDS if one != "case"]
    store.add_many(whole, sizes={image: 1})
    add_identity(store, "P-1", Identity(name="A"), Who(by="A", at=AT, reason="test"))
    columns = {
        "cases": "key",
        "images": "sha256",
        "case_files": "path",
        "store_info": "value",
        "identity_access": "reason",
    }
    for table in APPEND_ONLY:
        column = columns.get(table, "author")
        update = f"UPDATE {table} SET {column} = '{image}'"  # noqa: S608 - names of our tables
        delete = f"DELETE FROM {table}"  # noqa: S608
        for verb in (update, delete):
            with (
                pytest.raises(StoreError, match=f"rows of {table} are added, never changed"),
                writing(store.engine) as connection,
            ):
                connection.execute(text(verb))


def test_cases_are_found_by_what_their_latest_version_says(store: Store) -> None:
    first = case(content='[administration]\ndevice = "resin"')
    store.add(first, case(key="P-2", content='[administration]\ndevice = "resin"'))
    store.add(case(content='[administration]\ndevice = "glass"', supersedes=first.uid))
    assert store.case_keys(device="resin") == ("P-2",)
    assert store.case_keys(device="glass") == ("P-1",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "diary"}, "no record is called 'diary'"),
        ({"author": ""}, "needs the key of its case, an author"),
        ({"made_at": datetime(2026, 1, 1)}, "has no time zone"),  # noqa: DTZ001
        ({"media": "xml"}, "is json or toml, not 'xml'"),
    ],
)
def test_a_record_is_valid_from_birth(given: dict[str, Any], message: str) -> None:
    with pytest.raises(StoreError, match=message):
        case(**given)


@pytest.mark.parametrize(
    ("content", "media", "message"),
    [
        ("{", "json", "is no json"),
        ("[1]", "json", "is a list, wanted an object"),
        ("a =", "toml", "is no toml"),
        ("a = nan", "toml", "has no canonical form"),
    ],
)
def test_content_without_a_canonical_form_is_refused(
    store: Store, content: str, media: str, message: str
) -> None:
    with pytest.raises(StoreError, match=message):
        store.add(case(content=content, media=media))


def test_there_is_one_store_at_a_place_and_its_own_images(
    place: Place, store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert store.store_id
    with pytest.raises(StoreError, match="there is a store at .* already"):
        init_store(place)
    elsewhere = Place(place.url, tmp_path_factory.mktemp("other"))
    with pytest.raises(StoreError, match="is not that of this store"):
        Store(elsewhere)


def test_where_there_is_no_store_it_says_how_to_make_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("none")
    with pytest.raises(StoreError, match="make one with: opensirt db init"):
        open_store(folder / "none.db")
    assert list(folder.iterdir()) == []
    with pytest.raises(StoreError, match="kept in SQLite or PostgreSQL, not in mysql"):
        open_store("mysql://x/y")
    with pytest.raises(StoreError, match="needs a folder for its images"):
        open_store("postgresql://x/y")


def test_a_password_is_never_shown(tmp_path_factory: pytest.TempPathFactory) -> None:
    from opensirt.store.connect import place_of

    images = tmp_path_factory.mktemp("images")
    assert "hunter2" not in str(place_of("postgresql://a:hunter2@h/d", images=images))
