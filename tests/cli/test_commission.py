"""The commission command; the suite itself is tested in tests/unit/test_acceptance.py."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from case_folder import write_case
from click.testing import CliRunner, Result

import opensirt.app.commission
import opensirt.phantom.commission
from opensirt.cli import main
from opensirt.domain.acceptance import Check
from opensirt.phantom.commission.formulas import formula_checks

PHANTOM = """schema = "opensirt/phantom/1"
name = "a ball"
[total]
activity_mbq = {total}
[[structures]]
label = "Tumour 1"
activity_concentration_bq_per_ml = {tumour}
tolerance_fraction = 0.05
"""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(opensirt.phantom.commission, "SUITE", {"formulas": formula_checks})
    monkeypatch.setattr(opensirt.app.commission, "PATIENTS", ())
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def asked(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["commission", "--out", str(folder), "--by", "A. P.", *options])


def test_a_report_is_written_signed_and_compared_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "acceptance"
    first = asked(out, "--json")
    assert first.exit_code == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["summary"]["fail"] == 0
    assert told["summary"]["pass"] > 30
    assert {one.name for one in out.iterdir()} == {
        "acceptance.json", "acceptance.html", "acceptance.pdf",
    }  # fmt: skip

    def other() -> Iterator[Check]:
        for number, one in enumerate(formula_checks()):
            yield Check(
                name=one.name, group=one.group, quantity=one.quantity, unit=one.unit,
                found=one.found + (1.0 if number == 0 else 0.0), wanted=one.wanted,
                tolerance=one.tolerance, source=one.source,
            )  # fmt: skip

    monkeypatch.setattr(opensirt.phantom.commission, "SUITE", {"formulas": other})
    second = asked(out)
    assert second.exit_code == 1
    again = json.loads((out / "acceptance.json").read_text())
    assert [one["name"] for one in again["changes"]] == ["body_surface_area/F1-1/area"]
    assert again["earlier"]["sha256"] == told["signature"]["sha256"]
    assert again["signature"]["public_key"] == told["signature"]["public_key"]
    assert "body surface area, F1-1: area" in second.stdout
    assert "Checks that failed" in (out / "acceptance.html").read_text()
    assert "whose signature holds" in (out / "acceptance.html").read_text()


def test_a_changed_earlier_report_stops_the_run_and_stays(tmp_path: Path) -> None:
    out = tmp_path / "acceptance"
    assert asked(out).exit_code == 0
    spoilt = (out / "acceptance.json").read_text().replace("A. P.", "B. Q.")
    (out / "acceptance.json").write_text(spoilt)
    refused = asked(out)
    assert (refused.exit_code, "changed after it was signed" in refused.stderr) == (2, True)
    assert (out / "acceptance.json").read_text() == spoilt


def test_nobody_accepts_nothing(tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["commission", "--out", str(tmp_path / "a"), "--by", " "])
    assert (refused.exit_code, "give your name with --by" in refused.stderr) == (2, True)
    assert not (tmp_path / "a").exists()


def test_the_phantom_of_the_site_is_measured(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case")
    out = tmp_path / "acceptance"
    missing = asked(out, "--phantom", str(case))
    assert (missing.exit_code, "phantom.toml does not exist" in missing.stderr) == (2, True)
    (case / "phantom.toml").write_text(PHANTOM.format(total=1.0, tumour=1.0))
    wrong = asked(out, "--phantom", str(case), "--json")
    assert wrong.exit_code == 1
    found = {one["name"]: one["found"] for one in json.loads(wrong.stdout)["checks"]}
    (case / "phantom.toml").write_text(
        PHANTOM.format(
            total=found["site_phantom/total"] / 1e6 * 1.04, tumour=found["site_phantom/Tumour 1"]
        )
    )
    right = asked(out, "--phantom", str(case), "--json")
    assert right.exit_code == 0
    (case / "phantom.toml").write_text(
        PHANTOM.format(total=1.0, tumour=1.0).replace("Tumour 1", "Sphere")
    )
    unknown = asked(out, "--phantom", str(case))
    assert (unknown.exit_code, "names the structure 'Sphere'" in unknown.stderr) == (2, True)
