"""dose, kernel and dvh on files, against figures reckoned by hand."""

import csv
import json
from math import log
from pathlib import Path

import nibabel
import numpy as np
import pytest
from builders import activity, affine, ball, centred_grid, counts, structure
from case_folder import GRID, LIVER_AT, LIVER_MM, drawn, pet, uptake, write_case
from click.testing import CliRunner, Result
from dicom_files import write_ct

from opensirt.cli import main
from opensirt.domain.image import DoseMap
from opensirt.domain.structure import Mask, StructureKind
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti
from opensirt.reference.radionuclide import radionuclide


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def answered(*arguments: object) -> dict[str, object]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    document: dict[str, object] = json.loads(result.stdout)
    return document


def dose_of(folder: Path, values: np.ndarray, unit: str, *options: object) -> np.ndarray:
    write_nifti(folder / "a.nii", activity(GRID, values))
    result = run(
        "dose",
        folder / "a.nii",
        "--nuclide",
        "Y-90",
        "--unit",
        unit,
        "--out",
        folder / "d.nii.gz",
        *options,
    )
    assert result.exit_code == 0, result.stderr
    dose: np.ndarray = nibabel.load(folder / "d.nii.gz").get_fdata().T
    return dose


def test_local_dose_is_activity_times_life_times_energy_over_density(tmp_path: Path) -> None:
    dose = dose_of(tmp_path, uptake() * 1e6, "bq_per_ml", "--engine", "local")
    y90 = radionuclide("Y-90")
    gray = 1e6 * y90.half_life_s.value / log(2) * y90.electron_energy_j / 1e-3
    np.testing.assert_allclose(dose, uptake() * gray, rtol=1e-5)


def test_every_unit_of_one_activity_gives_one_dose(tmp_path: Path) -> None:
    life_s = radionuclide("Y-90").mean_life_s
    volume_ml = GRID.voxel_volume_ml
    in_units = {
        "bq_per_ml": 1e6,
        "Bq/mL": 1e6,
        "bq_per_voxel": 1e6 * volume_ml,
        "bq_s_per_ml": 1e6 * life_s,
        "mbq_h_per_voxel": 1e6 * volume_ml * life_s / 1e6 / 3600,
    }
    doses = [dose_of(tmp_path, uptake() * value, unit) for unit, value in in_units.items()]
    for dose in doses[1:]:
        np.testing.assert_allclose(dose, doses[0], rtol=1e-5, atol=1e-6 * doses[0].max())


def test_counts_hold_the_activity_inside_their_mask(tmp_path: Path) -> None:
    write_nifti(tmp_path / "c.nii", counts(GRID, uptake() + 0.5))
    write_label_map_seg_nrrd(tmp_path / "liver.seg.nrrd", drawn()[:1])
    document = answered(
        "dose",
        tmp_path / "c.nii",
        "--nuclide",
        "Y-90",
        "--unit",
        "counts",
        "--out",
        tmp_path / "d.nii",
        "--total-activity-mbq",
        "500",
        "--within",
        tmp_path / "liver.seg.nrrd",
    )
    assert document["total_activity_bq"] == pytest.approx(5e8)
    found = document["findings"]
    assert isinstance(found, list)
    texts = [one["text"] for one in found]
    assert any("of the image's counts lie outside and are left out" in one for one in texts)
    assert texts[0].startswith("assumed, not recorded: c.nii, liver.seg.nrrd carry no frame")


def test_density_divides_the_dose_wherever_it_comes_from(tmp_path: Path) -> None:
    water = dose_of(tmp_path, uptake() * 1e6, "bq_per_ml", "--engine", "local")
    heavy = dose_of(
        tmp_path, uptake() * 1e6, "bq_per_ml", "--engine", "local", "--uniform-density", "1.25"
    )
    np.testing.assert_allclose(heavy * 1.25, water, rtol=1e-5)
    # A finer map on a grid with other axes gives the same as one number.
    fine = centred_grid((60, 40, 40), (3.0, 4.0, 4.0), "any")
    write_nifti(tmp_path / "density.nii", activity(fine, 1.25))
    mapped = dose_of(
        tmp_path,
        uptake() * 1e6,
        "bq_per_ml",
        "--engine",
        "local",
        "--density",
        tmp_path / "density.nii",
    )
    np.testing.assert_allclose(mapped, heavy, rtol=1e-5)


def test_a_ct_gives_densities(tmp_path: Path) -> None:
    stored = np.full((34, 34, 34), 24, dtype=np.uint16)  # air
    stored[1:-1, 1:-1, 1:-1] = 1024  # water
    placed = affine((4.0, 4.0, 4.0), (-66.0, -66.0, -66.0))
    write_ct(tmp_path / "ct", stored, placed, {"FrameOfReferenceUID": "1.2.3.4"})
    common = ("--engine", "local", "--frame", "1.2.3.4")
    water = dose_of(tmp_path, uptake() * 1e6, "bq_per_ml", *common)
    from_ct = dose_of(tmp_path, uptake() * 1e6, "bq_per_ml", *common, "--ct", tmp_path / "ct")
    np.testing.assert_allclose(from_ct, water, rtol=1e-5)


