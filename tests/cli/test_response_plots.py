"""`response-plots`: several cases in one picture, by one criterion."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from opensirt.cli import main

CASE = """
schema = "opensirt/case/1"
key = "{key}"

[follow_up]
treated_on = 2026-01-10
lesions = [{{ id = "t", organ = "liver", role = "target" }}]
vital_status = {{ state = "{state}", on = 2026-06-01 }}
visits = [
  {{ on = 2026-01-03, sights = [{{ lesion = "t", longest_diameter_mm = 50 }}] }},
  {{ on = 2026-04-10, new_lesions = [], sights = [{{ lesion = "t", longest_diameter_mm = {mm} }}] }}
]

[[adverse_events]]
term = "ascites"
version = "v5"
grade = 3
on = 2026-03-01
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def case(folder: Path, key: str, mm: float, state: str = "alive") -> Path:
    made = folder / key
    made.mkdir()
    (made / "case.toml").write_text(CASE.format(key=key, mm=mm, state=state))
    return made


@pytest.fixture
def cases(tmp_path: Path) -> list[Path]:
    return [
        case(tmp_path, "p1", 20.0),
        case(tmp_path, "p2", 48.0),
        case(tmp_path, "p3", 70.0, "dead"),
    ]


def test_three_plots_are_written_and_no_record(cases: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "plots"
    result = run("response-plots", *cases, "--out", out, "--on", "2026-07-01", "--json")
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert made["criterion"] == "recist_1_1"
    names = {"waterfall_recist_1_1.png", "spider_recist_1_1.png", "swimmer_recist_1_1.png"}
    assert {Path(one).name for one in made["files"]} == names
    assert {one.name for one in out.iterdir()} == names
    assert not (cases[0] / "records").exists()


def test_what_cannot_be_drawn_is_refused(cases: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "plots"
    result = run("response-plots", *cases, "--out", out, "--criterion", "mrecist")
    assert result.exit_code == 2
    assert "none of 3 patients has an assessment by mRECIST" in result.stderr
    assert not out.exists()
    twice = run("response-plots", cases[0], cases[0], "--out", out)
    assert "two cases are called p1" in twice.stderr
    unknown = run("response-plots", cases[0], "--out", out, "--criterion", "recist")
    assert "unknown response criterion 'recist'" in unknown.stderr


def test_the_tables_of_a_follow_up_name_best_response(cases: list[Path]) -> None:
    result = run("follow-up", cases[0], "--on", "2026-07-01")
    assert result.exit_code == 0, result.output
    assert "Best overall response" in result.stdout
    assert "Lesions with their doses" in result.stdout
    assert "-60%" in result.stdout


SITE = """
schema = "opensirt/site/1"
name = "Ours"
time_zone = "UTC"

[response_criteria.our_recist]
title = "RECIST against baseline"
based_on = "recist_1_1"
progression_reference = "baseline"
partial_fraction = {partial}
source = "protocol 10"
"""


def test_a_criterion_of_the_site_is_drawn_and_two_meanings_are_refused(
    cases: list[Path], tmp_path: Path
) -> None:
    site = tmp_path / "site.toml"
    site.write_text(SITE.format(partial=0.5))
    out = tmp_path / "plots"
    asked = ("--out", out, "--criterion", "our_recist", "--on", "2026-07-01")
    result = run("response-plots", *cases, *asked, "--site", site)
    assert result.exit_code == 0, result.output
    assert (out / "waterfall_our_recist.png").exists()
    for one, partial in zip(cases[:2], (0.5, 0.6), strict=True):
        (one / "site.toml").write_text(SITE.format(partial=partial))
    mixed = run("response-plots", *cases[:2], *asked)
    assert mixed.exit_code == 2
    assert "site profile of p2 has another criterion our_recist" in mixed.stderr
    unknown = run("response-plots", cases[2], "--out", out, "--criterion", "ours")
    assert "unknown response criterion 'ours'" in unknown.stderr
