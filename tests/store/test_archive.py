"""A backup makes the same store again, on either database; a case travels in one file."""

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from case_folder import CASE, write_case
from sqlalchemy import text

from opensirt.app.store_case import export_case, import_case
from opensirt.errors import ConflictError, InputError, StoreError
from opensirt.store.archive import (
    backup_store,
    export_case_archive,
    import_case_archive,
    restore_store,
)
from opensirt.store.check import check_store
from opensirt.store.connect import Place, place_of, writing
from opensirt.store.identities import (
    Identity,
    Who,
    add_identity,
    identity_accesses,
    show_identity,
)
from opensirt.store.images import image_path
from opensirt.store.migrate import init_store
from opensirt.store.store import Store

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
WHO = Who(by="A", at=AT, reason="test")


@pytest.fixture
def filled(store: Store, tmp_path: Path) -> Store:
    folder = write_case(tmp_path / "in")
    import_case(store, folder, author="A", at=AT)
    (folder / "case.toml").write_text(CASE.replace("175", "176"), encoding="utf-8")
    (folder / "records").mkdir()
    (folder / "records" / "0001-plan.json").write_text('{"b": 1}')
    import_case(store, folder, author="A", at=AT)
    add_identity(store, "phantom", Identity(name="ZZTOP^SECRET"), WHO)
    return store


def test_a_backup_makes_the_same_store_again(
    filled: Store, new_place: Callable[[str], Place], tmp_path: Path
) -> None:
    made = backup_store(filled, tmp_path / "backup.zip")
    assert (made.case_key, made.n_images) == (None, 3)
    place = new_place("again")
    restore_store(tmp_path / "backup.zip", place)
    with Store(place) as again:
        assert again.store_id == filled.store_id
        assert again.counts() == filled.counts()
        assert identity_accesses(again) == identity_accesses(filled)
        assert show_identity(again, "phantom", WHO).name == "ZZTOP^SECRET"
        assert check_store(again).findings == []
        for kind in ("case", "plan"):
            assert [one.uid for one in again.history(kind, "phantom")] == [
                one.uid for one in filled.history(kind, "phantom")
            ]
        folder = export_case(again, "phantom", tmp_path / "out")
        assert (folder / "pet.nii").read_bytes() == (tmp_path / "in" / "pet.nii").read_bytes()
    with pytest.raises(StoreError, match="there is a store at .* already; restore makes a new"):
        restore_store(tmp_path / "backup.zip", place)


def test_a_backup_moves_from_one_database_to_the_other(filled: Store, tmp_path: Path) -> None:
    backup_store(filled, tmp_path / "backup.zip")
    place = place_of(tmp_path / "moved" / "sqlite.db")
    restore_store(tmp_path / "backup.zip", place)
    with Store(place) as moved:
        assert moved.counts() == filled.counts()
        assert check_store(moved).passed


def test_a_case_travels_without_who_the_patient_is(
    filled: Store, new_place: Callable[[str], Place], tmp_path: Path
) -> None:
    path = tmp_path / "case.zip"
    made = export_case_archive(filled, "phantom", path)
    assert made.case_key == "phantom"
    with zipfile.ZipFile(path) as archive:
        assert b"ZZTOP" not in archive.read("rows.jsonl")
    place = new_place("elsewhere")
    init_store(place)
    with Store(place) as elsewhere:
        assert import_case_archive(elsewhere, path).n_new_records == 3
        assert import_case_archive(elsewhere, path).n_new_records == 0
        assert [one.uid for one in elsewhere.history("case", "phantom")] == [
            one.uid for one in filled.history("case", "phantom")
        ]
        assert identity_accesses(elsewhere) == ()
        with pytest.raises(StoreError, match="nobody has said who case phantom is"):
            show_identity(elsewhere, "phantom", WHO)
        assert check_store(elsewhere).findings == []


def test_another_course_under_the_same_key_is_told(
    filled: Store, new_place: Callable[[str], Place], tmp_path: Path
) -> None:
    export_case_archive(filled, "phantom", tmp_path / "case.zip")
    place = new_place("elsewhere")
    init_store(place)
    with Store(place) as elsewhere:
        import_case(elsewhere, tmp_path / "in", author="B", at=AT)
        with pytest.raises(ConflictError, match="another writer was first"):
            import_case_archive(elsewhere, tmp_path / "case.zip")
        assert len(elsewhere.history("case", "phantom")) == 1


