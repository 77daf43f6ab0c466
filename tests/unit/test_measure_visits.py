"""Sizes of visits from their outlines: what a person entered stays."""

from datetime import date

import numpy as np
import pytest
from builders import ball, centred_grid

from opensirt.domain.case import VisitSegments
from opensirt.domain.grid import Grid
from opensirt.domain.image import CtImage
from opensirt.domain.lesion import ImagingVisit, Lesion, LesionKind, LesionRole, Sight, SightState
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import PatientRecord
from opensirt.domain.structure import Mask
from opensirt.errors import GeometryError, InputError
from opensirt.workflow.measure_visits import with_measured_visits

DAY = date(2026, 4, 1)
GRID = centred_grid((60, 60, 60), (1.0, 1.0, 1.0))
LARGE = ball(GRID, (8.0, 0.0, 0.0), 10.0)
SMALL = ball(GRID, (-18.0, 0.0, 0.0), 5.0)
SPECK = ball(GRID, (-18.0, 20.0, 0.0), 1.2)
BOTH = Mask(GRID, LARGE.values | SMALL.values | SPECK.values)


def record(sights: dict[str, Sight] | None = None, *, node: bool = False) -> PatientRecord:
    kind = LesionKind.NODE if node else LesionKind.MASS
    return PatientRecord(
        key="p",
        lesions=(Lesion(id="t", organ="liver", role=LesionRole.TARGET, kind=kind),),
        imaging=(ImagingVisit(on=DAY, sights=sights or {}),),
    )


def outlines(mask: Mask = LARGE, on: date = DAY, lesion: str = "t") -> VisitSegments:
    return VisitSegments(
        on=on, lesions={lesion: mask}, tumours=BOTH, liver=Mask(GRID, BOTH.values | True)
    )


def test_sizes_and_volumes_come_from_the_outline() -> None:
    made, found = with_measured_visits(record(), [outlines()])
    (visit,) = made.imaging
    assert visit.sights["t"].longest_diameter_mm == pytest.approx(20.0, abs=1.0)
    assert visit.sights["t"].volume_ml == LARGE.volume_ml
    assert isinstance(visit.sights["t"].short_axis_mm, Missing)
    assert visit.liver.tumour_volume_ml == BOTH.volume_ml
    assert visit.liver.liver_volume_ml == 216.0
    assert isinstance(visit.liver.spleen_volume_ml, Missing)
    assert found == ()


def test_the_short_axis_of_a_node_is_measured() -> None:
    made, _ = with_measured_visits(record(node=True), [outlines()])
    assert made.imaging[0].sights["t"].short_axis_mm == pytest.approx(20.0, abs=1.5)


def test_what_a_person_entered_wins_and_a_difference_is_told() -> None:
    entered = Sight(state=SightState.MEASURED, longest_diameter_mm=30.0)
    made, found = with_measured_visits(record({"t": entered}), [outlines()])
    sight = made.imaging[0].sights["t"]
    assert sight.longest_diameter_mm == 30.0
    assert sight.volume_ml == LARGE.volume_ml
    assert [one.rule for one in found] == ["size_entered_and_measured"]
    assert "entered as 30 and measured from its outline as 20" in found[0].text


def test_a_lesion_entered_as_absent_stays_absent() -> None:
    made, found = with_measured_visits(record({"t": Sight(state=SightState.ABSENT)}), [outlines()])
    assert made.imaging[0].sights["t"].state is SightState.ABSENT
    assert [one.rule for one in found] == ["lesion_entered_and_outlined"]


def test_a_split_lesion_has_pieces_and_islands_are_named() -> None:
    made, found = with_measured_visits(record(), [outlines(BOTH)])
    pieces = made.imaging[0].sights["t"].pieces_mm
    assert [round(one) for one in pieces] == [20, 10]
    assert [one.rule for one in found] == ["outline_islands"]
    assert made.imaging[0].sights["t"].volume_ml == BOTH.volume_ml


