"""What cannot be used is refused: exit code 2, one clear message, no file written."""

import gzip
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from builders import activity, affine, ball, counts, structure
from case_folder import (
    CASE,
    GRID,
    LIVER_AT,
    LIVER_MM,
    TUMOUR_AT,
    TUMOUR_MM,
    WITHOUT_SCOUT,
    Spoil,
    drawn,
    pet,
    restated,
    uptake,
    write_case,
)
from click.testing import CliRunner, Result
from dicom_files import write_pet

from opensirt.cli import main
from opensirt.domain.grid import Grid
from opensirt.domain.structure import Mask, StructureKind
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti

SLICES = np.full((6, 8, 8), 100, dtype=np.uint16)
PLACED = affine((4.0, 4.0, 4.0), (-60.0, -16.0, -12.0))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def files_in(folder: Path) -> set[Path]:
    return {one for one in folder.rglob("*") if one.is_file()}


def require_refusal(result: Result, said: str) -> None:
    """Exit code 2, one message on standard error that says it, nothing on standard output."""
    assert result.exit_code == 2, (result.output, result.exception)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""
    messages = [line for line in result.stderr.splitlines() if not line.startswith("[")]
    assert messages[0].startswith("opensirt: "), result.stderr
    assert said in result.stderr, result.stderr
    assert "Traceback" not in result.stderr


def image_of(values: np.ndarray, *, affine_ras: np.ndarray | None = None) -> bytes:
    made = nibabel.Nifti1Image(np.asarray(values, np.float32), affine_ras)
    content: bytes = made.to_bytes()
    return content


def replaced(name: str, content: bytes) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return spoil


def with_values(change: Callable[[np.ndarray], None]) -> Spoil:
    """Return what changes voxels of the PET, NaN included."""

    def spoil(folder: Path) -> None:
        made = nibabel.load(folder / "pet.nii")
        values = np.asarray(made.get_fdata(), dtype=np.float32)
        change(values)
        nibabel.save(nibabel.Nifti1Image(values, made.affine), folder / "pet.nii")

    return spoil


def one_nan(values: np.ndarray) -> None:
    values[3, 3, 3] = np.nan


def all_negative(values: np.ndarray) -> None:
    values *= -1.0