def test_the_energy_balance_is_in_the_answer(tmp_path: Path) -> None:
    write_nifti(tmp_path / "a.nii", pet())
    document = answered(
        "dose",
        tmp_path / "a.nii",
        "--nuclide",
        "90Y",
        "--unit",
        "bq_per_ml",
        "--out",
        tmp_path / "d.nrrd",
    )
    energy = document["energy"]
    assert isinstance(energy, dict)
    lost = energy["outside_kernel_fraction"] + energy["outside_grid_fraction"]
    assert energy["scored_j"] == pytest.approx(energy["released_j"] * (1 - lost), rel=1e-3)
    assert document["schema"] == "opensirt/dose/1"
    assert document["radionuclide"] == "Y-90"


def test_a_dose_constant_stands_in_for_the_data_set_locally(tmp_path: Path) -> None:
    dose = dose_of(
        tmp_path, uptake() * 1e6, "bq_per_ml", "--engine", "local", "--dose-constant", "49.67"
    )
    assert dose.max() == pytest.approx(5e6 / 1e9 * 49.67 / 1e-3, rel=1e-5)


def test_the_kernel_table_is_whole_symmetric_and_adds_up(tmp_path: Path) -> None:
    document = answered(
        "kernel", "--nuclide", "Y-90", "--spacing", "3", "4", "5", "--out", tmp_path / "k.csv"
    )
    with (tmp_path / "k.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == [
        "i",
        "j",
        "k",
        "s_mgy_per_mbq_s",
        "s_electron",
        "s_bremsstrahlung",
        "s_photon",
    ]
    half = document["half_width"]
    assert isinstance(half, dict)
    assert half["i"] > half["k"]  # voxels are shortest along x
    assert len(rows) == np.prod([2 * half[axis] + 1 for axis in "ijk"]) == document["n_rows"]
    table = {(int(row["i"]), int(row["j"]), int(row["k"])): row for row in rows}
    for (i, j, k), row in table.items():
        parts = sum(float(row[f"s_{name}"]) for name in ("electron", "bremsstrahlung", "photon"))
        assert float(row["s_mgy_per_mbq_s"]) == pytest.approx(parts, rel=1e-6)
        assert table[-i, -j, -k]["s_mgy_per_mbq_s"] == row["s_mgy_per_mbq_s"]
    assert float(table[1, 0, 0]["s_electron"]) > float(table[0, 0, 1]["s_electron"])


def test_the_kernel_of_3_mm_agrees_with_the_published_kind(tmp_path: Path) -> None:
    answered("kernel", "--nuclide", "Y-90", "--spacing", 3, 3, 3, "--out", tmp_path / "k.csv")
    with (tmp_path / "k.csv").open() as stream:
        rows = {(row["i"], row["j"], row["k"]): row for row in csv.DictReader(stream)}
    # Energy of a decay in one voxel of 27 mm³ of water, in mGy/(MBq s), cannot exceed all of it.
    everything = 0.9329 * 1.602176634e-13 / 27e-6 * 1e9
    centre = float(rows["0", "0", "0"]["s_mgy_per_mbq_s"])
    assert 0.2 * everything < centre < everything


def ramp_dose(folder: Path) -> Path:
    values = np.broadcast_to(np.arange(24, dtype=np.float32), GRID.shape)
    write_nifti(folder / "ramp.nii.gz", DoseMap(grid=GRID, values=values.copy(), engine="ramp"))
    return folder / "ramp.nii.gz"


def test_eubed_without_bed_is_refused(tmp_path: Path) -> None:
    result = run("dvh", ramp_dose(tmp_path), "--structures", tmp_path, "--eubed", "0.1")
    assert result.exit_code == 2
    assert "give --bed with --eubed" in result.stderr


def test_a_bed_map_lies_beside_the_dose(tmp_path: Path) -> None:
    path = tmp_path / "bed.nii.gz"
    dose = dose_of(
        tmp_path, uptake() * 1e6, "bq_per_ml", "--engine", "local", "--bed-map", path, 2.5, 2.5
    )
    factor = 2.5 / (2.5 + radionuclide("Y-90").half_life_s.value / 3600)
    bed = nibabel.load(path).get_fdata().T
    np.testing.assert_allclose(bed, dose * (1 + factor * dose / 2.5), rtol=1e-4)


