"""The real files read as their description says (data/README.md, SOURCE.md of each folder)."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from files import spacing_kji_mm

from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadSegment
from opensirt.files.segmentation import read_segments
from opensirt.files.volume import read_volume


def volume_ml(segment: ReadSegment) -> float:
    voxel_mm3 = abs(float(np.linalg.det(segment.affine[:3, :3])))
    return float(segment.values.sum()) * voxel_mm3 / 1000


def test_patient_1_volumes_equal_the_description(shared_data: Path) -> None:
    folder = shared_data / "data" / "sirt_patients"
    read = read_segments(folder / "patient_1_Segmentation.seg.nrrd")
    found = {one.name: volume_ml(one) for one in read}
    printed = {
        "Liver": "1488.47",
        "Tumor 1": "15.63",
        "Tumor 2": "209.58",
        "Tumor 3": "0.215",
        "Tumor 4": "0.520",
        "Tumor 5": "0.727",
        "Tumor 6": "1.603",
        "Normal Tissue": "1265.20",
    }
    digits = {name: len(text.split(".")[1]) for name, text in printed.items()}
    assert {name: f"{ml:.{digits[name]}f}" for name, ml in found.items()} == printed


def test_patient_1_pet_holds_its_activity(shared_data: Path) -> None:
    read = read_volume(shared_data / "data" / "sirt_patients" / "patient_1_Y90_PET.nrrd")
    total = float(read.values.sum(dtype=np.float64)) * np.prod(spacing_kji_mm(read)) / 1000
    assert total / 1e6 == pytest.approx(1122.96, abs=0.005)
    assert read.unit is Missing.NOT_RECORDED


def test_patient_2_spect_has_a_negative_third_axis(shared_data: Path) -> None:
    read = read_volume(shared_data / "data" / "sirt_patients" / "patient_2_SPECT.nrrd")
    assert not isinstance(read.affine, Missing)
    np.testing.assert_allclose(read.affine[:3, 0], (0, 0, -2.5))
    assert int((np.asarray(read.values, np.int16) < 0).sum()) == 461


def test_patient_2_volumes_equal_the_description(shared_data: Path) -> None:
    folder = shared_data / "data" / "sirt_patients"
    read = read_segments(folder / "patient_2_Segmentation.seg.nrrd")
    assert {one.name: round(volume_ml(one), 1) for one in read} == {
        "gallbladder": 41.8,
        "liver": 1726.4,
        "Tumor 1": 112.8,
        "Tumor 2": 128.5,
        "perfused volume": 1082.2,
        "whole liver normal": 1443.3,
        "perfused normal": 799.4,
    }


def test_christie_interfile_and_its_label_map(shared_data: Path) -> None:
    folder = shared_data / "data" / "christie_lu177_ct"
    read = read_volume(folder / "patient15_LuDOTATATE_attn.h33")
    assert read.values.shape == (90, 70, 108)
    assert spacing_kji_mm(read) == pytest.approx([4.4196, 3.9063, 3.9063])
    organs = read_volume(folder / "patient15_LuDOTATATE_src.h33").values
    counts = {code: int((organs == code).sum()) for code in (15000, 16000, 17000, 19000)}
    assert counts == {15000: 15381, 16000: 1535, 17000: 2052, 19000: 93}


def test_icrp110_liver_volume(shared_data: Path) -> None:
    read = read_segments(shared_data / "data" / "icrp110" / "AM.nii.gz", names={95: "liver"})
    (liver,) = (one for one in read if one.name == "liver")
    assert volume_ml(liver) == pytest.approx(1714.1, abs=0.05)


def test_3dircadb_masks(shared_data: Path) -> None:
    folder = shared_data / "data" / "liver_ct_3dircadb17" / "masks"
    (liver,) = read_segments(folder / "liver.nii.gz")
    assert volume_ml(liver) == pytest.approx(1860.6, abs=0.05)


def test_penred_meta_images(shared_data: Path, tmp_path: Path) -> None:
    with tarfile.open(shared_data / "data" / "ct_spect_penred" / "Mhd.tar.xz") as packed:
        packed.extractall(tmp_path, filter="data")
    ct = read_volume(next(tmp_path.rglob("ct1-4mm.mhd")))
    assert (ct.values.shape, spacing_kji_mm(ct)) == ((190, 72, 124), [4.0, 4.0, 4.0])
    spect = read_volume(next(tmp_path.rglob("spect-jm.mhd")))
    assert float(spect.values.sum(dtype=np.float64)) == pytest.approx(65.82, abs=0.005)
