"""From a table to follow-up: what was imported comes back as it was, example of the how-to."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path

from click.testing import CliRunner

from opensirt.app.follow_up_course import follow_up_of
from opensirt.app.import_records import import_records
from opensirt.app.read_case import read_case
from opensirt.cli import main
from opensirt.files.follow_up_blocks import FollowUpBlocks
from opensirt.files.toml_document import validated

HOW_TO = Path(__file__).parents[2] / "docs/how-to/import-and-follow-up.md"
COLUMNS = (
    "record_id,redcap_event_name,redcap_repeat_instrument,sirt_date,lab_date,bili,visit_date,"
    "ascites_grade,cirrhosis,ct_date,recist_sum,mrecist_sum,remarks"
)
TABLE = f"""{COLUMNS}
1,baseline_arm_1,,2025-01-10,,,,,0,2025-01-03,"50,5","50,5",x
1,visits_arm_1,laboratory,,05.01.2025,"12,5",,,,,,,
1,visits_arm_1,laboratory,,2025-02-20,60,,,,,,,
1,visits_arm_1,,,,,2025-02-20,2,,,,,
"""


def blocks() -> tuple[str, str]:
    text = HOW_TO.read_text(encoding="utf-8")
    mapping, follow_up, symptoms, _ = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    return mapping, follow_up + symptoms


def test_the_mapping_of_the_how_to_imports_and_the_record_comes_back(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "map.toml").write_text(blocks()[0], encoding="utf-8")
    made = import_records(
        tmp_path / "table.csv",
        tmp_path / "map.toml",
        out=tmp_path / "cases",
        today=date(2026, 1, 1),
    )
    assert made.result.refused == ()
    (record,) = made.result.records
    again, course, _ = follow_up_of(read_case(made.written[0]))
    assert again == record
    assert course.treated_on == date(2025, 1, 10)
    result = CliRunner().invoke(main, ["follow-up", str(made.written[0]), "--json"])
    assert result.exit_code == 0, result.output
    (window,) = json.loads(result.stdout)["toxicity"]
    worst = {one["term"]: one["grade"] for one in window["laboratory"]}
    assert worst["Blood bilirubin increased"] == 3
    assert [one["grade"] for one in window["events"]] == [2]


def test_the_follow_up_of_the_how_to_can_be_done(tmp_path: Path) -> None:
    head = 'schema = "opensirt/case/1"\nkey = "example"\n'
    (tmp_path / "case.toml").write_text(head + blocks()[1], encoding="utf-8")
    result = CliRunner().invoke(main, ["follow-up", str(tmp_path), "--on", "2026-05-01", "--json"])
    assert result.exit_code == 0, result.output
    overall = {
        one["criterion"]: one["assessments"][0]["overall"]
        for one in json.loads(result.stdout)["response"]
        if one["assessments"]
    }
    assert (overall["recist_1_1"], overall["mrecist"]) == ("SD", "CR")


def test_the_further_blocks_of_the_how_to_are_valid() -> None:
    text = HOW_TO.read_text(encoding="utf-8")
    *_, further = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    made = validated(FollowUpBlocks, tomllib.loads(further), Path("case.toml"))
    assert made.follow_up.stable_at_least_days == 42
    assert [one.sul_peak for one in made.follow_up.fdg_scans] == [8.0, 4.1]
    assert made.follow_up.visits[0].segmentations[0].lesions == {"Tumor 1": "tumour 1"}
