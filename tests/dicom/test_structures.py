"""Segmentation objects and contours become the masks that were drawn."""

from collections.abc import Sequence
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from builders import affine
from dicom_files import FRAME, uid, write_ct, write_rtstruct
from files import placed
from highdicom.seg import SegmentDescription
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from pydicom.sr.codedict import codes

from opensirt.dicom.series import read_series
from opensirt.dicom.structures import read_dicom_segments
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadVolume
from opensirt.errors import GeometryError, InputError, MissingInputError

SHAPE = (5, 12, 14)
PLAIN = affine((3.0, 1.0, 2.0), (-20.0, -10.0, 100.0))
FLIPPED = affine((3.0, 1.0, 2.0), (-20.0, -10.0, 100.0), (2, 1, 0), (-1, 1, 1))


def turned() -> NDArray[np.float64]:
    """Return an affine turned by 30° about the left–right axis."""
    a = np.deg2rad(30)
    made = np.eye(4)
    turn = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    made[:3, :3] = turn[:, [2, 1, 0]] * (3.0, 1.0, 2.0)
    made[:3, 3] = (-20.0, -10.0, 100.0)
    return made


def image(grid: NDArray[np.float64] = PLAIN, frame: str | Missing = FRAME) -> ReadVolume:
    values = np.zeros(SHAPE, np.float32)
    return ReadVolume(values=values, affine=grid, source="ct", frame_of_reference_uid=frame)


def rectangle(
    k: float, j: tuple[float, float], i: tuple[float, float], grid: NDArray[np.float64] = PLAIN
) -> NDArray[np.float64]:
    """Return the corners in millimetres of a rectangle given in voxel indices."""
    corners = [(k, j[0], i[0]), (k, j[0], i[1]), (k, j[1], i[1]), (k, j[1], i[0])]
    return (np.array(corners) @ grid[:3, :3].T) + grid[:3, 3]


def box(j: slice, i: slice, k: slice = slice(1, 2)) -> NDArray[np.bool_]:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[k, j, i] = True
    return mask


