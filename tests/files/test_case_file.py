"""case.toml: what is accepted, and how what is not is refused."""

from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema
import pytest

from opensirt.domain.case import ImageRole
from opensirt.domain.image import Event
from opensirt.domain.structure import StructureKind
from opensirt.errors import InputError
from opensirt.files.case_file import (
    case_file_path,
    case_schema,
    read_case_file,
)
from opensirt.files.planning_text import planning_text
from opensirt.files.toml_document import read_toml
from opensirt.units import ImageUnit

PATIENT_2 = """
schema = "opensirt/case/1"
key = "patient-2"

[patient]
height_cm = 175
weight_kg = 78
assumed = ["height_cm", "weight_kg"]

[[images]]
id = "maa"
role = "scout"
path = "patient_2_SPECT.nrrd"
unit = "counts"
radionuclide = "Tc-99m"
frame = "patient-2-spect"
assumed = ["frame"]

[[structures]]
path = "patient_2_Segmentation.seg.nrrd"
frame = "patient-2-spect"
labels = { "liver" = "liver", "gallbladder" = "gallbladder", "Tumor *" = "tumour", "perfused volume" = "perfused_volume", "whole liver normal" = "normal_liver", "perfused normal" = "perfused_normal_liver" }

[tissue]
liver_density_g_per_ml = 1.05
lung_mass_kg = 1.0
assumed = ["liver_density_g_per_ml", "lung_mass_kg"]

[work_up]
lung_shunt_fraction = 0.05
lung_shunt_method = "planar"
assumed = ["lung_shunt_fraction", "lung_shunt_method"]

[[territories]]
name = "right"
perfused_volume = "perfused volume"
vessel = "right hepatic artery"
assumed = ["vessel"]

[prescription]
device = "resin"
model = "partition"
limits = { perfused_normal_liver_gy = 40, lung_gy = 30 }
targets = { resin = { perfused_volume_gy = 120 }, glass = { perfused_volume_gy = 120 }, holmium = { perfused_volume_gy = 60 } }
assumed = ["targets"]
"""  # noqa: E501 - as on the page of contracts

HEAD = 'schema = "opensirt/case/1"\nkey = "a"\n'
IMAGE = '[[images]]\nid = "pet"\nrole = "verification"\npath = "pet.nii"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "case.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        read_case_file(written(folder, text))
    return str(caught.value)


def test_the_second_patient_of_the_contracts_is_read(tmp_path: Path) -> None:
    case = read_case_file(written(tmp_path, PATIENT_2))
    assert case.key == "patient-2"
    assert case.patient.height_cm == 175.0
    assert case.images[0].role is ImageRole.SCOUT
    assert case.images[0].unit is ImageUnit.COUNTS
    assert case.structures[0].labels["Tumor *"] is StructureKind.TUMOUR
    assert case.prescription is not None
    assert case.prescription.limits.by_name() == {"perfused_normal_liver": 40.0, "lung": 30.0}
    assert case.prescription.targets["holmium"].by_name() == {"perfused_volume": 60.0}
    assert case.territories[0].vessel == "right hepatic artery"
    assert case.administration is None


def test_only_schema_and_key_are_needed(tmp_path: Path) -> None:
    case = read_case_file(written(tmp_path, HEAD))
    assert (case.images, case.structures, case.prescription) == ([], [], None)
    assert "key is missing" in problems_of(tmp_path, 'schema = "opensirt/case/1"')


@pytest.mark.parametrize("spelling", ["Bq/mL", "bq_per_ml", "BQML"])
def test_units_are_read_in_both_spellings(tmp_path: Path, spelling: str) -> None:
    case = read_case_file(written(tmp_path, HEAD + IMAGE + f'unit = "{spelling}"'))
    assert case.images[0].unit is ImageUnit.BQ_PER_ML


@pytest.mark.parametrize("written_as", ["2026-03-02T12:00:00+01:00", '"2026-03-02T12:00:00+01:00"'])
def test_an_instant_is_read_with_its_zone(tmp_path: Path, written_as: str) -> None:
    case = read_case_file(written(tmp_path, HEAD + IMAGE + f"reference = {written_as}"))
    assert case.images[0].reference == datetime(2026, 3, 2, 11, tzinfo=UTC)


@pytest.mark.parametrize("spelling", ["Y-90", "90Y", "y90"])
def test_radionuclides_are_read_in_every_spelling(tmp_path: Path, spelling: str) -> None:
    case = read_case_file(written(tmp_path, HEAD + IMAGE + f'radionuclide = "{spelling}"'))
    assert case.images[0].radionuclide == "Y-90"


