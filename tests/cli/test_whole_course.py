"""Plan, approve, order, administer, verify: command line and Python give the same numbers."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from case_folder import CASE, write_case
from click.testing import CliRunner, Result

import opensirt
from opensirt.app.evaluate import RunOptions
from opensirt.app.step import do_step
from opensirt.cli import main
from opensirt.report.results import results_document

SLOT = "2027-03-03T10:00+01:00"
NOW = datetime(2027, 2, 20, 9, tzinfo=UTC)
GIVEN = """
[[administration.vials]]
territory = "whole"
dispensed_mbq = 104
dispensed_at = 2026-03-02T10:00:00+01:00
injected_at = 2026-03-02T12:00:00+01:00
residual_mbq = 2
residual_at = 2026-03-02T13:00:00+01:00
"""
BEFORE, AFTER = CASE.split("[administration]")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def answer(*arguments: object) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code in (0, 1), result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two answers are the same beside instants, paths and hashes of records."""
    if isinstance(one, dict) and isinstance(other, dict):
        skipped = {"made_at", "approved_at", "record", "sha256", "plan_sha256", "inputs", "files"}
        keys = (one.keys() | other.keys()) - skipped
        return all(same(one.get(key), other.get(key)) for key in keys)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Return the same course twice, with what was given but without a stated activity."""
    given = AFTER.replace("administered_activity_mbq = 100\n", "")
    first = write_case(tmp_path / "first", BEFORE + "[administration]" + given + GIVEN)
    return first, Path(shutil.copytree(first, tmp_path / "second"))


def test_a_whole_course_gives_the_same_from_both_sides(two: tuple[Path, Path]) -> None:
    typed, called = two
    planned = answer("plan", typed)
    case, part, _ = do_step(called, RunOptions(made_at=NOW, step="plan"))
    assert same(planned, json.loads(json.dumps(results_document(case, part))))

    for name in ("Ada", "Marie"):
        approved = answer("approve", typed, "--by", name)
        assert same(approved, opensirt.approve(called, by=name, made_at=NOW))

    ordered = answer("order", typed, "--at", SLOT)
    order, record = opensirt.order(called, made_at=NOW, at=SLOT)
    assert same(ordered["lines"], json.loads(record.read_text())["lines"])
    prescribed = planned["plan"]["chosen"]["administered_activity_bq"]
    assert order.lines[0].prescribed_bq == prescribed == ordered["lines"][0]["prescribed_bq"]

    given = answer("administer", typed)
    made, record = opensirt.administer(called, made_at=NOW)
    assert same(given, json.loads(record.read_text()))
    assert given["territories"][0]["prescribed_bq"] == prescribed

    verified = answer("verify", typed)
    case, part, _ = do_step(called, RunOptions(made_at=NOW, step="verify"))
    assert same(verified, json.loads(json.dumps(results_document(case, part))))
    assert verified["verification"]["administered_activity_bq"] == pytest.approx(
        made.net_bq, rel=1e-9
    )
    delivery = verified["verification"]["delivery"]
    assert delivery["given_over_planned_ratio"] == pytest.approx(
        given["net_bq"] / prescribed, rel=1e-9
    )


def test_refusals_on_the_way_are_clear(two: tuple[Path, Path]) -> None:
    case, other = two
    assert run("plan", case).exit_code == 0
    assert run("approve", case, "--by", "Ada").exit_code == 0
    again = run("approve", case, "--by", " ada ")
    assert again.exit_code == 1
    assert "the second approval is by another person" in again.stderr
    early = run("order", case, "--at", SLOT)
    assert early.exit_code == 1
    assert "approved by Ada only" in early.stderr
    path = other / "case.toml"
    text = path.read_text()
    path.write_text(text.replace('device = "resin"\nmodel', 'device = "resine"\nmodel'))
    misspelt = run("plan", other)
    assert misspelt.exit_code == 2
    assert "'resine'" in misspelt.stderr
    assert "'resin'" in misspelt.stderr
    path.write_text(text.replace('device = "resin"\nmodel', 'device = "unknown"\nmodel'))
    unknown = run("plan", other)
    assert unknown.exit_code == 2
    assert "'unknown'" in unknown.stderr
    path.write_text(text.replace("lung_shunt_fraction = 0.05", "lung_shunt_fraction = 5"))
    percent = run("plan", other)
    assert percent.exit_code == 2
    assert "0.05 for 5 %" in percent.stderr