class TestContours:
    def masks(
        self, folder: Path, *contours: ArrayLike, grid: NDArray[np.float64] = PLAIN
    ) -> NDArray[np.bool_]:
        path = write_rtstruct(folder / "rs", {"Liver": contours})
        (segment,) = read_dicom_segments(path, image(grid))
        assert (segment.name, segment.frame_of_reference_uid) == ("Liver", FRAME)
        np.testing.assert_array_equal(segment.affine, grid)
        return segment.values

    @pytest.mark.parametrize("grid", [PLAIN, FLIPPED, turned()])
    def test_voxels_with_their_centre_inside_are_inside(
        self, tmp_path: Path, grid: NDArray[np.float64]
    ) -> None:
        drawn = rectangle(1, (2.5, 6.5), (3.5, 9.5), grid)
        mask = self.masks(tmp_path, drawn, grid=grid)
        np.testing.assert_array_equal(mask, box(slice(3, 7), slice(4, 10)))

    def test_a_contour_through_centres_holds_them(self, tmp_path: Path) -> None:
        mask = self.masks(tmp_path, rectangle(1, (3, 6), (4, 9)))
        np.testing.assert_array_equal(mask, box(slice(3, 7), slice(4, 10)))

    def test_a_contour_inside_another_is_a_hole(self, tmp_path: Path) -> None:
        mask = self.masks(
            tmp_path, rectangle(1, (1.5, 8.5), (1.5, 10.5)), rectangle(1, (3.5, 6.5), (4.5, 7.5))
        )
        wanted = box(slice(2, 9), slice(2, 11)) & ~box(slice(4, 7), slice(5, 8))
        np.testing.assert_array_equal(mask, wanted)

    def test_a_keyhole_is_a_hole(self, tmp_path: Path) -> None:
        outer = rectangle(1, (1.5, 8.5), (1.5, 10.5))
        inner = rectangle(1, (3.5, 6.5), (4.5, 7.5))[::-1]
        # In to the hole along a channel between two rows, around it, and out the same way.
        keyhole = np.concatenate([outer, outer[:1], inner[-1:], inner[:-1], inner[-1:]])
        wanted = box(slice(2, 9), slice(2, 11)) & ~box(slice(4, 7), slice(5, 8))
        np.testing.assert_array_equal(self.masks(tmp_path, keyhole), wanted)

    @pytest.mark.parametrize("shift", [0, 1, 3])
    @pytest.mark.parametrize("way", [1, -1])
    def test_a_contour_that_is_there_twice_counts_once(
        self, tmp_path: Path, shift: int, way: int
    ) -> None:
        drawn = rectangle(1, (2.5, 6.5), (3.5, 9.5))
        again = np.roll(drawn, shift, axis=0)[::way]
        path = write_rtstruct(tmp_path / "rs", {"Liver": [drawn, again]})
        (segment,) = read_dicom_segments(path, image())
        np.testing.assert_array_equal(segment.values, box(slice(3, 7), slice(4, 10)))
        assert segment.notes == ("1 contours of 'Liver' are there twice; they were counted once",)

    def test_islands_that_touch_do_not_cross(self, tmp_path: Path) -> None:
        mask = self.masks(
            tmp_path, rectangle(1, (1.5, 4.5), (3.5, 9.5)), rectangle(1, (4.5, 8.5), (3.5, 9.5))
        )
        np.testing.assert_array_equal(mask, box(slice(2, 9), slice(4, 10)))

    def test_a_hole_drawn_a_little_past_the_edge_is_a_hole_and_said(self, tmp_path: Path) -> None:
        planes = [rectangle(k, (0.5, 10.5), (0.5, 12.5)) for k in range(5)]
        hole = rectangle(2, (0.2, 4.5), (3.5, 5.5))
        hole[0, 1] = hole[1, 1] = -10.3  # over the row above the edge
        path = write_rtstruct(tmp_path / "rs", {"Liver": [*planes, hole]})
        (segment,) = read_dicom_segments(path, image())
        assert int(segment.values.sum()) == 5 * 120 - 8 + 2
        (note,) = segment.notes
        assert "contours of 'Liver' cross each other: 0.012 mL lie inside two" in note

    def test_two_islands_on_one_slice_are_both_there(self, tmp_path: Path) -> None:
        mask = self.masks(
            tmp_path, rectangle(2, (0.5, 3.5), (0.5, 3.5)), rectangle(2, (5.5, 8.5), (5.5, 8.5))
        )
        assert int(mask[2].sum()) == 18
        assert int(mask.sum()) == 18

    def test_the_area_of_a_circle(self, tmp_path: Path) -> None:
        angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
        points = np.stack([np.full(200, 3.0), 6 + 4.3 * np.sin(angle), 7 + 4.3 * np.cos(angle)])
        mask = self.masks(tmp_path, points.T @ PLAIN[:3, :3].T + PLAIN[:3, 3])
        assert int(mask.sum()) == sum(
            (j - 6) ** 2 + (i - 7) ** 2 < 4.3**2 for j in range(12) for i in range(14)
        )

    @given(
        st.tuples(st.floats(0, 11), st.floats(0, 11)), st.tuples(st.floats(0, 13), st.floats(0, 13))
    )
    def test_any_rectangle_holds_just_the_centres_in_it(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        j: tuple[float, float],
        i: tuple[float, float],
    ) -> None:
        (j0, j1), (i0, i1) = sorted(j), sorted(i)
        near = [abs(one - round(one)) for one in (j0, j1, i0, i1)]
        if min(near) < 1e-3 or j1 - j0 < 0.01 or i1 - i0 < 0.01:
            return  # decimal strings round; on an edge either answer is right
        folder = tmp_path_factory.mktemp("rs")
        mask = self.masks(folder, rectangle(1, (j0, j1), (i0, i1)))
        inside = np.multiply.outer(
            (np.arange(12) > j0) & (np.arange(12) < j1), (np.arange(14) > i0) & (np.arange(14) < i1)
        )
        np.testing.assert_array_equal(mask[1], inside)

    def test_points_enclose_nothing_and_are_said(self, tmp_path: Path) -> None:
        path = write_rtstruct(tmp_path / "rs", {"Isocentre": [[[0, 0, 100]]]}, kind="POINT")
        (segment,) = read_dicom_segments(path, image())
        assert not segment.values.any()
        assert "1 points or open contours of 'Isocentre' enclose nothing" in segment.notes

    def test_an_unfilled_region_is_empty_and_said(self, tmp_path: Path) -> None:
        path = write_rtstruct(tmp_path / "rs", {"Liver": []})
        (segment,) = read_dicom_segments(path, image())
        assert "'Liver' has no closed contour" in segment.notes

    def test_a_plane_without_contour_between_others_is_said(self, tmp_path: Path) -> None:
        planes = [rectangle(k, (2.5, 6.5), (3.5, 9.5)) for k in (0, 1, 3, 4)]
        path = write_rtstruct(tmp_path / "rs", {"Liver": planes})
        (segment,) = read_dicom_segments(path, image())
        assert "'Liver' has no contour on 1 planes between its ends" in segment.notes
        assert int(segment.values.sum()) == 4 * 24

    def test_what_is_not_wanted_is_not_read_and_need_not_fit(self, tmp_path: Path) -> None:
        contours = {
            "Couch": [rectangle(40, (2.5, 6.5), (3.5, 9.5))],
            "Liver": [rectangle(1, (2.5, 6.5), (3.5, 9.5))],
        }
        path = write_rtstruct(tmp_path / "rs", contours)
        (segment,) = read_dicom_segments(path, image(), wanted=lambda name: name == "Liver")
        assert segment.label_value == 2


