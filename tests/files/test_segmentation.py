"""Segments keep their names, labels, layers and places."""

import warnings
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
from builders import FRAME, affine, ball, centred_grid, structure
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.structure import Mask, Structure, StructureKind
from opensirt.errors import GeometryError, InputError, MissingInputError
from opensirt.files.segmentation import read_segments
from opensirt.files.write import write_label_map_seg_nrrd

GRID = Grid((6, 7, 8), affine((2.0, 1.5, 1.0), (-10.0, 5.0, 90.0), sign=(-1, 1, 1)), FRAME)


def box(*slices: slice) -> Mask:
    values = np.zeros(GRID.shape, dtype=bool)
    values[slices] = True
    return Mask(GRID, values)


def separate() -> list[Structure]:
    return [
        structure("Liver", StructureKind.LIVER, box(slice(0, 3))),
        structure("Tumour 1", StructureKind.TUMOUR, box(slice(4, 5), slice(1, 4))),
    ]


def overlapping() -> list[Structure]:
    return [
        structure("Liver", StructureKind.LIVER, box(slice(0, 4))),
        structure("Tumour 1", StructureKind.TUMOUR, box(slice(1, 2), slice(1, 4))),
        structure("Spleen", StructureKind.SPLEEN, box(slice(5, 6))),
    ]


@pytest.mark.parametrize("structures", [separate(), overlapping()])
def test_what_is_written_is_read(tmp_path: Path, structures: list[Structure]) -> None:
    write_label_map_seg_nrrd(tmp_path / "a.seg.nrrd", structures)
    read = read_segments(tmp_path / "a.seg.nrrd")
    assert [one.name for one in read] == [one.label for one in structures]
    for segment, wanted in zip(read, structures, strict=True):
        np.testing.assert_array_equal(segment.values, wanted.mask.values)
        np.testing.assert_allclose(segment.affine, GRID.affine)


def test_overlapping_structures_go_to_different_layers(tmp_path: Path) -> None:
    write_label_map_seg_nrrd(tmp_path / "a.seg.nrrd", overlapping())
    header = nrrd.read_header(str(tmp_path / "a.seg.nrrd"))
    assert [header[f"Segment{n}_Layer"] for n in range(3)] == ["0", "1", "0"]
    assert [header[f"Segment{n}_LabelValue"] for n in range(3)] == ["1", "1", "2"]


def test_structures_that_touch_nowhere_share_one_layer(tmp_path: Path) -> None:
    write_label_map_seg_nrrd(tmp_path / "a.seg.nrrd", separate())
    assert nrrd.read_header(str(tmp_path / "a.seg.nrrd"))["dimension"] == 3


def test_equal_structures_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.seg.nrrd", "b.seg.nrrd"):
        write_label_map_seg_nrrd(tmp_path / name, overlapping())
    assert (tmp_path / "a.seg.nrrd").read_bytes() == (tmp_path / "b.seg.nrrd").read_bytes()


@given(st.lists(st.tuples(*[st.floats(-50, 50)] * 3, st.floats(4, 40)), min_size=1, max_size=6))
def test_any_balls_come_back(
    tmp_path_factory: pytest.TempPathFactory, balls: list[tuple[float, float, float, float]]
) -> None:
    grid = centred_grid((12, 13, 14), (9.0, 8.0, 7.0))
    structures = [
        structure(f"ball {n}", StructureKind.OTHER, ball(grid, centre, radius))
        for n, (*centre, radius) in enumerate(balls)
    ]
    path = tmp_path_factory.mktemp("balls") / "a.seg.nrrd"
    write_label_map_seg_nrrd(path, structures)
    for segment, wanted in zip(read_segments(path), structures, strict=True):
        np.testing.assert_array_equal(segment.values, wanted.mask.values)
        assert bool(segment.notes) is not bool(wanted.mask.values.any())


