"""Planar NM files become two views, or a clear refusal."""

from pathlib import Path

import numpy as np
import pytest
from case_folder import CASE, write_case
from dicom_files import base, change, put_pixels, radiopharmaceutical, save
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import NuclearMedicineImageStorage

from opensirt.app.read_case import read_case
from opensirt.dicom.planar import read_planar
from opensirt.domain.missing import Missing
from opensirt.domain.planar import PlanarOrgan, PlanarView
from opensirt.errors import InputError
from opensirt.imaging.planar_shunt import planar_shunt
from opensirt.units import ImageUnit

STORED: NDArray[np.uint16] = np.arange(2 * 6 * 5, dtype=np.uint16).reshape(2, 6, 5)
ANTERIOR, POSTERIOR = ("399321004", "Anterior projection"), ("399001007", "Posterior projection")


def write_planar(
    path: Path,
    codes: tuple[tuple[str, str] | None, ...] = (ANTERIOR, POSTERIOR),
    stored: NDArray[np.uint16] = STORED,
    **changes: object,
) -> Path:
    """Write a planar image: one frame for each head."""
    dataset = base(NuclearMedicineImageStorage, "NM")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"]
    detectors = []
    for code in codes:
        detector, item = Dataset(), Dataset()
        if code is not None:
            item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code[0], "SCT", code[1]
            detector.ViewCodeSequence = [item]
        detectors.append(detector)
    dataset.DetectorInformationSequence = detectors
    dataset.DetectorVector = list(range(1, len(codes) + 1))
    dataset.PixelSpacing = ["4.8", "2.4"]
    dataset.ActualFrameDuration = 120000
    dataset.RadiopharmaceuticalInformationSequence = radiopharmaceutical(
        "^99m^Technetium", 21624.0, 150.0
    )
    put_pixels(dataset, stored)
    change(dataset, changes)
    return save(dataset, path)


def test_view_codes_say_which_frame_is_which(tmp_path: Path) -> None:
    read = read_planar(write_planar(tmp_path / "one.dcm"))
    assert np.array_equal(read.anterior, STORED[0])
    assert np.array_equal(read.posterior, STORED[1])
    assert read.pixel_spacing_mm == (4.8, 2.4)
    assert (read.unit, read.radionuclide) == (ImageUnit.COUNTS, "Tc-99m")
    assert read.duration_s == 120.0


def test_the_codes_win_over_the_order(tmp_path: Path) -> None:
    read = read_planar(write_planar(tmp_path / "one.dcm", (POSTERIOR, ("X", "anterior"))))
    assert np.array_equal(read.anterior, STORED[1])
    assert np.array_equal(read.posterior, STORED[0])


def test_an_oblique_view_is_neither(tmp_path: Path) -> None:
    path = write_planar(tmp_path / "one.dcm", (("X", "right anterior oblique"), POSTERIOR))
    with pytest.raises(InputError, match="0 of 2 frames carry the code of the anterior view"):
        read_planar(path)


def test_without_codes_the_frames_have_to_be_stated(tmp_path: Path) -> None:
    path = write_planar(tmp_path / "one.dcm", (None, None))
    with pytest.raises(InputError, match="state anterior_frame"):
        read_planar(path)
    read = read_planar(path, anterior_frame=2, posterior_frame=1)
    assert np.array_equal(read.anterior, STORED[1])
    with pytest.raises(InputError, match="one frame is given as both views"):
        read_planar(path, anterior_frame=1, posterior_frame=1)
    with pytest.raises(InputError, match="anterior_frame is 3; the series has frames 1 to 2"):
        read_planar(path, anterior_frame=3, posterior_frame=1)


def test_a_stated_frame_may_not_contradict_the_file(tmp_path: Path) -> None:
    path = write_planar(tmp_path / "one.dcm")
    with pytest.raises(InputError, match="anterior_frame is 2, which the file calls posterior"):
        read_planar(path, anterior_frame=2, posterior_frame=1)


