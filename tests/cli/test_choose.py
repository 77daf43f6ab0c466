"""Activities that a person or the optimiser chooses go through the whole course."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from case_folder import restated
from click.testing import CliRunner, Result
from two_lobes import write_two_lobes

import opensirt
from opensirt.app.choose import choose_optimum
from opensirt.app.evaluate import RunOptions
from opensirt.app.step import do_step
from opensirt.cli import main
from opensirt.domain.optimised_plan import Objective, OptimiseRequest
from opensirt.report.results import results_document

SLOT = "2027-03-03T10:00+01:00"
NOW = datetime(2027, 2, 20, 9, tzinfo=UTC)
LIMITS = "limits = { perfused_normal_liver_gy = 40, lung_gy = 30 }"
SHARED = "limits = { perfused_normal_liver_gy = 60, normal_liver_gy = 40, lung_gy = 30 }"
VIAL = """
[[administration.vials]]
territory = "{territory}"
dispensed_mbq = {mbq}
dispensed_at = 2026-03-02T10:00:00+01:00
injected_at = 2026-03-02T12:00:00+01:00
residual_mbq = 2
residual_at = 2026-03-02T13:00:00+01:00
"""
GIVEN = VIAL.format(territory="right", mbq=240) + VIAL.format(territory="left", mbq=60)


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


def stated(right: object, left: object) -> str:
    return f"{LIMITS}\nactivities_mbq = {{ right = {right}, left = {left} }}"


@pytest.fixture(scope="module")
def lobes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_two_lobes(tmp_path_factory.mktemp("lobes") / "case")


@pytest.fixture
def case(lobes: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(lobes, tmp_path / "case"))


def test_a_chosen_optimum_is_approved_ordered_administered_and_compared(
    case: Path, tmp_path: Path
) -> None:
    restated(LIMITS, SHARED)(case)
    path = case / "case.toml"
    path.write_text(path.read_text() + GIVEN)
    typed, called = case, Path(shutil.copytree(case, tmp_path / "called"))

    planned = answer("plan", typed, "--optimise", "mean", "--choose")
    options = RunOptions(
        made_at=NOW, step="plan", optimise=OptimiseRequest(objective=Objective.MEAN)
    )
    read, part, record = choose_optimum(called, options)
    assert same(planned, json.loads(json.dumps(results_document(read, part))))
    assert same(planned, json.loads(record.read_text()))
    assert (typed / "case.toml").read_bytes() == (called / "case.toml").read_bytes()

    plan = planned["plan"]
    best = next(one for one in plan["optimised"] if one["device"] == "resin")
    choice = plan["choice"]["administered_activity_bq"]
    for one in best["territories"]:
        left_over = one["administered_activity_bq"] - choice[one["territory"]]
        assert 0 <= left_over < 0.1001e6  # rounded down to a tenth of an MBq
    (left,) = [
        one
        for one in plan["rows"]
        if (one["device"], one["model"], one["territory"]) == ("resin", "partition", "left")
    ]
    assert choice["left"] < 0.8 * left["administered_activity_bq"]  # not the model's own row
    assert plan["choice"]["origin"].startswith("optimised: largest mean dose over all tumours")
    assert "bound by perfused normal liver 60 Gy in right" in plan["choice"]["origin"]
    assert plan["chosen"]["model"] == "stated"
    assert plan["chosen"]["administered_activity_bq"] == pytest.approx(sum(choice.values()))
    assert plan["chosen"]["tumour_gy"] == pytest.approx(best["objective_value"], rel=2e-3)
    assert plan["chosen"]["normal_liver_gy"] <= 40
    checks = [one for one in plan["second_checks"] if one["model"].startswith("stated")]
    assert {one["territory"]: one["stated_bq"] for one in checks} == choice
    assert all(abs(one["difference_fraction"]) < 0.05 for one in checks)
    rules = {one["rule"]: one["severity"] for one in planned["findings"]}
    assert rules["stated_is_optimum"] == "note"
    assert "stop" not in rules.values()

    for name in ("Ada", "Marie"):
        approved = answer("approve", typed, "--by", name)
        assert same(approved, opensirt.approve(called, by=name, made_at=NOW))
        assert approved["plan"]["administered_activity_bq"] == choice
        assert approved["plan"]["origin"] == plan["choice"]["origin"]

    ordered = answer("order", typed, "--at", SLOT)
    order, record = opensirt.order(called, made_at=NOW, at=SLOT)
    assert same(ordered["lines"], json.loads(record.read_text())["lines"])
    assert order.lines[0].prescribed_bq == pytest.approx(sum(choice.values()))
    assert ordered["activities_origin"] == plan["choice"]["origin"]
    assert "optimised: largest mean" in (typed / "report" / "order.html").read_text()

    given = answer("administer", typed)
    made, record = opensirt.administer(called, made_at=NOW)
    assert same(given, json.loads(record.read_text()))
    assert {one["territory"]: one["prescribed_bq"] for one in given["territories"]} == choice

    verified = answer("verify", typed)
    read, part, _ = do_step(called, RunOptions(made_at=NOW, step="verify"))
    assert same(verified, json.loads(json.dumps(results_document(read, part))))
    ratio = verified["verification"]["delivery"]["given_over_planned_ratio"]
    assert ratio == pytest.approx(made.net_bq / sum(choice.values()), rel=1e-9)


def test_choosing_adds_two_lines_and_is_not_done_twice(case: Path) -> None:
    path = case / "case.toml"
    before = path.read_text()
    shown = run("plan", case, "--optimise", "minimum", "--choose")
    assert shown.exit_code == 0, shown.output
    assert "Chosen: optimised: largest" in " ".join(shown.output.split())
    after = path.read_text().splitlines(keepends=True)
    added = [one for one in after if one.startswith("activities_")]
    assert len(added) == 2
    assert "".join(one for one in after if one not in added) == before
    again = run("plan", case, "--optimise", "minimum", "--choose")
    assert again.exit_code == 2
    assert "states activities_mbq already" in again.stderr
    assert path.read_text() == "".join(after)
    for name in ("Ada", "Marie"):
        approved = run("approve", case, "--by", name)
        assert "resin, right: " in approved.output
    left = added[0].split("left")[1].split("=")[1].split()[0]
    restated(left, str(float(left) - 1))(case)
    stale = run("order", case, "--at", SLOT)
    assert stale.exit_code == 1
    assert "is stale: case.toml changed" in stale.stderr


def test_activities_stated_by_hand_are_planned_and_named(case: Path) -> None:
    restated(LIMITS, stated(120, 80))(case)
    made = answer("plan", case)
    assert made["plan"]["choice"] == {
        "device": "resin",
        "model": "partition",
        "origin": "stated by hand",
        "administered_activity_bq": {"right": 120e6, "left": 80e6},
    }
    partition = {
        one["territory"]: one
        for one in made["plan"]["rows"]
        if (one["device"], one["model"]) == ("resin", "partition")
    }
    for row in (one for one in made["plan"]["rows"] if one["model"] == "stated"):
        if row["territory"] == "all":
            continue
        other = partition[row["territory"]]
        scale = row["administered_activity_bq"] / other["administered_activity_bq"]
        for key in ("tumour_gy", "perfused_normal_liver_gy", "lung_gy"):
            assert row[key] == pytest.approx(other[key] * scale)


def test_the_report_says_which_activity_is_chosen_and_why(case: Path) -> None:
    restated(LIMITS, f'{stated(120, 80)}\nactivities_origin = "tumour board of 3 March"')(case)
    assert run("run", case).exit_code == 0
    html = (case / "report" / "report.html").read_text()
    chosen = html[html.index("Chosen activities: Resin, doses by partition") :]
    assert "0.120" in chosen[:2000]
    assert "0.0800" in chosen[:2000]
    assert "Origin: tumour board of 3 March." in chosen
    results = json.loads((case / "report" / "results.json").read_text())
    assert results["plan"]["choice"]["origin"] == "tumour board of 3 March"


def test_a_stated_activity_above_a_limit_of_one_territory_stops(case: Path) -> None:
    restated(LIMITS, stated(100, 130))(case)  # the mean of both lies below the limit
    result = run("plan", case)
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "STOP resin, stated, territory left: perfused normal liver would receive" in said
    assert "stated, territory all: perfused" not in said
    assert "stated, territory right: perfused" not in said
    refused = run("approve", case, "--by", "Ada")
    assert refused.exit_code == 1
    assert "stop findings (limit_perfused_normal_liver)" in refused.stderr


def test_a_limit_of_the_site_stops_a_stated_activity_too(case: Path) -> None:
    restated(LIMITS, stated(700, 700).replace(LIMITS, ""))(case)
    restated('[prescription]\ndevice = "resin"', '[prescription]\ndevice = "holmium"')(case)
    result = run("plan", case)
    assert result.exit_code == 1
    assert "STOP holmium, stated, territory all: normal liver" in " ".join(result.output.split())


def test_a_stated_activity_without_a_lung_shunt_stops(case: Path) -> None:
    restated(LIMITS, stated(120, 80))(case)
    restated("lung_shunt_fraction = 0.05\n", "")(case)
    restated('lung_shunt_method = "planar"\n', "")(case)
    result = run("plan", case)
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "STOP resin: the stated activities cannot be held against" in said


def test_other_activities_than_the_optimum_are_named_beside_it(case: Path) -> None:
    restated(LIMITS, stated(120, 80))(case)
    made = answer("plan", case, "--optimise", "minimum")
    (found,) = [one for one in made["findings"] if one["rule"] == "stated_not_optimum"]
    assert "right 120 MBq (156." in found["text"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (restated(LIMITS, stated(120, 80).replace("left", "lift")), "'lift'"),
        (restated(LIMITS, stated(120, 0)), "activities_mbq"),
        (restated(LIMITS, stated(120, -80)), "activities_mbq"),
        (restated(LIMITS, stated(0.12, 80)), "activities_mbq"),
        (restated(LIMITS, stated(120, 80).replace(", left = 80", "")), "none for left"),
        (
            restated(f'model = "partition"\n{LIMITS}', f'model = "empiric"\n{stated(120, 80)}'),
            "predicts no dose of another",
        ),
        (
            restated(f'"resin"\nmodel = "partition"\n{LIMITS}', '"unknown"\nmodel = "partition"'),
            "'unknown'",
        ),
        (restated(LIMITS, f'{LIMITS}\nactivities_origin = "board"'), "none are stated"),
    ],
    ids=["unknown", "zero", "negative", "GBq", "left out", "model", "device", "origin alone"],
)
def test_what_cannot_be_chosen_is_refused(
    case: Path, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(case)
    result = run("plan", case)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert not list(case.glob("records/*-plan.json"))


@pytest.mark.parametrize(
    ("spoil", "options", "said", "code"),
    [
        (None, (), "--choose: only with --optimise", 2),
        (None, ("--optimise", "mean", "--model", "voxel"), 'state model = "voxel"', 2),
        (None, ("--optimise", "mean", "--earlier-lung-gy", "5"), "[[prior_treatments]]", 2),
        (
            restated(LIMITS, "limits = { perfused_normal_liver_gy = 90, normal_liver_gy = 40 }"),
            ("--optimise", "mean"),
            "the optimum gives nothing to left",
            1,
        ),
        (
            restated(f'[prescription]\ndevice = "resin"\nmodel = "partition"\n{LIMITS}\n', ""),
            ("--optimise", "mean"),
            "records no prescription",
            2,
        ),
        (
            restated("lung_shunt_fraction = 0.05\n", ""),
            ("--optimise", "mean"),
            "there is no optimum to choose for resin",
            1,
        ),
    ],
    ids=["no optimise", "other model", "earlier lung", "empty", "no prescription", "no optimum"],
)
def test_an_optimum_that_cannot_be_chosen_leaves_the_case_alone(
    case: Path,
    spoil: Callable[[Path], None] | None,
    options: tuple[str, ...],
    said: str,
    code: int,
) -> None:
    if spoil is not None:
        spoil(case)
    before = (case / "case.toml").read_bytes()
    result = run("plan", case, *options, "--choose")
    assert said in result.stderr, result.output
    assert result.exit_code == code
    assert (case / "case.toml").read_bytes() == before
    assert not list(case.glob("records/*-plan.json"))


def test_an_optimum_by_chance_says_so(case: Path) -> None:
    made = answer(
        "plan", case, "--optimise", "mean", "--choose", "--chance", "all=0.9", "--scenarios", "100"
    )
    origin = made["plan"]["choice"]["origin"]
    assert origin.endswith("chosen by the chance of keeping all 0.9, 100 scenarios, seed 1")
    assert "bound by" not in origin
    (best,) = [one for one in made["plan"]["optimised"] if one["device"] == "resin"]
    chosen = made["plan"]["chosen"]["administered_activity_bq"]
    assert chosen == pytest.approx(best["administered_activity_bq"], abs=0.2e6)


def test_a_case_that_cannot_be_written_is_refused(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("opensirt.app.choose.whole_file", locked)
    result = run("plan", case, "--optimise", "mean", "--choose")
    assert result.exit_code == 2
    assert "case.toml cannot be written (Permission denied)" in result.stderr
    assert not list(case.glob("records/*-plan.json"))