class TestContourRefusals:
    def read(
        self, folder: Path, contours: Sequence[ArrayLike], reference: ReadVolume | None
    ) -> None:
        read_dicom_segments(write_rtstruct(folder / "rs", {"Liver": contours}), reference)

    def test_contours_without_their_image(self, tmp_path: Path) -> None:
        with pytest.raises(MissingInputError, match="no image to lay its contours on"):
            self.read(tmp_path, [rectangle(1, (2, 6), (3, 9))], None)

    def test_an_image_without_geometry(self, tmp_path: Path) -> None:
        nowhere = ReadVolume(
            values=np.zeros(SHAPE), affine=Missing.NOT_RECORDED, source="picture.png"
        )
        with pytest.raises(MissingInputError, match=r"picture\.png records no affine"):
            self.read(tmp_path, [rectangle(1, (2, 6), (3, 9))], nowhere)

    def test_contours_of_another_frame_of_reference(self, tmp_path: Path) -> None:
        with pytest.raises(GeometryError, match="'Liver' lies in the frame of reference"):
            self.read(tmp_path, [rectangle(1, (2, 6), (3, 9))], image(frame=uid(8)))

    def test_an_image_without_frame_of_reference_leaves_it_to_the_case(
        self, tmp_path: Path
    ) -> None:
        self.read(tmp_path, [rectangle(1, (2, 6), (3, 9))], image(frame=Missing.NOT_RECORDED))

    @pytest.mark.parametrize("k", [1.4, 0.85])
    def test_contours_between_the_slices(self, tmp_path: Path, k: float) -> None:
        with pytest.raises(GeometryError, match="mm off the nearest slice"):
            self.read(tmp_path, [rectangle(k, (2, 6), (3, 9))], image())

    def test_contours_across_the_slices(self, tmp_path: Path) -> None:
        drawn = rectangle(1, (2, 6), (3, 9))
        drawn[0, 2] += 2.0
        with pytest.raises(GeometryError, match="mm off the nearest slice"):
            self.read(tmp_path, [drawn], image())

    @pytest.mark.parametrize("k", [-1, 5])
    def test_contours_beyond_the_image(self, tmp_path: Path, k: int) -> None:
        with pytest.raises(GeometryError, match="lies outside the 5 slices"):
            self.read(tmp_path, [rectangle(k, (2, 6), (3, 9))], image())
        with pytest.raises(GeometryError, match="reaches beyond the slices"):
            self.read(tmp_path, [rectangle(1, (2, 16), (3, 9))], image())

    def test_contours_on_every_second_slice(self, tmp_path: Path) -> None:
        planes = [rectangle(k, (2, 6), (3, 9)) for k in (0, 2, 4)]
        with pytest.raises(GeometryError, match="on every 2. slice only"):
            self.read(tmp_path, planes, image())

    def test_contours_that_overlap_in_part(self, tmp_path: Path) -> None:
        drawn = [rectangle(1, (1.5, 5.5), (3.5, 9.5)), rectangle(1, (3.5, 8.5), (3.5, 9.5))]
        with pytest.raises(GeometryError, match=r"cross each other: 0\.072 mL .* merge them"):
            self.read(tmp_path, drawn, image())

    def test_half_a_point(self, tmp_path: Path) -> None:
        path = write_rtstruct(tmp_path / "rs", {"Liver": [rectangle(1, (2, 6), (3, 9))]})
        dataset = pydicom.dcmread(path)
        contour = dataset.ROIContourSequence[0].ContourSequence[0]
        contour.ContourData = contour.ContourData[:-1]
        dataset.save_as(path)
        with pytest.raises(InputError, match="has 11 coordinates; wanted three"):
            read_dicom_segments(path, image())

    def test_coordinates_that_are_no_numbers(self, tmp_path: Path) -> None:
        path = write_rtstruct(tmp_path / "rs", {"Liver": [rectangle(1, (2, 6), (3, 9))]})
        content = path.read_bytes()
        assert content.count(b"-14\\-8\\103") == 1
        path.write_bytes(content.replace(b"-14\\-8\\103", b"abc\\-8\\103"))
        with pytest.raises(InputError, match="wanted three finite numbers for each point"):
            read_dicom_segments(path, image())

    def test_a_structure_set_without_regions(self, tmp_path: Path) -> None:
        path = write_rtstruct(tmp_path / "rs", {})
        with pytest.raises(InputError, match="has no region of interest"):
            read_dicom_segments(path, image())

    def test_a_structure_set_of_two_frames(self, tmp_path: Path) -> None:
        path = write_rtstruct(
            tmp_path / "rs", {"Liver": []}, changes={"FrameOfReferenceUID": uid(2)}
        )
        with pytest.raises(GeometryError, match="refers to 2 frames of reference"):
            read_dicom_segments(path, image())

    def test_an_image_in_place_of_structures(self, tmp_path: Path) -> None:
        (path, *_) = write_ct(tmp_path, np.zeros(SHAPE, np.int16), PLAIN)
        with pytest.raises(InputError, match="of modality CT; wanted SEG or RTSTRUCT"):
            read_dicom_segments(path)

    def test_no_dicom_file_and_no_file(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("no")
        with pytest.raises(InputError, match="not a DICOM file"):
            read_dicom_segments(tmp_path / "a")
        with pytest.raises(InputError, match="no such file"):
            read_dicom_segments(tmp_path / "b")


def places(mask: NDArray[np.bool_], grid: NDArray[np.float64]) -> list[list[float]]:
    """Return where the voxels of a mask lie, in order, to a nanometre."""
    points = np.argwhere(mask) @ grid[:3, :3].T + grid[:3, 3]
    found: list[list[float]] = sorted(np.round(points, 6).tolist())
    return found


def write_seg(
    folder: Path,
    masks: NDArray[np.bool_] | NDArray[np.float64],
    grid: NDArray[np.float64],
    kind: str = "BINARY",
) -> Path:
    """Write a SEG of masks (segment, k, j, i) drawn on a CT of the grid."""
    folder.mkdir(exist_ok=True)
    paths = write_ct(folder / "ct", np.zeros(SHAPE, np.int16), grid)
    sources = [pydicom.dcmread(path) for path in paths]
    described = [
        SegmentDescription(
            segment_number=number,
            segment_label=f"Segment {number}",
            segmented_property_category=codes.SCT.Organ,
            segmented_property_type=codes.SCT.Liver,
            algorithm_type="MANUAL",
        )
        for number in range(1, len(masks) + 1)
    ]
    values = np.moveaxis(masks, 0, -1)
    segmentation = highdicom.seg.Segmentation(
        source_images=sources,
        pixel_array=values.astype(np.float64 if kind == "FRACTIONAL" else np.uint8),
        segmentation_type=kind,
        segment_descriptions=described,
        series_instance_uid=uid(50),
        series_number=9,
        sop_instance_uid=uid(51),
        instance_number=1,
        manufacturer="test",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
        omit_empty_frames=True,
    )
    segmentation.save_as(folder / "seg.dcm")
    return folder / "seg.dcm"


class TestSegmentationObjects:
    @pytest.mark.parametrize("grid", [PLAIN, FLIPPED, turned()])
    def test_overlapping_segments_come_back_on_the_grid_of_their_image(
        self, tmp_path: Path, grid: NDArray[np.float64]
    ) -> None:
        masks = np.stack(
            [
                box(slice(2, 9), slice(3, 8), slice(0, 5)),
                box(slice(4, 6), slice(4, 7), slice(1, 3)),
            ]
        )
        path = write_seg(tmp_path, masks, grid)
        ct = read_series(tmp_path / "ct")
        liver, tumour = read_dicom_segments(path, ct)
        assert (liver.name, tumour.label_value) == ("Segment 1", 2)
        assert liver.frame_of_reference_uid == ct.frame_of_reference_uid
        assert dict(liver.patient_digests) == dict(ct.patient_digests)
        np.testing.assert_allclose(liver.affine, placed(ct), atol=1e-6)
        for segment, mask in zip((liver, tumour), masks, strict=True):
            np.testing.assert_allclose(places(segment.values, segment.affine), places(mask, grid))

    def test_a_voxel_of_a_segment_lies_where_it_was_drawn(self, tmp_path: Path) -> None:
        path = write_seg(tmp_path, box(slice(3, 4), slice(9, 10), slice(0, 5))[None], FLIPPED)
        (segment,) = read_dicom_segments(path)
        wanted = np.array([(k, 3, 9) for k in range(5)]) @ FLIPPED[:3, :3].T + FLIPPED[:3, 3]
        found = places(segment.values, segment.affine)
        np.testing.assert_allclose(found, sorted(wanted.tolist()))

    def test_fractions_are_cut_at_one_half_and_said(self, tmp_path: Path) -> None:
        fractions = np.zeros((1, *SHAPE))
        fractions[0, :, 2, 2], fractions[0, :, 3, 3] = 0.4, 0.6
        path = write_seg(tmp_path, fractions, PLAIN, "FRACTIONAL")
        (segment,) = read_dicom_segments(path)
        assert int(segment.values.sum()) == 5
        assert segment.values[:, 3, 3].all()
        assert "a fractional segment" in segment.notes[0]

    def test_slices_left_out_of_the_file_are_empty(self, tmp_path: Path) -> None:
        mask = box(slice(3, 6), slice(3, 6), slice(0, 5))
        path = write_seg(tmp_path, mask[None], PLAIN)
        dataset = pydicom.dcmread(path)
        assert dataset.NumberOfFrames == 5
        (segment,) = read_dicom_segments(path)
        assert segment.values.shape == SHAPE

    @staticmethod
    def without_spacing(path: Path, thickness: str | None = "3") -> Path:
        dataset = pydicom.dcmread(path)
        (measures,) = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
        if "SpacingBetweenSlices" in measures:
            del measures.SpacingBetweenSlices
        measures.SliceThickness = thickness
        dataset.save_as(path)
        return path

    @pytest.mark.parametrize("slices", [[0, 4], [0, 2, 4], [1, 4], [0, 1, 4]])
    def test_empty_slices_between_others_take_their_room(
        self, tmp_path: Path, slices: list[int]
    ) -> None:
        mask = np.zeros((1, *SHAPE), bool)
        mask[0, slices, 3:6, 3:6] = True
        path = write_seg(tmp_path, mask, PLAIN)
        (segment,) = read_dicom_segments(path)
        assert np.linalg.norm(segment.affine[:3, 0]) == pytest.approx(3.0)
        np.testing.assert_allclose(
            places(segment.values, segment.affine), places(mask[0], PLAIN), atol=1e-6
        )

    def test_a_single_slice_without_spacing_is_as_thick_as_it_says(self, tmp_path: Path) -> None:
        mask = box(slice(3, 6), slice(3, 6), slice(2, 3))
        path = self.without_spacing(write_seg(tmp_path, mask[None], PLAIN))
        (segment,) = read_dicom_segments(path)
        assert np.linalg.norm(segment.affine[:3, 0]) == pytest.approx(3.0)
        assert "its SliceThickness of 3 mm was taken as the step" in segment.notes[0]

    @pytest.mark.parametrize("slices", [[0, 4], [0, 2, 4], [1, 3]])
    def test_a_gap_is_not_taken_for_thick_slices(self, tmp_path: Path, slices: list[int]) -> None:
        mask = np.zeros((1, *SHAPE), bool)
        mask[0, slices, 3:6, 3:6] = True
        path = self.without_spacing(write_seg(tmp_path, mask, PLAIN))
        with pytest.raises(GeometryError, match="and 3 mm thick, and it states no Spacing"):
            read_dicom_segments(path)

    def test_neighbouring_slices_need_no_spacing(self, tmp_path: Path) -> None:
        mask = box(slice(3, 6), slice(3, 6), slice(1, 4))
        path = self.without_spacing(write_seg(tmp_path, mask[None], PLAIN))
        (segment,) = read_dicom_segments(path)
        assert int(segment.values.sum()) == 27
        assert np.linalg.norm(segment.affine[:3, 0]) == pytest.approx(3.0)
        path = self.without_spacing(write_seg(tmp_path / "b", mask[None], PLAIN), None)
        with pytest.raises(GeometryError, match="neither SpacingBetweenSlices nor a SliceThick"):
            read_dicom_segments(path)

    def test_a_segmentation_of_another_frame_of_reference_is_refused(self, tmp_path: Path) -> None:
        path = write_seg(tmp_path, box(slice(3, 6), slice(3, 6), slice(0, 5))[None], PLAIN)
        with pytest.raises(GeometryError, match="'Segment 1' lies in the frame of reference"):
            read_dicom_segments(path, image(frame=uid(8)))

    def test_a_segmentation_without_its_index_is_refused(self, tmp_path: Path) -> None:
        path = write_seg(tmp_path, box(slice(3, 6), slice(3, 6), slice(0, 5))[None], PLAIN)
        dataset = pydicom.dcmread(path)
        del dataset.DimensionIndexSequence
        dataset.save_as(path)
        with pytest.raises(InputError, match="cannot be read"):
            read_dicom_segments(path)

    def test_a_truncated_segmentation_is_refused(self, tmp_path: Path) -> None:
        path = write_seg(tmp_path, box(slice(3, 6), slice(3, 6), slice(0, 5))[None], PLAIN)
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(InputError, match="cannot be read"):
            read_dicom_segments(path)