def test_one_file_for_each_view_is_read_as_well(tmp_path: Path) -> None:
    for number, code in enumerate((ANTERIOR, POSTERIOR)):
        write_planar(
            tmp_path / f"{1 - number}.dcm",
            (code,),
            STORED[number : number + 1],
            InstanceNumber=number + 1,
            SOPInstanceUID=f"1.2.3.9.{number}",
        )
    read = read_planar(tmp_path)
    assert np.array_equal(read.anterior, STORED[0])
    assert np.array_equal(read.posterior, STORED[1])


def test_a_volume_is_no_planar_image(tmp_path: Path) -> None:
    path = write_planar(
        tmp_path / "one.dcm", ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    )
    with pytest.raises(InputError, match="wanted a planar NM image"):
        read_planar(path)


REGIONS = """
[[images]]
id = "views"
role = "planar"
path = "views.dcm"
{frames}
[[planar_regions]]
image = "views"
organ = "lungs"
view = "anterior"
rectangle = [0, 0, 4, 1]
[[planar_regions]]
image = "views"
organ = "liver"
view = "anterior"
polygon = [[0, 3], [4, 3], [4, 5], [0, 5]]
[[planar_regions]]
image = "views"
organ = "lungs"
view = "posterior"
rectangle = [0, 0, 4, 1]
[[planar_regions]]
image = "views"
organ = "liver"
view = "posterior"
rectangle = [0, 3, 4, 5]
"""


def write_planar_case(folder: Path, more: str = "", frames: str = "") -> Path:
    write_case(folder, CASE + REGIONS.format(frames=frames) + more)
    write_planar(folder / "views.dcm", stored=STORED + 1)
    return folder


def test_a_case_holds_its_planar_views_and_regions(tmp_path: Path) -> None:
    case = read_case(write_planar_case(tmp_path))
    [planar] = case.planar
    assert planar.id == "views"
    assert planar.image.radionuclide == "Tc-99m"
    assert "images.views" in case.inputs
    assert [one.id for one in case.images] == ["pet", "maa"]
    assert planar.regions[1].organ is PlanarOrgan.LIVER
    assert planar.regions[2].view is PlanarView.POSTERIOR
    found = planar_shunt(planar.image, planar.regions).shunt
    first, second = STORED[0] + 1, STORED[1] + 1
    lungs = (first[:2].sum() * second[:2].sum()) ** 0.5
    liver = (first[3:].sum() * second[3:].sum()) ** 0.5
    assert found.fraction == pytest.approx(lungs / (lungs + liver))


def test_regions_of_an_image_that_is_not_there_are_refused(tmp_path: Path) -> None:
    more = '[[planar_regions]]\nimage = "pet"\norgan = "lungs"\nview = "anterior"\n'
    with pytest.raises(InputError, match="'pet' is no planar image of the case; planar: views"):
        read_case(write_planar_case(tmp_path, more + "rectangle = [0, 0, 1, 1]\n"))
    with pytest.raises(InputError, match="either a polygon or a rectangle"):
        read_case(write_planar_case(tmp_path, more))


def test_frames_of_other_images_are_refused(tmp_path: Path) -> None:
    text = CASE.replace('role = "scout"', 'role = "scout"\nanterior_frame = 1')
    with pytest.raises(InputError, match="belong to planar images"):
        read_case(write_case(tmp_path, text))


def test_the_public_planar_image_needs_its_frames_stated(shared_data: Path) -> None:
    path = shared_data / "data" / "dicom_samples" / "nm" / "planar_lung_99mTcMAA_ant_post.dcm"
    with pytest.raises(InputError, match="state anterior_frame"):
        read_planar(path)
    read = read_planar(path, anterior_frame=1, posterior_frame=2)
    assert (read.anterior.sum(), read.posterior.sum()) == (877521, 718967)
    assert read.radionuclide == "Tc-99m"
    assert read.pixel_spacing_mm == pytest.approx((2.3976, 2.3976))
    assert not isinstance(read.duration_s, Missing)
