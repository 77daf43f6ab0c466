"""A first case from a folder of images, and what inspection says of it."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from builders import activity, affine, ball, centred_grid, structure
from dicom_files import write_ct, write_mr

from opensirt.app.inspect import inspect_path
from opensirt.app.new_case import new_case
from opensirt.app.read_case import read_case
from opensirt.domain.case import ImageRole
from opensirt.domain.image import ActivityMap
from opensirt.domain.missing import Missing
from opensirt.domain.structure import StructureKind
from opensirt.errors import InputError
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti

GRID = centred_grid((20, 20, 20), (4.0, 4.0, 4.0))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    write_nifti(folder / "pet.nii.gz", activity(GRID, 1e5))
    structures = (
        structure("Leber", StructureKind.LIVER, ball(GRID, (0, 0, 0), 30)),
        structure("Metastase 1", StructureKind.TUMOUR, ball(GRID, (0, 0, 0), 10)),
        structure("cloud", StructureKind.OTHER, ball(GRID, (0, 20, 0), 10)),
    )
    write_label_map_seg_nrrd(folder / "drawn.seg.nrrd", structures)
    (folder / "notes.txt").write_text("not an image")
    return folder


def test_inspection_names_what_a_case_has_to_state(images: Path) -> None:
    found = inspect_path(images)
    by_name = {one.name: one for one in found.files}
    assert by_name["pet.nii.gz"].missing == ("unit", "radionuclide", "reference", "frame")
    assert by_name["pet.nii.gz"].shape == (20, 20, 20)
    assert by_name["pet.nii.gz"].spacing_mm == pytest.approx((4.0, 4.0, 4.0))
    assert by_name["drawn.seg.nrrd"].missing == ("frame", "labels")
    volumes = {one.name: one.volume_ml for one in by_name["drawn.seg.nrrd"].segments}
    assert not isinstance(volumes["Leber"], Missing)
    assert volumes["Leber"] == pytest.approx(ball(GRID, (0, 0, 0), 30).volume_ml)
    assert found.n_other_files == 1
    assert "unit" in dict(found.for_steps)["verify"]


def test_a_new_case_is_valid_once_the_marked_facts_are_filled_in(
    images: Path, tmp_path: Path
) -> None:
    path = new_case(tmp_path / "course", images)
    text = path.read_text()
    stated = tomllib.loads(text)
    assert stated["structures"][0]["labels"] == {
        "Leber": "liver",
        "Metastase 1": "tumour",
        "cloud": "other",
    }
    filled = text.replace("# FILL IN ", "").replace("lung_mass_kg = 1.0", "")
    path.write_text(filled)
    case = read_case(path)
    assert isinstance(case.images[0].image, ActivityMap)
    assert case.images[0].image.total() == pytest.approx(1e5 * 8000 * 0.064, rel=1e-5)
    assert [one.kind for one in case.structures] == [
        StructureKind.LIVER,
        StructureKind.TUMOUR,
        StructureKind.OTHER,
    ]


def test_masks_in_files_of_their_own_are_structures_named_after_their_files(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name, radius_mm in (("liver", 30.0), ("metastasis 1", 10.0)):
        mask = ball(GRID, (0, 0, 0), radius_mm).values
        write_nifti(folder / f"{name}.nii.gz", activity(GRID, mask.astype(float)))
    map_values = ball(GRID, (0, 0, 0), 20).values * 1.0
    map_values[ball(GRID, (0, 0, 0), 8).values] = 7.0
    write_nifti(folder / "both.nii", activity(GRID, map_values))
    path = new_case(tmp_path / "course", folder)
    path.write_text(path.read_text().replace("# FILL IN frame", "frame"))
    case = read_case(path)
    assert {one.label: one.kind for one in case.structures} == {
        "both 1": StructureKind.OTHER,
        "both 7": StructureKind.OTHER,
        "liver": StructureKind.LIVER,
        "metastasis 1": StructureKind.TUMOUR,
    }
    assert case.images == ()


def test_an_existing_case_is_never_overwritten(images: Path, tmp_path: Path) -> None:
    path = new_case(tmp_path / "course", images)
    path.write_text("mine")
    with pytest.raises(InputError, match="not overwritten"):
        new_case(tmp_path / "course", images)
    assert path.read_text() == "mine"


def test_a_folder_without_images_is_refused_and_nothing_written(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="holds no image"):
        new_case(tmp_path / "course", empty)
    assert not (tmp_path / "course").exists()
    with pytest.raises(InputError, match="there is no nowhere"):
        inspect_path(tmp_path / "nowhere")


def test_contours_on_mr_need_nothing_stated_of_their_image(tmp_path: Path) -> None:
    write_mr(tmp_path / "mr", np.full((5, 8, 8), 100, np.int16), affine((3.0, 2.0, 2.0)))
    (found,) = inspect_path(tmp_path / "mr").files
    assert (found.modality, found.missing) == ("MR", ())
    new_case(tmp_path / "case", tmp_path / "mr")
    (image,) = read_case(tmp_path / "case").images
    assert (image.id, image.role) == ("mr-1", ImageRole.FOLLOW_UP)


def test_a_case_whose_images_lie_elsewhere_is_inspected(images: Path, tmp_path: Path) -> None:
    new_case(tmp_path / "course", images)
    found = inspect_path(tmp_path / "course")
    assert found.files == ()
    assert found.for_steps


def test_files_of_two_patients_are_told(tmp_path: Path) -> None:
    values = np.full((5, 8, 8), 100, np.int16)
    write_ct(tmp_path / "a", values, affine((3.0, 2.0, 2.0)))
    assert inspect_path(tmp_path).notes == ()
    other = {"PatientID": "ZZTOP-2", "SeriesInstanceUID": "1.2.3.99"}
    write_ct(tmp_path / "b", values, affine((3.0, 2.0, 2.0)), other)
    (note,) = inspect_path(tmp_path).notes
    assert note.startswith("the DICOM files are of 2 patients by their IDs")
    assert note in new_case(tmp_path / "case", tmp_path).read_text()


def test_names_that_repeat_or_hold_odd_characters_are_valid_toml(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    made = structure('a "b"\\ c', StructureKind.OTHER, ball(GRID, (0, 0, 0), 10))
    path = tmp_path / "images" / "drawn.seg.nrrd"
    write_label_map_seg_nrrd(path, (made, structure("x", StructureKind.OTHER, made.mask)))
    path.write_bytes(path.read_bytes().replace(b"Segment1_Name:=x", b'Segment1_Name:=a "b"\\ c'))
    written = tomllib.loads(new_case(tmp_path / "course", tmp_path / "images").read_text())
    assert list(written["structures"][0]["labels"]) == ['a "b"\\ c']


def test_a_damaged_file_is_named_beside_the_good_ones(images: Path) -> None:
    whole = (images / "pet.nii.gz").read_bytes()
    (images / "broken.nii.gz").write_bytes(whole[: len(whole) // 2])
    found = {one.name: one for one in inspect_path(images).files}
    assert found["broken.nii.gz"].problem
    assert not found["pet.nii.gz"].problem


def test_voxels_that_are_not_finite_are_counted(images: Path) -> None:
    import nibabel

    values = np.zeros((4, 4, 4), dtype=np.float32)
    values[0, 0, 0] = np.nan
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), images / "bad.nii")
    found = {one.name: one for one in inspect_path(images).files}
    assert found["bad.nii"].problem == "1 voxels are not finite"