def spoilt(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    target = path.with_name(f"spoilt-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for one in old.namelist():
            data = old.read(one)
            new.writestr(one, change(data) if one.startswith(name) else data)
    return target


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("rows.jsonl", lambda data: data.replace(b"height_cm = 176", b"height_cm = 177"), "hash"),
        ("rows.jsonl", lambda data: data.replace(b'{\\"b\\": 1}', b'{\\"b\\": 2}'), "hash"),
        ("rows.jsonl", lambda data: data[: data.rindex(b'{"table"')], "rows, its manifest says"),
        ("rows.jsonl", lambda data: data[:-40], "is damaged"),
        (
            "rows.jsonl",
            lambda data: data.replace(
                b'{"table": "cases", "key": "phantom"', b'{"table": "cases", "key": "other"'
            ),
            "holds other rows of cases",
        ),
        (
            "rows.jsonl",
            lambda data: data + b'{"table": "identities", "case_key": "phantom", "document": "{}"}',
            "holds other rows of identities",
        ),
        ("images/", lambda data: data + b"x", "has other bytes"),
        ("manifest", lambda data: data.replace(b"archive/1", b"archive/9"), "has schema"),
        ("manifest", lambda data: data.replace(b'"0003"', b'"9999"'), "by a newer program"),
    ],
)
def test_an_archive_that_was_changed_is_refused_and_nothing_is_kept(
    filled: Store,
    new_place: Callable[[str], Place],
    tmp_path: Path,
    name: str,
    change: Callable[[bytes], bytes],
    message: str,
) -> None:
    export_case_archive(filled, "phantom", tmp_path / "case.zip")
    path = spoilt(tmp_path / "case.zip", name, change)
    place = new_place("elsewhere")
    init_store(place)
    with Store(place) as elsewhere:
        with pytest.raises((InputError, StoreError), match=message):
            import_case_archive(elsewhere, path)
        assert elsewhere.counts()["cases"] == 0


def test_what_is_no_archive_is_refused(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("no")
    with pytest.raises(InputError, match="x.zip is no archive"):
        import_case_archive(filled, tmp_path / "x.zip")
    with pytest.raises(InputError, match="there is no archive y.zip"):
        import_case_archive(filled, tmp_path / "y.zip")
    with pytest.raises(InputError, match="exists already"):
        backup_store(filled, tmp_path / "x.zip")
    backup_store(filled, tmp_path / "b.zip")
    with pytest.raises(InputError, match="is a backup of a whole store"):
        import_case_archive(filled, tmp_path / "b.zip")
    export_case_archive(filled, "phantom", tmp_path / "c.zip")
    with pytest.raises(InputError, match="holds one case, not a store"):
        restore_store(tmp_path / "c.zip", place_of(tmp_path / "n.db"))
    with pytest.raises(StoreError, match="there is no case 'other'"):
        export_case_archive(filled, "other", tmp_path / "o.zip")


def test_the_check_finds_what_was_changed_behind_the_stores_back(
    filled: Store,
) -> None:
    assert check_store(filled).passed
    case = filled.latest("case", "phantom")
    assert case is not None
    pet, maa = (image_path(filled.place.images, case.files[one]) for one in ("pet.nii", "maa.nii"))
    pet.chmod(0o644)
    pet.write_bytes(b"x" + pet.read_bytes()[1:])
    maa.unlink()
    with writing(filled.engine) as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER record_plan_no_update"))
            connection.execute(text("DROP TRIGGER record_plan_no_delete"))
        else:
            connection.execute(text("DROP TRIGGER record_plan_append_only ON record_plan"))
        connection.execute(text("UPDATE record_plan SET content = '{\"b\": 7}'"))
        connection.execute(text("DROP VIEW latest_order"))
    (filled.place.images / "ab").mkdir(exist_ok=True)
    (filled.place.images / "ab" / ("ab" * 32)).write_bytes(b"cut off")
    found = check_store(filled)
    assert not found.passed
    said = {(one.rule, one.severity.value) for one in found.findings}
    assert said == {
        ("image", "stop"),
        ("append_only", "stop"),
        ("hash", "stop"),
        ("views", "stop"),
        ("orphans", "note"),
    }
    assert len([one for one in found.findings if one.rule == "image"]) == 2
    quick = check_store(filled, hash_images=False)
    assert len([one for one in quick.findings if one.rule == "image"]) == 1
    assert json.dumps([one.text for one in found.findings])
