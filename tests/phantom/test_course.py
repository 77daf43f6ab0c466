"""A digital patient as a case folder reads back as itself."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from opensirt.app.read_case import read_case
from opensirt.domain.case import ImageRole
from opensirt.domain.image import ActivityMap, CountsImage, CtImage
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.phantom.course import _toml, case_key, digital_case, write_digital_case
from opensirt.phantom.patient import DigitalPatient
from opensirt.provenance import sha256_of_file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, y90: DigitalPatient) -> Path:
    made = tmp_path_factory.mktemp("case") / "digital"
    write_digital_case(made, y90)
    return made


def test_the_folder_reads_back_as_the_patient(folder: Path, y90: DigitalPatient) -> None:
    read, meant = read_case(folder), digital_case(y90)
    assert read.key == meant.key == "digital-patient-y90-seed1"
    assert [one.id for one in read.images] == [one.id for one in meant.images]
    for found, wanted in zip(read.images, meant.images, strict=True):
        assert type(found.image) is type(wanted.image)
        assert found.role is wanted.role
        assert found.resolution_fwhm_mm == wanted.resolution_fwhm_mm
        assert found.assumed == ()
        found.image.grid.require_same(wanted.image.grid)
        assert np.array_equal(found.image.values, wanted.image.values)
    for label in ("patient", "tissue", "territories", "prescription", "administration"):
        assert getattr(read, label) == getattr(meant, label), label
    assert {one.label: one.kind for one in read.structures} == {
        one.label: one.kind for one in meant.structures
    }
    for one in read.structures:
        assert np.array_equal(one.mask.values, meant.structures.labelled(one.label).mask.values)


def test_the_baseline_of_the_follow_up_is_outlined_by_the_structures(
    folder: Path, y90: DigitalPatient
) -> None:
    read, meant = read_case(folder), digital_case(y90)
    (found,), (wanted,) = read.visit_segments, meant.visit_segments
    assert found.on == wanted.on
    assert set(found.lesions) == set(wanted.lesions) == {"tumour 1", "tumour 2", "tumour 3"}
    for name, mask in found.lesions.items():
        assert np.array_equal(mask.values, wanted.lesions[name].values)
    assert found.tumours is not None
    assert wanted.tumours is not None
    assert found.tumours.volume_ml == wanted.tumours.volume_ml
    assert read.other_blocks["follow_up"] == meant.other_blocks["follow_up"]


def test_images_come_back_with_their_instants(folder: Path, y90: DigitalPatient) -> None:
    read = read_case(folder)
    (ct,) = read.in_role(ImageRole.CT)
    assert isinstance(ct.image, CtImage)
    scout, taken = read.scout(), read.verification()
    assert scout is not None
    assert taken is not None
    assert isinstance(scout.image, CountsImage)
    assert isinstance(taken.image, ActivityMap)
    assert scout.image.acquired_at == y90.scout.acquired_at
    assert scout.image.duration_s == y90.scout.duration_s
    assert taken.image.acquired_at == y90.treatment.acquired_at
    assert taken.image.reference_at is y90.treatment.reference_at


def test_nothing_is_assumed(folder: Path) -> None:
    assert "assumed" not in (folder / "case.toml").read_text()
    assert not [one for one in read_case(folder).findings if "assum" in one.rule]


def test_the_truth_is_not_in_the_folder(folder: Path) -> None:
    assert {one.name for one in folder.iterdir()} == {
        "case.toml",
        "ct.nii.gz",
        "scout.nii.gz",
        "treatment.nii.gz",
        "structures.seg.nrrd",
    }
    stated = tomllib.loads((folder / "case.toml").read_text())
    assert "work_up" not in stated


def test_the_same_patient_gives_the_same_bytes(
    folder: Path, tmp_path: Path, y90: DigitalPatient
) -> None:
    again = write_digital_case(tmp_path / "again", y90)
    for one in folder.iterdir():
        assert sha256_of_file(again.parent / one.name) == sha256_of_file(one), one.name


def test_laboratory_values_are_valid_and_each_analyte_has_one_before_treatment(
    folder: Path, y90: DigitalPatient
) -> None:
    labs = read_case(folder).other_blocks["labs"]
    assert isinstance(labs, list)
    given = y90.administration.administered_at
    assert not isinstance(given, Missing)
    for one in labs:
        limits = {key: one[key] for key in ("lower_limit", "upper_limit") if key in one}
        value = LabValue(
            analyte=Analyte(one["analyte"]),
            value=one["value"],
            unit=one["unit"],
            on=one["on"],
            **limits,
        )
        before = [other for other in labs if other["on"] < given.date()]
        assert one["analyte"] in {other["analyte"] for other in before}
        assert value.on != given.date()
    assert len(labs) >= 10


def test_clinical_facts_are_marked_as_examples(folder: Path) -> None:
    blocks = read_case(folder).other_blocks
    disease, earlier = blocks["disease"], blocks["prior_treatments"]
    assert isinstance(disease, dict)
    assert disease["example"] is True
    assert isinstance(earlier, list)
    assert all(one["example"] is True for one in earlier)


def test_the_holmium_course_is_planned_for_holmium(ho166: DigitalPatient) -> None:
    case = digital_case(ho166)
    assert case_key(ho166) == "digital-patient-ho166-seed1"
    assert case.prescription is not None
    assert case.prescription.device == "holmium"
    assert case.administration is not None
    assert case.administration.device == "holmium"


def test_toml_is_spelled_so_that_it_reads_back() -> None:
    entries = {
        "a b": 'quo"te \\ back',
        "n": [1, 2.5, True],
        "t": {"x *": 1e-7},
    }
    assert tomllib.loads("v = " + _toml(entries))["v"] == entries
    with pytest.raises(InputError, match="no place in a case file"):
        _toml(object())