def test_figures_of_a_ramp_are_exact(tmp_path: Path) -> None:
    box = np.zeros(GRID.shape, dtype=np.bool_)
    box[:, :, :20] = True
    write_label_map_seg_nrrd(
        tmp_path / "s.seg.nrrd", [structure("Box", StructureKind.TUMOUR, Mask(GRID, box))]
    )
    document = answered(
        "dvh",
        ramp_dose(tmp_path),
        "--structures",
        tmp_path / "s.seg.nrrd",
        "--csv",
        tmp_path / "f.csv",
        "--label",
        "Bo*=tumour",
        "--volume-at",
        "10",
        "--eud",
        "1",
        "--bed",
        "Y-90",
        "10",
        "1.5",
        "--eubed",
        "0.1",
    )
    rows = document["structures"]
    assert isinstance(rows, list)
    (row,) = rows
    assert (row["label"], row["kind"]) == ("Box", "tumour")
    assert row["volume_ml"] == pytest.approx(24 * 24 * 20 * 0.125)
    assert (row["mean_gy"], row["min_gy"], row["max_gy"]) == pytest.approx((9.5, 0.0, 19.0))
    assert (row["d95_gy"], row["d70_gy"], row["d50_gy"], row["d5_gy"]) == (1.0, 6.0, 10.0, 19.0)
    assert row["v_10gy_fraction"] == pytest.approx(0.5)
    assert row["eud_gy"] == pytest.approx(9.5)
    factor = 1.5 / (1.5 + radionuclide("Y-90").half_life_s.value / 3600)
    assert row["bed_gy"] == pytest.approx(9.5 * (1 + factor * 9.5 / 10))
    assert row["eqd2_gy"] == pytest.approx(row["bed_gy"] / 1.2)
    bed = np.arange(20) * (1 + factor * np.arange(20) / 10)
    assert row["eubed_gy"] == pytest.approx(-log(np.exp(-0.1 * bed).mean()) / 0.1)
    with (tmp_path / "f.csv").open() as stream:
        written = next(csv.DictReader(stream))
    assert list(written)[:10] == [
        "label",
        "kind",
        "volume_ml",
        "mean_gy",
        "min_gy",
        "max_gy",
        "d95_gy",
        "d70_gy",
        "d50_gy",
        "d5_gy",
    ]
    assert float(written["mean_gy"]) == pytest.approx(9.5)


def test_structures_beyond_the_dose_are_said(tmp_path: Path) -> None:
    small = centred_grid((10, 10, 10), (5.0, 5.0, 5.0), "named")
    dose = DoseMap(grid=small, values=np.ones(small.shape, np.float32), engine="one")
    write_nifti(tmp_path / "d.nii", dose)
    wide = [
        structure("Liver", StructureKind.LIVER, ball(GRID, LIVER_AT, LIVER_MM)),
        structure("Away", StructureKind.OTHER, ball(GRID, (45.0, 45.0, 45.0), 8.0)),
    ]
    write_label_map_seg_nrrd(tmp_path / "s.seg.nrrd", wide)
    document = answered("dvh", tmp_path / "d.nii", "--structures", tmp_path / "s.seg.nrrd")
    rows = document["structures"]
    assert isinstance(rows, list)
    (row,) = rows
    assert row["volume_outside_ml"] > 0
    assert "Away lies wholly outside the dose" in json.dumps(document["findings"])


def test_an_rt_dose_is_a_dose_file(done_case: Path) -> None:
    arguments = ("--structures", done_case / "drawn.seg.nrrd", "--frame", "one")
    dicom = answered("dvh", done_case / "report" / "RTDOSE.dcm", *arguments)["structures"]
    nifti = answered("dvh", done_case / "report" / "dose.nii.gz", *arguments)["structures"]
    assert isinstance(dicom, list)
    assert isinstance(nifti, list)
    for one, other in zip(dicom, nifti, strict=True):
        step_gy = other["max_gy"] / 65535 * 5  # RT Dose stores whole steps; the tumour is hottest
        assert one["mean_gy"] == pytest.approx(other["mean_gy"], abs=step_gy)
        assert one["d95_gy"] == pytest.approx(other["d95_gy"], abs=step_gy)


def test_people_get_tables(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case")
    shown = run(
        "dose",
        case / "pet.nii",
        "--nuclide",
        "Y-90",
        "--unit",
        "bq_per_ml",
        "--out",
        tmp_path / "d.nii",
    ).stdout
    assert "energy that leaves the grid" in shown
    shown = run("dvh", tmp_path / "d.nii", "--structures", case / "drawn.seg.nrrd").stdout
    assert "Tumour 1" in shown
    shown = run(
        "kernel", "--nuclide", "Ho-166", "--spacing", 4, 4, 4, "--out", tmp_path / "k.csv"
    ).stdout
    assert "Ho-166" in shown