def test_an_event_is_an_instant(tmp_path: Path) -> None:
    case = read_case_file(written(tmp_path, HEAD + IMAGE + 'reference = "administration"'))
    assert case.images[0].reference is Event.ADMINISTRATION


def test_blocks_for_later_steps_are_kept_as_they_are(tmp_path: Path) -> None:
    text = '[disease]\nprimary_site = "ileum"\n[follow_up]\nalbi_within_days = 3'
    case = read_case_file(written(tmp_path, HEAD + text))
    assert case.other_blocks == {
        "disease": {"primary_site": "ileum"},
        "follow_up": {"albi_within_days": 3},
    }


def test_a_confirmation_has_a_rule_a_person_and_a_date(tmp_path: Path) -> None:
    text = HEAD + '[[confirmations]]\nfinding = "mirrored"\nby = "B. Smits"\non = 2026-03-02'
    confirmation = read_case_file(written(tmp_path, text)).confirmations[0]
    assert (confirmation.finding, confirmation.by) == ("mirrored", "B. Smits")
    assert confirmation.on == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('schema = "opensirt/case/2"\nkey = "a"', "schema: found 'opensirt/case/2'"),
        ('schema = "opensirt/case/1"\nkey = 5', "key: found 5"),
        (HEAD + "[tissu]\nx = 1", "did you mean 'tissue'"),
        (HEAD + '[images]\nid = "pet"', "images: input should be a valid list"),
        (HEAD + IMAGE + 'radionucleide = "Y-90"', "did you mean 'radionuclide'"),
        (HEAD + IMAGE + 'unit = "Bq/L"', "unknown image unit 'Bq/L'; known: bq_per_ml"),
        (HEAD + IMAGE + "unit = 1", "a unit in quotation marks is wanted"),
        (HEAD + IMAGE + 'radionuclide = "resin"', 'a radionuclide such as "Y-90"'),
        (HEAD + IMAGE + "reference = 2026-03-02T12:00:00", "has no zone; write it with one"),
        (HEAD + IMAGE + 'acquired_at = "yesterday"', "an instant such as"),
        (HEAD + IMAGE + "acquired_at = 2026-03-02", "an instant with date, time and zone"),
        (HEAD + IMAGE + 'assumed = ["unit"]', "which this block does not state"),
        (HEAD + IMAGE + IMAGE, "[[images]] id: 'pet' is given twice"),
        (HEAD + IMAGE.replace("verification", "treatment"), "one of ct, scout"),
        (HEAD + '[[structures]]\npath = "a"\nlabels = {}', "labels"),
        (HEAD + '[[structures]]\npath = "a"\nlabels = { x = "hart" }', "one of liver"),
        (
            HEAD + '[[structures]]\npath = "a"\nlabels = { x = "liver" }\nnames = { a = "x" }',
            "'a' is no label value",
        ),
        (HEAD + "[patient]\nheight_cm = 1.75", "less than or equal|greater than or equal to 40"),
        (HEAD + "[patient]\nheight_cm = true", "input should be a valid number"),
        (HEAD + '[patient]\nname = "X"', "name is not a known key"),
        (HEAD + "[work_up]\nlung_shunt_fraction = 5", "between 0 and 1: 0.05 for 5 %"),
        (HEAD + "[tissue]\nlung_mass_kg = nan", "input should be a finite number"),
        (HEAD + "[administration]\nadministered_activity_mbq = 1.4", "greater than or equal to 10"),
        (
            HEAD + "[administration]\ndispensed_activity_mbq = 100\nresidual_activity_mbq = 120",
            "residual_activity_mbq 120 is more than dispensed_activity_mbq 100",
        ),
        (
            HEAD + "[administration]\ndispensed_activity_mbq = 100\nresidual_activity_mbq = 20\n"
            "administered_activity_mbq = 100",
            "is not dispensed minus residual",
        ),
        (HEAD + '[prescription]\ndevice = "resin"', "model is missing"),
        (HEAD + '[prescription]\ndevice = "resin"\nmodel = "mird"', "'body_surface_area'"),
        (
            HEAD + '[prescription]\ndevice = "resin"\nmodel = "voxel"\nlimits = { lung = 30 }',
            "did you mean 'lung_gy'",
        ),
        (
            HEAD + '[[confirmations]]\nfinding = "mirrored"\nby = "X"\non = "soon"',
            "date, such as 2026-03-02",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    message = problems_of(tmp_path, text)
    assert "case.toml" in message
    assert any(one in message for one in said.split("|")), message


def test_all_problems_are_said_together(tmp_path: Path) -> None:
    message = problems_of(tmp_path, HEAD + IMAGE + 'unit = "x"\nradionuclide = 1\nframes = "a"')
    assert "has 3 problems" in message
    assert "[[images]] no. 1, unit" in message


def test_the_value_of_an_unknown_key_is_not_repeated(tmp_path: Path) -> None:
    message = problems_of(tmp_path, HEAD + '[patient]\nname = "ZZTOP^SECRET"')
    assert "ZZTOP" not in message


def test_a_slip_of_the_pen_is_said_with_its_line(tmp_path: Path) -> None:
    assert "at line 3" in problems_of(tmp_path, HEAD + "[tissue\n")


def test_the_invisible_mark_of_windows_editors_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert read_case_file(path).key == read_case_file(written(tmp_path, HEAD)).key


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("weight_kg = 78,5", "write a decimal point for the comma"),
        ("sex = \u201cfemale\u201d", "straight quotation marks"),
        ("sex = female", "put words in quotation marks"),
        ("on = 2.3.2026", "write a date that is in the calendar"),
        ("on = 2026-3-2", "write a date that is in the calendar"),
        ("on = 2026-13-02", "write a date that is in the calendar"),
        ("weight_kg 78", "write key = value"),
        ("weight_kg = 78\nweight_kg = 79", "stands in the file twice"),
    ],
)
def test_a_frequent_slip_is_told_with_its_remedy(tmp_path: Path, line: str, said: str) -> None:
    assert said in problems_of(tmp_path, f"{HEAD}[patient]\n{line}\n")


