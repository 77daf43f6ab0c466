"""The follow-up in the report and in results.json, of a case without any image."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from follow_up_case import tables, write

from opensirt.app.evaluate import RunOptions
from opensirt.app.run import run_folder
from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.report.figures.response_plots import (
    Bar,
    DosePoint,
    Lane,
    SpiderLine,
    dose_response_png,
    spider_png,
    swimmer_png,
    waterfall_png,
)
from opensirt.report.figures.timeline import TimelineLane, timeline_png
from opensirt.report.results import NO_VALUE
from opensirt.report.results_schema import results_schema

NOW = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = write(tmp_path_factory.mktemp("follow-up") / "case", tables())
    run_folder(case, RunOptions(made_at=NOW))
    return case / "report"


def test_results_hold_the_follow_up_without_null_and_fit_the_schema(report: Path) -> None:
    data = json.loads((report / "results.json").read_text())
    jsonschema.validate(data, results_schema())
    made = data["follow_up"]
    assert "null" not in json.dumps(made)
    assert made["day"] == 223
    # Values taken after treatment say nothing of whom to treat.
    assert data["selection"]["on"] == "2026-01-21"
    recist = next(
        one
        for one in made["response"]
        if one["criterion"] == "recist_1_1" and one["organs"] == NO_VALUE
    )
    assert [one["overall"] for one in recist["assessments"]] == ["SD", "PR"]
    assert recist["best"]["category"] == "PR"
    # 60 + 40 + 17 -> 33 + 22 + 17
    assert recist["assessments"][1]["now"] == 72
    assert made["dose_response"][0]["dose"] == Missing.NOT_RECORDED.value
    assert [one["version"] for one in made["toxicity"]] == ["v5", "v4.03"] * 2


def test_the_report_says_and_shows_it(report: Path) -> None:
    html = (report / "report.html").read_text()
    for words in (
        "Follow-up, day 223",
        "Everything with a date",
        "Best overall response",
        "Confirmed at 4 weeks or later",
        "Size and attenuation (Choi)",
        "Tumour load of the liver",
        "Liver disease after radioembolization, by definition",
        "Braat grade of liver toxicity",
        "Scores on every day that has one of their inputs",
        "Hepatobiliary function",
        "Quality of life, 0 to 100",
        "fatigue grade 2",
        "an example, marked so in case.toml: of no person",
    ):
        assert words in html, words
    for name in ("Timeline from day", "Waterfall of targets", "Spider plot", "Swimmer plot"):
        assert f'alt="{name}' in html, name
    assert (report / "report.pdf").read_bytes().startswith(b"%PDF")


def test_a_run_adds_the_record_of_the_follow_up(report: Path) -> None:
    names = [one.name for one in sorted((report.parent / "records").iterdir())]
    assert names == ["0001-select.json", "0002-follow-up.json"]


def test_a_treatment_that_is_yet_to_come_has_no_follow_up(tmp_path: Path) -> None:
    stated = tables()
    stated["follow_up"]["treated_on"] = datetime(2027, 1, 1, tzinfo=UTC).date()
    made = run_folder(write(tmp_path / "case", stated), RunOptions(made_at=NOW))
    (said,) = (one.text for one in made.findings if one.rule == "step_not_done")
    assert said == "follow-up was not possible: treatment on 2027-01-01 is yet to come"


def test_follow_up_without_a_treatment_day_says_what_is_missing(tmp_path: Path) -> None:
    stated = tables()
    del stated["follow_up"]["treated_on"]
    made = run_folder(write(tmp_path / "case", stated), RunOptions(made_at=NOW))
    assert "add treated_on to [follow_up]" in "".join(one.text for one in made.findings)


@pytest.mark.parametrize("draw", [waterfall_png, spider_png, dose_response_png])
def test_nothing_to_plot_is_refused(draw: Any) -> None:
    with pytest.raises(InputError):
        draw([], title="", quantity="", limits=(-0.3, 0.2))


def test_plots_take_plain_values_of_many_patients() -> None:
    limits = (-0.3, 0.2)
    many = [
        Bar(
            label=f"p{number}",
            change_fraction=None if number % 9 == 0 else number / 25 - 1,
            category="NE" if number % 9 == 0 else "SD",
        )
        for number in range(70)
    ]
    first = waterfall_png(many, title="many", quantity="Change", limits=limits)
    assert first.startswith(b"\x89PNG")
    assert first == waterfall_png(many, title="many", quantity="Change", limits=limits)
    lines = [SpiderLine(label="a", days=(0, 90, 180), change_fractions=(0.0, None, 0.3))]
    assert spider_png(lines, title="t", quantity="Change", limits=limits)
    lanes = [
        Lane(label="a", last_day=200, alive=True, marks=((90, "PR"), (20, "grade 3 or more"))),
        Lane(label="b", last_day=90, alive=False, marks=((90, "death"),)),
    ]
    assert swimmer_png(lanes, title="t")
    points = [DosePoint(label="a", mean_gy=100.0, change_fraction=-0.4, category="PR")]
    assert dose_response_png(points, title="t", quantity="Change", limits=limits)


def test_a_swimmer_plot_refuses_what_it_has_no_mark_for() -> None:
    with pytest.raises(InputError, match="no follow-up to draw"):
        swimmer_png([], title="")
    with pytest.raises(InputError, match="has no mark for PX"):
        swimmer_png([Lane(label="a", last_day=1, alive=None, marks=((1, "PX"),))], title="")


def test_a_timeline_without_lines_or_length_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to draw"):
        timeline_png([], last_day=1, first_shown=0, title="")
    with pytest.raises(InputError, match="shows nothing"):
        timeline_png([TimelineLane(label="a")], last_day=0, first_shown=0, title="")
