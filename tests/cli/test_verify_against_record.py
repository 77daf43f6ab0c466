"""A delivery is held against the plan that was ordered and given, not against one made again."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders import activity
from case_folder import CASE, GRID, write_case
from click.testing import CliRunner, Result
from two_lobes import TEXT, TOTAL_BQ, lobes, uptake, write_two_lobes

from opensirt.cli import main
from opensirt.files.write import write_nifti

SLOT = "2027-03-03T10:00+01:00"
VIAL = """
[[administration.vials]]
territory = "{name}"
dispensed_mbq = {mbq}
dispensed_at = 2026-03-02T12:00:00+01:00
injected_at = 2026-03-02T12:00:00+01:00
residual_mbq = 0
residual_at = 2026-03-02T12:00:00+01:00
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def answer(*arguments: object) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code in (0, 1), result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def with_vials(text: str, **given_mbq: float) -> str:
    """Return a case.toml with what was given in vials, in place of a stated activity."""
    text = text.replace("administered_activity_mbq = 100\n", "")
    return text + "".join(VIAL.format(name=name, mbq=mbq) for name, mbq in given_mbq.items())


def rules(made: dict[str, Any]) -> dict[str, str]:
    return {one["rule"]: one["text"] for one in made["findings"]}


def ordered_case(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return a case whose plan was approved by two people and ordered, and that plan."""
    case = write_case(folder, with_vials(CASE, whole=104))
    planned = answer("plan", case)
    for name in ("Ada", "Marie"):
        assert run("approve", case, "--by", name).exit_code == 0
    assert run("order", case, "--at", SLOT).exit_code in (0, 1)
    return case, planned


def halve_the_limit(case: Path) -> None:
    path = case / "case.toml"
    path.write_text(path.read_text().replace("liver_gy = 40", "liver_gy = 20"))


def test_the_ordered_plan_is_compared_with_though_another_was_made_since(tmp_path: Path) -> None:
    case, planned = ordered_case(tmp_path)
    halve_the_limit(case)
    again = answer("plan", case)
    wanted = planned["plan"]["chosen"]["administered_activity_bq"]
    assert again["plan"]["chosen"]["administered_activity_bq"] == pytest.approx(wanted / 2)

    given = answer("administer", case)
    assert given["plan_record"] == "0001-plan.json"
    assert given["territories"][0]["prescribed_bq"] == wanted
    assert "plan_not_approved" not in rules(given)

    made = answer("verify", case)
    delivery = made["verification"]["delivery"]
    assert delivery["plan"]["record"] == "0001-plan.json"
    assert delivery["plan"]["standing"] == "given"
    assert delivery["plan"]["named_by"] == "0006-administer.json"
    assert delivery["given_over_planned_ratio"] == pytest.approx(104e6 / wanted)
    [dose] = planned["plan"]["doses"]
    on_record = {one["label"]: one["mean_gy"] for one in dose["structures"]}
    compared = made["verification"]["planned_against_measured"]
    assert {one["label"]: one["planned_gy"] for one in compared} == on_record
    assert delivery["voxels"]  # the map of the record is laid out anew: the limit is not in it
    assert "0001-plan.json" in rules(made)["compared_plan"]
    assert "plan_made_again" not in rules(made)

    ran = run("run", case)
    assert ran.exit_code in (0, 1)
    results = json.loads((case / "report" / "results.json").read_text())
    assert results["verification"]["delivery"]["plan"]["record"] == "0001-plan.json"
    assert results["plan"]["chosen"]["administered_activity_bq"] == pytest.approx(wanted / 2)


def test_a_case_that_is_not_that_of_the_plan_any_more_is_compared_by_structure(
    tmp_path: Path,
) -> None:
    case, planned = ordered_case(tmp_path)
    path = case / "case.toml"
    text = path.read_text()
    path.write_text(text.replace("liver_density_g_per_ml = 1.05", "liver_density_g_per_ml = 1.03"))
    made = answer("verify", case)
    delivery = made["verification"]["delivery"]
    assert delivery["plan"]["standing"] == "ordered"
    assert not delivery["voxels"]
    assert "by structure, not by voxel" in rules(made)["plan_not_reproduced"]
    [dose] = planned["plan"]["doses"]
    compared = made["verification"]["planned_against_measured"]
    assert compared[0]["planned_gy"] == dose["structures"][0]["mean_gy"]


def test_a_plan_that_was_changed_after_it_was_ordered_is_refused(tmp_path: Path) -> None:
    case, _ = ordered_case(tmp_path)
    record = case / "records" / "0001-plan.json"
    record.write_text(record.read_text().replace('"sphere_count"', '"spheres"'))
    for verb in ("verify", "administer", "run"):
        refused = run(verb, case)
        assert refused.exit_code != 0
        assert "0001-plan.json was changed after 0004-order.json named it" in refused.stderr
    record.unlink()
    assert "does not hold" in run("verify", case).stderr


def test_without_an_approved_plan_verify_says_what_it_compares_with(tmp_path: Path) -> None:
    case = write_case(tmp_path)
    made = answer("verify", case)
    assert made["verification"]["delivery"]["plan"]["standing"] == "made again"
    assert "made now from the case as it is" in rules(made)["plan_made_again"]
    answer("plan", case)
    made = answer("verify", case)
    assert made["verification"]["delivery"]["plan"]["standing"] == "not approved by two people"
    assert "0002-plan.json" in rules(made)["compared_plan"]
    for name in ("Ada", "Marie"):
        assert run("approve", case, "--by", name).exit_code == 0
    halve_the_limit(case)
    answer("plan", case)
    plan = answer("verify", case)["verification"]["delivery"]["plan"]
    assert plan["record"] == "0002-plan.json"
    assert plan["standing"] == "approved, neither ordered nor given"


def test_a_plan_approved_after_the_order_is_named(tmp_path: Path) -> None:
    case, _ = ordered_case(tmp_path)
    halve_the_limit(case)
    answer("plan", case)
    for name in ("Ada", "Marie"):
        assert run("approve", case, "--by", name).exit_code == 0
    made = answer("verify", case)
    assert made["verification"]["delivery"]["plan"]["record"] == "0001-plan.json"
    assert "0005-plan.json was approved after 0004-order.json" in rules(made)["later_plan"]


def test_each_territory_is_held_against_what_it_was_given(tmp_path: Path) -> None:
    """One lobe got nine tenths of its plan, the other half: no tumour is off from its own."""
    case = write_two_lobes(tmp_path)
    planned = answer("plan", case)
    mbq = {
        name: bq / 1e6 for name, bq in planned["plan"]["choice"]["administered_activity_bq"].items()
    }
    parts = {"right": 0.9, "left": 0.5}
    given = {name: parts[name] * mbq[name] for name in parts}
    path = case / "case.toml"
    path.write_text(with_vials(TEXT, **given))
    values = uptake().astype(float)
    for name, lobe in zip(("right", "left"), lobes(), strict=True):
        inside = values[lobe.values].sum() * GRID.voxel_volume_ml
        values[lobe.values] *= 1e6 * given[name] / inside
    write_nifti(case / "pet.nii", activity(GRID, values))
    made = answer("verify", case)
    delivery = made["verification"]["delivery"]
    assert delivery["territories_given_over_planned_ratio"] == pytest.approx(parts)
    rows = {one["label"]: one for one in made["verification"]["planned_against_measured"]}
    for label, part in (("Tumour 1", 0.9), ("Tumour 2", 0.5)):
        one = rows[label]
        as_given = one["planned_for_given_activity_gy"]
        assert as_given / one["planned_gy"] == pytest.approx(part, rel=0.03)
        # all of the activity given is on the image, and 5 % of that planned goes to the lungs
        assert one["delivered_gy"] / as_given == pytest.approx(1 / 0.95, rel=0.01)
    assert "territories_in_proportion" not in rules(made)


def test_without_vials_the_territories_are_taken_in_proportion(tmp_path: Path) -> None:
    case = write_two_lobes(tmp_path)
    path = case / "case.toml"
    path.write_text(TEXT + f"administered_activity_mbq = {TOTAL_BQ / 1e6}\n")
    made = answer("verify", case)
    assert "same part" in rules(made)["territories_in_proportion"]
    assert not made["verification"]["delivery"]["territories_given_over_planned_ratio"]
