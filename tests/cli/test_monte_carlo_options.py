"""The options of the dose command that belong to Monte Carlo."""

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from builders import activity, ball, centred_grid, structure
from click.testing import CliRunner

from opensirt.cli import main
from opensirt.domain.structure import StructureKind
from opensirt.files.monte_carlo_state import read_monte_carlo_state
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti

GRID = centred_grid((12, 12, 12), (4.0, 4.0, 4.0))
HOT = ball(GRID, (0, 0, 0), 12)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_nifti(tmp_path / "activity.nii.gz", activity(GRID, np.where(HOT.values, 1e6, 0.0)))
    write_label_map_seg_nrrd(
        tmp_path / "hot.seg.nrrd", [structure("hot", StructureKind.TUMOUR, HOT)]
    )
    labels = np.where(ball(GRID, (0, 0, 0), 20).values, 2, 1).astype(np.int16)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ GRID.affine[:, [2, 1, 0, 3]]
    made = nibabel.Nifti1Image(labels.T, affine)
    made.set_sform(affine, code=1)
    nibabel.save(made, tmp_path / "materials.nii.gz")
    (tmp_path / "legend.toml").write_text('1 = "soft_tissue"\n2 = "liver"\n')
    return tmp_path


def asked(folder: Path, *options: str, engine: str = "monte-carlo") -> tuple[int, str]:
    given = [
        "dose",
        str(folder / "activity.nii.gz"),
        *("--nuclide", "Y-90", "--unit", "bq_per_ml", "--engine", engine),
        *("--out", str(folder / "dose.nii.gz"), "--json", *options),
    ]
    result = CliRunner().invoke(main, given)
    return result.exit_code, result.stdout if result.exit_code == 0 else result.stderr


def test_the_same_seed_gives_the_same_dose_and_another_one_does_not(folder: Path) -> None:
    doses = []
    for seed in ("1", "1", "2"):
        code, said = asked(folder, "--seed", seed, "--histories", "20000")
        assert code == 0, said
        doses.append(nibabel.load(folder / "dose.nii.gz").get_fdata())
    np.testing.assert_allclose(doses[0], doses[1], rtol=1e-6)
    assert not np.allclose(doses[0], doses[2])
    assert json.loads(said)["engine"] == "monte-carlo"


def test_the_uncertainty_is_written_and_the_target_stops_the_run(folder: Path) -> None:
    code, said = asked(
        folder,
        *("--target-uncertainty", "0.02", "--in", str(folder / "hot.seg.nrrd")),
        *("--histories", "2000000", "--uncertainty", str(folder / "sigma.nii.gz")),
    )
    assert code == 0, said
    dose = nibabel.load(folder / "dose.nii.gz").get_fdata()
    sigma = nibabel.load(folder / "sigma.nii.gz").get_fdata()
    hottest = dose > 0.5 * dose.max()
    assert 0 < (sigma[hottest] / dose[hottest]).mean() < 0.2
    (finding,) = [
        one for one in json.loads(said)["findings"] if one["rule"] == "monte_carlo_statistics"
    ]
    assert "2,000,000" not in finding["text"]


def test_a_run_is_kept_and_goes_on_from_where_it_was(folder: Path) -> None:
    kept = str(folder / "run.npz")
    few = asked(folder, "--histories", "20000", "--resume", kept)
    assert few[0] == 0, few[1]
    state = read_monte_carlo_state(folder / "run.npz")
    assert state.n_histories == 20_000
    code, said = asked(folder, "--histories", "40000", "--resume", kept)
    assert code == 0, said
    in_two = nibabel.load(folder / "dose.nii.gz").get_fdata()
    whole = read_monte_carlo_state(folder / "run.npz")
    assert whole.n_histories == 40_000
    assert np.all(whole.summed_mev >= state.summed_mev)
    code, said = asked(folder, "--histories", "40000", "--resume", kept)  # nothing is left to do
    assert np.array_equal(nibabel.load(folder / "dose.nii.gz").get_fdata(), in_two)
    code, said = asked(folder, "--histories", "40000", "--seed", "9", "--resume", kept)
    assert (code, "belongs to another run" in said) == (2, True)


def test_a_file_that_is_no_state_is_refused(folder: Path) -> None:
    for content in (b"", b"no archive", b"PK\x03\x04 half of one"):
        (folder / "run.npz").write_bytes(content)
        code, said = asked(folder, "--resume", str(folder / "run.npz"))
        assert (code, "run.npz is not the state of a Monte Carlo run" in said) == (2, True)
        assert (folder / "run.npz").read_bytes() == content


def test_superposition_takes_materials_and_the_kernel_does_not(folder: Path) -> None:
    materials = ("--materials", str(folder / "materials.nii.gz"))
    legend = ("--legend", str(folder / "legend.toml"))
    code, said = asked(folder, *materials, *legend, engine="superposition")
    assert code == 0, said
    answer = json.loads(said)
    assert answer["engine"] == "superposition"
    assert "superposition_materials" not in {one["rule"] for one in answer["findings"]}
    code, said = asked(folder, *materials, *legend, engine="kernel")
    assert (code, "--materials, --legend (of superposition and monte-carlo)" in said) == (2, True)
    code, said = asked(folder, "--seed", "1", engine="superposition")
    assert (code, "not of the engine superposition: --seed (of monte-carlo)" in said) == (2, True)


def test_materials_are_named_by_a_legend(folder: Path) -> None:
    materials = ("--materials", str(folder / "materials.nii.gz"))
    legend = ("--legend", str(folder / "legend.toml"))
    code, said = asked(folder, *materials, *legend, "--histories", "20000")
    assert code == 0, said
    (folder / "legend.toml").write_text('1 = "soft_tissue"\n')
    code, said = asked(folder, *materials, *legend)
    assert code == 2
    assert "has the labels [2]" in said
    (folder / "legend.toml").write_text('1 = "soup"\n2 = "liver"\n')
    code, said = asked(folder, *materials, *legend)
    assert code == 2
    assert "soup" in said


@pytest.mark.parametrize(
    ("options", "engine", "wanted"),
    [
        (("--seed", "1"), "kernel", "not of the engine kernel: --seed (of monte-carlo)"),
        (("--in", "hot.seg.nrrd"), "monte-carlo", "--in names a structure for"),
        (("--each-voxel",), "monte-carlo", "name it with --in"),
        (("--device", "cpu", "--scheduler", "tcp://h:1"), "monte-carlo", "exclude each other"),
        (("--legend", "legend.toml"), "monte-carlo", "belong together"),
        (("--target-uncertainty", "2"), "monte-carlo", "lies between 0 and 1"),
        (("--device", "cuda"), "local", "not of the engine local: --device (of superposition and"),
        (("--histories", "1"), "monte-carlo", "in batches of 1 make one batch"),
        (("--histories", "-5"), "monte-carlo", "one history or more, found -5"),
    ],
)
def test_options_that_cannot_be_are_refused_and_nothing_is_written(
    folder: Path, options: tuple[str, ...], engine: str, wanted: str
) -> None:
    code, said = asked(folder, *options, engine=engine)
    assert code == 2
    assert wanted in said
    assert not (folder / "dose.nii.gz").exists()
