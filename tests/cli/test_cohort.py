"""Many patients on the command line: in, through, and out again."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cohort_cases import case, record, small_store

from opensirt.cli import main
from opensirt.phantom.small_patient import write_small_case
from opensirt.store.connect import place_of
from opensirt.store.migrate import init_store


def invoke(*command: object, code: int = 0) -> str:
    done = CliRunner().invoke(main, [*map(str, command)])
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


def answer(*command: object) -> Any:  # any JSON value
    return json.loads(invoke(*command, "--json"))


@pytest.fixture
def db(tmp_path: Path) -> tuple[str, Path]:
    init_store(place_of(tmp_path / "a.db"))
    return "--db", tmp_path / "a.db"


def test_a_cohort_is_run_and_engines_are_compared(tmp_path: Path, db: tuple[str, Path]) -> None:
    for seed in range(3):
        write_small_case(tmp_path / "cases" / str(seed), seed=seed)
    invoke("cohort", "import", tmp_path / "cases", "--by", "A", *db)
    engines = ("--engine", "kernel", "--engine", "local", "--workers", 1)
    made = answer("cohort", "run", *engines, "--by", "A", *db)
    assert (made["n_tasks"], made["n_done"], made["n_failed"]) == (6, 6, 0)
    assert {(one["kind"], one["other"]) for one in made["engines"]} == {
        ("liver", "local"),
        ("normal_liver", "local"),
        ("tumour", "local"),
    }
    said = invoke("cohort", "run", *engines, "--by", "A", *db)
    assert "6 tasks: 6 there already, 0 done now, 0 without a dose" in said
    assert "local − kernel" in said


def test_a_table_leaves_de_identified_unless_asked_otherwise(tmp_path: Path) -> None:
    with small_store(tmp_path) as store:
        store.add(*(record("case", f"Q-{one}", case(f"Q-{one}")) for one in range(6)))
    db = ("--db", tmp_path / "cohort.db")
    made = answer("cohort", "export", tmp_path / "t.csv", *db)
    assert (made["n_rows"], made["identified"]) == (10, False)
    assert made["actions"]["patient"] == "re-coded"
    said = invoke(
        "cohort", "export", tmp_path / "i.parquet", "--identified", "--where", "os_days > 100", *db
    )
    assert "8 of 10 patient rows written; for 1 the condition could not be told" in said
    assert "not done: 8" in said or "not done: 7" in said
    said = invoke("cohort", "export", tmp_path / "t.sav", *db, code=2)
    assert "unknown format '.sav'" in said
    said = invoke("cohort", "export", tmp_path / "t.csv", "--where", "os_days >", *db, code=2)
    assert "the condition cannot be read" in said
    said = invoke("cohort", "export", tmp_path / "t.csv", "--unit", "lesion", *db, code=1)
    assert "fewer than 5 are never exported de-identified" in said


def test_a_case_leaves_as_folder_and_as_archive_and_comes_back(
    tmp_path: Path, db: tuple[str, Path]
) -> None:
    folder = write_small_case(tmp_path / "in", seed=1)
    invoke("cohort", "import", folder, "--by", "A", *db)
    key = "small-patient-0001"
    invoke("cohort", "export", tmp_path / "out", "--case", key, *db)
    assert (tmp_path / "out" / "case.toml").read_bytes() == (folder / "case.toml").read_bytes()
    made = answer("cohort", "export", tmp_path / "c.zip", "--case", key, *db)
    assert made["images"] == 2
    init_store(place_of(tmp_path / "b.db"))
    other = ("--db", tmp_path / "b.db")
    took = answer("cohort", "import", tmp_path / "c.zip", "--by", "A", *other)
    assert took["cases"][0]["outcome"] == "archive taken"
    assert answer("db", "check", *other)["passed"]