def test_a_lesion_without_an_outline_stays_as_it_was() -> None:
    made, _ = with_measured_visits(record(), [VisitSegments(on=DAY, liver=LARGE)])
    assert made.imaging[0].sights == {}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (outlines(on=date(2026, 5, 1)), "which is no imaging visit"),
        (outlines(lesion="x"), "outlines lesion x, which the follow-up does not list"),
    ],
)
def test_outlines_of_no_visit_or_lesion_are_refused(wrong: VisitSegments, words: str) -> None:
    with pytest.raises(InputError, match=words):
        with_measured_visits(record(), [wrong])


def test_planes_far_off_axial_are_told() -> None:
    turn = np.eye(4)
    cosine, sine = np.cos(np.deg2rad(20)), np.sin(np.deg2rad(20))
    turn[1:3, 1:3] = [[cosine, -sine], [sine, cosine]]
    grid = type(GRID)(GRID.shape, turn @ GRID.affine, GRID.frame_of_reference_uid)
    _, found = with_measured_visits(record(), [outlines(Mask(grid, LARGE.values))])
    assert [one.rule for one in found] == ["planes_off_axial"]


def ct(inside_hu: float = 72.0, grid: Grid = GRID) -> CtImage:
    values = np.full(grid.shape, 100.0, np.float32)
    values[LARGE.values if grid is GRID else slice(None)] = inside_hu
    return CtImage(grid=grid, values=values)


def on_ct(image: CtImage, phase: str | Missing = "portal venous") -> VisitSegments:
    return VisitSegments(on=DAY, lesions={"t": LARGE}, ct=image, phase=phase)


def test_the_attenuation_is_the_mean_inside_the_outline() -> None:
    made, found = with_measured_visits(record(), [on_ct(ct())])
    assert made.imaging[0].sights["t"].attenuation_hu == pytest.approx(72.0)
    assert found == ()


def test_a_ct_on_another_grid_is_interpolated() -> None:
    """A CT that rises by 1 HU per mm has the value of the centre of a ball as its mean."""
    grid = centred_grid((30, 40, 50), (2.2, 1.7, 1.3))
    x = grid.affine[0, 3] + np.arange(50) * 1.3
    values = np.broadcast_to((x + 50.0).astype(np.float32), grid.shape)
    made, _ = with_measured_visits(record(), [on_ct(CtImage(grid=grid, values=values))])
    assert made.imaging[0].sights["t"].attenuation_hu == pytest.approx(58.0, abs=0.2)


def test_an_entered_attenuation_wins_and_a_difference_is_told() -> None:
    entered = Sight(state=SightState.MEASURED, attenuation_hu=50.0)
    made, found = with_measured_visits(record({"t": entered}), [on_ct(ct())])
    assert made.imaging[0].sights["t"].attenuation_hu == 50.0
    assert [one.rule for one in found] == ["size_entered_and_measured"]
    assert "attenuation_hu of lesion t on 2026-04-01 is entered as 50" in found[0].text
    entered = Sight(state=SightState.MEASURED, attenuation_hu=70.0)
    assert with_measured_visits(record({"t": entered}), [on_ct(ct())])[1] == ()


@pytest.mark.parametrize(
    ("outlined", "words"),
    [
        (on_ct(ct(), Missing.NOT_RECORDED), "the phase of the CT is not stated"),
        (on_ct(ct(), "arterial"), "the phase of the CT is arterial, Choi reads the portal venous"),
        (
            on_ct(ct(grid=Grid(GRID.shape, GRID.affine, "1.2.3"))),
            "outline and CT lie in different frames",
        ),
    ],
)
def test_attenuation_that_means_nothing_is_not_measured(
    outlined: VisitSegments, words: str
) -> None:
    made, found = with_measured_visits(record(), [outlined])
    assert isinstance(made.imaging[0].sights["t"].attenuation_hu, Missing)
    assert made.imaging[0].sights["t"].volume_ml == LARGE.volume_ml
    assert [one.rule for one in found] == ["attenuation_not_measured"]
    assert words in found[0].text


def test_an_outline_beyond_the_ct_is_refused() -> None:
    small = centred_grid((20, 20, 20), (1.0, 1.0, 1.0))
    with pytest.raises(GeometryError, match="reaches beyond the CT of its visit"):
        with_measured_visits(record(), [on_ct(ct(grid=small))])
