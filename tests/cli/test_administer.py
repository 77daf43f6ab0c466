"""`administer` on a case folder: from the vials' readings to the record, and on to verify."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from case_folder import CASE, restated, write_case
from click.testing import CliRunner, Result
from pypdf import PdfReader

import opensirt
from opensirt.cli import main
from opensirt.domain.missing import Missing

START = CASE.index("[administration]")
VIALS = """[administration]
device = "resin"

[[administration.vials]]
territory = "whole"
lot = "A1"
dispensed_mbq = 104
dispensed_at = 2026-03-02T10:00:00+01:00
injected_at = 2026-03-02T12:00:00+01:00
residual_mbq = 2
residual_at = 2026-03-02T13:00:00+01:00
"""
GIVEN = CASE[:START] + VIALS
SURVEY = (
    "survey = { dispensed_reading = 50.0, residual_reading = 1.0, "
    "dispensed_at = 2026-03-02T10:00:00+01:00, residual_at = 2026-03-02T10:00:00+01:00 }\n"
)
NET_BQ = 1e6 * (104 * 2 ** (-2 / 64.1) - 2 * 2 ** (1 / 64.1))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_a_delivery_leaves_a_record(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", GIVEN)
    assert run("plan", case).exit_code == 0
    result = run("administer", case)
    assert result.exit_code == 0, result.output
    assert "the plan 0001-plan.json was not approved by two people" in result.stdout
    assert "Radiation safety" in result.stdout
    record = json.loads((case / "records" / "0002-administer.json").read_text())
    assert record["schema"] == "opensirt/administration/1"
    assert record["net_bq"] == pytest.approx(NET_BQ, rel=1e-5)
    (site,) = record["territories"]
    plan = json.loads((case / "records" / "0001-plan.json").read_text())["plan"]["chosen"]
    assert site["prescribed_bq"] == plan["administered_activity_bq"]
    assert site["deviation"]["verdict"] == "event"
    assert "null" not in json.dumps(record)
    html = (case / "report" / "administration.html").read_text()
    assert html.index("Key results</h2>") < html.index("prescribed") < html.index("Findings</h2>")
    assert "Dose rate at 1 m" in html
    assert "Cremation" in html
    assert "no verified value" not in html  # every topic has a source for resin
    pages = PdfReader(case / "report" / "administration.pdf").pages
    assert "Radiation safety" in "".join(one.extract_text() for one in pages)


def test_json_and_python_give_the_same(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", GIVEN)
    said = json.loads(run("administer", case, "--json").stdout)
    made, record = opensirt.administer(case, made_at=datetime(2026, 3, 3, tzinfo=UTC))
    assert said["vials"] == json.loads(record.read_text())["vials"]
    assert not isinstance(made.net_bq, Missing)
    assert said["net_bq"] == made.net_bq


def test_the_verification_takes_the_activity_from_the_vials(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", GIVEN)
    document = json.loads(run("verify", case, "--json").stdout)
    given = document["verification"]["administered_activity_bq"]
    assert given == pytest.approx(NET_BQ, rel=1e-5)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("residual_at = 2026-03-02T13:00:00+01:00\n", "", "residual_mbq needs residual_at"),
        (
            "residual_mbq = 2\n",
            f"residual_mbq = 2\n{SURVEY}",
            "state residual_mbq or survey, not both",
        ),
        ("injected_at = 2026-03-02T12:00:00+01:00\n", "", "injected_at is missing"),
        ("residual_mbq = 2\n", "residual_mbq = 200\n", "check units and times of both"),
        (
            'device = "resin"\n\n[[adm',
            'device = "unknown"\n\n[[adm',
            "administration needs a device",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    case = write_case(tmp_path / "case", GIVEN)
    restated(old, new)(case)
    refused = run("administer", case)
    assert refused.exit_code == (1 if "needs a device" in said else 2), refused.output
    assert said in refused.stderr
    assert not list((case / "records").glob("*")) if (case / "records").exists() else True


def test_a_case_without_vials_says_what_to_add(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case")
    refused = run("administer", case)
    assert refused.exit_code == 2
    assert "add [[administration.vials]]" in refused.stderr


def test_another_device_than_prescribed_ends_with_code_1(tmp_path: Path) -> None:
    case = write_case(
        tmp_path / "case", GIVEN.replace('device = "resin"\n\n[[', 'device = "glass"\n\n[[')
    )
    assert run("plan", case).exit_code == 0
    result = run("administer", case)
    assert result.exit_code == 1
    assert "glass was given, the plan 0001-plan.json prescribes resin" in result.stdout


def test_survey_readings_and_directives_are_read(tmp_path: Path) -> None:
    text = GIVEN.replace("residual_mbq = 2\nresidual_at = 2026-03-02T13:00:00+01:00\n", "")
    text += (
        f"{SURVEY}"
        '[[administration.directives]]\nterritory = "whole"\nprescribed_mbq = 100\n'
        'assumed = ["prescribed_mbq"]\n'
    )
    case = write_case(tmp_path / "case", text)
    said = json.loads(run("administer", case, "--json").stdout)
    assert said["vials"][0]["residual_fraction"] == pytest.approx(0.02)
    assert said["territories"][0]["deviation"]["verdict"] == "within the level-1 tolerance"
    assert any("directive for whole" in one["text"] for one in said["findings"])
