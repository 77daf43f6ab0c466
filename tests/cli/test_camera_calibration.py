"""An image in counts and the calibration of its camera: its nuclide, its days, its uncertainty."""

import json
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import counts
from case_folder import CASE, GRID, pet, restated, write_case
from click.testing import CliRunner, Result

from opensirt.cli import main
from opensirt.files.write import write_nifti

S_PER_BQ, DURATION_S, HOURS, HALF_LIFE_H = 8e-6, 1800.0, 4.0, 64.1
COUNTED = CASE.replace(
    'unit = "Bq/mL"\nradionuclide = "Y-90"\nreference = "administration"',
    'unit = "counts"\nradionuclide = "Y-90"\ncamera = "Camera A"\nduration_s = 1800',
)
CALIBRATION = """[[camera_calibrations]]
camera = "Camera A"
radionuclide = "Y-90"
sensitivity_cps_per_mbq = 8.0
standard_uncertainty_cps_per_mbq = 0.4
measured_on = 2025-11-03
valid_until = 2026-11-03
source = "phantom of 3 November"
"""
SITE = 'schema = "opensirt/site/1"\nname = "ours"\ntime_zone = "Europe/Amsterdam"\n\n'
CAMERA = 'camera = "Camera A"\n'


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """Return a case whose PET is counted by hand: what it holds, four hours after injection."""
    folder = write_case(tmp_path / "case", COUNTED)
    (folder / "site.toml").write_text(SITE + CALIBRATION)
    lost = log(2) * DURATION_S / 3600 / HALF_LIFE_H
    while_it_lasted = (1 - exp(-lost)) / lost
    bq_per_voxel = np.asarray(pet().values, dtype=np.float64) * GRID.voxel_volume_ml
    at_start = bq_per_voxel * 2 ** (-HOURS / HALF_LIFE_H)
    values = at_start * while_it_lasted * S_PER_BQ * DURATION_S
    write_nifti(folder / "pet.nii", counts(GRID, values))
    return folder


def verified(case: Path) -> dict[str, Any]:
    result = run("verify", case, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_counts_become_the_activity_that_was_given(case: Path, tmp_path: Path) -> None:
    made = verified(case)
    part = made["verification"]
    assert part["imaged_activity_bq"] == pytest.approx(1e8, rel=1e-5)
    known = verified(write_case(tmp_path / "known"))["verification"]
    assert {one["calibration"] for one in part["doses"]} == {"as imaged", "self-calibrated"}
    for one, other in zip(part["doses"][0]["structures"], known["doses"][0]["structures"],
                          strict=True):  # fmt: skip
        assert one["mean_gy"] == pytest.approx(other["mean_gy"], rel=1e-5)
    (said,) = [one for one in made["findings"] if one["rule"] == "camera_calibration"]
    assert "8 cps/MBq of Camera A for Y-90, measured 2025-11-03" in said["text"]
    assert "standard uncertainty 5.0%" in said["text"]
    assert said["source"] == "site profile: phantom of 3 November"
    (calibration,) = [
        one for one in part["uncertainty"][0]["components"] if one["name"].startswith("calibration")
    ]
    assert calibration["relative_standard_uncertainty"] == pytest.approx(0.05)


def test_the_latest_calibration_that_holds_on_the_day_is_used(case: Path) -> None:
    site = case / "site.toml"
    newer = CALIBRATION.replace("8.0", "10.0").replace("2025-11-03", "2026-02-01")
    later = CALIBRATION.replace("8.0", "4.0").replace("2025-11-03", "2026-06-01")
    site.write_text(SITE + CALIBRATION + newer + later)
    assert verified(case)["verification"]["imaged_activity_bq"] == pytest.approx(8e7, rel=1e-5)


@pytest.mark.parametrize(
    ("calibration", "said"),
    [
        (CALIBRATION.replace("Y-90", "Lu-177"), "is calibrated for Lu-177"),
        (CALIBRATION.replace("2026-11-03", "2026-03-01"), "valid from 2025-11-03 to 2026-03-01"),
        (CALIBRATION.replace("2025-11-03", "2026-03-03"), "valid from 2026-03-03 to 2026-11-03"),
        (CALIBRATION.replace("Camera A", "Camera B"), "'Camera A'"),
        ("", "'Camera A'"),
        (CALIBRATION.replace("8.0", "0"), "sensitivity_cps_per_mbq"),
        (CALIBRATION.replace("2026-11-03", "2025-11-02"), "before that"),
    ],
    ids=["nuclide", "expired", "not yet", "camera", "none", "zero", "backwards"],
)
def test_a_calibration_that_does_not_hold_is_refused(
    case: Path, calibration: str, said: str
) -> None:
    (case / "site.toml").write_text(SITE + calibration)
    refused = run("verify", case)
    assert refused.exit_code == 2, refused.output
    assert said in refused.stderr


def test_the_last_day_counts(case: Path) -> None:
    (case / "site.toml").write_text(SITE + CALIBRATION.replace("2026-11-03", "2026-03-02"))
    assert verified(case)["verification"]["imaged_activity_bq"] == pytest.approx(1e8, rel=1e-5)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("duration_s = 1800\n", "", "duration_s"),
        ("acquired_at = 2026-03-02T16:00:00+01:00\n", "", "instant of the acquisition"),
        (CAMERA, f'{CAMERA}reference = "acquisition"\n', "counts as acquired"),
        ('unit = "counts"', 'unit = "bq_per_voxel"', "camera"),
    ],
)  # fmt: skip
def test_what_a_calibration_needs_is_asked_for(case: Path, old: str, new: str, said: str) -> None:
    restated(old, new)(case)
    refused = run("verify", case)
    assert refused.exit_code == 2, refused.output
    assert said in refused.stderr


def test_without_a_camera_the_image_is_scaled_and_the_calibration_is_offered(case: Path) -> None:
    restated(CAMERA, "")(case)
    made = verified(case)
    assert made["verification"]["imaged_activity_bq"] == "done, could not be judged"
    (said,) = [one for one in made["findings"] if one["rule"] == "calibration_not_used"]
    assert "Camera A: state camera and duration_s" in said["text"]


def test_the_site_shows_its_calibrations(case: Path) -> None:
    shown = run("site", "--show", "--case", case)
    assert "Camera calibrations" in shown.output
    assert "2025-11-03 to 2026-11-03" in " ".join(shown.output.split())
    other = run("site", "--show", "--case", case, "--json")
    assert json.loads(other.stdout)["camera_calibrations"][0]["sensitivity_cps_per_mbq"] == 8.0
