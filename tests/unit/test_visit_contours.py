"""Contours and a SEG of a follow-up visit, drawn on the CT of that visit: sizes and attenuation."""

from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from dicom_files import FRAME, uid, write_ct, write_mr, write_rtstruct
from highdicom.seg import SegmentDescription
from numpy.typing import NDArray
from pydicom.sr.codedict import codes

from opensirt.app.follow_up_course import follow_up_of
from opensirt.app.read_case import read_case
from opensirt.domain.lesion import Sight
from opensirt.domain.missing import Missing
from opensirt.errors import GeometryError, InputError, MissingInputError

SHAPE = (20, 40, 40)
AFFINE = np.array(
    [
        [0.0, 0.0, 1.0, -20.0],
        [0.0, 1.0, 0.0, -20.0],
        [2.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
RADIUS_MM = 10.0
CASE = """
schema = "opensirt/case/1"
key = "p"

[[images]]
id = "april"
role = "follow-up"
path = "ct"

[follow_up]
treated_on = 2026-01-10
lesions = [{{ id = "t", organ = "liver", role = "target" }}]

[[follow_up.visits]]
on = 2026-04-10
new_lesions = []
{visit}
segmentations = [{{ path = "{file}", lesions = {{ "Tumour" = "t" }} }}]
"""
ON_CT = 'image = "april"\nphase = "portal venous"'


def cylinder() -> NDArray[np.bool_]:
    """A cylinder of 20 mm across, on 8 planes of 2 mm."""
    j, i = np.indices(SHAPE[1:])
    inside = (i - 20) ** 2 + (j - 20) ** 2 <= RADIUS_MM**2
    mask = np.zeros(SHAPE, bool)
    mask[5:13] = inside
    return mask


def folder(tmp_path: Path, visit: str, file: str) -> Path:
    stored = np.full(SHAPE, 1024 + 110, np.int16)
    stored[cylinder()] = 1024 + 64
    write_ct(tmp_path / "ct", stored, AFFINE)
    (tmp_path / "case.toml").write_text(CASE.format(visit=visit, file=file))
    return tmp_path


def rtstruct(path: Path, frame: str = FRAME, off_mm: float = 0.0) -> None:
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    circles = [
        np.column_stack(
            [
                RADIUS_MM * np.cos(angle),
                RADIUS_MM * np.sin(angle),
                np.full(72, 2.0 * k + off_mm),
            ]
        )
        for k in range(5, 13)
    ]
    write_rtstruct(path, {"Tumour": circles}, frame=frame)


def seg(folder: Path) -> None:
    segment = SegmentDescription(
        segment_number=1,
        segment_label="Tumour",
        segmented_property_category=codes.SCT.Organ,
        segmented_property_type=codes.SCT.Liver,
        algorithm_type="MANUAL",
    )
    planes = sorted((folder / "ct").iterdir())
    made = highdicom.seg.Segmentation(
        source_images=sorted(
            (pydicom.dcmread(one) for one in planes),
            key=lambda one: float(one.ImagePositionPatient[2]),
        ),
        pixel_array=cylinder().astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=[segment],
        series_instance_uid=uid(50),
        series_number=9,
        sop_instance_uid=uid(51),
        instance_number=1,
        manufacturer="test",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
    )
    made.save_as(folder / "april.dcm")


def sight(path: Path) -> Sight:
    record, _, _ = follow_up_of(read_case(path))
    return record.imaging[0].sights["t"]


def test_contours_are_laid_on_the_image_of_the_visit(tmp_path: Path) -> None:
    rtstruct(tmp_path / "april.dcm")
    found = sight(folder(tmp_path, ON_CT, "april.dcm"))
    assert found.longest_diameter_mm == pytest.approx(20.0, abs=1.0)
    assert found.volume_ml == pytest.approx(np.pi * RADIUS_MM**2 * 16e-3, rel=0.03)
    assert found.attenuation_hu == pytest.approx(64.0, abs=2.0)


def test_a_seg_needs_no_image_and_meets_the_one_that_it_was_drawn_on(tmp_path: Path) -> None:
    path = folder(tmp_path, ON_CT, "april.dcm")
    seg(path)
    found = sight(path)
    assert found.attenuation_hu == pytest.approx(64.0)
    assert found.volume_ml == pytest.approx(cylinder().sum() * 2e-3)
    without = sight(folder(tmp_path, "", "april.dcm"))
    assert without.longest_diameter_mm == found.longest_diameter_mm
    assert isinstance(without.attenuation_hu, Missing)


def test_contours_without_the_image_of_the_visit_are_refused(tmp_path: Path) -> None:
    rtstruct(tmp_path / "april.dcm")
    words = r"the visit of 2026-04-10 \(april.dcm\) records no image to lay its contours on; add"
    with pytest.raises(MissingInputError, match=words):
        read_case(folder(tmp_path, "", "april.dcm"))


def test_an_image_that_the_case_has_not_is_refused(tmp_path: Path) -> None:
    rtstruct(tmp_path / "april.dcm")
    with pytest.raises(InputError, match=r"names image 'may'; \[\[images\]\] has april"):
        read_case(folder(tmp_path, 'image = "may"', "april.dcm"))


def test_contours_of_another_image_are_refused(tmp_path: Path) -> None:
    rtstruct(tmp_path / "april.dcm", frame=uid(77))
    with pytest.raises(GeometryError, match="lies in the frame of reference"):
        read_case(folder(tmp_path, ON_CT, "april.dcm"))
    rtstruct(tmp_path / "april.dcm", off_mm=1.0)
    with pytest.raises(GeometryError, match="off the nearest slice"):
        read_case(folder(tmp_path, ON_CT, "april.dcm"))


def on_mr(tmp_path: Path, *, modality: str = "CT", more: str = "") -> Path:
    """Return the case with a magnetic resonance series in place of the CT."""
    write_mr(tmp_path / "mr", np.where(cylinder(), 300, 120).astype(np.int16), AFFINE)
    text = CASE.format(visit='image = "april"' + more, file="april.dcm")
    text = text.replace('path = "ct"', 'path = "mr"')
    text = text.replace('role = "target" }', f'role = "target", modality = "{modality}" }}')
    (tmp_path / "case.toml").write_text(text)
    return tmp_path


def test_contours_drawn_on_mr_measure_as_those_on_ct_and_give_no_attenuation(
    tmp_path: Path,
) -> None:
    rtstruct(tmp_path / "april.dcm")
    record, _, said = follow_up_of(read_case(on_mr(tmp_path, modality="MR")))
    found = record.imaging[0].sights["t"]
    on_ct = sight(folder(tmp_path, ON_CT, "april.dcm"))
    assert (found.longest_diameter_mm, found.volume_ml) == (
        on_ct.longest_diameter_mm,
        on_ct.volume_ml,
    )
    assert isinstance(found.attenuation_hu, Missing)
    assert said == ()


def test_another_modality_than_that_of_the_lesion_and_hu_beside_mr_are_said(
    tmp_path: Path,
) -> None:
    rtstruct(tmp_path / "april.dcm")
    entered = '\nsights = [{ lesion = "t", attenuation_hu = 61 }]'
    _, _, said = follow_up_of(read_case(on_mr(tmp_path, more=entered)))
    assert [one.rule for one in said] == ["modality_changed", "attenuation_beside_mr"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('role = "follow-up"\nunit = "HU"', "whose signal has no unit; the case states HU"),
        ('role = "ct"', "role ct wants another"),
    ],
)
def test_a_signal_is_no_ct_number(tmp_path: Path, line: str, words: str) -> None:
    rtstruct(tmp_path / "april.dcm")
    path = on_mr(tmp_path)
    text = (path / "case.toml").read_text()
    (path / "case.toml").write_text(text.replace('role = "follow-up"', line))
    with pytest.raises(InputError, match=words):
        read_case(path)
