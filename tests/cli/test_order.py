"""`order` on a case folder: record, sheet, refusals, exit codes."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from case_folder import restated, write_case
from click.testing import CliRunner, Result
from pypdf import PdfReader

import opensirt
from opensirt.cli import main

SLOT = "2027-03-03T10:00+01:00"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture(scope="session")
def approved_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_case(tmp_path_factory.mktemp("approved") / "case")
    assert run("plan", folder).exit_code == 0
    for name in ("Ada", "Marie"):
        assert run("approve", folder, "--by", name).exit_code == 0
    return folder


@pytest.fixture
def case(approved_case: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(approved_case, tmp_path / "case"))


def test_an_order_leaves_a_record_and_a_sheet(case: Path) -> None:
    result = run("order", case, "--at", SLOT)
    assert result.exit_code == 0, result.output
    assert "an hour of delay costs 1.08%" in result.stdout
    assert "WARN ⚠ resin: calibrated every day" in result.stdout
    record = json.loads((case / "records" / "0004-order.json").read_text())
    plan = json.loads((case / "records" / "0001-plan.json").read_text())
    assert record["schema"] == "opensirt/order/1"
    assert record["treatment_at"] == "2027-03-03T10:00:00+01:00"
    (line,) = record["lines"]
    assert line["prescribed_bq"] == plan["plan"]["chosen"]["administered_activity_bq"]
    best = line["options"][0]
    assert best["waste_bq"] == pytest.approx(best["available_bq"] - line["dispensed_bq"])
    assert [one["by"] for one in record["approvals"]] == ["Ada", "Marie"]
    assert "null" not in (case / "records" / "0004-order.json").read_text()
    html = (case / "report" / "order.html").read_text()
    assert "Wed 2027-03-03 10:00+01:00" in html
    assert html.index("Key results</h2>") < html.index("to dispense") < html.index("Findings</h2>")
    assert "⚠" in html
    text = "".join(page.extract_text() for page in PdfReader(case / "report" / "order.pdf").pages)
    assert "Delivery options" in text
    # The checklist stands on the sheet and in the record; what is not known concerns the patient.
    assert "functioning tumour: embolization can trigger a carcinoid crisis" in html
    assert "Checklist" in text
    crisis = next(one for one in record["checklist"] if one["id"] == "hormonal_crisis")
    assert crisis["applies"] == "unknown"
    assert crisis["missing"] == ["functioning_syndrome"]


def test_json_is_the_record(case: Path) -> None:
    result = run("order", case, "--at", SLOT, "--json")
    record = json.loads((case / "records" / "0004-order.json").read_text())
    assert json.loads(result.stdout) == record


def test_the_slot_may_be_added_to_the_case_after_approval(case: Path) -> None:
    path = case / "case.toml"
    block = '\n[order]\nplanned_at = 2027-03-28T10:00:00\ntime_zone = "Europe/Amsterdam"\n'
    path.write_text(path.read_text() + block)
    result = run("order", case, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["treatment_at"] == "2027-03-28T10:00:00+02:00"


def test_without_a_slot_or_with_a_wrong_one_nothing_is_ordered(case: Path) -> None:
    refused = run("order", case)
    assert refused.exit_code == 2
    assert "records no treatment slot" in refused.stderr
    assert "has no zone" in run("order", case, "--at", "2027-03-03T10:00").stderr
    assert "such as 2026-03-04T10:00" in run("order", case, "--at", "tomorrow").stderr
    assert not (case / "records" / "0004-order.json").exists()


def test_an_unapproved_plan_is_refused(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case")
    assert "no plan record" in run("order", folder, "--at", SLOT).stderr
    assert run("plan", folder).exit_code == 0
    none = run("order", folder, "--at", SLOT)
    assert (none.exit_code, "approved by nobody" in none.stderr) == (1, True)
    run("approve", folder, "--by", "Ada")
    one = run("order", folder, "--at", SLOT)
    assert (one.exit_code, "approved by Ada only" in one.stderr) == (1, True)


def test_a_new_plan_needs_new_approvals(case: Path) -> None:
    assert run("plan", case).exit_code == 0
    refused = run("order", case, "--at", SLOT)
    assert refused.exit_code == 1
    assert "0004-plan.json is approved by nobody" in refused.stderr


def test_a_stale_plan_is_refused(case: Path) -> None:
    restated("lung_shunt_fraction = 0.05", "lung_shunt_fraction = 0.06")(case)
    refused = run("order", case, "--at", SLOT)
    assert refused.exit_code == 1
    assert "stale: case.toml changed" in refused.stderr


def test_a_plan_record_that_was_changed_is_not_the_approved_one(case: Path) -> None:
    path = case / "records" / "0001-plan.json"
    path.write_text(path.read_text().replace('"resin"', '"glass"'))
    refused = run("order", case, "--at", SLOT)
    assert refused.exit_code == 1
    assert "approved by nobody" in refused.stderr


def test_a_changed_site_profile_is_refused(case: Path) -> None:
    (case / "site.toml").write_text(
        'schema = "opensirt/site/1"\nname = "ours"\ntime_zone = "Europe/Amsterdam"\n'
    )
    assert "stale: site profile changed" in run("order", case, "--at", SLOT).stderr


def test_an_impossible_slot_is_refused_with_the_nearest_possible_ones(case: Path) -> None:
    path = case / "case.toml"
    block = "\n[order]\ncalibrations = [2027-03-03T12:00:00+01:00]\n"
    path.write_text(path.read_text() + block)
    refused = run("order", case, "--at", "2027-03-08T10:00+01:00")
    assert refused.exit_code == 1
    assert "Nearest possible: 2027-03-04T12:00+01:00" in refused.stderr
    assert run("order", case, "--at", "2027-03-04T12:00+01:00").exit_code == 0


def test_an_unknown_device_is_refused(case: Path) -> None:
    restated('device = "resin"\nmodel', 'device = "unknown"\nmodel')(case)
    refused = run("order", case, "--at", SLOT)
    assert refused.exit_code == 2
    assert "[prescription] device: found 'unknown'" in refused.stderr


def test_python_answers_as_the_command_line_does(case: Path) -> None:
    made, record = opensirt.order(case, at=SLOT, made_at=datetime(2027, 3, 1, tzinfo=UTC))
    said = json.loads(run("order", case, "--at", SLOT, "--json").stdout)
    assert said["lines"] == json.loads(record.read_text())["lines"]
    assert said["lines"][0]["dispensed_bq"] == made.lines[0].dispensed_bq
