"""Pages of the documentation followed command by command; what they print of it is so."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from builders import ball, centred_grid, counts, structure
from case_folder import write_case
from click.testing import CliRunner
from doc_pages import ROOT, blocks_of, commands_in
from numpy.typing import NDArray

from opensirt.cli import main
from opensirt.domain.image import Image3D
from opensirt.domain.structure import StructureKind
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti, write_nrrd

HOW_TO = ROOT / "docs" / "how-to"


def commands(page: str, numbers: Sequence[int] | None = None) -> list[list[str]]:
    """Return the commands in the text blocks of a page, in order."""
    blocks = [one for one in blocks_of(HOW_TO / page) if one.language in ("text", "sh", "bash")]
    chosen = blocks if numbers is None else [blocks[one] for one in numbers]
    return [words for block in chosen for words in commands_in(block.text)]


def follow(lines: list[list[str]], codes: tuple[int, ...] = (0,)) -> str:
    """Run commands one after the other and return all that they say."""
    said = []
    for words in lines:
        result = CliRunner().invoke(main, words)
        assert result.exit_code in codes, f"opensirt {' '.join(words)}\n{result.output}"
        said.append(result.output)
    return "\n".join(said)


@pytest.fixture(scope="module")
def statistics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the simulated cohort that the pages on statistics begin with."""
    folder = tmp_path_factory.mktemp("statistics")
    (first, *_) = commands("survival-of-a-cohort.md")
    assert first[:3] == ["cohort", "simulate", "nelm"]
    follow([[*first[:2], str(folder / "nelm"), *first[3:]]])
    return folder


def test_survival_of_a_cohort(statistics: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(statistics)
    first, *others = commands("survival-of-a-cohort.md")
    assert first[1] == "simulate"
    follow([one for one in others if one[2].startswith("nelm/")])  # the others ask a store
    made = {one.name for one in statistics.glob("*.p*")}
    assert {"survival.png", "response.png", "toxicity.png", "compare.pdf", "scores.png"} <= made


def test_dose_response(statistics: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(statistics)
    said = follow(commands("dose-response.md"))
    page = (HOW_TO / "dose-response.md").read_text(encoding="utf-8")
    printed = re.search(r"> ⚠ (\d+ Gy \(\d+ to \d+\))[^;]*;\s*>?\s*(\d+ lesions of \d+ pat)", page)
    assert printed is not None
    assert printed[1] in said
    assert printed[2] in said
    gain = re.search(r"ΔAIC\s+(\d+\.\d)", page)
    assert gain is not None
    assert re.search(rf"planned_gy .* {re.escape(gain[1])} ", said)


def test_living_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    follow(commands("living-evidence.md", (0, 1)))
    assert (tmp_path / "dcr.png").exists()
    assert (tmp_path / "ours.png").exists()


def test_choose_activities_then_approve_and_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    write_case(tmp_path / "my-case")
    said = follow(commands("choose-activities.md"), codes=(0, 1))  # 1: a stop among the findings
    assert "Chosen: optimised: largest mean dose" in said
    follow(commands("order-and-administer.md"))
    shown = next(
        one for one in blocks_of(HOW_TO / "order-and-administer.md") if "[order]" in one.text
    )
    with (tmp_path / "my-case" / "case.toml").open("a", encoding="utf-8") as file:
        file.write(shown.text)
    assert "to dispense" in follow([["order", "my-case", "--at", "2026-03-05T10:00+01:00"]])


def meta_image(path: Path, values: NDArray[np.floating]) -> None:
    image = SimpleITK.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing((4.0, 4.0, 4.0))
    SimpleITK.WriteImage(image, str(path))


def test_dose_of_any_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    grid = centred_grid((16, 16, 16), (4.0, 4.0, 4.0), "one")
    liver = ball(grid, (0.0, 0.0, 0.0), 20.0)
    image = counts(grid, np.where(liver.values, 50.0, 0.0))
    write_nifti(tmp_path / "activity.nii.gz", image)
    write_nrrd(tmp_path / "spect.nrrd", image)
    inside = Image3D(grid=grid, values=liver.values.astype(np.float32))
    write_nifti(tmp_path / "liver.nii.gz", inside)
    organ = structure("liver", StructureKind.LIVER, liver)
    write_label_map_seg_nrrd(tmp_path / "organs.seg.nrrd", [organ])
    meta_image(tmp_path / "tia.mha", image.values)
    meta_image(tmp_path / "ct.mha", np.where(liver.values, 55.0, -1000.0))
    said = follow(commands("dose-of-any-image.md"))
    assert (tmp_path / "kernel.csv").read_text(encoding="utf-8").startswith("i,j,k,s_mgy")
    assert "liver" in (tmp_path / "dvh.csv").read_text(encoding="utf-8")
    assert "energy scored" in said
