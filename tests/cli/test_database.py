"""The store on the command line: made, filled, backed up, checked."""

import json
from pathlib import Path
from typing import Any

import pytest
from case_folder import write_case
from click.testing import CliRunner

from opensirt.cli import main


def answer(*command: object, code: int = 0) -> Any:  # any JSON value
    done = CliRunner().invoke(main, [*map(str, command), "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def refused(*command: object) -> str:
    done = CliRunner().invoke(main, [*map(str, command)])
    assert done.exit_code == 2, done.output
    return done.stderr


def test_a_store_from_init_to_restore(tmp_path: Path) -> None:
    db = ("--db", tmp_path / "a.db")
    made = answer("db", "init", *db)
    assert made["revision"] == "0003"
    write_case(tmp_path / "cases" / "one")
    took = answer("cohort", "import", tmp_path / "cases", "--by", "A", *db)
    assert [(one["key"], one["outcome"]) for one in took["cases"]] == [("phantom", "added")]
    checked = answer("db", "check", *db)
    assert (checked["passed"], checked["records"], checked["images"]) == (True, 1, 3)
    assert answer("db", "upgrade", *db)["now"] == "0003"
    assert answer("db", "backup", tmp_path / "b.zip", *db)["images"] == 3
    answer("db", "restore", tmp_path / "b.zip", "--db", tmp_path / "b.db")
    assert answer("db", "check", "--db", tmp_path / "b.db")["counts"] == checked["counts"]


def test_people_are_answered_too(tmp_path: Path) -> None:
    db = ("--db", str(tmp_path / "a.db"))
    CliRunner().invoke(main, ["db", "init", *db])
    write_case(tmp_path / "one")
    done = CliRunner().invoke(main, ["cohort", "import", str(tmp_path / "one"), "--by", "A", *db])
    assert "phantom" in done.stdout
    done = CliRunner().invoke(main, ["db", "check", "--quick", *db])
    assert "there, not read: everything is as it was stored" in done.stdout


def test_a_check_that_fails_has_exit_code_1(tmp_path: Path) -> None:
    db = ("--db", tmp_path / "a.db")
    answer("db", "init", *db)
    write_case(tmp_path / "one")
    answer("cohort", "import", tmp_path / "one", "--by", "A", *db)
    next((tmp_path / "a.images").glob("??/*")).unlink()
    assert answer("db", "check", *db, code=1)["passed"] is False


def test_without_a_store_it_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = ("--db", tmp_path / "a.db")
    for command in (("db", "check"), ("db", "upgrade"), ("db", "backup", tmp_path / "b.zip")):
        assert "make one with: opensirt db init" in refused(*command, *db)
    write_case(tmp_path / "one")
    assert "db init" in refused("cohort", "import", tmp_path / "one", "--by", "A", *db)
    monkeypatch.delenv("OPENSIRT_AUTHOR", raising=False)
    assert "Missing option '--by'" in refused("cohort", "import", tmp_path / "one", *db)


def test_who_a_patient_is_is_shown_only_by_name_and_reason(tmp_path: Path) -> None:
    db = ("--db", tmp_path / "a.db")
    answer("db", "init", *db)
    write_case(tmp_path / "one")
    answer("cohort", "import", tmp_path / "one", "--by", "A", *db)
    group, by = ("db", "identity"), ("--by", "A. Nurse", *db)
    answer(*group, "add", "phantom", "--name", "ZZTOP^SECRET", "--born", "1960-05-04", *by)
    assert "reason" in refused(*group, "show", "phantom", *by)
    assert "no date" in refused(
        *group, "change", "phantom", "--born", "4.5.60", "--reason", "x", *by
    )
    answer(*group, "change", "phantom", "--number", "H-77", "--reason", "new card", *by)
    shown = answer(*group, "show", "phantom", "--reason", "board", *by)["identities"]
    assert shown == [
        {
            "case": "phantom",
            "name": "ZZTOP^SECRET",
            "birth_date": "1960-05-04",
            "hospital_number": "H-77",
        }
    ]
    assert answer(*group, "find", "H-77", "--reason", "post", *by)["identities"] == shown
    # No other answer, export or backup of a case holds it.
    answer("cohort", "export", tmp_path / "case.zip", "--case", "phantom", *db)
    answer("cohort", "export", tmp_path / "t.csv", "--identified", *db)
    for path in (tmp_path / "case.zip", tmp_path / "t.csv", tmp_path / "t.dictionary.json"):
        assert b"ZZTOP" not in path.read_bytes()
    done = CliRunner().invoke(main, ["db", "identity", "accesses", *map(str, db)])
    assert "ZZTOP" not in done.stdout
    assert "new card" in done.stdout
    answer(*group, "erase", "phantom", "--reason", "asked", *by)
    kept = answer(*group, "accesses", *db)["accesses"]
    assert [one["action"] for one in kept] == ["added", "changed", "shown", "sought", "erased"]