def truncated(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return spoil


def packed_and_truncated(folder: Path) -> None:
    content = gzip.compress((folder / "pet.nii").read_bytes())
    (folder / "pet.nii").unlink()
    (folder / "pet.nii.gz").write_bytes(content[: len(content) // 2])
    restated('"pet.nii"', '"pet.nii.gz"')(folder)


def mirrored(folder: Path) -> None:
    flipped = [
        structure(one.label, one.kind, Mask(GRID, one.mask.values[:, :, ::-1])) for one in drawn()
    ]
    write_label_map_seg_nrrd(folder / "drawn.seg.nrrd", flipped)


def drawn_as(*kinds: tuple[str, StructureKind, tuple[float, float, float], float]) -> Spoil:
    def spoil(folder: Path) -> None:
        write_label_map_seg_nrrd(
            folder / "drawn.seg.nrrd",
            [structure(name, kind, ball(GRID, at, mm)) for name, kind, at, mm in kinds],
        )

    return spoil


LIVER = ("Liver", StructureKind.LIVER, LIVER_AT, LIVER_MM)
TUMOUR = ("Tumour 1", StructureKind.TUMOUR, TUMOUR_AT, TUMOUR_MM)
PERFUSED = ("Perfused", StructureKind.PERFUSED_VOLUME, LIVER_AT, LIVER_MM)


def dicom_pet(**changes: object) -> Spoil:
    """Return what puts a DICOM PET in the place of the NIfTI one."""

    def spoil(folder: Path) -> None:
        write_pet(folder / "pet", SLICES, PLACED, changes)
        restated('path = "pet.nii"\nunit = "Bq/mL"\n', 'path = "pet"\n')(folder)
        restated('reference = "administration"\n', "")(folder)
        restated("acquired_at = 2026-03-02T16:00:00+01:00\n", "")(folder)
        restated('frame = "one"\nassumed = ["frame"]\n', "")(folder)

    return spoil


def dicom_truncated(folder: Path) -> None:
    dicom_pet()(folder)
    path = sorted((folder / "pet").iterdir())[2]
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - 40])


def dicom_without_a_slice(folder: Path) -> None:
    dicom_pet()(folder)
    next(one for one in (folder / "pet").iterdir() if one.name.endswith("-3.dcm")).unlink()


def two_patients(folder: Path) -> None:
    dicom_pet()(folder)
    write_pet(
        folder / "other", SLICES, PLACED, {"PatientID": "ZZTOP-2", "SeriesInstanceUID": "1.9"}
    )
    path = folder / "case.toml"
    more = '[[images]]\nid = "later"\nrole = "follow-up"\npath = "other"\n'
    path.write_text(path.read_text().replace("[[structures]]", more + "[[structures]]"))
    restated('frame = "one"', 'frame = "1.2.3.4"')(folder)


def dicom_contradicted(folder: Path) -> None:
    dicom_pet()(folder)
    restated('path = "pet"\n', 'path = "pet"\nunit = "kBq/mL"\n')(folder)


def dicom_before_administration(folder: Path) -> None:
    dicom_pet()(folder)
    restated('frame = "one"', 'frame = "1.2.3.4"')(folder)


def empty_folder(folder: Path) -> None:
    (folder / "pet").mkdir()
    restated('"pet.nii"', '"pet"')(folder)


BAD_VERIFICATIONS: dict[str, tuple[Spoil, str]] = {
    "no case.toml": (lambda folder: (folder / "case.toml").unlink(), "holds no case.toml"),
    "TOML syntax": (restated("[tissue]", "[tissue"), "at line"),
    "wrong TOML type": (restated("= 1.05", '= "1.05"'), "liver_density_g_per_ml: found '1.05'"),
    "unknown key": (restated("[tissue]", "[tissues]"), "did you mean 'tissue'"),
    "another schema": (restated("case/1", "case/2"), "found 'opensirt/case/2'"),
    "file absent": (lambda folder: (folder / "pet.nii").unlink(), "there is no pet.nii"),
    "file empty": (replaced("pet.nii", b""), "the file is empty"),
    "file truncated": (truncated("pet.nii"), "truncated or damaged"),
    "gzip truncated": (packed_and_truncated, "truncated or damaged"),
    "not an image": (replaced("pet.nii", b"Dear colleague,\n" * 50), "not one that is read here"),
    "empty folder": (empty_folder, "no DICOM file"),
    "no affine": (replaced("pet.nii", image_of(np.ones((4, 4, 4)))), "affine"),
    "four axes": (
        replaced("pet.nii", image_of(np.ones((4, 4, 4, 3)), affine_ras=np.eye(4))),
        "three-dimensional",
    ),
    "NaN": (with_values(one_nan), "not finite"),
    "negative total": (with_values(all_negative), "total"),
    "naive time": (restated("16:00:00+01:00", "16:00:00"), "has no zone"),
    "no unit": (restated('unit = "Bq/mL"\n', ""), "records no unit"),
    "unknown unit": (restated('"Bq/mL"', '"SUV"'), "unknown image unit 'SUV'"),
    "kBq for Bq": (restated('"Bq/mL"', '"kBq/mL"'), "Refused until confirmed"),
    "no radionuclide": (restated('radionuclide = "Y-90"\n', ""), "records no radionuclide"),
    "not a radionuclide": (restated('"Y-90"', '"resin"'), "a radionuclide such as"),
    "a nuclide without dosimetry": (restated('"Y-90"', '"Tc-99m"'), "Tc-99m"),
    "no reference": (
        restated('reference = "administration"\n', ""),
        "records no instant that its activity refers to",
    ),
    "reference without its instant": (
        restated(
            'reference = "administration"\nacquired_at = 2026-03-02T16:00:00+01:00',
            'reference = "acquisition"',
        ),
        "instant of the acquisition",
    ),
    "no frame": (
        restated('frame = "one"\nassumed = ["frame"]\n', ""),
        "records no frame of reference",
    ),
    "two frames of reference": (
        restated('path = "drawn.seg.nrrd"\nframe = "one"', 'path = "drawn.seg.nrrd"\nframe = "2"'),
        "frames of reference differ",
    ),
    "assumed but not stated": (
        restated('assumed = ["frame"]', 'assumed = ["series"]'),
        "which this block does not state",
    ),
    "image before administration": (
        restated("2026-03-02T16:00", "2026-03-01T16:00"),
        "before the administration",
    ),
    "residual over dispensed": (
        restated(
            "administered_activity_mbq = 100",
            "dispensed_activity_mbq = 100\nresidual_activity_mbq = 110",
        ),
        "residual_activity_mbq 110 is more than",
    ),
    "GBq for MBq": (restated("_mbq = 100", "_mbq = 0.1"), "greater than or equal to 10"),
    "no density": (restated("liver_density_g_per_ml = 1.05\n", ""), "liver density"),
    "no liver": (drawn_as(TUMOUR), "no segment is called 'Liver'; found 'Tumour 1'"),
    "two livers": (restated('"Tumour *" = "tumour"', '"Tumour *" = "liver"'), "has 2 livers"),
    "empty segment": (
        lambda folder: write_label_map_seg_nrrd(
            folder / "drawn.seg.nrrd",
            [drawn()[0], structure("Tumour 1", StructureKind.TUMOUR, ball(GRID, (0, 0, 0), -1))],
        ),
        "has no voxels",
    ),
    "unknown kind": (restated('= "tumour"', '= "tumor"'), "one of liver, normal_liver"),
    "one label twice": (
        restated(
            "[tissue]",
            '[[structures]]\npath = "drawn.seg.nrrd"\nframe = "one"\n'
            'labels = { "Liver" = "other" }\n[tissue]',
        ),
        "two structures are called 'Liver'",
    ),
    "tumour outside the liver": (
        drawn_as(LIVER, ("Tumour 1", StructureKind.TUMOUR, (30.0, 0.0, 0.0), 10.0)),
        "outside the liver mask",
    ),
    "flipped mask": (mirrored, "Refused until confirmed"),
    "height in metres": (restated("height_cm = 175", "height_cm = 1.75"), "height_cm: found 1.75"),
    "PROPCPS": (dicom_pet(Units="PROPCPS"), "PROPCPS"),
    "truncated DICOM": (dicom_truncated, "wanted whole pixel data"),
    "a slice is missing": (dicom_without_a_slice, "slice"),
    "two patients": (two_patients, "patient ID differs"),
    "unit contradicts": (dicom_contradicted, "the file declares unit Bq/mL, the case states kBq"),
    "DICOM acquired before administration": (
        dicom_before_administration,
        "before the administration",
    ),
    "bad site profile": (
        replaced("site.toml", b'schema = "opensirt/site/1"'),
        "site.toml has 2 problems",
    ),
    "no image at all": (
        replaced("case.toml", b'schema = "opensirt/case/1"\nkey = "a"\n'),
        "records no image to work on",
    ),
}


@pytest.mark.parametrize("name", BAD_VERIFICATIONS)
def test_a_bad_course_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    spoil, said = BAD_VERIFICATIONS[name]
    case = write_case(tmp_path / "case", WITHOUT_SCOUT)
    spoil(case)
    before = files_in(tmp_path)
    require_refusal(run("run", case), said)
    assert files_in(tmp_path) == before
    assert not (case / "report").exists()
    assert not (case / "records").exists()


def test_no_identity_is_repeated(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", WITHOUT_SCOUT)
    two_patients(case)
    result = run("run", case)
    assert result.exit_code == 2
    assert "ZZTOP" not in result.stderr


def test_a_confirmation_by_name_lifts_a_refusal(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", WITHOUT_SCOUT)
    write_nifti(case / "pet.nii", pet(4e7))
    require_refusal(run("verify", case), 'finding = "imaged_activity"')
    confirmed = (
        '\n[[confirmations]]\nfinding = "imaged_activity"\nby = "B. Smits"\non = 2026-03-03\n'
    )
    (case / "case.toml").write_text(WITHOUT_SCOUT + confirmed)
    result = run("verify", case)
    assert result.exit_code == 0
    assert "confirmed by B. Smits on 2026-03-03" in result.stdout


def test_an_unknown_engine_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", WITHOUT_SCOUT)
    require_refusal(
        run("run", case, "--engine", "fast"), "unknown dose engine 'fast'; known: local"
    )


def test_results_are_not_written_over_a_file(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", WITHOUT_SCOUT)
    (tmp_path / "out").write_text("mine")
    require_refusal(run("run", case, "--out", tmp_path / "out"), "out is a file")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_step_says_what_it_lacks(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", WITHOUT_SCOUT)
    require_refusal(run("work-up", case), "scout")
    require_refusal(run("plan", case), "scout")
    assert not (case / "records").exists()


def overlapping(folder: Path) -> None:
    drawn_as(LIVER, TUMOUR, PERFUSED, ("Perfused 2", *PERFUSED[1:]))(folder)
    restated('"Perfused" =', '"Perfused*" =')(folder)


BAD_PLANS: dict[str, tuple[Spoil, str]] = {
    "overlapping perfused volumes": (overlapping, "overlap"),
    "a percentage for a fraction": (
        restated("lung_shunt_fraction = 0.05", "lung_shunt_fraction = 5"),
        "between 0 and 1: 0.05 for 5 %",
    ),
    "territory without its volume": (
        restated('perfused_volume = "Perfused"', 'perfused_volume = "right lobe"'),
        "right lobe",
    ),
    "unknown device": (restated('device = "resin"\nmodel', 'device = "steel"\nmodel'), "'resin'"),
    "unknown model": (restated('"partition"', '"mird"'), "'mono_compartment'"),
    "a limit of nothing": (
        restated("perfused_normal_liver_gy = 40", "normal_gy = 40"),
        "did you mean 'normal_liver_gy'",
    ),
    "a scout without unit": (restated('unit = "counts"\n', ""), "records no unit"),
    "a flipped mask": (mirrored, "Refused until confirmed"),
    "negative counts": (
        lambda folder: write_nifti(folder / "maa.nii", counts(GRID, uptake() * -1.0)),
        "positive total",
    ),
}


@pytest.mark.parametrize("name", BAD_PLANS)
def test_a_bad_plan_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    spoil, said = BAD_PLANS[name]
    case = write_case(tmp_path / "case")
    spoil(case)
    before = files_in(tmp_path)
    require_refusal(run("plan", case), said)
    assert files_in(tmp_path) == before


def moved_grid() -> Grid:
    return Grid((10, 10, 10), affine((5.0, 5.0, 5.0), (500.0, 0.0, 0.0)), "named")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--unit", "SUV"), "unknown image unit 'SUV'"),
        (("--unit", "hu"), "unknown unit 'hu'; known: bq_per_ml"),
        (("--unit", "counts"), "needs --total-activity-mbq A and --within MASK"),
        (("--unit", "bq_per_ml", "--total-activity-mbq", "5"), "belong to --unit counts"),
        (("--unit", "bq_per_ml", "--nuclide", "F-99"), "unknown radionuclide"),
        (("--unit", "bq_per_ml", "--nuclide", "Tc-99m"), "Tc-99m"),
        (("--unit", "bq_per_ml", "--engine", "monte carlo"), "unknown dose engine"),
        (("--unit", "bq_per_ml", "--data-set", "icrp38"), "unknown nuclear data set"),
        (("--unit", "bq_per_ml", "--dose-constant", "49.67"), "belongs to local deposition"),
        (("--unit", "bq_per_ml", "--uniform-density", "-1"), "a density is above zero"),
        (("--unit", "bq_per_ml", "--uniform-density", "1", "--ct", "x"), "exclude each other"),
        (("--unit", "bq_per_ml", "--ct", "{case}/maa.nii"), "not CT numbers"),
        (("--unit", "bq_per_ml", "--density", "{case}/kg.nii"), "check its unit"),
        (("--unit", "bq_per_ml", "--density", "{case}/away.nii"), "lies outside away.nii"),
        (("--unit", "bq_per_ml", "--out", "{case}/dose.txt"), "unknown format of a dose file"),
        (("--unit", "bq_per_ml", "--density", "{case}/none.nii"), "there is no none.nii"),
        (
            ("--unit", "counts", "--total-activity-mbq", "-5", "--within", "{case}/drawn.seg.nrrd"),
            "both must be above zero",
        ),
    ],
)
def test_the_engine_alone_refuses_too(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    case = write_case(tmp_path / "case")
    write_nifti(case / "kg.nii", activity(GRID, 1050.0))
    write_nifti(case / "away.nii", activity(moved_grid(), 1.0))
    before = files_in(tmp_path)
    given = [one.format(case=case) for one in options]
    defaults = ["--nuclide", "Y-90", "--out", str(tmp_path / "dose.nii.gz")]
    require_refusal(run("dose", case / "pet.nii", *defaults, *given), said)
    assert files_in(tmp_path) == before


def test_an_activity_of_another_instant_is_not_taken_as_that_of_implantation(
    tmp_path: Path,
) -> None:
    write_pet(tmp_path / "pet", SLICES, PLACED)
    result = run(
        "dose",
        tmp_path / "pet",
        "--nuclide",
        "Y-90",
        "--unit",
        "bq_per_ml",
        "--out",
        tmp_path / "dose.nii",
    )
    require_refusal(result, "wants the activity at implantation")


def test_files_that_declare_another_frame_do_not_meet(tmp_path: Path) -> None:
    write_pet(tmp_path / "pet", SLICES, PLACED, {"DecayCorrection": "ADMIN"})
    write_nifti(tmp_path / "density.nii", activity(GRID, 1.0))
    common = (
        "dose",
        tmp_path / "pet",
        "--nuclide",
        "Y-90",
        "--unit",
        "bq_per_ml",
        "--density",
        tmp_path / "density.nii",
        "--out",
        tmp_path / "dose.nii",
    )
    require_refusal(run(*common), "frames of reference differ")
    assert run(*common, "--frame", "1.2.3.4").exit_code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--nuclide", "Y-90", "--spacing", "0", "3", "3"), "sides above zero"),
        (("--nuclide", "Q-9", "--spacing", "3", "3", "3"), "unknown radionuclide"),
        (("--nuclide", "Y-90", "--spacing", "3", "3", "3", "--density", "0"), "above zero"),
    ],
)
def test_a_kernel_that_cannot_be_is_refused(
    tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    require_refusal(run("kernel", *options, "--out", tmp_path / "k.csv"), said)
    assert files_in(tmp_path) == set()


def test_dose_volume_figures_want_a_dose_and_structures(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case")
    seg, out = case / "drawn.seg.nrrd", tmp_path / "f.csv"
    away = [structure("Liver", StructureKind.LIVER, ball(moved_grid(), (520, 20, 20), 10))]
    write_label_map_seg_nrrd(tmp_path / "away.seg.nrrd", away)
    for arguments, said in (
        ((case / "none.nii", "--structures", seg), "there is no none.nii"),
        ((case / "pet.nii", "--structures", case / "pet.nii"), "not whole numbers"),
        ((case / "pet.nii", "--structures", tmp_path / "away.seg.nrrd"), "no structure of"),
        ((case / "pet.nii", "--structures", seg, "--label", "liver"), 'wanted "NAME=KIND"'),
        ((case / "pet.nii", "--structures", seg, "--label", "Liver=hart"), "structure kind"),
        ((case / "pet.nii", "--structures", seg, "--label", "Milz=spleen"), "no segment is called"),
    ):
        require_refusal(run("dvh", *arguments, "--csv", out), said)
    assert not out.exists()
    write_pet(tmp_path / "pet", SLICES, PLACED)
    require_refusal(run("dvh", tmp_path / "pet", "--structures", seg), "declares unit Bq/mL")


def test_a_name_that_no_disk_can_hold_and_records_that_are_a_file(tmp_path: Path) -> None:
    case = write_case(tmp_path / "ZZTOP", CASE.replace("pet.nii", "p" * 5000))
    require_refusal(run("verify", case), "ile name too long")
    case = write_case(tmp_path / "ZZTOP b")
    (case / "records").write_text("taken")
    result = run("verify", case)
    require_refusal(result, "the records of the case cannot be written (File exists)")
    assert "ZZTOP" not in result.stderr


def test_too_little_memory_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("opensirt.app.step.read_case", none_left)
    require_refusal(run("verify", write_case(tmp_path)), "not enough memory")


def test_folders_named_after_a_patient_stay_out_of_the_results(tmp_path: Path) -> None:
    """Images and contours lie in folders of that name; nothing that is written repeats it."""
    case = write_case(tmp_path / "case", CASE.replace('path = "', 'path = "../ZZTOP SECRET/'))
    folder = tmp_path / "ZZTOP SECRET"
    folder.mkdir()
    for one in case.iterdir():
        if one.suffix != ".toml":
            one.rename(folder / one.name)
    result = run("run", case)
    assert result.exit_code == 0, result.stderr
    written = [one for one in files_in(case) if one.suffix in (".json", ".html", ".dcm")]
    assert len(written) >= 3
    for one in written:
        assert b"ZZTOP" not in one.read_bytes(), one.name
    assert "ZZTOP" not in result.stdout + result.stderr


def test_the_other_commands_refuse_in_the_same_voice(tmp_path: Path) -> None:
    require_refusal(run("inspect", tmp_path / "none"), "there is no none")
    require_refusal(run("inspect", tmp_path), "holds no image")
    require_refusal(run("new", tmp_path / "case", "--from", tmp_path), "holds no image")
    require_refusal(run("site", "--site", tmp_path / "site.toml"), "there is no site profile")
    require_refusal(run("demo", "--patients", "--seed", "3"), "belong to the digital patient")
    require_refusal(run("demo", "--nuclide", "F-18", "--out", tmp_path / "demo"), "F-18")
    assert files_in(tmp_path) == set()


def test_a_wrong_option_ends_with_code_2_too() -> None:
    assert run("run").exit_code == 2
    assert run("dose", "x", "--histories", "5").exit_code == 2
    assert run("approve", "case").exit_code == 2
