"""Who a patient is: said, changed, shown and erased, each with a line in the list of accesses."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from opensirt.errors import ConflictError, InputError, StoreError
from opensirt.store.archive import export_case_archive
from opensirt.store.connect import writing
from opensirt.store.identities import (
    Action,
    Identity,
    Who,
    add_identity,
    change_identity,
    erase_identity,
    find_identities,
    identity_accesses,
    show_identity,
)
from opensirt.store.rows import Record
from opensirt.store.store import Store

AT = datetime(2026, 3, 2, tzinfo=UTC)
PERSON = Identity(name="ZZTOP^SECRET", birth_date=date(1960, 5, 4), hospital_number="H-77")


def who(minutes: int = 0, reason: str = "call the patient back") -> Who:
    return Who(by="A. Nurse", at=AT + timedelta(minutes=minutes), reason=reason)


@pytest.fixture
def filled(store: Store) -> Store:
    for key in ("P-1", "P-2"):
        store.add(
            Record(
                kind="case",
                case_key=key,
                content="{}",
                author="A",
                made_at=AT,
                software_version="1",
            )
        )
    add_identity(store, "P-1", PERSON, who(reason="first entry"))
    return store


def test_every_access_is_kept_and_what_was_said_before_stays(filled: Store) -> None:
    assert show_identity(filled, "P-1", who(1)) == PERSON
    change_identity(filled, "P-1", who(2, "married"), name="ZZTOP^OTHER")
    found = show_identity(filled, "P-1", who(3))
    assert (found.name, found.hospital_number) == ("ZZTOP^OTHER", "H-77")
    assert find_identities(filled, "other", who(4)) == (("P-1", found),)
    assert find_identities(filled, "h-77", who(5)) == (("P-1", found),)
    assert find_identities(filled, "SECRET", who(6)) == ()
    said = identity_accesses(filled)
    assert [one.action for one in said] == [
        Action.ADDED,
        Action.SHOWN,
        Action.CHANGED,
        Action.SHOWN,
        Action.SOUGHT,
        Action.SOUGHT,
        Action.SOUGHT,
    ]
    assert [one.case_key for one in said][-2:] == ["P-1", None]
    assert said[2].reason == "married"
    assert said[1].at == AT + timedelta(minutes=1)
    assert identity_accesses(filled, "P-2") == ()
    assert "ZZTOP" not in repr(said)
    assert "ZZTOP" not in repr(found)
    with filled.engine.connect() as connection:
        kept = connection.execute(text("SELECT document FROM identities")).scalars().all()
    assert len(kept) == 2


@pytest.mark.parametrize("table", ["identities", "identity_access"])
def test_nothing_is_changed_in_place(filled: Store, table: str) -> None:
    column = "document" if table == "identities" else "reason"
    with (
        pytest.raises(StoreError, match=f"rows of {table} are added"),
        writing(filled.engine) as connection,
    ):
        connection.execute(text(f"UPDATE {table} SET {column} = ''"))  # noqa: S608


def test_what_is_erased_is_gone_and_that_it_was_erased_is_not(filled: Store) -> None:
    assert erase_identity(filled, "P-1", who(1, "asked by the patient")) == 1
    with pytest.raises(StoreError, match="nobody has said who case P-1 is"):
        show_identity(filled, "P-1", who(2))
    assert [one.action for one in identity_accesses(filled)] == [Action.ADDED, Action.ERASED]
    assert filled.latest("case", "P-1") is not None
    if filled.engine.dialect.name == "sqlite":
        file = Path(str(filled.place.url.database))
        for one in file.parent.glob(f"{file.name}*"):
            assert b"ZZTOP" not in one.read_bytes(), one.name


def test_what_cannot_be_is_refused(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="has been said already; change it"):
        add_identity(filled, "P-1", PERSON, who())
    with pytest.raises(StoreError, match="no case 'P-9'"):
        add_identity(filled, "P-9", PERSON, who())
    with pytest.raises(StoreError, match="nobody has said who case P-2 is"):
        change_identity(filled, "P-2", who(), name="B")
    with pytest.raises(InputError, match="no change is given"):
        change_identity(filled, "P-1", who())
    with pytest.raises(InputError, match="says nothing"):
        Identity()
    with pytest.raises(InputError, match="what for"):
        who(reason=" ")
    with pytest.raises(InputError, match="three characters"):
        find_identities(filled, "zz", who())
    with pytest.raises(InputError, match="no time zone"):
        Who(by="A", at=datetime(2026, 3, 2), reason="x")  # noqa: DTZ001
    assert len(identity_accesses(filled)) == 1
    export_case_archive(filled, "P-1", tmp_path / "P-1.zip")
    assert b"identit" not in (tmp_path / "P-1.zip").read_bytes()