def write_segmentation(path: Path, values: NDArray[np.generic], **segments: object) -> None:
    """Write a segmentation as 3D Slicer would; values are (i, j, k) or (layer, i, j, k)."""
    directions = np.eye(3)
    if values.ndim == 4:
        directions = np.vstack([np.full((1, 3), np.nan), directions])
    header = {
        "space": "left-posterior-superior",
        "space directions": directions,
        "space origin": np.zeros(3),
        **segments,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pynrrd's, on newer Pythons
        nrrd.write(str(path), values, header)


def test_segments_that_share_a_layer_are_told_apart_by_their_label(tmp_path: Path) -> None:
    values = np.zeros((2, 8, 7, 6), np.uint8)
    values[0, 2], values[1, 3], values[1, 4] = 1, 1, 7
    write_segmentation(
        tmp_path / "a.seg.nrrd",
        values,
        Segment0_Name="Liver",
        Segment0_Layer="0",
        Segment0_LabelValue="1",
        Segment1_Name="Tumour 1",
        Segment1_Layer="1",
        Segment1_LabelValue="7",
        Segment2_ID="Segment_9",
        Segment2_Layer="1",
        Segment2_LabelValue="1",
    )
    liver, tumour, unnamed = read_segments(tmp_path / "a.seg.nrrd")
    assert (liver.name, tumour.name, unnamed.name) == ("Liver", "Tumour 1", "Segment_9")
    assert [int(np.flatnonzero(one.values.any(axis=(0, 1)))[0]) for one in (liver, tumour)] == [
        2,
        4,
    ]
    assert tumour.label_value == 7
    assert np.flatnonzero(unnamed.values.any(axis=(0, 1))).tolist() == [3]


def test_files_from_before_layers_have_one_segment_in_each_component(tmp_path: Path) -> None:
    values = np.zeros((2, 8, 7, 6), np.uint8)
    values[0, 2], values[1, 3] = 1, 1
    write_segmentation(tmp_path / "a.seg.nrrd", values, Segment0_Name="A", Segment1_Name="B")
    a, b = read_segments(tmp_path / "a.seg.nrrd")
    assert np.flatnonzero(a.values.any(axis=(0, 1))).tolist() == [2]
    assert np.flatnonzero(b.values.any(axis=(0, 1))).tolist() == [3]


def save_nifti(path: Path, values: NDArray[np.generic]) -> None:
    nibabel.save(nibabel.Nifti1Image(values.T, np.diag([-1.0, -1.0, 1.0, 1.0])), path)


def test_a_label_map_has_a_segment_for_each_value(tmp_path: Path) -> None:
    values = np.zeros((3, 4, 5), np.int16)
    values[0], values[1, 0] = 5, 300
    save_nifti(tmp_path / "a.nii", values)
    five, other = read_segments(tmp_path / "a.nii", names={5: "liver", 9: "spleen"})
    assert (five.name, five.label_value, int(five.values.sum())) == ("liver", 5, 20)
    assert (other.name, other.label_value, int(other.values.sum())) == ("label 300", 300, 5)
    assert "label 9 (spleen) is not in the file" in five.notes


def test_a_label_map_in_floats_with_whole_numbers_is_one(tmp_path: Path) -> None:
    values = np.zeros((3, 4, 5), np.float32)
    values[2] = 2
    save_nifti(tmp_path / "a.nii", values)
    (only,) = read_segments(tmp_path / "a.nii")
    assert (only.label_value, int(only.values.sum())) == (2, 20)


class TestRefusals:
    @pytest.mark.parametrize("value", [0.5, np.nan, np.inf])
    def test_values_between_whole_numbers(self, tmp_path: Path, value: float) -> None:
        values = np.zeros((3, 4, 5), np.float32)
        values[0, 0, 0] = value
        save_nifti(tmp_path / "a.nii", values)
        with pytest.raises(InputError, match="not whole numbers"):
            read_segments(tmp_path / "a.nii")

    def test_a_map_without_any_label(self, tmp_path: Path) -> None:
        save_nifti(tmp_path / "a.nii", np.zeros((3, 4, 5), np.uint8))
        with pytest.raises(InputError, match="0 values other than zero"):
            read_segments(tmp_path / "a.nii")

    def test_an_image_in_place_of_a_label_map(self, tmp_path: Path) -> None:
        save_nifti(tmp_path / "a.nii", np.arange(12000, dtype=np.int16).reshape(20, 20, 30))
        with pytest.raises(InputError, match="more than 1000 values.*not the image"):
            read_segments(tmp_path / "a.nii")

    def test_a_layer_that_is_not_there(self, tmp_path: Path) -> None:
        write_segmentation(
            tmp_path / "a.seg.nrrd",
            np.zeros((8, 7, 6), np.uint8),
            Segment0_Name="A",
            Segment0_Layer="1",
            Segment0_LabelValue="1",
        )
        with pytest.raises(InputError, match="'A' lies in layer 1; wanted a layer below 1"):
            read_segments(tmp_path / "a.seg.nrrd")

    def test_a_segment_without_label_value(self, tmp_path: Path) -> None:
        values = np.zeros((8, 7, 6), np.uint8)
        write_segmentation(tmp_path / "a.seg.nrrd", values, Segment0_Name="A")
        with pytest.raises(InputError, match="a segment with LabelValue None"):
            read_segments(tmp_path / "a.seg.nrrd")

    def test_four_axes_without_names(self, tmp_path: Path) -> None:
        write_segmentation(tmp_path / "a.seg.nrrd", np.zeros((2, 8, 7, 6), np.uint8))
        with pytest.raises(InputError, match="no segment names"):
            read_segments(tmp_path / "a.seg.nrrd")

    def test_a_segmentation_without_directions(self, tmp_path: Path) -> None:
        lines = ["NRRD0005", "type: uint8", "dimension: 4", "sizes: 2 3 4 5"]
        lines += ["space: left-posterior-superior", "encoding: raw", "Segment0_Name:=A"]
        head = "\n".join([*lines, "Segment0_LabelValue:=1", "\n"])
        (tmp_path / "a.seg.nrrd").write_bytes(head.encode() + bytes(120))
        with pytest.raises(MissingInputError, match="no 'space directions'"):
            read_segments(tmp_path / "a.seg.nrrd")

    def test_structures_of_two_grids_in_one_file(self, tmp_path: Path) -> None:
        other = Grid(GRID.shape, GRID.affine, "2.25.8")
        strange = structure("B", StructureKind.OTHER, Mask(other, box().values))
        with pytest.raises(GeometryError, match="frames of reference differ"):
            write_label_map_seg_nrrd(tmp_path / "a.seg.nrrd", [*separate(), strange])
        assert not list(tmp_path.iterdir())

    def test_a_segmentation_of_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="at least one structure"):
            write_label_map_seg_nrrd(tmp_path / "a.seg.nrrd", [])
