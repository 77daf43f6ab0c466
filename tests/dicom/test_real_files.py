"""Real DICOM: read as its description says, or refused for the reason that is in it."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from files import numbers, placed, spacing_kji_mm

from opensirt.dicom.file_reading import frames
from opensirt.dicom.rtdose import read_rtdose
from opensirt.dicom.series import list_series, read_series
from opensirt.dicom.structures import read_dicom_segments
from opensirt.domain.missing import Missing
from opensirt.errors import GeometryError, InputError
from opensirt.files.segmentation import read_segments
from opensirt.files.volume import read_volume
from opensirt.units import ImageUnit


@pytest.fixture
def samples(shared_data: Path) -> Path:
    return shared_data / "data" / "dicom_samples"


def unpacked(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


def test_every_sample_is_listed_and_images_are_read_or_refused_in_words(samples: Path) -> None:
    for folder in (one for one in samples.iterdir() if one.is_dir()):
        for summary in list_series(folder):
            if summary.problem or isinstance(summary.shape, Missing):
                with pytest.raises(InputError, match="wanted"):
                    read_series(folder, summary.series_uid)
            else:
                read = read_series(folder, summary.series_uid)
                assert read.values.shape == summary.shape


def test_penred_ct_equals_its_meta_image(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "data" / "ct_spect_penred"
    unpacked(folder / "dicoms.tar.xz", tmp_path)
    unpacked(folder / "Mhd.tar.xz", tmp_path)
    ct = read_series(next(tmp_path.rglob("CT")))
    same = read_volume(next(tmp_path.rglob("ct1-4mm.mhd")))
    np.testing.assert_array_equal(ct.values, same.values)
    np.testing.assert_allclose(placed(ct), placed(same), atol=1e-6)
    spect = read_series(next(tmp_path.rglob("SPECT")))
    truth = read_volume(next(tmp_path.rglob("spect-jm.mhd")))
    assert spect.unit is Missing.NOT_RECORDED
    assert "secondary capture" in spect.notes[0]
    np.testing.assert_allclose(placed(spect), placed(truth), atol=1e-6)
    # The SPECT was stored in 16 bits: half a step of its slope, with float32's own rounding.
    assert np.abs(numbers(spect) - numbers(truth)).max() <= 1.02e-5


def test_3dircadb_ct_lies_on_its_masks(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "data" / "liver_ct_3dircadb17"
    ct = read_series(unpacked(folder / "ct_dicom.tar.xz", tmp_path))
    assert ct.values.shape == (119, 512, 512)
    assert spacing_kji_mm(ct) == pytest.approx([1.6, 0.743, 0.743])
    (liver,) = read_segments(folder / "masks" / "liver.nii.gz")
    np.testing.assert_allclose(liver.affine, placed(ct), atol=1e-4)
    assert float(numbers(ct)[liver.values].mean()) == pytest.approx(99, abs=0.5)


def test_jpeg_2000_slices_are_2_mm_apart_and_hold_a_liver(shared_data: Path) -> None:
    folder = shared_data / "data" / "totalsegmentator_ct"
    ct = read_series(folder / "ct_dicom")
    assert spacing_kji_mm(ct) == pytest.approx([2.0, 0.9765625, 0.9765625])
    labels = read_segments(folder / "example_seg_dicom.nii.gz", names={5: "liver"})
    (liver,) = (one for one in labels if one.name == "liver")
    # The label map is stored with flipped axes: bring the CT to its voxels.
    index = np.argwhere(liver.values)
    lps = index @ liver.affine[:3, :3].T + liver.affine[:3, 3]
    where = np.rint((lps - placed(ct)[:3, 3]) @ np.linalg.inv(placed(ct)[:3, :3]).T).astype(int)
    assert float(numbers(ct)[tuple(where.T)].mean()) == pytest.approx(89, abs=0.5)


def test_pet_slices(samples: Path) -> None:
    read = read_series(samples / "pt" / "acrin_flt_breast_028_slice.dcm")
    assert (read.unit, read.radionuclide) == (ImageUnit.BQ_PER_ML, "F-18")
    assert read.administered_activity_bq == pytest.approx(173529998.78)
    assert read.duration_s == 180.0
    # Its decay factor fits the series time, so there is nothing to say about it.
    assert not any("decay factor" in note for note in read.notes)


def test_planar_scintigraphy_is_told_from_a_volume(samples: Path) -> None:
    with pytest.raises(InputError, match="a planar image; wanted a reconstructed volume"):
        read_series(samples / "nm" / "planar_lung_99mTcMAA_ant_post.dcm")


def test_pixels_of_a_planar_image_and_of_jpeg_2000(samples: Path) -> None:
    lungs = frames(samples / "nm" / "planar_lung_99mTcMAA_ant_post.dcm")
    assert int(np.asarray(lungs, np.int64).sum()) == 1596488
    plain = frames(samples / "nm" / "wg04_nm1_wholebody_uncompressed.dcm")
    packed = frames(samples / "nm" / "wg04_nm1_j2k.dcm")
    np.testing.assert_array_equal(packed, plain)


def test_liver_segmentation_lies_on_its_ct(samples: Path) -> None:
    folder = samples / "ct_seg_liver_dcmqi"
    (uid,) = (one.series_uid for one in list_series(folder) if one.modality == "CT")
    ct = read_series(folder, uid)
    (liver,) = read_dicom_segments(folder / "segmentations_liver.dcm", ct)
    np.testing.assert_allclose(liver.affine, placed(ct), atol=1e-4)
    # Of all ways to lay it on, the right one holds the most even tissue.
    spread = {
        axes: float(numbers(ct)[np.flip(liver.values, axes)].std())
        for axes in ((), (0,), (1,), (2,))
    }
    assert min(spread, key=lambda axes: spread[axes]) == ()
    assert float(np.median(numbers(ct)[liver.values])) == pytest.approx(45, abs=1)
    overlapping = read_dicom_segments(folder / "segmentations_partial_overlaps.dcm", ct)
    assert [one.name for one in overlapping][:2] == ["GREEN", "ORANGE"]
    stacked = np.sum([one.values for one in overlapping], axis=0)
    assert int(stacked.max()) > 1


def test_binary_fractional_and_overlapping_segmentations(samples: Path) -> None:
    for path in sorted((samples / "seg_highdicom").glob("seg_*.dcm")):
        segments = read_dicom_segments(path)
        assert all(one.values.any() for one in segments)
        assert ("fractional" in path.name) == any(one.notes for one in segments)


def test_contours_without_the_whole_image_are_refused(samples: Path) -> None:
    folder = samples / "rtss_breast_dicompyler"
    ct = read_series(folder / "ct.0.dcm")
    with pytest.raises(GeometryError, match="lies outside the 1 slices"):
        read_dicom_segments(folder / "rtss.dcm", ct)
    other = samples / "rtstruct_rtutils"
    with pytest.raises(GeometryError, match="in the frame of reference"):
        read_dicom_segments(other / "rt.dcm", read_series(other))


def test_relative_doses_are_refused(samples: Path) -> None:
    with pytest.raises(InputError, match="DoseUnits are RELATIVE"):
        read_rtdose(samples / "pydicom_rt" / "rtdose.dcm")
