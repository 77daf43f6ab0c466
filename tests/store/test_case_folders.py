"""Case folders go into the store and come out byte for byte."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from case_folder import CASE, write_case

from opensirt.app.store_case import case_folders, export_case, import_case
from opensirt.errors import InputError, StoreError
from opensirt.store.images import image_path
from opensirt.store.store import Store

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file()
    }


def course(folder: Path, text: str = CASE) -> Path:
    write_case(folder, text)
    (folder / "records").mkdir()
    record = {
        "schema": "x",
        "z": 1.0,
        "a": "é",
        "provenance": {"made_at": "2026-03-01T10:00+01:00"},
    }
    (folder / "records" / "0001-plan.json").write_text(
        json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    approval = {"approval": {"by": "B. Doctor", "approved_at": "2026-03-01T11:00+01:00"}}
    (folder / "records" / "0002-approve.json").write_text(json.dumps(approval))
    (folder / "records" / "notes.txt").write_text("not a record of a step")
    (folder / "series").mkdir()
    (folder / "series" / "slice.dcm").write_bytes(bytes(range(256)))
    return folder


def take(store: Store, folder: Path) -> str:
    return import_case(store, folder, author="A", at=AT).outcome


def test_a_case_comes_out_as_it_went_in(store: Store, tmp_path: Path) -> None:
    folder = course(tmp_path / "in", CASE.replace("\n", "\r\n"))
    made = import_case(store, folder, author="A", at=AT)
    assert (made.key, made.outcome, made.n_records, made.n_files) == ("phantom", "added", 2, 5)
    case_folder = export_case(store, "phantom", tmp_path / "out")
    assert bytes_of(case_folder) == bytes_of(folder)


def test_records_keep_who_made_them_and_when(store: Store, tmp_path: Path) -> None:
    take(store, course(tmp_path / "in"))
    approval, plan = store.latest("approve", "phantom"), store.latest("plan", "phantom")
    assert approval is not None
    assert plan is not None
    assert (approval.author, approval.made_at.hour) == ("B. Doctor", 10)
    assert (plan.author, plan.made_at.hour, plan.software_version) == ("A", 9, "not stated")


def test_what_did_not_change_is_not_stored_again(store: Store, tmp_path: Path) -> None:
    folder = course(tmp_path / "in")
    assert take(store, folder) == "added"
    counted = dict(store.counts())
    assert take(store, folder) == "unchanged"
    assert dict(store.counts()) == counted


def test_a_changed_case_is_a_new_version_and_the_old_one_stays(
    store: Store, tmp_path: Path
) -> None:
    folder = course(tmp_path / "in")
    take(store, folder)
    (folder / "case.toml").write_text(CASE.replace("175", "176"), encoding="utf-8")
    assert take(store, folder) == "changed"
    first, second = store.history("case", "phantom")
    assert second.supersedes == first.uid
    assert "176" in second.content
    assert "175" in first.content


def test_a_record_that_was_changed_is_refused(store: Store, tmp_path: Path) -> None:
    folder = course(tmp_path / "in")
    take(store, folder)
    (folder / "records" / "0001-plan.json").write_text("{}")
    with pytest.raises(StoreError, match="0001-plan.json of case phantom differs from the one in"):
        take(store, folder)


def test_files_beside_the_folder_come_along(store: Store, tmp_path: Path) -> None:
    text = CASE.replace('"pet.nii"', '"../images/pet.nii"')
    folder = course(tmp_path / "in" / "cases" / "one", text)
    (tmp_path / "in" / "cases" / "images").mkdir()
    (folder / "pet.nii").rename(tmp_path / "in" / "cases" / "images" / "pet.nii")
    take(store, folder)
    case_folder = export_case(store, "phantom", tmp_path / "out")
    assert case_folder == tmp_path / "out" / "one"
    assert bytes_of(tmp_path / "out") == bytes_of(tmp_path / "in" / "cases")


def test_a_file_by_absolute_path_is_refused(store: Store, tmp_path: Path) -> None:
    folder = course(tmp_path / "in", CASE.replace('"pet.nii"', f'"{tmp_path}/pet.nii"'))
    with pytest.raises(InputError, match="names 1 files by absolute path"):
        take(store, folder)


def test_nothing_is_overwritten_on_the_way_out(store: Store, tmp_path: Path) -> None:
    take(store, course(tmp_path / "in"))
    with pytest.raises(InputError, match="exists already; nothing is overwritten"):
        export_case(store, "phantom", tmp_path)
    with pytest.raises(StoreError, match="there is no case 'other' in the store"):
        export_case(store, "other", tmp_path / "out")


def test_an_image_that_changed_or_went_is_refused_and_leaves_no_folder(
    store: Store, tmp_path: Path
) -> None:
    take(store, course(tmp_path / "in"))
    case = store.latest("case", "phantom")
    assert case is not None
    image = image_path(store.place.images, case.files["pet.nii"])
    image.chmod(0o644)
    image.write_bytes(b"other")
    with pytest.raises(StoreError, match="has other bytes than when it was stored"):
        export_case(store, "phantom", tmp_path / "out")
    image.unlink()
    with pytest.raises(StoreError, match="is not in the folder of images"):
        export_case(store, "phantom", tmp_path / "out")
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith(("out", "."))) == []


def test_case_folders_are_found_in_a_folder(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_case(tmp_path / name)
    assert case_folders((tmp_path,)) == (tmp_path / "a", tmp_path / "b")
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="neither holds a case.toml nor folders that do"):
        case_folders((tmp_path / "none",))
