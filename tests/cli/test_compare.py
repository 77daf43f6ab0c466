"""The compare command."""

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from builders import ball, centred_grid, structure
from click.testing import CliRunner

from opensirt.cli import main
from opensirt.domain.image import DoseMap
from opensirt.domain.structure import StructureKind
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti

GRID = centred_grid((14, 14, 14), (4.0, 4.0, 4.0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    distance_mm = np.linalg.norm(GRID.lps_mm(np.moveaxis(np.indices(GRID.shape), 0, -1)), axis=-1)
    values = (100.0 * np.exp(-distance_mm / 20.0)).astype(np.float32)
    for name, factor in (("a", 1.0), ("b", 1.02)):
        made = DoseMap(grid=GRID, values=values * factor, engine="test", radionuclide="Y-90")
        write_nifti(tmp_path / f"{name}.nii.gz", made)
    drawn = [
        structure(name, StructureKind.TUMOUR, ball(GRID, (x, 0, 0), 8))
        for name, x in (("one", 0), ("two", 12), ("three", -12))
    ]
    write_label_map_seg_nrrd(tmp_path / "s.seg.nrrd", drawn)
    return tmp_path


def asked(folder: Path, *options: str) -> tuple[int, str, str]:
    given = ["compare", str(folder / "a.nii.gz"), str(folder / "b.nii.gz"), *options]
    result = CliRunner().invoke(main, given)
    return result.exit_code, result.stdout, result.stderr


def test_a_dose_two_per_cent_higher_is_found_two_per_cent_higher(folder: Path) -> None:
    code, said, _ = asked(
        folder,
        *("--structures", str(folder / "s.seg.nrrd"), "--csv", str(folder / "c.csv")),
        *("--gamma", str(folder / "g.nii.gz"), "--json"),
    )
    assert code == 0
    told = json.loads(said)
    assert told["gamma"]["gamma_pass_fraction"] == 1.0
    assert told["voxels"]["relative_mean"] == pytest.approx(0.02, abs=1e-6)
    assert told["agreement"]["bias"] == pytest.approx(0.02 / 1.01, rel=1e-4)
    assert {one["label"] for one in told["structures"]} == {"one", "two", "three"}
    for one in told["structures"]:
        assert one["mean_difference_gy"] == pytest.approx(0.02 * one["reference_mean_gy"], rel=1e-4)
        assert one["dvh_difference_gy"] == pytest.approx(one["mean_difference_gy"], rel=1e-4)
    rows = list(csv.DictReader((folder / "c.csv").read_text().splitlines()))
    assert [row["label"] for row in rows] == [one["label"] for one in told["structures"]]
    gamma = nibabel.load(folder / "g.nii.gz").get_fdata()
    assert gamma.max() <= 1.0
    assert (gamma == -1.0).sum() == gamma.size - told["gamma"]["n_voxels"]
    assert any(one["rule"] == "gamma_criteria" for one in told["findings"])


def test_people_read_a_table_and_choose_criteria(folder: Path) -> None:
    code, said, _ = asked(
        folder, "--dose-difference", "0.01", "--distance-mm", "0.1", "--lowest-dose", "0.2"
    )
    assert code == 0
    assert "0.01 of the maximum, 0.1 mm, above 0.2 of the maximum" in said
    assert "external beams" not in said


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--dose-difference", "3"), "0.03 is 3 %"),
        (("--csv", "c.csv"), "name their file with --structures"),
        (("--gamma", "g.txt"), "g.txt"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, options: tuple[str, ...], wanted: str) -> None:
    code, _, said = asked(folder, *options)
    assert (code, wanted in said) == (2, True), said
