"""Pictures: what they show, where, and that the same input gives the same bytes."""

import io
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from builders import activity, ball, centred_grid, counts, structure
from matplotlib.image import imread

from opensirt.domain.delivery import StructureDelivery
from opensirt.domain.dvh import Dvh
from opensirt.domain.grid import Grid
from opensirt.domain.image import CtImage, DoseMap
from opensirt.domain.structure import Mask, Structure, StructureKind
from opensirt.errors import GeometryError, InputError
from opensirt.report.figures.canvas import sheet, style
from opensirt.report.figures.curves import dvh_png, planned_measured_png, worth_drawing
from opensirt.report.figures.display import Box, View, part_inside, picture
from opensirt.report.figures.marks import (
    draw_letters,
    draw_names,
    draw_outline,
    draw_scale_bar,
    legend_handles,
    shortened,
    tick_ends,
)
from opensirt.report.figures.palette import STYLES, curve, pen
from opensirt.report.figures.projection import projections_png
from opensirt.report.figures.scene import Outline, focus_mm, outlines_of, scene
from opensirt.report.figures.slices import slices_png

GRID = centred_grid((30, 34, 38), (4.0, 4.0, 4.0))
LIVER = structure("Liver", StructureKind.LIVER, ball(GRID, (0, 0, 0), 50.0))
RIGHT = structure("Tumour right", StructureKind.TUMOUR, ball(GRID, (-26, 6, 4), 12.0))
LEFT = structure("Tumour left", StructureKind.TUMOUR, ball(GRID, (20, -6, 4), 10.0))
NORMAL = structure("Normal", StructureKind.NORMAL_LIVER, ball(GRID, (0, 0, 0), 50.0))
ALL = (LIVER, RIGHT, LEFT, NORMAL)


def dose(grid: Grid = GRID, hot: Structure = RIGHT) -> DoseMap:
    values = np.full(grid.shape, 5.0, dtype=np.float32)
    values[hot.mask.values] = 100.0
    return DoseMap(grid=grid, values=values, engine="local")


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(imread(io.BytesIO(png)))[..., :3]


def bright(image: np.ndarray) -> np.ndarray:
    """Return the pixels in the top colours of the dose map (yellow), outlines left out."""
    return (image[..., 0] > 0.9) & (image[..., 1] > 0.8) & (image[..., 2] < 0.75)


