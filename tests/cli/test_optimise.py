"""plan --optimise on the command line, and every refusal that a planner meets."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import ball, counts, structure
from case_folder import (
    GRID,
    LIVER_AT,
    LIVER_MM,
    TUMOUR_AT,
    TUMOUR_MM,
    drawn,
    restated,
    uptake,
    write_case,
)
from click.testing import CliRunner, Result

from opensirt.cli import main
from opensirt.domain.structure import StructureKind
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_case(tmp_path_factory.mktemp("optimise") / "case")


def plan(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["plan", str(folder), *options])


def refused(result: Result) -> str:
    assert result.exit_code == 2, (result.output, result.exception)
    assert "Traceback" not in result.stderr
    return result.stderr


def test_the_optimum_is_in_the_tables_and_in_json(folder: Path) -> None:
    shown = plan(folder, "--optimise", "minimum", "--robust", "--scenarios", "200")
    assert shown.exit_code == 0, shown.output
    for words in (
        "Optimised: largest mean dose of the least-dosed tumour",
        "How likely each goal is met",
        "Second check by an independent",
        "perfused normal liver 40 Gy",
    ):
        assert words in shown.output.replace("\n", " ")
    machine = plan(
        folder, "--optimise", "minimum", "--robust", "--scenarios", "200", "--seed", "3", "--json"
    )
    content = json.loads(machine.stdout)["plan"]
    resin = next(one for one in content["optimised"] if one["device"] == "resin")
    row = next(
        one for one in content["rows"] if (one["device"], one["model"]) == ("resin", "partition")
    )
    assert resin["administered_activity_bq"] == pytest.approx(row["administered_activity_bq"])
    assert resin["robust"]["scenario_count"] == 200
    assert resin["robust"]["seed"] == 3
    assert max(abs(one["difference_fraction"]) for one in content["second_checks"]) < 0.05


def test_the_same_seed_gives_the_same_chances(folder: Path) -> None:
    options = ("--optimise", "mean", "--chance", "all=0.9", "--scenarios", "100", "--json")
    first, second = (json.loads(plan(folder, *options).stdout)["plan"] for _ in range(2))
    assert first["optimised"] == second["optimised"]
    assert first["optimised"][0]["robust"]["chosen_by_chance"] == {"all": 0.9}


def test_limits_that_exclude_every_activity_stop_and_say_what_would_have_to_give(
    folder: Path,
) -> None:
    result = plan(folder, "--optimise", "minimum", "--earlier-lung-gy", "55")
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "STOP optimiser, resin: the limits in force exclude every activity" in said
    assert "lung cumulative 50 Gy to 55 Gy" in said


def test_options_that_belong_together_are_asked_for_together(folder: Path) -> None:
    assert "--robust, --seed: only with --optimise" in refused(
        plan(folder, "--robust", "--seed", "2")
    )
    assert "--scenarios and --seed: only with --robust" in refused(
        plan(folder, "--optimise", "mean", "--seed", "2")
    )
    assert "--most-vials: only with --vials" in refused(
        plan(folder, "--optimise", "mean", "--most-vials", "2")
    )
    assert "wanted a limit and a chance, such as lung=0.95" in refused(
        plan(folder, "--optimise", "mean", "--chance", "lung")
    )
    assert "given as %? Then write 0.95" in refused(
        plan(folder, "--optimise", "mean", "--chance", "lung=95")
    )
    assert "no verified one exists for neuroendocrine tumours" in refused(
        plan(folder, "--optimise", "control")
    )
    assert "unknown model to optimise 'bsa'" in refused(
        plan(folder, "--optimise", "mean", "--model", "bsa")
    )


def spoilt(tmp_path: Path, spoil: Callable[[Path], None]) -> Path:
    folder = write_case(tmp_path / "case")
    spoil(folder)
    return folder


def tumour_without_uptake(folder: Path) -> None:
    values = uptake() * 100
    values[ball(GRID, TUMOUR_AT, TUMOUR_MM).values] = 0.0
    write_nifti(folder / "maa.nii", counts(GRID, values))


def tumour_larger_than_liver(folder: Path) -> None:
    liver, _, perfused = drawn()
    huge = structure("Tumour 1", StructureKind.TUMOUR, ball(GRID, LIVER_AT, LIVER_MM + 10.0))
    write_label_map_seg_nrrd(folder / "drawn.seg.nrrd", (liver, perfused))
    write_label_map_seg_nrrd(folder / "tumour.seg.nrrd", (huge,))
    restated('"Tumour *" = "tumour", ', "")(folder)
    restated(
        "[tissue]",
        '[[structures]]\npath = "tumour.seg.nrrd"\nframe = "one"\n'
        'labels = { "Tumour *" = "tumour" }\n\n[tissue]',
    )(folder)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            restated("lung_shunt_fraction = 0.05", "lung_shunt_fraction = 5"),
            "between 0 and 1: 0.05 for 5 %",
        ),
        (
            restated('[prescription]\ndevice = "resin"', '[prescription]\ndevice = "resinn"'),
            "found 'resinn'",
        ),
        (
            restated('[prescription]\ndevice = "resin"', '[prescription]\ndevice = "unknown"'),
            "found 'unknown'",
        ),
        (restated("lung_gy = 30", "lung_gy = 0"), "lung_gy: found 0"),
        (restated("lung_gy = 30", "lungs_gy = 30"), "lungs"),
        (tumour_without_uptake, "a ratio is above zero"),
        (tumour_larger_than_liver, "outside the liver"),
    ],
    ids=[
        "lung shunt in %",
        "misspelt device",
        "unknown device",
        "limit of zero",
        "misspelt limit",
        "tumour-to-normal ratio of zero",
        "tumour larger than the liver",
    ],
)
@pytest.mark.parametrize("options", [(), ("--optimise", "minimum")], ids=["plan", "optimise"])
def test_what_cannot_be_planned_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None], said: str, options: tuple[str, ...]
) -> None:
    result = plan(spoilt(tmp_path, spoil), *options)
    assert said in result.stderr
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.stderr
    assert not list((tmp_path / "case").glob("records/*-plan.json"))
