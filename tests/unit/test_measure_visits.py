"""Sizes of visits from their outlines: what a person entered stays."""

from datetime import date

import numpy as np
import pytest
from builders import ball, centred_grid

from opensirt.domain.case import VisitSegments
from opensirt.domain.lesion import ImagingVisit, Lesion, LesionKind, LesionRole, Sight, SightState
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import PatientRecord
from opensirt.domain.structure import Mask
from opensirt.errors import InputError
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