def test_dose_in_the_patients_right_is_on_the_left_of_the_axial_picture() -> None:
    shown = scene(dose(), (LIVER, RIGHT))
    image = pixels(slices_png(shown, focus_mm(shown.tumours()[0])))
    quarter = bright(image[: image.shape[0] // 2, : image.shape[1] // 2])
    black = image[: image.shape[0] // 2, : image.shape[1] // 2].sum(axis=-1) < 0.3
    columns = np.flatnonzero(black.any(axis=0))
    middle = (columns[0] + columns[-1]) / 2
    assert quarter.sum() > 200
    assert np.nonzero(quarter)[1].mean() < middle - 20


def test_the_same_picture_has_the_same_bytes_and_no_date() -> None:
    shown = scene(dose(), ALL)
    first, second = (slices_png(shown, focus_mm(shown.tumours()[0])) for _ in range(2))
    assert first == second
    assert b"Software" not in first
    assert b"tEXt" not in first


def test_a_users_own_style_changes_nothing() -> None:
    curves = {"T": Dvh(np.arange(1.0, 50.0), 0.1)}
    plain = dvh_png(curves, {"T": StructureKind.TUMOUR})
    with mpl.rc_context({"lines.linewidth": 9.0, "axes.facecolor": "red", "font.size": 22.0}):
        assert dvh_png(curves, {"T": StructureKind.TUMOUR}) == plain
        assert mpl.rcParams["font.size"] == 22.0


def test_no_picture_needs_pyplot() -> None:
    code = (
        "import sys, opensirt.report.figures.slices, opensirt.report.figures.projection, "
        "opensirt.report.figures.curves; print('matplotlib.pyplot' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    assert found.stdout.strip() == "False"


def test_slices_are_framed_by_the_liver_and_not_by_the_field_of_view() -> None:
    box = scene(dose(), ALL).box()
    assert max(box.size_mm) <= 100 + 2 * 25 + 8
    whole = scene(dose(), ()).box()
    assert whole.size_mm == pytest.approx((38 * 4.0, 34 * 4.0, 30 * 4.0))


def test_normal_liver_is_not_outlined_a_second_time() -> None:
    labels = [one.label for one in outlines_of(ALL, GRID.frame_of_reference_uid)]
    assert labels == ["Liver", "Tumour right", "Tumour left"]


def test_structures_of_another_frame_and_empty_ones_are_not_outlined() -> None:
    elsewhere = Grid(GRID.shape, GRID.affine, "2.25.8")
    other = structure("Other", StructureKind.TUMOUR, Mask(elsewhere, RIGHT.mask.values))
    empty = structure("Empty", StructureKind.TUMOUR, Mask(GRID, np.zeros(GRID.shape, dtype=bool)))
    assert outlines_of((other, empty), GRID.frame_of_reference_uid) == ()


def test_a_ct_of_another_frame_is_refused() -> None:
    elsewhere = Grid(GRID.shape, GRID.affine, "2.25.8")
    ct = CtImage(grid=elsewhere, values=np.zeros(GRID.shape, dtype=np.float32))
    with pytest.raises(GeometryError, match="frames of reference differ"):
        scene(dose(), ALL, ct=ct)


def test_the_ct_is_seen_where_there_is_no_dose() -> None:
    ct = CtImage(grid=GRID, values=np.full(GRID.shape, 40.0, dtype=np.float32))
    values = np.zeros(GRID.shape, dtype=np.float32)
    none = DoseMap(grid=GRID, values=values, engine="local")
    image = pixels(slices_png(scene(none, (LIVER,), ct=ct), np.zeros(3)))
    grey = np.abs(image - 0.5).max(axis=-1) < 0.03
    assert grey.mean() > 0.3


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (dose(), "Absorbed dose (Gy)"),
        (activity(GRID, 2e6), "Activity concentration (MBq/mL)"),
        (activity(GRID, 2e4), "Activity concentration (kBq/mL)"),
        (counts(GRID, 7.0), "Activity image (counts)"),
    ],
)
def test_every_colour_bar_has_a_unit(image: DoseMap, words: str) -> None:
    shown = scene(image, ())
    assert shown.scale.words == words


def test_projections_are_drawn_with_and_without_structures() -> None:
    image = counts(GRID, np.where(RIGHT.mask.values, 100.0, 1.0))
    with_outlines = projections_png(scene(image, ALL))
    bare = projections_png(scene(image, ()))
    assert with_outlines.startswith(b"\x89PNG")
    assert pixels(with_outlines).shape[1] == pixels(bare).shape[1]


def test_an_image_without_any_activity_is_still_drawn() -> None:
    empty = counts(GRID, 0.0)
    assert projections_png(scene(empty, ())).startswith(b"\x89PNG")
    assert slices_png(scene(empty, (LIVER,)), np.zeros(3)).startswith(b"\x89PNG")


BOX = Box((-60.0, -60.0, -60.0), (60.0, 60.0, 60.0))


@pytest.mark.parametrize(
    ("view", "letters"),
    [
        (View.AXIAL, {"R": "left", "L": "right", "A": "top", "P": "bottom"}),
        (View.CORONAL, {"R": "left", "L": "right", "H": "top", "F": "bottom"}),
        (View.SAGITTAL, {"A": "left", "P": "right", "H": "top", "F": "bottom"}),
    ],
)
def test_letters_stand_at_the_edges_they_name(view: View, letters: dict[str, str]) -> None:
    with style():
        axes = sheet(3.0).add_subplot()
        draw_letters(axes, picture(view, BOX, 0.0, 2.0))
    found = {}
    for text in axes.texts:
        x, y = text.get_position()
        side = {x < 0.1: "left", x > 0.9: "right", y > 0.9: "top", y < 0.1: "bottom"}[True]
        found[text.get_text()] = side
    assert found == letters


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    with style():
        axes = sheet(3.0).add_subplot()
        draw_scale_bar(axes, picture(View.AXIAL, BOX, 0.0, 2.0))
    x = np.asarray(axes.lines[0].get_xdata())
    assert axes.texts[0].get_text() == f"{float(x[1] - x[0]):g} mm"


def test_the_ticks_meet_in_the_point_of_the_slices() -> None:
    where = picture(View.CORONAL, BOX, 4.0, 2.0)
    below, _, left, _ = tick_ends(where, np.array([7.0, 4.0, -9.0]))
    assert below[0] == below[1] == 7.0
    assert left[2] == left[3] == -9.0


def test_an_outline_lies_on_the_edge_of_its_ball() -> None:
    where = picture(View.AXIAL, BOX, 0.0, 1.0)
    with style():
        axes = sheet(3.0).add_subplot()
        assert draw_outline(axes, where, part_inside(LIVER.mask, where), LIVER.kind)
        gone = picture(View.AXIAL, BOX, 55.0, 1.0)
        assert not draw_outline(axes, gone, part_inside(LIVER.mask, gone), LIVER.kind)
    points = np.concatenate([one.vertices for one in axes.collections[0].get_paths()])
    assert np.abs(np.linalg.norm(points, axis=1) - 50.0).max() < 4.0


def test_names_hide_neither_each_other_nor_another_tumour() -> None:
    where = picture(View.AXIAL, BOX, 0.0, 1.0)
    close = [
        Outline(f"Tumour {n}", StructureKind.TUMOUR, ball(GRID, (8.0 * n - 12, 4.0 * n, 0), 7.0))
        for n in range(4)
    ]
    drawn = [(one, part_inside(one.mask, where)) for one in close]
    with style():
        figure = sheet(3.0, 3.0)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(-60, 60)
        axes.set_ylim(-60, 60)
        draw_names(axes, where, drawn, np.zeros(3), mm_per_in=40.0)
        boxes = [text.get_window_extent() for text in axes.texts]
        to_mm = axes.transData.inverted()
    for number, box in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert not box.overlaps(other)
        (x_low, y_low), (x_high, y_high) = to_mm.transform(np.asarray(box))
        for other_number, one in enumerate(close):
            if other_number == number:
                continue
            rows, columns = np.nonzero(part_inside(one.mask, where) > 0.5)
            points = where.points_mm[rows, columns]
            x, y = points[:, 0], -points[:, 1]
            hidden = (x > x_low) & (x < x_high) & (y > y_low) & (y < y_high)
            assert not hidden.any()


def test_a_long_name_is_cut_and_says_so() -> None:
    assert shortened("x" * 40).endswith("…")
    assert len(shortened("x" * 40)) == 18
    assert shortened("Tumour 1") == "Tumour 1"


@pytest.mark.parametrize(
    ("kind", "labels", "words"),
    [
        (StructureKind.LIVER, ["Liver"], "Liver"),
        (StructureKind.LIVER, ["whole"], "whole (liver)"),
        (StructureKind.PERFUSED_VOLUME, ["right", "left"], "2 × perfused volume"),
        (StructureKind.TUMOUR, ["a", "b"], "2 × tumour, named in the picture"),
        (StructureKind.KIDNEY, ["left kidney"], "left kidney (other organ)"),
    ],
)
def test_the_legend_says_what_each_line_is(
    kind: StructureKind, labels: list[str], words: str
) -> None:
    outlines = [Outline(label, kind, RIGHT.mask) for label in labels]
    assert [one.get_label() for one in legend_handles(outlines)] == [words]


def test_organs_without_a_pen_of_their_own_share_one_line_of_the_legend() -> None:
    kinds = (StructureKind.KIDNEY, StructureKind.STOMACH, StructureKind.SPLEEN)
    outlines = [Outline(kind.value, kind, RIGHT.mask) for kind in kinds]
    assert [one.get_label() for one in legend_handles(outlines)] == ["3 × other organ"]


def test_kinds_differ_in_line_style_or_lightness_and_not_in_colour_alone() -> None:
    kinds = [
        StructureKind.LIVER,
        StructureKind.PERFUSED_VOLUME,
        StructureKind.GALLBLADDER,
        StructureKind.LUNG,
    ]
    for on_light in (False, True):
        assert len({pen(kind, on_light=on_light).style for kind in kinds}) == len(kinds)
        tumour = pen(StructureKind.TUMOUR, on_light=on_light)
        assert (
            abs(lightness(tumour.colour) - lightness(pen(kinds[0], on_light=on_light).colour)) > 0.2
        )


def lightness(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_neighbouring_curves_differ_in_colour_and_in_style() -> None:
    assert len({curve(number) for number in range(28)}) == 28
    for number in range(6):
        assert curve(number)[1] == STYLES[number % 4]
        assert curve(number)[0] != curve(number + 1)[0]


def test_dvhs_are_drawn_for_tumours_and_for_the_rest() -> None:
    ramp = Dvh(np.arange(1.0, 101.0), 0.1)
    kinds = {
        "T": StructureKind.TUMOUR,
        "N": StructureKind.NORMAL_LIVER,
        "L": StructureKind.LIVER,
        "G": StructureKind.GALLBLADDER,
    }
    both = dvh_png(dict.fromkeys(kinds, ramp), kinds)
    one = dvh_png({"T": ramp}, kinds)
    assert both != one
    assert dvh_png({"L": ramp}, kinds).startswith(b"\x89PNG")
    flat = Dvh(np.zeros(5), 0.1)
    assert dvh_png({"T": flat}, kinds).startswith(b"\x89PNG")


def test_curves_at_the_left_edge_are_left_out_by_name() -> None:
    dvhs = {
        "N": Dvh(np.arange(1.0, 101.0), 0.1),
        "K": Dvh(np.full(9, 0.01), 0.1),
        "T": Dvh(np.full(9, 0.01), 0.1),
    }
    kinds = {
        "N": StructureKind.NORMAL_LIVER,
        "K": StructureKind.KIDNEY,
        "T": StructureKind.TUMOUR,
    }
    assert worth_drawing(dvhs, kinds) == ("N", "T")
    assert worth_drawing({"T": dvhs["T"]}, kinds) == ("T",)


def test_thirty_tumours_have_a_legend() -> None:
    kinds = {f"Metastasis {n}": StructureKind.TUMOUR for n in range(30)}
    png = dvh_png(
        {label: Dvh(np.arange(1.0, 9.0 + n), 0.1) for n, label in enumerate(kinds)}, kinds
    )
    few = dvh_png({"Metastasis 1": Dvh(np.arange(1.0, 9.0), 0.1)}, kinds)
    assert pixels(png).shape[0] > pixels(few).shape[0] + 100


def test_a_name_with_signs_of_another_language_is_written_as_it_is() -> None:
    kinds = {"T $x_1$ \\frac": StructureKind.TUMOUR}
    label = next(iter(kinds))
    assert dvh_png({label: Dvh(np.arange(1.0, 9.0), 0.1)}, kinds).startswith(b"\x89PNG")


def test_planned_and_measured_are_drawn_together() -> None:
    rows = [
        StructureDelivery(
            label=f"S{n}",
            kind=StructureKind.TUMOUR,
            planned_gy=10.0 * n,
            planned_as_given_gy=9.5 * n,
            delivered_gy=9.0 * n,
            imaged_gy=7.0 * n,
        )
        for n in range(4)
    ]
    assert planned_measured_png(rows).startswith(b"\x89PNG")


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(InputError, match="no DVH to draw"):
        dvh_png({}, {})
    with pytest.raises(InputError, match="no structure has both"):
        planned_measured_png([])
