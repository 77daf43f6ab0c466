"""A case folder read whole: what files declare and what the case states, together."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from builders import activity, affine, ball, structure
from case_folder import CASE, GRID, WITHOUT_SCOUT, restated, write_case
from dicom_files import write_ct, write_nm, write_pet, write_rtstruct

from opensirt.app.image_file import read_segment_file, sha256_of_path
from opensirt.app.read_case import read_case
from opensirt.domain.case import Case, ImageRole
from opensirt.domain.grid import frame_of_reference_uid
from opensirt.domain.image import ActivityMap, CountsImage, CtImage, Event
from opensirt.domain.missing import Missing
from opensirt.domain.structure import StructureKind
from opensirt.errors import ConfirmationError, GeometryError, InputError
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti, write_nrrd
from opensirt.provenance import sha256_of_file

SLICES = np.full((6, 8, 8), 100, dtype=np.uint16)
PLACED = affine((4.0, 4.0, 4.0), (-60.0, -16.0, -12.0))

HEAD = 'schema = "opensirt/case/1"\nkey = "a"\n'


def case_of(folder: Path, text: str) -> Case:
    (folder / "case.toml").write_text(HEAD + text, encoding="utf-8")
    return read_case(folder)


def image_block(path: str, role: str = "verification", more: str = "") -> str:
    return f'[[images]]\nid = "{path}"\nrole = "{role}"\npath = "{path}"\n{more}\n'


def test_everything_that_a_case_states_is_in_the_case(tmp_path: Path) -> None:
    case = read_case(write_case(tmp_path))
    assert case.key == "phantom"
    assert case.patient.height_cm == 175.0
    assert case.tissue.liver_density_kg_per_ml == pytest.approx(1.05e-3)
    assert case.work_up.lung_shunt_fraction == 0.05
    assert case.work_up.lung_shunt_standard_uncertainty is Missing.NOT_ESTIMATED
    assert case.territories[0].perfused_volume == "Perfused"
    assert case.prescription is not None
    assert dict(case.prescription.limits_gy) == {"perfused_normal_liver": 40.0, "lung": 30.0}
    assert case.administration is not None
    assert case.administration.administered_activity_bq == 1e8
    assert [one.role for one in case.images] == [ImageRole.VERIFICATION, ImageRole.SCOUT]
    kinds = {one.label: one.kind for one in case.structures}
    assert kinds == {
        "Liver": StructureKind.LIVER,
        "Tumour 1": StructureKind.TUMOUR,
        "Perfused": StructureKind.PERFUSED_VOLUME,
    }
    pet, maa = (one.image for one in case.images)
    assert isinstance(pet, ActivityMap)
    assert isinstance(maa, CountsImage)
    assert pet.reference_at is Event.ADMINISTRATION
    assert pet.grid.frame_of_reference_uid == frame_of_reference_uid("one")
    assert pet.total() == pytest.approx(1e8, rel=1e-5)


def test_assumptions_come_first_one_for_each_block(tmp_path: Path) -> None:
    text = CASE.replace("lung_mass_kg = 1.0", 'lung_mass_kg = 1.0\nassumed = ["lung_mass_kg"]')
    text = text.replace("lung_gy = 30 }", 'lung_gy = 30 }\nassumed = ["limits"]')
    found = read_case(write_case(tmp_path, text)).findings
    assert [one.text for one in found if one.rule == "assumed"] == [
        "assumed, not recorded: image pet: frame = one",
        "assumed, not recorded: tissue: lung_mass_kg = 1",
        "assumed, not recorded: prescription: limits = perfused normal liver 40 Gy, lung 30 Gy",
    ]
    assert [one.rule for one in found[:3]] == ["assumed"] * 3


def test_every_input_is_hashed(tmp_path: Path) -> None:
    case = read_case(write_case(tmp_path))
    assert case.inputs["images.pet"] == sha256_of_file(tmp_path / "pet.nii")
    assert case.inputs["case.toml"] == sha256_of_file(tmp_path / "case.toml")
    assert set(case.inputs) == {
        "case.toml",
        "images.pet",
        "images.maa",
        "structures.drawn.seg.nrrd",
    }


def test_the_hash_of_a_header_holds_its_data_file(tmp_path: Path) -> None:
    header = tmp_path / "a.mhd"
    header.write_text("ObjectType = Image\nNDims = 3\nElementDataFile = a.raw\n")
    (tmp_path / "a.raw").write_bytes(b"one")
    first = sha256_of_path(header)
    (tmp_path / "a.raw").write_bytes(b"two")
    assert sha256_of_path(header) != first


def test_the_hash_of_a_folder_follows_content_not_names(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1").write_text("x")
    (tmp_path / "a" / "2").write_text("y")
    first = sha256_of_path(tmp_path / "a")
    (tmp_path / "a" / "1").rename(tmp_path / "a" / "3")
    assert sha256_of_path(tmp_path / "a") == first
    (tmp_path / "a" / "3").write_text("z")
    assert sha256_of_path(tmp_path / "a") != first


def test_facts_of_a_dicom_file_need_not_be_stated(tmp_path: Path) -> None:
    write_pet(tmp_path / "pet", SLICES, PLACED)
    case = case_of(tmp_path, image_block("pet"))
    image = case.images[0].image
    assert isinstance(image, ActivityMap)
    assert image.radionuclide == "Y-90"
    assert image.grid.frame_of_reference_uid == "1.2.3.4"
    assert image.acquired_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert case.administration is not None
    assert case.administration.administered_activity_bq == 1.4e9
    assert "activity_from_header" in {one.rule for one in case.findings}


def test_the_zone_of_the_site_stands_in_for_one_that_is_not_stated(tmp_path: Path) -> None:
    write_pet(tmp_path / "pet", SLICES, PLACED, {"TimezoneOffsetFromUTC": None})
    (tmp_path / "case.toml").write_text(HEAD + image_block("pet", more='reference = "acquisition"'))
    image = read_case(tmp_path, zone=ZoneInfo("Europe/Amsterdam")).images[0].image
    assert isinstance(image, ActivityMap)
    assert image.acquired_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    without = read_case(tmp_path).images[0].image
    assert isinstance(without, ActivityMap)
    assert without.acquired_at is Missing.NOT_RECORDED


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ('unit = "kBq/mL"', "declares unit Bq/mL, the case states kBq/mL"),
        ('radionuclide = "Ho-166"', "declares radionuclide Y-90, the case states Ho-166"),
        ("acquired_at = 2026-03-02T10:16:00+01:00", "declares acquired_at 2026-03-02T10:15:00"),
        ('reference = "administration"', "declares reference"),
        ("duration_s = 60", "declares duration_s 900.0, the case states 60.0"),
    ],
)
def test_what_contradicts_the_file_is_refused(tmp_path: Path, stated: str, said: str) -> None:
    write_pet(tmp_path / "pet", SLICES, PLACED)
    with pytest.raises(InputError, match=said):
        case_of(tmp_path, image_block("pet", more=stated))


def test_what_repeats_the_file_is_accepted(tmp_path: Path) -> None:
    write_pet(tmp_path / "pet", SLICES, PLACED)
    more = 'unit = "bq_per_ml"\nradionuclide = "90Y"\nframe = "1.2.3.4"'
    assert case_of(tmp_path, image_block("pet", more=more)).images


def test_another_activity_in_the_header_is_refused_until_confirmed(tmp_path: Path) -> None:
    write_pet(tmp_path / "pet", SLICES, PLACED)
    given = "[administration]\nadministered_activity_mbq = 1200\n"
    with pytest.raises(ConfirmationError, match="states an administered activity of 1200 MBq"):
        case_of(tmp_path, image_block("pet") + given)
    confirmed = '[[confirmations]]\nfinding = "administered_activity"\nby = "X"\non = 2026-03-02\n'
    case = case_of(tmp_path, image_block("pet") + given + confirmed)
    assert case.administration is not None
    assert case.administration.administered_activity_bq == 1.2e9
    same = "[administration]\nadministered_activity_mbq = 1401\n"
    case = case_of(tmp_path, image_block("pet") + same)
    assert case.administration is not None
    assert case.administration.administered_activity_bq == 1.401e9


def test_dispensed_less_residual_needs_no_header(tmp_path: Path) -> None:
    write_pet(tmp_path / "pet", SLICES, PLACED)
    given = "[administration]\ndispensed_activity_mbq = 1300\nresidual_activity_mbq = 100\n"
    case = case_of(tmp_path, image_block("pet") + given)
    assert case.administration is not None
    assert case.administration.administered_activity_bq is Missing.NOT_RECORDED


def test_one_series_of_a_mixed_folder_is_named(tmp_path: Path) -> None:
    write_pet(tmp_path / "all", SLICES, PLACED, {"SeriesInstanceUID": "1.5.1"})
    write_ct(tmp_path / "all" / "ct", SLICES, PLACED, {"SeriesInstanceUID": "1.5.2"})
    with pytest.raises(InputError, match=r"1\.5\.1"):
        case_of(tmp_path, image_block("all"))
    more = 'series = "1.5.1"'
    assert isinstance(case_of(tmp_path, image_block("all", more=more)).images[0].image, ActivityMap)
    ct = case_of(tmp_path, image_block("all", role="ct", more='series = "1.5.2"'))
    assert isinstance(ct.images[0].image, CtImage)
    write_nifti(tmp_path / "a.nii", activity(GRID, 1.0))
    with pytest.raises(InputError, match="is no DICOM series"):
        case_of(tmp_path, image_block("a.nii", more=more))


def test_a_role_wants_its_kind_of_image(tmp_path: Path) -> None:
    write_ct(tmp_path / "ct", SLICES, PLACED)
    with pytest.raises(InputError, match="role verification wants activity"):
        case_of(tmp_path, image_block("ct"))
    write_nm(tmp_path / "nm" / "a.dcm", SLICES, PLACED)
    with pytest.raises(InputError, match="role ct wants CT numbers"):
        case_of(tmp_path, image_block("nm", role="ct"))


def test_contours_of_rt_structure_sets_are_drawn_on_the_image_of_their_frame(
    tmp_path: Path,
) -> None:
    write_pet(tmp_path / "pet", SLICES, PLACED, {"FrameOfReferenceUID": "1.2.3.77"})
    write_nm(tmp_path / "nm" / "a.dcm", SLICES, PLACED)
    corners = [(-54.0, -10.0), (-38.0, -10.0), (-38.0, 6.0), (-54.0, 6.0)]
    square = [[(x, y, z) for x, y in corners] for z in (-4.0, 0.0)]
    write_rtstruct(tmp_path / "rt" / "s.dcm", {"Liver": square, "couch": []})
    text = (
        image_block("pet")
        + image_block("nm", role="scout", more='unit = "counts"')
        + '[[structures]]\npath = "rt"\nlabels = { "Liver" = "liver" }\n'
    )
    case = case_of(tmp_path, text)
    (liver,) = case.structures
    assert liver.mask.grid.frame_of_reference_uid == "1.2.3.4"
    assert liver.volume_ml == pytest.approx(16 * 16 * 8 * 1e-3)


def test_contours_are_laid_on_the_image_whose_slices_they_lie_on(tmp_path: Path) -> None:
    """CT and PET share a frame; the contours were drawn on the PET, whose slices are others."""
    write_ct(tmp_path / "ct", SLICES.astype(np.int16), affine((2.0, 4.0, 4.0), (-60, -16, -13)))
    write_pet(tmp_path / "pet", SLICES, PLACED)
    corners = np.array([(-58.0, -14.0), (-42.0, -14.0), (-42.0, 2.0), (-58.0, 2.0)])
    square = [np.column_stack([corners, np.full(4, -12.0 + 4 * k)]) for k in (1, 2)]
    write_rtstruct(tmp_path / "rt.dcm", {"Liver": square})
    text = (
        image_block("ct", role="ct")
        + image_block("pet")
        + '[[structures]]\npath = "rt.dcm"\nlabels = { "Liver" = "liver" }\n'
    )
    (liver,) = case_of(tmp_path, text).structures
    assert liver.mask.grid.spacing_mm == pytest.approx((4.0, 4.0, 4.0))
    assert liver.volume_ml == pytest.approx(16 * 16 * 8 * 1e-3)
    with pytest.raises(GeometryError, match=r"'Liver' lies 1\.00 mm off the nearest slice"):
        case_of(tmp_path, text.replace(image_block("pet"), ""))


def test_a_folder_with_two_structure_files_wants_a_name(tmp_path: Path) -> None:
    write_ct(tmp_path / "ct", SLICES, PLACED)
    with pytest.raises(InputError, match="holds 0 DICOM files with structures"):
        read_segment_file(tmp_path / "ct")


def test_segments_that_nobody_names_are_left_out_and_said(tmp_path: Path) -> None:
    case = write_case(tmp_path, WITHOUT_SCOUT)
    read = read_case(case)
    assert [one.label for one in read.structures] == ["Liver", "Tumour 1"]
    texts = [one.text for one in read.findings if one.rule == "unused_segment"]
    assert texts == ["drawn.seg.nrrd: 'Perfused': no label in the case; not used"]


def test_an_exact_label_comes_before_a_pattern(tmp_path: Path) -> None:
    case = write_case(
        tmp_path, CASE.replace('"Liver" = "liver"', '"*" = "other", "Liver" = "liver"')
    )
    restated('"Tumour *" = "tumour", ', "")(case)
    kinds = {one.label: one.kind for one in read_case(case).structures}
    assert kinds["Liver"] is StructureKind.LIVER
    assert kinds["Tumour 1"] is StructureKind.OTHER


def test_labels_of_a_label_map_get_their_names_from_the_case(tmp_path: Path) -> None:
    values = np.zeros(GRID.shape, dtype=np.float32)
    values[ball(GRID, (0, 0, 0), 30).values] = 2
    write_nrrd(tmp_path / "map.nrrd", activity(GRID, values))
    block = '[[structures]]\npath = "map.nrrd"\nframe = "one"\n'
    named = block + 'names = { 2 = "Liver" }\nlabels = { "Liver" = "liver" }\n'
    (liver,) = case_of(tmp_path, named).structures
    assert (liver.label, liver.kind) == ("Liver", StructureKind.LIVER)
    (liver,) = case_of(tmp_path, block + 'labels = { "label 2" = "liver" }\n').structures
    assert liver.volume_ml == pytest.approx(ball(GRID, (0, 0, 0), 30).volume_ml)


def test_structures_must_share_a_frame_with_an_image(tmp_path: Path) -> None:
    case = write_case(tmp_path, CASE)
    restated('path = "drawn.seg.nrrd"\nframe = "one"', 'path = "drawn.seg.nrrd"\nframe = "two"')(
        case
    )
    with pytest.raises(GeometryError, match="frames of reference differ"):
        read_case(case)


def test_structures_alone_are_a_case(tmp_path: Path) -> None:
    write_label_map_seg_nrrd(
        tmp_path / "s.seg.nrrd",
        [structure("Liver", StructureKind.LIVER, ball(GRID, (0, 0, 0), 20))],
    )
    block = '[[structures]]\npath = "s.seg.nrrd"\nframe = "one"\nlabels = { "*" = "liver" }\n'
    assert len(case_of(tmp_path, block).structures) == 1
