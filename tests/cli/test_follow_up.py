"""follow-up: from the blocks of a case to a record."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from opensirt.cli import main

CASE = """schema = "opensirt/case/1"
key = "example"

[disease]
tumour_type = "neuroendocrine"
facts = { ascites = "none" }

[[labs]]
analyte = "bilirubin"
value = 12
unit = "umol/L"
on = 2026-01-05
upper_limit = 17

[[labs]]
analyte = "bilirubin"
value = 60
unit = "umol/L"
on = 2026-02-20
upper_limit = 17

[[symptoms]]
name = "flushing"
on = 2026-01-05
per_day = 5

[[symptoms]]
name = "flushing"
on = 2026-03-05
per_day = 0

[[adverse_events]]
term = "ascites"
version = "v5"
grade = 2
on = 2026-02-20

[[quality_of_life]]
questionnaire = "qlq_c30"
on = 2026-01-05
answers = { "29" = 5, "30" = 6 }

[follow_up]
example = true
treated_on = 2026-01-10
ctcae_versions = ["v4.03", "v5", "v6"]
reild_facts = { jaundice = true }

[[follow_up.lesions]]
id = "t1"
organ = "liver"
role = "target"
slice_thickness_mm = 5
longest_diameter_mm = 50
in_treated_area = false

[[follow_up.visits]]
on = 2026-01-03
sights = [{ lesion = "t1", longest_diameter_mm = 50, viable_diameter_mm = 50 }]

[[follow_up.visits]]
on = 2026-04-10
sights = [{ lesion = "t1", longest_diameter_mm = 30, viable_diameter_mm = 0 }]
new_lesions = []
"""
ON = ["--on", "2026-05-01"]


@pytest.fixture
def case(tmp_path: Path) -> Path:
    (tmp_path / "case.toml").write_text(CASE, encoding="utf-8")
    return tmp_path


def spoiled(case: Path, old: str, new: str) -> str:
    assert old in CASE
    (case / "case.toml").write_text(CASE.replace(old, new, 1), encoding="utf-8")
    result = CliRunner().invoke(main, ["follow-up", str(case), *ON])
    assert result.exit_code == 2, result.output
    assert not (case / "records").exists()
    return result.stderr


def test_a_follow_up_is_told_to_people_and_recorded(case: Path) -> None:
    result = CliRunner().invoke(main, ["follow-up", str(case), *ON])
    assert result.exit_code == 0, result.output
    for text in ("watch list", "CTCAE v4.03", "CTCAE v6", "Sangro 2008", "RECIST 1.1", "flushing"):
        assert text in result.stdout
    assert "is an example" in result.stdout
    utrecht = next(one for one in result.stdout.splitlines() if "Utrecht (van Roekel)" in one)
    assert "unknown" in utrecht
    assert [one.name for one in (case / "records").iterdir()] == ["0001-follow-up.json"]


def test_the_answer_in_json_is_the_record(case: Path) -> None:
    result = CliRunner().invoke(main, ["follow-up", str(case), *ON, "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said == json.loads((case / "records" / "0001-follow-up.json").read_text("utf-8"))
    assert (said["schema"], said["day"]) == ("opensirt/follow-up/1", 111)
    overall = {
        one["criterion"]: one["assessments"][0]["overall"]
        for one in said["response"]
        if one["assessments"]
    }
    assert overall["recist_1_1"] == "PR"
    assert overall["mrecist"] == "CR"
    met = {one["definition"]: one["met"] for one in said["reild"]}
    assert met["sangro_2008"] is True
    assert met["utrecht"] == "no trace in the source"
    assert said["symptoms"][0]["change"] == "resolved"
    assert said["quality_of_life"][0]["scores"]["QL"] == pytest.approx(75.0)
    assert said["provenance"]["inputs"]


def test_each_follow_up_adds_a_record(case: Path) -> None:
    for _ in range(2):
        CliRunner().invoke(main, ["follow-up", str(case), *ON])
    assert len(list((case / "records").iterdir())) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("treated_on = 2026-01-10\n", "", "records no day of treatment"),
        ("treated_on = 2026-01-10", "treated_on = 2026-06-01", "lies before treatment"),
        ("grade = 2", "grade = 6", "grade"),
        ('lesion = "t1", longest', 'lesion = "t2", longest', "does not list"),
        ('"v6"]', '"v7"]', "v4.03, v5, v6"),
        ("jaundice = true", "jaundize = true", "jaundize"),
        ('"29" = 5', '"29" = 8', "wanted 1 to 7"),
        ("treated_on = ", "treated = ", "treated"),
        ("2026-04-10", "2026-01-03", "2026-01-03"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_record(
    case: Path, old: str, new: str, message: str
) -> None:
    assert message in spoiled(case, old, new)


def test_a_grade_that_the_term_does_not_have_is_refused(case: Path) -> None:
    spoiled_text = CASE.replace('term = "ascites"', 'term = "hepatic_pain"').replace(
        "grade = 2", "grade = 5"
    )
    (case / "case.toml").write_text(spoiled_text, encoding="utf-8")
    result = CliRunner().invoke(main, ["follow-up", str(case), *ON])
    assert result.exit_code == 2
    assert "Hepatic pain has no grade 5 in CTCAE v5" in result.stderr


def test_the_day_of_treatment_and_of_administration_must_agree(case: Path) -> None:
    text = CASE + "\n[administration]\nadministered_at = 2026-01-11T12:00:00+01:00\n"
    (case / "case.toml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["follow-up", str(case), *ON])
    assert result.exit_code == 2
    assert "correct one of them" in result.stderr
    (case / "case.toml").write_text(text.replace("treated_on = 2026-01-10\n", ""), encoding="utf-8")
    result = CliRunner().invoke(main, ["follow-up", str(case), *ON, "--json"])
    assert json.loads(result.stdout)["treated_on"] == "2026-01-11"