@pytest.mark.parametrize("key", ["a\\\\b", " a", "a ", "k" * 65, "a\\nb", ""])
def test_a_key_that_dicom_cannot_hold_is_refused(tmp_path: Path, key: str) -> None:
    assert "key: found" in problems_of(tmp_path, f'schema = "opensirt/case/1"\nkey = "{key}"\n')


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_case_file(path)
    with pytest.raises(InputError, match="is a folder"):
        read_toml(tmp_path)
    with pytest.raises(InputError, match="does not exist; `opensirt new"):
        read_toml(tmp_path / "b" / "case.toml")


def test_the_case_file_of_a_folder_is_found(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD)
    assert case_file_path(tmp_path) == path
    assert case_file_path(path) == path
    with pytest.raises(InputError, match=r"the folder holds no case\.toml"):
        case_file_path(tmp_path.parent)
    with pytest.raises(InputError, match="there is no none; a folder"):
        case_file_path(tmp_path / "none")


def test_the_schema_accepts_what_the_reader_accepts(tmp_path: Path) -> None:
    schema = case_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    assert list(checker.iter_errors(read_toml(written(tmp_path, PATIENT_2)))) == []
    assert list(checker.iter_errors({"schema": "opensirt/case/1", "key": "a", "kez": 1}))


PLANNED = (
    HEAD + '[tissue]\nlung_mass_kg = 1.0\n\n[prescription]\ndevice = "resin"\nmodel = "voxel"\n'
)
LATER = (
    "\n# when\n[order]\nnote = [\n  [1],\n]\n[order.more]\nx = 1\n"
    "\n[[administration.vials]]\ny = 2\n"
)


@pytest.mark.parametrize("before", ["", "[prescription]", "[tissue]"])
def test_the_part_that_a_plan_rests_on_is_the_same_with_an_order_anywhere(before: str) -> None:
    simple = LATER.replace("note = [\n  [1],\n]\n", "")
    text = PLANNED.replace(before, f"{simple}{before}", 1) if before else PLANNED + simple
    assert planning_text(text) == planning_text(PLANNED)


@pytest.mark.parametrize(
    "text",
    [
        PLANNED.replace("1.0", "1.1"),
        PLANNED.replace("[tissue]", "# a remark\n[tissue]"),
        PLANNED + "# a remark\n",
        PLANNED + '\n[labs]\nnote = """\n[order]\n"""\n',
        PLANNED + LATER,  # cannot be cut line by line: the whole text counts
    ],
)
def test_any_other_change_is_a_change_of_what_a_plan_rests_on(text: str) -> None:
    assert planning_text(text) != planning_text(PLANNED)
