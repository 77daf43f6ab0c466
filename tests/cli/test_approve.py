"""`approve` on a case folder: records, refusals, exit codes."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from case_folder import CASE, restated, write_case
from click.testing import CliRunner, Result

import opensirt
from opensirt.cli import main
from opensirt.provenance import sha256_of_file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture(scope="session")
def planned_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_case(tmp_path_factory.mktemp("planned") / "case")
    result = run("plan", folder)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def case(planned_case: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(planned_case, tmp_path / "case"))


def test_two_people_approve_and_each_leaves_a_record(case: Path) -> None:
    first = run("approve", case, "--by", "Ada Lovelace")
    assert first.exit_code == 0, first.output
    assert "one more approval is needed" in first.stdout
    second = run("approve", case, "--by", "Marie Curie", "--json")
    assert second.exit_code == 0, second.output
    said = json.loads(second.stdout)
    assert said["schema"] == "opensirt/approval/1"
    assert said["approvals_still_needed"] == 0
    record = json.loads((case / "records" / "0003-approve.json").read_text())
    assert record["approval"]["by"] == "Marie Curie"
    plan = case / "records" / "0001-plan.json"
    assert record["approval"]["plan_sha256"] == sha256_of_file(plan)
    assert record["approval"]["inputs"] == json.loads(plan.read_text())["provenance"]["inputs"]


def test_the_same_person_twice_is_refused_with_code_1_and_no_record(case: Path) -> None:
    assert run("approve", case, "--by", "Ada").exit_code == 0
    again = run("approve", case, "--by", "ADA")
    assert again.exit_code == 1
    assert "has approved the plan 0001-plan.json before" in again.stderr
    assert not (case / "records" / "0003-approve.json").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [("weight_kg = 78", "weight_kg = 79"), ("[tissue]", "# a remark\n[tissue]")],
)
def test_a_case_file_that_changed_after_planning_is_stale(case: Path, old: str, new: str) -> None:
    restated(old, new)(case)
    refused = run("approve", case, "--by", "Ada")
    assert refused.exit_code == 1
    assert "stale: case.toml changed" in refused.stderr


def test_an_image_that_changed_after_planning_is_stale(case: Path) -> None:
    content = bytearray((case / "maa.nii").read_bytes())
    content[-10] ^= 1
    (case / "maa.nii").write_bytes(bytes(content))
    refused = run("approve", case, "--by", "Ada")
    assert refused.exit_code == 1
    assert "stale: images.maa changed" in refused.stderr


def test_another_site_profile_is_stale(case: Path) -> None:
    text = 'schema = "opensirt/site/1"\nname = "ours"\ntime_zone = "Europe/Amsterdam"\n'
    (case / "site.toml").write_text(text)
    assert "stale: site profile changed" in run("approve", case, "--by", "Ada").stderr


def test_staff_of_the_site_alone_approve(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case")
    (folder / "site.toml").write_text(
        'schema = "opensirt/site/1"\nname = "ours"\ntime_zone = "Europe/Amsterdam"\n'
        '[[staff]]\nname = "Ada"\nrole = "physicist"\n[[staff]]\nname = "Marie"\n'
    )
    assert run("plan", folder).exit_code == 0
    refused = run("approve", folder, "--by", "Eve")
    assert refused.exit_code == 1
    assert "not of the staff in the site profile (Ada, Marie)" in refused.stderr
    assert run("approve", folder, "--by", "Ada").exit_code == 0


def test_without_a_plan_there_is_nothing_to_approve(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case")
    refused = run("approve", folder, "--by", "Ada")
    assert refused.exit_code == 1
    assert "no plan record" in refused.stderr


def test_a_plan_without_prescription_is_not_approved(tmp_path: Path) -> None:
    start = CASE.index("[prescription]")
    text = CASE[:start] + CASE[CASE.index("[administration]") :]
    folder = write_case(tmp_path / "case", text)
    assert run("plan", folder).exit_code in (0, 1)
    refused = run("approve", folder, "--by", "Ada")
    assert refused.exit_code == 1
    assert "prescribes nothing" in refused.stderr


def test_a_damaged_record_is_named(case: Path) -> None:
    (case / "records" / "0001-plan.json").write_text("{")
    assert run("approve", case, "--by", "Ada").exit_code == 2
    (case / "records" / "0001-plan.json").write_text("{}")
    refused = run("approve", case, "--by", "Ada")
    assert refused.exit_code == 2
    assert "0001-plan.json is damaged" in refused.stderr


def test_python_answers_as_the_command_line_does(case: Path) -> None:
    made = opensirt.approve(case, by="Ada", made_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    record = json.loads(Path(str(made["record"])).read_text())
    assert record["approval"]["approved_at"] == "2026-03-02T12:00:00+00:00"
    assert {**record, "record": made["record"]} == made
