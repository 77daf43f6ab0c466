"""`select` on a case folder: record, page, JSON, refusals."""

import json
from pathlib import Path

from case_folder import CASE, WITHOUT_SCOUT, restated, write_case
from click.testing import CliRunner, Result
from clinical_cases import TEXT

from opensirt.cli import main


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_select_answers_adds_a_record_and_writes_the_page(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case", CASE + TEXT)
    result = run("select", folder, "--page", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["selection"]["device"] == "resin"
    assert answer["selection"]["on"] == "2026-03-02"
    assert answer["selection"]["facts"]["prrt_before"] is True
    assert answer["selection"]["facts"]["lung_shunt_fraction"] == 0.05
    record = json.loads((folder / "records" / "0001-select.json").read_text("utf-8"))
    assert record["selection"]["rules"] == answer["selection"]["rules"]
    assert {one.name for one in (folder / "report").iterdir()} == {
        "tumour-board.html",
        "tumour-board.pdf",
    }


def test_a_case_without_images_can_be_selected(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    text = 'schema = "opensirt/case/1"\nkey = "clinic"\n' + TEXT
    (folder / "case.toml").write_text(text, encoding="utf-8")
    result = run("select", folder, "--on", "2026-03-01", "--device", "glass")
    assert result.exit_code == 0, result.output
    assert "unknown" in result.stdout
    assert "ALBI" in result.stdout


def test_a_case_without_a_scout_needs_none(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case", WITHOUT_SCOUT + TEXT)
    assert run("select", folder).exit_code == 0


def test_a_wrong_unit_is_refused_and_nothing_is_recorded(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case", CASE + TEXT)
    restated("value = 10.0", "value = 0.6")(folder)
    result = run("select", folder)
    assert result.exit_code == 2
    assert "mg/dL" in result.output
    assert not (folder / "records").exists()


def test_a_misspelt_key_of_a_clinical_block_is_refused(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case", CASE + TEXT)
    restated('grade = "G2"', 'grad = "G2"')(folder)
    result = run("select", folder)
    assert result.exit_code == 2
    assert "did you mean 'grade'" in result.output


def test_an_absolute_contraindication_ends_with_code_1(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case", CASE + TEXT)
    restated('ascites = "none"', 'active_hepatitis = true, ascites = "none"')(folder)
    assert run("select", folder).exit_code == 1


def test_run_holds_the_selection_when_the_case_has_clinical_blocks(
    tmp_path: Path, done_case: Path
) -> None:
    plain = json.loads((done_case / "report" / "results.json").read_text("utf-8"))
    assert "selection" not in plain
    folder = write_case(tmp_path / "case", CASE + TEXT)
    result = run("run", folder, "--json")
    assert result.exit_code in (0, 1), result.output
    assert json.loads(result.stdout)["selection"]["rules"]
    assert list((folder / "records").glob("*-select.json"))
