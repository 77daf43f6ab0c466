"""Verifications fill the ledger of a site, and `site --show` tells what it says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from case_folder import CASE, restated, write_case
from click.testing import CliRunner, Result

from opensirt.app.ledger import past_residuals_bq, site_errors
from opensirt.app.site import site_in_force
from opensirt.cli import main
from opensirt.domain.delivery_error import ErrorDistribution, ErrorOrigin, ErrorQuantity
from opensirt.domain.missing import Missing
from opensirt.domain.site_ledger import LedgerEntry, with_content
from opensirt.files.ledger_file import append_entry, read_ledger

SITE = 'schema = "opensirt/site/1"\nname = "test"\ntime_zone = "Europe/Amsterdam"\n'


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "hospital" / "site.toml"
    path.parent.mkdir()
    path.write_text(SITE)
    return path


def test_a_verification_is_entered_once_and_a_correction_supersedes(
    site: Path, tmp_path: Path
) -> None:
    case = write_case(tmp_path / "case")
    ledger = site.parent / "site-ledger.json"
    result = run("verify", case, "--site", site)
    assert result.exit_code == 0, result.output
    assert "entry 1 of the site ledger" in result.stdout
    text = ledger.read_text()
    assert "phantom" not in text  # the pseudonym
    assert "Tumour" not in text
    [entry] = read_ledger(ledger).entries
    assert entry.device == "resin"
    [lesion] = entry.lesions
    assert lesion.delivered_ratio == pytest.approx(lesion.planned_ratio, rel=1e-5)
    assert lesion.dose_ratio == pytest.approx(1.0, rel=0.06)  # 5 % went to the lungs unimaged
    again = run("run", case, "--site", site)
    assert again.exit_code in (0, 1), again.output
    assert "already; it is not counted twice" in again.stdout
    assert ledger.read_text() == text
    restated("administered_activity_mbq = 100", "administered_activity_mbq = 90")(case)
    assert "supersedes an earlier one" in run("verify", case, "--site", site).stdout
    assert len(read_ledger(ledger).entries) == 2
    assert len(read_ledger(ledger).in_force()) == 1


def test_without_a_site_profile_nothing_is_entered(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case")
    result = run("verify", case)
    assert result.exit_code == 0
    assert "site ledger" not in result.stdout
    assert not list(tmp_path.rglob("site-ledger.json"))


def test_the_ledger_may_lie_elsewhere(site: Path, tmp_path: Path) -> None:
    site.write_text(SITE + 'ledger = "../ours.json"\n')
    run("verify", write_case(tmp_path / "case"), "--site", site)
    assert (tmp_path / "ours.json").is_file()


def test_show_tells_what_is_in_force_and_how_often_predictions_held(
    site: Path, tmp_path: Path
) -> None:
    shown = run("site", "--show", "--site", site)
    assert "0 entries of 0 courses" in shown.stdout
    for number in range(20):
        text = CASE.replace('key = "phantom"', f'key = "phantom-{number}"')
        if number == 0:
            assert run("verify", write_case(tmp_path / "case", text), "--site", site).exit_code == 0
            [first] = read_ledger(site.parent / "site-ledger.json").entries
            continue
        if number == 19:
            before = site_errors(site_in_force(given=site), "resin")
        append_entry(site.parent / "site-ledger.json", other(first, number))
    quantity = ErrorQuantity.TUMOUR_TO_NORMAL_RATIO
    assert origin(before.of(quantity)) is ErrorOrigin.PUBLISHED
    after = site_errors(site_in_force(given=site), "resin")
    assert origin(after.of(quantity)) is ErrorOrigin.SITE
    shown = run("site", "--show", "--site", site)
    assert "20 entries of 20 courses" in shown.stdout
    assert "resin, scout Tc-99m: 20 cases, 20 lesions" in shown.stdout
    assert "site history" in shown.stdout
    answer = json.loads(run("site", "--show", "--site", site, "--json").stdout)
    [experience] = answer["ledger"]["experience"]
    (held,) = [
        one for one in experience["quantities"] if one["quantity"] == "tumour_to_normal_ratio"
    ]
    assert held["in_force"]["origin"] == "site history"
    assert held["past"]["n_values"] == 20
    assert held["past"]["held"][-1] == 20


def test_robust_planning_draws_from_the_ledger(site: Path, tmp_path: Path) -> None:
    case = write_case(tmp_path / "case")
    run("verify", case, "--site", site)
    [first] = read_ledger(site.parent / "site-ledger.json").entries
    for number in range(1, 20):
        append_entry(site.parent / "site-ledger.json", other(first, number))
    asked = ("plan", case, "--optimise", "mean", "--robust", "--scenarios", 100, "--json")
    without, with_ledger = run(*asked), run(*asked, "--site", site)
    assert without.exit_code == with_ledger.exit_code == 0, with_ledger.output
    assert "site ledger, 20 verifications, resin" not in without.stdout
    assert "site ledger, 20 verifications, resin" in with_ledger.stdout


def other(first: LedgerEntry, number: int) -> LedgerEntry:
    return with_content(replace(first, course=f"{number:064x}"))


def origin(one: ErrorDistribution | Missing) -> ErrorOrigin:
    assert not isinstance(one, Missing)
    return one.origin


def test_a_damaged_ledger_is_named(site: Path, tmp_path: Path) -> None:
    (site.parent / "site-ledger.json").write_text("{}")
    refused = run("verify", write_case(tmp_path / "case"), "--site", site)
    assert refused.exit_code == 2
    assert "site-ledger.json is no site ledger" in refused.stderr


def test_the_schema_of_the_ledger_accepts_it(site: Path, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    run("verify", write_case(tmp_path / "case"), "--site", site)
    schema = json.loads(run("schema", "ledger").stdout)
    jsonschema.validate(json.loads((site.parent / "site-ledger.json").read_text()), schema)


def test_residuals_of_history_and_ledger_are_taken_together(site: Path, tmp_path: Path) -> None:
    past = "".join(
        f'[[residual_history]]\ndevice = "resin"\ndispensed_mbq = 1500\nresidual_mbq = {mbq}\n'
        for mbq in range(20, 39)
    )
    site.write_text(SITE + past)
    text = CASE + "dispensed_activity_mbq = 110\nresidual_activity_mbq = 10\n"
    run("verify", write_case(tmp_path / "case", text), "--site", site)
    found = past_residuals_bq(site_in_force(given=site), "resin")
    assert len(found) == 20
    assert found[-1] == pytest.approx(10e6, rel=1e-6)
    assert past_residuals_bq(site_in_force(given=site), "glass") == ()
